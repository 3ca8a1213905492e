/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prover.c: proofs made from an open file and its tree. */
#include "store/proof.h"

#include <string.h>

#include "base/error.h"
#include "store/audit_path.h"
#include "store/io_thread.h"
#include "store/shard_digest.h"
#include "store/shard_digest_private.h"

struct _AssayProver {
  char             *label;
  GBytes           *bytes;      /* NULL: label is the path of a file */
  guint8            salt_key[32];
  gboolean          has_salt_key;
  hid_t             file;
  AssayContentNode *tree;
  GHashTable       *audit_trees;        /* node -> AssayAuditTree over its leaves or entries */
};

/* --- opening --------------------------------------------------------------------------------------------------------- */

static gboolean
open_tree (gpointer data, GError **error)
{
  AssayProver *self = data;
  g_auto (AssayHid) root = H5I_INVALID_HID;
  g_autofree char *kind = NULL, *name = NULL, *prefix = NULL;

  self->file = self->bytes != NULL ? assay_hdf5_open_bytes (self->bytes, self->label, error) : assay_hdf5_open_file (self->label, error);
  if (self->file < 0)
    return FALSE;
  root = H5Gopen2 (self->file, "/", H5P_DEFAULT);
  kind = root >= 0 ? assay_hdf5_dup_text (root, "kind") : NULL;
  name = root >= 0 ? assay_hdf5_dup_text (root, "name") : NULL;
  if (kind == NULL || name == NULL || !g_utf8_validate (kind, -1, NULL) || !g_utf8_validate (name, -1, NULL))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: its root has no kind and name; a file written by Assay is expected", self->label);
      return FALSE;
    }
  prefix = g_strdup_printf ("%s/%s", kind, name);
  self->tree = assay_shard_content_tree (self->file, prefix, self->has_salt_key ? self->salt_key : NULL, self->label, error);
  return self->tree != NULL;
}

static AssayProver *
prover_open (const char *label, GBytes *bytes, const guint8 *salt_key, GError **error)
{
  AssayProver *self = g_new0 (AssayProver, 1);

  self->label = g_strdup (label);
  self->bytes = bytes != NULL ? g_bytes_ref (bytes) : NULL;
  self->file = H5I_INVALID_HID;
  self->has_salt_key = salt_key != NULL;
  if (salt_key != NULL)
    memcpy (self->salt_key, salt_key, sizeof self->salt_key);
  self->audit_trees = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) assay_audit_tree_free);
  if (assay_store_call (open_tree, self, error))
    return self;
  assay_prover_free (self);
  return NULL;
}

AssayProver *
assay_prover_new (const char *path, const guint8 *salt_key, GError **error)
{
  return prover_open (path, NULL, salt_key, error);
}

AssayProver *
assay_prover_new_for_bytes (GBytes *bytes, const char *label, const guint8 *salt_key, GError **error)
{
  return prover_open (label, bytes, salt_key, error);
}

static gboolean
close_file (gpointer data, GError **error)
{
  AssayProver *self = data;

  (void) error;
  if (self->file >= 0)
    H5Fclose (self->file);
  return TRUE;
}

void
assay_prover_free (AssayProver *self)
{
  if (self == NULL)
    return;
  assay_store_call (close_file, self, NULL);
  g_hash_table_unref (self->audit_trees);
  assay_content_node_free (self->tree);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self->label);
  g_free (self);
}

const AssayContentNode *
assay_prover_get_tree (const AssayProver *self)
{
  return self->tree;
}

/* --- one leaf -------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayProver            *self;
  const AssayContentNode *array;
  guint64                 first, n;     /* elements */
  GByteArray             *bytes;
} ReadLeaf;

/* Elements first .. first+n-1 in row-major order, whatever the rank: a leaf may begin and end within a row. */
static hid_t
select_elements (const ReadLeaf *r, hid_t dataset)
{
  const AssayContentNode *array = r->array;
  g_autofree hsize_t *points = g_new (hsize_t, r->n * array->rank);
  hid_t space = H5Dget_space (dataset);

  for (guint64 i = 0; i < r->n; i++)
    {
      guint64 rest = r->first + i;

      for (guint k = array->rank; k-- > 0; rest /= (guint64) array->dims[k])
        points[i * array->rank + k] = rest % (guint64) array->dims[k];
    }
  H5Sselect_elements (space, H5S_SELECT_SET, r->n, points);
  return space;
}

static gboolean
read_leaf (gpointer data, GError **error)
{
  ReadLeaf *r = data;
  const char *path = assay_content_node_get_inner_path (r->array);
  AssayShardWalk walk = { .label = r->self->label };
  g_auto (AssayHid) dataset = H5Dopen2 (r->self->file, path, H5P_DEFAULT);
  g_auto (AssayHid) type = assay_hdf5_type (r->array->type);
  g_auto (AssayHid) space = r->array->rank > 0 && dataset >= 0 ? select_elements (r, dataset) : H5Screate (H5S_SCALAR);
  hsize_t n = r->n;
  g_auto (AssayHid) memory = H5Screate_simple (1, &n, NULL);
  hid_t file_space = r->array->rank > 0 ? space : H5S_ALL, memory_space = r->array->rank > 0 ? memory : H5S_ALL;
  char *text = NULL;

  if (dataset < 0)
    return assay_shard_walk_fail (&walk, path, "open it", error);
  if (r->array->type == ASSAY_STORE_TEXT)               /* one a leaf */
    {
      if (H5Dread (dataset, type, memory_space, file_space, H5P_DEFAULT, &text) < 0)
        return assay_shard_walk_fail (&walk, path, "read the text", error);
      assay_shard_add_text (r->bytes, text);
      H5free_memory (text);
      return TRUE;
    }
  g_byte_array_set_size (r->bytes, (guint) (r->n * assay_store_type_width (r->array->type)));
  if (H5Dread (dataset, type, memory_space, file_space, H5P_DEFAULT, r->bytes->data) < 0)
    return assay_shard_walk_fail (&walk, path, "read the leaf", error);
  return TRUE;
}

