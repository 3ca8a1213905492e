/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_file.c: groups, arrays and axes of a shard. Its root attributes and its end are in shard_finish.c. */
#include "store/shard_file.h"

#include <string.h>

#include "base/error.h"
#include "base/num.h"
#include "store/content_tree.h"
#include "store/shard_scales.h"

#define MAX_CHUNK_BYTES (1u << 20)
#define TILE 256                        /* activations and gradients: 256 x 256 serves rows and columns alike */

/* --- what is asked for ----------------------------------------------------------------------------------------------- */

static gboolean
is_plain_name (const char *name, gsize n)
{
  if (n == 0 || n > 255 || (n == 1 && *name == '.') || (n == 2 && strncmp (name, "..", 2) == 0)
      || !g_utf8_validate_len (name, n, NULL))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if ((guchar) name[i] < 0x20 || name[i] == 0x7f || name[i] == '/' || name[i] == '@')
      return FALSE;
  return TRUE;
}

static gboolean
is_path (const char *path)
{
  guint depth = 0;

  if (path == NULL || *path != '/')
    return FALSE;
  while (*path == '/')
    {
      gsize n = strcspn (path + 1, "/");

      if (!is_plain_name (path + 1, n) || ++depth > ASSAY_CONTENT_MAX_DEPTH)
        return FALSE;
      path += n + 1;
    }
  return TRUE;
}

gboolean
assay_array_spec_check (const AssayArraySpec *spec, const char *label, GError **error)
{
  guint64 bytes = MAX (assay_store_type_width (spec->type), 1);

  if (!is_path (spec->path))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: array path \"%s\": /group/name is expected, of at most %d names", label,
                   spec->path != NULL ? spec->path : "", ASSAY_CONTENT_MAX_DEPTH);
      return FALSE;
    }
  if (spec->rank > ASSAY_STORE_MAX_RANK)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s %s: rank %u, at most %d is stored", label, spec->path, spec->rank,
                   ASSAY_STORE_MAX_RANK);
      return FALSE;
    }
  for (guint k = 0; k < spec->rank; k++)
    {
      if (spec->dims[k] < 0 || !assay_size_mul (bytes, (guint64) MAX (spec->dims[k], 1), &bytes) || bytes > G_MAXINT64)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                       "%s %s: axis %u of length %" G_GINT64_FORMAT " gives no size of less than 2^63 bytes", label,
                       spec->path, k, spec->dims[k]);
          return FALSE;
        }
      if (spec->axes[k] != NULL && !is_plain_name (spec->axes[k], strlen (spec->axes[k])))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s %s: axis name \"%s\" is not a plain name", label,
                       spec->path, spec->axes[k]);
          return FALSE;
        }
    }
  return TRUE;
}

/* --- the file -------------------------------------------------------------------------------------------------------- */

AssayShardFile *
assay_shard_file_new (const char *label, GError **error)
{
  AssayShardFile *self = g_new0 (AssayShardFile, 1);

  self->label = g_strdup (label);
  self->axes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->arrays = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_scaled_array_free);
  self->file = assay_hdf5_create_image (&self->image, error);
  if (self->file < 0)
    {
      assay_shard_file_free (self);
      return NULL;
    }
  return self;
}

void
assay_shard_file_free (AssayShardFile *self)
{
  if (self == NULL)
    return;
  if (self->file >= 0)
    H5Fclose (self->file);
  assay_file_image_clear (&self->image);
  assay_shard_axes_free (self);
  g_ptr_array_unref (self->arrays);
  g_free (self->label);
  g_free (self);
}

gboolean
assay_shard_file_fail (const AssayShardFile *self, const char *path, const char *what, GError **error)
{
  g_autofree char *where = g_strdup_printf ("%s %s", self->label, path);

  if (self->image.starved)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY,
                   "%s: no memory for the shard beyond %" G_GSIZE_FORMAT " bytes", where, self->image.capacity);
      H5Eclear2 (H5E_DEFAULT);
      return FALSE;
    }
  return assay_hdf5_fail (error, where, what);
}

static hid_t
new_creation (hid_t class)
{
  hid_t list = H5Pcreate (class);

  H5Pset_obj_track_times (list, 0);
  return list;
}

