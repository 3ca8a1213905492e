/* SPDX-License-Identifier: GPL-3.0-or-later */
/* largest_bits.h: the largest float without its sign by its bits, which finds infinities and NaN on the way: a loop without a branch.
 *
 * Thread rule: pure.
 */
#pragma once

#include <glib.h>
#include <string.h>

#define ASSAY_INFINITE_BITS 0x7f800000  /* of infinity; those of NaN are above */

/* Without its sign a float's bits are in the order of its size, infinity and NaN on top. 0 of none. Inline, for the caller's flags. */
static inline gint32
assay_get_largest_bits (const float *x, gint64 n)
{
  gint32 largest = 0;

  for (gint64 i = 0; i < n; i++)
    {
      gint32 bits;

      memcpy (&bits, x + i, sizeof bits);
      bits &= G_MAXINT32;
      largest = bits > largest ? bits : largest;
    }
  return largest;
}
