/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_kernel.c: transposing, counting, searching and adding up keys. Compiled once for each instruction set with -DASSAY_ISA. */
#include "probes/unit_kernel.h"

#include <string.h>

#define LINE 32                 /* keys of a cache line */

typedef gint16 Eight __attribute__ ((vector_size (16)));

#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector (a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle (a, b, (Eight) { __VA_ARGS__ })
#endif

/* One of three rounds that transpose 8 rows of 8: neighbours four rows apart are woven together. */
static inline void
weave (const Eight *in, Eight *out)
{
  for (guint k = 0; k < 4; k++)
    {
      out[2 * k] = SHUFFLE (in[k], in[k + 4], 0, 8, 1, 9, 2, 10, 3, 11);
      out[2 * k + 1] = SHUFFLE (in[k], in[k + 4], 4, 12, 5, 13, 6, 14, 7, 15);
    }
}

static inline void
order_tile (const guint16 *x, gint64 stride, gint16 *keys, gint64 pitch)
{
  gint16 tile[8][LINE] __attribute__ ((aligned (64)));

  for (guint i = 0; i < LINE; i += 8)
    {
      Eight a[8], b[8];

      for (guint k = 0; k < 8; k++)
        memcpy (&a[k], x + (i + k) * stride, sizeof a[k]);
      weave (a, b);
      weave (b, a);
      weave (a, b);
      for (guint k = 0; k < 8; k++)
        memcpy (&tile[k][i], &b[k], sizeof b[k]);
    }
  for (guint j = 0; j < 8; j++)
    for (guint i = 0; i < LINE; i++)
      keys[j * pitch + i] = assay_key_of_bits ((guint16) tile[j][i]);
}

static void
order_rest (const guint16 *x, gint64 n, gint64 stride, gint64 W, gint16 *keys, gint64 pitch)
{
  for (gint64 j = 0; j < W; j++)
    for (gint64 i = 0; i < n; i++)
      keys[j * pitch + i] = assay_key_of_bits (x[i * stride + j]);
}

/* In stripes of a cache line's width, so that each line of x is met once while it is near. */
static void
order (const guint16 *x, gint64 n, gint64 stride, gint64 W, gint16 *keys, gint64 pitch)
{
  for (gint64 c = 0; c < W; c += LINE)
    {
      gint64 width = MIN (LINE, W - c), eights = width - width % 8, i = 0;

      for (; i + LINE <= n; i += LINE)
        {
          for (gint64 j = c; j < c + eights; j += 8)
            order_tile (x + i * stride + j, stride, keys + j * pitch + i, pitch);
          order_rest (x + i * stride + c + eights, LINE, stride, width - eights, keys + (c + eights) * pitch + i, pitch);
        }
      order_rest (x + i * stride + c, n - i, stride, width, keys + c * pitch + i, pitch);
    }
}

static void
widen (const gint16 *keys, gint64 n, gint16 *least, gint16 *most)
{
  gint16 lo = *least, hi = *most;

  for (gint64 i = 0; i < n; i++)
    {
      lo = keys[i] < lo ? keys[i] : lo;
      hi = keys[i] > hi ? keys[i] : hi;
    }
  *least = lo;
  *most = hi;
}

/* Runs of zeros would queue up behind one counter: eight at once are counted at once. */
static void
count (const gint16 *keys, gint64 n, guint32 *table, gint16 *least, gint16 *most)
{
  guint32 *middle = table + 32768;
  gint64 i = 0;

  widen (keys, n, least, most);
  for (; i + 8 <= n; i += 8)
    {
      guint64 a, b;

      memcpy (&a, keys + i, sizeof a);
      memcpy (&b, keys + i + 4, sizeof b);
      if ((a | b) == 0)
        middle[0] += 8;
      else
        for (guint k = 0; k < 8; k++)
          middle[keys[i + k]]++;
    }
  for (; i < n; i++)
    middle[keys[i]]++;
}

static gsize
drain (guint32 *table, gint16 least, gint16 most, gint16 *distinct, guint32 *count)
{
  gsize m = 0;

  for (gint first = (least + 32768) & ~15, end = most + 32768; first <= end; first += 16)
    {
      guint32 any = 0;

      for (guint k = 0; k < 16; k++)
        any |= table[first + k];
      if (any == 0)
        continue;
      for (guint k = 0; k < 16; k++)
        {
          distinct[m] = (gint16) (first + (gint) k - 32768);
          count[m] = table[first + k];
          m += table[first + k] != 0;
          table[first + k] = 0;
        }
    }
  return m;
}

static gsize
find (const gint16 *keys, gint64 from, gint64 n, gint16 lo, gint16 hi, gint64 *row, gsize room, gint64 *next)
{
  gsize found = 0;
  gint64 i = from;

  while (i < n)
    {
      gint64 end = MIN (i + 2 * LINE, n);
      gint16 any = 0;

      if (room - found < 2 * LINE)
        break;
      for (gint64 k = i; k < end; k++)
        any |= (gint16) -(keys[k] < lo) | (gint16) -(keys[k] > hi);
      if (any != 0)
        for (gint64 k = i; k < end; k++)
          {
            row[found] = k;
            found += keys[k] < lo || keys[k] > hi;
          }
      i = end;
    }
  *next = i;
  return found;
}

/* Four tables in turn, so that equal neighbours do not wait for each other. */
static void
bin (const gint16 *keys, gint64 n, const guint8 *of, gint64 *bins)
{
  guint32 part[4][256];
  gint64 i = 0;

  memset (part, 0, sizeof part);
  of += 32768;
  for (; i + 4 <= n; i += 4)
    for (guint k = 0; k < 4; k++)
      part[k][of[keys[i + k]]]++;
  for (; i < n; i++)
    part[0][of[keys[i]]]++;
  for (guint b = 0; b < 256; b++)
    bins[b] += (gint64) part[0][b] + part[1][b] + part[2][b] + part[3][b];
}

/* A float16 is m 2^(shift - 24), m of 11 bits and shift from 0 to 29. */
static void
add_up (const gint16 *keys, gint64 n, gint64 *total, gint64 *squares)
{
  gint64 sum = 0, low = 0, middle = 0, high = 0;

  for (gint64 i = 0; i < n; i++)
    {
      gint64 key = keys[i], bits = (key ^ ((key >> 15) & 0x7fff)) & 0x7fff, exponent = bits >> 10, shift = exponent - (exponent > 0);
      gint64 m = (bits & 1023) | (gint64) (exponent > 0) << 10, square = m * m, value = m << shift;

      sum += key < 0 ? -value : value;
      low += (shift < 10 ? square : 0) << (2 * shift & 31);
      middle += (shift >= 10 && shift < 20 ? square : 0) << ((2 * shift - 20) & 31);
      high += (shift >= 20 ? square : 0) << ((2 * shift - 40) & 31);
    }
  *total = sum;
  squares[0] = low;
  squares[1] = middle;
  squares[2] = high;
}

#define PASTE(isa) assay_unit_kernels_##isa
#define EXPAND(isa) PASTE (isa)

const AssayUnitKernels EXPAND (ASSAY_ISA) = { order, count, drain, find, bin, add_up };
