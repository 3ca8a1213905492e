/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-proof.c: paths through trees of every size, the tree of a file as text, and proofs that lead to the file's root and nowhere else
 * once anything in them is altered. */
#include "store/proof.h"

#include <jansson.h>
#include <stdlib.h>

#include "store/audit_path.h"
#include "store_test.h"

/* --- paths ----------------------------------------------------------------------------------------------------------- */

static void
test_paths (void)
{
  static const guint sizes[] = { 1, 2, 3, 7, 8, 70, 1000 };

  for (gsize s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      guint n = sizes[s];
      g_autofree AssayDigest *leaves = g_new (AssayDigest, n);
      g_autoptr (AssayMerkle) stream = assay_merkle_new ();
      g_autoptr (AssayAuditTree) tree = NULL;
      AssayDigest want, got;

      for (guint i = 0; i < n; i++)
        {
          leaves[i] = assay_digest_of_bytes (&i, sizeof i);
          assay_merkle_add (stream, &leaves[i]);
        }
      want = assay_merkle_root (stream);
      tree = assay_audit_tree_new (leaves, n);
      got = assay_audit_tree_get_root (tree);
      g_assert_true (assay_digest_equal (&want, &got));
      for (guint i = 0; i < n; i++)
        {
          g_autoptr (GArray) path = assay_audit_tree_get_path (tree, i);
          const AssayDigest *steps = (const AssayDigest *) (void *) path->data;

          g_assert_true (assay_audit_path_follow (&leaves[i], i, n, steps, path->len, &got));
          g_assert_true (assay_digest_equal (&want, &got));
          g_assert_false (assay_audit_path_follow (&leaves[i], i, n, steps, path->len + 1, &got));
          if (path->len > 0)
            {
              g_assert_false (assay_audit_path_follow (&leaves[i], i, n, steps, path->len - 1, &got));
              g_assert_true (!assay_audit_path_follow (&leaves[i], i ^ 1, n, steps, path->len, &got) || !assay_digest_equal (&want, &got));
            }
          g_assert_false (assay_audit_path_follow (&leaves[i], n, n, steps, path->len, &got));
        }
    }
}

static void
test_no_leaves (void)
{
  g_autoptr (AssayAuditTree) tree = assay_audit_tree_new (NULL, 0);
  AssayDigest want = assay_digest_of_bytes ("", 0), got = assay_audit_tree_get_root (tree);

  g_assert_true (assay_digest_equal (&want, &got));
}

/* --- a file with everything ------------------------------------------------------------------------------------------ */

static char *
make_file (Room *room)
{
  char *path = g_build_filename (room->directory, "results.h5", NULL);
  json_t *meta = json_pack ("{s:s,s:s}", "created_utc", "2026-01-02T03:04:05Z", "run_uuid", "0");
  GError *error = NULL;
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new_file ("report", "results", meta, &error);
  g_autofree double *values = g_new (double, 1000);
  gint64 counts[7] = { 1, -2, 3, -4, G_MAXINT64, G_MININT64, 0 };
  const char *texts[3] = { "a", "", "\303\244\303\266" };

  json_decref (meta);
  for (int i = 0; i < 1000; i++)
    values[i] = i / 7.0;
  assay_shard_writer_put (writer, &(AssayArraySpec) { .path = "/a/numbers", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 1000 } }, ASSAY_STORE_F64,
                          values, &error);
  g_assert_no_error (error);
  assay_shard_writer_put (writer, &(AssayArraySpec) { .path = "/a/b/counts", .type = ASSAY_STORE_I64, .rank = 1, .dims = { 7 } }, ASSAY_STORE_I64,
                          counts, &error);
  g_assert_no_error (error);
  assay_shard_writer_put (writer, &(AssayArraySpec) { .path = "/wide", .type = ASSAY_STORE_F32, .rank = 3, .dims = { 2, 5, 100 } }, ASSAY_STORE_F64,
                          values, &error);
  g_assert_no_error (error);
  assay_shard_writer_put (writer, &(AssayArraySpec) { .path = "/one", .type = ASSAY_STORE_F64 }, ASSAY_STORE_F64, &values[3], &error);
  g_assert_no_error (error);
  assay_shard_writer_put_text (writer, &(AssayArraySpec) { .path = "/a/texts", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { 3 } }, texts, &error);
  g_assert_no_error (error);
  g_assert_true (assay_shard_writer_write_file (writer, path, &error));
  g_assert_no_error (error);
  return path;
}

static AssayProver *
open_prover (const char *path)
{
  GError *error = NULL;
  AssayProver *prover = assay_prover_new (path, NULL, &error);

  g_assert_no_error (error);
  return prover;
}

static gboolean
leads_to (const AssayProof *proof, const AssayDigest *root)
{
  g_autofree char *path = NULL;
  AssayDigest found;

  return assay_proof_get_root (proof, &found, &path, NULL) && assay_digest_equal (&found, root) && strcmp (path, "report/results") == 0;
}

