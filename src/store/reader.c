/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader.c: several shards read as one object. */
#include "store/reader.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"
#include "store/case_private.h"
#include "store/content_tree.h"
#include "store/hdf5_door.h"
#include "store/io_thread.h"
#include "store/tile_file.h"

#define CACHE_BYTES ((gsize) 256 << 20)         /* of tiles, all parts together */
#define MAX_OPEN_PARTS 128
#define STAGE_BYTES ((gsize) 4 << 20)           /* converted at a time */

typedef struct {
  AssayArrayInfo info;          /* dims of the whole object; strings owned */
  gboolean       streamed;      /* runs through all parts */
} ArrayEntry;

typedef struct {                /* both opened when first needed */
  hid_t file;
  hid_t array;                  /* of the reader's current path, with its last tiles in memory */
  AssayTileFile tiles;          /* of that array, where it is one of plain tiles */
} OpenPart;

struct _AssayReader {
  AssayCase   *cas;
  AssayObject *object;
  GHashTable  *arrays;          /* path -> ArrayEntry */
  GPtrArray   *paths;           /* sorted, NULL-terminated */
  OpenPart    *parts;
  guint        n_open;
  guint        n_objects;       /* groups met while listing */
  char        *current;         /* path */
};

/* --- opening --------------------------------------------------------------------------------------------------------- */

static void
entry_free (gpointer data)
{
  ArrayEntry *entry = data;

  for (guint k = 0; k < entry->info.rank; k++)
    g_free ((char *) entry->info.axes[k]);
  g_free ((char *) entry->info.long_name);
  g_free ((char *) entry->info.units);
  g_free ((char *) entry->info.description);
  g_free (entry);
}

static char *
part_path (AssayReader *self, guint part)
{
  return g_build_filename (self->cas->path, self->object->parts[part]->file, NULL);
}

static void
close_arrays (AssayReader *self)
{
  for (guint i = 0; i < self->object->n_parts; i++)
    {
      assay_hid_close (assay_hid_steal (&self->parts[i].array));
      assay_tile_file_close (&self->parts[i].tiles);
    }
}

static void
close_parts (AssayReader *self)
{
  close_arrays (self);
  for (guint i = 0; i < self->object->n_parts; i++)
    if (self->parts[i].file >= 0)
      H5Fclose (assay_hid_steal (&self->parts[i].file));
  self->n_open = 0;
}

/* On the store's thread; the part has been checked before. A process may have only so many files open. */
static gboolean
ensure_file (AssayReader *self, guint part, GError **error)
{
  g_autofree char *path = NULL;

  if (self->parts[part].file >= 0)
    return TRUE;
  if (self->n_open >= MAX_OPEN_PARTS)
    close_parts (self);
  path = part_path (self, part);
  self->parts[part].file = assay_hdf5_open_file (path, error);
  if (self->parts[part].file < 0)
    return FALSE;
  self->n_open++;
  return TRUE;
}

/* Name of the scale at axis k, by the array's DIMENSION_LIST. */
static char *
axis_name (hid_t file, hid_t array, guint k, guint rank)
{
  g_auto (AssayHid) attribute = H5I_INVALID_HID;
  g_auto (AssayHid) type = H5I_INVALID_HID;
  g_auto (AssayHid) space = H5I_INVALID_HID;
  hvl_t lists[ASSAY_STORE_MAX_RANK];
  char name[1024] = "";

  if (H5Aexists (array, "DIMENSION_LIST") <= 0)
    return g_strdup_printf ("axis%u", k);
  attribute = H5Aopen (array, "DIMENSION_LIST", H5P_DEFAULT);
  type = H5Aget_type (attribute);
  space = H5Aget_space (attribute);
  if (H5Sget_simple_extent_npoints (space) == (hssize_t) rank && H5Aread (attribute, type, lists) >= 0)
    {
      if (lists[k].len > 0)
        H5Rget_name (file, H5R_OBJECT, lists[k].p, name, sizeof name);
      H5Dvlen_reclaim (type, space, H5P_DEFAULT, lists);
    }
  return strrchr (name, '/') != NULL ? g_strdup (strrchr (name, '/') + 1) : g_strdup_printf ("axis%u", k);
}

