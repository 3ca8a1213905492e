/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proof.h: that one element of one array belongs to a content root, shown without the file.
 *
 * A proof holds what makes the array's descriptor, the leaf that the element is in, the hashes from that leaf to the array's tree, and
 * from the array through its groups to the root. Whoever trusts the root needs nothing else to trust the element.
 *
 *   descriptor, leaf bytes -> leaf --audit path--> tree, + attributes -> array
 *   array -> entry of its group --audit path--> entries, + attributes -> group -> entry of the group above ... -> root
 *
 * Ownership: proofs and provers belong to the caller. Thread rule: a proof is plain data and its functions are pure; a prover reads its
 * file on the store's thread while the caller sleeps, for one thread at a time.
 */
#pragma once

#include <jansson.h>

#include "store/content_tree.h"

/* A neighbour on the way up, and its side. */
typedef struct {
  gboolean    is_left;
  AssayDigest digest;
} AssayProofStep;

/* From an object to the group that it is in. Sides take the place of numbers that no hash would hold. */
typedef struct {
  char       *name;
  char        kind;             /* 'd' the array, the first; 'g' a group */
  GArray     *steps;            /* of AssayProofStep: from its entry to the tree over the group's entries */
  AssayDigest attributes;       /* attribute root of that group */
} AssayProofLink;

typedef struct {
  char          *path;          /* logical: "KIND/NAME/group/array" */
  AssayStoreType type;
  guint          rank;
  gint64         dims[ASSAY_STORE_MAX_RANK];
  guint64        leaf_elements;
  guint64        index;         /* the element's, row-major */
  guint64        leaf_index;
  guint8         salt[ASSAY_DIGEST_BYTES];
  gsize          n_salt;        /* 0 or 32 */
  GBytes        *leaf;
  GArray        *audit_path;    /* of AssayDigest: from the leaf to the array's tree */
  AssayDigest    attributes;    /* attribute root of the array */
  GPtrArray     *chain;         /* of AssayProofLink: the array, then its groups upwards */
} AssayProof;

/* Empty, to be filled. */
AssayProof *assay_proof_new       (void);
void        assay_proof_free      (AssayProof *self);

/* What the proof leads to: the root, and the logical path of the group that it is the root of. The caller compares both with what it
 * trusts. Errors: CHECK_FAILED when the parts contradict each other. Owns: the caller frees root_path. */
gboolean    assay_proof_get_root  (const AssayProof *self, AssayDigest *root, char **root_path, GError **error);
/* The element's bits, of a numeric type, in the lower bytes. Errors: CHECK_FAILED for a text, or a leaf that does not hold the element. */
gboolean    assay_proof_get_bits  (const AssayProof *self, guint64 *bits, GError **error);

/* Members path, type, dims, leaf_elems, index, leaf_index, leaf_bytes (base64), salt, audit_path[], attribute_root, chain[]. New reference. */
json_t     *assay_proof_to_json   (const AssayProof *self);
/* Other members are passed over. where names the document. Errors: INPUT, naming the member. */
AssayProof *assay_proof_from_json (const json_t *document, const char *where, GError **error);

/* A file of Assay's layout, with its whole tree in memory. salt_key: 32 bytes, or NULL where nothing is redactable. */
typedef struct _AssayProver AssayProver;
AssayProver *assay_prover_new           (const char *path, const guint8 *salt_key, GError **error);
AssayProver *assay_prover_new_for_bytes (GBytes *bytes, const char *label, const guint8 *salt_key, GError **error);
void         assay_prover_free          (AssayProver *self);
/* Its digest is the content root. Owns: the prover. */
const AssayContentNode *assay_prover_get_tree (const AssayProver *self);
/* path is inside the file: "/group/array". Cost: one read of one leaf; the first proof of an array hashes its leaves' tree.
 * Errors: NOT_FOUND, SHAPE when index is beyond the array. */
AssayProof  *assay_prover_prove         (AssayProver *self, const char *path, guint64 index, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayProof, assay_proof_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayProver, assay_prover_free)
