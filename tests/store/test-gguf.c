/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-gguf.c: values and tensors come back as they were written, quantised numbers are what their blocks say, and no header leads beyond its file. */
#include "store/gguf.h"

#include "gguf_writer.h"
#include "store_test.h"

#define TENSOR_F32 0

static AssayGguf *
parse (GBytes *bytes, GError **error)
{
  return assay_gguf_parse (bytes, "x.gguf", error);
}

/* A file of every kind of value and two tensors. */
static GBytes *
make_healthy (void)
{
  GgufWriter w = gguf_begin ();
  const guint64 dims[2] = { 3, 2 }, one[1] = { 2 };
  const float values[6] = { 1, 2, 3, 4, 5, -6 };
  GByteArray *to;

  gguf_add_text (&w, "general.architecture", "llama");
  gguf_add_whole (&w, "n.u8", GGUF_U8, 200);
  gguf_add_whole (&w, "n.i8", GGUF_I8, -3);
  gguf_add_whole (&w, "n.u16", GGUF_U16, 60000);
  gguf_add_whole (&w, "n.i16", GGUF_I16, -300);
  gguf_add_whole (&w, "n.u32", GGUF_U32, 4000000000);
  gguf_add_whole (&w, "n.i32", GGUF_I32, -70000);
  gguf_add_whole (&w, "n.u64", GGUF_U64, -1);
  gguf_add_whole (&w, "n.i64", GGUF_I64, G_MININT64);
  gguf_add_float (&w, "n.f32", 1.5f);
  gguf_add_whole (&w, "n.f64", GGUF_F64, 0x3ff8000000000000);
  gguf_add_whole (&w, "n.bool", GGUF_BOOL, 1);
  to = gguf_add_list (&w, "l.text", GGUF_TEXT, 3);
  gguf_put_text (to, "a");
  gguf_put_text (to, "");
  gguf_put (to, 4, 8);
  g_byte_array_append (to, (const guint8 *) "\303\244\0b", 4);
  to = gguf_add_list (&w, "l.i16", GGUF_I16, 2);
  gguf_put (to, 7, 2);
  gguf_put (to, (guint64) -8, 2);
  to = gguf_add_list (&w, "l.u8", GGUF_U8, 2);
  gguf_put (to, 0xfe01, 2);
  to = gguf_add_list (&w, "l.lists", GGUF_LIST, 2);
  gguf_put (to, GGUF_U8, 4);
  gguf_put (to, 1, 8);
  gguf_put (to, 9, 1);
  gguf_put (to, GGUF_TEXT, 4);
  gguf_put (to, 1, 8);
  gguf_put_text (to, "z");
  gguf_add_list (&w, "l.none", GGUF_F32, 0);
  gguf_add_tensor (&w, "m.weight", 2, dims, TENSOR_F32, values, sizeof values);
  gguf_add_tensor (&w, "b", 1, one, TENSOR_F32, values + 4, 8);
  return gguf_end (&w);
}

/* --- what is there ---------------------------------------------------------------------------------------------------- */

static void
expect_integer (const AssayGguf *file, const char *key, gint64 expected)
{
  GError *error = NULL;
  double number;
  gint64 value;

  g_assert_true (assay_gguf_get_integer (file, key, &value, &error));
  g_assert_no_error (error);
  g_assert_cmpint (value, ==, expected);
  g_assert_true (assay_gguf_get_number (file, key, &number, &error));
  g_assert_true (number == (double) expected);
}

static void
expect_number (const AssayGguf *file, const char *key, double expected)
{
  GError *error = NULL;
  double number;

  g_assert_true (assay_gguf_get_number (file, key, &number, &error));
  g_assert_no_error (error);
  g_assert_true (number == expected);
}

