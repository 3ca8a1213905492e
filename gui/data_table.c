/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data_table.c: a column view over a lazy model. */
#include "gui/data_table.h"

#include "base/text.h"
#include "gui/grey_image.h"
#include "gui/table_cell.h"
#include "job/example_answers.h"

#include <glib/gi18n.h>
#include <string.h>

#define CELL_CHARACTERS 120
#define THUMBNAIL 32
#define PADDING 22              /* of a row around its text, in pixels */

struct _AssayDataTable {
  AdwBin parent_instance;
  GtkColumnView *view;
  GtkSingleSelection *selection;
  AssayLazyModel *model;
  AssayExampleIndex *index;
  gint64 selected;
  gboolean is_quiet;            /* while the selection is changed by the program */
  const AssayColumn *probed;    /* the column that the view's sorter asked first */
  GObject *probes[2];
  guint frame, frames_to_wait, wanted;  /* a position to scroll to, after so many frames */
};

G_DEFINE_FINAL_TYPE (AssayDataTable, assay_data_table, ADW_TYPE_BIN)

enum { SELECTED, SORT_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- cells --------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayDataTable *table;        /* which owns the factory */
  const AssayColumn *column;    /* NULL: the example's name */
} Cell;

static void
set_up_text (GtkSignalListItemFactory *factory, GtkListItem *item, Cell *cell)
{
  gboolean is_number = cell->column != NULL && cell->column->type == ASSAY_COLUMN_NUMBER;
  GtkWidget *text = assay_table_cell_new (is_number, cell->column == NULL);

  (void) factory;
  if (cell->column == NULL)
    gtk_widget_add_css_class (text, "numeric");
  if (cell->column != NULL && cell->column->type == ASSAY_COLUMN_TOKENS)
    gtk_widget_add_css_class (text, "monospace");
  gtk_list_item_set_child (item, text);
}

static void
bind_text (GtkSignalListItemFactory *factory, GtkListItem *item, Cell *cell)
{
  gint64 row = assay_lazy_row_get_row (gtk_list_item_get_item (item));
  GtkWidget *child = gtk_list_item_get_child (item);
  g_autofree char *text = NULL, *visible = NULL;

  (void) factory;
  if (cell->column == NULL)
    text = assay_example_index_dup_reference (cell->table->index, row);
  else
    text = assay_example_answers_dup_text (cell->column, row, CELL_CHARACTERS);
  visible = assay_text_escape (text ? text : _("left out"), FALSE);
  assay_table_cell_set_text (child, visible);
  if (text == NULL)
    gtk_widget_add_css_class (child, "dim-label");
  else
    gtk_widget_remove_css_class (child, "dim-label");
}

static void
set_up_picture (GtkSignalListItemFactory *factory, GtkListItem *item, Cell *cell)
{
  GtkWidget *image = gtk_image_new ();

  (void) factory;
  (void) cell;
  gtk_image_set_pixel_size (GTK_IMAGE (image), THUMBNAIL);
  gtk_widget_set_halign (image, GTK_ALIGN_START);
  gtk_list_item_set_child (item, image);
}

static void
bind_picture (GtkSignalListItemFactory *factory, GtkListItem *item, Cell *cell)
{
  gint64 row = assay_lazy_row_get_row (gtk_list_item_get_item (item));
  const AssayColumn *column = cell->column;
  g_autoptr (GdkTexture) texture = assay_grey_image_new (column->pixel + row * column->height * column->width, column->height, column->width, 1);

  (void) factory;
  gtk_image_set_from_paintable (GTK_IMAGE (gtk_list_item_get_child (item)), GDK_PAINTABLE (texture));
}

/* --- sorting ------------------------------------------------------------------------------------------------------- */

/* GTK 4.8 does not say by which column a view is sorted. Its sorter asks the columns' sorters in turn: the first one that is asked about
 * two items is it, and the sign of what comes back tells the direction. */
static int
compare_probe (gconstpointer a, gconstpointer b, gpointer data)
{
  Cell *cell = data;

  (void) a;
  (void) b;
  if (cell->table->probed == NULL)
    cell->table->probed = cell->column;
  return -1;
}

const AssayColumn *
assay_data_table_get_sort (AssayDataTable *self, gboolean *descending)
{
  self->probed = NULL;
  *descending = gtk_sorter_compare (gtk_column_view_get_sorter (self->view), self->probes[0], self->probes[1]) == GTK_ORDERING_LARGER;
  return self->probed;
}

static void
on_sorter_changed (GtkSorter *sorter, GtkSorterChange change, AssayDataTable *self)
{
  (void) sorter;
  (void) change;
  if (!self->is_quiet)
    g_signal_emit (self, signals[SORT_CHANGED], 0);
}

/* --- columns ------------------------------------------------------------------------------------------------------- */

static void
cell_free (gpointer cell, GClosure *closure)
{
  (void) closure;
  g_free (cell);
}

