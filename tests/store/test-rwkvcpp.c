/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-rwkvcpp.c: tensors come back as they were written, and no header leads beyond its file. */
#include "store/rwkvcpp.h"

#include "rwkvcpp_writer.h"
#include "store_test.h"

#define MATRIX_AT 24            /* bytes of the tensor's header */
#define NAME_AT (MATRIX_AT + 20)
#define VECTOR_AT (NAME_AT + 10 + 24)

static const float numbers[6] = { 1, -2, 3.5f, 0x1p-20f, 5, 6 };

/* A matrix in f32 and a vector in f16. */
static GByteArray *
make_healthy (void)
{
  const gint64 matrix[] = { 3, 2 }, vector[] = { 5 };
  GByteArray *to = rwkvcpp_begin (101, 7, 2, 1);

  rwkvcpp_add (to, "emb.weight", 2, matrix, RWKVCPP_F32, numbers);
  rwkvcpp_add (to, "v", 1, vector, RWKVCPP_F16, numbers);
  return to;
}

static AssayRwkvcpp *
parse (GByteArray *bytes, GError **error)
{
  g_autoptr (GBytes) whole = g_bytes_new (bytes->data, bytes->len);

  return assay_rwkvcpp_parse (whole, "x.bin", error);
}

static void
test_healthy (void)
{
  g_autoptr (GByteArray) bytes = make_healthy ();
  GError *error = NULL;
  g_autoptr (AssayRwkvcpp) file = parse (bytes, &error);
  const AssayRwkvcppHeader *header;
  const AssayRwkvcppTensor *matrix, *vector;
  float read[6];

  g_assert_no_error (error);
  header = assay_rwkvcpp_get_header (file);
  g_assert_true (header->version == 101 && header->vocabulary == 7 && header->width == 2 && header->layers == 1);
  g_assert_cmpuint (assay_rwkvcpp_get_n (file), ==, 2);
  matrix = assay_rwkvcpp_find (file, "emb.weight");
  vector = assay_rwkvcpp_find (file, "v");
  g_assert_null (assay_rwkvcpp_find (file, "emb"));
  g_assert_true (matrix == assay_rwkvcpp_get (file, 0) && vector == assay_rwkvcpp_get (file, 1));
  g_assert_true (matrix->rank == 2 && matrix->dims[0] == 3 && matrix->dims[1] == 2 && matrix->type == ASSAY_STORE_F32 && matrix->n_elements == 6);
  g_assert_cmpmem (matrix->data, matrix->bytes, numbers, sizeof numbers);
  g_assert_true (vector->rank == 1 && vector->dims[0] == 5 && vector->type == ASSAY_STORE_F16 && vector->bytes == 10);
  g_assert_true (assay_store_convert (ASSAY_STORE_F32, read, vector->type, vector->data, vector->n_elements, NULL));
  g_assert_cmpmem (read, 5 * sizeof *read, numbers, 5 * sizeof *numbers);       /* which f16 holds */
}

/* One int32 changed. */
static const struct { gsize at; gint64 word; AssayErrorCode code; const char *first, *second; } changes[] = {
  { 0, 0x67676d6c, ASSAY_ERROR_INPUT, "byte 0: the magic number of rwkv.cpp expected", "0x67676d6c found" },
  { 4, 1, ASSAY_ERROR_VERSION, "byte 4: version 100 or 101", "1 found" },
  { 4, 102, ASSAY_ERROR_VERSION, "byte 4: version 100 or 101", "102 found" },
  { 8, 0, ASSAY_ERROR_INPUT, "byte 8: vocabulary: a number from 1 on", "0 found" },
  { 12, -5, ASSAY_ERROR_INPUT, "byte 12: width", "-5 found" },
  { 16, 0x80000000, ASSAY_ERROR_INPUT, "byte 16: layers", "-2147483648 found" },
  { MATRIX_AT, 0, ASSAY_ERROR_INPUT, "byte 24: 1 to 4 axes", "0 found" },
  { MATRIX_AT, 5, ASSAY_ERROR_INPUT, "byte 24: 1 to 4 axes", "5 found" },
  { MATRIX_AT, 0x7fffffff, ASSAY_ERROR_INPUT, "byte 24: 1 to 4 axes", "2147483647 found" },
  { MATRIX_AT + 4, 0, ASSAY_ERROR_INPUT, "byte 28: a name of 1 to 1024 bytes", "0 found" },
  { MATRIX_AT + 4, 1025, ASSAY_ERROR_INPUT, "byte 28: a name of 1 to 1024 bytes", "1025 found" },
  { MATRIX_AT + 4, 1024, ASSAY_ERROR_INPUT, "byte 44: a name of 1024 bytes expected", "to the end of the file found" },
  { MATRIX_AT + 8, 2, ASSAY_ERROR_UNSUPPORTED, "byte 32: tensor emb.weight", "quantised type Q4_0 found" },
  { MATRIX_AT + 8, 9, ASSAY_ERROR_UNSUPPORTED, "byte 32: tensor emb.weight", "quantised type Q8_0 found" },
  { MATRIX_AT + 8, 4, ASSAY_ERROR_UNSUPPORTED, "byte 32: tensor emb.weight", "unknown type 4 found" },
  { MATRIX_AT + 8, -1, ASSAY_ERROR_UNSUPPORTED, "byte 32: tensor emb.weight", "unknown type -1 found" },
  { MATRIX_AT + 12, 0, ASSAY_ERROR_INPUT, "byte 36: axis 0 of a tensor", "0 found" },
  { MATRIX_AT + 16, -3, ASSAY_ERROR_INPUT, "byte 40: axis 1 of a tensor", "-3 found" },
  { MATRIX_AT + 12, 0x7fffffff, ASSAY_ERROR_INPUT, "emb.weight of 25769803764 bytes expected", "to the end of the file found" },
  { NAME_AT, 0x65ff6261, ASSAY_ERROR_INPUT, "byte 46: name of a tensor", "UTF-8 without control characters expected" },
  { NAME_AT, 0x620a6162, ASSAY_ERROR_INPUT, "byte 46: name of a tensor", "without control characters" },
  { NAME_AT, 0x00626162, ASSAY_ERROR_INPUT, "byte 47: name of a tensor", "UTF-8 without control characters expected" },
};

