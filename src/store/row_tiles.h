/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row_tiles.h: a stream of elements becomes the tiles of one growing array of a shard.
 *
 * Rows are gathered into a band of tiles and written tile by tile, padding included, so the bytes of the file depend on nothing but
 * the values. The array is made with the first band; one that stays shorter than a band gets chunks of its own height.
 *
 * Thread rule: the store's thread only. Internal to this floor.
 */
#pragma once

#include "store/shard_file.h"

typedef struct {
  AssayArraySpec spec;          /* strings owned; dims[0] is not used */
  gint64         columns;       /* 1 for rank 1 */
  gint64         limit;         /* rows of a part */
  gsize          width;
  gint64         tile_rows, tile_columns;
  gint64         chunk_rows;    /* of the array in the file: tile_rows, or fewer in a low part */
  guint8        *band;          /* [tile][tile_rows][tile_columns] */
  gint64         band_rows;     /* whole rows in the band */
  gint64         column;        /* where the next element of the begun row goes */
  gint64         rows;          /* whole rows of this part, band included */
  hid_t          array;         /* in the part's file, once there is one */
} AssayRowTiles;

/* Copies what spec points to. Any thread. */
void     assay_row_tiles_init  (AssayRowTiles *self, const AssayArraySpec *spec);
void     assay_row_tiles_clear (AssayRowTiles *self);

/* Once, before the first element: rows of a part. Allocates the band. */
gboolean assay_row_tiles_set_limit (AssayRowTiles *self, gint64 limit, GError **error);

/* Takes elements until limit rows are whole; *taken of n. */
gboolean assay_row_tiles_add   (AssayRowTiles *self, AssayShardFile *file, const void *elements, gsize n, gsize *taken,
                                GError **error);
/* Writes what is left and the row axis, which counts from row_start; ready for the next part afterwards. */
gboolean assay_row_tiles_end   (AssayRowTiles *self, AssayShardFile *file, gint64 row_start, GError **error);
/* Forgets the part: its file has failed. */
void     assay_row_tiles_drop  (AssayRowTiles *self);
