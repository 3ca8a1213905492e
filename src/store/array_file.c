/* SPDX-License-Identifier: GPL-3.0-or-later */
/* array_file.c: three formats, one array. */
#include "store/array_file.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/hdf5_door.h"
#include "store/io_thread.h"
#include "store/npy.h"
#include "store/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAGIC 8

void
assay_array_file_free (AssayArrayFile *array)
{
  if (array == NULL)
    return;
  g_free (array->label);
  assay_mem_free (array->values);
  g_free (array);
}

/* Room for an array of that shape; the label is the file's, with the array's name. */
static AssayArrayFile *
new_array (const char *path, const char *name, guint rank, const gint64 *dims, guint64 n_elements, GError **error)
{
  AssayArrayFile *array;
  double *values;

  if (rank > ASSAY_STORE_MAX_RANK)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: %s: at most %d axes expected, %u found", path, name, ASSAY_STORE_MAX_RANK, rank);
      return NULL;
    }
  values = assay_mem_alloc_array (MAX (n_elements, 1), sizeof (double), error);
  if (values == NULL)
    return NULL;
  array = g_new0 (AssayArrayFile, 1);
  array->label = name[0] != '\0' ? g_strdup_printf ("%s: %s", path, name) : g_strdup (path);
  array->rank = rank;
  memcpy (array->dims, dims, rank * sizeof *dims);
  array->n_elements = n_elements;
  array->values = values;
  return array;
}

/* --- npy and safetensors ------------------------------------------------------------------------------------------------- */

static AssayArrayFile *
read_npy (const char *path, GError **error)
{
  g_autoptr (AssayNpy) npy = assay_npy_read (path, error);
  g_autoptr (AssayArrayFile) array = npy ? new_array (path, "", npy->rank, npy->dims, npy->n_elements, error) : NULL;

  if (array == NULL || !assay_store_convert (ASSAY_STORE_F64, array->values, npy->type, npy->data, npy->n_elements, error))
    return NULL;
  return g_steal_pointer (&array);
}

static AssayArrayFile *
several (const char *path, gsize n, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, n == 0 ? "%s: an array expected, %" G_GSIZE_FORMAT " found" : "%s: one array expected, %" G_GSIZE_FORMAT
               " found; name one with --array", path, n);
  return NULL;
}

static AssayArrayFile *
read_safetensors (const char *path, const char *name, GError **error)
{
  g_autoptr (AssaySafetensors) file = assay_safetensors_open (path, error);
  const AssaySafetensor *tensor;
  g_autofree char *safe = NULL;
  g_autoptr (AssayArrayFile) array = NULL;

  if (file == NULL)
    return NULL;
  if (name == NULL && assay_safetensors_get_n (file) != 1)
    return several (path, assay_safetensors_get_n (file), error);
  tensor = name ? assay_safetensors_find (file, name) : assay_safetensors_get (file, 0);
  if (tensor == NULL)
    {
      safe = assay_text_escape (name, FALSE);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: no tensor \"%s\"", path, safe);
      return NULL;
    }
  safe = assay_text_escape (tensor->name, FALSE);
  array = new_array (path, safe, tensor->rank, tensor->dims, tensor->n_elements, error);
  if (array == NULL || !assay_safetensors_read (tensor, ASSAY_STORE_F64, array->values, error))
    return NULL;
  return g_steal_pointer (&array);
}

/* --- HDF5 ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const char *path, *name;
  AssayArrayFile *array;
} Request;

/* The only dataset in the root. Owns: the caller. */
static char *
find_only (hid_t file, const char *path, GError **error)
{
  g_auto (GStrv) links = assay_hdf5_list_links (file);
  char *only = NULL;
  gsize n = 0;

  for (char **link = links; link != NULL && *link != NULL; link++)
    {
      g_auto (AssayHid) child = assay_hdf5_open_child (file, *link);

      if (child < 0 || H5Iget_type (child) != H5I_DATASET)
        continue;
      n++;
      if (only == NULL)
        only = g_strdup (*link);
    }
  if (n == 1)
    return only;
  g_free (only);
  several (path, n, error);
  return NULL;
}

