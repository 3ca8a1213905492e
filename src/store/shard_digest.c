/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_digest.c: walks groups, arrays and attributes of an open file in the order of their names and digests their values. */
#include "store/shard_digest.h"

#include <string.h>

#include "base/error.h"

#define READ_BYTES (4u << 20)           /* read at a time; more where one row is longer */

typedef struct {
  hid_t         file;
  const guint8 *salt_key;
  const char   *label;
} Walk;

static gboolean
fail (const Walk *walk, const char *path, const char *what, GError **error)
{
  g_autofree char *where = g_strdup_printf ("%s %s", walk->label, path);

  return assay_hdf5_fail (error, where, what);
}

static gboolean
unknown (const Walk *walk, const char *path, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s %s: not of a type or size that Assay writes", walk->label, path);
  return FALSE;
}

static void
add_u64 (GByteArray *bytes, guint64 value)
{
  guint64 le = GUINT64_TO_LE (value);

  g_byte_array_append (bytes, (const guint8 *) &le, 8);
}

static void
add_lp (GByteArray *bytes, const char *text)
{
  gsize n = text != NULL ? strlen (text) : 0;

  add_u64 (bytes, n);
  g_byte_array_append (bytes, (const guint8 *) text, (guint) n);
}

/* --- attributes ------------------------------------------------------------------------------------------------------ */

/* A reference holds a file address, which repacking changes: its target's path stands for it. */
static gboolean
add_target (const Walk *walk, GByteArray *bytes, const hobj_ref_t *reference)
{
  ssize_t n = H5Rget_name (walk->file, H5R_OBJECT, reference, NULL, 0);
  g_autofree char *path = n > 0 ? g_malloc ((gsize) n + 1) : NULL;

  if (n <= 0 || H5Rget_name (walk->file, H5R_OBJECT, reference, path, (size_t) n + 1) < 0)
    return FALSE;
  add_lp (bytes, path);
  return TRUE;
}

/* DIMENSION_LIST: per axis u64 count, then lp (path) each. */
static gboolean
add_scale_lists (const Walk *walk, hid_t attribute, hid_t type, hid_t space, gsize n, GByteArray *bytes)
{
  g_autofree hvl_t *lists = g_new0 (hvl_t, MAX (n, 1));
  gboolean ok = H5Aread (attribute, type, lists) >= 0;

  if (!ok)
    return FALSE;
  for (gsize i = 0; ok && i < n; i++)
    {
      add_u64 (bytes, lists[i].len);
      for (gsize k = 0; ok && k < lists[i].len; k++)
        ok = add_target (walk, bytes, (const hobj_ref_t *) lists[i].p + k);
    }
  H5Dvlen_reclaim (type, space, H5P_DEFAULT, lists);
  return ok;
}

/* REFERENCE_LIST: per entry lp (path) | u64 axis. */
static gboolean
add_back_references (const Walk *walk, hid_t attribute, gsize n, GByteArray *bytes)
{
  typedef struct { hobj_ref_t target; gint32 axis; } Entry;
  g_auto (AssayHid) type = H5Tcreate (H5T_COMPOUND, sizeof (Entry));
  g_autofree Entry *entries = g_new0 (Entry, MAX (n, 1));

  H5Tinsert (type, "dataset", HOFFSET (Entry, target), H5T_STD_REF_OBJ);
  H5Tinsert (type, "dimension", HOFFSET (Entry, axis), H5T_NATIVE_INT32);
  if (H5Aread (attribute, type, entries) < 0)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      if (!add_target (walk, bytes, &entries[i].target))
        return FALSE;
      add_u64 (bytes, (guint64) entries[i].axis);
    }
  return TRUE;
}

