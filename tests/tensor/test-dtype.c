/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-dtype.c: conversions between element types. The short floats are judged by their definition: every value, the midpoint to the
 * next, and what lies closely beside the midpoint, from f32 and from f64. */
#include "base/error.h"
#include "tensor/dtype.h"

#include <complex.h>
#undef I                        /* the project's letter for a size */
#include <math.h>
#include <string.h>

typedef struct {
  AssayDtype dtype;
  int exponent_bits, fraction_bits;
} ShortFloat;

static const ShortFloat shorts[] = { { ASSAY_F16, 5, 10 }, { ASSAY_BF16, 8, 7 } };

/* The value of a pattern without sign, by the definition of IEEE 754; finite patterns only. */
static double
value_of (const ShortFloat *s, guint pattern)
{
  int exponent = pattern >> s->fraction_bits, bias = (1 << (s->exponent_bits - 1)) - 1;
  double fraction = pattern & ((1u << s->fraction_bits) - 1);

  return exponent == 0 ? ldexp (fraction, 1 - bias - s->fraction_bits)
                       : ldexp (fraction + (1 << s->fraction_bits), exponent - bias - s->fraction_bits);
}

static guint
infinity_of (const ShortFloat *s)
{
  return ((1u << s->exponent_bits) - 1) << s->fraction_bits;
}

static void
test_values (gconstpointer data)
{
  const ShortFloat *s = data;

  for (guint pattern = 0; pattern <= infinity_of (s); pattern++)
    {
      double expected = pattern == infinity_of (s) ? INFINITY : value_of (s, pattern);

      for (guint sign = 0; sign < 2; sign++)
        {
          guint16 bits = pattern | sign << 15, back;
          double got;
          float f;

          assay_dtype_convert (s->dtype, &bits, ASSAY_F64, &got, 1);
          g_assert_cmpfloat (got, ==, sign ? -expected : expected);
          g_assert_true (!signbit (got) == !sign);
          assay_dtype_convert (s->dtype, &bits, ASSAY_F32, &f, 1);
          g_assert_cmpfloat (f, ==, got);
          assay_dtype_convert (ASSAY_F32, &f, s->dtype, &back, 1);
          g_assert_cmphex (back, ==, bits);
          assay_dtype_convert (ASSAY_F64, &got, s->dtype, &back, 1);
          g_assert_cmphex (back, ==, bits);
        }
    }
}

static void
check_rounding (const ShortFloat *s, double v, guint expected)
{
  float f = (float) v;

  for (guint sign = 0; sign < 2; sign++)
    {
      double signed_v = sign ? -v : v;
      float signed_f = sign ? -f : f;
      guint16 from_double, from_float;

      assay_dtype_convert (ASSAY_F64, &signed_v, s->dtype, &from_double, 1);
      if (from_double != (expected | sign << 15))
        g_error ("%s of %a: 0x%x expected, 0x%x found", assay_dtype_name (s->dtype), signed_v, expected | sign << 15, from_double);
      assay_dtype_convert (ASSAY_F32, &signed_f, s->dtype, &from_float, 1);
      if (f == v)
        g_assert_cmphex (from_float, ==, from_double);
    }
}

static void
test_rounding (gconstpointer data)
{
  const ShortFloat *s = data;

  for (guint pattern = 0; pattern < infinity_of (s); pattern++)
    {
      double low = value_of (s, pattern), high = value_of (s, pattern + 1), middle;

      if (pattern + 1 == infinity_of (s))                         /* as if the next exponent existed */
        high = low + (low - value_of (s, pattern - 1));
      middle = low / 2 + high / 2;
      check_rounding (s, middle, pattern + (pattern & 1));        /* a tie goes to the even pattern */
      check_rounding (s, nextafter (middle, 0), pattern);
      check_rounding (s, nextafter (middle, INFINITY), pattern + 1);
      check_rounding (s, (double) nextafterf ((float) middle, 0), pattern);
      check_rounding (s, (double) nextafterf ((float) middle, INFINITY), pattern + 1);
    }
  check_rounding (s, 1e300, infinity_of (s));
  check_rounding (s, INFINITY, infinity_of (s));
  check_rounding (s, 1e-300, 0);
}

static void
test_nan (gconstpointer data)
{
  const ShortFloat *s = data;

  for (guint32 payload = 1; payload < 1u << 23; payload = payload * 3 + 1)
    for (guint32 sign = 0; sign < 2; sign++)
      {
        guint32 bits = 0x7f800000 | payload | sign << 31;
        float f;
        double wide, back;
        guint16 from_float, from_double;

        memcpy (&f, &bits, 4);
        wide = f;
        assay_dtype_convert (ASSAY_F32, &f, s->dtype, &from_float, 1);
        assay_dtype_convert (ASSAY_F64, &wide, s->dtype, &from_double, 1);
        g_assert_cmpuint (from_float & 0x7fff, >, infinity_of (s));
        g_assert_cmpuint (from_double & 0x7fff, >, infinity_of (s));
        assay_dtype_convert (s->dtype, &from_float, ASSAY_F64, &back, 1);
        g_assert_true (isnan (back));
      }
}

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
  gint64 whole[2];
  double back[5];
  double complex c[5];
  float f[5];

  assay_dtype_convert (ASSAY_F64, numbers, ASSAY_I64, whole, 2);
  g_assert_cmpint (whole[0], ==, G_GINT64_CONSTANT (1) << 53);
  g_assert_cmpint (whole[1], ==, -(G_GINT64_CONSTANT (1) << 53));
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
  static const gsize widths[] = { 4, 8, 16, 4, 8, 1, 2, 2 };
  g_autoptr (GError) error = NULL;
  AssayDtype found = ASSAY_U8;

  for (AssayDtype d = 0; d < ASSAY_N_DTYPES; d++)
    {
      g_assert_true (assay_dtype_from_name (assay_dtype_name (d), &found, NULL));
      g_assert_cmpint (found, ==, d);
      g_assert_cmpuint (assay_dtype_width (d), ==, widths[d]);
    }
  found = ASSAY_U8;
  g_assert_false (assay_dtype_from_name ("float", &found, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "bf16"));
  g_assert_nonnull (strstr (error->message, "\"float\""));
  g_assert_cmpint (found, ==, ASSAY_U8);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize k = 0; k < G_N_ELEMENTS (shorts); k++)
    {
      const char *name = assay_dtype_name (shorts[k].dtype);
      g_autofree char *values = g_strdup_printf ("/dtype/%s/every value goes to f32 and f64 and back", name);
      g_autofree char *rounding = g_strdup_printf ("/dtype/%s/numbers between two values go to the nearer, ties to even", name);
      g_autofree char *nan = g_strdup_printf ("/dtype/%s/NaN stays NaN", name);

      g_test_add_data_func (values, &shorts[k], test_values);
      g_test_add_data_func (rounding, &shorts[k], test_rounding);
      g_test_add_data_func (nan, &shorts[k], test_nan);
    }
  g_test_add_func ("/dtype/small whole numbers pass between all types", test_pairs);
  g_test_add_func ("/dtype/wide numbers are kept where the type is wide enough", test_wide);
  g_test_add_func ("/dtype/names and widths belong together", test_names);
  return g_test_run ();
}
