/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cell.c: the grammar of numbers, and the marks for missing. */
#include "dataset/cell.h"

#include <math.h>
#include <string.h>

#define EXACT_INTEGER 0x1p53

static const char *const default_marks[] = { "", "?", "NA", "N/A", NULL };

const char *const *
assay_cell_get_marks (const AssayValues *options)
{
  const char *const *marks = assay_values_get_list (options, "missing-mark");

  return *marks == NULL ? default_marks : marks;
}

gboolean
assay_cell_is_mark (const char *text, gsize length, const char *const *marks)
{
  for (; *marks != NULL; marks++)
    if (strlen (*marks) == length && memcmp (*marks, text, length) == 0)
      return TRUE;
  return FALSE;
}

static const char *
skip_digits (const char *p, const char *end)
{
  while (p < end && g_ascii_isdigit (*p))
    p++;
  return p;
}

const char *
assay_cell_scan_number (const char *text, const char *end, gboolean *whole)
{
  const char *p = text, *digits, *point, *exponent;

  if (p < end && (*p == '+' || *p == '-'))
    p++;
  digits = p;
  point = p = skip_digits (p, end);
  if (p < end && *p == '.')
    p = skip_digits (p + 1, end);
  if (p - digits - (p > point) < 1)
    return text;
  *whole = p == point;
  if (p == end || (*p != 'e' && *p != 'E'))
    return p;
  exponent = p + 1;
  if (exponent < end && (*exponent == '+' || *exponent == '-'))
    exponent++;
  digits = exponent;
  exponent = skip_digits (exponent, end);
  if (exponent == digits)
    return p;                                                     /* "1e" is 1, then a letter */
  *whole = FALSE;
  return exponent;
}

static gboolean
is_not_finite_word (const char *text, gsize length)
{
  static const char *const words[] = { "nan", "inf", "infinity" };

  if (length > 0 && (*text == '+' || *text == '-'))
    {
      text++;
      length--;
    }
  for (guint k = 0; k < G_N_ELEMENTS (words); k++)
    if (length == strlen (words[k]) && g_ascii_strncasecmp (text, words[k], length) == 0)
      return TRUE;
  return FALSE;
}

AssayCellKind
assay_cell_classify (const char *text, gsize length, const char *const *marks, double *number)
{
  gboolean whole = FALSE;
  double value;

  if (assay_cell_is_mark (text, length, marks))
    return ASSAY_CELL_MISSING;
  if (length == 0 || assay_cell_scan_number (text, text + length, &whole) != text + length)
    return is_not_finite_word (text, length) ? ASSAY_CELL_NOT_FINITE : ASSAY_CELL_TEXT;
  value = g_ascii_strtod (text, NULL);
  if (!isfinite (value))
    return ASSAY_CELL_TOO_LARGE;
  if (whole && fabs (value) > EXACT_INTEGER)
    return ASSAY_CELL_LONG_INTEGER;
  *number = value;
  return ASSAY_CELL_NUMBER;
}
