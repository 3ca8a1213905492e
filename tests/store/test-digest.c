/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-digest.c: known answers, and a second implementation in another language over many shapes. */
#include "store/digest.h"

#include "base/rng.h"
#include "store_test.h"

/* Of digest_oracle.py. */
#define KNOWN_MATRIX "bf833b389d7e8819d526436ed5e81a9aedb21be31b8b083ba5dfd94fd8ec9186"
#define KNOWN_SALTED "10c8e682682ce02b61a9e584e8d0bbde3cc9bc9061075f39855ae0ecd00c5e9e"
#define KNOWN_TEXTS "5f3b1e443aa0d42bf260558596133ee877f0d4020c1f737013969e1d3f84514e"
#define KNOWN_GROUP "7e678faa68291cb309b4d298d0462ba8e7d87ee828c7b2e7c72ae28b1310ea6c"

static AssayDigest
no_attributes (void)
{
  return assay_digest_of_bytes ("", 0);
}

static char *
digest_of (const char *path, AssayStoreType type, guint rank, const gint64 *dims, gsize leaf_bytes, const guint8 *key,
           const guint8 *bytes, gsize n)
{
  guint64 elements = key != NULL ? 1 : assay_digest_leaf_elements (type, rank, dims, leaf_bytes);
  g_autoptr (AssayArrayDigest) digest = assay_array_digest_new (path, assay_store_type_word (type), rank, dims, elements, key);
  gsize step = (gsize) elements * assay_store_type_width (type);
  AssayDigest none = no_attributes (), out;

  for (gsize at = 0; at < n; at += step)
    assay_array_digest_leaf (digest, bytes + at, MIN (step, n - at));
  out = assay_array_digest_dataset (digest, &none);
  return assay_digest_to_hex (&out);
}

static const double matrix[6] = { 0, -0.0, 1.5, -2.25, 1e300, 3 };
static const gint64 matrix_dims[2] = { 2, 3 };

static void
test_known (void)
{
  g_autofree char *plain = digest_of ("scores/cg/value", ASSAY_STORE_F64, 2, matrix_dims, 1024, NULL, (const guint8 *) matrix,
                                      sizeof matrix);
  guint8 key[32];
  g_autofree char *salted = NULL;

  memset (key, 7, sizeof key);
  salted = digest_of ("scores/cg/value", ASSAY_STORE_F64, 2, matrix_dims, 1024, key, (const guint8 *) matrix, sizeof matrix);
  g_assert_cmpstr (plain, ==, KNOWN_MATRIX);
  g_assert_cmpstr (salted, ==, KNOWN_SALTED);
}

static void
test_known_texts (void)
{
  static const char *const texts[3] = { "a", "", "\303\244" };
  gint64 dims[1] = { 3 };
  g_autoptr (AssayArrayDigest) digest = assay_array_digest_new ("data/x/id", "utf8", 1, dims, 1, NULL);
  AssayDigest none = no_attributes (), out;
  g_autofree char *hex = NULL;

  for (int i = 0; i < 3; i++)
    {
      guint8 record[16] = { (guint8) strlen (texts[i]) };

      memcpy (record + 8, texts[i], strlen (texts[i]));
      assay_array_digest_leaf (digest, record, 8 + strlen (texts[i]));
    }
  out = assay_array_digest_dataset (digest, &none);
  hex = assay_digest_to_hex (&out);
  g_assert_cmpstr (hex, ==, KNOWN_TEXTS);
}

static void
test_known_group (void)
{
  g_autoptr (AssayGroupDigest) forth = assay_group_digest_new (), back = assay_group_digest_new ();
  AssayDigest a = assay_digest_of_bytes ("a", 1), b = assay_digest_of_bytes ("b", 1), none = no_attributes (), one, two;
  g_autofree char *hex = NULL;

  assay_group_digest_add (forth, "a", 'd', &a);
  assay_group_digest_add (forth, "b", 'g', &b);
  assay_group_digest_add (back, "b", 'g', &b);
  assay_group_digest_add (back, "a", 'd', &a);
  one = assay_group_digest_root (forth, &none);
  two = assay_group_digest_root (back, &none);
  g_assert_true (assay_digest_equal (&one, &two));
  hex = assay_digest_to_hex (&one);
  g_assert_cmpstr (hex, ==, KNOWN_GROUP);
}

/* Every count of leaves up to 70 against RFC 6962's recursive definition. */
static AssayDigest
recursive_root (const AssayDigest *leaves, guint n)
{
  guint8 node[65] = { 1 };
  AssayDigest left, right;
  guint k = 1;

  if (n == 0)
    return assay_digest_of_bytes ("", 0);
  if (n == 1)
    return leaves[0];
  while (2 * k < n)
    k *= 2;
  left = recursive_root (leaves, k);
  right = recursive_root (leaves + k, n - k);
  memcpy (node + 1, left.bytes, 32);
  memcpy (node + 33, right.bytes, 32);
  return assay_digest_of_bytes (node, 65);
}

static void
test_tree (void)
{
  AssayDigest leaves[70];

  for (int i = 0; i < 70; i++)
    leaves[i] = assay_digest_of_bytes (&i, 1);
  for (guint n = 0; n <= 70; n++)
    {
      g_autoptr (AssayMerkle) tree = assay_merkle_new ();
      AssayDigest want = recursive_root (leaves, n), got;

      for (guint i = 0; i < n; i++)
        assay_merkle_add (tree, &leaves[i]);
      got = assay_merkle_root (tree);
      g_assert_true (assay_digest_equal (&got, &want));
    }
}

