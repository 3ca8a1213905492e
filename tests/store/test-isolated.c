/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-isolated.c: what a child process says of a file, and that no file, however broken, ends the process that asks. */
#include "store/isolated.h"

#include "base/rng.h"
#include "store/proof.h"
#include "store_test.h"

static GBytes *
make_bytes (void)
{
  json_t *meta = json_pack ("{s:s,s:s}", "created_utc", "2026-01-02T03:04:05Z", "run_uuid", "0");
  GError *error = NULL;
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new_file ("report", "results", meta, &error);
  const char *texts[3] = { "a", "", "\303\244" };
  double values[500];
  GBytes *bytes;

  json_decref (meta);
  for (int i = 0; i < 500; i++)
    values[i] = i;
  assay_shard_writer_put (writer, &(AssayArraySpec) { .path = "/a/x", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 500 } }, ASSAY_STORE_F64, values, &error);
  g_assert_no_error (error);
  assay_shard_writer_put_text (writer, &(AssayArraySpec) { .path = "/a/t", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { 3 } }, texts, &error);
  g_assert_no_error (error);
  bytes = assay_shard_writer_write_bytes (writer, &error);
  g_assert_no_error (error);
  return bytes;
}

static void
test_same (void)
{
  g_autoptr (GBytes) bytes = make_bytes ();
  GError *error = NULL;
  g_autoptr (AssayProver) prover = assay_prover_new_for_bytes (bytes, "results.h5", NULL, &error);
  g_autoptr (AssayContentNode) tree = assay_content_tree_read_isolated (bytes, "results.h5", &error);
  g_autofree char *here = NULL, *there = NULL;

  g_assert_no_error (error);
  here = assay_content_tree_to_text (assay_prover_get_tree (prover));
  there = assay_content_tree_to_text (tree);
  g_assert_cmpstr (here, ==, there);
}

static void
test_garbage (void)
{
  static const char text[] = "this is not HDF5";
  g_autoptr (GBytes) garbage = g_bytes_new_static (text, sizeof text), none = g_bytes_new_static ("", 0);
  GError *error = NULL;

  g_assert_null (assay_content_tree_read_isolated (garbage, "results.h5", &error));
  expect_error (&error, ASSAY_ERROR_DAMAGED, "results.h5", NULL);
  g_assert_null (assay_content_tree_read_isolated (none, "results.h5", &error));
  expect_error (&error, ASSAY_ERROR_DAMAGED, "results.h5", NULL);
}

/* Bytes altered at random places and the file cut: either the same values, other values, or an error. */
static void
test_damage (void)
{
  g_autoptr (GBytes) bytes = make_bytes ();
  gsize n;
  const guint8 *good = g_bytes_get_data (bytes, &n);
  AssayRng rng = assay_rng_new (7, 0);
  int rounds = g_getenv ("ASSAY_TEST_LONG") != NULL ? 3000 : 150;

  for (int round = 0; round < rounds; round++)
    {
      gsize length = round % 5 == 0 ? assay_rng_below (&rng, n) : n;
      guint8 *other = g_memdup2 (good, n);
      g_autoptr (GBytes) damaged = NULL;
      g_autoptr (AssayContentNode) tree = NULL;
      GError *error = NULL;

      for (int k = 0; k < 1 + round % 8; k++)
        other[assay_rng_below (&rng, round % 2 == 0 ? MIN (n, 4096) : n)] ^= (guint8) (1 << assay_rng_below (&rng, 8));
      damaged = g_bytes_new_take (other, length);
      tree = assay_content_tree_read_isolated (damaged, "results.h5", &error);
      g_assert_true ((tree != NULL) == (error == NULL));
      if (error != NULL)
        expect_error (&error, ASSAY_ERROR_DAMAGED, "results.h5", NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/isolated/the child tells the tree that is read here", test_same);
  g_test_add_func ("/isolated/what is no HDF5 file is said to be none", test_garbage);
  g_test_add_func ("/isolated/no damage to a file reaches the process that asks", test_damage);
  return g_test_run ();
}