static void
test_proofs (Room *room, gconstpointer unused)
{
  static const struct { const char *path; guint64 n; } arrays[] = { { "/a/numbers", 1000 }, { "/a/b/counts", 7 }, { "/wide", 1000 }, { "/one", 1 },
                                                                    { "/a/texts", 3 }, { "/a/b/counts_axis0", 7 } };
  g_autofree char *path = make_file (room), *bytes = NULL;
  g_autoptr (AssayProver) prover = open_prover (path);
  AssayDigest root = assay_prover_get_tree (prover)->digest;
  GError *error = NULL;

  (void) unused;
  for (gsize a = 0; a < G_N_ELEMENTS (arrays); a++)
    for (guint64 i = 0; i < arrays[a].n; i++)
      {
        g_autoptr (AssayProof) proof = assay_prover_prove (prover, arrays[a].path, i, &error), again = NULL;
        json_t *document;

        g_assert_no_error (error);
        g_assert_true (leads_to (proof, &root));
        document = assay_proof_to_json (proof);
        again = assay_proof_from_json (document, "test", &error);
        g_assert_no_error (error);
        g_assert_true (leads_to (again, &root));
        json_decref (document);
      }
  g_assert_null (assay_prover_prove (prover, "/a/numbers", 1000, &error));
  expect_error (&error, ASSAY_ERROR_SHAPE, "/a/numbers", "1000");
  g_assert_null (assay_prover_prove (prover, "/a", 0, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "/a", NULL);
}

static void
test_bits (Room *room, gconstpointer unused)
{
  g_autofree char *path = make_file (room);
  g_autoptr (AssayProver) prover = open_prover (path);
  g_autoptr (AssayProof) number = assay_prover_prove (prover, "/a/numbers", 999, NULL), count = assay_prover_prove (prover, "/a/b/counts", 1, NULL);
  g_autoptr (AssayProof) wide = assay_prover_prove (prover, "/wide", 777, NULL), text = assay_prover_prove (prover, "/a/texts", 0, NULL);
  double value = 999 / 7.0;
  float narrow = (float) (777 / 7.0);
  guint32 narrow_bits;
  guint64 want, got;
  GError *error = NULL;

  (void) unused;
  memcpy (&want, &value, 8);
  g_assert_true (assay_proof_get_bits (number, &got, NULL));
  g_assert_cmpuint (want, ==, got);
  g_assert_true (assay_proof_get_bits (count, &got, NULL));
  g_assert_cmpint ((gint64) got, ==, -2);
  memcpy (&narrow_bits, &narrow, 4);
  g_assert_true (assay_proof_get_bits (wide, &got, NULL));
  g_assert_cmpuint (narrow_bits, ==, got);
  g_assert_false (assay_proof_get_bits (text, &got, &error));
  expect_error (&error, ASSAY_ERROR_CHECK_FAILED, "text", NULL);
}

/* The same root by the writer, by the tree, by the text of the tree, and from bytes in memory. */
static void
test_tree (Room *room, gconstpointer unused)
{
  g_autofree char *path = make_file (room), *text = NULL, *bytes = NULL, *again = NULL;
  g_autoptr (AssayProver) prover = open_prover (path), in_memory = NULL;
  g_autoptr (AssayContentNode) parsed = NULL;
  g_autoptr (GBytes) contents = NULL;
  const AssayContentNode *tree = assay_prover_get_tree (prover);
  g_autoptr (GPtrArray) none = NULL;
  GError *error = NULL;
  gsize n;

  (void) unused;
  text = assay_content_tree_to_text (tree);
  parsed = assay_content_tree_parse (text, strlen (text), "tree", &error);
  g_assert_no_error (error);
  g_assert_true (assay_digest_equal (&tree->digest, &parsed->digest));
  again = assay_content_tree_to_text (parsed);
  g_assert_cmpstr (text, ==, again);
  load (path, &bytes, &n);
  contents = g_bytes_new_static (bytes, n);
  in_memory = assay_prover_new_for_bytes (contents, "bytes", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (assay_digest_equal (&tree->digest, &assay_prover_get_tree (in_memory)->digest));
  none = assay_content_tree_compare (tree, parsed);
  g_assert_cmpuint (none->len, ==, 0);
}

/* The name of an attribute is a label: its leaf holds the name that counts. */
static gboolean
is_attribute_name (const char *at)
{
  const char *quote = strchr (at, '"');

  return quote != NULL && strncmp (quote, "\":\"", 3) == 0;
}

static void
test_bad_tree (Room *room, gconstpointer unused)
{
  g_autofree char *path = make_file (room), *text = NULL;
  g_autoptr (AssayProver) prover = open_prover (path);
  GError *error = NULL;
  gsize n;

  (void) unused;
  text = assay_content_tree_to_text (assay_prover_get_tree (prover));
  n = strlen (text);
  for (gsize i = 0; i < n; i += 37)                     /* cut anywhere: another root or an error, never a crash */
    {
      g_autoptr (AssayContentNode) tree = assay_content_tree_parse (text, i, "tree", &error);

      g_assert_true (tree == NULL || !assay_digest_equal (&tree->digest, &assay_prover_get_tree (prover)->digest));
      g_clear_error (&error);
    }
  for (gsize i = 0; i < n; i += 11)
    {
      g_autofree char *other = g_memdup2 (text, n);
      g_autoptr (AssayContentNode) tree = NULL;

      other[i] ^= 1;
      tree = assay_content_tree_parse (other, n, "tree", &error);
      g_assert_true (tree == NULL || is_attribute_name (text + i) || !assay_digest_equal (&tree->digest, &assay_prover_get_tree (prover)->digest));
      g_clear_error (&error);
    }
}

/* --- alterations ----------------------------------------------------------------------------------------------------- */

static AssayContentNode *
tree_of (Room *room, int which)
{
  g_autofree char *path = g_build_filename (room->directory, "other.h5", NULL);
  json_t *meta = json_pack ("{s:s,s:s}", "created_utc", "2026-01-02T03:04:05Z", "run_uuid", "0");
  GError *error = NULL;
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new_file ("report", "results", meta, &error);
  g_autoptr (AssayProver) prover = NULL;
  g_autofree char *text = NULL;
  double values[300] = { 0 };

  json_decref (meta);
  values[200] = which == 1;
  assay_shard_writer_put (writer, &(AssayArraySpec) { .path = which == 3 ? "/a/y" : "/a/x", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 300 },
                          .units = which == 2 ? "bits" : "nats", .axes = { "row" } }, ASSAY_STORE_F64, values, &error);
  g_assert_no_error (error);
  assay_shard_writer_write_file (writer, path, &error);
  g_assert_no_error (error);
  prover = open_prover (path);
  text = assay_content_tree_to_text (assay_prover_get_tree (prover));
  return assay_content_tree_parse (text, strlen (text), "tree", &error);
}

static gboolean
has_difference (const GPtrArray *differences, const char *path, gint64 first, gint64 last, const char *words)
{
  for (guint i = 0; i < differences->len; i++)
    {
      const AssayContentDifference *d = differences->pdata[i];

      if (strcmp (d->path, path) == 0 && d->first_row == first && d->last_row == last && strstr (d->text, words) != NULL)
        return TRUE;
    }
  return FALSE;
}

static void
test_differences (Room *room, gconstpointer unused)
{
  g_autoptr (AssayContentNode) plain = tree_of (room, 0), value = tree_of (room, 1), unit = tree_of (room, 2), name = tree_of (room, 3);
  g_autoptr (GPtrArray) of_value = assay_content_tree_compare (plain, value), of_unit = assay_content_tree_compare (plain, unit);
  g_autoptr (GPtrArray) of_name = assay_content_tree_compare (plain, name);

  (void) unused;
  g_assert_cmpuint (of_value->len, ==, 1);
  g_assert_true (has_difference (of_value, "/a/x", 128, 255, "rows 128 to 255"));
  g_assert_cmpuint (of_unit->len, ==, 1);
  g_assert_true (has_difference (of_unit, "/a/x", -1, -1, "units"));
  g_assert_true (has_difference (of_name, "/a/x", -1, -1, "missing"));
  g_assert_true (has_difference (of_name, "/a/y", -1, -1, "not part"));
}

/* Any single edit of a proof's members makes it unreadable, contradictory, or lead elsewhere. */
static void
test_edits (Room *room, gconstpointer unused)
{
  g_autofree char *path = make_file (room);
  g_autoptr (AssayProver) prover = open_prover (path);
  g_autoptr (AssayProof) proof = assay_prover_prove (prover, "/a/numbers", 700, NULL);
  AssayDigest root = assay_prover_get_tree (prover)->digest;
  json_t *document = assay_proof_to_json (proof);
  char *text = json_dumps (document, JSON_SORT_KEYS | JSON_COMPACT);
  gsize n = strlen (text);
  guint survived = 0;

  (void) unused;
  json_decref (document);
  for (gsize i = 0; i < n; i++)
    for (int bit = 0; bit < 8; bit++)
      {
        g_autoptr (AssayProof) other = NULL;
        json_t *edited;
        guint64 bits;

        text[i] ^= (char) (1 << bit);
        edited = json_loadb (text, n, JSON_REJECT_DUPLICATES, NULL);
        other = edited != NULL ? assay_proof_from_json (edited, "test", NULL) : NULL;
        /* Another element of the same leaf is a true statement about another number. */
        if (other != NULL && leads_to (other, &root) && other->index == 700 && assay_proof_get_bits (other, &bits, NULL))
          survived++;
        json_decref (edited);
        text[i] ^= (char) (1 << bit);
      }
  free (text);
  g_assert_cmpuint (survived, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/proof/a path leads from every leaf to the root, and to no other from elsewhere", test_paths);
  g_test_add_func ("/proof/the tree of no leaves has the root of nothing", test_no_leaves);
  ADD ("/proof/every element of every kind of array has a proof that leads to the file's root", test_proofs);
  ADD ("/proof/the element's bits are those that were stored", test_bits);
  ADD ("/proof/the tree of a file survives being text", test_tree);
  ADD ("/proof/a damaged text of a tree never leads to the same root", test_bad_tree);
  ADD ("/proof/two trees say where they differ", test_differences);
  ADD ("/proof/an edited proof proves nothing", test_edits);
  return g_test_run ();
}
