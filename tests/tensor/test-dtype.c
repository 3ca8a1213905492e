/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-dtype.c: names and widths of element types, and conversions between them. */
#include "base/error.h"
#include "tensor/dtype.h"

#include <complex.h>
#undef I                        /* the project's letter for a size */
#include <float.h>
#include <string.h>

static void
test_pairs (void)
{
  static const double numbers[] = { 0, 1, 2, 3, 100, 127, 7, 64 };   /* every type holds them */

  for (AssayDtype from = 0; from < ASSAY_N_DTYPES; from++)
    for (AssayDtype to = 0; to < ASSAY_N_DTYPES; to++)
      {
        guint64 a[16], b[16];
        double back[8];

        assay_dtype_convert (ASSAY_F64, numbers, from, a, 8);
        assay_dtype_convert (from, a, to, b, 8);
        assay_dtype_convert (to, b, ASSAY_F64, back, 8);
        for (guint i = 0; i < 8; i++)
          g_assert_cmpfloat (back[i], ==, numbers[i]);
      }
}

static void
test_wide (void)
{
  const double numbers[] = { 9007199254740992.0, -9007199254740992.0, 0x1.fffffep127, -3.5, 0.1 };
  double back[5];
  double complex c[5];
  float f[5];

  memset (c, 0xff, sizeof c);
  assay_dtype_convert (ASSAY_F64, numbers, ASSAY_C128, c, 5);
  for (guint i = 0; i < 5; i++)
    {
      g_assert_cmpfloat (creal (c[i]), ==, numbers[i]);
      g_assert_cmpfloat (cimag (c[i]), ==, 0);
    }
  assay_dtype_convert (ASSAY_C128, c, ASSAY_F64, back, 5);
  g_assert_cmpmem (back, sizeof back, numbers, sizeof numbers);
  assay_dtype_convert (ASSAY_F64, numbers, ASSAY_F32, f, 5);
  g_assert_cmpfloat (f[4], ==, 0.1f);
  g_assert_cmpfloat (f[2], ==, FLT_MAX);
}

static void
test_names (void)
{
  static const gsize widths[] = { 4, 8, 16, 4 };
  g_autoptr (GError) error = NULL;
  AssayDtype found = ASSAY_I32;

  for (AssayDtype d = 0; d < ASSAY_N_DTYPES; d++)
    {
      g_assert_true (assay_dtype_from_name (assay_dtype_name (d), &found, NULL));
      g_assert_cmpint (found, ==, d);
      g_assert_cmpuint (assay_dtype_width (d), ==, widths[d]);
    }
  found = ASSAY_I32;
  g_assert_false (assay_dtype_from_name ("float", &found, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "f32, f64, c128, i32"));
  g_assert_nonnull (strstr (error->message, "\"float\""));
  g_assert_cmpint (found, ==, ASSAY_I32);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dtype/small whole numbers pass between all types", test_pairs);
  g_test_add_func ("/dtype/wide numbers are kept where the type is wide enough", test_wide);
  g_test_add_func ("/dtype/names and widths belong together", test_names);
  return g_test_run ();
}
