/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chart_table.h: the table that is equivalent to a figure, to read and to export. Thread rule: the main thread; make is pure. */
#pragma once

#include "report/figure.h"

#include <adwaita.h>
#include <jansson.h>

void    assay_chart_table_show (GtkWindow *parent, AssayFigure *figure);
/* {"columns", "rows"} as gui/table_export.h takes it. New reference. */
json_t *assay_chart_table_make (AssayFigure *figure);
