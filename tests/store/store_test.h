/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_test.h: what the store's tests share: a directory of their own, small cases, and errors that must be the right ones. */
#pragma once

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/file.h"
#include "store/reader.h"
#include "store/recorder.h"
#include "store/shard.h"

typedef struct {
  char *directory;              /* removed at the end */
  char *path;                   /* of a case that is not made yet */
} Room;

static inline void
remove_tree (const char *path)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    {
      GDir *dir = g_dir_open (path, 0, NULL);
      const char *name;

      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          remove_tree (child);
        }
      if (dir != NULL)
        g_dir_close (dir);
    }
  g_remove (path);
}

static inline void
room_enter (Room *room, gconstpointer unused)
{
  GError *error = NULL;

  (void) unused;
  room->directory = g_dir_make_tmp ("assay-test-XXXXXX", &error);
  g_assert_no_error (error);
  room->path = g_build_filename (room->directory, "a.assay", NULL);
}

static inline void
room_leave (Room *room, gconstpointer unused)
{
  (void) unused;
  remove_tree (room->directory);
  g_free (room->directory);
  g_free (room->path);
}

#define ADD(sentence, function) g_test_add (sentence, Room, NULL, room_enter, function, room_leave)

/* The error is of that code and its text holds each of the words; then it is cleared. */
static inline void
expect_error (GError **error, AssayErrorCode code, const char *first, const char *second)
{
  g_assert_error (*error, ASSAY_ERROR, (int) code);
  if (strstr ((*error)->message, first) == NULL)
    g_error ("expected \"%s\" in: %s", first, (*error)->message);
  if (second != NULL)
    g_assert_nonnull (strstr ((*error)->message, second));
  g_assert_null (strchr ((*error)->message, '\n'));
  g_clear_error (error);
}

static inline AssayCase *
new_case (Room *room)
{
  GError *error = NULL;
  AssayCase *cas = assay_case_create (room->path, &error);

  g_assert_no_error (error);
  return cas;
}

static inline AssayCase *
open_case (Room *room, AssayCaseMode mode)
{
  GError *error = NULL;
  AssayCase *cas = assay_case_open (room->path, mode, &error);

  g_assert_no_error (error);
  return cas;
}

/* An object with one array /data/value of n numbers value, value + 1, ... and fixed identity. */
static inline AssayObject *
put_numbers (AssayCase *cas, const char *kind, const char *name, double value, gint64 n)
{
  g_autofree double *values = g_new (double, n);
  json_t *meta = json_pack ("{s:s,s:s}", "created_utc", "2026-01-02T03:04:05Z", "run_uuid", "0");
  AssayArraySpec spec = { .path = "/data/value", .type = ASSAY_STORE_F64, .rank = 1, .dims = { n }, .axes = { "example" },
                          .long_name = "value", .units = "nats", .description = "numbers of a test" };
  GError *error = NULL;
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, kind, name, meta, &error);
  AssayObject *object;

  json_decref (meta);
  g_assert_no_error (error);
  for (gint64 i = 0; i < n; i++)
    values[i] = value + (double) i;
  assay_shard_writer_put (writer, &spec, ASSAY_STORE_F64, values, &error);
  g_assert_no_error (error);
  object = assay_shard_writer_commit (writer, &error);
  g_assert_no_error (error);
  return object;
}

/* The first of put_numbers' values as the case has them now. */
static inline double
first_number (AssayCase *cas, const char *kind, const char *name)
{
  GError *error = NULL;
  g_autoptr (AssayReader) reader = assay_reader_open (cas, kind, name, &error);
  AssayArrayInfo info;
  g_autofree double *values = NULL;

  g_assert_no_error (error);
  g_assert_true (assay_reader_describe (reader, "/data/value", &info, NULL));
  values = g_new (double, info.dims[0]);
  assay_reader_read (reader, "/data/value", ASSAY_STORE_F64, values, &error);
  g_assert_no_error (error);
  return values[0];
}

static inline char *
path_in_case (Room *room, const char *file)
{
  return g_build_filename (room->path, file, NULL);
}

static inline void
load (const char *path, char **bytes, gsize *n)
{
  GError *error = NULL;

  g_file_get_contents (path, bytes, n, &error);
  g_assert_no_error (error);
}

static inline void
save (const char *path, const void *bytes, gsize n)
{
  FILE *file = fopen (path, "wb");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes, 1, n, file), ==, n);
  g_assert_cmpint (fclose (file), ==, 0);
}
