/* SPDX-License-Identifier: GPL-3.0-or-later */
/* types.c: the table of stored element types, and conversion between them.
 *
 * Half precision never passes through HDF5's own converter, which is four times slower than ours.
 */
#include "store/types.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/error.h"

static const struct { const char *word; gsize width; } types[ASSAY_STORE_N_TYPES] = {
  [ASSAY_STORE_BOOL] = { "bool", 1 },
  [ASSAY_STORE_U8] = { "u8", 1 },
  [ASSAY_STORE_I8] = { "i8", 1 },
  [ASSAY_STORE_U16] = { "u16", 2 },
  [ASSAY_STORE_I16] = { "i16", 2 },
  [ASSAY_STORE_U32] = { "u32", 4 },
  [ASSAY_STORE_I32] = { "i32", 4 },
  [ASSAY_STORE_U64] = { "u64", 8 },
  [ASSAY_STORE_I64] = { "i64", 8 },
  [ASSAY_STORE_F16] = { "f16", 2 },
  [ASSAY_STORE_BF16] = { "bf16", 2 },
  [ASSAY_STORE_F32] = { "f32", 4 },
  [ASSAY_STORE_F64] = { "f64", 8 },
  [ASSAY_STORE_TEXT] = { "utf8", 0 },
};

const char *
assay_store_type_word (AssayStoreType type)
{
  return types[type].word;
}

gsize
assay_store_type_width (AssayStoreType type)
{
  return types[type].width;
}

gboolean
assay_store_type_parse (const char *word, AssayStoreType *type)
{
  for (int t = 0; t < ASSAY_STORE_N_TYPES; t++)
    if (strcmp (types[t].word, word) == 0)
      {
        *type = (AssayStoreType) t;
        return TRUE;
      }
  return FALSE;
}

/* --- half precision, one element ------------------------------------------------------------------------------------- */

static guint32
bits_of_float (float x)
{
  guint32 u;

  memcpy (&u, &x, sizeof u);
  return u;
}

static float
float_of_bits (guint32 u)
{
  float x;

  memcpy (&x, &u, sizeof x);
  return x;
}

static guint16
half_of_float (float x)
{
  guint32 u = bits_of_float (x), sign = (u >> 16) & 0x8000, a = u & 0x7fffffff;

  if (a > 0x7f800000)                                           /* NaN: quiet, upper payload kept, as F16C does */
    return (guint16) (sign | 0x7e00 | ((a >> 13) & 0x3ff));
  if (a >= 0x477ff000)                                          /* from 65520 on: infinity */
    return (guint16) (sign | 0x7c00);
  if (a >= 0x38800000)                                          /* normal: 2^-14 and above */
    return (guint16) (sign | ((a - 0x38000000 + 0xfff + ((a >> 13) & 1)) >> 13));
  /* Adding 0.5 aligns the last bit of a binary16 subnormal, 2^-24, with the last bit of the sum: the FPU rounds. */
  return (guint16) (sign | (bits_of_float (float_of_bits (a) + 0.5f) - 0x3f000000));
}

static float
float_of_half (guint16 h)
{
  guint32 sign = (guint32) (h & 0x8000) << 16, e = (h >> 10) & 0x1f, m = h & 0x3ff;

  if (e == 0)
    return float_of_bits (sign | bits_of_float ((float) m * 0x1p-24f));
  if (e == 31)
    return float_of_bits (sign | 0x7f800000 | (m << 13) | (m != 0 ? 0x400000 : 0));
  return float_of_bits (sign | ((e + 112) << 23) | (m << 13));
}

