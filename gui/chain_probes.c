/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_probes.c: a row for each probe, and a row for each edit of the one that is chosen. */
#include "gui/chain_probes.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/reasoning_figures.h"

#include <glib/gi18n.h>
#include <string.h>

struct _AssayChainProbes {
  AdwBin parent_instance;
  GtkListBox *probes, *edits;
  AdwPreferencesGroup *edits_group;
  AssayReasoningAnswer *answer;
  json_t *whole;
  char *shown;                  /* the probe whose texts are shown; kept from chain to chain */
};

G_DEFINE_FINAL_TYPE (AssayChainProbes, assay_chain_probes, ADW_TYPE_BIN)

enum { TRY, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
remove_rows (GtkListBox *list)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (list, 0)) != NULL)
    gtk_list_box_remove (list, GTK_WIDGET (row));
}

static GtkWidget *
add_label (GtkWidget *box, const char *text, const char *css_class, int width, double xalign)
{
  g_autofree char *visible = assay_text_escape (text, FALSE);
  GtkWidget *label = gtk_label_new (visible);

  gtk_label_set_xalign (GTK_LABEL (label), (float) xalign);
  gtk_label_set_width_chars (GTK_LABEL (label), width);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  gtk_box_append (GTK_BOX (box), label);
  return label;
}

/* --- probes ---------------------------------------------------------------------------------------------------------- */

static char *
describe_probe (const AssayProbe *probe)
{
  if (probe == NULL)
    return NULL;
  return g_strdup_printf (_("%s.\nControl: %s.\nBlind spot: %s%s"), probe->help, probe->control_help, probe->blind_spot,
                          probe->repeats_certificate ? _("\nIt repeats the edits that certificates are made with.") : "");
}

static GtkWidget *
make_probe_row (const json_t *one)
{
  const char *name = assay_json_get_text (one, "name");
  const AssayProbe *probe = assay_probe_find (name, NULL);
  g_autofree char *effect = assay_reasoning_write (one, "value"), *control = assay_reasoning_write (one, "control"), *why = describe_probe (probe);
  g_autofree char *lo = assay_reasoning_write (one, "lo"), *hi = assay_reasoning_write (one, "hi"), *interval = g_strdup_printf (_("%s to %s"), lo, hi);
  g_autofree char *beside = g_strdup_printf (_("control %s"), control), *spoken = NULL;
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *title;

  title = add_label (box, probe ? probe->title : name, NULL, 10, 0);
  gtk_widget_set_hexpand (title, TRUE);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  add_label (box, effect, "assay-figure", 5, 1);
  add_label (box, interval, "numeric", 13, 0);
  gtk_widget_add_css_class (add_label (box, beside, "numeric", 13, 0), "dim-label");
  gtk_widget_add_css_class (box, "assay-row");
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_widget_set_tooltip_text (row, why);
  spoken = g_strdup_printf (_("%s: %s, interval %s, %s"), probe ? probe->title : name, effect, interval, beside);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, why ? why : "", -1);
  g_object_set_data_full (G_OBJECT (row), "probe", g_strdup (name), g_free);
  return row;
}

static void
probe_activated (AssayChainProbes *self, GtkListBoxRow *row)
{
  assay_chain_probes_show_edits (self, g_object_get_data (G_OBJECT (row), "probe"), -1);
}

/* --- edits ----------------------------------------------------------------------------------------------------------- */

static char *
describe_edit (const json_t *edit)
{
  const char *donor = assay_json_get_text (edit, "donor");
  const json_t *positions = json_object_get (edit, "positions");
  int first = (int) json_integer_value (json_array_get (positions, 0)), last = (int) json_integer_value (json_array_get (positions, 1));

  if (donor[0] != '\0')
    return g_strdup_printf (_("states before layer %d at positions %d to %d come from: %s"), (int) json_integer_value (json_object_get (edit, "layer")), first, last,
                            donor);
  if (positions != NULL)
    return g_strdup_printf (_("the answer attends to none of positions %d to %d"), first, last);
  return NULL;
}

/* The steps of an edit that changes the chain's words alone; NULL: the bench cannot show it. */
static char *
dup_steps (AssayChainProbes *self, const json_t *edit)
{
  gint64 e = json_integer_value (json_object_get (edit, "edit"));
  AssayChainWalk walk = assay_cot_record_get_walk (self->answer->record, e);
  const AssayChainLayout *at = &self->answer->layout;
  gint64 n = walk.read - at->chain;

  if (walk.intervention != ASSAY_CHAIN_PLAIN || strcmp (assay_json_get_text (edit, "arm"), "chain") != 0 || n < 0 || n > at->n_steps
      || walk.tokens[walk.read] != at->ans)
    return NULL;
  return assay_organism_decode (&self->answer->organism, walk.tokens + at->chain, n);
}

static void
try_edit (GtkButton *button, AssayChainProbes *self)
{
  g_signal_emit (self, signals[TRY], 0, g_object_get_data (G_OBJECT (button), "steps"));
}

