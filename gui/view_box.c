/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_box.c: one widget for each block, neighbouring fields in one grid. */
#include "gui/view_box.h"

#include "base/text.h"

#include <glib/gi18n.h>

#define MOST_ROWS 100

static GtkWidget *
make_label (const char *text, const char *style)
{
  g_autofree char *visible = assay_text_escape (text, TRUE);
  GtkWidget *label = gtk_label_new (visible);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  return label;
}

static void
wrap (GtkWidget *label)
{
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
}

static GtkWidget *
make_grid (int column_spacing)
{
  GtkWidget *grid = gtk_grid_new ();

  gtk_grid_set_column_spacing (GTK_GRID (grid), (guint) column_spacing);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 6);
  return grid;
}

static void
add_field (GtkGrid *grid, const AssayViewBlock *block)
{
  GtkWidget *name = make_label (block->name, "dim-label"), *value = make_label (block->text, "numeric");
  int row = 0;

  while (gtk_grid_get_child_at (grid, 0, row) != NULL)
    row++;
  wrap (value);
  gtk_widget_set_hexpand (value, TRUE);
  gtk_grid_attach (grid, name, 0, row, 1, 1);
  gtk_grid_attach (grid, value, 1, row, 1, 1);
}

static GtkWidget *
make_table (const AssayViewBlock *block)
{
  GtkWidget *grid = make_grid (18), *scrolled = gtk_scrolled_window_new ();
  guint rows = MIN (block->cells->len / block->n_columns, MOST_ROWS + 1);

  for (guint k = 0; k < rows * block->n_columns; k++)
    {
      GtkWidget *cell = make_label (block->cells->pdata[k], k < block->n_columns ? "caption-heading" : "numeric");

      gtk_label_set_xalign (GTK_LABEL (cell), block->align[k % block->n_columns] == ASSAY_VIEW_RIGHT ? 1 : 0);
      gtk_grid_attach (GTK_GRID (grid), cell, (int) (k % block->n_columns), (int) (k / block->n_columns), 1, 1);
    }
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), grid);
  gtk_widget_set_margin_bottom (grid, 12);              /* room for the bar below it */
  return scrolled;
}

static void
add_table (GtkBox *box, const AssayViewBlock *block)
{
  guint rows = block->n_columns > 0 ? block->cells->len / block->n_columns : 0;

  if (rows == 0)
    return;
  gtk_box_append (box, make_table (block));
  if (rows > MOST_ROWS + 1)
    {
      g_autofree char *more = g_strdup_printf (_("and %u rows more, which the command prints"), rows - MOST_ROWS - 1);

      gtk_box_append (box, make_label (more, "dim-label"));
    }
}

GtkWidget *
assay_view_box_new (const AssayView *view)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12), *fields = NULL;

  for (guint k = 0; k < assay_view_get_n_blocks (view); k++)
    {
      const AssayViewBlock *block = assay_view_get_block (view, k);
      GtkWidget *label;

      if (block->type == ASSAY_VIEW_FIELD)
        {
          if (fields == NULL)
            gtk_box_append (GTK_BOX (box), fields = make_grid (18));
          add_field (GTK_GRID (fields), block);
          continue;
        }
      fields = NULL;
      if (block->type == ASSAY_VIEW_TABLE)
        {
          add_table (GTK_BOX (box), block);
          continue;
        }
      label = make_label (block->text, block->type == ASSAY_VIEW_HEADING ? "heading" : NULL);
      wrap (label);
      gtk_box_append (GTK_BOX (box), label);
    }
  return box;
}
