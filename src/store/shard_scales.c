/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_scales.c: dimension scales by the HDF5 Dimension Scale Specification, and NeXus plot attributes. */
#include "store/shard_scales.h"

#include <string.h>

#include "base/error.h"

typedef struct {
  char  *path;                  /* where it was made */
  gint64 n;
  GArray *users;                /* of Reference */
  gint   links;                 /* entries of the table that mean this axis */
} Axis;

typedef struct {                /* as stored in REFERENCE_LIST */
  hobj_ref_t array;
  gint32     axis;
} Reference;

struct _AssayScaledArray {
  char *path;
  guint rank;
  char *axes[ASSAY_STORE_MAX_RANK];     /* full paths */
};

void
assay_scaled_array_free (AssayScaledArray *self)
{
  for (guint k = 0; k < self->rank; k++)
    g_free (self->axes[k]);
  g_free (self->path);
  g_free (self);
}

void
assay_shard_axes_free (AssayShardFile *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->axes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Axis *axis = value;

      if (--axis->links > 0)
        continue;
      g_array_unref (axis->users);
      g_free (axis->path);
      g_free (axis);
    }
  g_hash_table_unref (self->axes);
}

static char *
group_of (const char *path)
{
  return g_strndup (path, (gsize) (strrchr (path, '/') - path));
}

char *
assay_shard_axis_path (const char *array_path, const char *name)
{
  g_autofree char *group = group_of (array_path);

  return g_strdup_printf ("%s/%s", group, name);
}

/* Fixed-length text, as the specification of dimension scales wants its two words. */
static gboolean
set_fixed_text (hid_t object, const char *name, const char *value)
{
  g_auto (AssayHid) type = H5Tcopy (H5T_C_S1);
  g_auto (AssayHid) space = H5Screate (H5S_SCALAR);
  g_auto (AssayHid) attribute = H5I_INVALID_HID;

  H5Tset_size (type, strlen (value) + 1);
  attribute = H5Acreate2 (object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  return attribute >= 0 && H5Awrite (attribute, type, value) >= 0;
}

gboolean
assay_shard_scales_add_axis (AssayShardFile *self, hid_t dataset, const char *path, gint64 n, GError **error)
{
  Axis *axis;

  if (!set_fixed_text (dataset, "CLASS", "DIMENSION_SCALE") || !set_fixed_text (dataset, "NAME", strrchr (path, '/') + 1))
    return assay_shard_file_fail (self, path, "make the axis", error);
  axis = g_new0 (Axis, 1);
  axis->path = g_strdup (path);
  axis->n = n;
  axis->users = g_array_new (FALSE, TRUE, sizeof (Reference));
  axis->links = 1;
  g_hash_table_insert (self->axes, g_strdup (path), axis);
  return TRUE;
}

/* An axis of that name and length in another group. */
static Axis *
find_elsewhere (AssayShardFile *self, const char *name, gint64 n)
{
  GHashTableIter iter;
  gpointer value;
  Axis *best = NULL;

  g_hash_table_iter_init (&iter, self->axes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Axis *axis = value;

      if (axis->n == n && strcmp (strrchr (axis->path, '/') + 1, name) == 0
          && (best == NULL || strcmp (axis->path, best->path) < 0))
        best = axis;
    }
  return best;
}

static gboolean
use_axis (AssayShardFile *self, const AssayArraySpec *spec, guint k, const char *name, const char *path, GError **error)
{
  Axis *axis = g_hash_table_lookup (self->axes, path);

  if (axis == NULL && (axis = find_elsewhere (self, name, spec->dims[k])) != NULL)
    {
      if (H5Lcreate_hard (self->file, axis->path, self->file, path, H5P_DEFAULT, H5P_DEFAULT) < 0)
        return assay_shard_file_fail (self, path, "link the axis", error);
      axis->links++;
      g_hash_table_insert (self->axes, g_strdup (path), axis);
    }
  if (axis == NULL)
    return assay_shard_file_put_index (self, spec->path, name, 0, spec->dims[k], error);
  if (axis->n == spec->dims[k])
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE,
               "%s %s: axis %u (%s) has length %" G_GINT64_FORMAT ", but its coordinates have %" G_GINT64_FORMAT, self->label,
               spec->path, k, name, spec->dims[k], axis->n);
  return FALSE;
}

gboolean
assay_shard_scales_add_array (AssayShardFile *self, const AssayArraySpec *spec, gboolean extendable, GError **error)
{
  AssayScaledArray *array = g_new0 (AssayScaledArray, 1);

  array->path = g_strdup (spec->path);
  array->rank = spec->rank;
  g_ptr_array_add (self->arrays, array);
  for (guint k = 0; k < spec->rank; k++)
    {
      g_autofree char *made_up = NULL;
      const char *name = spec->axes[k];

      if (name == NULL)
        name = made_up = g_strdup_printf ("%s_axis%u", strrchr (spec->path, '/') + 1, k);
      array->axes[k] = assay_shard_axis_path (spec->path, name);
      if (!(extendable && k == 0) && !use_axis (self, spec, k, name, array->axes[k], error))
        return FALSE;
    }
  return TRUE;
}

/* --- the end --------------------------------------------------------------------------------------------------------- */