static gboolean
add_strings (hid_t attribute, hid_t stored, hid_t space, gsize n, GByteArray *bytes)
{
  if (H5Tis_variable_str (stored) > 0)
    {
      g_auto (AssayHid) type = assay_hdf5_type (ASSAY_STORE_TEXT);
      g_autofree char **texts = g_new0 (char *, MAX (n, 1));

      if (H5Aread (attribute, type, texts) < 0)
        return FALSE;
      for (gsize i = 0; i < n; i++)
        add_lp (bytes, texts[i]);
      H5Dvlen_reclaim (type, space, H5P_DEFAULT, texts);
      return TRUE;
    }
  /* Fixed length: only the two words of a dimension scale. */
  gsize width = H5Tget_size (stored);
  g_autofree char *texts = g_malloc0 (n * width + 1);

  if (H5Aread (attribute, stored, texts) < 0)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *text = g_strndup (texts + i * width, width);

      add_lp (bytes, text);
    }
  return TRUE;
}

/* The logical bytes of one attribute and the word of its type. */
static gboolean
add_attribute_value (const Walk *walk, hid_t attribute, hid_t space, gsize n, const char **word, GByteArray *bytes)
{
  g_auto (AssayHid) stored = H5Aget_type (attribute);
  guint8 value[8];

  switch (H5Tget_class (stored))
    {
    case H5T_STRING:
      *word = "utf8";
      return add_strings (attribute, stored, space, n, bytes);
    case H5T_VLEN:
      *word = "ref";
      return add_scale_lists (walk, attribute, stored, space, n, bytes);
    case H5T_COMPOUND:
      *word = "ref+axis";
      return add_back_references (walk, attribute, n, bytes);
    case H5T_INTEGER: case H5T_FLOAT: case H5T_ENUM:
      for (int t = 0; n == 1 && t < ASSAY_STORE_TEXT; t++)
        {
          g_auto (AssayHid) ours = assay_hdf5_type ((AssayStoreType) t);

          if (H5Tequal (stored, ours) <= 0)
            continue;
          *word = assay_store_type_word ((AssayStoreType) t);
          if (H5Aread (attribute, stored, value) < 0)
            return FALSE;
          g_byte_array_append (bytes, value, (guint) assay_store_type_width ((AssayStoreType) t));
          return TRUE;
        }
      return FALSE;
    default:
      return FALSE;
    }
}

