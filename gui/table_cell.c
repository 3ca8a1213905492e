/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_cell.c: an inscription. */
#include "gui/table_cell.h"

#define LEAST_CHARACTERS 14
#define WHOLE "assay-whole"

GtkWidget *
assay_table_cell_new (gboolean is_number, gboolean is_whole)
{
  GtkWidget *cell = gtk_inscription_new (NULL);

  gtk_inscription_set_text_overflow (GTK_INSCRIPTION (cell), GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  gtk_inscription_set_xalign (GTK_INSCRIPTION (cell), is_number ? 1 : 0);
  if (is_number)
    gtk_widget_add_css_class (cell, "numeric");
  if (is_number || is_whole)
    g_object_set_data (G_OBJECT (cell), WHOLE, cell);
  return cell;
}

void
assay_table_cell_set_text (GtkWidget *cell, const char *visible)
{
  GtkInscription *self = GTK_INSCRIPTION (cell);
  guint n = (guint) g_utf8_strlen (visible, -1);

  gtk_inscription_set_text (self, visible);
  gtk_inscription_set_min_chars (self, g_object_get_data (G_OBJECT (cell), WHOLE) != NULL ? n : MIN (n, LEAST_CHARACTERS));
  gtk_inscription_set_nat_chars (self, n);
}

/* The view has no way to ask for it: its header is walked. */
void
assay_table_align_titles (GtkColumnView *view)
{
  GtkWidget *header = gtk_widget_get_first_child (GTK_WIDGET (view)), *title = header ? gtk_widget_get_first_child (header) : NULL;
  GListModel *columns = gtk_column_view_get_columns (view);

  for (guint k = 0; title != NULL && k < g_list_model_get_n_items (columns); k++, title = gtk_widget_get_next_sibling (title))
    {
      g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (columns, k);
      GtkWidget *box = gtk_widget_get_first_child (title);

      if (box != NULL && g_object_get_data (G_OBJECT (column), ASSAY_TABLE_NUMBERS) != NULL)
        gtk_widget_set_halign (box, GTK_ALIGN_END);
    }
}