static void
test_values (void)
{
  g_autoptr (GBytes) bytes = make_healthy ();
  GError *error = NULL;
  g_autoptr (AssayGguf) file = parse (bytes, &error);
  const AssayGgufValue *list;
  gboolean is = FALSE;
  gsize n;

  g_assert_no_error (error);
  g_assert_cmpuint (assay_gguf_get_n_keys (file), ==, 17);
  g_assert_cmpstr (assay_gguf_get_key (file, 0), ==, "general.architecture");
  g_assert_cmpstr (assay_gguf_get_key (file, 16), ==, "n.u8");
  g_assert_cmpstr (assay_gguf_get_text (file, "general.architecture", &error), ==, "llama");
  expect_integer (file, "n.u8", 200);
  expect_integer (file, "n.i8", -3);
  expect_integer (file, "n.u16", 60000);
  expect_integer (file, "n.i16", -300);
  expect_integer (file, "n.u32", 4000000000);
  expect_integer (file, "n.i32", -70000);
  expect_integer (file, "n.i64", G_MININT64);
  expect_number (file, "n.f32", 1.5);
  expect_number (file, "n.f64", 1.5);
  expect_number (file, "n.u64", 0x1p64);
  g_assert_true (assay_gguf_get_switch (file, "n.bool", &is, &error) && is);
  list = assay_gguf_get_texts (file, "l.text", &error);
  g_assert_cmpuint (assay_gguf_list_get_n (list), ==, 3);
  g_assert_cmpmem (assay_gguf_list_get_text (list, 0, &n), n, "a", 1);
  g_assert_cmpmem (assay_gguf_list_get_text (list, 1, &n), n, "", 0);
  g_assert_cmpmem (assay_gguf_list_get_text (list, 2, &n), n, "\303\244\0b", 4);
  list = assay_gguf_get_numbers (file, "l.i16", &error);
  g_assert_cmpuint (assay_gguf_list_get_n (list), ==, 2);
  g_assert_true (assay_gguf_list_get_number (list, 0) == 7 && assay_gguf_list_get_number (list, 1) == -8);
  g_assert_null (assay_gguf_list_get_bytes (list));
  g_assert_cmpmem (assay_gguf_list_get_bytes (assay_gguf_get_numbers (file, "l.u8", &error)), 2, "\1\xfe", 2);
  g_assert_cmpuint (assay_gguf_list_get_n (assay_gguf_get_numbers (file, "l.none", &error)), ==, 0);
}

