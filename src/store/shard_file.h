/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_file.h: the inside of one shard while it is being built: groups, arrays, axes, attributes.
 *
 * What is written here is the layout of doc/store-format.md, "Inside a shard".
 * Thread rule: the store's thread only, except assay_array_spec_check. Internal to this floor.
 */
#pragma once

#include "store/digest.h"
#include "store/hdf5_door.h"
#include "store/shard.h"

typedef struct {
  char          *label;         /* "KIND/NAME", for messages */
  hid_t          file;
  AssayFileImage image;
  GHashTable    *axes;          /* path -> Axis (shard_file.c) */
  GPtrArray     *arrays;        /* of Array: which axes each uses */
} AssayShardFile;

/* Pure; any thread. Errors: USAGE for a malformed path, axis or shape. */
gboolean        assay_array_spec_check      (const AssayArraySpec *spec, const char *label, GError **error);

AssayShardFile *assay_shard_file_new        (const char *label, GError **error);
void            assay_shard_file_free       (AssayShardFile *self);

/* Sets the error of a failed call of the library at path: NO_MEMORY when the image could not grow, else IO. Always returns FALSE. */
gboolean        assay_shard_file_fail       (const AssayShardFile *self, const char *path, const char *what, GError **error);

/* An empty array of that shape, with its attributes and axes. chunk NULL: chosen here. extendable: the first axis grows, and its
 * scale must be put by assay_shard_file_put_index before the file ends. Owns: the caller (H5Dclose). */
hid_t           assay_shard_file_create     (AssayShardFile *self, const AssayArraySpec *spec, const hsize_t *chunk,
                                             gboolean extendable, GError **error);
/* Values already of spec->type. */
gboolean        assay_shard_file_put        (AssayShardFile *self, const AssayArraySpec *spec, const void *values,
                                             GError **error);
/* Coordinates: path "/group/NAME" or "/NAME". values: of spec->type; strings for text. */
gboolean        assay_shard_file_put_axis   (AssayShardFile *self, const AssayArraySpec *spec, const void *values,
                                             GError **error);
/* The coordinates start, start+1, ... for the axis name beside the array at path. */
gboolean        assay_shard_file_put_index  (AssayShardFile *self, const char *array_path, const char *name, gint64 start,
                                             gint64 n, GError **error);
gboolean        assay_shard_file_set_text   (AssayShardFile *self, const char *path, const char *name, const char *value,
                                             GError **error);
gboolean        assay_shard_file_set_number (AssayShardFile *self, const char *path, const char *name, double value,
                                             GError **error);

typedef struct {
  const char *kind, *name;
  gint64      rows, row_start;
  const char *layout;           /* of a recording: a digest of its arrays; NULL for a single shard */
  json_t     *meta;
} AssayShardIdentity;

/* Root attributes, scale lists, content root; then closes the file. *bytes points into self and lives as long as it. */
gboolean        assay_shard_file_finish     (AssayShardFile *self, const AssayShardIdentity *identity,
                                             const guint8 *salt_key, AssayDigest *content_root, const void **bytes,
                                             gsize *n, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayShardFile, assay_shard_file_free)
