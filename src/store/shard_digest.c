/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_digest.c: walks groups, arrays and attributes of an open file in the order of their names and digests their values. */
#include "store/shard_digest.h"

#include <string.h>

#include "base/error.h"
#include "store/shard_digest_private.h"

#define READ_BYTES (4u << 20)           /* read at a time; more where one row is longer */

/* --- arrays ---------------------------------------------------------------------------------------------------------- */

/* Cuts a stream of bytes into leaves. */
typedef struct {
  AssayArrayDigest *digest;
  GByteArray       *begun;      /* a leaf that is not full yet */
  gsize             leaf_bytes;
} Cutter;

static void
cut (Cutter *cutter, const guint8 *bytes, gsize n)
{
  if (cutter->begun->len > 0)
    {
      gsize fill = MIN (n, cutter->leaf_bytes - cutter->begun->len);

      g_byte_array_append (cutter->begun, bytes, (guint) fill);
      bytes += fill;
      n -= fill;
      if (cutter->begun->len < cutter->leaf_bytes)
        return;
      assay_array_digest_leaf (cutter->digest, cutter->begun->data, cutter->begun->len);
      g_byte_array_set_size (cutter->begun, 0);
    }
  for (; n >= cutter->leaf_bytes; bytes += cutter->leaf_bytes, n -= cutter->leaf_bytes)
    assay_array_digest_leaf (cutter->digest, bytes, cutter->leaf_bytes);
  g_byte_array_append (cutter->begun, bytes, (guint) n);
}

static void
cut_end (Cutter *cutter)
{
  if (cutter->begun->len > 0)
    assay_array_digest_leaf (cutter->digest, cutter->begun->data, cutter->begun->len);
}

/* Reads indices first .. first+n-1 of the first axis; all of a scalar. */
static gboolean
read_rows (hid_t dataset, hid_t transfer, hid_t type, guint rank, const gint64 *dims, gint64 first, gint64 n, void *out)
{
  g_auto (AssayHid) space = H5Dget_space (dataset);
  g_auto (AssayHid) memory = H5I_INVALID_HID;
  hsize_t start[ASSAY_STORE_MAX_RANK] = { 0 }, count[ASSAY_STORE_MAX_RANK];

  if (rank == 0)
    return H5Dread (dataset, type, H5S_ALL, H5S_ALL, transfer, out) >= 0;
  start[0] = (hsize_t) first;
  count[0] = (hsize_t) n;
  for (guint k = 1; k < rank; k++)
    count[k] = (hsize_t) dims[k];
  memory = H5Screate_simple ((int) rank, count, NULL);
  return H5Sselect_hyperslab (space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0
         && H5Dread (dataset, type, memory, space, transfer, out) >= 0;
}

static gboolean
digest_numbers (hid_t dataset, hid_t transfer, hid_t type, guint rank, const gint64 *dims, Cutter *cutter)
{
  gint64 rows = rank > 0 ? dims[0] : 1, step;
  gsize row_bytes = H5Tget_size (type);
  g_autofree guint8 *block = NULL;

  for (guint k = 1; k < rank; k++)
    row_bytes *= (gsize) dims[k];
  if (rows == 0 || row_bytes == 0)
    return TRUE;
  step = (gint64) MAX (READ_BYTES / row_bytes, 1);
  if (step > 256)
    step -= step % 256;                 /* whole tiles */
  step = MIN (step, rows);
  block = g_try_malloc ((gsize) step * row_bytes);
  if (block == NULL)
    return FALSE;
  for (gint64 at = 0; at < rows; at += step)
    {
      gint64 n = MIN (step, rows - at);

      if (!read_rows (dataset, transfer, type, rank, dims, at, n, block))
        return FALSE;
      cut (cutter, block, (gsize) n * row_bytes);
    }
  return TRUE;
}

static gboolean
digest_texts (hid_t dataset, hid_t type, gsize n, AssayArrayDigest *digest)
{
  g_auto (AssayHid) space = H5Dget_space (dataset);
  g_autofree char **texts = g_try_new0 (char *, MAX (n, 1));

  if (texts == NULL || (n > 0 && H5Dread (dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) < 0))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GByteArray) leaf = g_byte_array_new ();

      assay_shard_add_text (leaf, texts[i]);
      assay_array_digest_leaf (digest, leaf->data, leaf->len);
    }
  if (n > 0)
    H5Dvlen_reclaim (type, space, H5P_DEFAULT, texts);
  return TRUE;
}

