/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_digest.h: the content root of a shard, read back through HDF5.
 *
 * The same function serves the writer before it publishes (so what is published has been read back once) and the verifier.
 * Thread rule: the store's thread only. Internal to this floor.
 */
#pragma once

#include "store/content_tree.h"
#include "store/hdf5_door.h"

/* prefix: the logical path of the root, "KIND/NAME". salt_key: 32 bytes for redactable arrays; NULL is an error when one is met.
 * label appears in messages. */
gboolean assay_shard_digest (hid_t file, const char *prefix, const guint8 *salt_key, const char *label, AssayDigest *root,
                             GError **error);

/* The same with all leaf hashes kept, and without minding HDF5's own checksums: for comparisons. Owns: the caller. */
AssayContentNode *assay_shard_content_tree (hid_t file, const char *prefix, const guint8 *salt_key, const char *label, GError **error);
