/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream.c: records of a running job. */
#include "cli/stream.h"

#include "cli/output.h"

#include <unistd.h>

#define REPORT_USEC 100000

struct _AssayStream {
  char *stage;
  gint64 started, reported;
};

/* Takes the record. */
static gboolean
write_record (json_t *record, const char *type, GError **error)
{
  gboolean ok;

  json_object_set_new (record, "schema", json_string ("assay.record"));
  json_object_set_new (record, "version", json_integer (1));
  json_object_set_new (record, "type", json_string (type));
  ok = assay_output_json_line (record, error);
  json_decref (record);
  return ok;
}

AssayStream *
assay_stream_new (const char *command_line)
{
  AssayStream *stream = g_new0 (AssayStream, 1);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *utc = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ"), *line = g_utf8_make_valid (command_line, -1);

  stream->started = g_get_monotonic_time ();
  write_record (json_pack ("{s:s, s:I, s:s}", "command_line", line, "pid", (json_int_t) getpid (), "utc", utc), "begin", NULL);
  return stream;
}

void
assay_stream_free (AssayStream *stream)
{
  if (stream == NULL)
    return;
  g_free (stream->stage);
  g_free (stream);
}

/* A record that cannot be written is no reason to end the job; the last one tells. */
void
assay_stream_report (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  AssayStream *stream = data;
  gint64 now = g_get_monotonic_time ();

  if (g_strcmp0 (stage, stream->stage) == 0 && now - stream->reported < REPORT_USEC)
    return;
  if (g_strcmp0 (stage, stream->stage) != 0)
    {
      g_free (stream->stage);
      stream->stage = g_strdup (stage);
    }
  stream->reported = now;
  write_record (json_pack ("{s:s, s:I, s:I, s:s?, s:s?, s:f}", "stage", stage, "done", (json_int_t) done, "total", (json_int_t) total, "unit", unit,
                           "note", note, "seconds", 1e-6 * (double) (now - stream->started)), "progress", NULL);
}

void
assay_stream_emit (const char *text, gsize n, gpointer data)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) n);

  (void) data;
  write_record (json_pack ("{s:s}", "text", valid), "text", NULL);
}

gboolean
assay_stream_end (const char *type, const json_t *document, GError **error)
{
  return write_record (json_pack ("{s:O}", "document", document), type, error);
}
