/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-shape.c: counts, words and refusals of shapes; error metrics that no NaN passes; buffers of the CPU backend. */
#include "base/error.h"
#include "base/mem.h"
#include "tensor/backend.h"
#include "tensor/compare.h"
#include "tensor/shape.h"

#include <math.h>
#include <string.h>

static void
test_counts (void)
{
  AssayShape scalar = { 0 }, s = ASSAY_SHAPE (2, 3, 5), t;

  g_assert_cmpuint (s.rank, ==, 3);
  g_assert_cmpint (assay_shape_count (&s), ==, 30);
  g_assert_cmpint (assay_shape_last (&s), ==, 5);
  g_assert_cmpint (assay_shape_rows (&s), ==, 6);
  t = assay_shape_drop_last (&s);
  g_assert_true (assay_shape_equal (&t, &ASSAY_SHAPE (2, 3)));
  t = assay_shape_with_last (&s, 7);
  g_assert_true (assay_shape_equal (&t, &ASSAY_SHAPE (2, 3, 7)));
  g_assert_cmpint (assay_shape_count (&scalar), ==, 1);
  g_assert_cmpint (assay_shape_last (&scalar), ==, 1);
  g_assert_cmpint (assay_shape_rows (&scalar), ==, 1);
  t = assay_shape_drop_last (&scalar);
  g_assert_true (assay_shape_equal (&t, &scalar));
  t = assay_shape_with_last (&scalar, 4);
  g_assert_true (assay_shape_equal (&t, &ASSAY_SHAPE (4)));
  g_assert_false (assay_shape_equal (&ASSAY_SHAPE (2, 3), &ASSAY_SHAPE (2, 3, 1)));
  g_assert_false (assay_shape_equal (&ASSAY_SHAPE (2, 3), &ASSAY_SHAPE (3, 2)));
}

