/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_tile.h: directions of a few queries, as a gradient index multiplies them: in bytes, with the norms that bounds are made of.
 *
 * A tile's numbers are over each query's unit, a power of two near its norm, so that floats hold them.
 * Shape letters: as gradient_index.h. Ownership: a tile owns its arrays. Thread rule: immutable.
 */
#pragma once

#include "influence/gradient_index.h"

/* What a search multiplies rows with. Arrays are borrowed. */
typedef struct {
  const double *kept;           /* (D) */
  const double *left_out;       /* (G) norms, not below the true ones */
  double rounding;              /* r */
} AssayIndexQuery;

typedef struct {
  guint n;                      /* queries, at most ASSAY_INDEX_TILE */
  guint n_blocks, n_groups;
  AssayIndexTileBlock *block;   /* (n_blocks) */
  float *t;                     /* (n_blocks, TILE) scales of the codes */
  double *norm, *error;         /* (n_blocks, TILE) of v_b, and f */
  double *left_out;             /* (G + 1, TILE): norms, then r */
  double unit[ASSAY_INDEX_TILE];
  float *weight;                /* (TILE, n_features) of the bound that all of an index gives; allows for the rounding of sums of floats */
  float *reach;                 /* (n_stops, 4, TILE) of the wider one that a stop gives: of ||e||, ||n||, alpha and what lies behind */
} AssayIndexTile;

/* Errors: NAN naming the query first + q; memory. */
AssayIndexTile *assay_index_tile_new   (const AssayGradientIndex *index, guint n, const AssayIndexQuery *queries, gint64 first, GError **error);
void            assay_index_tile_free  (AssayIndexTile *tile);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayIndexTile, assay_index_tile_free)
