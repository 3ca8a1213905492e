/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_kernel.c: products of bytes and the bounds beside them. Compiled once for each instruction set with -DASSAY_ISA. */
#include "influence/index_kernel.h"

#include <math.h>
#include <string.h>

#define TILE ASSAY_INDEX_TILE
#define W ASSAY_INDEX_BLOCK
#define FEW 4                   /* queries that are multiplied one by one: then the reading of rows is the work */

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
multiply (guint n, const guint16 *rows, const AssayIndexRowBlock *block, const AssayIndexTileBlock *tile, const float *t, guint q, float *sum)
{
  for (guint i = 0; i < n; i++)
    for (guint k = 0; k < q; k++)
      sum[rows[i] * TILE + k] += block->scale[rows[i]] * (t[k] * (float) dot (block->codes + (gsize) rows[i] * W, tile->plain[k]));
}
#else
#include <immintrin.h>

#define AHEAD 64                /* rows, into the second cache: the first one takes too few at a time */

/* vpdpbusd multiplies unsigned with signed bytes: one side is taken + 128, and 128 times the sum of the other side off again. */
static inline void
multiply_few (guint n, const guint16 *rows, const AssayIndexRowBlock *block, const AssayIndexTileBlock *tile, const float *t, guint q, float *sum)
{
  const __m512i flip = _mm512_set1_epi8 ((char) 0x80);

  for (guint i = 0; i < n; i++)
    {
      const gint8 *row = block->codes + (gsize) rows[i] * W, *ahead = block->codes + (gsize) rows[MIN (i + AHEAD, n - 1)] * W;
      __m512i x[W / 64];

      for (guint k = 0; k < W; k += 64)
        _mm_prefetch ((const char *) ahead + k, _MM_HINT_T1);
      for (guint k = 0; k < W / 64; k++)
        x[k] = _mm512_xor_si512 (_mm512_loadu_si512 (row + 64 * k), flip);
      for (guint j = 0; j < q; j++)
        {
          __m512i dot = _mm512_setzero_si512 ();

          for (guint k = 0; k < W / 64; k++)
            dot = _mm512_dpbusd_epi32 (dot, x[k], _mm512_loadu_si512 (tile->plain[j] + 64 * k));
          sum[rows[i] * TILE + j] += block->scale[rows[i]] * (t[j] * (float) (_mm512_reduce_add_epi32 (dot) - 128 * tile->sum[j]));
        }
    }
}

static inline void
add_lanes (__m512i dots, __m512 t, float scale, float *sum)
{
  const __m512 product = _mm512_mul_ps (_mm512_mul_ps (_mm512_cvtepi32_ps (dots), t), _mm512_set1_ps (scale));

  _mm512_storeu_ps (sum, _mm512_add_ps (_mm512_loadu_ps (sum), product));
}

/* R rows with the tile: a lane is a query, and nothing is added across lanes. */
#define ROWS 8
static inline void
multiply_rows (guint R, guint halves, const guint16 *rows, const AssayIndexRowBlock *block, const AssayIndexTileBlock *tile, const float *t, float *sum)
{
  const gint8 *row[ROWS];
  __m512i dots[2 * ROWS];

  for (guint r = 0; r < R; r++)
    row[r] = block->codes + (gsize) rows[r] * W;
  for (guint r = 0; r < 2 * R; r++)
    dots[r] = _mm512_setzero_si512 ();
  for (guint k = 0; k < W / 4; k++)
    {
      const __m512i a = _mm512_loadu_si512 (tile->packed[k][0]), b = _mm512_loadu_si512 (tile->packed[k][16]);

      for (guint r = 0; r < R; r++)
        {
          gint32 four;
          __m512i x;

          memcpy (&four, row[r] + 4 * k, sizeof four);
          x = _mm512_set1_epi32 (four);
          dots[2 * r] = _mm512_dpbusd_epi32 (dots[2 * r], a, x);
          if (halves == 2)
            dots[2 * r + 1] = _mm512_dpbusd_epi32 (dots[2 * r + 1], b, x);
        }
    }
  for (guint r = 0; r < R; r++)
    {
      const __m512i off = _mm512_set1_epi32 (128 * (gint32) block->sums[rows[r]]);
      const float scale = block->scale[rows[r]];

      add_lanes (_mm512_sub_epi32 (dots[2 * r], off), _mm512_loadu_ps (t), scale, sum + rows[r] * TILE);
      if (halves == 2)
        add_lanes (_mm512_sub_epi32 (dots[2 * r + 1], off), _mm512_loadu_ps (t + 16), scale, sum + rows[r] * TILE + 16);
    }
}