static guint16
brain_of_float (float x)
{
  guint32 u = bits_of_float (x);

  if ((u & 0x7fffffff) > 0x7f800000)
    return (guint16) ((u >> 16) | 0x40);
  return (guint16) ((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

static float
float_of_brain (guint16 b)
{
  return float_of_bits ((guint32) b << 16);
}

/* A double to a float whose last bit is set when anything was cut off: rounding that once more is rounding once. */
static float
float_to_odd (double x)
{
  float f = (float) x;
  guint32 u = bits_of_float (f);

  if ((double) f == x || isnan (x))
    return f;
  if (fabs ((double) f) > fabs (x))                             /* rounded away from zero, perhaps to infinity: step back */
    u--;
  return float_of_bits (u | 1);
}

/* --- rows of elements ------------------------------------------------------------------------------------------------ */

#if defined(__x86_64__)
__attribute__ ((target ("avx2,f16c"))) static gsize
halves_of_floats_f16c (guint16 *out, const float *in, gsize n)
{
  gsize i = 0;

  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128 ((__m128i *) (out + i), _mm256_cvtps_ph (_mm256_loadu_ps (in + i), _MM_FROUND_TO_NEAREST_INT));
  return i;
}

__attribute__ ((target ("avx2,f16c"))) static gsize
floats_of_halves_f16c (float *out, const guint16 *in, gsize n)
{
  gsize i = 0;

  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps (out + i, _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) (in + i))));
  return i;
}

static gboolean
have_f16c (void)
{
  return __builtin_cpu_supports ("avx2");       /* every AVX2 processor has F16C, which clang cannot ask for */
}
#endif

static void
halves_of_floats (guint16 *out, const float *in, gsize n)
{
  gsize i = 0;

#if defined(__x86_64__)
  if (have_f16c ())
    i = halves_of_floats_f16c (out, in, n);
#endif
  for (; i < n; i++)
    out[i] = half_of_float (in[i]);
}

static void
floats_of_halves (float *out, const guint16 *in, gsize n)
{
  gsize i = 0;

#if defined(__x86_64__)
  if (have_f16c ())
    i = floats_of_halves_f16c (out, in, n);
#endif
  for (; i < n; i++)
    out[i] = float_of_half (in[i]);
}

/* Source elements may be unaligned (safetensors), so each one is fetched with memcpy, which compiles to a plain load. */
#define CONVERT(out_type, in_type, expression) \
  for (gsize i = 0; i < n; i++) \
    { \
      in_type x; \
      out_type y; \
      memcpy (&x, (const char *) in + i * sizeof x, sizeof x); \
      y = (expression); \
      memcpy ((char *) out + i * sizeof y, &y, sizeof y); \
    } \
  return TRUE

static gboolean
is_aligned (const void *p, gsize unit)
{
  return (guintptr) p % unit == 0;
}

static gboolean
convert_to_f32 (void *out, AssayStoreType from, const void *in, gsize n)
{
  switch (from)
    {
    case ASSAY_STORE_BOOL: case ASSAY_STORE_U8:
      CONVERT (float, guint8, (float) x);
    case ASSAY_STORE_I8:
      CONVERT (float, gint8, (float) x);
    case ASSAY_STORE_U16:
      CONVERT (float, guint16, (float) x);
    case ASSAY_STORE_I16:
      CONVERT (float, gint16, (float) x);
    case ASSAY_STORE_U32:
      CONVERT (float, guint32, (float) x);
    case ASSAY_STORE_I32:
      CONVERT (float, gint32, (float) x);
    case ASSAY_STORE_U64:
      CONVERT (float, guint64, (float) x);
    case ASSAY_STORE_I64:
      CONVERT (float, gint64, (float) x);
    case ASSAY_STORE_F16:
      if (is_aligned (in, 2))
        {
          floats_of_halves (out, in, n);
          return TRUE;
        }
      CONVERT (float, guint16, float_of_half (x));
    case ASSAY_STORE_BF16:
      CONVERT (float, guint16, float_of_brain (x));
    case ASSAY_STORE_F64:
      CONVERT (float, double, (float) x);
    default:
      return FALSE;
    }
}

