/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-types.c: conversions, each against arithmetic in double that shares no code with them. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "store/types.h"

/* The value of a binary16 or bfloat16 by its definition. */
static double
value_of (guint16 bits, int exponent_bits, int mantissa_bits)
{
  int bias = (1 << (exponent_bits - 1)) - 1, e = (bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  double m = bits & ((1 << mantissa_bits) - 1), sign = bits & 0x8000 ? -1 : 1;

  if (e == (1 << exponent_bits) - 1)
    return m > 0 ? NAN : sign * INFINITY;
  if (e == 0)
    return sign * ldexp (m, 1 - bias - mantissa_bits);
  return sign * ldexp (1 + ldexp (m, -mantissa_bits), e - bias);
}

/* x rounded to nearest even on the grid of the format. */
static double
nearest (double x, int exponent_bits, int mantissa_bits)
{
  int bias = (1 << (exponent_bits - 1)) - 1, e;
  double step, y;

  if (isnan (x) || isinf (x) || x == 0)
    return x;
  frexp (x, &e);
  step = ldexp (1, MAX (e - 1, 1 - bias) - mantissa_bits);
  y = nearbyint (x / step) * step;
  return fabs (y) >= ldexp (2, bias) ? copysign (INFINITY, x) : y;
}

static void
assert_same (double a, double b)
{
  if (isnan (b))
    g_assert_true (isnan (a));
  else
    g_assert_true (a == b && signbit (a) == signbit (b));
}

static void
test_every_half (void)
{
  g_autofree guint16 *halves = g_new (guint16, 65536), *back = g_new (guint16, 65536);
  g_autofree float *floats = g_new (float, 65536);

  for (int i = 0; i < 65536; i++)
    halves[i] = (guint16) i;
  g_assert_true (assay_store_convert (ASSAY_STORE_F32, floats, ASSAY_STORE_F16, halves, 65536, NULL));
  g_assert_true (assay_store_convert (ASSAY_STORE_F16, back, ASSAY_STORE_F32, floats, 65536, NULL));
  for (int i = 0; i < 65536; i++)
    {
      assert_same (floats[i], value_of ((guint16) i, 5, 10));
      if (!isnan (floats[i]))
        g_assert_cmpint (back[i], ==, i);
    }
}

static void
test_every_brain_float (void)
{
  g_autofree guint16 *brains = g_new (guint16, 65536), *back = g_new (guint16, 65536);
  g_autofree float *floats = g_new (float, 65536);

  for (int i = 0; i < 65536; i++)
    brains[i] = (guint16) i;
  g_assert_true (assay_store_convert (ASSAY_STORE_F32, floats, ASSAY_STORE_BF16, brains, 65536, NULL));
  g_assert_true (assay_store_convert (ASSAY_STORE_BF16, back, ASSAY_STORE_F32, floats, 65536, NULL));
  for (int i = 0; i < 65536; i++)
    {
      assert_same (floats[i], value_of ((guint16) i, 8, 7));
      if (!isnan (floats[i]))
        g_assert_cmpint (back[i], ==, i);
    }
}

/* Values on the grid, half-way between two of them, and a hair to either side, in float and in double. */
static void
test_rounding (gconstpointer data)
{
  AssayStoreType type = (AssayStoreType) GPOINTER_TO_INT (data);
  int exponent_bits = type == ASSAY_STORE_F16 ? 5 : 8, mantissa_bits = type == ASSAY_STORE_F16 ? 10 : 7;
  AssayRng rng = assay_rng_new (1, 2);

  for (int i = 0; i < 200000; i++)
    {
      guint16 a = (guint16) assay_rng_u32 (&rng), out;
      double low = value_of (a, exponent_bits, mantissa_bits);
      double high = value_of ((guint16) (a + 1), exponent_bits, mantissa_bits);
      double middle = low + (high - low) / 2;
      double xs[] = { low, middle, nextafter (middle, low), nextafter (middle, high), low + assay_rng_uniform (&rng) * (high - low) };

      if (!isfinite (low) || !isfinite (high))
        continue;
      for (gsize k = 0; k < G_N_ELEMENTS (xs); k++)
        {
          float f = (float) xs[k];

          g_assert_true (assay_store_convert (type, &out, ASSAY_STORE_F64, &xs[k], 1, NULL));
          assert_same (value_of (out, exponent_bits, mantissa_bits), nearest (xs[k], exponent_bits, mantissa_bits));
          g_assert_true (assay_store_convert (type, &out, ASSAY_STORE_F32, &f, 1, NULL));
          assert_same (value_of (out, exponent_bits, mantissa_bits), nearest (f, exponent_bits, mantissa_bits));
        }
    }
}

/* One element at a time takes the plain form, many take the processor's own instruction where it has one. */
static void
test_vector_form (void)
{
  enum { N = 100003 };
  g_autofree float *in = g_new (float, N);
  g_autofree guint16 *many = g_new (guint16, N);
  AssayRng rng = assay_rng_new (3, 4);

  for (int i = 0; i < N; i++)
    {
      guint32 bits = assay_rng_u32 (&rng);

      memcpy (&in[i], &bits, 4);
    }
  g_assert_true (assay_store_convert (ASSAY_STORE_F16, many, ASSAY_STORE_F32, in, N, NULL));
  for (int i = 0; i < N; i++)
    {
      guint16 one;

      g_assert_true (assay_store_convert (ASSAY_STORE_F16, &one, ASSAY_STORE_F32, in + i, 1, NULL));
      g_assert_cmphex (one, ==, many[i]);
    }
}

static void
test_overflow (void)
{
  float in[] = { 65504, 65519.996f, 65520, -1e30f, INFINITY, 0x1p-25f, 0x1.8p-25f, -0.0f };
  guint16 want[] = { 0x7bff, 0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x0000, 0x0001, 0x8000 }, out[8];

  g_assert_true (assay_store_convert (ASSAY_STORE_F16, out, ASSAY_STORE_F32, in, 8, NULL));
  for (int i = 0; i < 8; i++)
    g_assert_cmphex (out[i], ==, want[i]);
}

static void
test_integers (void)
{
  gint64 i64[] = { G_MININT64, -1, 0, 9007199254740993, G_MAXINT64 };
  guint64 u64[] = { 1, (guint64) G_MAXINT64 + 1 };
  gint8 i8[] = { -128, 127 };
  double f64[5];
  gint64 wide[2];
  GError *error = NULL;

  g_assert_true (assay_store_convert (ASSAY_STORE_F64, f64, ASSAY_STORE_I64, i64, 5, NULL));
  for (int i = 0; i < 5; i++)
    g_assert_true (f64[i] == (double) i64[i]);
  g_assert_true (assay_store_convert (ASSAY_STORE_I64, wide, ASSAY_STORE_I8, i8, 2, NULL));
  g_assert_cmpint (wide[0], ==, -128);
  g_assert_false (assay_store_convert (ASSAY_STORE_I64, wide, ASSAY_STORE_U64, u64, 2, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_nonnull (strstr (error->message, "element 1"));
  g_clear_error (&error);
  g_assert_false (assay_store_convert (ASSAY_STORE_I8, wide, ASSAY_STORE_F32, f64, 1, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
  g_clear_error (&error);
}

static void
test_unaligned (void)
{
  char raw[1 + 4 * 17];
  float in[17];
  guint16 aligned[17], odd[17];

  for (int i = 0; i < 17; i++)
    in[i] = (float) i / 3;
  memcpy (raw + 1, in, sizeof in);
  g_assert_true (assay_store_convert (ASSAY_STORE_F16, aligned, ASSAY_STORE_F32, in, 17, NULL));
  g_assert_true (assay_store_convert (ASSAY_STORE_F16, odd, ASSAY_STORE_F32, raw + 1, 17, NULL));
  g_assert_cmpmem (aligned, sizeof aligned, odd, sizeof odd);
}

static void
test_words (void)
{
  for (int t = 0; t < ASSAY_STORE_N_TYPES; t++)
    {
      AssayStoreType type;

      g_assert_true (assay_store_type_parse (assay_store_type_word ((AssayStoreType) t), &type));
      g_assert_cmpint (type, ==, t);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/types/every half converts to float and back", test_every_half);
  g_test_add_func ("/types/every bfloat16 converts to float and back", test_every_brain_float);
  g_test_add_data_func ("/types/f16 rounds to nearest even, once", GINT_TO_POINTER (ASSAY_STORE_F16), test_rounding);
  g_test_add_data_func ("/types/bf16 rounds to nearest even, once", GINT_TO_POINTER (ASSAY_STORE_BF16), test_rounding);
  g_test_add_func ("/types/many at once give the bits of one at a time", test_vector_form);
  g_test_add_func ("/types/f16 overflows to infinity and underflows to zero where IEEE says", test_overflow);
  g_test_add_func ("/types/integers widen exactly or are refused", test_integers);
  g_test_add_func ("/types/unaligned source gives the same bits", test_unaligned);
  g_test_add_func ("/types/every word parses to its type", test_words);
  return g_test_run ();
}
