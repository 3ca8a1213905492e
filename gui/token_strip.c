/* SPDX-License-Identifier: GPL-3.0-or-later */
/* token_strip.c: a button for each word. */
#include "gui/token_strip.h"

#include "base/text.h"
#include "dataset/cell_value.h"
#include "gui/wrap_box.h"

#include <glib/gi18n.h>

#define MAX_WORDS 160
#define MAX_TEXT 4000           /* characters of a longer text; the exported table has it whole */

struct _AssayTokenStrip {
  AdwBin parent_instance;
  GPtrArray *words;             /* GtkToggleButton, owned by their box; empty while a long text is shown */
  gboolean is_quiet;
};

G_DEFINE_FINAL_TYPE (AssayTokenStrip, assay_token_strip, ADW_TYPE_BIN)

enum { SELECTED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
on_toggled (GtkToggleButton *word, AssayTokenStrip *self)
{
  guint number;

  if (!self->is_quiet && gtk_toggle_button_get_active (word) && g_ptr_array_find (self->words, word, &number))
    g_signal_emit (self, signals[SELECTED], 0, (gint64) number);
}

static void
add_word (AssayTokenStrip *self, AssayWrapBox *box, const AssayColumn *column, gint32 token, gint64 number)
{
  g_autofree char *text = assay_cell_dup_token (column, token), *visible = assay_text_escape (text, FALSE);
  g_autofree char *spoken = g_strdup_printf (_("token %" G_GINT64_FORMAT ", %s"), number, visible);
  GtkWidget *word = gtk_toggle_button_new_with_label (visible);

  gtk_widget_add_css_class (word, "flat");
  gtk_widget_add_css_class (word, "assay-token");
  gtk_widget_set_tooltip_text (word, spoken);
  gtk_accessible_update_property (GTK_ACCESSIBLE (word), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  if (self->words->len > 0)
    gtk_toggle_button_set_group (GTK_TOGGLE_BUTTON (word), self->words->pdata[0]);
  g_signal_connect (word, "toggled", G_CALLBACK (on_toggled), self);
  g_ptr_array_add (self->words, word);
  assay_wrap_box_append (box, word);
}

static void
show_words (AssayTokenStrip *self, const AssayColumn *column, const gint32 *tokens, gint64 n)
{
  AssayWrapBox *box = assay_wrap_box_new (4);

  for (gint64 k = 0; k < n; k++)
    add_word (self, box, column, tokens[k], k);
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (box));
}

static void
show_text (AssayTokenStrip *self, const AssayColumn *column, gint64 row)
{
  g_autofree char *text = assay_cell_dup_text (column, row, MAX_TEXT), *visible = assay_text_escape (text, TRUE);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  GtkWidget *label = gtk_label_new (visible);

  pango_attr_list_insert (attributes, pango_attr_insert_hyphens_new (FALSE));   /* the text has none where a word is broken */
  gtk_label_set_attributes (GTK_LABEL (label), attributes);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "monospace");
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Text of the example"), -1);
  adw_bin_set_child (ADW_BIN (self), label);
}

void
assay_token_strip_show (AssayTokenStrip *self, const AssayColumn *column, gint64 row)
{
  gint64 n;
  g_autofree gint32 *tokens = assay_cell_get_tokens (column, row, &n);

  g_ptr_array_set_size (self->words, 0);
  if (n <= MAX_WORDS && !assay_cell_is_by_character (column))
    show_words (self, column, tokens, n);
  else
    show_text (self, column, row);
}

void
assay_token_strip_select (AssayTokenStrip *self, gint64 token)
{
  self->is_quiet = TRUE;
  for (guint k = 0; k < self->words->len; k++)
    gtk_toggle_button_set_active (self->words->pdata[k], (gint64) k == token);
  self->is_quiet = FALSE;
}

static void
assay_token_strip_finalize (GObject *object)
{
  g_ptr_array_unref (ASSAY_TOKEN_STRIP (object)->words);
  G_OBJECT_CLASS (assay_token_strip_parent_class)->finalize (object);
}

static void
assay_token_strip_class_init (AssayTokenStripClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_token_strip_finalize;
  signals[SELECTED] = g_signal_new ("selected", ASSAY_TYPE_TOKEN_STRIP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
}

static void
assay_token_strip_init (AssayTokenStrip *self)
{
  self->words = g_ptr_array_new ();
}
