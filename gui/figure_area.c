/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_area.c: draws with the one renderer, and says what the figure shows to who cannot see it. */
#include "gui/figure_area.h"

#include <math.h>

/* Pixels of a screen for points of paper. */
#define SCALE (4.0 / 3.0)
#define LEAST_WIDTH 400

static void
draw (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer figure)
{
  gboolean is_dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  const AssayFigureLook look = { is_dark ? ASSAY_THEME_DARK : ASSAY_THEME_LIGHT, SCALE, FALSE };

  (void) area;
  assay_figure_draw (figure, cr, width, height, &look);
}

GtkWidget *
assay_figure_area_new (AssayFigure *figure, int width)
{
  const AssayFigureLook look = { ASSAY_THEME_LIGHT, SCALE, FALSE };
  GtkWidget *area = gtk_drawing_area_new ();
  double least, height;

  assay_figure_measure (figure, &look, width, &least, &height);
  /* It may shrink to what can still be read. */
  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (area), (int) ceil (fmin (fmax (least, LEAST_WIDTH), fmax (width, least))));
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (area), (int) ceil (height));
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (area), draw, assay_figure_ref (figure), (GDestroyNotify) assay_figure_unref);
  gtk_widget_set_hexpand (area, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (area), GTK_ACCESSIBLE_PROPERTY_LABEL, assay_figure_get_title (figure),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, assay_figure_get_reading (figure), -1);
  return area;
}
