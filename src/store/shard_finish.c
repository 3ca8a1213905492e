/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_finish.c: what a shard says about itself, and its end: content root, close, bytes. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/shard_digest.h"
#include "store/shard_file.h"
#include "store/shard_scales.h"

static char *
clock_utc (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  return g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
}

/* From meta where it is given there (equal content, equal bytes), else made up now. */
static gboolean
set_identity (hid_t root, json_t *meta, const char *key, char *(*make) (void))
{
  const char *given = json_string_value (json_object_get (meta, key));
  g_autofree char *made = given == NULL ? make () : NULL;

  return assay_hdf5_set_text (root, key, given != NULL ? given : made);
}

static gboolean
set_meta (hid_t root, json_t *meta)
{
  char *text = json_dumps (meta, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION (17));
  gboolean ok = text != NULL && assay_hdf5_set_text (root, "meta", text);

  free (text);
  return ok;
}

/* The group that a viewer opens first. */
static gboolean
set_default (AssayShardFile *self, hid_t root)
{
  g_auto (GStrv) names = assay_hdf5_list_links (root);

  if (H5Aexists (root, "signal") > 0)
    return TRUE;
  for (char **name = names; *name != NULL; name++)
    {
      g_auto (AssayHid) object = H5Oopen (self->file, *name, H5P_DEFAULT);

      if (H5Iget_type (object) == H5I_GROUP)
        return assay_hdf5_set_text (root, "NX_class", "NXroot") && assay_hdf5_set_text (root, "default", *name);
    }
  return assay_hdf5_set_text (root, "NX_class", "NXroot");
}

static gboolean
describe_root (AssayShardFile *self, const AssayShardIdentity *identity)
{
  g_auto (AssayHid) root = H5Gopen2 (self->file, "/", H5P_DEFAULT);

  return root >= 0 && assay_hdf5_set_text (root, "conventions", "Assay-1.0")
         && assay_hdf5_set_i64 (root, "schema_version", ASSAY_CASE_FORMAT) && assay_hdf5_set_text (root, "creator", "Assay")
         && assay_hdf5_set_text (root, "creator_version", PACKAGE_VERSION)
         && set_identity (root, identity->meta, "created_utc", clock_utc)
         && set_identity (root, identity->meta, "run_uuid", g_uuid_string_random)
         && assay_hdf5_set_text (root, "encoding-type", "dict") && assay_hdf5_set_text (root, "encoding-version", "0.1.0")
         && assay_hdf5_set_text (root, "kind", identity->kind) && assay_hdf5_set_text (root, "name", identity->name)
         && assay_hdf5_set_i64 (root, "rows", identity->rows) && assay_hdf5_set_i64 (root, "row_start", identity->row_start)
         && (identity->layout == NULL || assay_hdf5_set_text (root, "layout", identity->layout))
         && set_meta (root, identity->meta) && set_default (self, root);
}

gboolean
assay_shard_file_finish (AssayShardFile *self, const AssayShardIdentity *identity, const guint8 *salt_key,
                         AssayDigest *content_root, const void **bytes, gsize *n, GError **error)
{
  herr_t closed;

  if (!assay_shard_scales_finish (self, error))
    return FALSE;
  if (!describe_root (self, identity) || H5Fflush (self->file, H5F_SCOPE_LOCAL) < 0)
    return assay_shard_file_fail (self, "/", "complete the shard", error);
  if (!assay_shard_digest (self->file, self->label, salt_key, self->label, content_root, error))
    return FALSE;
  closed = H5Fclose (self->file);
  self->file = H5I_INVALID_HID;
  if (closed < 0)
    return assay_shard_file_fail (self, "/", "close the shard", error);
  *bytes = self->image.bytes;
  *n = assay_file_image_size (&self->image);
  return TRUE;
}
