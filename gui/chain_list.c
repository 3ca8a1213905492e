/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_list.c: a lazy model of numbers, and rows that are filled when they are seen. */
#include "gui/chain_list.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/growing_list.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define SCROLL_MS 30
#define SEEN_BEHIND 4           /* rows that are seen with the selected one: those of the same text */

/* --- a chain --------------------------------------------------------------------------------------------------------- */

#define TYPE_CHAIN (chain_get_type ())
G_DECLARE_FINAL_TYPE (Chain, chain, ASSAY, CHAIN, GObject)

struct _Chain {
  GObject parent_instance;
  gint64 number;
};

G_DEFINE_FINAL_TYPE (Chain, chain, G_TYPE_OBJECT)

static void
chain_class_init (ChainClass *klass)
{
  (void) klass;
}

static void
chain_init (Chain *self)
{
  (void) self;
}

/* --- all of them ----------------------------------------------------------------------------------------------------- */

#define TYPE_CHAINS (chains_get_type ())
G_DECLARE_FINAL_TYPE (Chains, chains, ASSAY, CHAINS, GObject)

struct _Chains {
  GObject parent_instance;
  gint64 *order;                /* (n) */
  guint n;
};

static GType
get_item_type (GListModel *model)
{
  (void) model;
  return TYPE_CHAIN;
}

static guint
get_n_items (GListModel *model)
{
  return ASSAY_CHAINS (model)->n;
}

static gpointer
get_item (GListModel *model, guint position)
{
  Chains *self = ASSAY_CHAINS (model);
  Chain *item;

  if (position >= self->n)
    return NULL;
  item = g_object_new (TYPE_CHAIN, NULL);
  item->number = self->order[position];
  return item;
}

static void
list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (Chains, chains, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
chains_finalize (GObject *object)
{
  g_free (ASSAY_CHAINS (object)->order);
  G_OBJECT_CLASS (chains_parent_class)->finalize (object);
}

static void
chains_class_init (ChainsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chains_finalize;
}

static void
chains_init (Chains *self)
{
  (void) self;
}

/* --- the list -------------------------------------------------------------------------------------------------------- */

struct _AssayChainList {
  AdwBin parent_instance;
  GtkListView *view;
  GtkSingleSelection *selection;
  Chains *chains;
  GtkSliceListModel *shown;     /* what the list knows of them yet */
  guint wanted;                 /* position that is selected when it does */
  AssayReasoningAnswer *answer;
  AssayChainOrder order;
  gboolean is_selecting;        /* not a person */
  guint scrolling;              /* source, or 0 */
  gboolean is_behind;           /* the rows behind the selected one have been scrolled to */
};

G_DEFINE_FINAL_TYPE (AssayChainList, assay_chain_list, ADW_TYPE_BIN)

enum { PICKED, N_SIGNALS };
static guint signals[N_SIGNALS];

typedef struct { gint64 number; char *text; double used; } Key;

static int
compare_use (const Key *x, const Key *y)
{
  double a = isfinite (x->used) ? x->used : 2, b = isfinite (y->used) ? y->used : 2;  /* what cannot be told is last */

  return a < b ? -1 : a > b ? 1 : x->number < y->number ? -1 : x->number > y->number;
}

static int
compare_keys (gconstpointer a, gconstpointer b, gpointer data)
{
  const Key *x = a, *y = b;
  AssayChainOrder order = GPOINTER_TO_INT (data);
  int by_text = order == ASSAY_CHAINS_BY_TEXT ? strcmp (x->text, y->text) : 0;

  return by_text != 0 ? by_text : order == ASSAY_CHAINS_MOST_USED ? compare_use (y, x) : compare_use (x, y);
}

static void
key_clear (gpointer key)
{
  g_free (((Key *) key)->text);
}

static void
arrange (AssayChainList *self)
{
  gint64 n = self->answer ? self->answer->n : 0;
  g_autoptr (GArray) keys = g_array_sized_new (FALSE, FALSE, sizeof (Key), (guint) n);
  guint before = self->chains->n;

  g_array_set_clear_func (keys, key_clear);
  for (gint64 i = 0; i < n; i++)
    {
      const json_t *used = json_object_get (assay_reasoning_answer_get (self->answer, i), "used");
      Key key = { i, self->order == ASSAY_CHAINS_BY_TEXT ? assay_reasoning_answer_dup_text (self->answer, i) : NULL, assay_json_get_number (used, "estimate") };

      g_array_append_val (keys, key);
    }
  g_array_sort_with_data (keys, compare_keys, GINT_TO_POINTER (self->order));
  self->wanted = GTK_INVALID_LIST_POSITION;
  self->is_selecting = TRUE;
  assay_growing_list_restart (self->shown);
  g_free (self->chains->order);
  self->chains->order = g_new (gint64, n + 1);
  for (gint64 i = 0; i < n; i++)
    self->chains->order[i] = g_array_index (keys, Key, i).number;
  self->chains->n = (guint) n;
  g_list_model_items_changed (G_LIST_MODEL (self->chains), 0, before, (guint) n);
  self->is_selecting = FALSE;
}

static gint64
get_selected (AssayChainList *self)
{
  Chain *chain = gtk_single_selection_get_selected_item (self->selection);

  if (self->wanted < self->chains->n)
    return self->chains->order[self->wanted];
  return chain ? chain->number : -1;
}

/* Once the list has been laid out: before, there is nowhere to scroll to. */
static gboolean
scroll_to_selected (gpointer data)
{
  AssayChainList *self = data;
  guint k = gtk_single_selection_get_selected (self->selection);

  if (gtk_widget_get_mapped (GTK_WIDGET (self->view)) && gtk_widget_get_height (GTK_WIDGET (self->view)) == 0)
    return G_SOURCE_CONTINUE;
  self->is_behind = !self->is_behind;   /* first some rows behind it, then the row itself, each in a frame of its own */
  if (k != GTK_INVALID_LIST_POSITION)
    gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u",
                                self->is_behind ? MIN (k + SEEN_BEHIND, g_list_model_get_n_items (G_LIST_MODEL (self->shown)) - 1) : k);
  if (self->is_behind)
    return G_SOURCE_CONTINUE;
  self->scrolling = 0;
  return G_SOURCE_REMOVE;
}