/* Takes what room there is: tokens where there are any, else texts, else the column behind a picture. */
static gboolean
is_wide (AssayDataTable *self, const AssayColumn *column)
{
  const AssayTable *table = self->index->table;
  AssayColumnType wide = assay_table_first_of (table, ASSAY_COLUMN_TOKENS) ? ASSAY_COLUMN_TOKENS
                         : assay_table_first_of (table, ASSAY_COLUMN_TEXT) ? ASSAY_COLUMN_TEXT
                         : assay_table_first_of (table, ASSAY_COLUMN_IMAGE) ? ASSAY_COLUMN_LABEL : ASSAY_COLUMN_TEXT;

  return column != NULL && column->type == wide;
}

static void
add_column (AssayDataTable *self, const AssayColumn *column)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  gboolean is_image = column != NULL && column->type == ASSAY_COLUMN_IMAGE;
  g_autofree char *title = column ? assay_text_escape (column->name, FALSE) : g_strdup (_("example"));
  g_autoptr (GtkColumnViewColumn) added = NULL;
  Cell *cell = g_new0 (Cell, 1);

  *cell = (Cell) { self, column };
  g_signal_connect_data (factory, "setup", is_image ? G_CALLBACK (set_up_picture) : G_CALLBACK (set_up_text), cell, cell_free, 0);
  g_signal_connect (factory, "bind", is_image ? G_CALLBACK (bind_picture) : G_CALLBACK (bind_text), cell);
  added = gtk_column_view_column_new (title, factory);
  gtk_column_view_column_set_resizable (added, TRUE);
  gtk_column_view_column_set_expand (added, is_wide (self, column));
  if (column != NULL && column->type == ASSAY_COLUMN_NUMBER)
    g_object_set_data (G_OBJECT (added), ASSAY_TABLE_NUMBERS, added);
  if (column != NULL && assay_row_order_can_sort (column))
    {
      Cell *probe = g_new0 (Cell, 1);
      g_autoptr (GtkSorter) sorter = GTK_SORTER (gtk_custom_sorter_new (compare_probe, probe, g_free));

      *probe = *cell;
      gtk_column_view_column_set_sorter (added, sorter);
    }
  gtk_column_view_append_column (self->view, added);
}

static void
remove_columns (AssayDataTable *self)
{
  GListModel *columns = gtk_column_view_get_columns (self->view);

  self->is_quiet = TRUE;
  while (g_list_model_get_n_items (columns) > 0)
    {
      g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (columns, 0);

      gtk_column_view_remove_column (self->view, column);
    }
  self->is_quiet = FALSE;
}

void
assay_data_table_set_columns (AssayDataTable *self, const char *const *names)
{
  guint n = 0;

  remove_columns (self);
  if (self->index == NULL)
    return;
  add_column (self, NULL);
  for (int answers = 1; answers >= 0; answers--)
    for (guint k = 0; names[k] != NULL && n < ASSAY_DATA_TABLE_MAX_COLUMNS; k++)
      {
        const AssayColumn *column = assay_table_peek_column (self->index->table, names[k]);

        if (column == NULL || assay_example_answers_is_column (names[k]) != answers)
          continue;
        add_column (self, column);
        n++;
      }
  assay_table_align_titles (self->view);
}

gboolean
assay_data_table_shows_column (AssayDataTable *self, const char *name)
{
  GListModel *columns = gtk_column_view_get_columns (self->view);
  g_autofree char *title = assay_text_escape (name, FALSE);

  for (guint k = 1; k < g_list_model_get_n_items (columns); k++)
    {
      g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (columns, k);

      if (strcmp (gtk_column_view_column_get_title (column), title) == 0)
        return TRUE;
    }
  return FALSE;
}

/* --- rows ---------------------------------------------------------------------------------------------------------- */

/* From the font that is in force, with room to spare: too low a guess would let the list become too high. */
static guint
guess_row_height (AssayDataTable *self)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), "Ág");
  int height;

  pango_layout_get_pixel_size (layout, NULL, &height);
  return (guint) MAX (height, THUMBNAIL) + PADDING;
}

void
assay_data_table_set_index (AssayDataTable *self, AssayExampleIndex *index)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  assay_lazy_model_take_order (self->model, NULL);
  remove_columns (self);
  g_clear_pointer (&self->index, assay_example_index_unref);
  self->selected = -1;
  if (index == NULL)
    return;
  self->index = assay_example_index_ref (index);
  assay_lazy_model_set_row_height (self->model, guess_row_height (self));
  for (guint k = 0; k < assay_table_get_n_columns (index->table); k++)
    g_ptr_array_add (names, assay_table_get_column (index->table, k)->name);
  g_ptr_array_add (names, NULL);
  assay_data_table_set_columns (self, (const char *const *) names->pdata);
}

static GtkWidget *
find_list (AssayDataTable *self)
{
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->view)); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (GTK_IS_LIST_VIEW (child))
      return child;
  return NULL;
}