static gboolean
is_redactable (hid_t dataset)
{
  g_auto (AssayHid) attribute = H5I_INVALID_HID;
  g_auto (AssayHid) type = assay_hdf5_type (ASSAY_STORE_BOOL);
  gint8 value = 0;

  if (H5Aexists (dataset, "redactable") <= 0)
    return FALSE;
  attribute = H5Aopen (dataset, "redactable", H5P_DEFAULT);
  return H5Aread (attribute, type, &value) >= 0 && value != 0;
}

static gboolean
digest_array (AssayShardWalk *walk, hid_t dataset, const char *path, AssayContentNode *node, AssayDigest *out, GError **error)
{
  g_auto (AssayHid) space = H5Dget_space (dataset);
  g_auto (AssayHid) type = H5I_INVALID_HID;
  g_autoptr (AssayArrayDigest) digest = NULL;
  hsize_t extent[H5S_MAX_RANK];
  gint64 dims[ASSAY_STORE_MAX_RANK], leaf_bytes;
  int rank = H5Sget_simple_extent_dims (space, extent, NULL);
  AssayStoreType store_type;
  AssayDigest attributes;
  gboolean salted = is_redactable (dataset);
  guint64 elements, bytes, n = 1;

  if (rank < 0 || rank > ASSAY_STORE_MAX_RANK || !assay_hdf5_is_inside (dataset) || !assay_hdf5_type_of (dataset, &store_type)
      || !assay_hdf5_measure (store_type, rank, extent, &bytes))
    return assay_shard_walk_refuse (walk, path, error);
  if (salted && walk->salt_key == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND,
                   "%s %s: is redactable, and its content root needs the case's salt.key", walk->label, path);
      return FALSE;
    }
  if (!assay_hdf5_get_i64 (dataset, "leaf_bytes", &leaf_bytes)
      || (leaf_bytes != ASSAY_DIGEST_LEAF_RESULT && leaf_bytes != ASSAY_DIGEST_LEAF_BULK))
    leaf_bytes = ASSAY_DIGEST_LEAF_RESULT;
  for (int k = 0; k < rank; k++)
    {
      dims[k] = (gint64) extent[k];
      n *= extent[k];
    }
  if (!assay_shard_digest_attributes (walk, dataset, path, node, &attributes, error))
    return FALSE;
  type = assay_hdf5_type (store_type);
  elements = salted ? 1 : assay_digest_leaf_elements (store_type, (guint) rank, dims, (gsize) leaf_bytes);
  digest = assay_array_digest_new (path, assay_store_type_word (store_type), (guint) rank, dims, elements,
                                   salted ? walk->salt_key : NULL);
  if (node != NULL)
    {
      node->type = store_type;
      node->rank = (guint) rank;
      memcpy (node->dims, dims, (gsize) rank * sizeof dims[0]);
      node->leaf_elements = elements;
      node->n_salt = salted ? ASSAY_DIGEST_BYTES : 0;
      assay_array_digest_keep (digest, node->leaves);
    }
  if (store_type == ASSAY_STORE_TEXT)
    {
      if (!digest_texts (dataset, type, (gsize) n, digest))
        return assay_shard_walk_fail (walk, path, "read the texts", error);
    }
  else
    {
      g_autoptr (GByteArray) begun = g_byte_array_new ();
      Cutter cutter = { digest, begun, (gsize) elements * assay_store_type_width (store_type) };

      if (!digest_numbers (dataset, walk->transfer, type, (guint) rank, dims, &cutter))
        return assay_shard_walk_fail (walk, path, "read the array", error);
      cut_end (&cutter);
    }
  *out = assay_array_digest_dataset (digest, &attributes);
  return TRUE;
}

/* --- groups ---------------------------------------------------------------------------------------------------------- */

