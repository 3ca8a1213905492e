/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_theme.h: the colours of figures. They differ in lightness as well as in hue, so that they survive colour blindness and grey print.
 *
 * Thread rule: pure functions, constant tables.
 */
#pragma once

#include "report/canvas.h"
#include "report/figure.h"

typedef struct {
  AssayColour paper, ink, muted, axis, grid, role[ASSAY_ROLE_N];
  double weight;                /* of lines: more where contrast is asked for */
} AssayPalette;

const AssayPalette *assay_palette_get (AssayTheme theme);
/* The word of a tint in class names: "ink". */
const char  *assay_tint_name          (AssayTint tint);
/* share in [0, 1]: cividis. */
AssayColour  assay_colour_one_sided   (double share);
/* share in [-1, 1]: orange, the paper, blue. */
AssayColour  assay_colour_signed      (const AssayPalette *palette, double share);
/* Black or white, whichever is read better on the ground. */
AssayColour  assay_colour_text_on     (const AssayColour *ground);
/* a where share is 0, b where it is 1; a colour of no tint. */
AssayColour  assay_colour_mix         (const AssayColour *a, const AssayColour *b, double share);
AssayColour  assay_colour_faint       (const AssayColour *colour, double alpha);
/* Contrast ratio of two opaque colours, from 1 to 21 (WCAG 2). */
double       assay_colour_contrast    (const AssayColour *a, const AssayColour *b);