static gboolean
convert_to_f64 (void *out, AssayStoreType from, const void *in, gsize n)
{
  switch (from)
    {
    case ASSAY_STORE_BOOL: case ASSAY_STORE_U8:
      CONVERT (double, guint8, x);
    case ASSAY_STORE_I8:
      CONVERT (double, gint8, x);
    case ASSAY_STORE_U16:
      CONVERT (double, guint16, x);
    case ASSAY_STORE_I16:
      CONVERT (double, gint16, x);
    case ASSAY_STORE_U32:
      CONVERT (double, guint32, x);
    case ASSAY_STORE_I32:
      CONVERT (double, gint32, x);
    case ASSAY_STORE_U64:
      CONVERT (double, guint64, (double) x);
    case ASSAY_STORE_I64:
      CONVERT (double, gint64, (double) x);
    case ASSAY_STORE_F16:
      CONVERT (double, guint16, (double) float_of_half (x));
    case ASSAY_STORE_BF16:
      CONVERT (double, guint16, (double) float_of_brain (x));
    case ASSAY_STORE_F32:
      CONVERT (double, float, (double) x);
    default:
      return FALSE;
    }
}

static gboolean
convert_to_i64 (void *out, AssayStoreType from, const void *in, gsize n)
{
  switch (from)
    {
    case ASSAY_STORE_BOOL: case ASSAY_STORE_U8:
      CONVERT (gint64, guint8, x);
    case ASSAY_STORE_I8:
      CONVERT (gint64, gint8, x);
    case ASSAY_STORE_U16:
      CONVERT (gint64, guint16, x);
    case ASSAY_STORE_I16:
      CONVERT (gint64, gint16, x);
    case ASSAY_STORE_U32:
      CONVERT (gint64, guint32, x);
    case ASSAY_STORE_I32:
      CONVERT (gint64, gint32, x);
    case ASSAY_STORE_U64:
      CONVERT (gint64, guint64, (gint64) x);
    default:
      return FALSE;
    }
}

static gboolean
convert_to_half (void *out, AssayStoreType from, const void *in, gsize n)
{
  switch (from)
    {
    case ASSAY_STORE_F32:
      if (is_aligned (in, 4))
        {
          halves_of_floats (out, in, n);
          return TRUE;
        }
      CONVERT (guint16, float, half_of_float (x));
    case ASSAY_STORE_F64:
      CONVERT (guint16, double, half_of_float (float_to_odd (x)));
    default:
      return FALSE;
    }
}

static gboolean
convert_to_brain (void *out, AssayStoreType from, const void *in, gsize n)
{
  switch (from)
    {
    case ASSAY_STORE_F32:
      CONVERT (guint16, float, brain_of_float (x));
    case ASSAY_STORE_F64:
      CONVERT (guint16, double, brain_of_float (float_to_odd (x)));
    default:
      return FALSE;
    }
}

static gboolean
check_fits_i64 (const void *in, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++)
    {
      guint64 x;

      memcpy (&x, (const char *) in + 8 * i, 8);
      if (x > G_MAXINT64)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT,
                       "element %" G_GSIZE_FORMAT " is %" G_GUINT64_FORMAT ": an i64 holds at most 2^63-1", i, x);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
assay_store_convert (AssayStoreType to, void *out, AssayStoreType from, const void *in, gsize n, GError **error)
{
  gboolean done = FALSE;

  if (to == from && to != ASSAY_STORE_TEXT)
    {
      if (n > 0)
        memcpy (out, in, n * types[to].width);
      return TRUE;
    }
  if (to == ASSAY_STORE_I64 && from == ASSAY_STORE_U64 && !check_fits_i64 (in, n, error))
    return FALSE;
  switch (to)
    {
    case ASSAY_STORE_F32:
      done = convert_to_f32 (out, from, in, n);
      break;
    case ASSAY_STORE_F64:
      done = convert_to_f64 (out, from, in, n);
      break;
    case ASSAY_STORE_I64:
      done = convert_to_i64 (out, from, in, n);
      break;
    case ASSAY_STORE_F16:
      done = convert_to_half (out, from, in, n);
      break;
    case ASSAY_STORE_BF16:
      done = convert_to_brain (out, from, in, n);
      break;
    default:
      break;
    }
  if (!done)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "values of type %s do not convert to %s", types[from].word,
                 types[to].word);
  return done;
}
