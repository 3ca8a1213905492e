/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content_tree.h: the whole Merkle tree of one file's logical content ("assay-merkle-1"), down to its leaf hashes.
 *
 * A root says whether two files hold the same values; the tree says where they differ. As text it is one JSON object a line, groups before
 * what is in them, names in the order of their bytes:
 *
 *   {"attributes":{"units":"HEX",...},"dims":[Q,N],"kind":"array","leaf_elements":128,"leaves":["HEX",...],"path":"...","salt_bytes":0,"type":"f64"}
 *   {"attributes":{...},"kind":"group","path":"KIND/NAME"}
 *
 * The root of the text is what follows from it: nothing in it states a digest that its leaves could contradict. Names of attributes are
 * labels: the leaf of an attribute holds the name that counts.
 *
 * Ownership: a node owns what is below it. Thread rule: pure functions; a tree is immutable once made.
 */
#pragma once

#include "store/digest.h"

/* Groups within groups: more is no file of ours, and would be a way to overflow a reader's stack. */
#define ASSAY_CONTENT_MAX_DEPTH 32
/* Objects of one file, each counted once for every way that leads to it. */
#define ASSAY_CONTENT_MAX_OBJECTS (1u << 18)

typedef struct {
  char       *name;
  AssayDigest leaf;
} AssayContentAttribute;

typedef struct _AssayContentNode AssayContentNode;
struct _AssayContentNode {
  char            *path;        /* logical: "KIND/NAME/group/array" */
  const char      *name;        /* the last part of path */
  char             kind;        /* 'g' group, 'd' array */
  AssayContentNode *parent;     /* NULL: the root */
  GPtrArray       *children;    /* of AssayContentNode, by name; empty for arrays */
  GArray          *attributes;  /* of AssayContentAttribute, by name */
  AssayDigest      digest;
  /* arrays */
  AssayStoreType   type;
  guint            rank;
  gint64           dims[ASSAY_STORE_MAX_RANK];
  guint64          leaf_elements;
  gsize            n_salt;      /* bytes of salt of each leaf: 0 or 32 */
  GArray          *leaves;      /* of AssayDigest */
};

/* parent NULL: a root, and name is its whole path. */
AssayContentNode *assay_content_node_new       (AssayContentNode *parent, const char *name, char kind);
void              assay_content_node_free      (AssayContentNode *self);
void              assay_content_node_add_attribute (AssayContentNode *self, const char *name, const AssayDigest *leaf);
/* Root over the leaves of its attributes. */
AssayDigest       assay_content_node_get_attribute_root (const AssayContentNode *self);
/* Path inside the file: "/group/array", "/" for the root. */
const char       *assay_content_node_get_inner_path (const AssayContentNode *self);
guint64           assay_content_node_get_n_elements (const AssayContentNode *self);
/* By its path inside the file; NULL when there is none. */
const AssayContentNode *assay_content_tree_find (const AssayContentNode *root, const char *inner_path);

/* Owns: the caller. */
char             *assay_content_tree_to_text   (const AssayContentNode *root);
/* Computes every digest. label appears in messages. Errors: INPUT, naming the line. */
AssayContentNode *assay_content_tree_parse     (const char *text, gsize n, const char *label, GError **error);

typedef struct {
  char   *path;                 /* inside the file */
  gint64  first_row, last_row;  /* of the first axis; -1: not about single rows */
  char   *text;                 /* "elements 128 to 255 differ" */
} AssayContentDifference;

/* What of expected is missing, other or more in found: an array of AssayContentDifference, empty when the roots are equal. */
GPtrArray        *assay_content_tree_compare   (const AssayContentNode *expected, const AssayContentNode *found);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayContentNode, assay_content_node_free)
