/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gguf_type.c: the layouts of blocks. d and m are the scale and the offset of a block in half precision, q its small whole numbers:
 *
 *   Q4_0, Q5_0, Q8_0    y = d q              q about 0
 *   Q4_1, Q5_1          y = d q + m          q from 0
 *   Q2_K                y = d s_g q - m o_g          sixteen groups g of 16, s and o of 4 bits
 *   Q3_K, Q6_K          y = d s_g q                  sixteen groups of 16, s of 6 bits, of 8
 *   Q4_K, Q5_K          y = d s_g q - m o_g          eight groups of 32, s and o of 6 bits
 *   IQ4_NL              y = d L[q]                   L: 16 levels, closer about 0
 *   IQ4_XS              y = d s_g L[q]               eight groups of 32, s of 6 bits
 *
 * A product fits a double without rounding.
 */
#include "store/gguf_type.h"

#include "base/error.h"

static double
load_half (const guint8 *in)
{
  double value = 0;

  (void) assay_store_convert (ASSAY_STORE_F64, &value, ASSAY_STORE_F16, in, 1, NULL);          /* a pair that always converts */
  return value;
}

static void
unpack_q4_0 (const guint8 *in, double *out)
{
  double d = load_half (in);

  for (guint j = 0; j < 16; j++)
    {
      out[j] = d * ((in[2 + j] & 15) - 8);
      out[j + 16] = d * ((in[2 + j] >> 4) - 8);
    }
}

static void
unpack_q4_1 (const guint8 *in, double *out)
{
  double d = load_half (in), m = load_half (in + 2);

  for (guint j = 0; j < 16; j++)
    {
      out[j] = d * (in[4 + j] & 15) + m;
      out[j + 16] = d * (in[4 + j] >> 4) + m;
    }
}

/* Number j of 32, five bits: its fifth is bit j of the word of four bytes. */
static int
get_five (const guint8 *fifth, const guint8 *nibbles, guint j)
{
  int low = j < 16 ? nibbles[j] & 15 : nibbles[j - 16] >> 4;

  return low | (fifth[j / 8] >> (j % 8) & 1) << 4;
}

static void
unpack_q5_0 (const guint8 *in, double *out)
{
  double d = load_half (in);

  for (guint j = 0; j < 32; j++)
    out[j] = d * (get_five (in + 2, in + 6, j) - 16);
}

static void
unpack_q5_1 (const guint8 *in, double *out)
{
  double d = load_half (in), m = load_half (in + 2);

  for (guint j = 0; j < 32; j++)
    out[j] = d * get_five (in + 4, in + 8, j) + m;
}

static void
unpack_q8_0 (const guint8 *in, double *out)
{
  double d = load_half (in);

  for (guint j = 0; j < 32; j++)
    out[j] = d * (gint8) in[2 + j];
}

