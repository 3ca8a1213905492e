/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-derive.c: datasets of images, tokens and tables from declared options. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/derive.h"
#include "dataset/split.h"

#include <string.h>

static AssayDataset *
derive (GError **error, AssayTable *table, AssayTargetKind wanted, ...) G_GNUC_NULL_TERMINATED;

/* Options are name, value, ..., NULL. */
static AssayDataset *
derive (GError **error, AssayTable *table, AssayTargetKind wanted, ...)
{
  g_autoptr (AssayValues) values = assay_values_new (assay_derive_params);
  const char *name;
  va_list args;

  va_start (args, wanted);
  while ((name = va_arg (args, const char *)) != NULL)
    g_assert_true (assay_values_set_text (values, name, va_arg (args, const char *), NULL));
  va_end (args);
  return assay_dataset_derive (table, values, wanted, error);
}

/* Two images of 2 x 4 pixels, labels 1 and 0. */
static AssayTable *
image_table (void)
{
  static const guint8 images[] = { 0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 4, 0, 51, 102, 255, 255, 0, 204, 153, 1, 2, 3, 4, 5, 6, 7, 9 };
  static const guint8 labels[] = { 0, 0, 8, 1, 0, 0, 0, 2, 1, 0 };
  g_autofree char *x = fixture_write ("i.idx", images, sizeof images), *y = fixture_write ("l.idx", labels, sizeof labels);

  return fixture_import (x, "labels", y, NULL);
}

static void
test_images (void)
{
  g_autoptr (AssayTable) table = image_table ();
  GError *error = NULL;
  g_autoptr (AssayDataset) whole = derive (&error, table, ASSAY_TARGET_AUTO, NULL), pooled = derive (&error, table, ASSAY_TARGET_CLASS, "pool", "2", NULL);
  double x[16];
  gint32 label[2];
  static const gint64 index[] = { 1, 0 };
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x, .label = label };
  AssayShape shape;

  g_assert_no_error (error);
  shape = assay_dataset_get_shape (whole);
  g_assert_true (shape.rank == 3 && shape.dim[0] == 1 && shape.dim[1] == 2 && shape.dim[2] == 4);
  assay_dataset_fill (whole, index, 2, &batch);
  g_assert_cmpfloat (x[0], ==, 1.0 / 255);
  g_assert_cmpfloat (x[9], ==, 51.0 / 255);
  g_assert_true (label[0] == 0 && label[1] == 1);
  g_assert_cmpint (assay_dataset_get_n_classes (whole), ==, 2);
  assay_dataset_fill (pooled, index, 2, &batch);                  /* (1,1,2) each */
  g_assert_cmpfloat (x[0], ==, (1 + 2 + 5 + 6) / 1020.0);
  g_assert_cmpfloat (x[2], ==, (0 + 51 + 255 + 0) / 1020.0);
  g_assert_cmpfloat (x[3], ==, (102 + 255 + 204 + 153) / 1020.0);
}

static void
test_image_options (void)
{
  g_autoptr (AssayTable) table = image_table ();
  GError *error = NULL;
  g_autoptr (AssayDataset) binary = derive (&error, table, ASSAY_TARGET_AUTO, "target", "label == 1", NULL);

  g_assert_no_error (error);
  g_assert_cmpstr (assay_dataset_get_class_names (binary)->pdata[1], ==, "true");
  g_assert_cmpint (assay_dataset_get_label (binary, 0), ==, 1);
  g_assert_null (derive (&error, table, ASSAY_TARGET_AUTO, "pool", "3", NULL));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "pool", "2 x 4 pixels", "3 found", NULL);
  g_assert_null (derive (&error, table, ASSAY_TARGET_AUTO, "terms", "image", NULL));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "terms", "images", NULL);
  g_assert_null (derive (&error, table, ASSAY_TARGET_AUTO, "filter", "image > 1", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "column \"image\" holds image", NULL);
}

static void
test_tokens (void)
{
  g_autofree char *path = fixture_write ("t.txt", "abcabcabcabc", -1);
  g_autoptr (AssayTable) table = fixture_import (path, "context", "2", "split", "order:train=3,test=2", NULL);
  GError *error = NULL;
  g_autoptr (AssayDataset) dataset = derive (&error, table, ASSAY_TARGET_AUTO, "limit", "2", NULL);
  gint64 n;

  g_assert_no_error (error);
  g_assert_cmpint (assay_dataset_get_kind (dataset), ==, ASSAY_DATASET_TOKENS);
  g_assert_cmpint (assay_dataset_get_n (dataset), ==, 4);
  g_assert_cmpint (assay_dataset_get_n_classes (dataset), ==, 3);
  g_assert_nonnull (assay_dataset_get_split (dataset, "test", &n, &error));
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (assay_dataset_get_drops (dataset)->len, ==, 1);
  g_assert_null (derive (&error, table, ASSAY_TARGET_AUTO, "target", "x", NULL));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "target", "token sequences", NULL);
}

static void
test_table (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("a,b,y\n1,u,1\n2,v,2\n3,u,2\n");
  GError *error = NULL;
  g_autoptr (AssayDataset) classes = derive (&error, table, ASSAY_TARGET_CLASS, "target", "y", NULL);
  g_autoptr (AssayDataset) real = derive (&error, table, ASSAY_TARGET_CLASS, "target", "y", "target-kind", "real", NULL);

  g_assert_no_error (error);
  g_assert_cmpint (assay_dataset_get_n_classes (classes), ==, 2);
  g_assert_cmpint (assay_dataset_get_label (classes, 1), ==, 1);
  g_assert_cmpint (assay_dataset_get_target_kind (real), ==, ASSAY_TARGET_REAL);
  g_assert_cmpfloat (assay_dataset_get_real (real, 2), ==, 2);
  g_assert_cmpstr (assay_dataset_get_term_names (classes)->pdata[1], ==, "b = v");
  g_assert_null (derive (&error, table, ASSAY_TARGET_CLASS, "target", "y", "pool", "2", NULL));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "pool", "a table", NULL);
}

static void
test_mnist (void)
{
  g_autofree char *path = fixture_data ("mnist_t10k/t10k-images-idx3-ubyte.gz");
  g_autoptr (AssayTable) table = path ? fixture_import (path, "split", "order:train=5000,test=rest", NULL) : NULL;
  g_autoptr (AssayDataset) dataset = NULL;
  GError *error = NULL;
  gint64 n;

  if (table == NULL)
    return;
  dataset = derive (&error, table, ASSAY_TARGET_CLASS, "pool", "2", NULL);
  g_assert_no_error (error);
  g_assert_nonnull (assay_dataset_get_split (dataset, "train", &n, &error));
  g_assert_cmpint (n, ==, 5000);
  g_assert_cmpint (assay_dataset_get_shape (dataset).dim[2], ==, 14);
  g_assert_cmpint (assay_dataset_get_n_classes (dataset), ==, 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/derive/images are scaled and pooled exactly", test_images);
  g_test_add_func ("/derive/image options are checked", test_image_options);
  g_test_add_func ("/derive/tokens are filtered and limited", test_tokens);
  g_test_add_func ("/derive/a table's target follows the model unless the option says otherwise", test_table);
  g_test_add_func ("/derive/MNIST makes a training split of 5,000 digits", test_mnist);
  return g_test_run ();
}
