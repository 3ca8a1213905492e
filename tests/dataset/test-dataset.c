/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-dataset.c: splits, identities and batches of a dataset. */
#include "fixture.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/dataset.h"
#include "dataset/derive.h"

#include <complex.h>
#include <math.h>
#include <string.h>

static AssayDataset *
from_csv (const char *text, const char *id, const char *split, const char *target)
{
  g_autofree char *path = fixture_write ("d.csv", text, -1);
  g_autoptr (AssayTable) table = id ? fixture_import (path, "id", id, "split", split, NULL) : fixture_import (path, "split", split, NULL);
  g_autoptr (AssayValues) values = assay_values_new (assay_derive_params);
  GError *error = NULL;
  AssayDataset *dataset;

  g_assert_true (assay_values_set_text (values, "target", target, NULL));
  g_assert_true (assay_values_set_text (values, "filter", "x > 0", NULL));
  dataset = assay_dataset_derive (table, values, ASSAY_TARGET_AUTO, &error);
  g_assert_no_error (error);
  return dataset;
}

static const char rows[] = "key,x,part,y\na,1,train,0\nb,-1,train,1\nc,3,test,1\nd,4,train,1\nd,5,test,0\n";

static void
test_splits (void)
{
  g_autoptr (AssayDataset) dataset = from_csv (rows, "key", "column:part", "y");
  GError *error = NULL;
  gint64 n, index;
  const gint64 *train = assay_dataset_get_split (dataset, "train", &n, &error);

  g_assert_no_error (error);
  g_assert_cmpint (assay_dataset_get_n (dataset), ==, 4);         /* the filter left b out */
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (train[1], ==, 2);
  g_assert_cmpint (assay_dataset_get_row (dataset, train[1]), ==, 3);
  g_assert_cmpstr (assay_dataset_get_split_of (dataset, 1, &index), ==, "test");
  g_assert_cmpint (index, ==, 0);
  g_assert_null (assay_dataset_get_split (dataset, "valid", &n, &error));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "no split \"valid\"", "train, test", NULL);
}

static void
test_find (void)
{
  static const struct { const char *reference; int code; const char *fragments[2]; } bad[] = {
    { "train:2", ASSAY_ERROR_NOT_FOUND, { "split \"train\" has examples 0 to 1" } },
    { "train:99999999999999999999999", ASSAY_ERROR_NOT_FOUND, { "0 to 1" } },
    { "train:-1", ASSAY_ERROR_USAGE, { "SPLIT:INDEX" } },
    { "train:", ASSAY_ERROR_USAGE, { "SPLIT:INDEX" } },
    { "7", ASSAY_ERROR_USAGE, { "\"7\"", "id:VALUE" } },
    { "valid:0", ASSAY_ERROR_NOT_FOUND, { "no split \"valid\"", "train, test" } },
    { "id:zz", ASSAY_ERROR_NOT_FOUND, { "id:zz", "column \"key\"" } },
    { "id:b", ASSAY_ERROR_NOT_FOUND, { "no example kept" } },     /* filtered out */
    { "id:d", ASSAY_ERROR_INPUT, { "more than one example" } },
  };
  g_autoptr (AssayDataset) dataset = from_csv (rows, "key", "column:part", "y"), keyless = from_csv (rows, NULL, "train", "y");
  g_autofree char *text = NULL;
  GError *error = NULL;
  gint64 example = -1;

  g_assert_true (assay_dataset_find (dataset, "test:0", &example, &error));
  g_assert_cmpint (example, ==, 1);
  g_assert_true (assay_dataset_find (dataset, "id:c", &example, &error));
  g_assert_cmpint (example, ==, 1);
  text = assay_dataset_describe (dataset, example);
  g_assert_cmpstr (text, ==, "test:0 (id c, d.csv line 4)");
  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      g_assert_false (assay_dataset_find (dataset, bad[k].reference, &example, &error));
      fixture_refused (&error, bad[k].code, bad[k].fragments[0], bad[k].fragments[1], NULL);
    }
  g_assert_cmpint (example, ==, 1);                               /* written on success only */
  g_assert_false (assay_dataset_find (keyless, "id:c", &example, &error));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "no key column", "--id COLUMN", NULL);
}

