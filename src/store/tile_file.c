/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tile_file.c: addresses from HDF5, bytes from the mapped file. */
#include "store/tile_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two axes in chunks without a filter; elements lie in the file as in memory. */
static gboolean
find_tile (AssayTileFile *self, hid_t array)
{
  g_auto (AssayHid) settings = H5Dget_create_plist (array);
  hsize_t chunk[2];

  if (G_BYTE_ORDER != G_LITTLE_ENDIAN || H5Pget_layout (settings) != H5D_CHUNKED || H5Pget_nfilters (settings) != 0
      || H5Pget_chunk (settings, 2, chunk) != 2)
    return FALSE;
  self->rows = (gint64) chunk[0];
  self->columns = (gint64) chunk[1];
  return TRUE;
}

static gboolean
map (AssayTileFile *self, const char *path)
{
  struct stat found;
  gpointer bytes;

  self->file = open (path, O_RDONLY | O_CLOEXEC);
  if (self->file < 0 || fstat (self->file, &found) < 0 || found.st_size <= 0)
    return FALSE;
  self->length = (gsize) found.st_size;
  bytes = mmap (NULL, self->length, PROT_READ, MAP_SHARED, self->file, 0);
  self->bytes = bytes != MAP_FAILED ? bytes : NULL;
  return self->bytes != NULL;
}

gboolean
assay_tile_file_open (AssayTileFile *self, const char *path, hid_t array, gsize width)
{
  *self = (AssayTileFile) { .file = -1, .width = width };
  if (find_tile (self, array) && map (self, path))
    return TRUE;
  assay_tile_file_close (self);
  return FALSE;
}

void
assay_tile_file_close (AssayTileFile *self)
{
  if (self->bytes != NULL)
    munmap ((gpointer) self->bytes, self->length);
  if (self->file >= 0)
    close (self->file);
  self->bytes = NULL;
  self->file = -1;
}

/* Touching what is no longer there would end the program. */
static gboolean
is_whole (const AssayTileFile *self)
{
  struct stat found;

  return fstat (self->file, &found) == 0 && (gsize) found.st_size >= self->length;
}

/* Columns of one 16-bit number are the case that counts. */
static void
pick_pairs (const guint8 *tile, gsize stride, gint64 n, guint8 *out, gsize step)
{
  for (gint64 i = 0; i < n; i++)
    memcpy (out + (gsize) i * step, tile + (gsize) i * stride, 2);
}

/* n rows of `bytes` each, from one pitch to another. */
static void
pick (const guint8 *tile, gsize stride, gint64 n, gsize bytes, guint8 *out, gsize step)
{
  if (bytes == 2)
    pick_pairs (tile, stride, n, out, step);
  else
    for (gint64 i = 0; i < n; i++)
      memcpy (out + (gsize) i * step, tile + (gsize) i * stride, bytes);
}

/* The part of the box that lies in the tile with the first row and column `corner`. */
static gboolean
read_tile (const AssayTileFile *self, hid_t array, const gint64 *corner, const gint64 *start, const gint64 *count, guint8 *out)
{
  gint64 first = MAX (start[0], corner[0]), end = MIN (start[0] + count[0], corner[0] + self->rows);
  gint64 left = MAX (start[1], corner[1]), right = MIN (start[1] + count[1], corner[1] + self->columns);
  gsize stride = (gsize) self->columns * self->width;
  const hsize_t coordinates[2] = { (hsize_t) corner[0], (hsize_t) corner[1] };
  unsigned mask;
  haddr_t address;
  hsize_t size;

  if (H5Dget_chunk_info_by_coord (array, coordinates, &mask, &address, &size) < 0 || address == HADDR_UNDEF || size != (hsize_t) self->rows * stride
      || address > self->length || size > self->length - address)
    return FALSE;
  pick (self->bytes + address + (gsize) (first - corner[0]) * stride + (gsize) (left - corner[1]) * self->width, stride, end - first,
        (gsize) (right - left) * self->width, out + (gsize) ((first - start[0]) * count[1] + left - start[1]) * self->width, (gsize) count[1] * self->width);
  return TRUE;
}

gboolean
assay_tile_file_read (const AssayTileFile *self, hid_t array, const gint64 *start, const gint64 *count, guint8 *out)
{
  if (!is_whole (self))
    return FALSE;
  for (gint64 row = start[0] / self->rows * self->rows; row < start[0] + count[0]; row += self->rows)
    for (gint64 column = start[1] / self->columns * self->columns; column < start[1] + count[1]; column += self->columns)
      if (!read_tile (self, array, (gint64[]) { row, column }, start, count, out))
        return FALSE;
  return TRUE;
}
