/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_kernel.h: the loops of a search in a gradient index, one function each per instruction set.
 *
 * Products of bytes are integers: the same from every instruction set. Bounds are floats whose rounding their weights allow for.
 * Shape letters: n rows, q queries of a tile (ASSAY_INDEX_TILE of them, the unused ones 0), W ASSAY_INDEX_BLOCK coordinates of a block.
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

#define ASSAY_INDEX_BLOCK 256   /* coordinates that share a scale */
#define ASSAY_INDEX_TILE 32     /* queries that meet a row while it is near */

/* One block of coordinates of the queries of a tile. */
typedef struct {
  gint8 plain[ASSAY_INDEX_TILE][ASSAY_INDEX_BLOCK];
  guint8 packed[ASSAY_INDEX_BLOCK / 4][ASSAY_INDEX_TILE][4];      /* + 128: four coordinates of every query side by side */
} AssayIndexTileBlock;

typedef struct {
  /* dots (n,TILE), the first q of each row <- products of rows (n,W) with the tile's queries. sums (n): of each row. */
  void (*dots) (gint64 n, const gint8 *rows, const gint16 *sums, const AssayIndexTileBlock *tile, guint q, gint32 *dots);
  /* One row with one query, (W) each. */
  gint32 (*dot) (const gint8 *row, const gint8 *query);
  /* sum (n,TILE) += s_r t_q dots; s of row r is scale[r stride]. */
  void (*add) (gint64 n, const float *scale, gint64 stride, const float *t, const gint32 *dots, float *sum);
  /* bound (n,TILE) <- rows of features (F, stride apart) times weights (F,TILE). */
  void (*bounds) (gint64 n, const float *features, gint64 stride, guint F, const float *weights, float *bound);
  /* Bit q of found[r]: what sum, or |sum| where not is_signed, may be at most is not below threshold[q]. */
  void (*find) (gint64 n, gboolean is_signed, const float *sum, const float *bound, const float *threshold, guint32 *found);
} AssayIndexKernels;

extern const AssayIndexKernels assay_index_kernels_baseline, assay_index_kernels_x86_64_v3, assay_index_kernels_x86_64_v4;
extern const AssayIndexKernels assay_index_kernels_x86_64_vnni;

/* Those of the instruction set in use; of x86-64-v4 with the products of bytes that newer processors have, where this one has them. */
const AssayIndexKernels *assay_index_kernels_get (void);
const char *assay_index_kernels_get_name (void);
