/* SPDX-License-Identifier: GPL-3.0-or-later */
/* typeset.h: text as figures and pages set it: one family, no markup, the same shapes on every machine with the same fonts.
 *
 * Fonts are looked up without the user's or the machine's preferences: no hinting, no grid, no language of the locale. Characters that no
 * font has are shown as \u{NNNN}.
 *
 * Thread rule: any thread; a layout belongs to the thread that made it, so draw and drop it there.
 */
#pragma once

#include <glib.h>
#include <pango/pangocairo.h>

typedef enum { ASSAY_FACE_TEXT, ASSAY_FACE_CODE } AssayFace;

typedef struct {
  double size;                  /* of the letters, in units of the surface */
  gboolean bold;
  AssayFace face;
  double width;                 /* 0: as wide as it gets */
  guint lines;                  /* at most; what is longer ends in an ellipsis. 0: as many as it takes */
  PangoAlignment align;
  double leading;               /* from line to line, as a multiple of the letters' own height; 0: 1 */
} AssayTypeset;

/* The family that a face is set in: "DejaVu Sans". */
const char  *assay_typeset_family    (AssayFace face);
/* The text as it can be shown in that face: control characters, direction controls, bytes that are not UTF-8, and characters that no font has,
 * by their number. Line feeds stay where keep_lines. Visible text stays as it is. Owns: the caller. */
char        *assay_typeset_visible   (const char *text, AssayFace face, gboolean keep_lines);
/* A layout of the text, made visible. Owns: the caller. */
PangoLayout *assay_typeset_new       (const char *text, const AssayTypeset *style);
void         assay_typeset_measure   (const char *text, const AssayTypeset *style, double *width, double *height);
/* Logical size of a layout in units. */
void         assay_typeset_size      (PangoLayout *layout, double *width, double *height);
/* From the top to the first baseline. */
double       assay_typeset_baseline  (PangoLayout *layout);