static void
test_changed (void)
{
  for (gsize k = 0; k < G_N_ELEMENTS (changes); k++)
    {
      g_autoptr (GByteArray) bytes = make_healthy ();
      const guint32 le = GUINT32_TO_LE ((guint32) changes[k].word);
      GError *error = NULL;

      memcpy (bytes->data + changes[k].at, &le, sizeof le);
      g_assert_null (parse (bytes, &error));
      expect_error (&error, changes[k].code, changes[k].first, changes[k].second);
    }
}

/* Four axes whose product leaves 64 bits, and one whose bytes do. */
static void
test_overflow (void)
{
  for (gint64 last = 1; last <= 0x7fffffff; last += 0x7ffffffe)
    {
      g_autoptr (GByteArray) bytes = rwkvcpp_begin (100, 1, 1, 1);
      GError *error = NULL;

      rwkvcpp_put (bytes, 4);
      rwkvcpp_put (bytes, 1);
      rwkvcpp_put (bytes, RWKVCPP_F32);
      rwkvcpp_put (bytes, 0x7fffffff);
      rwkvcpp_put (bytes, 0x7fffffff);
      rwkvcpp_put (bytes, 2);
      rwkvcpp_put (bytes, last);
      g_byte_array_append (bytes, (const guint8 *) "x", 1);
      g_assert_null (parse (bytes, &error));
      if (last == 1)
        expect_error (&error, ASSAY_ERROR_INPUT, "x of 18446744073709551615 bytes expected", "0 to the end of the file found");
      else
        expect_error (&error, ASSAY_ERROR_INPUT, "byte 48: axis 3", "64 bits hold the product");
    }
}

static void
test_twice (void)
{
  const gint64 vector[] = { 5 };
  g_autoptr (GByteArray) bytes = make_healthy ();
  GError *error = NULL;

  rwkvcpp_add (bytes, "emb.weight", 1, vector, RWKVCPP_F32, numbers);
  g_assert_null (parse (bytes, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "tensor emb.weight: once expected", "a second time");
}

/* The file cut behind any of its bytes is refused, but behind a whole tensor. */
static void
test_cut (void)
{
  g_autoptr (GByteArray) whole = make_healthy ();

  for (guint n = 0; n < whole->len; n++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      GError *error = NULL;
      g_autoptr (AssayRwkvcpp) file = NULL;

      g_byte_array_append (bytes, whole->data, n);
      file = parse (bytes, &error);
      if (n == MATRIX_AT || n == VECTOR_AT)
        g_assert_no_error (error);
      else
        expect_error (&error, ASSAY_ERROR_INPUT, "bytes expected", "to the end of the file found");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rwkvcpp/tensors are as they were written", test_healthy);
  g_test_add_func ("/rwkvcpp/what no file has is refused with its byte", test_changed);
  g_test_add_func ("/rwkvcpp/sizes that leave 64 bits are refused", test_overflow);
  g_test_add_func ("/rwkvcpp/a tensor comes once", test_twice);
  g_test_add_func ("/rwkvcpp/a file that is cut is refused", test_cut);
  return g_test_run ();
}