static char *
dup_text_or (hid_t object, const char *name, const char *fallback)
{
  char *text = assay_hdf5_dup_text (object, name);

  return text != NULL ? text : g_strdup (fallback);
}

static gboolean
add_array (AssayReader *self, hid_t array, const char *path)
{
  g_auto (AssayHid) space = H5Dget_space (array);
  hsize_t dims[H5S_MAX_RANK], most[H5S_MAX_RANK];
  int rank = H5Sget_simple_extent_dims (space, dims, most);
  gboolean streamed = rank > 0 && most[0] == H5S_UNLIMITED;       /* what grows was recorded row by row */
  AssayStoreType type;
  ArrayEntry *entry;
  guint64 bytes;

  if (rank < 0 || rank > ASSAY_STORE_MAX_RANK || !assay_hdf5_is_inside (array) || !assay_hdf5_type_of (array, &type))
    return FALSE;
  if (streamed)
    dims[0] = (hsize_t) self->object->rows;
  if (!assay_hdf5_measure (type, rank, dims, &bytes))             /* whoever reads it multiplies the dims */
    return FALSE;
  entry = g_new0 (ArrayEntry, 1);
  entry->info.rank = (guint) rank;
  entry->info.type = type;
  entry->streamed = streamed;
  for (int k = 0; k < rank; k++)
    {
      entry->info.dims[k] = (gint64) dims[k];
      entry->info.axes[k] = H5Aexists (array, "CLASS") > 0 ? g_strdup (strrchr (path, '/') + 1)
                                                           : axis_name (self->parts[0].file, array, (guint) k, (guint) rank);
    }
  entry->info.long_name = dup_text_or (array, "long_name", path);
  entry->info.units = dup_text_or (array, "units", "1");
  entry->info.description = dup_text_or (array, "description", "");
  g_hash_table_insert (self->arrays, g_strdup (path), entry);
  return TRUE;
}

static gboolean
add_group (AssayReader *self, hid_t group, const char *path, guint depth, GError **error)
{
  g_auto (GStrv) names = assay_hdf5_list_links (group);

  for (char **name = names; *name != NULL; name++)
    {
      g_auto (AssayHid) object = assay_hdf5_open_child (group, *name);
      g_autofree char *child = g_strdup_printf ("%s/%s", path, *name);
      gboolean is_group = H5Iget_type (object) == H5I_GROUP && depth < ASSAY_CONTENT_MAX_DEPTH && ++self->n_objects <= ASSAY_CONTENT_MAX_OBJECTS;

      if (is_group && !add_group (self, object, child, depth + 1, error))
        return FALSE;
      if (!is_group && (H5Iget_type (object) != H5I_DATASET || !add_array (self, object, child)))
        {
          g_autofree char *file = part_path (self, 0);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s %s: not an array that Assay writes", file, child);
          return FALSE;
        }
    }
  return TRUE;
}

/* Row axes of a recording: each part has its stretch of the coordinates. */
static void
mark_row_axes (AssayReader *self)
{
  GHashTableIter iter;
  gpointer path, value;

  g_hash_table_iter_init (&iter, self->arrays);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      ArrayEntry *entry = value, *axis;
      g_autofree char *axis_path = NULL;

      if (!entry->streamed)
        continue;
      axis_path = g_strdup_printf ("%.*s/%s", (int) (strrchr (path, '/') - (char *) path), (char *) path, entry->info.axes[0]);
      axis = g_hash_table_lookup (self->arrays, axis_path);
      if (axis != NULL && !axis->streamed && axis->info.rank == 1)
        {
          axis->info.dims[0] = self->object->rows;
          axis->streamed = TRUE;
        }
    }
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static gboolean
list_arrays (gpointer data, GError **error)
{
  AssayReader *self = data;
  g_auto (AssayHid) root = H5I_INVALID_HID;
  GHashTableIter iter;
  gpointer path;

  if (!ensure_file (self, 0, error))
    return FALSE;
  root = H5Gopen2 (self->parts[0].file, "/", H5P_DEFAULT);
  if (!add_group (self, root, "", 0, error))
    return FALSE;
  mark_row_axes (self);
  g_hash_table_iter_init (&iter, self->arrays);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    g_ptr_array_add (self->paths, path);
  g_ptr_array_sort (self->paths, compare_paths);
  g_ptr_array_add (self->paths, NULL);
  return TRUE;
}