static void
test_absent (void)
{
  g_autoptr (GBytes) bytes = make_healthy ();
  g_autoptr (AssayGguf) file = parse (bytes, NULL);
  GError *error = NULL;
  const char *text;
  gint64 whole = 1;
  double number;
  gboolean is;

  g_assert_false (assay_gguf_get_integer (file, "no.key", &whole, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key no.key: a whole number expected", "no such key");
  g_assert_false (assay_gguf_get_integer (file, "n.f32", &whole, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key n.f32: a whole number expected", "type f32 found");
  g_assert_false (assay_gguf_get_integer (file, "n.u64", &whole, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key n.u64", "2^63-1");
  g_assert_false (assay_gguf_get_number (file, "n.bool", &number, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key n.bool: a number expected", "type bool found");
  g_assert_false (assay_gguf_get_switch (file, "n.u8", &is, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key n.u8: a bool expected", "type u8 found");
  g_assert_null (assay_gguf_get_text (file, "l.text", &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key l.text: a string expected", "an array of string found");
  g_assert_null (assay_gguf_get_texts (file, "l.i16", &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key l.i16: an array of strings expected", "an array of i16 found");
  g_assert_null (assay_gguf_get_numbers (file, "l.lists", &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key l.lists: an array of numbers expected", "an array of array found");
  g_assert_true (assay_gguf_get_integer_or (file, "no.key", 12, &whole, &error) && whole == 12);
  g_assert_true (assay_gguf_get_number_or (file, "no.key", 0.5, &number, &error) && number == 0.5);
  g_assert_true (assay_gguf_get_switch_or (file, "no.key", TRUE, &is, &error) && is);
  g_assert_true (assay_gguf_get_text_or (file, "no.key", "other", &text, &error) && strcmp (text, "other") == 0);
  g_assert_false (assay_gguf_get_text_or (file, "n.u8", "other", &text, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key n.u8: a string expected", "type u8 found");
}

static void
test_tensors (void)
{
  for (guint32 version = 2; version <= 3; version++)
    {
      g_autoptr (GBytes) bytes = make_healthy ();
      g_autoptr (AssayGguf) file = NULL;
      const AssayGgufTensor *tensor;
      GError *error = NULL;
      double wide[6];
      float narrow[2];

      ((guint8 *) g_bytes_get_data (bytes, NULL))[4] = (guint8) version;
      file = parse (bytes, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (assay_gguf_get_n (file), ==, 2);
      tensor = assay_gguf_get (file, 0);
      g_assert_true (tensor == assay_gguf_find (file, "m.weight") && assay_gguf_find (file, "m") == NULL);
      g_assert_cmpuint (tensor->rank, ==, 2);
      g_assert_true (tensor->dims[0] == 3 && tensor->dims[1] == 2 && tensor->dims[2] == 1 && tensor->n_elements == 6 && tensor->bytes == 24);
      g_assert_cmpstr (assay_gguf_tensor_get_type (tensor), ==, "F32");
      g_assert_true (assay_gguf_read (tensor, ASSAY_STORE_F64, wide, &error));
      g_assert_true (wide[0] == 1 && wide[5] == -6);
      g_assert_true (assay_gguf_read (assay_gguf_find (file, "b"), ASSAY_STORE_F32, narrow, &error));
      g_assert_true (narrow[0] == 5 && narrow[1] == -6);
      g_assert_false (assay_gguf_read (tensor, ASSAY_STORE_I64, wide, &error));
      expect_error (&error, ASSAY_ERROR_UNSUPPORTED, "m.weight", "f32 or f64");
    }
}

static void
test_alignment (void)
{
  for (gsize alignment = 1; alignment <= 4096; alignment *= 4)
    {
      GgufWriter w = gguf_begin ();
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (AssayGguf) file = NULL;
      const guint64 dims[1] = { 3 };
      const float values[3] = { 1, 2, 3 };
      GError *error = NULL;
      double out[3];

      w.alignment = alignment;
      gguf_add_whole (&w, "general.alignment", GGUF_U32, (gint64) alignment);
      gguf_add_tensor (&w, "a", 1, dims, TENSOR_F32, values, sizeof values);
      gguf_add_tensor (&w, "b", 1, dims, TENSOR_F32, values, sizeof values);
      bytes = gguf_end (&w);
      file = parse (bytes, &error);
      g_assert_no_error (error);
      g_assert_true (assay_gguf_read (assay_gguf_find (file, "b"), ASSAY_STORE_F64, out, &error));
      g_assert_true (out[0] == 1 && out[2] == 3);
    }
}

/* --- numbers of all types ---------------------------------------------------------------------------------------------- */

/* Byte k of a block is 37 k + 11, but d is 0.5 and m is -0.25 where the type has them. Expected: the first two numbers, two about the middle and the
 * last, and the sum of i y_i, i from 1; computed by another implementation. */
static const struct { guint32 type; const char *word; guint n, bytes; int d, m; double first, second, before, middle, last, sum; } blocks[] = {
  { 2, "Q4_0", 32, 18, 0, -1, -1.5, 1, -4, -1.5, 0, -259 },
  { 3, "Q4_1", 32, 20, 0, 2, 7.25, 1.75, 4.75, 4.25, 5.75, 1859.5 },
  { 6, "Q5_0", 32, 22, 0, -1, 4.5, -1, -6, 7, 0.5, 56 },
  { 7, "Q5_1", 32, 24, 0, 2, 9.25, 11.75, 14.75, 9.25, 2.25, 3818.5 },
  { 8, "Q8_0", 32, 34, 0, -1, 42.5, 61, -64, -45.5, -24, -4040 },
  { 10, "Q2_K", 256, 84, 80, 82, 16.5, 0, 21, 5.25, 3.75, 237249 },
  { 11, "Q3_K", 256, 110, 108, -1, 40.5, -54, 36, 1, 21, 88572.5 },
  { 12, "Q4_K", 256, 144, 0, 2, 183.25, 12.75, 57.5, 217.5, 41.75, 4262132 },
  { 13, "Q5_K", 256, 176, 0, 2, 431.25, 12.75, 15.5, 529.5, 71.75, 8489436 },
  { 14, "Q6_K", 256, 210, 208, -1, -715.5, 848, 750, -175.5, -30, 392210 },
  { 20, "IQ4_NL", 32, 18, 0, -1, -17.5, 12.5, -63.5, -17.5, 0.5, -3459.5 },
  { 23, "IQ4_XS", 256, 136, 0, -1, 32.5, -0.5, 98, -292.5, -8, -1045567 },
};

static GBytes *
make_block (gsize k)
{
  GgufWriter w = gguf_begin ();
  const guint64 dims[2] = { blocks[k].n, 2 };
  guint8 data[2 * 210];

  for (guint i = 0; i < 2 * blocks[k].bytes; i++)
    {
      int at = (int) (i % blocks[k].bytes);

      data[i] = (guint8) (37 * at + 11);
      if (at == blocks[k].d || at == blocks[k].d + 1)
        data[i] = at == blocks[k].d ? 0x00 : 0x38;
      if (blocks[k].m >= 0 && (at == blocks[k].m || at == blocks[k].m + 1))
        data[i] = at == blocks[k].m ? 0x00 : 0xb4;
    }
  gguf_add_tensor (&w, "q", 2, dims, blocks[k].type, data, 2 * blocks[k].bytes);
  return gguf_end (&w);
}

static void
test_quantised (void)
{
  for (gsize k = 0; k < G_N_ELEMENTS (blocks); k++)
    {
      g_autoptr (GBytes) bytes = make_block (k);
      GError *error = NULL;
      g_autoptr (AssayGguf) file = parse (bytes, &error);
      guint n = blocks[k].n;
      double wide[512], sum = 0;
      float narrow[512];

      g_assert_no_error (error);
      g_test_message ("%s", blocks[k].word);
      g_assert_cmpstr (assay_gguf_tensor_get_type (assay_gguf_get (file, 0)), ==, blocks[k].word);
      g_assert_true (assay_gguf_read (assay_gguf_get (file, 0), ASSAY_STORE_F64, wide, &error));
      g_assert_true (assay_gguf_read (assay_gguf_get (file, 0), ASSAY_STORE_F32, narrow, &error));
      for (guint i = 0; i < n; i++)
        {
          sum += (i + 1) * wide[i];
          g_assert_true (wide[i] == wide[n + i] && (double) narrow[i] == wide[i]);
        }
      g_assert_cmpfloat (wide[0], ==, blocks[k].first);
      g_assert_cmpfloat (wide[1], ==, blocks[k].second);
      g_assert_cmpfloat (wide[n / 2 - 1], ==, blocks[k].before);
      g_assert_cmpfloat (wide[n / 2], ==, blocks[k].middle);
      g_assert_cmpfloat (wide[n - 1], ==, blocks[k].last);
      g_assert_cmpfloat (sum, ==, blocks[k].sum);
    }
}

static void
test_plain (void)
{
  static const struct { guint32 type; const char *word, *data; guint bytes; double value; } plain[] = {
    { 1, "F16", "\x00\xbe", 2, -1.5 }, { 30, "BF16", "\xc0\xbf", 2, -1.5 }, { 28, "F64", "\0\0\0\0\0\0\xf8\xbf", 8, -1.5 },
    { 24, "I8", "\xff", 1, -1 }, { 25, "I16", "\xfe\xff", 2, -2 }, { 26, "I32", "\xfd\xff\xff\xff", 4, -3 }, { 27, "I64", "\2\0\0\0\0\0\0\0", 8, 2 },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (plain); k++)
    {
      GgufWriter w = gguf_begin ();
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (AssayGguf) file = NULL;
      const guint64 none[1] = { 0 };
      GError *error = NULL;
      double value;

      gguf_add_tensor (&w, "s", 0, none, plain[k].type, plain[k].data, plain[k].bytes);
      bytes = gguf_end (&w);
      file = parse (bytes, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (assay_gguf_tensor_get_type (assay_gguf_get (file, 0)), ==, plain[k].word);
      g_assert_true (assay_gguf_read (assay_gguf_get (file, 0), ASSAY_STORE_F64, &value, &error));
      g_assert_cmpfloat (value, ==, plain[k].value);
    }
}

/* A file of a type that is not read can be looked into, all but that tensor. */
static void
test_unread (void)
{
  GgufWriter w = gguf_begin ();
  const guint64 dims[1] = { 256 };
  const guint8 zeros[66] = { 0 };
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (AssayGguf) file = NULL;
  GError *error = NULL;
  double out[256];

  gguf_add_tensor (&w, "q", 1, dims, 16, zeros, sizeof zeros);
  bytes = gguf_end (&w);
  file = parse (bytes, &error);
  g_assert_no_error (error);
  g_assert_false (assay_gguf_read (assay_gguf_get (file, 0), ASSAY_STORE_F64, out, &error));
  expect_error (&error, ASSAY_ERROR_UNSUPPORTED, "tensor q: one of F32, ", "IQ2_XXS found");
}

/* --- hostile headers --------------------------------------------------------------------------------------------------- */

static const guint64 two[2] = { 2, 2 }, huge[2] = { G_GUINT64_CONSTANT (1) << 32, G_GUINT64_CONSTANT (1) << 32 }, wide[1] = { G_GUINT64_CONSTANT (1) << 62 },
                     none[1] = { 0 }, negative[1] = { G_MAXUINT64 }, odd[1] = { 33 }, small[1] = { 8 };

static void
add_zeros (GgufWriter *w, gsize n)
{
  for (gsize k = 0; k < n; k++)
    gguf_put (w->data, 0, 1);
}

static void make_key_twice (GgufWriter *w) { gguf_add_whole (w, "k", GGUF_U8, 1); gguf_add_text (w, "k", "1"); }
static void make_empty_key (GgufWriter *w) { gguf_add_whole (w, "", GGUF_U8, 1); }
static void make_spoilt_key (GgufWriter *w) { gguf_add_whole (w, "k\xff", GGUF_U8, 1); }
static void make_nul (GgufWriter *w) { gguf_put (gguf_add_key (w, "k", GGUF_TEXT), 3, 8); gguf_put (w->pairs, 0x610061, 3); }
static void make_spoilt_token (GgufWriter *w) { gguf_put (gguf_add_list (w, "k", GGUF_TEXT, 1), 3, 8); gguf_put (w->pairs, 0xff0061, 3); }
static void make_spoilt_text (GgufWriter *w) { gguf_add_text (w, "k", "ab\xc0\x80"); }
static void make_kind (GgufWriter *w) { gguf_add_key (w, "k", 13); }
static void make_bool (GgufWriter *w) { gguf_add_whole (w, "k", GGUF_BOOL, 2); }
static void make_more_pairs (GgufWriter *w) { gguf_add_whole (w, "k", GGUF_U8, 1); w->n_pairs = 2; }
static void make_most_pairs (GgufWriter *w) { w->n_pairs = G_MAXUINT64; }
static void make_most_tensors (GgufWriter *w) { w->n_entries = G_GUINT64_CONSTANT (1) << 40; }
static void make_exabyte_array (GgufWriter *w) { gguf_add_list (w, "k", GGUF_U8, G_GUINT64_CONSTANT (1) << 60); }
static void make_wrapped_array (GgufWriter *w) { gguf_put (gguf_add_list (w, "k", GGUF_U64, (G_GUINT64_CONSTANT (1) << 61) + 1), 0, 8); }
static void make_exabyte_texts (GgufWriter *w) { gguf_add_list (w, "k", GGUF_TEXT, G_GUINT64_CONSTANT (1) << 60); }
static void make_exabyte_text (GgufWriter *w) { gguf_put (gguf_add_key (w, "k", GGUF_TEXT), G_MAXUINT64 - 7, 8); }
static void make_array_bool (GgufWriter *w) { gguf_put (gguf_add_list (w, "k", GGUF_BOOL, 2), 0x300, 2); }
static void make_alignment (GgufWriter *w) { gguf_add_whole (w, "general.alignment", GGUF_U32, 24); }
static void make_alignment_0 (GgufWriter *w) { gguf_add_whole (w, "general.alignment", GGUF_U32, 0); }
static void make_alignment_text (GgufWriter *w) { gguf_add_text (w, "general.alignment", "32"); }
static void make_alignment_most (GgufWriter *w) { gguf_add_whole (w, "general.alignment", GGUF_I64, 1ll << 62); gguf_add_entry (w, "t", 1, small, 0, 0); }
static void make_rank (GgufWriter *w) { const guint64 five[5] = { 1, 1, 1, 1, 1 }; gguf_add_entry (w, "t", 5, five, 0, 0); add_zeros (w, 4); }
static void make_zero_axis (GgufWriter *w) { gguf_add_entry (w, "t", 1, none, 0, 0); }
static void make_negative_axis (GgufWriter *w) { gguf_add_entry (w, "t", 1, negative, 0, 0); }
static void make_elements (GgufWriter *w) { gguf_add_entry (w, "t", 2, huge, 0, 0); }
static void make_bytes (GgufWriter *w) { gguf_add_entry (w, "t", 1, wide, 0, 0); }
static void make_unaligned (GgufWriter *w) { gguf_add_entry (w, "t", 2, two, 0, 8); add_zeros (w, 24); }
static void make_beyond (GgufWriter *w) { gguf_add_entry (w, "t", 2, two, 0, 0); add_zeros (w, 15); }
static void make_far_beyond (GgufWriter *w) { gguf_add_entry (w, "t", 2, two, 0, G_MAXUINT64 - 31); add_zeros (w, 16); }
static void make_overlap (GgufWriter *w) { gguf_add_entry (w, "t", 1, odd, 0, 0); gguf_add_entry (w, "u", 1, small, 0, 128); add_zeros (w, 160); }
static void make_same_place (GgufWriter *w) { gguf_add_entry (w, "t", 1, small, 0, 0); gguf_add_entry (w, "u", 1, small, 0, 0); add_zeros (w, 32); }
static void make_tensor_twice (GgufWriter *w) { gguf_add_entry (w, "t", 1, small, 0, 0); gguf_add_entry (w, "t", 1, small, 0, 32); add_zeros (w, 64); }
static void make_part_block (GgufWriter *w) { gguf_add_entry (w, "t", 1, odd, 8, 0); add_zeros (w, 68); }
static void make_q8_1 (GgufWriter *w) { gguf_add_entry (w, "t", 1, odd, 9, 0); }
static void make_type (GgufWriter *w) { gguf_add_entry (w, "t", 1, small, 4711, 0); }
static void make_version_1 (GgufWriter *w) { w->version = 1; }
static void make_big_endian (GgufWriter *w) { w->version = 3u << 24; }

/* Lists of a list of a list ..., each of one element. */
static void
make_nest (GgufWriter *w)
{
  GByteArray *to = gguf_add_list (w, "k", GGUF_LIST, 1);

  for (guint k = 0; k < 100000; k++)
    {
      gguf_put (to, GGUF_LIST, 4);
      gguf_put (to, 1, 8);
    }
}

/* Each of many lists claims as many lists as bytes follow. */
static void
make_bomb (GgufWriter *w)
{
  GByteArray *to = gguf_add_list (w, "k", GGUF_LIST, 1000);

  for (guint k = 0; k < 1000; k++)
    {
      gguf_put (to, GGUF_LIST, 4);
      gguf_put (to, 1000 - k, 8);
    }
}

static const struct {
  const char *sentence;
  void (*make) (GgufWriter *w);
  AssayErrorCode code;
  int at;                       /* byte of the fault, -1: of a case whose byte says nothing */
  const char *words;
} hostile[] = {
  { "a key twice", make_key_twice, ASSAY_ERROR_INPUT, 38, "the key k is there twice" },
  { "an empty key", make_empty_key, ASSAY_ERROR_INPUT, 24, "1 to 65535" },
  { "a key that is not UTF-8", make_spoilt_key, ASSAY_ERROR_INPUT, 33, "UTF-8" },
  { "a string with a NUL in two bytes", make_spoilt_text, ASSAY_ERROR_INPUT, 47, "UTF-8" },
  { "a NUL in a string", make_nul, ASSAY_ERROR_INPUT, 46, "UTF-8 without NUL" },
  { "a string of an array that is not UTF-8 behind a NUL", make_spoilt_token, ASSAY_ERROR_INPUT, 59, "UTF-8 expected" },
  { "a type of values that is not there", make_kind, ASSAY_ERROR_INPUT, 33, "13 found" },
  { "a bool of 2", make_bool, ASSAY_ERROR_INPUT, 37, "0 or 1" },
  { "a bool of 3 in an array", make_array_bool, ASSAY_ERROR_INPUT, 50, "0 or 1" },
  { "fewer pairs than counted", make_more_pairs, ASSAY_ERROR_INPUT, 38, "a key of 8 bytes" },
  { "more pairs than can be", make_most_pairs, ASSAY_ERROR_INPUT, 16, "at most" },
  { "more tensors than can be", make_most_tensors, ASSAY_ERROR_INPUT, 8, "at most" },
  { "an array of an exabyte", make_exabyte_array, ASSAY_ERROR_INPUT, 37, "does not fit" },
  { "an array whose bytes wrap", make_wrapped_array, ASSAY_ERROR_INPUT, 37, "does not fit" },
  { "an exabyte of strings", make_exabyte_texts, ASSAY_ERROR_INPUT, 37, "does not fit" },
  { "a string of all addresses", make_exabyte_text, ASSAY_ERROR_INPUT, 45, "a string of" },
  { "arrays a hundred thousand deep", make_nest, ASSAY_ERROR_INPUT, -1, "at most 4 deep" },
  { "arrays that each claim the rest", make_bomb, ASSAY_ERROR_INPUT, -1, "x.gguf" },
  { "an alignment that is no power of two", make_alignment, ASSAY_ERROR_INPUT, 24, "24 found" },
  { "an alignment of 0", make_alignment_0, ASSAY_ERROR_INPUT, 24, "0 found" },
  { "an alignment as text", make_alignment_text, ASSAY_ERROR_INPUT, 24, "type string found" },
  { "an alignment of exabytes", make_alignment_most, ASSAY_ERROR_INPUT, 61, "holds 0 bytes" },
  { "five axes", make_rank, ASSAY_ERROR_INPUT, 33, "at most 4" },
  { "an axis of 0", make_zero_axis, ASSAY_ERROR_INPUT, 37, "0 found" },
  { "an axis of 2^64-1", make_negative_axis, ASSAY_ERROR_INPUT, 37, "2^63-1" },
  { "elements beyond 64 bits", make_elements, ASSAY_ERROR_INPUT, 24, "elements than 64 bits" },
  { "bytes beyond 64 bits", make_bytes, ASSAY_ERROR_INPUT, 24, "bytes than 64 bits" },
  { "a place that is not aligned", make_unaligned, ASSAY_ERROR_INPUT, 24, "a multiple of 32" },
  { "data beyond the file", make_beyond, ASSAY_ERROR_INPUT, 24, "holds 15 bytes" },
  { "a place beyond all bytes", make_far_beyond, ASSAY_ERROR_INPUT, 24, "holds 16 bytes" },
  { "an overlap", make_overlap, ASSAY_ERROR_INPUT, 57, "the tensors t and u overlap" },
  { "the same place twice", make_same_place, ASSAY_ERROR_INPUT, -1, "overlap" },
  { "a tensor twice", make_tensor_twice, ASSAY_ERROR_INPUT, 57, "the tensor t is there twice" },
  { "a part of a block", make_part_block, ASSAY_ERROR_INPUT, 24, "blocks of 32" },
  { "a type of no known size", make_q8_1, ASSAY_ERROR_UNSUPPORTED, 24, "type 9 (Q8_1)" },
  { "a type of no name", make_type, ASSAY_ERROR_UNSUPPORTED, 24, "type 4711," },
  { "version 1", make_version_1, ASSAY_ERROR_VERSION, 4, "2 or 3" },
  { "numbers the other way round", make_big_endian, ASSAY_ERROR_INPUT, 4, "big-endian" },
};

static void
test_hostile (void)
{
  for (gsize k = 0; k < G_N_ELEMENTS (hostile); k++)
    {
      GgufWriter w = gguf_begin ();
      g_autoptr (GBytes) bytes = NULL;
      g_autofree char *where = hostile[k].at >= 0 ? g_strdup_printf ("x.gguf, byte %d: ", hostile[k].at) : g_strdup ("x.gguf, byte ");
      GError *error = NULL;

      hostile[k].make (&w);
      bytes = gguf_end (&w);
      g_test_message ("%s", hostile[k].sentence);
      g_assert_null (parse (bytes, &error));
      g_test_message ("%s", error->message);
      expect_error (&error, hostile[k].code, where, hostile[k].words);
    }
}

/* Time that is linear in the bytes: a megabyte of the shortest keys and strings is read, not refused by a limit. */
static void
test_many (void)
{
  GgufWriter w = gguf_begin ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (AssayGguf) file = NULL;
  GByteArray *to;
  GError *error = NULL;
  gsize n;

  for (guint k = 0; k < 60000; k++)
    {
      g_autofree char *key = g_strdup_printf ("%u", k);

      gguf_add_whole (&w, key, GGUF_U8, k % 256);
    }
  to = gguf_add_list (&w, "list", GGUF_TEXT, 60000);
  for (guint k = 0; k < 60000; k++)
    gguf_put_text (to, k % 2 ? "x" : "");
  bytes = gguf_end (&w);
  file = parse (bytes, &error);
  g_assert_no_error (error);
  expect_integer (file, "59999", 59999 % 256);
  assay_gguf_list_get_text (assay_gguf_get_texts (file, "list", NULL), 59999, &n);
  g_assert_cmpuint (n, ==, 1);
}

/* As test-safetensors.c has them: every truncation, and every byte with every value. */
static void
test_mutants (void)
{
  g_autoptr (GBytes) healthy = make_healthy ();
  gsize n;
  const guint8 *bytes = g_bytes_get_data (healthy, &n);
  guint accepted = 0;

  for (gsize cut = 0; cut < n; cut++)
    {
      g_autoptr (GBytes) part = g_bytes_new (bytes, cut);
      GError *error = NULL;

      g_assert_null (parse (part, &error));
      expect_error (&error, ASSAY_ERROR_INPUT, "x.gguf, byte ", NULL);
    }
  for (gsize at = 0; at < n; at++)
    for (int value = 0; value < 256; value += 1 + at % 3)
      {
        guint8 *copy = g_memdup2 (bytes, n);
        g_autoptr (GBytes) mutant = g_bytes_new_take (copy, n);
        g_autoptr (AssayGguf) file = NULL;

        copy[at] = (guint8) value;
        file = parse (mutant, NULL);
        for (gsize i = 0; file != NULL && i < assay_gguf_get_n (file); i++)
          {
            const AssayGgufTensor *t = assay_gguf_get (file, i);

            g_assert_true ((const guint8 *) t->data >= copy && (const guint8 *) t->data + t->bytes <= copy + n);
          }
        accepted += file != NULL;
      }
  g_assert_cmpuint (accepted, >, n);
}

static void
test_files (Room *room, gconstpointer unused)
{
  g_autofree char *missing = g_build_filename (room->directory, "no.gguf", NULL), *path = g_build_filename (room->directory, "some.gguf", NULL);
  g_autoptr (GBytes) bytes = make_healthy ();
  g_autoptr (AssayGguf) file = NULL;
  GError *error = NULL;

  (void) unused;
  g_assert_null (assay_gguf_open (missing, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, missing, NULL);
  save (path, "", 0);
  g_assert_null (assay_gguf_open (path, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, path, "GGUF");
  save (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  file = assay_gguf_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (assay_gguf_get_n (file), ==, 2);
}

/* The vocabularies that the tests have at hand. */
static void
test_real (void)
{
  static const struct { const char *name; guint tokens; } real[] = { { "ggml-vocab-gpt-2.gguf", 50257 }, { "ggml-vocab-llama-spm.gguf", 32000 } };
  const char *data = g_getenv ("ASSAY_TEST_DATA");
  g_autofree char *beside = g_test_build_filename (G_TEST_DIST, "..", "shared", "data", NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (real); k++)
    {
      g_autofree char *path = g_build_filename (data != NULL ? data : beside, "ggml_vocab", real[k].name, NULL);
      g_autoptr (AssayGguf) file = NULL;
      GError *error = NULL;

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        {
          g_autofree char *text = g_strdup_printf ("%s is not there", path);

          g_test_skip (text);
          return;
        }
      file = assay_gguf_open (path, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (assay_gguf_get_n (file), ==, 0);
      g_assert_cmpuint (assay_gguf_list_get_n (assay_gguf_get_texts (file, "tokenizer.ggml.tokens", NULL)), ==, real[k].tokens);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gguf/values of every kind come back", test_values);
  g_test_add_func ("/gguf/what is absent or of another type is said with key, expected and found", test_absent);
  g_test_add_func ("/gguf/tensors come back from versions 2 and 3", test_tensors);
  g_test_add_func ("/gguf/data begin where the alignment says", test_alignment);
  g_test_add_func ("/gguf/quantised numbers are what their blocks say", test_quantised);
  g_test_add_func ("/gguf/plain numbers of every type are read", test_plain);
  g_test_add_func ("/gguf/a type that is not read hinders only its tensors", test_unread);
  g_test_add_func ("/gguf/hostile headers are refused with the byte of the fault", test_hostile);
  g_test_add_func ("/gguf/many keys and strings are read", test_many);
  g_test_add_func ("/gguf/no mutant leads beyond the file", test_mutants);
  ADD ("/gguf/missing and empty files are refused, whole ones are mapped", test_files);
  g_test_add_func ("/gguf/real vocabularies are read", test_real);
  return g_test_run ();
}
