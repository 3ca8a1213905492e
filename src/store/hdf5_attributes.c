/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hdf5_attributes.c: attributes and links, the small things around the arrays. */
#include <string.h>

#include "store/hdf5_door.h"

static gboolean
write_attribute (hid_t object, const char *name, hid_t type, hid_t space, const void *value)
{
  g_auto (AssayHid) attribute = H5I_INVALID_HID;

  if (H5Aexists (object, name) > 0 && H5Adelete (object, name) < 0)
    return FALSE;
  attribute = H5Acreate2 (object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  return attribute >= 0 && H5Awrite (attribute, type, value) >= 0;
}

static gboolean
write_scalar (hid_t object, const char *name, AssayStoreType store_type, const void *value)
{
  g_auto (AssayHid) type = assay_hdf5_type (store_type);
  g_auto (AssayHid) space = H5Screate (H5S_SCALAR);

  return write_attribute (object, name, type, space, value);
}

gboolean
assay_hdf5_set_text (hid_t object, const char *name, const char *value)
{
  return write_scalar (object, name, ASSAY_STORE_TEXT, &value);
}

gboolean
assay_hdf5_set_texts (hid_t object, const char *name, const char *const *values, gsize n)
{
  hsize_t dims[1] = { n };
  g_auto (AssayHid) type = assay_hdf5_type (ASSAY_STORE_TEXT);
  g_auto (AssayHid) space = H5Screate_simple (1, dims, NULL);

  return write_attribute (object, name, type, space, values);
}

gboolean
assay_hdf5_set_i64 (hid_t object, const char *name, gint64 value)
{
  return write_scalar (object, name, ASSAY_STORE_I64, &value);
}

gboolean
assay_hdf5_set_f64 (hid_t object, const char *name, double value)
{
  return write_scalar (object, name, ASSAY_STORE_F64, &value);
}

gboolean
assay_hdf5_set_bool (hid_t object, const char *name, gboolean value)
{
  gint8 byte = value ? 1 : 0;

  return write_scalar (object, name, ASSAY_STORE_BOOL, &byte);
}

/* An existing scalar attribute of that class. */
static hid_t
open_scalar (hid_t object, const char *name, H5T_class_t class)
{
  g_auto (AssayHid) space = H5I_INVALID_HID;
  g_auto (AssayHid) type = H5I_INVALID_HID;
  hid_t attribute;

  if (H5Aexists (object, name) <= 0)
    return H5I_INVALID_HID;
  attribute = H5Aopen (object, name, H5P_DEFAULT);
  space = H5Aget_space (attribute);
  type = H5Aget_type (attribute);
  if (H5Sget_simple_extent_npoints (space) == 1 && H5Tget_class (type) == class)
    return attribute;
  assay_hid_close (attribute);
  return H5I_INVALID_HID;
}

char *
assay_hdf5_dup_text (hid_t object, const char *name)
{
  g_auto (AssayHid) attribute = open_scalar (object, name, H5T_STRING);
  g_auto (AssayHid) stored = attribute >= 0 ? H5Aget_type (attribute) : H5I_INVALID_HID;
  g_auto (AssayHid) type = H5I_INVALID_HID;
  char *read = NULL, *copy;

  if (attribute < 0 || H5Tis_variable_str (stored) <= 0)
    return NULL;
  type = assay_hdf5_type (ASSAY_STORE_TEXT);
  if (H5Aread (attribute, type, &read) < 0 || read == NULL)
    return NULL;
  copy = g_strdup (read);
  H5free_memory (read);
  return copy;
}

gboolean
assay_hdf5_get_i64 (hid_t object, const char *name, gint64 *value)
{
  g_auto (AssayHid) attribute = open_scalar (object, name, H5T_INTEGER);

  return attribute >= 0 && H5Aread (attribute, H5T_NATIVE_INT64, value) >= 0;
}

gboolean
assay_hdf5_get_f64 (hid_t object, const char *name, double *value)
{
  g_auto (AssayHid) attribute = open_scalar (object, name, H5T_FLOAT);

  return attribute >= 0 && H5Aread (attribute, H5T_NATIVE_DOUBLE, value) >= 0;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static char **
finish_names (GPtrArray *names)
{
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

static herr_t
add_link (hid_t group, const char *name, const H5L_info_t *info, void *names)
{
  (void) group;
  (void) info;
  g_ptr_array_add (names, g_strdup (name));
  return 0;
}

char **
assay_hdf5_list_links (hid_t group)
{
  GPtrArray *names = g_ptr_array_new ();

  H5Literate (group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, add_link, names);
  return finish_names (names);
}

static herr_t
add_attribute (hid_t object, const char *name, const H5A_info_t *info, void *names)
{
  (void) object;
  (void) info;
  g_ptr_array_add (names, g_strdup (name));
  return 0;
}

char **
assay_hdf5_list_attributes (hid_t object)
{
  GPtrArray *names = g_ptr_array_new ();

  H5Aiterate2 (object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, add_attribute, names);
  return finish_names (names);
}