AssayReader *
assay_reader_new (AssayCase *cas, AssayObject *object, GError **error)
{
  AssayReader *self = g_new0 (AssayReader, 1);

  self->cas = cas;
  self->object = assay_object_ref (object);
  self->parts = g_new (OpenPart, object->n_parts);
  for (guint i = 0; i < object->n_parts; i++)
    self->parts[i] = (OpenPart) { H5I_INVALID_HID, H5I_INVALID_HID, { .file = -1 } };
  self->arrays = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, entry_free);
  self->paths = g_ptr_array_new ();
  if (!assay_case_check_part (cas, object->parts[0], error) || !assay_store_call (list_arrays, self, error))
    {
      assay_reader_free (self);
      return NULL;
    }
  return self;
}

AssayReader *
assay_reader_open (AssayCase *cas, const char *kind, const char *name, GError **error)
{
  g_autoptr (AssayObject) object = assay_case_lookup (cas, kind, name, error);

  return object != NULL ? assay_reader_new (cas, object, error) : NULL;
}

static gboolean
close_all (gpointer data, GError **error)
{
  (void) error;
  close_parts (data);
  return TRUE;
}

void
assay_reader_free (AssayReader *self)
{
  if (self == NULL)
    return;
  assay_store_call (close_all, self, NULL);
  assay_object_unref (self->object);
  g_hash_table_unref (self->arrays);
  g_ptr_array_unref (self->paths);
  g_free (self->current);
  g_free (self->parts);
  g_free (self);
}

/* --- describing ------------------------------------------------------------------------------------------------------ */

AssayObject *
assay_reader_get_object (AssayReader *self)
{
  return self->object;
}

json_t *
assay_reader_get_meta (AssayReader *self)
{
  return self->object->meta;
}

const char *const *
assay_reader_list (AssayReader *self)
{
  return (const char *const *) self->paths->pdata;
}

gboolean
assay_reader_has (AssayReader *self, const char *path)
{
  return g_hash_table_contains (self->arrays, path);
}

static const ArrayEntry *
find_entry (AssayReader *self, const char *path, GError **error)
{
  const ArrayEntry *entry = g_hash_table_lookup (self->arrays, path);

  if (entry == NULL)
    {
      g_autofree char *list = g_strjoinv (", ", (char **) self->paths->pdata);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s %s: has no array %s; it has: %s", self->object->kind,
                   self->object->name, path, list);
    }
  return entry;
}

gboolean
assay_reader_describe (AssayReader *self, const char *path, AssayArrayInfo *info, GError **error)
{
  const ArrayEntry *entry = find_entry (self, path, error);

  if (entry == NULL)
    return FALSE;
  *info = entry->info;
  return TRUE;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayReader      *self;
  const char       *path;
  const ArrayEntry *entry;
  gint64            start[ASSAY_STORE_MAX_RANK], count[ASSAY_STORE_MAX_RANK];
  AssayStoreType    as;
  guint8           *out;
  guint             part;       /* the one being read */
  char            **texts;
} Read;

static gboolean
read_failed (const Read *r, GError **error)
{
  g_autofree char *file = part_path (r->self, r->part), *where = g_strdup_printf ("%s %s", file, r->path);

  return assay_hdf5_fail (error, where, "read the array");
}

