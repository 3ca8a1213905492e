/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-shard.c: what is put comes back; equal content gives equal bytes; every altered byte is found. */
#include "store/shard.h"

#include <math.h>

#include "store_test.h"

#define Q 3
#define N 5

static json_t *
fixed_meta (void)
{
  return json_pack ("{s:s,s:s,s:{s:f}}", "created_utc", "2026-01-02T03:04:05Z", "run_uuid", "0", "params", "damping", 0.125);
}

/* Every kind of thing a shard can hold. */
static AssayObject *
put_all_sorts (AssayCase *cas, const char *name)
{
  static const char *const ids[N] = { "a", "b, \"c\"", "\303\244", "", "=1+1" };
  double value[Q * N];
  gint64 index[N] = { 10, 11, 12, 13, 14 };
  float weights[2 * 2 * 2] = { 0, 1, 2, 3, 4, 5, 6, 7 };
  double gain = 2.5;
  guint8 flags[N] = { 0, 1, 1, 0, 1 };
  json_t *meta = fixed_meta ();
  GError *error = NULL;
  g_autoptr (AssayShardWriter) w = assay_shard_writer_new (cas, "scores", name, meta, &error);
  AssayObject *object;

  json_decref (meta);
  g_assert_no_error (error);
  for (int i = 0; i < Q * N; i++)
    value[i] = i * 0.1;
  value[7] = NAN;
  g_assert_true (assay_shard_writer_put_axis (w, &(AssayArraySpec) { .path = "/scores/example", .type = ASSAY_STORE_I64, .rank = 1,
                                              .dims = { N }, .long_name = "example" }, ASSAY_STORE_I64, index, &error));
  g_assert_true (assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/scores/value", .type = ASSAY_STORE_F64, .rank = 2,
                                         .dims = { Q, N }, .axes = { "query", "example" }, .long_name = "influence",
                                         .units = "nats per removed example", .description = "a test" },
                                         ASSAY_STORE_F64, value, &error));
  g_assert_true (assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/scores/small", .type = ASSAY_STORE_F16, .rank = 2,
                                         .dims = { Q, N }, .axes = { "query", "example" }, .bulk = TRUE },
                                         ASSAY_STORE_F64, value, &error));
  g_assert_true (assay_shard_writer_put_text (w, &(AssayArraySpec) { .path = "/examples/id", .type = ASSAY_STORE_TEXT, .rank = 1,
                                              .dims = { N }, .axes = { "example" }, .redactable = TRUE }, ids, &error));
  g_assert_true (assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/examples/kept", .type = ASSAY_STORE_BOOL, .rank = 1,
                                         .dims = { N }, .axes = { "example" } }, ASSAY_STORE_BOOL, flags, &error));
  g_assert_true (assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/weights/w", .type = ASSAY_STORE_BF16, .rank = 3,
                                         .dims = { 2, 2, 2 } }, ASSAY_STORE_F32, weights, &error));
  g_assert_true (assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/weights/gain", .type = ASSAY_STORE_F64, .rank = 0 },
                                         ASSAY_STORE_F64, &gain, &error));
  g_assert_true (assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/weights/none", .type = ASSAY_STORE_F32, .rank = 2,
                                         .dims = { 0, 4 } }, ASSAY_STORE_F32, weights, &error));
  g_assert_true (assay_shard_writer_set_text (w, "/scores", "method", "cg", &error));
  g_assert_true (assay_shard_writer_set_number (w, "/scores/value", "damping", 0.125, &error));
  assay_shard_writer_set_rows (w, N);
  object = assay_shard_writer_commit (w, &error);
  g_assert_no_error (error);
  return object;
}

