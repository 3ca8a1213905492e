/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dtype.c: names, widths and conversions of element types. */
#include "tensor/dtype.h"

#include "base/error.h"

#include <complex.h>
#include <string.h>

static const struct { const char *name; gsize width; } dtypes[ASSAY_N_DTYPES] = {
  [ASSAY_F32] = { "f32", 4 }, [ASSAY_F64] = { "f64", 8 }, [ASSAY_C128] = { "c128", 16 }, [ASSAY_I32] = { "i32", 4 },
  [ASSAY_I64] = { "i64", 8 }, [ASSAY_U8] = { "u8", 1 },   [ASSAY_F16] = { "f16", 2 },    [ASSAY_BF16] = { "bf16", 2 },
};

gsize
assay_dtype_width (AssayDtype dtype)
{
  return dtypes[dtype].width;
}

const char *
assay_dtype_name (AssayDtype dtype)
{
  return dtypes[dtype].name;
}

gboolean
assay_dtype_from_name (const char *name, AssayDtype *dtype, GError **error)
{
  for (AssayDtype d = 0; d < ASSAY_N_DTYPES; d++)
    if (strcmp (dtypes[d].name, name) == 0)
      {
        *dtype = d;
        return TRUE;
      }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "type: one of f32, f64, c128, i32, i64, u8, f16, bf16 expected, \"%s\" found", name);
  return FALSE;
}

static double
f16_to_double (guint16 h)
{
  guint32 sign = (guint32) (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023, bits;
  float f;

  if (exponent == 0)
    {
      f = (float) fraction * 0x1p-24f;                            /* zero and subnormals */
      return sign ? -f : f;
    }
  bits = exponent == 31 ? sign | 0x7f800000 | fraction << 13 : sign | (exponent + 112) << 23 | fraction << 13;
  memcpy (&f, &bits, 4);
  return f;
}

static guint16
float_to_f16 (float f)
{
  guint32 bits, sign, rest;
  gint32 exponent;

  memcpy (&bits, &f, 4);
  sign = bits >> 16 & 0x8000;
  exponent = (gint32) (bits >> 23 & 255) - 112;
  rest = bits & 0x7fffff;
  if ((bits & 0x7fffffff) > 0x7f800000)
    return sign | 0x7e00 | rest >> 13;                            /* NaN keeps its leading payload bits */
  if (exponent >= 31)
    return sign | 0x7c00;
  if (exponent <= 0)
    {
      guint32 shift = 14 - exponent, half, kept;

      if (shift > 24)
        return sign;
      rest |= 0x800000;
      kept = rest >> shift;
      half = 1u << (shift - 1);
      rest &= (half << 1) - 1;
      return sign | (kept + (rest > half || (rest == half && kept & 1)));
    }
  bits = (guint32) exponent << 10 | rest >> 13;
  rest &= 0x1fff;
  return sign | (bits + (rest > 0x1000 || (rest == 0x1000 && bits & 1)));
}

static guint16
float_to_bf16 (float f)
{
  guint32 bits;

  memcpy (&bits, &f, 4);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static float
bf16_to_float (guint16 b)
{
  guint32 bits = (guint32) b << 16;
  float f;

  memcpy (&f, &bits, 4);
  return f;
}

static double
load (AssayDtype from, const void *source, gsize i)
{
  switch (from)
    {
    case ASSAY_F32:
      return ((const float *) source)[i];
    case ASSAY_F64:
      return ((const double *) source)[i];
    case ASSAY_C128:
      return creal (((const double complex *) source)[i]);
    case ASSAY_I32:
      return ((const gint32 *) source)[i];
    case ASSAY_I64:
      return ((const gint64 *) source)[i];
    case ASSAY_U8:
      return ((const guint8 *) source)[i];
    case ASSAY_F16:
      return f16_to_double (((const guint16 *) source)[i]);
    case ASSAY_BF16:
      return bf16_to_float (((const guint16 *) source)[i]);
    default:
      g_assert_not_reached ();
    }
}

/* v cut to a float, its last bit set when something was cut off: rounding that to a shorter type then gives what rounding v would. */
static float
round_to_odd (double v)
{
  float f = (float) v;
  guint32 bits;

  if (f == v || v != v)
    return f;
  memcpy (&bits, &f, 4);
  if ((f < v) != (v > 0))                                         /* rounded away from zero */
    bits--;
  bits |= 1;
  memcpy (&f, &bits, 4);
  return f;
}

static void
save (AssayDtype to, void *target, gsize i, double v)
{
  switch (to)
    {
    case ASSAY_F32:
      ((float *) target)[i] = (float) v;
      break;
    case ASSAY_F64:
      ((double *) target)[i] = v;
      break;
    case ASSAY_C128:
      ((double complex *) target)[i] = v;
      break;
    case ASSAY_I32:
      ((gint32 *) target)[i] = (gint32) v;
      break;
    case ASSAY_I64:
      ((gint64 *) target)[i] = (gint64) v;
      break;
    case ASSAY_U8:
      ((guint8 *) target)[i] = (guint8) v;
      break;
    case ASSAY_F16:
      ((guint16 *) target)[i] = float_to_f16 (round_to_odd (v));
      break;
    case ASSAY_BF16:
      ((guint16 *) target)[i] = float_to_bf16 (round_to_odd (v));
      break;
    default:
      g_assert_not_reached ();
    }
}

void
assay_dtype_convert (AssayDtype from, const void *source, AssayDtype to, void *target, gsize n)
{
  if (from == to)
    memmove (target, source, n * dtypes[from].width);
  else if (from == ASSAY_F64 && to == ASSAY_F32)                  /* the pairs that run over whole parameter vectors */
    for (gsize i = 0; i < n; i++)
      ((float *) target)[i] = (float) ((const double *) source)[i];
  else if (from == ASSAY_F32 && to == ASSAY_F64)
    for (gsize i = 0; i < n; i++)
      ((double *) target)[i] = ((const float *) source)[i];
  else if (from == ASSAY_F32 && to == ASSAY_F16)
    for (gsize i = 0; i < n; i++)
      ((guint16 *) target)[i] = float_to_f16 (((const float *) source)[i]);
  else
    for (gsize i = 0; i < n; i++)
      save (to, target, i, load (from, source, i));
}
