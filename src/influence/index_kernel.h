/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_kernel.h: the loops of a search in a gradient index, one function each per instruction set.
 *
 * Products of bytes are integers: the same from every instruction set. Everything else is in floats, or doubles, whose rounding the bounds allow for.
 * Shape letters: n rows out of at most 65,536, named by their numbers; q queries of a tile (ASSAY_INDEX_TILE of them, the unused ones 0),
 * W ASSAY_INDEX_BLOCK coordinates of a block.
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

#define ASSAY_INDEX_BLOCK 256   /* coordinates that share a scale */
#define ASSAY_INDEX_TILE 32     /* queries that meet a row while it is near */
#define ASSAY_INDEX_UNDERFLOW 1e-30f    /* in every bound: above all that products may lose below the smallest float, whatever the sizes */

/* One block of coordinates of the queries of a tile. */
typedef struct {
  gint8 plain[ASSAY_INDEX_TILE][ASSAY_INDEX_BLOCK];
  guint8 packed[ASSAY_INDEX_BLOCK / 4][ASSAY_INDEX_TILE][4];      /* + 128: four coordinates of every query side by side */
  gint32 sum[ASSAY_INDEX_TILE];                                   /* of plain */
} AssayIndexTileBlock;

/* One block of coordinates of all rows. */
typedef struct {
  const gint8 *codes;           /* (rows, W) */
  const gint16 *sums;           /* of them */
  const float *scale;
} AssayIndexRowBlock;

typedef struct {
  /* sum (rows,TILE), the first q of each row named += scale t_q (row, query). */
  void (*multiply) (guint n, const guint16 *rows, const AssayIndexRowBlock *block, const AssayIndexTileBlock *tile, const float *t, guint q, float *sum);
  /* left <- those of the n rows where what sum, or |sum| where not is_signed, may be at most is not below a query's threshold; bit k of found: of query k.
   * The bound is reach[0] w_0q + reach[1] w_1q + reach[2] w_2q + reach[behind] w_3q; rows of reach are `stride` apart, w is (4,TILE).
   * Returns how many. */
  guint (*find) (guint n, const guint16 *rows, gboolean is_signed, guint q, const float *sum, const float *reach, gint64 stride, guint behind, const float *w,
                 const float *threshold, guint16 *left, guint32 *found);
  /* count (TILE) += bits of found (n). */
  void (*count) (guint n, const guint32 *found, gint32 *count);
  /* sum_k x_k codes_k of n <= W coordinates, in double. */
  double (*product) (gint64 n, const gint8 *codes, const double *x);
} AssayIndexKernels;

extern const AssayIndexKernels assay_index_kernels_baseline, assay_index_kernels_x86_64_v3, assay_index_kernels_x86_64_v4;
extern const AssayIndexKernels assay_index_kernels_x86_64_vnni;

/* Those of the instruction set in use; of x86-64-v4 with the products of bytes that newer processors have, where this one has them. */
const AssayIndexKernels *assay_index_kernels_get (void);
const char *assay_index_kernels_get_name (void);