static void
test_round_trip (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room), later = NULL;
  g_autoptr (AssayObject) object = put_all_sorts (cas, "cg");
  g_autoptr (AssayReader) reader = NULL;
  g_auto (GStrv) ids = NULL;
  g_autofree char *method = NULL;
  double value[Q * N], box[4], gain, damping;
  float small[Q * N], weights[8];
  gint64 start[2] = { 1, 2 }, count[2] = { 2, 2 }, index[N];
  AssayArrayInfo info;
  GError *error = NULL;
  static const char *const paths[] = { "/examples/example", "/examples/id", "/examples/kept", "/scores/example", "/scores/query",
                                       "/scores/small", "/scores/value", "/weights/gain", "/weights/none",
                                       "/weights/none_axis0", "/weights/none_axis1", "/weights/w", "/weights/w_axis0",
                                       "/weights/w_axis1", "/weights/w_axis2", NULL };

  (void) unused;
  later = open_case (room, ASSAY_CASE_READ);
  reader = assay_reader_open (later, "scores", "cg", &error);
  g_assert_no_error (error);
  for (int i = 0; paths[i] != NULL || assay_reader_list (reader)[i] != NULL; i++)
    g_assert_cmpstr (assay_reader_list (reader)[i], ==, paths[i]);
  g_assert_true (assay_reader_describe (reader, "/scores/value", &info, &error));
  g_assert_cmpuint (info.rank, ==, 2);
  g_assert_cmpint (info.dims[0], ==, Q);
  g_assert_cmpint (info.type, ==, ASSAY_STORE_F64);
  g_assert_cmpstr (info.axes[0], ==, "query");
  g_assert_cmpstr (info.axes[1], ==, "example");
  g_assert_cmpstr (info.units, ==, "nats per removed example");
  g_assert_true (assay_reader_read (reader, "/scores/value", ASSAY_STORE_F64, value, &error));
  g_assert_true (assay_reader_read (reader, "/scores/small", ASSAY_STORE_F32, small, &error));
  for (int i = 0; i < Q * N; i++)
    if (i == 7)
      g_assert_true (isnan (value[i]) && isnan (small[i]));
    else
      {
        g_assert_true (value[i] == i * 0.1);
        g_assert_true (fabs (small[i] - value[i]) <= ldexp (1, -11) * fabs (value[i]));         /* half an ulp of f16 */
      }
  g_assert_true (assay_reader_read_box (reader, "/scores/value", start, count, ASSAY_STORE_F64, box, &error));
  g_assert_true (isnan (box[0]) && box[1] == 8 * 0.1 && box[2] == 12 * 0.1 && box[3] == 13 * 0.1);
  g_assert_true (assay_reader_read (reader, "/scores/example", ASSAY_STORE_I64, index, &error));
  g_assert_cmpint (index[4], ==, 14);
  g_assert_true (assay_reader_read (reader, "/weights/w", ASSAY_STORE_F32, weights, &error));
  g_assert_true (weights[7] == 7);
  g_assert_true (assay_reader_describe (reader, "/weights/w", &info, &error));
  g_assert_cmpint (info.type, ==, ASSAY_STORE_BF16);
  g_assert_true (assay_reader_read (reader, "/weights/gain", ASSAY_STORE_F64, &gain, &error));
  g_assert_true (gain == 2.5);
  g_assert_true (assay_reader_read (reader, "/weights/none", ASSAY_STORE_F32, weights, &error));
  ids = assay_reader_read_text (reader, "/examples/id", &error);
  g_assert_cmpuint (g_strv_length (ids), ==, N);
  g_assert_cmpstr (ids[1], ==, "b, \"c\"");
  g_assert_cmpstr (ids[2], ==, "\303\244");
  method = assay_reader_dup_text (reader, "/scores", "method", &error);
  g_assert_cmpstr (method, ==, "cg");
  g_assert_true (assay_reader_get_number (reader, "/scores/value", "damping", &damping, &error));
  g_assert_true (damping == 0.125);
  g_assert_true (json_real_value (json_object_get (json_object_get (assay_reader_get_meta (reader), "params"), "damping")) == 0.125);
  g_assert_cmpint (assay_reader_get_object (reader)->rows, ==, N);
}