static void
multiply (guint n, const guint16 *rows, const AssayIndexRowBlock *block, const AssayIndexTileBlock *tile, const float *t, guint q, float *sum)
{
  guint i = 0;

  if (q == 1)                                                     /* a number that the compiler knows: no loop over queries */
    multiply_few (n, rows, block, tile, t, 1, sum);
  else if (q <= FEW)
    multiply_few (n, rows, block, tile, t, q, sum);
  else
    {
      for (; i + ROWS <= n; i += ROWS)
        if (q <= 16)
          multiply_rows (ROWS, 1, rows + i, block, tile, t, sum);
        else
          multiply_rows (ROWS, 2, rows + i, block, tile, t, sum);
      for (; i + 4 <= n; i += 4)
        multiply_rows (4, 2, rows + i, block, tile, t, sum);
      for (; i + 2 <= n; i += 2)
        multiply_rows (2, 2, rows + i, block, tile, t, sum);
      for (; i < n; i++)
        multiply_rows (1, 2, rows + i, block, tile, t, sum);
    }
}
#endif

/* Not below, rather than above: a bound that is not a number excludes nothing. */
static inline guint32
find_in_row (gboolean is_signed, guint q, const float *restrict sum, const float *restrict reach, float behind, const float *restrict w,
             const float *restrict threshold)
{
  gint32 alive[TILE], any = 0;
  guint32 bits = 0;

  for (guint k = 0; k < q; k++)
    {
      float bound = ASSAY_INDEX_UNDERFLOW + reach[0] * w[k] + reach[1] * w[TILE + k] + reach[2] * w[2 * TILE + k] + behind * w[3 * TILE + k];

      any |= alive[k] = !((is_signed ? sum[k] : fabsf (sum[k])) + bound < threshold[k]);
    }
  for (guint k = 0; any && k < q; k++)
    bits |= (guint32) alive[k] << k;
  return bits;
}

static guint
find (guint n, const guint16 *rows, gboolean is_signed, guint q, const float *sum, const float *reach, gint64 stride, guint behind, const float *w,
      const float *threshold, guint16 *left, guint32 *found)
{
  const guint32 asked = q < TILE ? (1u << q) - 1 : G_MAXUINT32;
  guint m = 0;

  for (guint i = 0; i < n; i++)
    {
      const guint16 r = rows[i];
      const float *of_row = reach + r * stride;
      const guint32 bits = asked & (q <= FEW ? find_in_row (is_signed, q, sum + r * TILE, of_row, of_row[behind], w, threshold)
                                             : find_in_row (is_signed, TILE, sum + r * TILE, of_row, of_row[behind], w, threshold));

      left[m] = r;                                                /* may be `rows` itself: m <= i */
      found[m] = bits;
      m += bits != 0;
    }
  return m;
}

static void
count (guint n, const guint32 *found, gint32 *restrict counts)
{
  for (guint i = 0; i < n; i++)
    for (guint k = 0; k < TILE; k++)
      counts[k] += (gint32) (found[i] >> k & 1);
}

static double
product (gint64 n, const gint8 *codes, const double *x)
{
  double lane[32] = { 0 }, y[W], sum = 0;
  gint64 k = 0;

  for (gint64 j = 0; j < n; j++)
    y[j] = (double) codes[j];
  for (; k + 32 <= n; k += 32)
    for (guint j = 0; j < 32; j++)
      lane[j] += x[k + j] * y[k + j];
  for (; k < n; k++)
    sum += x[k] * y[k];
  for (guint j = 0; j < 32; j++)
    sum += lane[j];
  return sum;
}

#define PASTE(isa) assay_index_kernels_##isa
#define EXPAND(isa) PASTE (isa)

const AssayIndexKernels EXPAND (ASSAY_ISA) = { multiply, find, count, product };
