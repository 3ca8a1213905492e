/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row_tiles.c: rows into 256 x 256 tiles. */
#include "store/row_tiles.h"

#include <string.h>

#include "base/mem.h"

#define TILE 256                                /* 128 KiB at 16 bits: one example and one column are both fast to read */
#define TILE_ELEMENTS (TILE * TILE)

/* Square tiles where the array is wide; taller ones where it is narrow; wider ones where a part has few rows. */
static void
choose_tile (AssayRowTiles *self)
{
  self->tile_columns = MIN (self->columns, TILE);
  self->tile_rows = self->columns >= TILE ? TILE : TILE * (TILE / self->columns);
  if (self->tile_rows > self->limit)
    {
      self->tile_rows = self->limit;
      self->tile_columns = MIN (self->columns, TILE_ELEMENTS / self->limit);
    }
}

static gint64
count_tiles (const AssayRowTiles *self)
{
  return (self->columns + self->tile_columns - 1) / self->tile_columns;
}

static gsize
band_bytes (const AssayRowTiles *self)
{
  return (gsize) (count_tiles (self) * self->tile_rows * self->tile_columns) * self->width;
}

void
assay_row_tiles_init (AssayRowTiles *self, const AssayArraySpec *spec)
{
  memset (self, 0, sizeof *self);
  self->array = H5I_INVALID_HID;
  self->spec = *spec;
  self->spec.path = g_strdup (spec->path);
  for (guint k = 0; k < spec->rank; k++)
    self->spec.axes[k] = g_strdup (spec->axes[k]);
  self->spec.long_name = g_strdup (spec->long_name);
  self->spec.units = g_strdup (spec->units);
  self->spec.description = g_strdup (spec->description);
  self->columns = spec->rank > 1 ? spec->dims[1] : 1;
  self->width = assay_store_type_width (spec->type);
}

gboolean
assay_row_tiles_set_limit (AssayRowTiles *self, gint64 limit, GError **error)
{
  self->limit = limit;
  choose_tile (self);
  self->band = assay_mem_alloc (band_bytes (self), error);
  return self->band != NULL;
}

void
assay_row_tiles_clear (AssayRowTiles *self)
{
  assay_row_tiles_drop (self);
  assay_mem_free (self->band);
  g_free ((char *) self->spec.path);
  for (guint k = 0; k < self->spec.rank; k++)
    g_free ((char *) self->spec.axes[k]);
  g_free ((char *) self->spec.long_name);
  g_free ((char *) self->spec.units);
  g_free ((char *) self->spec.description);
}

void
assay_row_tiles_drop (AssayRowTiles *self)
{
  assay_hid_close (assay_hid_steal (&self->array));
  self->rows = self->band_rows = self->column = 0;
}

/* The array, still without rows, with chunks of that height. */
static gboolean
create_array (AssayRowTiles *self, AssayShardFile *file, gint64 chunk_rows, GError **error)
{
  AssayArraySpec spec = self->spec;
  hsize_t chunk[2] = { (hsize_t) chunk_rows, (hsize_t) self->tile_columns };

  spec.dims[0] = 0;
  self->chunk_rows = chunk_rows;
  self->array = assay_shard_file_create (file, &spec, chunk, TRUE, error);
  return self->array >= 0;
}

/* Small results go through the filter that adds their checksum; bulk tiles are handed over as they are. */
static herr_t
write_tile (const AssayRowTiles *self, hid_t type, hid_t space, const hsize_t *start, gint64 rows, const guint8 *tile)
{
  hsize_t count[2] = { (hsize_t) rows, (hsize_t) MIN (self->tile_columns, self->columns - (gint64) start[1]) };
  hsize_t shape[2] = { (hsize_t) rows, (hsize_t) self->tile_columns }, origin[2] = { 0, 0 };
  g_auto (AssayHid) memory = H5I_INVALID_HID;
  int rank = (int) self->spec.rank;

  if (self->spec.bulk)
    return H5Dwrite_chunk (self->array, H5P_DEFAULT, 0, start,
                           (size_t) (self->chunk_rows * self->tile_columns) * self->width, tile);
  memory = H5Screate_simple (rank, shape, NULL);
  if (H5Sselect_hyperslab (memory, H5S_SELECT_SET, origin, NULL, count, NULL) < 0
      || H5Sselect_hyperslab (space, H5S_SELECT_SET, start, NULL, count, NULL) < 0)
    return -1;
  return H5Dwrite (self->array, type, memory, space, H5P_DEFAULT, tile);
}

