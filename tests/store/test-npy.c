/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-npy.c: NumPy's format, both ways, and files that must be refused. */
#include "store/npy.h"

#include "store_test.h"

static void
test_round_trip (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "a.npy", NULL), *bytes = NULL;
  double values[6] = { 0, -1.5, 2, 3, 4, 1e300 };
  gint64 dims[2] = { 2, 3 }, one[1] = { 6 };
  g_autoptr (AssayNpy) npy = NULL, flat = NULL, scalar = NULL;
  gsize n;
  GError *error = NULL;

  (void) unused;
  g_assert_true (assay_npy_write (path, ASSAY_STORE_F64, 2, dims, values, &error));
  load (path, &bytes, &n);
  g_assert_cmpuint (n, ==, 128 + 48);
  g_assert_true (g_str_has_prefix (bytes + 10, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"));
  npy = assay_npy_read (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (npy->rank, ==, 2);
  g_assert_cmpint (npy->dims[1], ==, 3);
  g_assert_cmpmem (npy->data, 48, values, 48);
  g_assert_true (assay_npy_write (path, ASSAY_STORE_I64, 1, one, values, &error));
  flat = assay_npy_read (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (flat->type, ==, ASSAY_STORE_I64);
  g_assert_cmpuint (flat->n_elements, ==, 6);
  g_assert_true (assay_npy_write (path, ASSAY_STORE_F32, 0, NULL, values, &error));
  scalar = assay_npy_read (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (scalar->n_elements, ==, 1);
  g_assert_false (assay_npy_write (path, ASSAY_STORE_BF16, 1, one, values, &error));
  expect_error (&error, ASSAY_ERROR_UNSUPPORTED, "bf16", NULL);
}

static void
test_hostile (Room *room, gconstpointer unused)
{
  static const struct { const char *header; gsize n; const char *words; } table[] = {
    { "{'descr': '<f8', 'fortran_order': True, 'shape': (1,), }", 8, "C order" },
    { "{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }", 8, "little-endian" },
    { "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, "little-endian" },
    { "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", 8, "little-endian" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", 8, "decimal" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999999999,), }", 8, "decimal" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999999999,999999999999999999), }", 8, "values are expected" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 8, "at most 8" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", 8, "16 bytes of values are expected, 8" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", 9, "8 bytes of values are expected, 9" },
    { "{'descr': '<f8', 'fortran_order': False, }", 8, "once each" },
    { "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", 8, "twice" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", 8, "keys" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (1", 8, "comma" },
    { "import os", 8, "dictionary" },
  };
  g_autofree char *path = g_build_filename (room->directory, "a.npy", NULL);

  (void) unused;
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GByteArray) file = g_byte_array_new ();
      guint8 prefix[10] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (guint8) strlen (table[i].header), 0 }, zeros[16] = { 0 };
      GError *error = NULL;

      g_byte_array_append (file, prefix, 10);
      g_byte_array_append (file, (const guint8 *) table[i].header, (guint) strlen (table[i].header));
      g_byte_array_append (file, zeros, (guint) table[i].n);
      save (path, file->data, file->len);
      g_assert_null (assay_npy_read (path, &error));
      g_test_message ("%s", error->message);
      expect_error (&error, ASSAY_ERROR_INPUT, "a.npy, byte ", table[i].words);
    }
}

static void
test_cut (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "a.npy", NULL), *bytes = NULL;
  double value = 1;
  gint64 dims[1] = { 1 };
  gsize n;

  (void) unused;
  g_assert_true (assay_npy_write (path, ASSAY_STORE_F64, 1, dims, &value, NULL));
  load (path, &bytes, &n);
  for (gsize cut = 0; cut < n; cut++)
    {
      GError *error = NULL;

      save (path, bytes, cut);
      g_assert_null (assay_npy_read (path, &error));
      expect_error (&error, ASSAY_ERROR_INPUT, path, NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/npy/arrays come back, and the header is NumPy's", test_round_trip);
  ADD ("/npy/hostile headers are refused with file and byte", test_hostile);
  ADD ("/npy/a cut file is refused", test_cut);
  return g_test_run ();
}