/* Root over the attributes of an object, sorted by name: one leaf each. */
static gboolean
digest_attributes (const Walk *walk, hid_t object, const char *path, AssayDigest *root, GError **error)
{
  g_auto (GStrv) names = assay_hdf5_list_attributes (object);
  g_autoptr (AssayMerkle) tree = assay_merkle_new ();

  for (char **name = names; *name != NULL; name++)
    {
      g_auto (AssayHid) attribute = H5Aopen (object, *name, H5P_DEFAULT);
      g_auto (AssayHid) space = H5Aget_space (attribute);
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_autofree char *full = g_strdup_printf ("%s@%s", path, *name);
      g_autoptr (AssayArrayDigest) digest = NULL;
      hsize_t extent[H5S_MAX_RANK];
      int rank = H5Sget_simple_extent_dims (space, extent, NULL);
      gint64 dims[1] = { rank == 1 ? (gint64) extent[0] : 1 };
      const char *word = "";
      AssayDigest leaf;

      if (attribute < 0 || rank < 0)
        return fail (walk, full, "read the attribute", error);
      if (rank > 1 || !add_attribute_value (walk, attribute, space, (gsize) dims[0], &word, bytes))
        return unknown (walk, full, error);
      digest = assay_array_digest_new (full, word, (guint) rank, dims, (guint64) MAX (dims[0], 1), NULL);
      assay_array_digest_leaf (digest, bytes->data, bytes->len);
      leaf = assay_array_digest_root (digest);          /* the root over one leaf is the leaf */
      assay_merkle_add (tree, &leaf);
    }
  *root = assay_merkle_root (tree);
  return TRUE;
}

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
read_rows (hid_t dataset, hid_t type, guint rank, const gint64 *dims, gint64 first, gint64 n, void *out)
{
  g_auto (AssayHid) space = H5Dget_space (dataset);
  g_auto (AssayHid) memory = H5I_INVALID_HID;
  hsize_t start[ASSAY_STORE_MAX_RANK] = { 0 }, count[ASSAY_STORE_MAX_RANK];

  if (rank == 0)
    return H5Dread (dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0;
  start[0] = (hsize_t) first;
  count[0] = (hsize_t) n;
  for (guint k = 1; k < rank; k++)
    count[k] = (hsize_t) dims[k];
  memory = H5Screate_simple ((int) rank, count, NULL);
  return H5Sselect_hyperslab (space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0
         && H5Dread (dataset, type, memory, space, H5P_DEFAULT, out) >= 0;
}

static gboolean
digest_numbers (hid_t dataset, hid_t type, guint rank, const gint64 *dims, Cutter *cutter)
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

      if (!read_rows (dataset, type, rank, dims, at, n, block))
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

      add_lp (leaf, texts[i]);
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
digest_array (const Walk *walk, hid_t dataset, const char *path, AssayDigest *out, GError **error)
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

  if (rank < 0 || rank > ASSAY_STORE_MAX_RANK || !assay_hdf5_type_of (dataset, &store_type)
      || !assay_hdf5_measure (store_type, rank, extent, &bytes))
    return unknown (walk, path, error);
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
  if (!digest_attributes (walk, dataset, path, &attributes, error))
    return FALSE;
  type = assay_hdf5_type (store_type);
  elements = salted ? 1 : assay_digest_leaf_elements (store_type, (guint) rank, dims, (gsize) leaf_bytes);
  digest = assay_array_digest_new (path, assay_store_type_word (store_type), (guint) rank, dims, elements,
                                   salted ? walk->salt_key : NULL);
  if (store_type == ASSAY_STORE_TEXT)
    {
      if (!digest_texts (dataset, type, (gsize) n, digest))
        return fail (walk, path, "read the texts", error);
    }
  else
    {
      g_autoptr (GByteArray) begun = g_byte_array_new ();
      Cutter cutter = { digest, begun, (gsize) elements * assay_store_type_width (store_type) };

      if (!digest_numbers (dataset, type, (guint) rank, dims, &cutter))
        return fail (walk, path, "read the array", error);
      cut_end (&cutter);
    }
  *out = assay_array_digest_dataset (digest, &attributes);
  return TRUE;
}

/* --- groups ---------------------------------------------------------------------------------------------------------- */

static gboolean
digest_group (const Walk *walk, hid_t group, const char *path, AssayDigest *out, GError **error)
{
  g_auto (GStrv) names = assay_hdf5_list_links (group);
  g_autoptr (AssayGroupDigest) digest = assay_group_digest_new ();
  AssayDigest attributes, child;

  for (char **name = names; *name != NULL; name++)
    {
      g_auto (AssayHid) object = H5Oopen (group, *name, H5P_DEFAULT);
      g_autofree char *child_path = g_strdup_printf ("%s/%s", path, *name);
      gboolean is_group = H5Iget_type (object) == H5I_GROUP;

      if (object < 0)
        return fail (walk, child_path, "open it", error);
      if (!is_group && H5Iget_type (object) != H5I_DATASET)
        return unknown (walk, child_path, error);
      if (!(is_group ? digest_group (walk, object, child_path, &child, error)
                     : digest_array (walk, object, child_path, &child, error)))
        return FALSE;
      assay_group_digest_add (digest, *name, is_group ? 'g' : 'd', &child);
    }
  if (!digest_attributes (walk, group, path, &attributes, error))
    return FALSE;
  *out = assay_group_digest_root (digest, &attributes);
  return TRUE;
}

gboolean
assay_shard_digest (hid_t file, const char *prefix, const guint8 *salt_key, const char *label, AssayDigest *root,
                    GError **error)
{
  Walk walk = { file, salt_key, label };
  g_auto (AssayHid) top = H5Gopen2 (file, "/", H5P_DEFAULT);

  if (top < 0)
    return assay_hdf5_fail (error, label, "open its root");
  return digest_group (&walk, top, prefix, root, error);
}
