/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-share.c: several writers of one case: their commits follow each other, their rows fit together in any order, and one of them ends what all recorded. */
#include "store/recorder.h"

#include "base/error.h"
#include "store/verify.h"
#include "store_test.h"

#define ROWS 100

static const AssayArraySpec one[] = { { .path = "/rows/number", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" } } };

static AssayCase *
share_case (Room *room)
{
  GError *error = NULL;
  AssayCase *cas = assay_case_open (room->path, ASSAY_CASE_SHARE, &error);

  g_assert_no_error (error);
  return cas;
}

static AssayRecorder *
begin (AssayCase *cas, const char *making)
{
  json_t *meta = json_pack ("{s:s}", "making", making);
  GError *error = NULL;
  AssayRecorder *recorder = assay_recorder_new (cas, "activations", "all", meta, one, 1, &error);

  g_assert_no_error (error);
  json_decref (meta);
  return recorder;
}

/* Records what is missing of the rows first .. end - 1; returns how many that were. */
static gint64
record (AssayRecorder *recorder, gint64 first, gint64 end)
{
  GError *error = NULL;
  gboolean found = TRUE;
  gint64 n = 0;

  for (gint64 stop = end; found; first = stop, stop = end)
    {
      g_assert_true (assay_recorder_move (recorder, &first, &stop, &found, &error));
      for (gint64 row = first; found && row < stop; row++, n++)
        g_assert_true (assay_recorder_append (recorder, 0, ASSAY_STORE_I64, &row, 1, &error));
    }
  g_assert_no_error (error);
  return n;
}

static gboolean
end (AssayRecorder *recorder, gboolean *complete)
{
  g_autoptr (AssayObject) object = NULL;
  GError *error = NULL;
  gboolean here;

  g_assert_true (assay_recorder_end_share (recorder, ROWS, &object, &here, &error));
  g_assert_no_error (error);
  *complete = object != NULL && object->complete;
  return here;
}

static void
assert_rows (Room *room)
{
  g_autoptr (AssayCase) cas = assay_case_open (room->path, ASSAY_CASE_READ, NULL);
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "activations", "all", NULL);
  gint64 rows[ROWS];

  g_assert_nonnull (reader);
  g_assert_true (assay_reader_get_object (reader)->complete);
  g_assert_cmpint (assay_reader_get_object (reader)->rows, ==, ROWS);
  g_assert_true (assay_reader_read (reader, "/rows/number", ASSAY_STORE_I64, rows, NULL));
  for (gint64 k = 0; k < ROWS; k++)
    g_assert_cmpint (rows[k], ==, k);
}

static void
test_any_order (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) made = new_case (room), a = NULL, b = NULL;
  g_autoptr (AssayRecorder) front = NULL, back = NULL;
  gboolean complete;

  (void) unused;
  g_clear_pointer (&made, assay_case_free);
  a = share_case (room);
  b = share_case (room);
  back = begin (b, "x");
  g_assert_cmpint (record (back, 60, ROWS), ==, 40);
  g_assert_false (end (back, &complete));
  g_assert_false (complete);
  front = begin (a, "x");                                         /* opened before the other began: it learns of it by committing */
  g_assert_cmpint (record (front, 0, 60), ==, 60);
  g_assert_true (end (front, &complete));
  g_assert_true (complete);
  assert_rows (room);
}

static void
test_gap_is_hidden (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) made = new_case (room), a = NULL, reading = NULL;
  g_autoptr (AssayRecorder) recorder = NULL, again = NULL;
  g_autoptr (AssayObject) object = NULL;
  gint64 first = 0, stop = ROWS;
  gboolean complete;

  (void) unused;
  g_clear_pointer (&made, assay_case_free);
  a = share_case (room);
  recorder = begin (a, "x");
  record (recorder, 0, 10);
  record (recorder, 30, 50);
  g_assert_false (end (recorder, &complete));
  reading = assay_case_open (room->path, ASSAY_CASE_READ, NULL);
  object = assay_case_lookup (reading, "activations", "all", NULL);
  g_assert_cmpint (object->rows, ==, 10);
  g_assert_false (object->complete);
  g_assert_true (assay_object_find_gap (object, &first, &stop));
  g_assert_cmpint (first, ==, 10);
  g_assert_cmpint (stop, ==, 30);
  again = begin (a, "x");                                         /* another cut: only what is missing is recorded */
  g_assert_cmpint (record (again, 0, ROWS), ==, ROWS - 30);
  g_assert_true (end (again, &complete));
  assert_rows (room);
}

