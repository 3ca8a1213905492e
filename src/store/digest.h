/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest.h: "assay-merkle-1", the digest over logical values. SHA-256; u64 is little-endian; lp(x) = u64 length | bytes.
 *
 *   descriptor  D = H(0x02 | lp(path) | lp(type) | u64 rank | u64 dims[] | u64 leaf_elems | u64 salt_len)
 *   leaf k          H(0x00 | D | u64 k | salt | bytes)       salt = HMAC-SHA-256 (key, D | u64 k) where asked
 *   node            H(0x01 | left | right)                   tree of the shape of RFC 6962
 *   dataset         H(0x03 | D | tree root | attribute root)
 *   group entry     H(0x04 | lp(name) | kind | child)        kind: 'd' dataset, 'g' group
 *   group           H(0x05 | tree root over the sorted entries | attribute root)
 *
 * A leaf is a block of logical elements, never a storage chunk: repacking, compression, sharding keep the root.
 * store/audit_path.h has the paths through a tree, store/content_tree.h the tree of a whole file.
 * Thread rule: one thread at a time per builder; the rest are pure functions.
 */
#pragma once

#include <glib.h>

#include "store/types.h"

#define ASSAY_DIGEST_BYTES 32
#define ASSAY_DIGEST_LEAF_RESULT 1024           /* bytes of a leaf: small proofs */
#define ASSAY_DIGEST_LEAF_BULK 65536            /* activations, gradients */

typedef struct { guint8 bytes[ASSAY_DIGEST_BYTES]; } AssayDigest;

AssayDigest assay_digest_of_bytes (const void *bytes, gsize n);
char       *assay_digest_to_hex   (const AssayDigest *digest);
/* Lower-case digits, as assay_digest_to_hex writes them: a digest has one spelling. */
gboolean    assay_digest_from_hex (const char *hex, AssayDigest *digest);
gboolean    assay_digest_equal    (const AssayDigest *a, const AssayDigest *b);

/* Elements per leaf: whole rows (one index of the first axis) where a row fits into leaf_bytes, else whole elements.
 * Text and redactable arrays: 1. */
guint64     assay_digest_leaf_elements (AssayStoreType type, guint rank, const gint64 *dims, gsize leaf_bytes);

/* The pieces by themselves, for whoever recomputes a root. salt: n_salt bytes, none where 0. */
AssayDigest assay_digest_descriptor (const char *path, const char *type, guint rank, const gint64 *dims, guint64 leaf_elements, gsize n_salt);
AssayDigest assay_digest_leaf  (const AssayDigest *descriptor, guint64 k, const guint8 *salt, gsize n_salt, const void *bytes, gsize n);
AssayDigest assay_digest_node  (const AssayDigest *left, const AssayDigest *right);
AssayDigest assay_digest_array (const AssayDigest *descriptor, const AssayDigest *tree, const AssayDigest *attributes);
AssayDigest assay_digest_entry (const char *name, char kind, const AssayDigest *child);
AssayDigest assay_digest_group (const AssayDigest *entries, const AssayDigest *attributes);

/* The tree over leaves that arrive one by one: memory O(log n). No leaves: H(""). */
typedef struct _AssayMerkle AssayMerkle;
AssayMerkle *assay_merkle_new    (void);
void         assay_merkle_free   (AssayMerkle *self);
void         assay_merkle_add    (AssayMerkle *self, const AssayDigest *leaf);
AssayDigest  assay_merkle_root   (AssayMerkle *self);

/* One dataset or attribute ("P@name"). type: a fixed word. salt_key: 32 bytes, or NULL for no salt. */
typedef struct _AssayArrayDigest AssayArrayDigest;
AssayArrayDigest *assay_array_digest_new  (const char *path, const char *type, guint rank, const gint64 *dims,
                                           guint64 leaf_elements, const guint8 *salt_key);
void              assay_array_digest_free (AssayArrayDigest *self);
void              assay_array_digest_leaf (AssayArrayDigest *self, const void *bytes, gsize n);
/* From now on every leaf hash is also appended to leaves, an array of AssayDigest that outlives self. */
void              assay_array_digest_keep (AssayArrayDigest *self, GArray *leaves);
/* salt = HMAC-SHA-256 (key, D | u64 k) */
void              assay_digest_salt       (const guint8 *key, const AssayDigest *descriptor, guint64 k, guint8 salt[ASSAY_DIGEST_BYTES]);
/* Tree root over the leaves given so far. */
AssayDigest       assay_array_digest_root (AssayArrayDigest *self);
/* H(0x03 | D | tree root | attribute root). */
AssayDigest       assay_array_digest_dataset (AssayArrayDigest *self, const AssayDigest *attribute_root);

/* Entries in any order; the root sorts them by name bytes. */
typedef struct _AssayGroupDigest AssayGroupDigest;
AssayGroupDigest *assay_group_digest_new  (void);
void              assay_group_digest_free (AssayGroupDigest *self);
void              assay_group_digest_add  (AssayGroupDigest *self, const char *name, char kind, const AssayDigest *child);
AssayDigest       assay_group_digest_root (AssayGroupDigest *self, const AssayDigest *attribute_root);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayMerkle, assay_merkle_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayArrayDigest, assay_array_digest_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayGroupDigest, assay_group_digest_free)
