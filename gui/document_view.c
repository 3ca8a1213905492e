/* SPDX-License-Identifier: GPL-3.0-or-later */
/* document_view.c: one widget for each block. */
#include "gui/document_view.h"

#include "base/text.h"
#include "gui/document_summary.h"
#include "gui/figure_area.h"
#include "gui/gradually.h"
#include "job/pins.h"

#include <glib/gi18n.h>

#define MAX_ROWS 60             /* of a table on the screen; the report has them all */
#define MAX_WORDY_ROWS 20       /* of one whose lines are broken anew with each row that comes */
#define WORDY 44                /* characters of a cell that is a sentence */
#define FIGURE_WIDTH 640
#define SUMMARY "findings"      /* the section whose blocks depend on the pins */
#define WIDE 5                  /* columns */
#define FEW 3                   /* columns that have room enough */
#define WIDE_CELL 26            /* characters of a sentence's line in a wide table */

struct _AssayDocumentView {
  GtkBox parent_instance;
  AssayReportDraft *draft;
  GtkBox *content;              /* of this draft; that of the one before is on its way out */
  GHashTable *widgets;          /* id -> widget, which its parent owns */
  GHashTable *pins;             /* claim -> GtkToggleButton */
  GtkWidget *summary;           /* of the pinned findings, which its parent owns; NULL: not made yet, or the case makes no claim */
  guint section, block, source; /* what is made next */
  const AssayBlock *table;      /* whose rows are being made; NULL: none */
  GtkGrid *grid;                /* that they go into, of its parent */
  gint64 row;
  gint64 max_rows;
  gboolean is_wordy, is_updating;
};

G_DEFINE_FINAL_TYPE (AssayDocumentView, assay_document_view, GTK_TYPE_BOX)

enum { TOGGLE_PIN, GO_TO, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- parts ----------------------------------------------------------------------------------------------------------- */

static GtkWidget *
make_label (const char *text, const char *css_class)
{
  g_autofree char *visible = assay_text_escape (text, TRUE);
  GtkWidget *label = gtk_label_new (visible);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  return label;
}

/* Which elements of the evidence the numbers of a text are: shown on hover. */
static char *
describe_numbers (const AssayProse *prose)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint k = 0; k < prose->spans->len; k++)
    {
      const AssaySpan *span = &g_array_index (prose->spans, AssaySpan, k);
      g_autofree char *id = span->type == ASSAY_SPAN_NUMBER ? assay_number_dup_id (&span->number) : NULL;
      g_autofree char *display = id ? assay_number_dup_display (&span->number) : NULL;

      if (id != NULL)
        g_string_append_printf (ids, "%s%s = %s", ids->len > 0 ? "\n" : "", id, display);
    }
  return ids->len > 0 ? g_string_free (g_steal_pointer (&ids), FALSE) : NULL;
}

static GtkWidget *
make_prose (const AssayProse *prose, const char *css_class)
{
  g_autofree char *plain = assay_prose_dup_plain (prose), *numbers = describe_numbers (prose);
  GtkWidget *label = make_label (plain, css_class);

  if (numbers != NULL)
    gtk_widget_set_tooltip_text (label, numbers);
  return label;
}

static GtkWidget *
make_callout (GtkWidget *text, gboolean is_warning)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);

  gtk_box_append (GTK_BOX (box), gtk_image_new_from_icon_name (is_warning ? "dialog-warning-symbolic" : "dialog-information-symbolic"));
  gtk_widget_set_hexpand (text, TRUE);
  gtk_box_append (GTK_BOX (box), text);
  gtk_widget_add_css_class (box, "card");
  gtk_widget_add_css_class (box, is_warning ? "assay-callout-warning" : "assay-callout");
  return box;
}

