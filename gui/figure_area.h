/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_area.h: a figure of the report as a plain drawing that follows the window's light and dark. Thread rule: the main thread. */
#pragma once

#include "report/figure.h"

#include <adwaita.h>

/* Takes a reference. width: in pixels, what its height is made for; it fills the room it is given. */
GtkWidget *assay_figure_area_new (AssayFigure *figure, int width);
