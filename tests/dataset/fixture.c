/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixture.c: scratch files and imports for tests. */
#include "fixture.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <zlib.h>

static char *scratch;
static GPtrArray *written;

static void
remove_scratch (void)
{
  for (guint k = 0; k < written->len; k++)
    g_unlink (written->pdata[k]);
  g_rmdir (scratch);
  g_ptr_array_unref (written);
  g_free (scratch);
}

char *
fixture_write (const char *name, const void *bytes, gssize n)
{
  g_autoptr (GError) error = NULL;
  char *path;
  gsize size;
  FILE *file;

  if (scratch == NULL)
    {
      scratch = g_dir_make_tmp ("assay-dataset-XXXXXX", &error);
      g_assert_no_error (error);
      written = g_ptr_array_new_with_free_func (g_free);
      atexit (remove_scratch);
    }
  path = g_build_filename (scratch, name, NULL);
  file = fopen (path, "wb");
  g_assert_nonnull (file);
  size = n < 0 ? strlen (bytes) : (gsize) n;
  g_assert_cmpint (fwrite (bytes, 1, size, file), ==, size);
  g_assert_cmpint (fclose (file), ==, 0);
  g_ptr_array_add (written, g_strdup (path));
  return path;
}

char *
fixture_gzip (const char *name, const void *bytes, gsize n, gsize *size)
{
  gsize room = n + n / 1000 + 128;
  g_autofree guint8 *out = g_malloc (room);
  z_stream z = { .next_in = (Bytef *) bytes, .avail_in = n, .next_out = out, .avail_out = room };

  g_assert_cmpint (deflateInit2 (&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  g_assert_cmpint (deflate (&z, Z_FINISH), ==, Z_STREAM_END);
  if (size != NULL)
    *size = z.total_out;
  deflateEnd (&z);
  return fixture_write (name, out, z.total_out);
}

static AssayTable *
import_va (const char *path, va_list args, GError **error)
{
  g_autoptr (AssayValues) options = assay_values_new (assay_import_params);
  const char *paths[] = { path, NULL }, *name;

  while ((name = va_arg (args, const char *)) != NULL)
    {
      GError *fault = NULL;

      assay_values_set_text (options, name, va_arg (args, const char *), &fault);
      g_assert_no_error (fault);
    }
  return assay_import (paths, options, error);
}

AssayTable *
fixture_try (GError **error, const char *path, ...)
{
  AssayTable *table;
  va_list args;

  va_start (args, path);
  table = import_va (path, args, error);
  va_end (args);
  return table;
}

AssayTable *
fixture_import (const char *path, ...)
{
  GError *error = NULL;
  AssayTable *table;
  va_list args;

  va_start (args, path);
  table = import_va (path, args, &error);
  va_end (args);
  g_assert_no_error (error);
  g_assert_nonnull (table);
  return table;
}

AssayTable *
fixture_csv (const char *text)
{
  g_autofree char *path = fixture_write ("table.csv", text, -1);

  return fixture_import (path, NULL);
}

void
fixture_refused (GError **error, int code, ...)
{
  const char *fragment, *message;
  va_list args;

  g_assert_nonnull (*error);
  message = (*error)->message;
  if ((*error)->domain != ASSAY_ERROR || (*error)->code != code)
    g_error ("code %d expected, got %d: %s", code, (*error)->code, message);
  g_assert_null (strchr (message, '\n'));
  g_assert_true (g_utf8_validate (message, -1, NULL));
  va_start (args, code);
  while ((fragment = va_arg (args, const char *)) != NULL)
    if (strstr (message, fragment) == NULL)
      g_error ("\"%s\" expected in: %s", fragment, message);
  va_end (args);
  g_clear_error (error);
}

char *
fixture_data (const char *name)
{
  const char *given = g_getenv ("ASSAY_TEST_DATA"), *source = g_getenv ("ASSAY_SRCDIR");
  g_autofree char *path = given ? g_build_filename (given, name, NULL)
                          : g_build_filename (source ? source : ".", "..", "shared", "data", name, NULL);
  g_autofree char *why = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
  why = g_strdup_printf ("%s is not there", path);
  g_test_skip (why);
  return NULL;
}

double
fixture_number (const AssayTable *table, const char *column, gint64 row)
{
  const AssayColumn *c = assay_table_peek_column (table, column);

  g_assert_nonnull (c);
  g_assert_cmpint (c->type, ==, ASSAY_COLUMN_NUMBER);
  return c->number[row];
}

const char *
fixture_text (const AssayTable *table, const char *column, gint64 row)
{
  const AssayColumn *c = assay_table_peek_column (table, column);

  g_assert_nonnull (c);
  g_assert_cmpint (c->type, ==, ASSAY_COLUMN_TEXT);
  return c->levels->pdata[c->code[row]];
}
