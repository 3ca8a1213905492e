/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-bank.c: a ground truth from elsewhere comes back from a case as it went in, and one that says nothing sound is refused. */
#include "influence/bank.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

enum { N = 6, Q = 2, R = 2, S = 3, K = 2 };

static const gint64 train[N] = { 4, 5, 6, 7, 8, 9 }, query[Q] = { 0, 2 };
static const double base[R * Q] = { 1, 2, 1.5, 2.5 };
static const gint64 places[S * K] = { 1, 0, 2, 5, 3, 4 };

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static void
fill (double *loss)
{
  for (gint64 i = 0; i < S * R * Q; i++)
    loss[i] = 0.25 * (double) i;
  loss[5] = NAN;                        /* set 1, seed 0, query 1 diverged */
}

static void
test_kept (void)
{
  g_autofree char *directory = g_dir_make_tmp ("assay-bank-XXXXXX", NULL), *path = g_build_filename (directory, "b.assay", NULL);
  GError *error = NULL;
  AssayCase *cas = assay_case_create (path, &error);
  g_autoptr (AssayBank) bank = assay_bank_new (train, N, query, Q, base, R, &error), back = NULL;
  g_autoptr (AssayObject) object = NULL;
  const AssayBankFamily *family;
  json_t *data = json_pack ("{s:s}", "table", "x");
  double loss[S * R * Q];

  fill (loss);
  g_assert_no_error (error);
  g_assert_true (assay_bank_add_family (bank, "drop1pct", places, S, K, loss, &error));
  object = assay_bank_save (bank, cas, "elsewhere", data, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (json_is_true (json_object_get (object->meta, "imported")));
  g_assert_true (json_equal (json_object_get (object->meta, "data"), data));
  back = assay_bank_load (cas, "elsewhere", &error);
  g_assert_no_error (error);
  g_assert_cmpmem (back->train, sizeof train, train, sizeof train);
  g_assert_cmpmem (back->query, sizeof query, query, sizeof query);
  g_assert_cmpmem (back->base, sizeof base, base, sizeof base);
  family = assay_bank_find_family (back, "drop1pct");
  g_assert_nonnull (family);
  g_assert_null (assay_bank_find_family (back, "drophalf"));
  g_assert_cmpint (family->place[0], ==, 0);                      /* ascending in the set */
  g_assert_cmpint (family->place[1], ==, 1);
  for (gint64 i = 0; i < S * R * Q; i++)
    g_assert_true (isnan (loss[i]) ? isnan (family->loss[i]) : family->loss[i] == loss[i]);
  json_decref (data);
  assay_case_free (cas);
  remove_tree (directory);
}

static void
assert_refused (AssayBank *bank, const char *name, const gint64 *place, gint64 n_sets, gint64 size, const double *loss, int code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_bank_add_family (bank, name, place, n_sets, size, loss, &error));
  g_assert_error (error, ASSAY_ERROR, code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_null (strchr (error->message, '\n'));
}

static void
test_refusals (void)
{
  static const gint64 outside[S * K] = { 1, 0, 2, N, 3, 4 }, twice[S * K] = { 1, 0, 2, 5, 3, 3 }, repeated[Q] = { 3, 3 }, negative[Q] = { 0, -1 };
  static const double broken[R * Q] = { 1, NAN, 1, 1 };
  g_autoptr (AssayBank) bank = assay_bank_new (train, N, query, Q, base, R, NULL);
  g_autoptr (GError) error = NULL;
  double loss[S * R * Q], infinite[S * R * Q], nothing[S * R * Q];

  fill (loss);
  fill (infinite);
  infinite[0] = INFINITY;
  for (gint64 i = 0; i < S * R * Q; i++)
    nothing[i] = NAN;
  assert_refused (bank, "a", outside, S, K, loss, ASSAY_ERROR_INPUT, "set 1: different training examples from 0 to 5 expected, 6 is none");
  assert_refused (bank, "a", twice, S, K, loss, ASSAY_ERROR_INPUT, "3 is left out twice");
  assert_refused (bank, "a", places, S, K, infinite, ASSAY_ERROR_INPUT, "set 0, query 0");
  assert_refused (bank, "a", places, S, K, nothing, ASSAY_ERROR_INPUT, "only NaN found");
  assert_refused (bank, "a/b", places, S, K, loss, ASSAY_ERROR_INPUT, "\"a/b\" found");
  assert_refused (bank, "a", places, 1, N, loss, ASSAY_ERROR_SHAPE, "sets of 1 to 5 examples expected");
  g_assert_cmpuint (bank->families->len, ==, 0);
  g_assert_true (assay_bank_add_family (bank, "a", places, S, K, loss, NULL));
  assert_refused (bank, "a", places, S, K, loss, ASSAY_ERROR_INPUT, "two families are named a");
  g_assert_null (assay_bank_new (train, N, repeated, Q, base, R, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_clear_error (&error);
  g_assert_null (assay_bank_new (train, N, negative, Q, base, R, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_clear_error (&error);
  g_assert_null (assay_bank_new (train, N, query, Q, broken, R, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_clear_error (&error);
  g_assert_null (assay_bank_new (train, N, query, Q, base, 0, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bank/what was measured elsewhere comes back as it went in", test_kept);
  g_test_add_func ("/bank/what is not sound is refused in one line", test_refusals);
  return g_test_run ();
}