static void
test_fill_features (void)
{
  static const double x[] = { 1, 1.0 / 3, 2, 1e300, -1, 0 };
  static const gint32 label[] = { 2, 0, 1 };
  static const gint64 index[] = { 2, 0 };
  GError *error = NULL;
  g_autoptr (AssayDataset) dataset = assay_dataset_new_from_arrays (&ASSAY_SHAPE (1, 2), 3, x, label, 3, NULL, "train", 1, "query", &error);
  double f64[4];
  float f32[4];
  double complex c128[4];
  gint32 labels[2];
  AssayBatch batch = { .dtype = ASSAY_F64, .x = f64, .label = labels };

  g_assert_no_error (error);
  assay_mem_forbid (TRUE);                                        /* filling allocates nothing */
  assay_dataset_fill (dataset, index, 2, &batch);
  batch = (AssayBatch) { .dtype = ASSAY_F32, .x = f32 };
  assay_dataset_fill (dataset, index, 2, &batch);
  batch = (AssayBatch) { .dtype = ASSAY_C128, .x = c128 };
  assay_dataset_fill (dataset, index, 2, &batch);
  assay_mem_forbid (FALSE);
  g_assert_cmpfloat (f64[0], ==, -1);
  g_assert_cmpfloat (f64[3], ==, 1.0 / 3);
  g_assert_cmpfloat (f32[3], ==, (float) (1.0 / 3));
  g_assert_true (c128[3] == 1.0 / 3);
  g_assert_cmpint (labels[0], ==, 1);
  g_assert_cmpint (labels[1], ==, 2);
}

static void
test_fill_tokens (void)
{
  static const gint32 token[] = { 0, 1, 2, 3 }, target[] = { 1, 2, 3, 0 };
  static const float weight[] = { 0, 1, 0.5, 0 };
  static const gint64 index[] = { 1, 0 };
  GError *error = NULL;
  g_autoptr (AssayDataset) weighted = assay_dataset_new_from_token_arrays (2, 2, 4, token, target, weight, "train", 0, NULL, &error);
  g_autoptr (AssayDataset) plain = assay_dataset_new_from_token_arrays (2, 2, 4, token, target, NULL, "train", 0, NULL, &error);
  gint32 t[4], y[4];
  double w[4];
  float ones[4];
  AssayBatch batch = { .dtype = ASSAY_F64, .token = t, .target = y, .weight = w };

  g_assert_no_error (error);
  assay_dataset_fill (weighted, index, 2, &batch);
  g_assert_true (t[0] == 2 && t[3] == 1 && y[0] == 3 && y[1] == 0 && y[2] == 1);
  g_assert_true (w[0] == 0.5 && w[1] == 0 && w[2] == 0 && w[3] == 1);
  batch = (AssayBatch) { .dtype = ASSAY_F32, .weight = ones };
  assay_dataset_fill (plain, index, 2, &batch);
  g_assert_true (ones[0] == 1 && ones[3] == 1);
  g_assert_cmpint (assay_dataset_get_n_classes (plain), ==, 4);
  g_assert_cmpint (assay_dataset_get_shape (plain).dim[0], ==, 2);
}

static void
test_refused_arrays (void)
{
  static const double x[] = { 1, 2, NAN, 4 }, good[] = { 1, 2, 3, 4 }, y[] = { 1, INFINITY };
  static const gint32 label[] = { 0, 3 }, token[] = { 0, 1, 4, 1 };
  GError *error = NULL;
  g_autoptr (AssayDataset) dataset = NULL;

  g_assert_null (assay_dataset_new_from_arrays (&ASSAY_SHAPE (2), 2, x, NULL, 0, y, "train", 0, NULL, &error));
  fixture_refused (&error, ASSAY_ERROR_NAN, "train:1", "element 0 is nan", NULL);
  g_assert_null (assay_dataset_new_from_arrays (&ASSAY_SHAPE (2), 2, good, NULL, 0, y, "train", 0, NULL, &error));
  fixture_refused (&error, ASSAY_ERROR_NAN, "train:1", "y", "inf", NULL);
  g_assert_null (assay_dataset_new_from_arrays (&ASSAY_SHAPE (2), 2, good, label, 3, NULL, "train", 1, "query", &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "query:0", "a class from 0 to 2 expected, 3 found", NULL);
  g_assert_null (assay_dataset_new_from_token_arrays (2, 2, 4, token, token, NULL, "train", 0, NULL, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "train:1", "a token from 0 to 3 expected, 4 found", NULL);
  dataset = assay_dataset_new_from_arrays (&ASSAY_SHAPE (2), 2, good, label, 4, NULL, "train", 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (assay_dataset_check_classes (dataset, 2, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "train:1", "0 to 1 expected, 3 found", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/splits list the examples kept in table order", test_splits);
  g_test_add_func ("/dataset/examples are found by split and index or by key", test_find);
  g_test_add_func ("/dataset/features are gathered in every precision without allocation", test_fill_features);
  g_test_add_func ("/dataset/tokens are gathered with their weights", test_fill_tokens);
  g_test_add_func ("/dataset/NaN, classes and tokens out of range are named by example", test_refused_arrays);
  return g_test_run ();
}
