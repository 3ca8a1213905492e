/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chart.h: shows a figure of the report: the same drawing, with what is under the pointer or under the cursor keys in words, as a table, and
 * as a file.
 *
 * The drawing is kept and drawn again only when figure, size or theme change; what is pointed at lies in a layer of its own.
 * "selected" is emitted with series and datum when a person chooses one.
 * Thread rule: the main thread.
 */
#pragma once

#include "report/figure.h"

#include <adwaita.h>

#define ASSAY_TYPE_CHART (assay_chart_get_type ())
G_DECLARE_FINAL_TYPE (AssayChart, assay_chart, ASSAY, CHART, AdwBin)

/* Takes a reference; NULL: nothing. */
void         assay_chart_set_figure (AssayChart *self, AssayFigure *figure);
AssayFigure *assay_chart_get_figure (AssayChart *self);
/* The command line that makes what is drawn, to be copied from the menu; NULL: not known. */
void         assay_chart_set_command (AssayChart *self, const char *command);