/* --- the way up ------------------------------------------------------------------------------------------------------ */

/* Over the leaves of an array or the entries of a group. */
static const AssayAuditTree *
audit_tree_of (AssayProver *self, const AssayContentNode *node)
{
  AssayAuditTree *tree = g_hash_table_lookup (self->audit_trees, node);
  g_autoptr (GArray) entries = NULL;

  if (tree != NULL)
    return tree;
  entries = g_array_new (FALSE, FALSE, sizeof (AssayDigest));
  for (guint i = 0; i < node->children->len; i++)
    {
      const AssayContentNode *child = node->children->pdata[i];
      AssayDigest entry = assay_digest_entry (child->name, child->kind, &child->digest);

      g_array_append_val (entries, entry);
    }
  g_array_append_vals (entries, node->leaves->data, node->leaves->len);
  tree = assay_audit_tree_new ((const AssayDigest *) (void *) entries->data, entries->len);
  g_hash_table_insert (self->audit_trees, (gpointer) node, tree);
  return tree;
}

/* The audit path with the sides that the place gives. */
static GArray *
steps_of (AssayProver *self, const AssayContentNode *node)
{
  const AssayContentNode *group = node->parent;
  GArray *steps = g_array_new (FALSE, FALSE, sizeof (AssayProofStep));
  g_autoptr (GArray) path = NULL;
  guint place = 0, used = 0;

  g_ptr_array_find (group->children, node, &place);
  path = assay_audit_tree_get_path (audit_tree_of (self, group), place);
  for (guint n = group->children->len; n > 1; place /= 2, n = (n + 1) / 2)
    if ((place ^ 1) < n)
      {
        AssayProofStep step = { place % 2 != 0, g_array_index (path, AssayDigest, used++) };

        g_array_append_val (steps, step);
      }
  return steps;
}

static void
add_links (AssayProver *self, const AssayContentNode *node, GPtrArray *chain)
{
  for (; node->parent != NULL; node = node->parent)
    {
      AssayProofLink *link = g_new0 (AssayProofLink, 1);

      link->name = g_strdup (node->name);
      link->kind = node->kind;
      link->steps = steps_of (self, node);
      link->attributes = assay_content_node_get_attribute_root (node->parent);
      g_ptr_array_add (chain, link);
    }
}

static void
add_salt (const AssayProver *self, const AssayContentNode *array, AssayProof *proof)
{
  AssayDigest descriptor = assay_digest_descriptor (array->path, assay_store_type_word (array->type), array->rank, array->dims,
                                                    array->leaf_elements, array->n_salt);

  proof->n_salt = array->n_salt;
  if (array->n_salt > 0)
    assay_digest_salt (self->salt_key, &descriptor, proof->leaf_index, proof->salt);
}

AssayProof *
assay_prover_prove (AssayProver *self, const char *path, guint64 index, GError **error)
{
  const AssayContentNode *array = assay_content_tree_find (self->tree, path);
  g_autoptr (AssayProof) proof = NULL;
  ReadLeaf r = { self, array, 0, 0, NULL };
  guint64 n;

  if (array == NULL || array->kind != 'd')
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: has no array %s to prove an element of", self->label, path);
      return NULL;
    }
  n = assay_content_node_get_n_elements (array);
  if (index >= n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s %s: element %" G_GUINT64_FORMAT " was asked for, it has %" G_GUINT64_FORMAT, self->label,
                   path, index, n);
      return NULL;
    }
  proof = assay_proof_new ();
  proof->path = g_strdup (array->path);
  proof->type = array->type;
  proof->rank = array->rank;
  memcpy (proof->dims, array->dims, sizeof proof->dims);
  proof->leaf_elements = array->leaf_elements;
  proof->index = index;
  proof->leaf_index = index / array->leaf_elements;
  add_salt (self, array, proof);
  r.first = proof->leaf_index * array->leaf_elements;
  r.n = MIN (array->leaf_elements, n - r.first);
  r.bytes = g_byte_array_new ();
  if (!assay_store_call (read_leaf, &r, error))
    {
      g_byte_array_unref (r.bytes);
      return NULL;
    }
  proof->leaf = g_byte_array_free_to_bytes (r.bytes);
  proof->audit_path = assay_audit_tree_get_path (audit_tree_of (self, array), proof->leaf_index);
  proof->attributes = assay_content_node_get_attribute_root (array);
  add_links (self, array, proof->chain);
  return g_steal_pointer (&proof);
}
