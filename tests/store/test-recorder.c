/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-recorder.c: rows in any portions give the same parts; both axes read back; a recording goes on where it was cut. */
#include "store/recorder.h"

#include "store/verify.h"
#include "store_test.h"

#define WIDE 700                /* three tiles across, the last one in part */

/* The value at row r, column c: exact in f16. */
static float
at (gint64 r, gint64 c)
{
  return (float) ((r * 7 + c * 3) % 2039);
}

static float *
make_rows (gint64 first, gint64 n, gint64 columns)
{
  float *rows = g_new (float, n * columns);

  for (gint64 r = 0; r < n; r++)
    for (gint64 c = 0; c < columns; c++)
      rows[r * columns + c] = at (first + r, c);
  return rows;
}

static const AssayArraySpec two[] = {
  { .path = "/taps/mlp", .type = ASSAY_STORE_F16, .rank = 2, .dims = { 0, WIDE }, .axes = { "token", "neuron" },
    .long_name = "activation", .bulk = TRUE },
  { .path = "/taps/loss", .type = ASSAY_STORE_F64, .rank = 1, .axes = { "token" }, .units = "nats" },
};

static json_t *
meta_of (const char *run)
{
  return json_pack ("{s:s,s:s,s:s}", "created_utc", "2026-01-02T03:04:05Z", "run_uuid", "0", "run", run);
}

static AssayRecorder *
begin (AssayCase *cas, const char *run, gsize part_bytes)
{
  json_t *meta = meta_of (run);
  GError *error = NULL;
  AssayRecorder *recorder = assay_recorder_new (cas, "activations", "mlp", meta, two, 2, &error);

  json_decref (meta);
  g_assert_no_error (error);
  assay_recorder_set_limits (recorder, part_bytes, 1 << 20);
  return recorder;
}

static void
append (AssayRecorder *recorder, gint64 first, gint64 n)
{
  g_autofree float *rows = make_rows (first, n, WIDE), *losses = make_rows (first, n, 1);
  GError *error = NULL;

  assay_recorder_append (recorder, 0, ASSAY_STORE_F32, rows, n, &error);
  g_assert_no_error (error);
  assay_recorder_append (recorder, 1, ASSAY_STORE_F32, losses, n, &error);
  g_assert_no_error (error);
}

static AssayObject *
finish (AssayRecorder *recorder)
{
  GError *error = NULL;
  AssayObject *object = assay_recorder_finish (recorder, &error);

  g_assert_no_error (error);
  g_assert_true (object->complete);
  return object;
}

static void
assert_recording (AssayCase *cas, gint64 rows)
{
  GError *error = NULL;
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "activations", "mlp", &error);
  g_autofree float *all = g_new (float, rows * WIDE), *want = make_rows (0, rows, WIDE), *column = g_new (float, rows);
  g_autofree double *losses = g_new (double, rows);
  g_autofree gint64 *tokens = g_new (gint64, rows);
  gint64 start[2] = { 0, WIDE - 1 }, count[2] = { rows, 1 };
  AssayArrayInfo info;

  g_assert_no_error (error);
  g_assert_true (assay_reader_describe (reader, "/taps/mlp", &info, NULL));
  g_assert_cmpint (info.dims[0], ==, rows);
  g_assert_cmpint (info.dims[1], ==, WIDE);
  g_assert_cmpstr (info.axes[0], ==, "token");
  g_assert_true (assay_reader_read (reader, "/taps/mlp", ASSAY_STORE_F32, all, &error));
  g_assert_cmpmem (all, (gsize) (rows * WIDE) * 4, want, (gsize) (rows * WIDE) * 4);
  g_assert_true (assay_reader_read_box (reader, "/taps/mlp", start, count, ASSAY_STORE_F32, column, &error));
  g_assert_true (assay_reader_read (reader, "/taps/loss", ASSAY_STORE_F64, losses, &error));
  g_assert_true (assay_reader_read (reader, "/taps/token", ASSAY_STORE_I64, tokens, &error));
  for (gint64 r = 0; r < rows; r++)
    {
      g_assert_true (column[r] == at (r, WIDE - 1));
      g_assert_true (losses[r] == at (r, 0));
      g_assert_cmpint (tokens[r], ==, r);
    }
  for (gint64 r = 0; r + 3 <= rows; r += 97)            /* boxes across the borders of tiles and parts */
    {
      gint64 s[2] = { r, 250 }, n[2] = { 3, 10 };
      float box[30];

      g_assert_true (assay_reader_read_box (reader, "/taps/mlp", s, n, ASSAY_STORE_F32, box, &error));
      for (int i = 0; i < 30; i++)
        g_assert_true (box[i] == at (r + i / 10, 250 + i % 10));
    }
}

