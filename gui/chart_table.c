/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chart_table.c: a figure's numbers as rows. */
#include "gui/chart_table.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/lazy_model.h"
#include "gui/table_cell.h"

#include <glib/gi18n.h>
#include <math.h>

json_t *
assay_chart_table_make (AssayFigure *figure)
{
  guint n_columns = assay_figure_get_n_columns (figure);
  json_t *columns = json_array (), *rows = json_array ();

  for (guint c = 0; c < n_columns; c++)
    json_array_append_new (columns, json_string (assay_figure_get_column (figure, c, NULL)));
  for (gsize r = 0; r < assay_figure_get_n_rows (figure); r++)
    {
      json_t *row = json_array ();

      for (guint c = 0; c < n_columns; c++)
        {
          g_autofree char *text = assay_figure_dup_cell (figure, r, c);
          double number = assay_figure_get_number (figure, r, c);

          json_array_append_new (row, isnan (number) ? (text[0] ? json_string (text) : json_null ()) : assay_json_number (number));
        }
      json_array_append_new (rows, row);
    }
  return json_pack ("{s:o, s:o}", "columns", columns, "rows", rows);
}

typedef struct { AssayFigure *figure; guint column; } Cell;

static void
cell_free (gpointer cell, GClosure *closure)
{
  (void) closure;
  assay_figure_unref (((Cell *) cell)->figure);
  g_free (cell);
}

static void
set_up (GtkSignalListItemFactory *factory, GtkListItem *item, Cell *cell)
{
  gboolean is_number = FALSE;

  (void) factory;
  assay_figure_get_column (cell->figure, cell->column, &is_number);
  gtk_list_item_set_child (item, assay_table_cell_new (is_number, FALSE));
}

static void
bind (GtkSignalListItemFactory *factory, GtkListItem *item, Cell *cell)
{
  gsize row = (gsize) assay_lazy_row_get_row (gtk_list_item_get_item (item));
  g_autofree char *text = assay_figure_dup_cell (cell->figure, row, cell->column), *visible = assay_text_escape (text, FALSE);

  (void) factory;
  assay_table_cell_set_text (gtk_list_item_get_child (item), visible);
}

void
assay_chart_table_show (GtkWindow *parent, AssayFigure *figure)
{
  GtkWidget *window = adw_window_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), *scrolled = gtk_scrolled_window_new (), *view;
  AssayLazyModel *model = assay_lazy_model_new ();
  AssayRowOrder *order = g_new0 (AssayRowOrder, 1);

  if (figure == NULL)
    {
      assay_row_order_free (order);
      g_object_unref (model);
      return;
    }
  order->n = (gint64) assay_figure_get_n_rows (figure);
  assay_lazy_model_take_order (model, order);
  view = gtk_column_view_new (GTK_SELECTION_MODEL (gtk_single_selection_new (G_LIST_MODEL (model))));
  gtk_widget_add_css_class (view, "data-table");
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, assay_figure_get_reading (figure), -1);
  for (guint c = 0; c < assay_figure_get_n_columns (figure); c++)
    {
      GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
      g_autofree char *title = assay_text_escape (assay_figure_get_column (figure, c, NULL), FALSE);
      g_autoptr (GtkColumnViewColumn) column = NULL;
      Cell *cell = g_new0 (Cell, 1);

      *cell = (Cell) { assay_figure_ref (figure), c };
      g_signal_connect_data (factory, "setup", G_CALLBACK (set_up), cell, cell_free, 0);
      g_signal_connect (factory, "bind", G_CALLBACK (bind), cell);
      column = gtk_column_view_column_new (title, factory);
      gtk_column_view_column_set_expand (column, TRUE);
      gtk_column_view_column_set_resizable (column, TRUE);
      gtk_column_view_append_column (GTK_COLUMN_VIEW (view), column);
    }
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_widget_set_vexpand (scrolled, TRUE);
  gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
  gtk_box_append (GTK_BOX (box), scrolled);
  gtk_window_set_title (GTK_WINDOW (window), assay_figure_get_title (figure));
  gtk_window_set_default_size (GTK_WINDOW (window), 720, 480);
  gtk_window_set_transient_for (GTK_WINDOW (window), parent);
  gtk_window_set_modal (GTK_WINDOW (window), TRUE);
  adw_window_set_content (ADW_WINDOW (window), box);
  gtk_window_present (GTK_WINDOW (window));
}
