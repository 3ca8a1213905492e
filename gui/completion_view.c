/* SPDX-License-Identifier: GPL-3.0-or-later */
/* completion_view.c: the sum as facts, the tokens as tiles. */
#include "gui/completion_view.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/facts.h"
#include "gui/wrap_box.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define MAX_TILES 400           /* the exported table has all tokens */

struct _AssayCompletionView {
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (AssayCompletionView, assay_completion_view, ADW_TYPE_BIN)

guint
assay_completion_shade (double probability)
{
  static const double from[] = { 0.01, 0.05, 0.2, 0.5 };
  guint shade = 0;

  for (gsize k = 0; k < G_N_ELEMENTS (from); k++)
    shade += probability >= from[k];
  return shade;
}

json_t *
assay_completion_table (const json_t *document)
{
  json_t *rows = json_array ();
  gsize k;
  json_t *token;

  json_array_foreach (json_object_get (document, "tokens"), k, token)
    {
      const double log_probability = assay_json_get_number (token, "log_probability");

      json_array_append_new (rows, json_pack ("[I, O, O, o, o]", (json_int_t) k, json_object_get (token, "token"), json_object_get (token, "spelling"),
                                              assay_json_number (log_probability), assay_json_number (exp (log_probability))));
    }
  return json_pack ("{s:[s, s, s, s, s], s:o}", "columns", "position", "token", "spelling", "log_probability", "probability", "rows", rows);
}

/* --- one token --------------------------------------------------------------------------------------------------------- */

/* "37 %", "0.012 %". */
static char *
percent (double probability)
{
  g_autofree char *number = assay_view_number (100 * probability, probability < 0.1 ? 2 : 3);

  return g_strdup_printf ("%s %%", number);
}

/* The token in the type of what was typed, what is below it small. */
static PangoAttrList *
make_attributes (gsize n)
{
  PangoAttrList *attributes = pango_attr_list_new ();
  PangoAttribute *family = pango_attr_family_new ("monospace"), *small = pango_attr_scale_new (PANGO_SCALE_SMALL);

  family->end_index = (guint) n;
  small->start_index = (guint) n;
  pango_attr_list_insert (attributes, family);
  pango_attr_list_insert (attributes, small);
  return attributes;
}

static GtkWidget *
make_tile (const json_t *token, gsize number)
{
  const double log_probability = assay_json_get_number (token, "log_probability"), probability = exp (log_probability);
  g_autofree char *spelling = assay_text_escape (assay_json_get_text (token, "spelling"), FALSE), *share = percent (probability);
  g_autofree char *nats = assay_view_number (log_probability, 4), *text = g_strdup_printf ("%s\n%s", spelling, share);
  g_autofree char *said = g_strdup_printf (_("token %d, \"%s\": probability %s, log-probability %s nats"), (int) number, spelling, share, nats);
  g_autofree char *shade = g_strdup_printf ("assay-chance-%u", assay_completion_shade (probability));
  g_autoptr (PangoAttrList) attributes = make_attributes (strlen (spelling));
  GtkWidget *tile = gtk_label_new (text);

  gtk_label_set_attributes (GTK_LABEL (tile), attributes);
  gtk_label_set_justify (GTK_LABEL (tile), GTK_JUSTIFY_CENTER);
  gtk_widget_add_css_class (tile, "assay-chance");
  gtk_widget_add_css_class (tile, shade);
  gtk_widget_set_tooltip_text (tile, said);
  gtk_accessible_update_property (GTK_ACCESSIBLE (tile), GTK_ACCESSIBLE_PROPERTY_LABEL, said, -1);
  return tile;
}

/* --- all of them ------------------------------------------------------------------------------------------------------- */

static GtkWidget *
make_facts (const json_t *document)
{
  AssayFacts *facts = g_object_new (ASSAY_TYPE_FACTS, NULL);
  const double sum = assay_json_get_number (document, "log_probability"), mean = assay_json_get_number (document, "mean_nats");
  g_autofree char *log_probability = assay_view_number (sum, 5), *each = assay_view_number (mean, 4), *count = NULL, *nats = NULL, *per = NULL;

  count = assay_view_count (json_integer_value (json_object_get (document, "predictions")));
  nats = g_strdup_printf (_("%s nats"), log_probability);
  per = g_strdup_printf (_("%s nats a token"), each);
  assay_facts_add (facts, _("Log-probability"), nats, ASSAY_MARK_NONE, _("Of the whole completion behind the prompt: the sum over its tokens"));
  assay_facts_add (facts, _("Loss"), per, ASSAY_MARK_NONE, _("The mean of minus the log-probabilities of its tokens"));
  assay_facts_add (facts, _("Tokens"), count, ASSAY_MARK_NONE, _("A token across the border of prompt and completion counts to the completion"));
  return GTK_WIDGET (facts);
}

static GtkWidget *
make_tiles (const json_t *document)
{
  AssayWrapBox *tiles = assay_wrap_box_new (4);
  gsize k;
  json_t *token;

  json_array_foreach (json_object_get (document, "tokens"), k, token)
    if (k < MAX_TILES)
      assay_wrap_box_append (tiles, make_tile (token, k));
  gtk_accessible_update_property (GTK_ACCESSIBLE (tiles), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Tokens of the completion"), -1);
  return GTK_WIDGET (tiles);
}

static GtkWidget *
make_legend (gsize n)
{
  g_autofree char *words = n > MAX_TILES ? g_strdup_printf (_("The darker, the likelier; below each token its probability. These are the first %d of %d tokens; the exported table has all."),
                                                            MAX_TILES, (int) n)
                           : g_strdup (_("The darker, the likelier; below each token its probability."));
  GtkWidget *legend = gtk_label_new (words);

  gtk_label_set_wrap (GTK_LABEL (legend), TRUE);
  gtk_label_set_xalign (GTK_LABEL (legend), 0);
  gtk_widget_add_css_class (legend, "dim-label");
  gtk_widget_add_css_class (legend, "caption");
  return legend;
}

void
assay_completion_view_show (AssayCompletionView *self, const json_t *document)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);

  gtk_box_append (GTK_BOX (box), make_facts (document));
  gtk_box_append (GTK_BOX (box), make_tiles (document));
  gtk_box_append (GTK_BOX (box), make_legend (json_array_size (json_object_get (document, "tokens"))));
  adw_bin_set_child (ADW_BIN (self), box);
}

static void
assay_completion_view_class_init (AssayCompletionViewClass *klass)
{
  (void) klass;
}

static void
assay_completion_view_init (AssayCompletionView *self)
{
  (void) self;
}