static void
test_one_part (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayRecorder) recorder = begin (cas, "a", 64 << 20);
  g_autoptr (AssayObject) object = NULL;

  (void) unused;
  append (recorder, 0, 300);
  append (recorder, 300, 1);
  object = finish (recorder);
  g_assert_cmpuint (object->n_parts, ==, 1);
  g_assert_cmpint (object->rows, ==, 301);
  assert_recording (cas, 301);
}

/* However the rows are portioned out, the parts have the same bytes. */
static void
test_portions (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  gint64 portions[] = { 1200, 1, 97, 256, 511 };
  g_autoptr (AssayObject) first = NULL;

  (void) unused;
  for (gsize k = 0; k < G_N_ELEMENTS (portions); k++)
    {
      g_autoptr (AssayRecorder) recorder = begin (cas, "a", 800000);
      g_autoptr (AssayObject) object = NULL;

      for (gint64 r = 0; r < 1200; r += portions[k])
        append (recorder, r, MIN (portions[k], 1200 - r));
      object = finish (recorder);
      assert_recording (cas, 1200);
      g_assert_cmpuint (object->n_parts, ==, 3);
      g_assert_cmpint (object->parts[0]->rows, ==, 512);
      if (first == NULL)
        first = assay_object_ref (object);
      for (guint i = 0; i < 3; i++)
        g_assert_cmpstr (object->parts[i]->sha256, ==, first->parts[i]->sha256);
    }
}

/* Rows longer than a part: parts of few rows, wide tiles. */
static void
test_long_rows (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayRecorder) recorder = begin (cas, "a", 3 * (WIDE * 2 + 8));
  g_autoptr (AssayObject) object = NULL;

  (void) unused;
  append (recorder, 0, 21);
  object = finish (recorder);
  g_assert_cmpuint (object->n_parts, ==, 11);
  assert_recording (cas, 21);
}

/* Killed after some parts: the rest is recorded anew and the result has the bytes of an undisturbed run. */
static void
test_resume (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayObject) whole = NULL, object = NULL, begun = NULL;
  GError *error = NULL;

  (void) unused;
  {
    g_autoptr (AssayRecorder) recorder = begin (cas, "a", 800000);

    append (recorder, 0, 1200);
    whole = finish (recorder);
  }
  {
    g_autoptr (AssayRecorder) recorder = begin (cas, "a", 800000);

    g_assert_cmpint (assay_recorder_get_committed (recorder), ==, 0);   /* a complete object is not continued */
    append (recorder, 0, 700);
  }
  begun = assay_case_lookup (cas, "activations", "mlp", &error);
  g_assert_false (begun->complete);
  g_assert_cmpint (begun->rows, ==, 512);
  g_clear_pointer (&cas, assay_case_free);
  cas = open_case (room, ASSAY_CASE_WRITE);
  {
    g_autoptr (AssayRecorder) other = begin (cas, "b", 800000);

    g_assert_cmpint (assay_recorder_get_committed (other), ==, 0);      /* other meta: not continued either */
  }
  {
    g_autoptr (AssayRecorder) recorder = begin (cas, "a", 800000);

    g_assert_cmpint (assay_recorder_get_committed (recorder), ==, 512);
    append (recorder, 512, 1200 - 512);
    object = finish (recorder);
  }
  g_assert_cmpuint (object->sequence, ==, begun->sequence);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (object->parts[i]->sha256, ==, whole->parts[i]->sha256);
  g_assert_cmpint (begun->rows, ==, 512);               /* a snapshot does not change under its holder */
  assert_recording (cas, 1200);
}

static void
test_flush (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room), reader = NULL;
  g_autoptr (AssayRecorder) recorder = begin (cas, "a", 64 << 20);
  g_autoptr (AssayObject) seen = NULL, object = NULL;
  GError *error = NULL;

  (void) unused;
  append (recorder, 0, 10);
  g_assert_cmpint (assay_recorder_get_committed (recorder), ==, 0);
  g_assert_true (assay_recorder_flush (recorder, &error));
  g_assert_true (assay_recorder_flush (recorder, &error));      /* nothing new: nothing happens */
  g_assert_cmpint (assay_recorder_get_committed (recorder), ==, 10);
  reader = open_case (room, ASSAY_CASE_READ);
  assert_recording (reader, 10);
  seen = assay_case_lookup (reader, "activations", "mlp", NULL);
  g_assert_false (seen->complete);
  append (recorder, 10, 290);
  object = finish (recorder);
  g_assert_cmpuint (object->n_parts, ==, 2);
  assert_recording (cas, 300);
}