/* Number i of 256 in two halves of four quarters each, the numbers of two bits of four quarters in one byte. */
static int
get_two (const guint8 *packed, guint i)
{
  return packed[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
}

static void
unpack_q2_k (const guint8 *in, double *out)
{
  double d = load_half (in + 80), m = load_half (in + 82);

  for (guint i = 0; i < 256; i++)
    out[i] = d * (in[i / 16] & 15) * get_two (in + 16, i) - m * (in[i / 16] >> 4);
}

/* Third bits (32 bytes), lower two (64), scales (12), d. The scale of group g: four bits among eight bytes, two among the last four. */
static void
unpack_q3_k (const guint8 *in, double *out)
{
  const guint8 *scales = in + 96;
  double d = load_half (in + 108);

  for (guint i = 0; i < 256; i++)
    {
      guint g = i / 16;
      int scale = (scales[g % 8] >> (g / 8 * 4) & 15) | (scales[8 + g % 4] >> (g / 4 * 2) & 3) << 4;
      int third = in[i % 32] >> (i / 32) & 1;

      out[i] = d * (scale - 32) * (get_two (in + 32, i) + 4 * third - 4);
    }
}

/* Scale and offset of group g out of twelve bytes: six bits each; those of the last four groups have their upper two bits in the first eight bytes. */
static void
get_group (const guint8 *packed, guint g, double *scale, double *offset)
{
  if (g < 4)
    {
      *scale = packed[g] & 63;
      *offset = packed[g + 4] & 63;
      return;
    }
  *scale = (packed[g + 4] & 15) | packed[g - 4] >> 6 << 4;
  *offset = packed[g + 4] >> 4 | packed[g] >> 6 << 4;
}

/* fifth: NULL, or 32 bytes whose bit g is the fifth bit of the numbers of group g. */
static void
unpack_k (const guint8 *in, const guint8 *fifth, const guint8 *nibbles, double *out)
{
  double d = load_half (in), m = load_half (in + 2), scale, offset;

  for (guint g = 0; g < 8; g++)
    {
      get_group (in + 4, g, &scale, &offset);
      for (guint l = 0; l < 32; l++)
        {
          int q = nibbles[g / 2 * 32 + l] >> (g % 2 * 4) & 15;

          if (fifth != NULL)
            q |= (fifth[l] >> g & 1) << 4;
          out[g * 32 + l] = d * scale * q - m * offset;
        }
    }
}

static void
unpack_q4_k (const guint8 *in, double *out)
{
  unpack_k (in, NULL, in + 16, out);
}

static void
unpack_q5_k (const guint8 *in, double *out)
{
  unpack_k (in, in + 16, in + 48, out);
}

/* Lower four bits (128 bytes), upper two (64), sixteen scales, d; each half of the block by itself in quarters of 32. */
static void
unpack_q6_k (const guint8 *in, double *out)
{
  double d = load_half (in + 208);

  for (guint i = 0; i < 256; i++)
    {
      guint half = i / 128, quarter = i % 128 / 32, l = i % 32;
      int low = in[half * 64 + quarter % 2 * 32 + l] >> (quarter / 2 * 4) & 15, high = in[128 + half * 32 + l] >> (2 * quarter) & 3;

      out[i] = d * (gint8) in[192 + i / 16] * ((low | high << 4) - 32);
    }
}

static const gint8 levels[16] = { -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113 };

static void
unpack_levels (const guint8 *nibbles, double scale, double *out)
{
  for (guint j = 0; j < 16; j++)
    {
      out[j] = scale * levels[nibbles[j] & 15];
      out[j + 16] = scale * levels[nibbles[j] >> 4];
    }
}

static void
unpack_iq4_nl (const guint8 *in, double *out)
{
  unpack_levels (in + 2, load_half (in), out);
}

/* d, the upper two bits of the scales (2 bytes), the lower four (4), the numbers. */
static void
unpack_iq4_xs (const guint8 *in, double *out)
{
  double d = load_half (in);

  for (guint g = 0; g < 8; g++)
    {
      int scale = (in[4 + g / 2] >> (g % 2 * 4) & 15) | (in[2 + g / 4] >> (g % 4 * 2) & 3) << 4;

      unpack_levels (in + 8 + 16 * g, d * (scale - 32), out + 32 * g);
    }
}

static const AssayGgufType types[] = {
  { 0, "F32", 1, 4, ASSAY_STORE_F32, NULL },
  { 1, "F16", 1, 2, ASSAY_STORE_F16, NULL },
  { 30, "BF16", 1, 2, ASSAY_STORE_BF16, NULL },
  { 28, "F64", 1, 8, ASSAY_STORE_F64, NULL },
  { 24, "I8", 1, 1, ASSAY_STORE_I8, NULL },
  { 25, "I16", 1, 2, ASSAY_STORE_I16, NULL },
  { 26, "I32", 1, 4, ASSAY_STORE_I32, NULL },
  { 27, "I64", 1, 8, ASSAY_STORE_I64, NULL },
  { 2, "Q4_0", 32, 18, ASSAY_STORE_N_TYPES, unpack_q4_0 },
  { 3, "Q4_1", 32, 20, ASSAY_STORE_N_TYPES, unpack_q4_1 },
  { 6, "Q5_0", 32, 22, ASSAY_STORE_N_TYPES, unpack_q5_0 },
  { 7, "Q5_1", 32, 24, ASSAY_STORE_N_TYPES, unpack_q5_1 },
  { 8, "Q8_0", 32, 34, ASSAY_STORE_N_TYPES, unpack_q8_0 },
  { 10, "Q2_K", 256, 84, ASSAY_STORE_N_TYPES, unpack_q2_k },
  { 11, "Q3_K", 256, 110, ASSAY_STORE_N_TYPES, unpack_q3_k },
  { 12, "Q4_K", 256, 144, ASSAY_STORE_N_TYPES, unpack_q4_k },
  { 13, "Q5_K", 256, 176, ASSAY_STORE_N_TYPES, unpack_q5_k },
  { 14, "Q6_K", 256, 210, ASSAY_STORE_N_TYPES, unpack_q6_k },
  { 20, "IQ4_NL", 32, 18, ASSAY_STORE_N_TYPES, unpack_iq4_nl },
  { 23, "IQ4_XS", 256, 136, ASSAY_STORE_N_TYPES, unpack_iq4_xs },
  /* Known by their size alone, so that the rest of a file can be read. */
  { 16, "IQ2_XXS", 256, 66, ASSAY_STORE_N_TYPES, NULL },
  { 17, "IQ2_XS", 256, 74, ASSAY_STORE_N_TYPES, NULL },
  { 18, "IQ3_XXS", 256, 98, ASSAY_STORE_N_TYPES, NULL },
  { 19, "IQ1_S", 256, 50, ASSAY_STORE_N_TYPES, NULL },
  { 21, "IQ3_S", 256, 110, ASSAY_STORE_N_TYPES, NULL },
  { 22, "IQ2_S", 256, 82, ASSAY_STORE_N_TYPES, NULL },
  { 29, "IQ1_M", 256, 56, ASSAY_STORE_N_TYPES, NULL },
  { 34, "TQ1_0", 256, 54, ASSAY_STORE_N_TYPES, NULL },
  { 35, "TQ2_0", 256, 66, ASSAY_STORE_N_TYPES, NULL },
  { 39, "MXFP4", 32, 17, ASSAY_STORE_N_TYPES, NULL },
};

static const struct { guint32 number; const char *word; } others[] = { { 9, "Q8_1" }, { 15, "Q8_K" } };

static gboolean
is_read (const AssayGgufType *type)
{
  return type->unpack != NULL || type->block == 1;
}

const AssayGgufType *
assay_gguf_type_find (guint32 number)
{
  for (gsize k = 0; k < G_N_ELEMENTS (types); k++)
    if (types[k].number == number)
      return &types[k];
  return NULL;
}

const char *
assay_gguf_type_word (guint32 number)
{
  const AssayGgufType *type = assay_gguf_type_find (number);

  for (gsize k = 0; type == NULL && k < G_N_ELEMENTS (others); k++)
    if (others[k].number == number)
      return others[k].word;
  return type != NULL ? type->word : NULL;
}

char *
assay_gguf_type_list (void)
{
  GString *list = g_string_new (NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (types); k++)
    if (is_read (&types[k]))
      g_string_append_printf (list, "%s%s", k == 0 ? "" : ", ", types[k].word);
  return g_string_free (list, FALSE);
}

static gboolean
check_read (const AssayGgufTensor *tensor, AssayStoreType as, GError **error)
{
  g_autofree char *known = NULL;

  if (as != ASSAY_STORE_F32 && as != ASSAY_STORE_F64)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "tensor %s: is read as f32 or f64, not as %s", tensor->name, assay_store_type_word (as));
      return FALSE;
    }
  if (is_read (tensor->type))
    return TRUE;
  known = assay_gguf_type_list ();
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "tensor %s: one of %s expected, %s found; convert the model to one of these", tensor->name, known,
               tensor->type->word);
  return FALSE;
}

gboolean
assay_gguf_read (const AssayGgufTensor *tensor, AssayStoreType as, void *out, GError **error)
{
  const AssayGgufType *type = tensor->type;
  gsize width = assay_store_type_width (as);
  double block[ASSAY_GGUF_MAX_BLOCK];

  if (!check_read (tensor, as, error))
    return FALSE;
  if (type->unpack == NULL)
    return assay_store_convert (as, out, type->stored, tensor->data, (gsize) tensor->n_elements, error);
  for (guint64 b = 0; b < tensor->n_elements / type->block; b++)
    {
      type->unpack ((const guint8 *) tensor->data + b * type->bytes, block);
      if (!assay_store_convert (as, (char *) out + b * type->block * width, ASSAY_STORE_F64, block, type->block, error))
        return FALSE;
    }
  return TRUE;
}