/* Walks the path link by link, so that nothing outside the file is followed. */
static hid_t
open_dataset (hid_t file, const char *path, const char *name, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  g_auto (AssayHid) at = H5Gopen2 (file, "/", H5P_DEFAULT);
  g_autofree char *safe = assay_text_escape (name, FALSE);

  for (char **part = parts; *part != NULL && at >= 0; part++)
    if (**part != '\0')
      {
        hid_t next = H5Iget_type (at) == H5I_GROUP ? assay_hdf5_open_child (at, *part) : H5I_INVALID_HID;

        assay_hid_close (at);
        at = next;
      }
  if (at >= 0 && H5Iget_type (at) == H5I_DATASET && assay_hdf5_is_inside (at))
    return assay_hid_steal (&at);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: no array \"%s\" in the file", path, safe);
  return H5I_INVALID_HID;
}

static gboolean
read_values (Request *r, hid_t dataset, const char *name, GError **error)
{
  g_auto (AssayHid) space = H5Dget_space (dataset), type = H5Dget_type (dataset);
  hsize_t dims[H5S_MAX_RANK];
  gint64 counts[H5S_MAX_RANK];
  int rank = H5Sget_simple_extent_ndims (space);
  g_autofree char *safe = assay_text_escape (name, FALSE);
  H5T_class_t class = H5Tget_class (type);
  guint64 bytes;

  if (rank < 0 || H5Sget_simple_extent_dims (space, dims, NULL) < 0 || (class != H5T_FLOAT && class != H5T_INTEGER)
      || !assay_hdf5_measure (ASSAY_STORE_F64, rank, dims, &bytes))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s: an array of numbers expected", r->path, safe);
      return FALSE;
    }
  for (int k = 0; k < rank; k++)
    counts[k] = (gint64) dims[k];
  r->array = new_array (r->path, safe, (guint) rank, counts, (guint64) H5Sget_simple_extent_npoints (space), error);
  if (r->array == NULL)
    return FALSE;
  if (H5Dread (dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, r->array->values) >= 0)
    return TRUE;
  g_clear_pointer (&r->array, assay_array_file_free);
  return assay_hdf5_fail (error, r->path, "read the array");
}

static gboolean
read_hdf5 (gpointer data, GError **error)
{
  Request *r = data;
  g_auto (AssayHid) file = H5I_INVALID_HID;
  g_auto (AssayHid) dataset = H5I_INVALID_HID;
  g_autofree char *only = NULL;
  const char *name;

  file = assay_hdf5_open_file (r->path, error);
  if (file < 0)
    return FALSE;
  only = r->name ? NULL : find_only (file, r->path, error);
  name = r->name ? r->name : only;
  if (name == NULL)
    return FALSE;
  dataset = open_dataset (file, r->path, name, error);
  return dataset >= 0 && read_values (r, dataset, name, error);
}

/* --- which format -------------------------------------------------------------------------------------------------------- */

static gboolean
read_magic (const char *path, guint8 *magic, GError **error)
{
  int file = open (path, O_RDONLY | O_CLOEXEC), fault = errno;
  ssize_t n = file >= 0 ? read (file, magic, MAGIC) : -1;

  if (file >= 0)
    close (file);
  if (file < 0)
    g_set_error (error, ASSAY_ERROR, fault == ENOENT ? ASSAY_ERROR_NOT_FOUND : fault == EACCES ? ASSAY_ERROR_PERMISSION : ASSAY_ERROR_IO,
                 "%s: cannot be opened: %s", path, g_strerror (fault));
  else if (n < MAGIC)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a .npy, safetensors or HDF5 file expected, fewer than %d bytes found", path, MAGIC);
  return n == MAGIC;
}

AssayArrayFile *
assay_array_file_read (const char *path, const char *name, GError **error)
{
  Request r = { path, name, NULL };
  guint8 magic[MAGIC] = { 0 };

  if (!read_magic (path, magic, error))
    return NULL;
  if (memcmp (magic, "\x93NUMPY", 6) == 0)
    return read_npy (path, error);
  if (memcmp (magic, "\x89HDF\r\n\x1a\n", 8) != 0)
    return read_safetensors (path, name, error);
  return assay_store_call (read_hdf5, &r, error) ? r.array : NULL;
}