/* Room for one column of tiles, so that the next column finds them in memory. */
static void
size_cache (hid_t access, hid_t array, guint n_parts)
{
  g_auto (AssayHid) settings = H5Dget_create_plist (array);
  g_auto (AssayHid) space = H5Dget_space (array);
  g_auto (AssayHid) type = H5Dget_type (array);
  hsize_t chunk[H5S_MAX_RANK], dims[H5S_MAX_RANK];
  gsize bytes = H5Tget_size (type);
  int rank;

  if (H5Pget_layout (settings) != H5D_CHUNKED || (rank = H5Pget_chunk (settings, H5S_MAX_RANK, chunk)) < 1)
    return;
  H5Sget_simple_extent_dims (space, dims, NULL);
  for (int k = 0; k < rank; k++)
    bytes *= (gsize) chunk[k];
  bytes *= (gsize) ((dims[0] + chunk[0] - 1) / chunk[0] + 1);
  H5Pset_chunk_cache (access, 2039, MIN (bytes, CACHE_BYTES / MIN (n_parts, MAX_OPEN_PARTS)), 0.75);
}

/* The array of one part, kept open between reads of the same path. */
static gboolean
open_array (Read *r, GError **error)
{
  AssayReader *self = r->self;
  OpenPart *part = &self->parts[r->part];
  g_auto (AssayHid) access = H5I_INVALID_HID;
  g_auto (AssayHid) plain = H5I_INVALID_HID;

  if (g_strcmp0 (self->current, r->path) != 0)
    {
      close_arrays (self);
      g_free (self->current);
      self->current = g_strdup (r->path);
    }
  if (part->array >= 0)
    return TRUE;
  if (!ensure_file (self, r->part, error))
    return FALSE;
  plain = H5Dopen2 (part->file, r->path, H5P_DEFAULT);
  access = H5Pcreate (H5P_DATASET_ACCESS);
  if (plain < 0)
    return read_failed (r, error);
  size_cache (access, plain, self->object->n_parts);
  assay_hid_close (assay_hid_steal (&plain));           /* the settings hold for the first open only */
  part->array = H5Dopen2 (part->file, r->path, access);
  if (part->array < 0)
    return read_failed (r, error);
  if (r->entry->info.rank == 2)
    {
      g_autofree char *path = part_path (self, r->part);

      assay_tile_file_open (&part->tiles, path, part->array, assay_store_type_width (r->entry->info.type));
    }
  return TRUE;
}