/* All groups above path. */
static gboolean
make_groups (AssayShardFile *self, const char *path, GError **error)
{
  for (const char *slash = strchr (path + 1, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *name = g_strndup (path, (gsize) (slash - path));
      g_auto (AssayHid) settings = H5I_INVALID_HID;
      g_auto (AssayHid) group = H5I_INVALID_HID;

      if (H5Lexists (self->file, name, H5P_DEFAULT) > 0)
        continue;
      settings = new_creation (H5P_GROUP_CREATE);
      group = H5Gcreate2 (self->file, name, H5P_DEFAULT, settings, H5P_DEFAULT);
      if (group < 0 || !assay_hdf5_set_text (group, "encoding-type", "dict")
          || !assay_hdf5_set_text (group, "encoding-version", "0.1.0"))
        return assay_shard_file_fail (self, name, "make the group", error);
    }
  return TRUE;
}

/* --- arrays ---------------------------------------------------------------------------------------------------------- */

static guint64
count_elements (const AssayArraySpec *spec)
{
  guint64 n = 1;

  for (guint k = 0; k < spec->rank; k++)
    n *= (guint64) spec->dims[k];
  return n;
}

/* Bulk: square tiles on the last two axes. Others: as much of the array as 1 MiB holds, cut along the first axes. */
static void
choose_chunk (const AssayArraySpec *spec, hsize_t *chunk)
{
  gsize width = assay_store_type_width (spec->type), bytes = width;

  for (guint k = 0; k < spec->rank; k++)
    {
      guint from_end = spec->rank - 1 - k;
      gint64 edge = from_end < 2 ? (spec->rank == 1 ? TILE * TILE : TILE) : 1;

      chunk[k] = (hsize_t) (spec->bulk ? MIN (edge, spec->dims[k]) : spec->dims[k]);
      bytes *= (gsize) chunk[k];
    }
  for (guint k = 0; bytes > MAX_CHUNK_BYTES && k < spec->rank; k++)
    while (bytes > MAX_CHUNK_BYTES && chunk[k] > 1)
      {
        bytes = bytes / (gsize) chunk[k] * (gsize) ((chunk[k] + 1) / 2);
        chunk[k] = (chunk[k] + 1) / 2;
      }
}

static gboolean
describe_array (hid_t array, const AssayArraySpec *spec)
{
  gboolean text = spec->type == ASSAY_STORE_TEXT;
  const char *encoding = spec->rank > 0 ? (text ? "string-array" : "array") : (text ? "string" : "numeric-scalar");

  return assay_hdf5_set_text (array, "encoding-type", encoding) && assay_hdf5_set_text (array, "encoding-version", "0.2.0")
         && assay_hdf5_set_text (array, "long_name", spec->long_name != NULL ? spec->long_name : spec->path + 1)
         && assay_hdf5_set_text (array, "units", spec->units != NULL ? spec->units : "1")
         && assay_hdf5_set_text (array, "description", spec->description != NULL ? spec->description : "")
         && assay_hdf5_set_i64 (array, "leaf_bytes", spec->bulk ? ASSAY_DIGEST_LEAF_BULK : ASSAY_DIGEST_LEAF_RESULT)
         && (!spec->redactable || assay_hdf5_set_bool (array, "redactable", TRUE))
         && (spec->type != ASSAY_STORE_BF16 || assay_hdf5_set_text (array, "value_type", "bfloat16"))
         && (spec->rank == 0 || text
             || assay_hdf5_set_text (array, "interpretation", spec->rank == 1 ? "spectrum" : "image"));
}

/* The dataset itself; no axes yet. */
static hid_t
create_dataset (AssayShardFile *self, const AssayArraySpec *spec, const hsize_t *chunk, gboolean extendable, GError **error)
{
  hsize_t dims[ASSAY_STORE_MAX_RANK], most[ASSAY_STORE_MAX_RANK], chosen[ASSAY_STORE_MAX_RANK];
  g_auto (AssayHid) type = assay_hdf5_type (spec->type);
  g_auto (AssayHid) space = H5I_INVALID_HID;
  g_auto (AssayHid) settings = new_creation (H5P_DATASET_CREATE);
  g_auto (AssayHid) array = H5I_INVALID_HID;
  gboolean chunked = extendable || (spec->rank > 0 && spec->type != ASSAY_STORE_TEXT && count_elements (spec) > 0);

  if (H5Lexists (self->file, spec->path, H5P_DEFAULT) > 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s %s: is there already; each path is written once", self->label,
                   spec->path);
      return H5I_INVALID_HID;
    }
  for (guint k = 0; k < spec->rank; k++)
    most[k] = dims[k] = (hsize_t) spec->dims[k];
  if (extendable)
    most[0] = H5S_UNLIMITED;
  if (chunked)
    {
      if (chunk == NULL)
        choose_chunk (spec, chosen);
      H5Pset_chunk (settings, (int) spec->rank, chunk != NULL ? chunk : chosen);
      if (!spec->bulk)
        H5Pset_fletcher32 (settings);
    }
  if (spec->type != ASSAY_STORE_TEXT)
    H5Pset_fill_time (settings, H5D_FILL_TIME_NEVER);
  space = spec->rank > 0 ? H5Screate_simple ((int) spec->rank, dims, most) : H5Screate (H5S_SCALAR);
  array = H5Dcreate2 (self->file, spec->path, type, space, H5P_DEFAULT, settings, H5P_DEFAULT);
  if (array < 0 || !describe_array (array, spec))
    {
      assay_shard_file_fail (self, spec->path, "make the array", error);
      return H5I_INVALID_HID;
    }
  return assay_hid_steal (&array);
}

