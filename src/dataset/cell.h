/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cell.h: what the text of one table cell is: a number, a declared mark for missing, or text.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "base/param.h"

typedef enum {
  ASSAY_CELL_MISSING,           /* exactly one of the marks */
  ASSAY_CELL_NUMBER,
  ASSAY_CELL_LONG_INTEGER,      /* whole, but beyond 2^53: a double would change it */
  ASSAY_CELL_TOO_LARGE,         /* a number beyond the range of a double */
  ASSAY_CELL_NOT_FINITE,        /* NaN or infinity, spelled out */
  ASSAY_CELL_TEXT
} AssayCellKind;

/* Numbers: sign, digits with an optional point, optional exponent; decimal only, whatever the locale. number is written
 * for NUMBER. text is followed by a character that cannot continue a number. */
AssayCellKind assay_cell_classify (const char *text, gsize length, const char *const *marks, double *number);

/* End of the longest number at text, or text when there is none: [+-] digits [. digits] [e [+-] digits] with a digit before the
 * exponent. whole: it has neither point nor exponent. */
const char   *assay_cell_scan_number (const char *text, const char *end, gboolean *whole);

/* Is text[0 .. length) one of the marks? */
gboolean      assay_cell_is_mark  (const char *text, gsize length, const char *const *marks);

/* The marks that the import options declare, or the default ones: "", "?", "NA", "N/A". */
const char *const *assay_cell_get_marks (const AssayValues *options);
