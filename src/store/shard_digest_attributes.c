/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_digest_attributes.c: the digests of an object's attributes. References become the paths that they point to. */
#include "store/shard_digest_private.h"

#include <string.h>

#include "base/error.h"

gboolean
assay_shard_walk_fail (const AssayShardWalk *walk, const char *path, const char *what, GError **error)
{
  g_autofree char *where = g_strdup_printf ("%s %s", walk->label, path);

  return assay_hdf5_fail (error, where, what);
}

gboolean
assay_shard_walk_refuse (const AssayShardWalk *walk, const char *path, GError **error)
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

void
assay_shard_add_text (GByteArray *bytes, const char *text)
{
  gsize n = text != NULL ? strlen (text) : 0;

  add_u64 (bytes, n);
  g_byte_array_append (bytes, (const guint8 *) text, (guint) n);
}

/* --- references ------------------------------------------------------------------------------------------------------ */

static herr_t
note_path (hid_t top, const char *name, const H5O_info_t *info, void *paths)
{
  (void) top;
  if (!g_hash_table_contains (paths, &info->addr))
    g_hash_table_insert (paths, g_memdup2 (&info->addr, sizeof info->addr), strcmp (name, ".") == 0 ? g_strdup ("/") : g_strconcat ("/", name, NULL));
  return g_hash_table_size (paths) > ASSAY_CONTENT_MAX_OBJECTS ? 1 : 0;
}

/* By one walk over the file: the library, asked for the name of a reference, walks for each. It meets names in the same order, so an object of
 * several names has the same one. */
static GHashTable *
list_paths (hid_t file)
{
  GHashTable *paths = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);

  G_STATIC_ASSERT (sizeof (haddr_t) == sizeof (gint64));
  H5Ovisit2 (file, H5_INDEX_NAME, H5_ITER_NATIVE, note_path, paths, H5O_INFO_BASIC);
  return paths;
}

/* A reference holds a file address, which repacking changes: its target's path stands for it. */
static gboolean
add_target (AssayShardWalk *walk, GByteArray *bytes, const hobj_ref_t *reference)
{
  g_auto (AssayHid) target = H5Rdereference2 (walk->file, H5P_DEFAULT, H5R_OBJECT, reference);
  const char *path = NULL;
  H5O_info_t info;

  if (walk->paths == NULL)
    walk->paths = list_paths (walk->file);
  if (target >= 0 && H5Oget_info2 (target, &info, H5O_INFO_BASIC) >= 0)
    path = g_hash_table_lookup (walk->paths, &info.addr);
  if (path == NULL)
    return FALSE;
  assay_shard_add_text (bytes, path);
  return TRUE;
}

/* DIMENSION_LIST: per axis u64 count, then lp (path) each. */
static gboolean
add_scale_lists (AssayShardWalk *walk, hid_t attribute, hid_t type, hid_t space, gsize n, GByteArray *bytes)
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
add_back_references (AssayShardWalk *walk, hid_t attribute, gsize n, GByteArray *bytes)
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

/* --- values ---------------------------------------------------------------------------------------------------------- */

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
        assay_shard_add_text (bytes, texts[i]);
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

      assay_shard_add_text (bytes, text);
    }
  return TRUE;
}

/* The logical bytes of one attribute and the word of its type. */
static gboolean
add_attribute_value (AssayShardWalk *walk, hid_t attribute, hid_t space, gsize n, const char **word, GByteArray *bytes)
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

gboolean
assay_shard_digest_attributes (AssayShardWalk *walk, hid_t object, const char *path, AssayContentNode *node, AssayDigest *root, GError **error)
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
        return assay_shard_walk_fail (walk, full, "read the attribute", error);
      if (rank > 1 || !g_utf8_validate (*name, -1, NULL) || !add_attribute_value (walk, attribute, space, (gsize) dims[0], &word, bytes))
        return assay_shard_walk_refuse (walk, full, error);
      digest = assay_array_digest_new (full, word, (guint) rank, dims, (guint64) MAX (dims[0], 1), NULL);
      assay_array_digest_leaf (digest, bytes->data, bytes->len);
      leaf = assay_array_digest_root (digest);          /* the root over one leaf is the leaf */
      assay_merkle_add (tree, &leaf);
      if (node != NULL)
        assay_content_node_add_attribute (node, *name, &leaf);
    }
  *root = assay_merkle_root (tree);
  return TRUE;
}