static void
test_reader_refuses (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayObject) object = put_all_sorts (cas, "cg");
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "scores", "cg", NULL);
  double out[64];
  gint64 start[2] = { 0, 3 }, count[2] = { 1, 3 };
  GError *error = NULL;

  (void) unused;
  g_assert_null (assay_reader_open (cas, "scores", "lissa", &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "lissa", "cg");
  g_assert_false (assay_reader_read (reader, "/scores/values", ASSAY_STORE_F64, out, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "/scores/values", "/scores/value");
  g_assert_false (assay_reader_read_box (reader, "/scores/value", start, count, ASSAY_STORE_F64, out, &error));
  expect_error (&error, ASSAY_ERROR_SHAPE, "3 from 3 on", "example");
  g_assert_false (assay_reader_read (reader, "/examples/id", ASSAY_STORE_F64, out, &error));
  expect_error (&error, ASSAY_ERROR_UNSUPPORTED, "/examples/id", NULL);
  g_assert_null (assay_reader_read_text (reader, "/scores/value", &error));
  expect_error (&error, ASSAY_ERROR_UNSUPPORTED, "f64", NULL);
  g_assert_null (assay_reader_dup_text (reader, "/scores", "colour", &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "colour", NULL);
}

static void
expect_put_fails (AssayCase *cas, const AssayArraySpec *spec, AssayErrorCode code, const char *words)
{
  double values[16] = { 0 };
  GError *error = NULL;
  g_autoptr (AssayShardWriter) w = assay_shard_writer_new (cas, "data", "d", NULL, &error);

  g_assert_true (assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/g/first", .type = ASSAY_STORE_F64, .rank = 1,
                                         .dims = { 3 }, .axes = { "row" } }, ASSAY_STORE_F64, values, &error));
  g_assert_false (assay_shard_writer_put (w, spec, ASSAY_STORE_F64, values, &error));
  expect_error (&error, code, words, NULL);
}

