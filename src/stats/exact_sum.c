/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exact_sum.c: digits of 32 bits in 64-bit integers, carried rarely. */
#include "stats/exact_sum.h"

#include <math.h>
#include <string.h>

#define LEAST (-1074)           /* exponent of the lowest bit */
#define MOST_PENDING (1u << 29) /* terms of 33 bits that a digit takes before it must be carried */
#define MASK 0xffffffffu

/* Every digit but the top one into 0 .. 2^32 - 1. */
static void
carry (AssayExactSum *sum)
{
  gint64 up = 0;

  for (guint k = 0; k < ASSAY_EXACT_DIGITS - 1; k++)
    {
      gint64 d = sum->digit[k] + up;

      sum->digit[k] = d & MASK;
      up = d >> 32;
    }
  sum->digit[ASSAY_EXACT_DIGITS - 1] += up;
  sum->pending = 0;
}

void
assay_exact_sum_add (AssayExactSum *sum, double x)
{
  guint64 bits, fraction;
  guint exponent, shift, k;
  unsigned __int128 wide;
  gint64 sign;

  memcpy (&bits, &x, sizeof bits);
  exponent = bits >> 52 & 0x7ff;
  fraction = bits & (((guint64) 1 << 52) - 1);
  if (exponent > 0)
    fraction |= (guint64) 1 << 52;
  exponent -= exponent > 0;                                       /* x = fraction 2^(exponent + LEAST) */
  shift = exponent & 31;
  k = exponent >> 5;
  wide = (unsigned __int128) fraction << shift;
  sign = bits >> 63 ? -1 : 1;
  sum->digit[k] += sign * (gint64) (wide & MASK);
  sum->digit[k + 1] += sign * (gint64) (wide >> 32 & MASK);
  sum->digit[k + 2] += sign * (gint64) (wide >> 64);
  if (++sum->pending == MOST_PENDING)
    carry (sum);
}

void
assay_exact_sum_add_product (AssayExactSum *sum, double a, double b)
{
  double product = a * b, rest = fma (a, b, -product);

  assay_exact_sum_add (sum, product);
  if (rest != 0)
    assay_exact_sum_add (sum, rest);
}

void
assay_exact_sum_merge (AssayExactSum *sum, const AssayExactSum *other)
{
  AssayExactSum carried = *other;

  carry (sum);
  carry (&carried);
  for (guint k = 0; k < ASSAY_EXACT_DIGITS; k++)
    sum->digit[k] += carried.digit[k];
  sum->pending = 1;
}

double
assay_exact_sum_get (const AssayExactSum *sum)
{
  AssayExactSum s = *sum;
  gboolean negative;
  gint top = ASSAY_EXACT_DIGITS - 1;
  unsigned __int128 head;
  double value;

  carry (&s);
  negative = s.digit[top] < 0;
  if (negative)
    {
      for (guint k = 0; k < ASSAY_EXACT_DIGITS; k++)
        s.digit[k] = -s.digit[k];
      carry (&s);
    }
  while (top > 2 && s.digit[top] == 0)
    top--;
  head = (unsigned __int128) (guint64) s.digit[top] << 64 | (guint64) s.digit[top - 1] << 32 | (guint64) s.digit[top - 2];
  for (gint k = top - 3; k >= 0; k--)
    if (s.digit[k] != 0)
      {
        head |= 1;                                                /* what lies below decides a tie */
        break;
      }
  value = ldexp ((double) head, 32 * (top - 2) + LEAST);
  return negative ? -value : value;
}