static void
test_leaves (void)
{
  gint64 narrow[2] = { 9, 5 }, wide[2] = { 9, 1000 }, empty[2] = { 9, 0 }, huge[3] = { 1, G_MAXINT64, G_MAXINT64 };

  g_assert_cmpuint (assay_digest_leaf_elements (ASSAY_STORE_F64, 2, narrow, 1024), ==, 125);    /* 25 rows of 5 */
  g_assert_cmpuint (assay_digest_leaf_elements (ASSAY_STORE_F64, 2, wide, 1024), ==, 128);
  g_assert_cmpuint (assay_digest_leaf_elements (ASSAY_STORE_F64, 2, empty, 1024), ==, 128);
  g_assert_cmpuint (assay_digest_leaf_elements (ASSAY_STORE_F64, 3, huge, 1024), ==, 128);
  g_assert_cmpuint (assay_digest_leaf_elements (ASSAY_STORE_U8, 0, NULL, 1024), ==, 1024);
  g_assert_cmpuint (assay_digest_leaf_elements (ASSAY_STORE_TEXT, 1, narrow, 1024), ==, 1);
}

static void
test_hex (void)
{
  AssayDigest a = assay_digest_of_bytes ("x", 1), b;
  g_autofree char *hex = assay_digest_to_hex (&a);

  g_assert_true (assay_digest_from_hex (hex, &b));
  g_assert_true (assay_digest_equal (&a, &b));
  hex[5] = 'g';
  g_assert_false (assay_digest_from_hex (hex, &b));
  hex[5] = '\0';
  g_assert_false (assay_digest_from_hex (hex, &b));
}

/* Random types, shapes and values, through the other implementation. */
static void
test_oracle (Room *room, gconstpointer unused)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "tests", "store", "digest_oracle.py", NULL);
  g_autofree char *python = g_find_program_in_path ("python3"), *in = g_build_filename (room->directory, "in", NULL);
  g_autofree char *command = NULL, *out = NULL;
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autoptr (GPtrArray) want = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) got = NULL;
  AssayRng rng = assay_rng_new (5, 6);
  int status;

  (void) unused;
  if (python == NULL)
    {
      g_test_skip ("python3 is not installed");
      return;
    }
  for (int i = 0; i < 200; i++)
    {
      AssayStoreType type = (AssayStoreType) assay_rng_below (&rng, ASSAY_STORE_TEXT);
      guint rank = (guint) assay_rng_below (&rng, 4);
      gint64 dims[3];
      gsize n = assay_store_type_width (type), leaf = assay_rng_below (&rng, 2) != 0 ? 1024 : 65536;
      guint8 key[32], *bytes;
      gboolean salted = assay_rng_below (&rng, 4) == 0;

      g_string_append_printf (lines, "kind/name/array%d %s %u", i, assay_store_type_word (type), rank);
      for (guint k = 0; k < rank; k++)
        {
          dims[k] = (gint64) assay_rng_below (&rng, rank == 1 ? 3000 : 40);
          n *= (gsize) dims[k];
          g_string_append_printf (lines, " %" G_GINT64_FORMAT, dims[k]);
        }
      g_string_append_printf (lines, " %" G_GSIZE_FORMAT " ", leaf);
      for (int k = 0; k < 32; k++)
        key[k] = (guint8) assay_rng_u32 (&rng);
      for (int k = 0; salted && k < 32; k++)
        g_string_append_printf (lines, "%02x", key[k]);
      g_string_append (lines, salted ? " " : "- ");
      bytes = g_malloc (n + 1);
      for (gsize k = 0; k < n; k++)
        {
          bytes[k] = (guint8) assay_rng_u32 (&rng);
          g_string_append_printf (lines, "%02x", bytes[k]);
        }
      g_string_append_c (lines, '\n');
      {
        g_autofree char *path = g_strdup_printf ("kind/name/array%d", i);

        g_ptr_array_add (want, digest_of (path, type, rank, dims, leaf, salted ? key : NULL, bytes, n));
      }
      g_free (bytes);
    }
  save (in, lines->str, lines->len);
  command = g_strdup_printf ("sh -c '\"%s\" \"%s\" < \"%s\"'", python, script, in);
  g_assert_true (g_spawn_command_line_sync (command, &out, NULL, &status, NULL));
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  got = g_strsplit (out, "\n", -1);
  g_assert_cmpuint (g_strv_length (got), ==, want->len + 1);
  for (guint i = 0; i < want->len; i++)
    g_assert_cmpstr (got[i], ==, g_ptr_array_index (want, i));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/digest/a matrix has its known digest, plain and salted", test_known);
  g_test_add_func ("/digest/texts have their known digest", test_known_texts);
  g_test_add_func ("/digest/a group has its known digest in any order of entries", test_known_group);
  g_test_add_func ("/digest/the tree has the shape of RFC 6962", test_tree);
  g_test_add_func ("/digest/leaves are whole rows where a row fits", test_leaves);
  g_test_add_func ("/digest/hexadecimal is read back strictly", test_hex);
  ADD ("/digest/another implementation agrees on random arrays", test_oracle);
  return g_test_run ();
}
