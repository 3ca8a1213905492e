/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_digest_private.h: what the walk over groups and arrays and the one over attributes have in common. Internal to this floor. */
#pragma once

#include "store/content_tree.h"
#include "store/hdf5_door.h"

typedef struct {
  hid_t         file;
  const guint8 *salt_key;       /* or NULL */
  const char   *label;          /* of the file, for messages */
  guint         n_objects;      /* met so far */
  hid_t         transfer;       /* how values are read */
  GHashTable   *paths;          /* address of an object -> its path in the file; NULL until the first reference is met */
} AssayShardWalk;

/* From the library's error stack. Always FALSE. */
gboolean assay_shard_walk_fail   (const AssayShardWalk *walk, const char *path, const char *what, GError **error);
/* For what Assay does not write. Always FALSE. */
gboolean assay_shard_walk_refuse (const AssayShardWalk *walk, const char *path, GError **error);

/* lp (text); NULL is the empty text. */
void     assay_shard_add_text    (GByteArray *bytes, const char *text);

/* Root over the attributes of an object, sorted by name: one leaf each. node, or NULL, receives the leaves. */
gboolean assay_shard_digest_attributes (AssayShardWalk *walk, hid_t object, const char *path, AssayContentNode *node, AssayDigest *root,
                                        GError **error);