static void
test_nothing (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayRecorder) recorder = begin (cas, "a", 64 << 20);
  g_autoptr (AssayObject) object = finish (recorder);
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "activations", "mlp", NULL);
  AssayArrayInfo info;
  GError *error = NULL;

  (void) unused;
  g_assert_cmpint (object->rows, ==, 0);
  g_assert_true (assay_reader_describe (reader, "/taps/mlp", &info, NULL));
  g_assert_cmpint (info.dims[0], ==, 0);
  g_assert_false (assay_recorder_append (recorder, 0, ASSAY_STORE_F32, NULL, 0, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "has ended", NULL);
}

static void
test_unequal (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayRecorder) recorder = begin (cas, "a", 800000);
  g_autofree float *rows = make_rows (0, 600, WIDE), *losses = make_rows (0, 600, 1);
  GError *error = NULL;

  (void) unused;
  g_assert_true (assay_recorder_append (recorder, 0, ASSAY_STORE_F32, rows, 600, &error));
  g_assert_false (assay_recorder_flush (recorder, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "/taps/loss has 0 rows", NULL);
  g_assert_true (assay_recorder_append (recorder, 1, ASSAY_STORE_F32, losses, 600, &error));
  g_assert_true (assay_recorder_flush (recorder, &error));
  assert_recording (cas, 600);
}

/* One array may wait for another across parts, within bounds. */
static void
test_apart (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayRecorder) recorder = begin (cas, "a", 800000);
  g_autofree float *rows = make_rows (0, 2000, WIDE), *losses = make_rows (0, 2000, 1);
  g_autoptr (AssayObject) object = NULL;
  GError *error = NULL;
  gboolean ok = TRUE;

  (void) unused;
  g_assert_true (assay_recorder_append (recorder, 0, ASSAY_STORE_F32, rows, 2000, &error));
  g_assert_true (assay_recorder_append (recorder, 1, ASSAY_STORE_F32, losses, 2000, &error));
  object = finish (recorder);
  g_assert_cmpuint (object->n_parts, ==, 4);
  assert_recording (cas, 2000);
  g_clear_pointer (&recorder, assay_recorder_free);
  recorder = begin (cas, "b", 800000);
  for (int i = 0; ok && i < 1000; i++)
    ok = assay_recorder_append (recorder, 0, ASSAY_STORE_F32, rows, 2000, &error);
  g_assert_false (ok);
  expect_error (&error, ASSAY_ERROR_USAGE, "run apart", NULL);
}

