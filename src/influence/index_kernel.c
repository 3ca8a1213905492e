/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_kernel.c: products of bytes and the bounds beside them. Compiled once for each instruction set with -DASSAY_ISA. */
#include "influence/index_kernel.h"

#include <math.h>
#include <string.h>

#define TILE ASSAY_INDEX_TILE
#define W ASSAY_INDEX_BLOCK
#define UNDERFLOW 1e-30f        /* above all that products may lose below the smallest float, whatever the sizes */

#ifndef ASSAY_INDEX_VNNI
static inline gint32
dot (const gint8 *row, const gint8 *query)
{
  gint32 sum = 0;

  for (guint k = 0; k < W; k++)
    sum += (gint16) row[k] * (gint16) query[k];
  return sum;
}

static void
dots (gint64 n, const gint8 *rows, const gint16 *sums, const AssayIndexTileBlock *tile, guint q, gint32 *out)
{
  (void) sums;
  for (gint64 r = 0; r < n; r++)
    for (guint k = 0; k < q; k++)
      out[r * TILE + k] = dot (rows + r * W, tile->plain[k]);
}
#else
#include <immintrin.h>

/* vpdpbusd multiplies unsigned with signed bytes: one side is taken + 128, and 128 times the sum of the other side off again. */
static inline gint32
dot (const gint8 *row, const gint8 *query)
{
  const __m512i flip = _mm512_set1_epi8 ((char) 0x80), ones = _mm512_set1_epi8 (1);
  __m512i sum = _mm512_setzero_si512 (), query_sum = sum;

  for (guint k = 0; k < W; k += 64)
    {
      __m512i x = _mm512_loadu_si512 (row + k), y = _mm512_loadu_si512 (query + k);

      sum = _mm512_dpbusd_epi32 (sum, _mm512_xor_si512 (x, flip), y);
      query_sum = _mm512_dpbusd_epi32 (query_sum, ones, y);
    }
  return _mm512_reduce_add_epi32 (_mm512_sub_epi32 (sum, _mm512_slli_epi32 (query_sum, 7)));
}

/* R rows with the tile: a lane is a query, and nothing is added across lanes. */
#define ROWS 8
static inline void
dots_rows (guint R, guint halves, const gint8 *rows, const gint16 *sums, const AssayIndexTileBlock *tile, gint32 *out)
{
  __m512i sum[2 * ROWS];

  for (guint r = 0; r < 2 * R; r++)
    sum[r] = _mm512_setzero_si512 ();
  for (guint k = 0; k < W / 4; k++)
    {
      const __m512i a = _mm512_loadu_si512 (tile->packed[k][0]), b = _mm512_loadu_si512 (tile->packed[k][16]);

      for (guint r = 0; r < R; r++)
        {
          gint32 four;
          __m512i x;

          memcpy (&four, rows + r * W + 4 * k, sizeof four);
          x = _mm512_set1_epi32 (four);
          sum[2 * r] = _mm512_dpbusd_epi32 (sum[2 * r], a, x);
          if (halves == 2)
            sum[2 * r + 1] = _mm512_dpbusd_epi32 (sum[2 * r + 1], b, x);
        }
    }
  for (guint r = 0; r < R; r++)
    {
      const __m512i off = _mm512_set1_epi32 (128 * (gint32) sums[r]);

      _mm512_storeu_si512 (out + r * TILE, _mm512_sub_epi32 (sum[2 * r], off));
      if (halves == 2)
        _mm512_storeu_si512 (out + r * TILE + 16, _mm512_sub_epi32 (sum[2 * r + 1], off));
    }
}

static void
dots (gint64 n, const gint8 *rows, const gint16 *sums, const AssayIndexTileBlock *tile, guint q, gint32 *out)
{
  gint64 r = 0;

  if (q <= 4)                                                     /* then the reading of rows is the work */
    {
      for (; r < n; r++)
        for (guint k = 0; k < q; k++)
          out[r * TILE + k] = dot (rows + r * W, tile->plain[k]);
      return;
    }
  for (; r + ROWS <= n; r += ROWS)
    if (q <= 16)
      dots_rows (ROWS, 1, rows + r * W, sums + r, tile, out + r * TILE);
    else
      dots_rows (ROWS, 2, rows + r * W, sums + r, tile, out + r * TILE);
  for (; r < n; r++)
    dots_rows (1, 2, rows + r * W, sums + r, tile, out + r * TILE);
}
#endif

static void
add (gint64 n, const float *scale, gint64 stride, const float *restrict t, const gint32 *restrict dots, float *restrict sum)
{
  for (gint64 r = 0; r < n; r++, dots += TILE, sum += TILE)
    {
      const float s = scale[r * stride];

      for (guint q = 0; q < TILE; q++)
        sum[q] += s * (t[q] * (float) dots[q]);
    }
}

static void
bounds (gint64 n, const float *features, gint64 stride, guint F, const float *restrict weights, float *restrict bound)
{
  for (gint64 r = 0; r < n; r++, features += stride)
    {
      float sum[TILE];

      for (guint q = 0; q < TILE; q++)
        sum[q] = UNDERFLOW;
      for (guint f = 0; f < F; f++)
        {
          const float x = features[f];

          for (guint q = 0; q < TILE; q++)
            sum[q] += x * weights[f * TILE + q];
        }
      memcpy (bound + r * TILE, sum, sizeof sum);
    }
}

static void
find (gint64 n, gboolean is_signed, const float *restrict sum, const float *restrict bound, const float *restrict threshold, guint32 *found)
{
  for (gint64 r = 0; r < n; r++, sum += TILE, bound += TILE)
    {
      guint32 bits = 0;
      gint32 above[TILE], any = 0;

      for (guint q = 0; q < TILE; q++)
        any |= above[q] = (is_signed ? sum[q] : fabsf (sum[q])) + bound[q] >= threshold[q];
      for (guint q = 0; any && q < TILE; q++)
        bits |= (guint32) above[q] << q;
      found[r] = bits;
    }
}

#define PASTE(isa) assay_index_kernels_##isa
#define EXPAND(isa) PASTE (isa)

const AssayIndexKernels EXPAND (ASSAY_ISA) = { dots, dot, add, bounds, find };
