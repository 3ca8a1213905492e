/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-view.c: numbers as people read them, and views that keep what they are given. */
#include "job/view.h"

#include <math.h>

static void
assert_taken (char *found, const char *expected)
{
  g_assert_cmpstr (found, ==, expected);
  g_free (found);
}

static void
test_numbers (void)
{
  assert_taken (assay_view_number (0.123456789, 3), "0.123");
  assert_taken (assay_view_number (-1e-12, 3), "-1e-12");
  assert_taken (assay_view_number (-0.0, 3), "0");
  assert_taken (assay_view_number (NAN, 3), "-");
  assert_taken (assay_view_number (INFINITY, 3), "inf");
  assert_taken (assay_view_count (0), "0");
  assert_taken (assay_view_count (999), "999");
  assert_taken (assay_view_count (1000), "1,000");
  assert_taken (assay_view_count (-1234567), "-1,234,567");
  assert_taken (assay_view_count (G_MAXINT64), "9,223,372,036,854,775,807");
}

static void
test_units (void)
{
  assert_taken (assay_view_bytes (0), "0 B");
  assert_taken (assay_view_bytes (999), "999 B");
  assert_taken (assay_view_bytes (1000), "1.0 kB");
  assert_taken (assay_view_bytes (999999), "1.0 MB");
  assert_taken (assay_view_bytes (2.5e12), "2.5 TB");
  assert_taken (assay_view_seconds (0), "0.00 s");
  assert_taken (assay_view_seconds (0.996), "1.0 s");
  assert_taken (assay_view_seconds (9.96), "10 s");
  assert_taken (assay_view_seconds (59.7), "1 min 00 s");
  assert_taken (assay_view_seconds (3599.7), "1 h 00 min");
  assert_taken (assay_view_seconds (NAN), "-");
}

static void
test_table (void)
{
  g_autoptr (AssayView) view = assay_view_new ();
  const AssayViewBlock *block;

  assay_view_begin_table (view, "name|>value");
  assay_view_add_cell (view, "x");
  assay_view_add_cell_number (view, 1.5, 3);
  assay_view_add_cell (view, NULL);
  assay_view_add_cell_number (view, NAN, 3);
  g_assert_cmpuint (assay_view_get_n_blocks (view), ==, 1);
  block = assay_view_get_block (view, 0);
  g_assert_cmpuint (block->n_columns, ==, 2);
  g_assert_cmpint (block->align[0], ==, ASSAY_VIEW_LEFT);
  g_assert_cmpint (block->align[1], ==, ASSAY_VIEW_RIGHT);
  g_assert_cmpuint (block->cells->len, ==, 6);
  g_assert_cmpstr (block->cells->pdata[1], ==, "value");
  g_assert_cmpstr (block->cells->pdata[4], ==, "");
  g_assert_cmpstr (block->cells->pdata[5], ==, "-");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/view/numbers keep their digits and a missing one is a dash", test_numbers);
  g_test_add_func ("/view/bytes and times change their unit where they are rounded up to it", test_units);
  g_test_add_func ("/view/a table keeps headers, alignment and cells in order", test_table);
  return g_test_run ();
}