static void
schedule_scroll (AssayChainList *self)
{
  if (self->scrolling == 0)
    self->scrolling = g_timeout_add (SCROLL_MS, scroll_to_selected, self);
}

/* A row that the list does not know of yet is selected when it does. */
static void
select_wanted (AssayChainList *self)
{
  if (self->wanted >= g_list_model_get_n_items (G_LIST_MODEL (self->shown)) || self->is_selecting)
    return;
  self->is_selecting = TRUE;
  gtk_single_selection_set_selected (self->selection, self->wanted);
  self->is_selecting = FALSE;
  self->wanted = GTK_INVALID_LIST_POSITION;
  schedule_scroll (self);
}

void
assay_chain_list_select (AssayChainList *self, gint64 chain)
{
  for (guint k = 0; k < self->chains->n; k++)
    if (self->chains->order[k] == chain && gtk_single_selection_get_selected (self->selection) != k)
      {
        self->wanted = k;
        select_wanted (self);
      }
}

void
assay_chain_list_set_order (AssayChainList *self, AssayChainOrder order)
{
  gint64 selected = get_selected (self);

  if (order == self->order)
    return;
  self->order = order;
  arrange (self);
  assay_chain_list_select (self, selected);
}

void
assay_chain_list_set_answer (AssayChainList *self, AssayReasoningAnswer *answer)
{
  if (answer != NULL)
    assay_reasoning_answer_ref (answer);
  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
  self->answer = answer;
  arrange (self);
}

static void
on_selected (AssayChainList *self)
{
  gint64 chain;

  if (self->is_selecting)
    return;
  self->wanted = GTK_INVALID_LIST_POSITION;
  chain = get_selected (self);
  if (chain >= 0)
    g_signal_emit (self, signals[PICKED], 0, chain);
}

/* --- rows ------------------------------------------------------------------------------------------------------------ */

typedef struct { double estimate, lo, hi; } Use;

typedef struct {
  GtkWidget *box;
  GtkLabel *text, *mode, *verdict, *number;
  GtkWidget *strip;
  Use use;
} Row;

/* The interval on a line from 0 to 1. */
static void
draw_strip (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  const Use *use = &((Row *) data)->use;
  double y = height / 2.0, left = 4, length = width - 8.0;
  GdkRGBA ink;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (area)), &ink);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_width (cr, 2);
  cairo_set_source_rgba (cr, ink.red, ink.green, ink.blue, 0.18);
  cairo_move_to (cr, left, y);
  cairo_line_to (cr, left + length, y);
  cairo_stroke (cr);
  if (!isfinite (use->estimate))
    return;
  cairo_set_source_rgba (cr, ink.red, ink.green, ink.blue, ink.alpha);
  if (isfinite (use->lo) && isfinite (use->hi))
    {
      cairo_move_to (cr, left + length * CLAMP (use->lo, 0, 1), y);
      cairo_line_to (cr, left + length * CLAMP (use->hi, 0, 1), y);
      cairo_stroke (cr);
    }
  cairo_arc (cr, left + length * CLAMP (use->estimate, 0, 1), y, 3.5, 0, 2 * G_PI);
  cairo_fill (cr);
}

static GtkLabel *
add_label (GtkWidget *box, gboolean expands, const char *css_class)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (label, expands);
  gtk_widget_add_css_class (label, css_class);
  gtk_box_append (GTK_BOX (box), label);
  return GTK_LABEL (label);
}