/* Whether cells hold sentences, which have to be wrapped. */
static gboolean
is_wordy (const AssayBlock *block)
{
  for (guint k = 0; k < block->cells->len; k++)
    {
      g_autofree char *plain = assay_prose_dup_plain (block->cells->pdata[k]);

      if (g_utf8_strlen (plain, -1) > WORDY)
        return TRUE;
    }
  return FALSE;
}

/* Whether there are too many columns for sentences to share the width that there is. */
static gboolean
is_wide (const AssayBlock *block)
{
  return assay_block_get_n_columns (block) > WIDE;
}

/* row -1: the headings. */
static GtkWidget *
make_cell (const AssayBlock *block, gint64 row, guint column, gboolean wordy)
{
  const AssayTableHead *head = &g_array_index (block->heads, AssayTableHead, column);
  GtkWidget *label = row < 0 ? make_label (head->heading, "caption-heading")
                             : make_prose (assay_block_get_cell (block, row, column), head->is_right ? "numeric" : NULL);

  gtk_label_set_xalign (GTK_LABEL (label), head->is_right ? 1 : 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), wordy && (row < 0 || !head->is_right));
  if (wordy && row < 0)
    {
      gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD);
      gtk_label_set_width_chars (GTK_LABEL (label), 6);
      gtk_label_set_max_width_chars (GTK_LABEL (label), 24);
      gtk_label_set_yalign (GTK_LABEL (label), 1);
      gtk_label_set_justify (GTK_LABEL (label), head->is_right ? GTK_JUSTIFY_RIGHT : GTK_JUSTIFY_LEFT);
    }
  if (wordy && !head->is_right && row >= 0)
    {
      gtk_label_set_width_chars (GTK_LABEL (label), is_wide (block) ? WIDE_CELL : column == 0 || assay_block_get_n_columns (block) <= FEW ? 18 : 8);
      gtk_label_set_max_width_chars (GTK_LABEL (label), is_wide (block) ? WIDE_CELL : column == 0 ? 48 : 24);
      gtk_widget_set_hexpand (label, column == 0 && !is_wide (block));
    }
  return label;
}

static void
add_row (GtkGrid *grid, const AssayBlock *block, gint64 row, gboolean wordy)
{
  for (guint k = 0; k < assay_block_get_n_columns (block); k++)
    gtk_grid_attach (grid, make_cell (block, row, k, wordy), (int) k, (int) row + 1, 1, 1);
}

/* Only sideways: the wheel over a table goes on scrolling the document. */
static void
scroll_sideways (GtkWidget *window)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (window);

  for (guint k = 0; k < g_list_model_get_n_items (controllers); k++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, k);

      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        gtk_event_controller_scroll_set_flags (GTK_EVENT_CONTROLLER_SCROLL (controller), GTK_EVENT_CONTROLLER_SCROLL_HORIZONTAL);
    }
}

/* A wordy table of few columns takes the width there is, any other is as wide as it is; both can be scrolled rather than ask for more. Its rows follow one by one. */
static GtkWidget *
make_table (AssayDocumentView *self, const AssayBlock *block)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *grid = gtk_grid_new (), *window = gtk_scrolled_window_new ();
  gint64 n_rows = assay_block_get_n_rows (block);
  gboolean wordy = is_wordy (block);

  gtk_grid_set_column_spacing (GTK_GRID (grid), 18);
  gtk_grid_set_row_spacing (GTK_GRID (grid), wordy ? 10 : 6);
  add_row (GTK_GRID (grid), block, -1, wordy);
  self->table = block;
  self->grid = GTK_GRID (grid);
  self->row = 0;
  self->is_wordy = wordy;
  self->max_rows = wordy ? MAX_WORDY_ROWS : MAX_ROWS;
  gtk_box_append (GTK_BOX (box), make_prose (block->text, "dim-label"));
  gtk_widget_set_halign (grid, wordy && !is_wide (block) ? GTK_ALIGN_FILL : GTK_ALIGN_START);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (window), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  scroll_sideways (window);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (window), grid);
  gtk_box_append (GTK_BOX (box), window);
  if (n_rows > self->max_rows)
    {
      g_autofree char *more = g_strdup_printf (_("%" G_GINT64_FORMAT " more rows are in the report"), n_rows - self->max_rows);

      gtk_box_append (GTK_BOX (box), make_label (more, "dim-label"));
    }
  return box;
}

