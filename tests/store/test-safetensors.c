/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-safetensors.c: what is written comes back, and a table of hostile files that must be refused with the byte of the fault. */
#include "store/safetensors.h"

#include <math.h>

#include "store_test.h"

/* A file of that header (padded by nothing) and n zero bytes of data. */
static GBytes *
make_file_n (const char *header, gsize length, gsize n)
{
  GByteArray *bytes = g_byte_array_new ();
  guint64 le = GUINT64_TO_LE ((guint64) length);
  guint8 zero = 0;

  g_byte_array_append (bytes, (const guint8 *) &le, 8);
  g_byte_array_append (bytes, (const guint8 *) header, (guint) length);
  for (gsize i = 0; i < n; i++)
    g_byte_array_append (bytes, &zero, 1);
  return g_byte_array_free_to_bytes (bytes);
}

#define A "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"
#define B "\"b\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[8,11]}"

static const struct {
  const char *sentence, *header;
  gsize       n;
  int         at;               /* byte of the fault in the message, -1: any */
  const char *words;
} hostile[] = {
  { "a gap", "{" A ",\"b\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[9,12]}}", 12, 62, "leave a gap" },
  { "an overlap", "{" A ",\"b\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[7,10]}}", 10, 62, "overlap" },
  { "the same place twice", "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, 62, "overlap" },
  { "not from the beginning", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, 9, "leave a gap" },
  { "an end before the begin", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[2,1]}}", 2, 9, "before it begins" },
  { "data beyond the file", "{" A "}", 7, 9, "the file holds 7" },
  { "bytes behind the last tensor", "{" A "}", 9, -1, "1 bytes follow" },
  { "a shape too small for its bytes", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, 9, "need 4" },
  { "a type too wide for its bytes", "{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, 9, "need 16" },
  { "elements beyond 64 bits", "{\"a\":{\"dtype\":\"I8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, 9, "elements" },
  { "bits beyond 64 bits", "{\"a\":{\"dtype\":\"F64\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0, 9, "bits" },
  { "a number above 2^63-1", "{\"a\":{\"dtype\":\"I8\",\"shape\":[9223372036854775808],\"data_offsets\":[0,0]}}", 0, 36, "2^63-1" },
  { "a number above 2^64", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,18446744073709551617]}}", 1, 57, "2^63-1" },
  { "a negative number", "{\"a\":{\"dtype\":\"I8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, 36, "decimal" },
  { "a leading zero", "{\"a\":{\"dtype\":\"I8\",\"shape\":[01],\"data_offsets\":[0,1]}}", 1, 36, "leading zero" },
  { "an exponent", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1e0],\"data_offsets\":[0,1]}}", 1, 36, "exponent" },
  { "a fraction", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1, 36, "fraction" },
  { "a number as text", "{\"a\":{\"dtype\":\"I8\",\"shape\":[\"1\"],\"data_offsets\":[0,1]}}", 1, 36, "decimal" },
  { "three offsets", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 1, -1, "at most 2" },
  { "one offset", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0]}}", 1, -1, "two numbers" },
  { "seventeen axes", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, -1,
    "at most 16" },
  { "an unknown type", "{\"a\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 22, "F8" },
  { "a missing key", "{\"a\":{\"dtype\":\"I8\",\"data_offsets\":[0,1]}}", 1, -1, "shape is missing" },
  { "an unknown key", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1, -1, "\"x\"" },
  { "a key twice", "{\"a\":{\"dtype\":\"I8\",\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, -1, "dtype is there twice" },
  { "a tensor twice", "{" A ",\"a\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[8,11]}}", 11, 62, "a is there twice" },
  { "a tensor twice by an escape", "{" A ",\"\\u0061\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[8,11]}}", 11, 62, "twice" },
  { "metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0, -1, "twice" },
  { "a metadata key twice", "{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}}", 0, -1, "x is there twice" },
  { "metadata that is not text", "{\"__metadata__\":{\"x\":1}}", 0, -1, "'\"' is expected" },
  { "a list as header", "[]", 0, 8, "'{'" },
  { "a space before the brace", " {}", 0, 8, "'{'" },
  { "a header that ends early", "{" A, 8, -1, "expected" },
  { "a string that does not end", "{\"a", 0, -1, "ends inside a string" },
  { "an escape that does not end", "{\"a\\", 0, -1, "ends inside a string" },
  { "a trailing comma", "{" A ",}", 8, -1, "'\"' is expected" },
  { "two headers", "{}{}", 0, 10, "only spaces" },
  { "a newline behind the header", "{}\n", 0, 10, "only spaces" },
  { "not UTF-8", "{\"\xff\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 10, "UTF-8" },
  { "an overlong NUL", "{\"\xc0\x80\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 10, "UTF-8" },
  { "a NUL by an escape", "{\"\\u0000\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 10, "NUL" },
  { "a control character by an escape", "{\"\\n\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, -1, "control" },
  { "a raw control character", "{\"\n\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 10, "control" },
  { "half a surrogate pair", "{\"\\ud800\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 10, "surrogate" },
  { "the other half", "{\"\\udc00\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 10, "surrogate" },
  { "an unknown escape", "{\"\\x41\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 11, "escape" },
  { "null for a tensor", "{\"a\":null}", 0, -1, "'{' is expected" },
  { "a deep nest", "{\"a\":{\"dtype\":[[[[[[", 0, -1, "expected" },
};

static void
test_hostile (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (hostile); i++)
    {
      g_autoptr (GBytes) bytes = make_file_n (hostile[i].header, strlen (hostile[i].header), hostile[i].n);
      g_autofree char *where = hostile[i].at >= 0 ? g_strdup_printf ("x.safetensors, byte %d: ", hostile[i].at)
                                                  : g_strdup ("x.safetensors, byte ");
      GError *error = NULL;

      g_test_message ("%s", hostile[i].sentence);
      g_assert_null (assay_safetensors_parse (bytes, "x.safetensors", &error));
      g_test_message ("%s", error->message);
      expect_error (&error, ASSAY_ERROR_INPUT, where, hostile[i].words);
    }
}

static void
test_hostile_lengths (void)
{
  guint64 lengths[] = { 3, 100000001, G_MAXUINT64, G_MAXUINT64 - 7, G_MAXINT64 };
  GError *error = NULL;

  for (gsize n = 0; n < 8; n++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new ("\2\0\0\0\0\0\0\0{}", n);

      g_assert_null (assay_safetensors_parse (bytes, "x", &error));
      expect_error (&error, ASSAY_ERROR_INPUT, "at least 8 bytes", NULL);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      guint8 raw[10] = { 0, 0, 0, 0, 0, 0, 0, 0, '{', '}' };
      guint64 le = GUINT64_TO_LE (lengths[i]);
      g_autoptr (GBytes) bytes = NULL;

      memcpy (raw, &le, 8);
      bytes = g_bytes_new (raw, sizeof raw);
      g_assert_null (assay_safetensors_parse (bytes, "x", &error));
      expect_error (&error, ASSAY_ERROR_INPUT, "x, byte 0: ", "at most 2 are possible");
    }
}

static void
test_nul_padding (void)
{
  g_autoptr (GBytes) nul = make_file_n ("{}\0\0\0\0\0\0", 8, 0), spaces = make_file_n ("{}      ", 8, 0);
  g_autoptr (AssaySafetensors) fine = NULL;
  GError *error = NULL;

  g_assert_null (assay_safetensors_parse (nul, "x", &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "x, byte 10: ", "only spaces");
  fine = assay_safetensors_parse (spaces, "x", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (assay_safetensors_get_n (fine), ==, 0);
}

static void
test_long_name (void)
{
  for (gsize n = 1024; n <= 1025; n++)
    {
      g_autofree char *name = g_strnfill (n, 'n');
      g_autofree char *header = g_strdup_printf ("{\"%s\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", name);
      g_autoptr (GBytes) bytes = make_file_n (header, strlen (header), 1);
      GError *error = NULL;
      g_autoptr (AssaySafetensors) file = assay_safetensors_parse (bytes, "x", &error);

      if (n == 1024)
        g_assert_no_error (error);
      else
        expect_error (&error, ASSAY_ERROR_INPUT, "x, byte 10: ", "1024");
    }
}

/* Any order, white space, escapes, rank 0, no elements, offsets that are no multiple of the width. */
static void
test_accepted (void)
{
  const char *header = "{ \"b\\u002e\\u00e4\" : {\"shape\":[],\"data_offsets\":[3,11],\"dtype\":\"F64\"}, \n"
                       "\"a\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[0,3]}, \"none\":{\"dtype\":\"F32\",\"shape\":[0,5],"
                       "\"data_offsets\":[3,3]},\"__metadata__\":{\"format\":\"pt\",\"\":\"\\ud83d\\ude00\"}}   ";
  g_autoptr (GBytes) bytes = make_file_n (header, strlen (header), 11);
  GError *error = NULL;
  g_autoptr (AssaySafetensors) file = assay_safetensors_parse (bytes, "x", &error);
  const AssaySafetensor *scalar;
  double value;

  g_assert_no_error (error);
  g_assert_cmpuint (assay_safetensors_get_n (file), ==, 3);
  g_assert_cmpstr (assay_safetensors_get (file, 0)->name, ==, "a");
  g_assert_cmpstr (assay_safetensors_get (file, 1)->name, ==, "none");
  scalar = assay_safetensors_find (file, "b.\303\244");
  g_assert_nonnull (scalar);
  g_assert_cmpuint (scalar->rank, ==, 0);
  g_assert_true (assay_safetensors_read (scalar, ASSAY_STORE_F64, &value, &error));
  g_assert_true (value == 0);
  g_assert_null (assay_safetensors_find (file, "b"));
  g_assert_cmpstr (assay_safetensors_get_metadata (file, "format"), ==, "pt");
  g_assert_cmpstr (assay_safetensors_get_metadata (file, ""), ==, "\360\237\230\200");
  g_assert_null (assay_safetensors_get_metadata (file, "other"));
}

static void
test_round_trip (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "m.safetensors", NULL), *first = NULL, *second = NULL;
  float w[6] = { 0, 1, -2, NAN, INFINITY, 1e-40f };
  guint16 h[2] = { 0x3c00, 0xfc00 };
  gint64 step = G_MAXINT64;
  AssaySafetensor tensors[] = {
    { "block.0.w \"q\"", ASSAY_STORE_F32, 2, { 2, 3 }, 6, w, sizeof w },
    { "h", ASSAY_STORE_BF16, 1, { 2 }, 2, h, sizeof h },
    { "step", ASSAY_STORE_I64, 0, { 0 }, 1, &step, sizeof step },
    { "empty", ASSAY_STORE_U8, 1, { 0 }, 0, NULL, 0 },
  };
  const char *metadata[] = { "format", "assay", "note", "line\nbreak", NULL };
  g_autoptr (AssaySafetensors) file = NULL;
  gsize n, m;
  GError *error = NULL;

  (void) unused;
  g_assert_true (assay_safetensors_write (path, tensors, 4, metadata, &error));
  g_assert_no_error (error);
  load (path, &first, &n);
  g_assert_true (assay_safetensors_write (path, tensors, 4, metadata, &error));
  load (path, &second, &m);
  g_assert_cmpmem (first, n, second, m);
  file = assay_safetensors_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (assay_safetensors_get_n (file), ==, 4);
  for (int i = 0; i < 4; i++)
    {
      const AssaySafetensor *t = assay_safetensors_find (file, tensors[i].name);

      g_assert_cmpint (t->type, ==, tensors[i].type);
      g_assert_cmpmem (t->data, t->bytes, tensors[i].data, tensors[i].bytes);
    }
  g_assert_cmpstr (assay_safetensors_get_metadata (file, "note"), ==, "line\nbreak");
  tensors[0].bytes = 20;
  g_assert_false (assay_safetensors_write (path, tensors, 4, metadata, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "block.0.w", NULL);
  metadata[3] = "\xff";
  g_assert_false (assay_safetensors_write (path, tensors + 1, 3, metadata, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "metadata", "UTF-8");
}

static void
test_files (Room *room, gconstpointer unused)
{
  g_autofree char *missing = g_build_filename (room->directory, "no.safetensors", NULL);
  g_autofree char *empty = g_build_filename (room->directory, "empty.safetensors", NULL);
  GError *error = NULL;

  (void) unused;
  save (empty, "", 0);
  g_assert_null (assay_safetensors_open (missing, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, missing, NULL);
  g_assert_null (assay_safetensors_open (empty, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, empty, "at least 8 bytes");
  g_assert_null (assay_safetensors_open (room->directory, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, room->directory, "directory");
}

/* Every truncation and many single-byte changes of a healthy file: refused or still well formed, never beyond the bytes. The file is
 * copied to memory of exactly its size, so that a sanitizer sees a read beyond it. */
static void
test_mutants (void)
{
  const char *header = "{\"__metadata__\":{\"k\":\"v\"}," A "," B "}";
  g_autoptr (GBytes) healthy = make_file_n (header, strlen (header), 11);
  gsize n;
  const guint8 *bytes = g_bytes_get_data (healthy, &n);
  guint accepted = 0;

  for (gsize cut = 0; cut < n; cut++)
    {
      g_autoptr (GBytes) part = g_bytes_new (bytes, cut);

      g_assert_null (assay_safetensors_parse (part, "x", NULL));
    }
  for (gsize at = 0; at < n; at++)
    for (int value = 0; value < 256; value++)
      {
        guint8 *copy = g_memdup2 (bytes, n);
        g_autoptr (GBytes) mutant = g_bytes_new_take (copy, n);
        g_autoptr (AssaySafetensors) file = NULL;

        copy[at] = (guint8) value;
        file = assay_safetensors_parse (mutant, "x", NULL);
        for (gsize i = 0; file != NULL && i < assay_safetensors_get_n (file); i++)
          {
            const AssaySafetensor *t = assay_safetensors_get (file, i);

            g_assert_true ((const guint8 *) t->data >= copy && (const guint8 *) t->data + t->bytes <= copy + n);
          }
        accepted += file != NULL;
      }
  g_assert_cmpuint (accepted, >, n);            /* values of the data, letters of names: not everything is refused */
}

/* The models that the tests have at hand. */
static void
test_real (void)
{
  const char *data = g_getenv ("ASSAY_TEST_DATA");
  g_autofree char *beside = g_test_build_filename (G_TEST_DIST, "..", "shared", "data", NULL);
  g_autofree char *path = g_build_filename (data != NULL ? data : beside, "hf_tiny", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint found = 0;

  if (dir == NULL)
    {
      g_autofree char *text = g_strdup_printf ("%s is not there", path);

      g_test_skip (text);
      return;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *model = g_build_filename (path, name, "model.safetensors", NULL);
      g_autoptr (AssaySafetensors) file = NULL;
      GError *error = NULL;

      if (!g_file_test (model, G_FILE_TEST_EXISTS))
        continue;
      file = assay_safetensors_open (model, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (assay_safetensors_get_n (file), >, 0);
      found++;
    }
  if (found == 0)
    g_test_skip ("no model.safetensors below hf_tiny");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/safetensors/hostile headers are refused with the byte of the fault", test_hostile);
  g_test_add_func ("/safetensors/impossible lengths are refused before anything is read", test_hostile_lengths);
  g_test_add_func ("/safetensors/padding is spaces and nothing else", test_nul_padding);
  g_test_add_func ("/safetensors/a name has at most 1024 bytes", test_long_name);
  g_test_add_func ("/safetensors/unusual but sound files are read", test_accepted);
  ADD ("/safetensors/what is written comes back, with the same bytes each time", test_round_trip);
  ADD ("/safetensors/missing and empty files and directories are refused", test_files);
  g_test_add_func ("/safetensors/no mutant leads beyond the file", test_mutants);
  g_test_add_func ("/safetensors/real models are read", test_real);
  return g_test_run ();
}