static void
test_same_rows_twice (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) made = new_case (room), a = NULL, b = NULL;
  g_autoptr (AssayRecorder) x = NULL, y = NULL;
  gint64 first = 0, stop = ROWS, row;
  gboolean found, complete;

  (void) unused;
  g_clear_pointer (&made, assay_case_free);
  a = share_case (room);
  b = share_case (room);
  x = begin (a, "x");
  y = begin (b, "x");
  g_assert_true (assay_recorder_move (x, &first, &stop, &found, NULL) && found);
  first = 0;
  g_assert_true (assay_recorder_move (y, &first, &stop, &found, NULL) && found);          /* both took the same rows */
  for (row = 0; row < ROWS; row++)
    g_assert_true (assay_recorder_append (x, 0, ASSAY_STORE_I64, &row, 1, NULL) && assay_recorder_append (y, 0, ASSAY_STORE_I64, &row, 1, NULL));
  g_assert_true (end (x, &complete));
  g_assert_false (end (y, &complete));                            /* whole, but not by this one */
  g_assert_true (complete);
  assert_rows (room);
}

static void
test_one_writer_goes_on (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) made = new_case (room), a = NULL, alone = NULL;
  g_autoptr (AssayRecorder) shared = NULL, recorder = NULL;
  gboolean complete;

  (void) unused;
  g_clear_pointer (&made, assay_case_free);
  a = share_case (room);
  shared = begin (a, "x");
  record (shared, 70, ROWS);
  g_assert_false (end (shared, &complete));
  alone = assay_case_open (room->path, ASSAY_CASE_WRITE, NULL);
  g_assert_nonnull (alone);
  recorder = begin (alone, "x");
  g_assert_cmpint (record (recorder, 0, ROWS), ==, 70);
  g_assert_true (end (recorder, &complete));
  assert_rows (room);
}

/* What ends in order alone must not end with rows missing. */
static void
test_no_end_with_a_gap (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) made = new_case (room), a = NULL;
  g_autoptr (AssayRecorder) recorder = NULL;
  g_autoptr (AssayObject) object = NULL;
  GError *error = NULL;

  (void) unused;
  g_clear_pointer (&made, assay_case_free);
  a = share_case (room);
  recorder = begin (a, "x");
  record (recorder, 70, ROWS);
  object = assay_recorder_finish (recorder, &error);
  g_assert_null (object);
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "rows from 0 on are missing"));
  g_clear_error (&error);
  g_clear_pointer (&a, assay_case_free);
  a = assay_case_open (room->path, ASSAY_CASE_READ, &error);      /* and the case is as good as before */
  g_assert_no_error (error);
}

static void
test_writers_alternate (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) made = new_case (room), a = NULL, b = NULL;
  g_autoptr (GPtrArray) history = NULL;
  GError *error = NULL;

  (void) unused;
  g_clear_pointer (&made, assay_case_free);
  a = share_case (room);
  b = share_case (room);
  for (int k = 0; k < 10; k++)
    {
      json_t *body = json_pack ("{s:i}", "k", k);

      g_assert_true (assay_case_log (k % 3 ? a : b, "note", body, &error));
      g_assert_no_error (error);
      json_decref (body);
    }
  g_clear_pointer (&a, assay_case_free);
  g_clear_pointer (&b, assay_case_free);
  a = assay_case_open (room->path, ASSAY_CASE_WRITE, &error);     /* the chain of records is whole */
  g_assert_no_error (error);
  b = assay_case_open (room->path, ASSAY_CASE_WRITE, &error);
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_BUSY);          /* one writer alone is alone */
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/share/rows of several writers fit together in any order", test_any_order);
  ADD ("/share/readers see the rows before the first gap", test_gap_is_hidden);
  ADD ("/share/of rows that two computed the first stay", test_same_rows_twice);
  ADD ("/share/a writer alone goes on with what several began", test_one_writer_goes_on);
  ADD ("/share/nothing ends with rows missing", test_no_end_with_a_gap);
  ADD ("/share/records of writers in turns make one chain", test_writers_alternate);
  return g_test_run ();
}