static gboolean digest_group (AssayShardWalk *walk, hid_t group, const char *path, guint depth, AssayContentNode *node, AssayDigest *out,
                              GError **error);

/* One link of a group. In a file that somebody else made groups may hold each other, or each other's contents many times over. */
static gboolean
digest_child (AssayShardWalk *walk, hid_t group, const char *name, const char *path, guint depth, AssayContentNode *parent,
              AssayGroupDigest *digest, GError **error)
{
  g_auto (AssayHid) object = assay_hdf5_open_child (group, name);
  gboolean is_group = H5Iget_type (object) == H5I_GROUP, ok;
  AssayContentNode *node;
  AssayDigest child;

  if (object < 0)
    return assay_shard_walk_fail (walk, path, "open it", error);
  if ((!is_group && H5Iget_type (object) != H5I_DATASET) || !g_utf8_validate (name, -1, NULL))
    return assay_shard_walk_refuse (walk, path, error);
  if (depth >= ASSAY_CONTENT_MAX_DEPTH || ++walk->n_objects > ASSAY_CONTENT_MAX_OBJECTS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s %s: groups are nested more than %d deep, or hold more than %u objects; Assay writes no "
                   "such file", walk->label, path, ASSAY_CONTENT_MAX_DEPTH, ASSAY_CONTENT_MAX_OBJECTS);
      return FALSE;
    }
  node = parent != NULL ? assay_content_node_new (parent, name, is_group ? 'g' : 'd') : NULL;
  ok = is_group ? digest_group (walk, object, path, depth + 1, node, &child, error) : digest_array (walk, object, path, node, &child, error);
  if (!ok)
    return FALSE;
  assay_group_digest_add (digest, name, is_group ? 'g' : 'd', &child);
  if (node != NULL)
    node->digest = child;
  return TRUE;
}

static gboolean
digest_group (AssayShardWalk *walk, hid_t group, const char *path, guint depth, AssayContentNode *node, AssayDigest *out, GError **error)
{
  g_auto (GStrv) names = assay_hdf5_list_links (group);
  g_autoptr (AssayGroupDigest) digest = assay_group_digest_new ();
  AssayDigest attributes;

  for (char **name = names; *name != NULL; name++)
    {
      g_autofree char *child_path = g_strdup_printf ("%s/%s", path, *name);

      if (!digest_child (walk, group, *name, child_path, depth, node, digest, error))
        return FALSE;
    }
  if (!assay_shard_digest_attributes (walk, group, path, node, &attributes, error))
    return FALSE;
  *out = assay_group_digest_root (digest, &attributes);
  return TRUE;
}

static gboolean
digest_file (hid_t file, const char *prefix, const guint8 *salt_key, const char *label, AssayContentNode *node, AssayDigest *root, GError **error)
{
  g_auto (AssayHid) transfer = H5Pcreate (H5P_DATASET_XFER);
  AssayShardWalk walk = { .file = file, .salt_key = salt_key, .label = label, .transfer = transfer };
  g_auto (AssayHid) top = H5Gopen2 (file, "/", H5P_DEFAULT);
  gboolean ok;

  if (top < 0 || transfer < 0)
    return assay_hdf5_fail (error, label, "open its root");
  /* A tree is asked for to be compared: an altered value is to be named by its rows, not to end the reading by a checksum that it fails. */
  if (node != NULL)
    H5Pset_edc_check (transfer, H5Z_DISABLE_EDC);
  ok = digest_group (&walk, top, prefix, 0, node, root, error);
  g_clear_pointer (&walk.paths, g_hash_table_unref);
  return ok;
}

gboolean
assay_shard_digest (hid_t file, const char *prefix, const guint8 *salt_key, const char *label, AssayDigest *root,
                    GError **error)
{
  return digest_file (file, prefix, salt_key, label, NULL, root, error);
}

AssayContentNode *
assay_shard_content_tree (hid_t file, const char *prefix, const guint8 *salt_key, const char *label, GError **error)
{
  g_autoptr (AssayContentNode) root = assay_content_node_new (NULL, prefix, 'g');

  return digest_file (file, prefix, salt_key, label, root, &root->digest, error) ? g_steal_pointer (&root) : NULL;
}