/* One reference per axis; each axis learns who uses it. */
static gboolean
write_dimension_list (AssayShardFile *self, const AssayScaledArray *array, hid_t dataset)
{
  g_auto (AssayHid) type = H5Tvlen_create (H5T_STD_REF_OBJ);
  g_auto (AssayHid) space = H5I_INVALID_HID;
  g_auto (AssayHid) attribute = H5I_INVALID_HID;
  hsize_t dims[1] = { array->rank };
  hobj_ref_t targets[ASSAY_STORE_MAX_RANK];
  hvl_t lists[ASSAY_STORE_MAX_RANK];

  for (guint k = 0; k < array->rank; k++)
    {
      Axis *axis = g_hash_table_lookup (self->axes, array->axes[k]);
      Reference user;

      memset (&user, 0, sizeof user);
      user.axis = (gint32) k;
      if (axis == NULL || H5Rcreate (&targets[k], self->file, axis->path, H5R_OBJECT, -1) < 0
          || H5Rcreate (&user.array, self->file, array->path, H5R_OBJECT, -1) < 0)
        return FALSE;
      g_array_append_val (axis->users, user);
      lists[k].len = 1;
      lists[k].p = &targets[k];
    }
  space = H5Screate_simple (1, dims, NULL);
  attribute = H5Acreate2 (dataset, "DIMENSION_LIST", type, space, H5P_DEFAULT, H5P_DEFAULT);
  return attribute >= 0 && H5Awrite (attribute, type, lists) >= 0;
}

static gboolean
write_reference_list (AssayShardFile *self, const Axis *axis)
{
  g_auto (AssayHid) dataset = H5Dopen2 (self->file, axis->path, H5P_DEFAULT);
  g_auto (AssayHid) type = H5Tcreate (H5T_COMPOUND, sizeof (Reference));
  g_auto (AssayHid) stored = H5Tcreate (H5T_COMPOUND, 12);
  g_auto (AssayHid) space = H5I_INVALID_HID;
  g_auto (AssayHid) attribute = H5I_INVALID_HID;
  hsize_t dims[1] = { axis->users->len };

  if (axis->users->len == 0)
    return TRUE;
  H5Tinsert (type, "dataset", HOFFSET (Reference, array), H5T_STD_REF_OBJ);
  H5Tinsert (type, "dimension", HOFFSET (Reference, axis), H5T_STD_I32LE);
  H5Tinsert (stored, "dataset", 0, H5T_STD_REF_OBJ);
  H5Tinsert (stored, "dimension", 8, H5T_STD_I32LE);
  space = H5Screate_simple (1, dims, NULL);
  attribute = H5Acreate2 (dataset, "REFERENCE_LIST", stored, space, H5P_DEFAULT, H5P_DEFAULT);
  return attribute >= 0 && H5Awrite (attribute, type, axis->users->data) >= 0;
}

/* The first array of a group is what a viewer plots. */
static gboolean
write_plot (AssayShardFile *self, const AssayScaledArray *array)
{
  g_autofree char *group_path = group_of (array->path);
  g_auto (AssayHid) group = H5Gopen2 (self->file, *group_path != '\0' ? group_path : "/", H5P_DEFAULT);
  const char *names[ASSAY_STORE_MAX_RANK];

  if (H5Aexists (group, "signal") > 0 || array->rank == 0)
    return group >= 0;
  for (guint k = 0; k < array->rank; k++)
    names[k] = strrchr (array->axes[k], '/') + 1;
  return group >= 0 && assay_hdf5_set_text (group, "NX_class", "NXdata")
         && assay_hdf5_set_text (group, "signal", strrchr (array->path, '/') + 1)
         && assay_hdf5_set_texts (group, "axes", names, array->rank);
}

static int
compare_axes (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(Axis *const *) a)->path, (*(Axis *const *) b)->path);
}

/* Every axis once, by path: the bytes of the file must not depend on a hash table's order. */
static GPtrArray *
list_axes (AssayShardFile *self)
{
  GPtrArray *axes = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer path, value;

  g_hash_table_iter_init (&iter, self->axes);
  while (g_hash_table_iter_next (&iter, &path, &value))
    if (strcmp (path, ((Axis *) value)->path) == 0)
      g_ptr_array_add (axes, value);
  g_ptr_array_sort (axes, compare_axes);
  return axes;
}

gboolean
assay_shard_scales_finish (AssayShardFile *self, GError **error)
{
  g_autoptr (GPtrArray) axes = list_axes (self);

  for (guint i = 0; i < self->arrays->len; i++)
    {
      const AssayScaledArray *array = g_ptr_array_index (self->arrays, i);
      g_auto (AssayHid) dataset = H5Dopen2 (self->file, array->path, H5P_DEFAULT);

      if (dataset < 0 || (array->rank > 0 && !write_dimension_list (self, array, dataset)) || !write_plot (self, array))
        return assay_shard_file_fail (self, array->path, "tie the array to its axes", error);
    }
  for (guint i = 0; i < axes->len; i++)
    {
      const Axis *axis = g_ptr_array_index (axes, i);

      if (!write_reference_list (self, axis))
        return assay_shard_file_fail (self, axis->path, "tie the axis to its arrays", error);
    }
  return TRUE;
}