static GtkWidget *
make_edit_row (AssayChainProbes *self, const json_t *edit)
{
  g_autofree char *what = describe_edit (edit), *steps = dup_steps (self, edit), *outcome = NULL, *spoken = NULL;
  gboolean is_control = strcmp (assay_json_get_text (edit, "arm"), "chain") != 0;
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *words = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2), *label;

  outcome = g_strdup_printf (_("→ %s; p(%s) %.2f"), assay_json_get_text (edit, "answer"), assay_json_get_text (self->whole, "answer"), assay_json_get_number (edit, "p"));
  label = add_label (words, assay_json_get_text (edit, "text"), "monospace", -1, 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  if (what != NULL)
    {
      label = add_label (words, what, "caption", -1, 0);
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
    }
  gtk_widget_set_hexpand (words, TRUE);
  gtk_widget_set_valign (words, GTK_ALIGN_CENTER);
  add_label (box, is_control ? _("control") : _("chain"), is_control ? "dim-label" : NULL, 7, 0);
  gtk_box_append (GTK_BOX (box), words);
  label = add_label (box, outcome, "numeric", 13, 0);
  gtk_widget_set_tooltip_text (label, _("What the model answers then, and the probability of the answer to the chain as it was written"));
  if (steps != NULL)
    {
      GtkWidget *button = gtk_button_new_with_label (_("Try"));

      spoken = g_strdup_printf (_("Try the steps %s on the bench"), steps);
      gtk_widget_set_tooltip_text (button, _("Put this chain on the bench"));
      gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
      gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
      gtk_widget_add_css_class (button, "flat");
      g_object_set_data_full (G_OBJECT (button), "steps", g_steal_pointer (&steps), g_free);
      g_signal_connect (button, "clicked", G_CALLBACK (try_edit), self);
      gtk_box_append (GTK_BOX (box), button);
    }
  gtk_widget_add_css_class (box, "assay-row");
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  return row;
}

void
assay_chain_probes_show_edits (AssayChainProbes *self, const char *name, gint64 point)
{
  const AssayProbe *probe = assay_probe_find (name, NULL);
  g_autofree char *kept = g_strdup (name), *title = NULL;
  GtkListBoxRow *row;
  gsize k;
  json_t *edit;

  g_free (self->shown);
  self->shown = g_steal_pointer (&kept);
  title = point < 0 || probe == NULL ? g_markup_printf_escaped (_("Exact Texts: %s"), probe ? probe->title : self->shown)
          : g_markup_printf_escaped (_("Exact Texts: %s, %s %" G_GINT64_FORMAT), probe->title, probe->point_name, point);
  adw_preferences_group_set_title (self->edits_group, title);
  for (int at = 0; (row = gtk_list_box_get_row_at_index (self->probes, at)) != NULL; at++)
    if (strcmp (g_object_get_data (G_OBJECT (row), "probe"), self->shown) == 0)
      gtk_list_box_select_row (self->probes, row);
  remove_rows (self->edits);
  json_array_foreach (json_object_get (self->whole, "edits"), k, edit)
    {
      const json_t *at = json_object_get (edit, "point");

      if (strcmp (assay_json_get_text (edit, "probe"), self->shown) == 0 && (point < 0 || !json_is_integer (at) || json_integer_value (at) == point))
        gtk_list_box_append (self->edits, make_edit_row (self, edit));
    }
}

void
assay_chain_probes_set_chain (AssayChainProbes *self, AssayReasoningAnswer *answer, json_t *whole)
{
  g_autofree char *shown = g_strdup (self->shown);
  gsize k;
  json_t *one;

  assay_reasoning_answer_ref (answer);
  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
  self->answer = answer;
  json_decref (self->whole);
  self->whole = json_incref (whole);
  remove_rows (self->probes);
  json_array_foreach (json_object_get (whole, "probes"), k, one)
    {
      gtk_list_box_append (self->probes, make_probe_row (one));
      if (shown == NULL && k == 0)
        shown = g_strdup (assay_json_get_text (one, "name"));
    }
  if (shown != NULL)
    assay_chain_probes_show_edits (self, shown, -1);
}

static void
assay_chain_probes_finalize (GObject *object)
{
  AssayChainProbes *self = ASSAY_CHAIN_PROBES (object);

  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
  json_decref (self->whole);
  g_free (self->shown);
  G_OBJECT_CLASS (assay_chain_probes_parent_class)->finalize (object);
}

static void
assay_chain_probes_class_init (AssayChainProbesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = assay_chain_probes_finalize;
  signals[TRY] = g_signal_new ("try", ASSAY_TYPE_CHAIN_PROBES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/chain_probes.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayChainProbes, probes);
  gtk_widget_class_bind_template_child (widget_class, AssayChainProbes, edits);
  gtk_widget_class_bind_template_child (widget_class, AssayChainProbes, edits_group);
  gtk_widget_class_bind_template_callback (widget_class, probe_activated);
}

static void
assay_chain_probes_init (AssayChainProbes *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