static void
set_up (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  GtkWidget *top = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8), *bottom = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  Row *row = g_new0 (Row, 1);

  (void) factory;
  (void) data;
  row->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  row->text = add_label (top, TRUE, "monospace");
  row->mode = add_label (top, FALSE, "dim-label");
  gtk_widget_add_css_class (GTK_WIDGET (row->mode), "caption");
  row->verdict = add_label (bottom, TRUE, "caption-heading");
  row->strip = gtk_drawing_area_new ();
  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (row->strip), 72);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (row->strip), 12);
  gtk_widget_set_valign (row->strip, GTK_ALIGN_CENTER);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (row->strip), draw_strip, row, NULL);
  gtk_box_append (GTK_BOX (bottom), row->strip);
  row->number = add_label (bottom, FALSE, "numeric");
  gtk_widget_add_css_class (GTK_WIDGET (row->number), "caption");
  gtk_box_append (GTK_BOX (row->box), top);
  gtk_box_append (GTK_BOX (row->box), bottom);
  gtk_widget_add_css_class (row->box, "assay-chain");
  g_object_set_data_full (G_OBJECT (row->box), "row", row, g_free);
  gtk_list_item_set_child (item, row->box);
}

static void
bind (GtkSignalListItemFactory *factory, GtkListItem *item, AssayChainList *self)
{
  Row *row = g_object_get_data (G_OBJECT (gtk_list_item_get_child (item)), "row");
  gint64 i = ((Chain *) gtk_list_item_get_item (item))->number;
  const json_t *one = assay_reasoning_answer_get (self->answer, i), *used = json_object_get (one, "used");
  const char *verdict = assay_json_get_text (used, "verdict");
  g_autofree char *text = assay_reasoning_answer_dup_text (self->answer, i), *mode = assay_reasoning_answer_dup_mode (self->answer, i);
  g_autofree char *line = g_strconcat (text, " → ", assay_json_get_text (one, "answer"), NULL), *visible = assay_text_escape (line, FALSE);
  g_autofree char *number = NULL, *spoken = NULL;

  (void) factory;
  row->use = (Use) { assay_json_get_number (used, "estimate"), assay_json_get_number (used, "lo"), assay_json_get_number (used, "hi") };
  number = isfinite (row->use.estimate) ? g_strdup_printf ("%.2f (%.2f–%.2f)", row->use.estimate, row->use.lo, row->use.hi) : g_strdup ("–");
  gtk_label_set_text (row->text, visible);
  gtk_label_set_text (row->mode, mode);
  gtk_label_set_text (row->verdict, verdict);
  gtk_label_set_text (row->number, number);
  gtk_widget_queue_draw (row->strip);
  spoken = g_strdup_printf (_("%s in %s: %s, %s"), visible, mode, verdict, number);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row->box), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

static void
assay_chain_list_dispose (GObject *object)
{
  AssayChainList *self = ASSAY_CHAIN_LIST (object);

  if (self->view != NULL)
    gtk_list_view_set_model (self->view, NULL);
  self->view = NULL;
  g_clear_handle_id (&self->scrolling, g_source_remove);
  g_clear_object (&self->selection);
  g_clear_object (&self->shown);
  g_clear_object (&self->chains);
  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
  G_OBJECT_CLASS (assay_chain_list_parent_class)->dispose (object);
}

static void
assay_chain_list_class_init (AssayChainListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = assay_chain_list_dispose;
  signals[PICKED] = g_signal_new ("picked", ASSAY_TYPE_CHAIN_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
}

static void
assay_chain_list_init (AssayChainList *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkWidget *scrolled = gtk_scrolled_window_new ();

  self->chains = g_object_new (TYPE_CHAINS, NULL);
  self->wanted = GTK_INVALID_LIST_POSITION;
  self->shown = assay_growing_list_new (g_object_ref (G_LIST_MODEL (self->chains)));
  g_signal_connect_object (self->shown, "items-changed", G_CALLBACK (select_wanted), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  self->selection = gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->shown)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (on_selected), self, G_CONNECT_SWAPPED);
  g_signal_connect (factory, "setup", G_CALLBACK (set_up), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind), self);
  self->view = GTK_LIST_VIEW (gtk_list_view_new (g_object_ref (GTK_SELECTION_MODEL (self->selection)), factory));
  g_signal_connect_object (self->view, "map", G_CALLBACK (schedule_scroll), self, G_CONNECT_SWAPPED);
  gtk_widget_add_css_class (GTK_WIDGET (self->view), "navigation-sidebar");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Judged chains"), -1);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), GTK_WIDGET (self->view));
  gtk_widget_set_vexpand (scrolled, TRUE);
  adw_bin_set_child (ADW_BIN (self), scrolled);
}