static void
test_writer_refuses (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  GError *error = NULL;

  (void) unused;
  expect_put_fails (cas, &(AssayArraySpec) { .path = "g/x", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 1 } },
                    ASSAY_ERROR_USAGE, "\"g/x\"");
  expect_put_fails (cas, &(AssayArraySpec) { .path = "/g/../x", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 1 } },
                    ASSAY_ERROR_USAGE, "/g/../x");
  expect_put_fails (cas, &(AssayArraySpec) { .path = "/g/x", .type = ASSAY_STORE_F64, .rank = 1, .dims = { -1 } },
                    ASSAY_ERROR_USAGE, "length -1");
  expect_put_fails (cas, &(AssayArraySpec) { .path = "/g/x", .type = ASSAY_STORE_F64, .rank = 2,
                    .dims = { G_MAXINT64, G_MAXINT64 } }, ASSAY_ERROR_USAGE, "2^63");
  expect_put_fails (cas, &(AssayArraySpec) { .path = "/g/first", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 3 } },
                    ASSAY_ERROR_USAGE, "there already");
  expect_put_fails (cas, &(AssayArraySpec) { .path = "/g/x", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 4 },
                    .axes = { "row" } }, ASSAY_ERROR_SHAPE, "row");
  expect_put_fails (cas, &(AssayArraySpec) { .path = "/g/x", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { 4 } },
                    ASSAY_ERROR_USAGE, "text");
  g_assert_null (assay_shard_writer_new (cas, "Data", "d", NULL, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "Data", NULL);
  g_assert_null (assay_shard_writer_new (cas, "data", "a\nb", NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
  {
    g_autoptr (AssayShardWriter) w = assay_shard_writer_new (cas, "data", "d", NULL, &error);
    const char *bad[] = { "fine", "\xff\xfe" };

    g_assert_false (assay_shard_writer_put_text (w, &(AssayArraySpec) { .path = "/g/t", .type = ASSAY_STORE_TEXT, .rank = 1,
                                                 .dims = { 2 } }, bad, &error));
    expect_error (&error, ASSAY_ERROR_INPUT, "text 1", "byte 0");
  }
  g_assert_false (assay_case_has (cas, "data", "d"));
}

/* Two cases, the same content: the same bytes; nothing of a clock, of old memory or of a hash table's order in them. */
static void
test_same_bytes (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autofree char *salt = path_in_case (room, "salt.key");
  g_autoptr (AssayObject) first = put_all_sorts (cas, "cg"), second = NULL, between = put_numbers (cas, "data", "x", 1, 30000);

  (void) unused;
  (void) salt;
  second = put_all_sorts (cas, "cg");
  g_assert_cmpstr (first->parts[0]->sha256, ==, second->parts[0]->sha256);
  g_assert_cmpstr (first->parts[0]->content_root, ==, second->parts[0]->content_root);
}

static void
test_abandoned (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autofree char *shards = path_in_case (room, "shards");
  double value = 1;
  GError *error = NULL;
  g_autoptr (GDir) dir = NULL;

  (void) unused;
  {
    g_autoptr (AssayShardWriter) w = assay_shard_writer_new (cas, "data", "d", NULL, &error);

    g_assert_true (assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/v", .type = ASSAY_STORE_F64, .rank = 0 },
                                           ASSAY_STORE_F64, &value, &error));
  }
  g_assert_false (assay_case_has (cas, "data", "d"));
  dir = g_dir_open (shards, 0, NULL);
  g_assert_null (g_dir_read_name (dir));
}

/* Several objects may be under way at once. */
static void
test_two_writers (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  GError *error = NULL;
  g_autoptr (AssayShardWriter) a = assay_shard_writer_new (cas, "data", "a", NULL, &error);
  g_autoptr (AssayShardWriter) b = assay_shard_writer_new (cas, "data", "b", NULL, &error);
  AssayArraySpec spec = { .path = "/data/value", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 1 } };
  g_autoptr (AssayObject) first = NULL, second = NULL;
  double one = 1, two = 2;

  (void) unused;
  g_assert_no_error (error);
  g_assert_true (assay_shard_writer_put (a, &spec, ASSAY_STORE_F64, &one, &error));
  g_assert_true (assay_shard_writer_put (b, &spec, ASSAY_STORE_F64, &two, &error));
  second = assay_shard_writer_commit (b, &error);
  g_assert_no_error (error);
  first = assay_shard_writer_commit (a, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (first_number (cas, "data", "a"), ==, 1);
  g_assert_cmpfloat (first_number (cas, "data", "b"), ==, 2);
  g_assert_null (assay_shard_writer_commit (a, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "has been committed", NULL);
}

/* A single altered, missing or added byte: the reader names the file; other objects stay usable. */
static void
test_every_byte (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayObject) object = put_numbers (cas, "data", "a", 1, 16), other = put_numbers (cas, "data", "b", 2, 16);
  g_autofree char *path = path_in_case (room, object->parts[0]->file), *name = g_path_get_basename (path), *bytes = NULL;
  gsize n;

  (void) unused;
  load (path, &bytes, &n);
  bytes = g_realloc (bytes, n + 1);
  bytes[n] = 0;
  for (gsize at = 0; at <= n + 1; at += g_test_slow () || at > n - 2 ? 1 : 7)
    {
      g_autoptr (AssayCase) reader_case = NULL;
      g_autoptr (AssayReader) reader = NULL;
      GError *error = NULL;

      if (at < n)
        bytes[at] ^= 0x10;
      save (path, bytes, at < n ? n : at == n ? n + 1 : n - 1);
      if (at < n)
        bytes[at] ^= 0x10;
      reader_case = open_case (room, ASSAY_CASE_READ);
      reader = assay_reader_open (reader_case, "data", "a", &error);
      g_assert_null (reader);
      expect_error (&error, ASSAY_ERROR_DAMAGED, name, "the journal says");
      if (at % 70 == 0)
        g_assert_cmpfloat (first_number (reader_case, "data", "b"), ==, 2);
    }
}

/* --- other people's readers ------------------------------------------------------------------------------------------ */

static gboolean
run (const char *const *argv, char **out)
{
  g_autofree char *errors = NULL;
  int status;

  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, out, &errors, &status, NULL))
    return FALSE;
  if (status != 0)
    g_test_message ("%s", errors);
  return g_spawn_check_wait_status (status, NULL);
}