hid_t
assay_shard_file_create (AssayShardFile *self, const AssayArraySpec *spec, const hsize_t *chunk, gboolean extendable,
                         GError **error)
{
  g_auto (AssayHid) array = H5I_INVALID_HID;

  if (!assay_array_spec_check (spec, self->label, error) || !make_groups (self, spec->path, error))
    return H5I_INVALID_HID;
  array = create_dataset (self, spec, chunk, extendable, error);
  if (array < 0 || !assay_shard_scales_add_array (self, spec, extendable, error))
    return H5I_INVALID_HID;
  return assay_hid_steal (&array);
}

static gboolean
write_whole (AssayShardFile *self, hid_t array, const AssayArraySpec *spec, const void *values, GError **error)
{
  g_auto (AssayHid) type = assay_hdf5_type (spec->type);

  if (count_elements (spec) > 0 && H5Dwrite (array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
    return assay_shard_file_fail (self, spec->path, "write the array", error);
  return TRUE;
}

gboolean
assay_shard_file_put (AssayShardFile *self, const AssayArraySpec *spec, const void *values, GError **error)
{
  g_auto (AssayHid) array = assay_shard_file_create (self, spec, NULL, FALSE, error);

  return array >= 0 && write_whole (self, array, spec, values, error);
}

gboolean
assay_shard_file_put_axis (AssayShardFile *self, const AssayArraySpec *spec, const void *values, GError **error)
{
  g_auto (AssayHid) array = H5I_INVALID_HID;

  if (!assay_array_spec_check (spec, self->label, error))
    return FALSE;
  if (spec->rank != 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s %s: an axis has rank 1, not %u", self->label, spec->path,
                   spec->rank);
      return FALSE;
    }
  if (!make_groups (self, spec->path, error))
    return FALSE;
  array = create_dataset (self, spec, NULL, FALSE, error);
  return array >= 0 && write_whole (self, array, spec, values, error)
         && assay_shard_scales_add_axis (self, array, spec->path, spec->dims[0], error);
}

gboolean
assay_shard_file_put_index (AssayShardFile *self, const char *array_path, const char *name, gint64 start, gint64 n,
                            GError **error)
{
  g_autofree char *path = assay_shard_axis_path (array_path, name);
  g_autofree gint64 *values = NULL;
  AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_I64, .rank = 1, .dims = { n }, .long_name = name,
                          .description = "index along this axis" };

  if (g_hash_table_contains (self->axes, path))
    return TRUE;
  values = g_try_new (gint64, MAX (n, 1));
  if (values == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s %s: no memory for %" G_GINT64_FORMAT " coordinates",
                   self->label, path, n);
      return FALSE;
    }
  for (gint64 i = 0; i < n; i++)
    values[i] = start + i;
  return assay_shard_file_put_axis (self, &spec, values, error);
}

/* --- attributes ------------------------------------------------------------------------------------------------------ */

static hid_t
open_object (AssayShardFile *self, const char *path, GError **error)
{
  hid_t object = strcmp (path, "/") == 0 || is_path (path) ? H5Oopen (self->file, path, H5P_DEFAULT) : H5I_INVALID_HID;

  if (object < 0)
    {
      H5Eclear2 (H5E_DEFAULT);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s %s: an attribute was set on something that is not there",
                   self->label, path);
    }
  return object;
}

gboolean
assay_shard_file_set_text (AssayShardFile *self, const char *path, const char *name, const char *value, GError **error)
{
  g_auto (AssayHid) object = open_object (self, path, error);

  if (object < 0)
    return FALSE;
  return assay_hdf5_set_text (object, name, value) || assay_shard_file_fail (self, path, "write an attribute", error);
}

gboolean
assay_shard_file_set_number (AssayShardFile *self, const char *path, const char *name, double value, GError **error)
{
  g_auto (AssayHid) object = open_object (self, path, error);

  if (object < 0)
    return FALSE;
  return assay_hdf5_set_f64 (object, name, value) || assay_shard_file_fail (self, path, "write an attribute", error);
}