static GtkWidget *
make_figure (const AssayBlock *block)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  gtk_box_append (GTK_BOX (box), assay_figure_area_new (block->figure, FIGURE_WIDTH));
  gtk_box_append (GTK_BOX (box), make_prose (block->text, "dim-label"));
  gtk_box_append (GTK_BOX (box), make_label (assay_figure_get_reading (block->figure), "dim-label"));
  return box;
}

/* --- claims ---------------------------------------------------------------------------------------------------------- */

static void
add_entry (GtkGrid *grid, int *row, const char *what, const char *text)
{
  GtkWidget *name, *value;

  if (text == NULL || text[0] == '\0')
    return;
  name = make_label (what, "dim-label");
  gtk_label_set_yalign (GTK_LABEL (name), 0);
  value = make_label (text, NULL);
  gtk_widget_set_hexpand (value, TRUE);
  gtk_grid_attach (grid, name, 0, *row, 1, 1);
  gtk_grid_attach (grid, value, 1, (*row)++, 1, 1);
}

static void
toggled (GtkToggleButton *button, AssayDocumentView *self)
{
  const char *claim = g_object_get_data (G_OBJECT (button), "claim");

  if (!self->is_updating)
    g_signal_emit (self, signals[TOGGLE_PIN], 0, claim, !gtk_toggle_button_get_active (button));
}

static GtkWidget *
make_button (const char *icon, const char *name, const char *action, const char *target)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_set_tooltip_text (button, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", target);
  return button;
}

static GtkWidget *
make_claim_buttons (AssayDocumentView *self, const AssayClaim *claim)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *pin = gtk_toggle_button_new ();

  gtk_button_set_icon_name (GTK_BUTTON (pin), "assay-pin-symbolic");
  gtk_widget_set_tooltip_text (pin, _("Pin to the summary of the report"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (pin), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Pin to the report"), -1);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (pin), assay_pins_find (self->draft->pins, claim->id) >= 0);
  g_object_set_data_full (G_OBJECT (pin), "claim", g_strdup (claim->id), g_free);
  g_signal_connect (pin, "toggled", G_CALLBACK (toggled), self);
  g_hash_table_replace (self->pins, g_strdup (claim->id), pin);
  gtk_box_append (GTK_BOX (box), pin);
  if (claim->object != NULL)
    gtk_box_append (GTK_BOX (box), make_button ("assay-origin-symbolic", _("Where does this number come from?"), "win.provenance", claim->object));
  if (claim->command != NULL)
    gtk_box_append (GTK_BOX (box), make_button ("edit-copy-symbolic", _("Copy the command that makes this number again"), "win.copy-text", claim->command));
  gtk_widget_set_valign (box, GTK_ALIGN_START);
  return box;
}

static GtkWidget *
make_claim (AssayDocumentView *self, const AssayClaim *claim)
{
  GtkWidget *card = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *text = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *grid = gtk_grid_new ();
  g_autofree char *interval = assay_claim_dup_interval (claim), *check = assay_claim_dup_check (&claim->check), *validity = assay_claim_dup_check (&claim->validity);
  int row = 0;

  gtk_grid_set_column_spacing (GTK_GRID (grid), 12);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 3);
  add_entry (GTK_GRID (grid), &row, _("interval"), interval);
  add_entry (GTK_GRID (grid), &row, claim->is_withheld ? _("withheld") : _("remark"), claim->reason);
  add_entry (GTK_GRID (grid), &row, _("check"), check);
  add_entry (GTK_GRID (grid), &row, _("validity"), validity ? validity : claim->kind == ASSAY_CLAIM_INFLUENCE ? _("not validated") : NULL);
  add_entry (GTK_GRID (grid), &row, _("evidence"), claim->object);
  gtk_box_append (GTK_BOX (text), make_prose (claim->sentence, "heading"));
  gtk_box_append (GTK_BOX (text), grid);
  gtk_widget_set_hexpand (text, TRUE);
  gtk_box_append (GTK_BOX (card), text);
  gtk_box_append (GTK_BOX (card), make_claim_buttons (self, claim));
  gtk_widget_add_css_class (card, "card");
  gtk_widget_add_css_class (card, "assay-claim");
  return card;
}