static void
test_words (void)
{
  AssayShape scalar = { 0 };
  g_autofree char *two = assay_shape_to_string (&ASSAY_SHAPE (4, 16)), *none = assay_shape_to_string (&scalar);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (two, ==, "(4,16)");
  g_assert_cmpstr (none, ==, "()");
  g_assert_true (assay_shape_expect (&ASSAY_SHAPE (768), "gain", ASSAY_SHAPE (768), &error));
  g_assert_no_error (error);
  g_assert_false (assay_shape_expect (&ASSAY_SHAPE (4, 16), "gain", ASSAY_SHAPE (768), &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
  g_assert_cmpstr (error->message, ==, "gain: (768) expected, got (4,16)");
}

static void
test_checked_counts (void)
{
  guint64 count = 9;

  g_assert_true (assay_shape_count_checked (&ASSAY_SHAPE (3, 4), &count));
  g_assert_cmpuint (count, ==, 12);
  g_assert_true (assay_shape_count_checked (&ASSAY_SHAPE (0, 4), &count));
  g_assert_cmpuint (count, ==, 0);
  count = 9;
  g_assert_false (assay_shape_count_checked (&ASSAY_SHAPE (3, -4), &count));
  g_assert_false (assay_shape_count_checked (&ASSAY_SHAPE (-3, -4), &count));
  g_assert_false (assay_shape_count_checked (&ASSAY_SHAPE (G_GINT64_CONSTANT (1) << 32, G_GINT64_CONSTANT (1) << 31), &count));
  g_assert_false (assay_shape_count_checked (&ASSAY_SHAPE (G_MAXINT64, G_MAXINT64, G_MAXINT64), &count));
  g_assert_cmpuint (count, ==, 9);
}

static void
test_comparison (void)
{
  const double a[] = { 1, 2, -3.5, 4 }, b[] = { 1, 2, -3, 4 }, zero[] = { 0, 0, 0, 1e-9 }, none[] = { 0, 0, 0, 0 };
  AssayComparison c = assay_compare (a, b, 4);

  g_assert_cmpfloat (c.max_error, ==, 0.5);
  g_assert_cmpfloat (c.max_reference, ==, 4);
  g_assert_cmpfloat (c.relative, ==, 0.125);
  g_assert_cmpuint (c.worst, ==, 2);
  c = assay_compare (zero, none, 4);
  g_assert_cmpfloat (c.relative, ==, 1e-9);
  c = assay_compare (b, b, 4);
  g_assert_cmpfloat (c.relative, ==, 0);
  c = assay_compare (NULL, NULL, 0);
  g_assert_cmpfloat (c.relative, ==, 0);
}

static void
test_comparison_of_nan (void)
{
  const double clean[] = { 1, 2, 3 }, nan[] = { 1, NAN, 3 }, inf[] = { 1, INFINITY, 3 }, minus[] = { 1, -INFINITY, 3 };
  const struct { const double *a, *b; gboolean passes; } pairs[] = {
    { nan, clean, FALSE }, { clean, nan, FALSE }, { nan, nan, FALSE }, { inf, clean, FALSE }, { clean, inf, FALSE },
    { inf, minus, FALSE }, { nan, inf, FALSE }, { inf, inf, TRUE },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (pairs); k++)
    {
      AssayComparison c = assay_compare (pairs[k].a, pairs[k].b, 3);

      g_assert_true ((c.max_error <= 1e300) == pairs[k].passes);
      g_assert_true ((c.relative <= 1e300) == pairs[k].passes);
      if (!pairs[k].passes)
        g_assert_cmpuint (c.worst, ==, 1);
    }
}

static void
test_gamma (void)
{
  g_assert_cmpfloat (assay_gamma (0, 0x1p-53), ==, 0);
  g_assert_cmpfloat (assay_gamma (1, 0x1p-53), >=, 0x1p-53);
  g_assert_cmpfloat (assay_gamma (1 << 20, 0x1p-24), ==, 0x1p-4 / (1 - 0x1p-4));
  g_assert_true (isinf (assay_gamma (1 << 24, 0x1p-24)));         /* no bound is left */
}

static void
test_backend (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (3);
  g_autoptr (GError) error = NULL;
  gsize live = assay_mem_get_live ();
  double host[4] = { 1, 2, 3, 4 }, back[4] = { 0 };
  double *buffer = backend->alloc (backend, sizeof host, &error);

  g_assert_no_error (error);
  g_assert_cmpint (backend->kind, ==, ASSAY_BACKEND_CPU);
  g_assert_cmpuint (assay_workers_get_count (backend->workers), ==, 3);
  g_assert_cmpfloat (buffer[3], ==, 0);
  g_assert_true (backend->copy_in (backend, buffer, host, sizeof host, &error));
  g_assert_true (backend->copy_out (backend, back, buffer, sizeof host, &error));
  g_assert_cmpmem (back, sizeof back, host, sizeof host);
  g_assert_true (backend->zero (backend, buffer, sizeof host, &error));
  g_assert_cmpfloat (buffer[0], ==, 0);
  g_assert_true (backend->sync (backend, &error));
  backend->release (backend, buffer);
  g_assert_cmpuint (assay_mem_get_live (), ==, live);
  assay_mem_fail_at (1);
  g_assert_null (backend->alloc (backend, 64, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  assay_backend_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shape/axes are counted, dropped and replaced", test_counts);
  g_test_add_func ("/shape/a shape and a refusal read as words", test_words);
  g_test_add_func ("/shape/a count that is negative or leaves 63 bits is refused", test_checked_counts);
  g_test_add_func ("/compare/the largest difference over the largest reference", test_comparison);
  g_test_add_func ("/compare/NaN and infinity on one side never pass", test_comparison_of_nan);
  g_test_add_func ("/compare/gamma is the rounding bound of a sum", test_gamma);
  g_test_add_func ("/backend/buffers are zeroed, copied, counted and may fail", test_backend);
  return g_test_run ();
}