/* Rows first .. first+n-1 of the open part (of the box's other axes) into out, as stored. */
static gboolean
read_stored (Read *r, gint64 first, gint64 n, void *out, GError **error)
{
  hid_t array = r->self->parts[r->part].array;
  guint rank = r->entry->info.rank;
  g_auto (AssayHid) type = assay_hdf5_type (r->entry->info.type);
  g_auto (AssayHid) space = H5Dget_space (array);
  g_auto (AssayHid) memory = H5I_INVALID_HID;
  hsize_t start[ASSAY_STORE_MAX_RANK], count[ASSAY_STORE_MAX_RANK];

  if (rank == 0)
    return H5Dread (array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0 || read_failed (r, error);
  if (r->self->parts[r->part].tiles.file >= 0
      && assay_tile_file_read (&r->self->parts[r->part].tiles, array, (gint64[]) { first, r->start[1] }, (gint64[]) { n, r->count[1] }, out))
    return TRUE;
  for (guint k = 0; k < rank; k++)
    {
      start[k] = (hsize_t) r->start[k];
      count[k] = (hsize_t) r->count[k];
    }
  start[0] = (hsize_t) first;
  count[0] = (hsize_t) n;
  memory = H5Screate_simple ((int) rank, count, NULL);
  if (H5Sselect_hyperslab (space, H5S_SELECT_SET, start, NULL, count, NULL) < 0
      || H5Dread (array, type, memory, space, H5P_DEFAULT, out) < 0)
    return read_failed (r, error);
  return TRUE;
}

/* Elements of one row of the box. */
static gsize
row_elements (const Read *r)
{
  gsize n = 1;

  for (guint k = 1; k < r->entry->info.rank; k++)
    n *= (gsize) r->count[k];
  return n;
}

/* Rows of one part, read in steps through a stage where they need converting. */
static gboolean
read_rows (Read *r, gint64 first, gint64 n, guint8 *out, GError **error)
{
  gsize row = row_elements (r), width = assay_store_type_width (r->entry->info.type);
  gsize out_row = row * assay_store_type_width (r->as);
  g_autoptr (AssayBuffer) stage = NULL;
  gint64 step;

  if (n == 0 || row == 0)
    return TRUE;
  if (r->as == r->entry->info.type)
    return read_stored (r, first, n, out, error);
  step = (gint64) MAX (STAGE_BYTES / (row * width), 1);
  if (step > 256)
    step -= step % 256;
  step = MIN (step, n);
  stage = assay_mem_alloc_array ((guint64) step * row, width, error);
  if (stage == NULL)
    return FALSE;
  for (gint64 at = 0; at < n; at += step)
    {
      gint64 rows = MIN (step, n - at);

      if (!read_stored (r, first + at, rows, stage, error)
          || !assay_store_convert (r->as, out + (gsize) at * out_row, r->entry->info.type, stage, (gsize) rows * row, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_one_part (gpointer data, GError **error)
{
  Read *r = data;
  const AssayPart *part = r->self->object->parts[r->part];
  gint64 from = r->entry->info.rank > 0 ? r->start[0] : 0, n = r->entry->info.rank > 0 ? r->count[0] : 1;
  gint64 base = r->entry->streamed ? part->row_start : 0, rows = r->entry->streamed ? part->rows : from + n;
  gint64 first = MAX (from, base), end = MIN (from + n, base + rows);

  if (!open_array (r, error))
    return FALSE;
  return read_rows (r, first - base, end - first,
                    r->out + (gsize) (first - from) * row_elements (r) * assay_store_type_width (r->as), error);
}

/* Whether rows of that part are wanted. */
static gboolean
is_touched (const Read *r, const AssayPart *part)
{
  return part->row_start < r->start[0] + r->count[0] && part->row_start + part->rows > r->start[0];
}

/* Each part is hashed in the caller's thread and read on the store's. */
static gboolean
read_parts (Read *r, AssayStoreFunc func, GError **error)
{
  AssayReader *self = r->self;

  if (!r->entry->streamed)
    return assay_store_call (func, r, error);
  for (r->part = 0; r->part < self->object->n_parts; r->part++)
    {
      if (!is_touched (r, self->object->parts[r->part]))
        continue;
      if (!assay_case_check_part (self->cas, self->object->parts[r->part], error) || !assay_store_call (func, r, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
assay_reader_read_box (AssayReader *self, const char *path, const gint64 *start, const gint64 *count, AssayStoreType as,
                       void *out, GError **error)
{
  Read r = { .self = self, .path = path, .as = as, .out = out };

  r.entry = find_entry (self, path, error);
  if (r.entry == NULL)
    return FALSE;
  if (r.entry->info.type == ASSAY_STORE_TEXT || as == ASSAY_STORE_TEXT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s %s %s: texts are not read as numbers, nor numbers as texts",
                   self->object->kind, self->object->name, path);
      return FALSE;
    }
  for (guint k = 0; k < r.entry->info.rank; k++)
    {
      if (start[k] < 0 || count[k] < 0 || start[k] > r.entry->info.dims[k] || count[k] > r.entry->info.dims[k] - start[k])
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE,
                       "%s %s %s: %" G_GINT64_FORMAT " from %" G_GINT64_FORMAT " on were asked for along axis %s, which has %"
                       G_GINT64_FORMAT, self->object->kind, self->object->name, path, count[k], start[k],
                       r.entry->info.axes[k], r.entry->info.dims[k]);
          return FALSE;
        }
      r.start[k] = start[k];
      r.count[k] = count[k];
    }
  return read_parts (&r, read_one_part, error);
}

gboolean
assay_reader_read (AssayReader *self, const char *path, AssayStoreType as, void *out, GError **error)
{
  static const gint64 zeros[ASSAY_STORE_MAX_RANK];
  const ArrayEntry *entry = find_entry (self, path, error);

  return entry != NULL && assay_reader_read_box (self, path, zeros, entry->info.dims, as, out, error);
}

/* --- texts and attributes -------------------------------------------------------------------------------------------- */

static gboolean
read_texts (gpointer data, GError **error)
{
  Read *r = data;
  g_auto (AssayHid) type = assay_hdf5_type (ASSAY_STORE_TEXT);
  g_auto (AssayHid) space = H5I_INVALID_HID;
  g_autofree char **raw = NULL;
  hid_t array;
  gsize n;

  if (!open_array (r, error))
    return FALSE;
  array = r->self->parts[0].array;
  space = H5Dget_space (array);
  n = (gsize) H5Sget_simple_extent_npoints (space);
  raw = g_try_new0 (char *, n + 1);
  if (raw == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s %s %s: no memory for %" G_GSIZE_FORMAT " texts", r->self->object->kind,
                   r->self->object->name, r->path, n);
      return FALSE;
    }
  if (n > 0 && H5Dread (array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw) < 0)
    return read_failed (r, error);
  r->texts = g_new0 (char *, n + 1);
  for (gsize i = 0; i < n; i++)
    r->texts[i] = g_strdup (raw[i] != NULL ? raw[i] : "");
  if (n > 0)
    H5Dvlen_reclaim (type, space, H5P_DEFAULT, raw);
  return TRUE;
}

char **
assay_reader_read_text (AssayReader *self, const char *path, GError **error)
{
  Read r = { .self = self, .path = path };

  r.entry = find_entry (self, path, error);
  if (r.entry == NULL)
    return NULL;
  if (r.entry->info.type != ASSAY_STORE_TEXT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s %s %s: holds %s, not text", self->object->kind,
                   self->object->name, path, assay_store_type_word (r.entry->info.type));
      return NULL;
    }
  return assay_store_call (read_texts, &r, error) ? r.texts : NULL;
}

typedef struct {
  AssayReader *self;
  const char  *path, *name;
  char        *text;
  double       number;
  gboolean     want_text;
} GetAttribute;

static gboolean
get_attribute (gpointer data, GError **error)
{
  GetAttribute *g = data;
  g_auto (AssayHid) object = H5I_INVALID_HID;

  if (!ensure_file (g->self, 0, error))
    return FALSE;
  object = H5Oopen (g->self->parts[0].file, g->path, H5P_DEFAULT);
  if (object >= 0 && g->want_text)
    g->text = assay_hdf5_dup_text (object, g->name);
  if (object >= 0 && (g->want_text ? g->text != NULL : assay_hdf5_get_f64 (object, g->name, &g->number)))
    return TRUE;
  H5Eclear2 (H5E_DEFAULT);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s %s %s: has no %s attribute \"%s\"", g->self->object->kind,
               g->self->object->name, g->path, g->want_text ? "text" : "number", g->name);
  return FALSE;
}

char *
assay_reader_dup_text (AssayReader *self, const char *path, const char *name, GError **error)
{
  GetAttribute g = { .self = self, .path = path, .name = name, .want_text = TRUE };

  return assay_store_call (get_attribute, &g, error) ? g.text : NULL;
}

gboolean
assay_reader_get_number (AssayReader *self, const char *path, const char *name, double *value, GError **error)
{
  GetAttribute g = { .self = self, .path = path, .name = name };

  if (!assay_store_call (get_attribute, &g, error))
    return FALSE;
  *value = g.number;
  return TRUE;
}