/* --- filling --------------------------------------------------------------------------------------------------------- */

static GtkWidget *
make_block (AssayDocumentView *self, const AssayBlock *block)
{
  GtkWidget *box;

  switch (block->type)
    {
    case ASSAY_BLOCK_HEADING:
      return make_prose (block->text, "title-4");
    case ASSAY_BLOCK_PARAGRAPH:
      return make_prose (block->text, NULL);
    case ASSAY_BLOCK_LIST:
      box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
      for (guint k = 0; k < block->items->len; k++)
        gtk_box_append (GTK_BOX (box), make_prose (block->items->pdata[k], NULL));
      return box;
    case ASSAY_BLOCK_TABLE:
      return make_table (self, block);
    case ASSAY_BLOCK_FIGURE:
      return make_figure (block);
    case ASSAY_BLOCK_CLAIM:
      return make_claim (self, block->claim);
    case ASSAY_BLOCK_CODE:
      return make_label (block->code, "monospace");
    default:
      return make_callout (make_prose (block->text, NULL), block->level == ASSAY_CALLOUT_WARNING);
    }
}

static void
append (AssayDocumentView *self, const char *id, GtkWidget *widget)
{
  gtk_box_append (self->content, widget);
  if (id != NULL)
    g_hash_table_replace (self->widgets, g_strdup (id), widget);
}

/* What is looked at stays where it is, although the summary above it gets other rows. */
static void
show_summary (AssayDocumentView *self)
{
  GtkWidget *window = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *adjustment = window ? gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (window)) : NULL;
  int before = gtk_widget_get_height (self->summary), after;

  assay_document_summary_show (self->summary, self->draft);
  if (adjustment == NULL || before == 0 || gtk_adjustment_get_value (adjustment) < before)
    return;
  gtk_widget_measure (self->summary, GTK_ORIENTATION_VERTICAL, gtk_widget_get_width (self->summary), NULL, &after, NULL, NULL);
  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + after - before);
}

static void
show_pins (AssayDocumentView *self)
{
  GHashTableIter iter;
  gpointer claim, button;

  self->is_updating = TRUE;
  g_hash_table_iter_init (&iter, self->pins);
  while (g_hash_table_iter_next (&iter, &claim, &button))
    gtk_toggle_button_set_active (button, assay_pins_find (self->draft->pins, claim) >= 0);
  self->is_updating = FALSE;
  if (self->summary != NULL)
    show_summary (self);
}

static void
row_activated (GtkListBox *list, GtkListBoxRow *row, AssayDocumentView *self)
{
  const char *claim = assay_document_summary_get_claim (row);

  (void) list;
  if (claim != NULL)
    g_signal_emit (self, signals[GO_TO], 0, claim);
}

/* In place of its blocks, which are those of the pins that there were when the document was made. */
static gboolean
append_summary (AssayDocumentView *self, const AssaySection *section)
{
  g_autoptr (GPtrArray) claims = assay_document_list_claims (self->draft->document);

  if (strcmp (section->id, SUMMARY) != 0 || claims->len == 0)
    return FALSE;
  self->summary = assay_document_summary_new (G_CALLBACK (row_activated), self);
  assay_document_summary_show (self->summary, self->draft);
  append (self, NULL, self->summary);
  return TRUE;
}

