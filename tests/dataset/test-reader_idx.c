/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reader_idx.c: images and labels in the IDX format. */
#include "fixture.h"

#include "base/error.h"

#include <string.h>

/* Three images of 2 x 3 pixels with the values 0 .. 17, and labels 2 0 1. */
static const guint8 images[16 + 18] = { 0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 };
static const guint8 labels[8 + 3] = { 0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1 };

static void
check_table (const AssayTable *table)
{
  const AssayColumn *image = assay_table_first_of (table, ASSAY_COLUMN_IMAGE), *label = assay_table_first_of (table, ASSAY_COLUMN_LABEL);

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 3);
  g_assert_cmpint (image->height, ==, 2);
  g_assert_cmpint (image->width, ==, 3);
  g_assert_cmpmem (image->pixel, 18, images + 16, 18);
  g_assert_cmpint (label->n_classes, ==, 3);
  g_assert_cmpint (label->code[0], ==, 2);
  g_assert_cmpint (assay_table_get_source_row (table, 2), ==, 3);
  g_assert_cmpint (assay_table_get_origin_unit (table), ==, ASSAY_ORIGIN_RECORD);
}

static void
test_beside (void)
{
  g_autofree char *x = fixture_write ("a-images-idx3-ubyte", images, sizeof images), *y = fixture_gzip ("a-labels-idx1-ubyte.gz", labels, sizeof labels, NULL);
  g_autoptr (AssayTable) table = fixture_import (x, NULL);

  g_assert_true (g_file_test (y, G_FILE_TEST_EXISTS));
  check_table (table);
  g_assert_cmpint (assay_table_get_n_files (table), ==, 2);       /* the label file is recorded too */
}

static void
test_given (void)
{
  g_autofree char *x = fixture_gzip ("x.gz", images, sizeof images, NULL), *y = fixture_write ("y", labels, sizeof labels);
  g_autoptr (AssayTable) option = fixture_import (x, "labels", y, NULL), pair = NULL;
  g_autoptr (AssayValues) options = assay_values_new (assay_import_params);
  const char *reversed[] = { y, x, NULL };
  GError *error = NULL;

  check_table (option);
  pair = assay_import (reversed, options, &error);
  g_assert_no_error (error);
  check_table (pair);
}

static void
test_without_labels (void)
{
  g_autofree char *x = fixture_write ("lonely.idx", images, sizeof images);
  g_autoptr (AssayTable) table = fixture_import (x, NULL);

  g_assert_null (assay_table_first_of (table, ASSAY_COLUMN_LABEL));
  g_assert_cmpint (assay_table_get_notes (table)->len, ==, 1);
}

static void
refuse (const guint8 *bytes, gsize n, const char *a, const char *b)
{
  g_autofree char *x = fixture_write ("bad.idx", bytes, n);
  GError *error = NULL;

  g_assert_null (fixture_try (&error, x, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "bad.idx", a, b, NULL);
}

static void
test_bad_files (void)
{
  guint8 bad[sizeof images + 1];

  memcpy (bad, images, sizeof images);
  bad[sizeof images] = 0;
  refuse (bad, sizeof images - 1, "promises 18 values, 17 bytes follow", "truncated");
  refuse (bad, sizeof images + 1, "promises 18 values, 19 bytes follow", "too long");
  refuse (bad, 10, "a header of 16 bytes", "ends at byte 10");
  refuse (bad, 3, "not an IDX file", "byte 0");
  bad[2] = 0x0d;
  refuse (bad, sizeof images, "type 0x08", "0x0d found");
  bad[2] = 8;
  bad[3] = 2;
  refuse (bad, sizeof images, "rank 1 (labels) or 3 (images)", "2 found");
  bad[3] = 3;
  memset (bad + 4, 0xff, 12);                                     /* 2^96 values */
  refuse (bad, sizeof images, "more than 64 bits", "header");
  memset (bad + 4, 0, 4);
  refuse (bad, sizeof images, "size 1 is 0", "byte 4");
}

static void
test_bad_labels (void)
{
  guint8 two[10] = { 0, 0, 8, 1, 0, 0, 0, 2, 2, 0 }, wild[11] = { 0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 200 };
  g_autofree char *x = fixture_write ("b.idx", images, sizeof images), *few = fixture_write ("few", two, sizeof two);
  g_autofree char *far = fixture_write ("far", wild, sizeof wild), *good = fixture_write ("fine", labels, sizeof labels);
  g_autoptr (AssayTable) declared = fixture_import (x, "labels", far, "classes", "201", NULL);
  GError *error = NULL;

  g_assert_cmpint (assay_table_first_of (declared, ASSAY_COLUMN_LABEL)->n_classes, ==, 201);
  g_assert_null (fixture_try (&error, x, "labels", few, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "3 images", "2 labels", NULL);
  g_assert_null (fixture_try (&error, x, "labels", x, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "labels (rank 1) expected", NULL);
  g_assert_null (fixture_try (&error, x, "labels", far, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "far byte 10 (record 3)", "label 200", "--classes 201", NULL);
  g_assert_null (fixture_try (&error, x, "labels", good, "classes", "2", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "fine byte 8 (record 1)", "a label below 2 expected, 2 found", NULL);
  g_assert_null (fixture_try (&error, few, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "few holds labels", NULL);
}

static void
test_mnist (void)
{
  g_autofree char *path = fixture_data ("mnist_t10k/t10k-images-idx3-ubyte.gz");
  g_autoptr (AssayTable) table = path ? fixture_import (path, NULL) : NULL;
  gint64 count[10] = { 0 };

  if (table == NULL)
    return;
  g_assert_cmpint (assay_table_get_n_rows (table), ==, 10000);
  g_assert_cmpint (assay_table_first_of (table, ASSAY_COLUMN_LABEL)->n_classes, ==, 10);
  for (gint64 row = 0; row < 10000; row++)
    count[assay_table_first_of (table, ASSAY_COLUMN_LABEL)->code[row]]++;
  g_assert_cmpint (count[0], ==, 980);                            /* the published class counts of the MNIST test set */
  g_assert_cmpint (count[1], ==, 1135);
  g_assert_cmpint (count[9], ==, 1009);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reader_idx/the label file beside the images is found", test_beside);
  g_test_add_func ("/reader_idx/labels are given by option or among the files", test_given);
  g_test_add_func ("/reader_idx/images without labels load and the import says so", test_without_labels);
  g_test_add_func ("/reader_idx/malformed headers and counts are refused by byte", test_bad_files);
  g_test_add_func ("/reader_idx/labels that do not fit the images or their classes are refused", test_bad_labels);
  g_test_add_func ("/reader_idx/the MNIST test set loads from gzip", test_mnist);
  return g_test_run ();
}