/* The band's rows go into the file. */
static gboolean
write_band (AssayRowTiles *self, AssayShardFile *file, GError **error)
{
  hsize_t dims[2] = { (hsize_t) self->rows, (hsize_t) self->columns };
  gsize tile_bytes = (gsize) (self->tile_rows * self->tile_columns) * self->width;
  g_auto (AssayHid) type = assay_hdf5_type (self->spec.type);
  g_auto (AssayHid) space = H5I_INVALID_HID;

  if (H5Dset_extent (self->array, dims) < 0 || (space = H5Dget_space (self->array)) < 0)
    return assay_shard_file_fail (file, self->spec.path, "write the rows", error);
  for (gint64 t = 0; t < count_tiles (self); t++)
    {
      hsize_t start[2] = { (hsize_t) (self->rows - self->band_rows), (hsize_t) (t * self->tile_columns) };

      if (write_tile (self, type, space, start, self->band_rows, self->band + (gsize) t * tile_bytes) < 0)
        return assay_shard_file_fail (file, self->spec.path, "write the rows", error);
    }
  self->band_rows = 0;
  return TRUE;
}

/* Part of one row into the band. */
static void
scatter (AssayRowTiles *self, const guint8 *elements, gint64 n)
{
  gint64 c = self->tile_columns;

  while (n > 0)
    {
      gint64 tile = self->column / c, within = self->column % c, run = MIN (n, c - within);
      gsize at = (gsize) ((tile * self->tile_rows + self->band_rows) * c + within) * self->width;

      memcpy (self->band + at, elements, (gsize) run * self->width);
      elements += (gsize) run * self->width;
      self->column += run;
      n -= run;
    }
}

gboolean
assay_row_tiles_add (AssayRowTiles *self, AssayShardFile *file, const void *elements, gsize n, gsize *taken, GError **error)
{
  const guint8 *at = elements;
  gsize left = n;

  while (left > 0 && self->rows < self->limit)
    {
      gint64 run = (gint64) MIN (left, (gsize) (self->columns - self->column));

      scatter (self, at, run);
      at += (gsize) run * self->width;
      left -= (gsize) run;
      if (self->column < self->columns)
        continue;
      self->column = 0;
      self->rows++;
      self->band_rows++;
      if (self->band_rows < self->tile_rows)
        continue;
      if ((self->array < 0 && !create_array (self, file, self->tile_rows, error)) || !write_band (self, file, error))
        return FALSE;
    }
  *taken = n - left;
  return TRUE;
}

/* Rows of the band that were not filled: their bytes reach the file as padding. */
static void
clear_padding (AssayRowTiles *self)
{
  gsize row = (gsize) self->tile_columns * self->width, tile = row * (gsize) self->tile_rows;

  for (gint64 t = 0; t < count_tiles (self); t++)
    memset (self->band + (gsize) t * tile + (gsize) self->band_rows * row, 0,
            (gsize) (self->tile_rows - self->band_rows) * row);
}

gboolean
assay_row_tiles_end (AssayRowTiles *self, AssayShardFile *file, gint64 row_start, GError **error)
{
  g_autofree char *made_up = NULL;
  const char *axis = self->spec.axes[0];
  gint64 rows = self->rows;
  gboolean ok = TRUE;

  if (self->array < 0)                          /* never a whole band: chunks as high as the array */
    ok = create_array (self, file, MAX (rows, 1), error);
  if (ok && self->band_rows > 0)
    {
      clear_padding (self);
      ok = write_band (self, file, error);
    }
  if (axis == NULL)
    axis = made_up = g_strdup_printf ("%s_axis0", strrchr (self->spec.path, '/') + 1);
  ok = ok && assay_shard_file_put_index (file, self->spec.path, axis, row_start, rows, error);
  assay_row_tiles_drop (self);
  return ok;
}
