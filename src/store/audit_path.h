/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_path.h: the hashes that lead from one leaf of a Merkle tree (RFC 6962) to its root.
 *
 * Levels from the leaves up: neighbours are joined in pairs, and a last one without a neighbour moves up as it is. That gives the tree of
 * RFC 6962 for any number of leaves, and makes a path the neighbours met on the way, nearest to the leaf first.
 *
 * Ownership: a tree copies its leaves. Thread rule: pure functions; a tree is immutable.
 */
#pragma once

#include "store/digest.h"

typedef struct _AssayAuditTree AssayAuditTree;

/* Cost: n hashes. */
AssayAuditTree *assay_audit_tree_new      (const AssayDigest *leaves, gsize n);
void            assay_audit_tree_free     (AssayAuditTree *self);
AssayDigest     assay_audit_tree_get_root (const AssayAuditTree *self);
/* The path of leaf index, which must be below n: an array of AssayDigest. Cost: O(log n). Owns: the caller. */
GArray         *assay_audit_tree_get_path (const AssayAuditTree *self, gsize index);

/* The root that leaf number index of n leads to along that path. FALSE when a path of this length belongs to no such leaf. */
gboolean        assay_audit_path_follow   (const AssayDigest *leaf, guint64 index, guint64 n, const AssayDigest *path, gsize n_path,
                                           AssayDigest *root);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayAuditTree, assay_audit_tree_free)