/* FALSE when all is there. */
static gboolean
append_next (gpointer data)
{
  AssayDocumentView *self = data;
  const GPtrArray *sections = self->draft->document->sections;
  const AssaySection *section;

  if (self->table != NULL && self->row < MIN (assay_block_get_n_rows (self->table), self->max_rows))
    {
      add_row (self->grid, self->table, self->row++, self->is_wordy);
      return TRUE;
    }
  self->table = NULL;
  if (self->section >= sections->len)
    return FALSE;
  section = sections->pdata[self->section];
  if (self->block == 0)
    {
      g_autofree char *title = g_strdup_printf ("%u. %s", section->number, section->title);

      append (self, section->id, make_label (title, "title-2"));
      if (append_summary (self, section))
        self->block = section->blocks->len;
    }
  if (self->block < section->blocks->len)
    {
      const AssayBlock *block = section->blocks->pdata[self->block++];

      append (self, block->id, make_block (self, block));
    }
  if (self->block >= section->blocks->len)
    {
      self->section++;
      self->block = 0;
    }
  return TRUE;
}

static void
clear (AssayDocumentView *self)
{
  assay_gradually_stop (&self->source);
  self->table = NULL;
  self->summary = NULL;
  g_hash_table_remove_all (self->widgets);
  g_hash_table_remove_all (self->pins);
  if (self->content != NULL)
    assay_gradually_remove (GTK_WIDGET (self->content));
  self->content = NULL;
}

static void
begin (AssayDocumentView *self)
{
  const AssayDocument *document = self->draft->document;

  self->content = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 14));
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->content));
  append (self, NULL, make_label (document->title, "title-1"));
  for (guint k = 0; k < document->warnings->len; k++)
    append (self, NULL, make_callout (make_label (document->warnings->pdata[k], NULL), TRUE));
  self->section = self->block = 0;
  assay_gradually_begin (&self->source, TRUE, append_next, self);
}

void
assay_document_view_set_draft (AssayDocumentView *self, AssayReportDraft *draft)
{
  gboolean is_same = self->draft != NULL && draft != NULL && self->draft->document == draft->document;
  AssayReportDraft *before = self->draft;

  self->draft = draft ? assay_report_draft_ref (draft) : NULL;
  if (is_same)
    show_pins (self);
  else
    {
      clear (self);
      if (draft != NULL)
        begin (self);
    }
  assay_report_draft_unref (before);
}

GtkWidget *
assay_document_view_find (AssayDocumentView *self, const char *id)
{
  return g_hash_table_lookup (self->widgets, id);
}

static void
assay_document_view_dispose (GObject *object)
{
  AssayDocumentView *self = ASSAY_DOCUMENT_VIEW (object);

  assay_gradually_stop (&self->source);
  g_clear_pointer (&self->draft, assay_report_draft_unref);
  G_OBJECT_CLASS (assay_document_view_parent_class)->dispose (object);
}

static void
assay_document_view_finalize (GObject *object)
{
  AssayDocumentView *self = ASSAY_DOCUMENT_VIEW (object);

  g_hash_table_unref (self->widgets);
  g_hash_table_unref (self->pins);
  G_OBJECT_CLASS (assay_document_view_parent_class)->finalize (object);
}

static void
assay_document_view_class_init (AssayDocumentViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = assay_document_view_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_document_view_finalize;
  signals[TOGGLE_PIN] = g_signal_new ("toggle-pin", ASSAY_TYPE_DOCUMENT_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING,
                                      G_TYPE_BOOLEAN);
  signals[GO_TO] = g_signal_new ("go-to", ASSAY_TYPE_DOCUMENT_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
assay_document_view_init (AssayDocumentView *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  self->widgets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->pins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

GtkWidget *
assay_document_view_new (void)
{
  return g_object_new (ASSAY_TYPE_DOCUMENT_VIEW, NULL);
}