static void
test_refuses (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  AssayArraySpec text = { .path = "/t", .type = ASSAY_STORE_TEXT, .rank = 1 };
  AssayArraySpec deep = { .path = "/t", .type = ASSAY_STORE_F32, .rank = 3, .dims = { 0, 2, 2 } };
  AssayArraySpec apart[] = { two[0], { .path = "/t", .type = ASSAY_STORE_F32, .rank = 1, .axes = { "step" } } };
  GError *error = NULL;

  (void) unused;
  g_assert_null (assay_recorder_new (cas, "metrics", "m", NULL, &text, 1, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "metrics/m /t", NULL);
  g_assert_null (assay_recorder_new (cas, "metrics", "m", NULL, &deep, 1, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "metrics/m /t", NULL);
  g_assert_null (assay_recorder_new (cas, "metrics", "m", NULL, apart, 2, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "first axis", NULL);
  g_assert_null (assay_recorder_new (cas, "metrics", "m", NULL, NULL, 0, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "at least one", NULL);
}

/* What was taken of a failed append cannot be told from whole rows any more. */
static void
test_half_taken (Room *room, gconstpointer unused)
{
  enum { N = 10000 };
  static const AssayArraySpec ids = { .path = "/taps/id", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "token" } };
  g_autoptr (AssayCase) cas = new_case (room);
  g_autofree guint64 *rows = g_new0 (guint64, N);
  GError *error = NULL;
  g_autoptr (AssayRecorder) recorder = assay_recorder_new (cas, "activations", "ids", NULL, &ids, 1, &error);

  (void) unused;
  assay_recorder_set_limits (recorder, 1 << 20, 1 << 16);
  rows[0] = G_MAXUINT64;
  g_assert_false (assay_recorder_append (recorder, 0, ASSAY_STORE_U64, rows, N, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "element 0", NULL);
  rows[0] = 0;
  g_assert_true (assay_recorder_append (recorder, 0, ASSAY_STORE_U64, rows, 1, &error));      /* nothing had been taken */
  rows[N - 1] = G_MAXUINT64;
  g_assert_false (assay_recorder_append (recorder, 0, ASSAY_STORE_U64, rows, N, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "i64", NULL);
  g_assert_false (assay_recorder_append (recorder, 0, ASSAY_STORE_U64, rows, 1, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "has ended", NULL);
}

static void
test_damaged_part (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room), reader_case = NULL;
  g_autoptr (AssayRecorder) recorder = begin (cas, "a", 800000);
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (AssayReader) reader = NULL;
  g_autofree char *path = NULL, *bytes = NULL;
  gint64 start[2] = { 0, 0 }, count[2] = { 1, 2 };
  float out[2];
  gsize n;
  GError *error = NULL;

  (void) unused;
  append (recorder, 0, 1200);
  object = finish (recorder);
  path = path_in_case (room, object->parts[1]->file);
  load (path, &bytes, &n);
  bytes[n / 2] ^= 1;
  save (path, bytes, n);
  reader_case = open_case (room, ASSAY_CASE_READ);
  reader = assay_reader_open (reader_case, "activations", "mlp", &error);
  g_assert_no_error (error);
  g_assert_true (assay_reader_read_box (reader, "/taps/mlp", start, count, ASSAY_STORE_F32, out, &error));
  g_assert_true (out[1] == at (0, 1));
  start[0] = 600;
  g_assert_false (assay_reader_read_box (reader, "/taps/mlp", start, count, ASSAY_STORE_F32, out, &error));
  expect_error (&error, ASSAY_ERROR_DAMAGED, path, "the journal says");
}

/* The program on the page about the format reads a case of two parts. */
static void
test_page (Room *room, gconstpointer unused)
{
  g_autofree char *page = g_test_build_filename (G_TEST_DIST, "doc", "store-format.md", NULL), *text = NULL, *out = NULL;
  g_autofree char *program = g_build_filename (room->directory, "read_case.py", NULL);
  const char *probe[] = { "/usr/bin/python3", "-c", "import h5py", NULL };
  const char *argv[] = { "/usr/bin/python3", program, room->path, "activations", "mlp", "/taps/mlp", NULL };
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayRecorder) recorder = begin (cas, "a", 800000);
  g_autoptr (AssayObject) object = NULL;
  char *begins, *ends;
  int status = 1;

  (void) unused;
  if (!g_spawn_sync (NULL, (char **) probe, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL) || status != 0)
    {
      g_test_skip ("python3-h5py is not installed");
      return;
    }
  append (recorder, 0, 600);
  object = finish (recorder);
  g_assert_true (g_file_get_contents (page, &text, NULL, NULL));
  begins = strstr (text, "```python\n") + 10;
  ends = strstr (begins, "```");
  save (program, begins, (gsize) (ends - begins));
  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  g_assert_nonnull (strstr (out, "activation 1 (512, 700) rows 0 to 511\n"));
  g_assert_nonnull (strstr (out, "activation 1 (88, 700) rows 512 to 599\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/recorder/rows come back along both axes", test_one_part);
  ADD ("/recorder/parts have the same bytes however rows are portioned out", test_portions);
  ADD ("/recorder/rows longer than a part are recorded too", test_long_rows);
  ADD ("/recorder/a cut recording goes on and ends with the same bytes", test_resume);
  ADD ("/recorder/a flush shows readers what there is", test_flush);
  ADD ("/recorder/no rows at all are an object without rows", test_nothing);
  ADD ("/recorder/a part wants equally many rows of each array", test_unequal);
  ADD ("/recorder/arrays may run apart, within bounds", test_apart);
  ADD ("/recorder/what cannot be recorded is refused", test_refuses);
  ADD ("/recorder/after rows that were taken in part it takes no more", test_half_taken);
  ADD ("/recorder/a damaged part is named, the others are read", test_damaged_part);
  ADD ("/recorder/the program on the page about the format reads it", test_page);
  return g_test_run ();
}
