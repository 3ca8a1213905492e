/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chart_drawing.h: the drawing inside a chart: pointer, keys, theme. Thread rule: the main thread. */
#pragma once

#include "report/figure.h"

#include <adwaita.h>

#define ASSAY_TYPE_CHART_DRAWING (assay_chart_drawing_get_type ())
G_DECLARE_FINAL_TYPE (AssayChartDrawing, assay_chart_drawing, ASSAY, CHART_DRAWING, GtkWidget)

void            assay_chart_drawing_set_figure (AssayChartDrawing *self, AssayFigure *figure);
/* The look of figures in this widget: theme, contrast, text size. */
AssayFigureLook assay_chart_drawing_get_look   (AssayChartDrawing *self);