static gboolean
skip_without (const char *program)
{
  g_autofree char *found = g_find_program_in_path (program);

  if (found == NULL)
    {
      g_autofree char *text = g_strdup_printf ("%s is not installed", program);

      g_test_skip (text);
    }
  return found == NULL;
}

static void
test_h5dump (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayObject) object = put_all_sorts (cas, "cg");
  g_autofree char *path = path_in_case (room, object->parts[0]->file), *out = NULL;
  const char *argv[] = { "h5dump", "-d", "/scores/value", path, NULL };

  (void) unused;
  if (skip_without ("h5dump"))
    return;
  g_assert_true (run (argv, &out));
  g_assert_nonnull (strstr (out, "nats per removed example"));
  g_assert_nonnull (strstr (out, "H5T_IEEE_F64LE"));
  g_assert_nonnull (strstr (out, "DIMENSION_LIST"));
  g_assert_nonnull (strstr (out, "1.4"));
}

static void
test_h5py (Room *room, gconstpointer unused)
{
  static const char script[] =
    "import sys, h5py, numpy\n"
    "f = h5py.File(sys.argv[1], 'r')\n"
    "v = f['scores/value']\n"
    "assert v.shape == (3, 5) and v[2, 4] == 14 * 0.1 and numpy.isnan(v[1, 2])\n"
    "assert f['scores/small'].dtype == numpy.float16 and f['scores/small'][0, 1] == numpy.float16(0.1)\n"
    "assert v.attrs['units'] == 'nats per removed example' and isinstance(v.attrs['long_name'], str)\n"
    "assert list(v.dims[1][0]) == [10, 11, 12, 13, 14] and v.dims[1][0].name.endswith('example')\n"
    "assert list(v.dims[0][0]) == [0, 1, 2]\n"
    "assert f['scores'].attrs['NX_class'] == 'NXdata' and f['scores'].attrs['signal'] == 'value'\n"
    "assert list(f['scores'].attrs['axes']) == ['query', 'example']\n"
    "assert f['examples/id'].asstr()[2] == '\\u00e4' and f['examples/id'].asstr()[3] == ''\n"
    "assert f['examples/kept'].dtype == bool and list(f['examples/kept']) == [False, True, True, False, True]\n"
    "assert f['weights/w'].attrs['value_type'] == 'bfloat16'\n"
    "assert f['weights/gain'][()] == 2.5 and f['weights/none'].shape == (0, 4)\n"
    "assert f.attrs['conventions'] == 'Assay-1.0' and f.attrs['created_utc'] == '2026-01-02T03:04:05Z'\n"
    "import json\n"
    "assert json.loads(f.attrs['meta'])['params']['damping'] == 0.125\n"
    "print('fine')\n";
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayObject) object = put_all_sorts (cas, "cg");
  g_autofree char *path = path_in_case (room, object->parts[0]->file), *out = NULL;
  const char *probe[] = { "/usr/bin/python3", "-c", "import h5py", NULL };
  const char *argv[] = { "/usr/bin/python3", "-c", script, path, NULL };

  (void) unused;
  if (!run (probe, NULL))
    {
      g_test_skip ("python3-h5py is not installed");
      return;
    }
  g_assert_true (run (argv, &out));
  g_assert_cmpstr (out, ==, "fine\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/shard/what was put comes back", test_round_trip);
  ADD ("/shard/the reader refuses what is not there", test_reader_refuses);
  ADD ("/shard/the writer refuses what cannot be", test_writer_refuses);
  ADD ("/shard/equal content gives equal bytes", test_same_bytes);
  ADD ("/shard/an abandoned object leaves nothing", test_abandoned);
  ADD ("/shard/several objects may be under way at once", test_two_writers);
  ADD ("/shard/every altered byte is found before HDF5 sees it", test_every_byte);
  ADD ("/shard/h5dump reads it", test_h5dump);
  ADD ("/shard/h5py reads values, scales, texts and meta", test_h5py);
  return g_test_run ();
}