/* Before the list has had its turn to lay out new rows it would scroll among the old ones. */
static gboolean
on_frame (GtkWidget *widget, GdkFrameClock *clock, gpointer unused)
{
  AssayDataTable *self = ASSAY_DATA_TABLE (widget);
  GtkWidget *list = find_list (self);

  (void) clock;
  (void) unused;
  if (self->frames_to_wait-- > 0)
    return G_SOURCE_CONTINUE;
  self->frame = 0;
  if (list != NULL && self->wanted < g_list_model_get_n_items (G_LIST_MODEL (self->model)))
    gtk_widget_activate_action (list, "list.scroll-to-item", "u", self->wanted);
  return G_SOURCE_REMOVE;
}

/* Rows that the list has not been told of yet cannot be selected or scrolled to. */
static guint
reach (AssayDataTable *self, gint64 place)
{
  guint position;

  assay_lazy_model_show_page (self->model, place);
  position = (guint) (place - assay_lazy_model_get_first (self->model));
  if (position >= g_list_model_get_n_items (G_LIST_MODEL (self->model)))
    assay_lazy_model_show_all (self->model);
  return position;
}

static void
scroll_to (AssayDataTable *self, guint position)
{
  self->wanted = position;
  self->frames_to_wait = 1;
  if (self->frame == 0)
    self->frame = gtk_widget_add_tick_callback (GTK_WIDGET (self), on_frame, NULL, NULL);
}

void
assay_data_table_show_place (AssayDataTable *self, gint64 place)
{
  scroll_to (self, reach (self, place));
}

gboolean
assay_data_table_select (AssayDataTable *self, gint64 row)
{
  gint64 place = row < 0 ? -1 : assay_lazy_model_find (self->model, row);
  guint position;

  self->is_quiet = TRUE;
  self->selected = row;
  position = place < 0 ? GTK_INVALID_LIST_POSITION : reach (self, place);
  gtk_single_selection_set_selected (self->selection, position);
  if (place >= 0)
    scroll_to (self, position);
  self->is_quiet = FALSE;
  return place >= 0;
}

void
assay_data_table_take_order (AssayDataTable *self, AssayRowOrder *order)
{
  self->is_quiet = TRUE;
  assay_lazy_model_take_order (self->model, order);
  self->is_quiet = FALSE;
  assay_data_table_select (self, self->selected);
}

static void
on_selected (GtkSingleSelection *selection, GParamSpec *spec, AssayDataTable *self)
{
  guint position = gtk_single_selection_get_selected (selection);

  (void) spec;
  if (self->is_quiet || position == GTK_INVALID_LIST_POSITION)
    return;
  self->selected = assay_lazy_model_get_row (self->model, position);
  g_signal_emit (self, signals[SELECTED], 0, self->selected);
}

AssayLazyModel *
assay_data_table_get_model (AssayDataTable *self)
{
  return self->model;
}

gint64
assay_data_table_get_selected (AssayDataTable *self)
{
  return self->selected;
}

static void
assay_data_table_dispose (GObject *object)
{
  AssayDataTable *self = ASSAY_DATA_TABLE (object);

  if (self->frame != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->frame);
  self->frame = 0;
  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  g_clear_object (&self->selection);
  g_clear_object (&self->model);
  g_clear_object (&self->probes[0]);
  g_clear_object (&self->probes[1]);
  g_clear_pointer (&self->index, assay_example_index_unref);
  G_OBJECT_CLASS (assay_data_table_parent_class)->dispose (object);
}

static void
assay_data_table_class_init (AssayDataTableClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = assay_data_table_dispose;
  signals[SELECTED] = g_signal_new ("selected", ASSAY_TYPE_DATA_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
  signals[SORT_CHANGED] = g_signal_new ("sort-changed", ASSAY_TYPE_DATA_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
assay_data_table_init (AssayDataTable *self)
{
  GtkWidget *scrolled = gtk_scrolled_window_new ();

  self->selected = -1;
  self->model = assay_lazy_model_new ();
  self->selection = gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->model)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  self->view = GTK_COLUMN_VIEW (gtk_column_view_new (GTK_SELECTION_MODEL (g_object_ref (self->selection))));
  gtk_widget_add_css_class (GTK_WIDGET (self->view), "data-table");
  gtk_column_view_set_show_row_separators (self->view, TRUE);
  self->probes[0] = G_OBJECT (g_object_new (ASSAY_TYPE_LAZY_ROW, NULL));
  self->probes[1] = G_OBJECT (g_object_new (ASSAY_TYPE_LAZY_ROW, NULL));
  g_signal_connect (self->selection, "notify::selected", G_CALLBACK (on_selected), self);
  g_signal_connect_object (gtk_column_view_get_sorter (self->view), "changed", G_CALLBACK (on_sorter_changed), self, 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Examples"), -1);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), GTK_WIDGET (self->view));
  gtk_widget_set_vexpand (scrolled, TRUE);
  adw_bin_set_child (ADW_BIN (self), scrolled);
}
