/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_histogram.c: a bin is read off the bits of a double: its exponent and the first two bits of its fraction. */
#include "probes/unit_histogram.h"

#include <math.h>
#include <string.h>

#define FIRST (-62)             /* quarters of an octave from 1 to the least magnitude with a bin of its own, 1.5 * 2^-16 */
#define QUARTERS 126            /* from there to 2^16 */
#define POSITIVE (ASSAY_UNIT_ZERO_BIN + 1)

guint
assay_unit_histogram_find (double value)
{
  guint64 bits;
  gint quarter;

  if (value == 0)
    return ASSAY_UNIT_ZERO_BIN;
  memcpy (&bits, &value, sizeof bits);
  quarter = (gint) (bits >> 50 & 0x1fff) - 4 * 1023 - FIRST;      /* below 0: nearer to 0 than the first edge */
  quarter = CLAMP (quarter, -1, QUARTERS);
  if (value > 0)
    return POSITIVE + 1 + quarter;
  return ASSAY_UNIT_ZERO_BIN - 2 - MIN (quarter, QUARTERS - 1);
}

static double
magnitude (gint quarter)
{
  gint q = quarter + FIRST + 4 * 1024;

  return ldexp (1 + q % 4 / 4.0, q / 4 - 1024);
}

double
assay_unit_histogram_edge (guint edge)
{
  if (edge == 0 || edge == ASSAY_UNIT_BINS)
    return edge == 0 ? (double) -INFINITY : (double) INFINITY;
  if (edge < ASSAY_UNIT_ZERO_BIN)
    return -magnitude (ASSAY_UNIT_ZERO_BIN - 1 - (gint) edge);
  return edge > POSITIVE ? magnitude ((gint) edge - POSITIVE - 1) : 0;
}
