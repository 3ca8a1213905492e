/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tile_file.h: boxes of an array of tiles, read from the file itself: HDF5 says where the tiles lie, and no copy of a whole tile is kept.
 *
 * For arrays of two axes without filters, as recordings of activations and gradients are. The file is mapped, so that of a column only the lines of memory
 * that its numbers lie in are touched, not the tiles. A part never changes once it is committed; one that has become shorter all the same is left to HDF5.
 * Thread rule: the store's thread only. Internal to this floor.
 */
#pragma once

#include "store/hdf5_door.h"

typedef struct {
  int file;                     /* -1: not one that can be read so */
  const guint8 *bytes;          /* the whole file */
  gsize length;
  gint64 rows, columns;         /* of a tile */
  gsize width;                  /* of an element */
} AssayTileFile;

/* Whether the array can be read so; file stays -1 where it cannot. path: of the file that the array is in; it is opened once more. */
gboolean assay_tile_file_open  (AssayTileFile *self, const char *path, hid_t array, gsize width);
void     assay_tile_file_close (AssayTileFile *self);

/* out (count[0], count[1]). FALSE when a tile is not there or cannot be read: HDF5 then says why. */
gboolean assay_tile_file_read  (const AssayTileFile *self, hid_t array, const gint64 *start, const gint64 *count, guint8 *out);
