/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_writer.c: fields into a buffer, the buffer into a file that appears with the commit. */
#include "store/csv_writer.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "store/file.h"

#define BUFFER_BYTES (1u << 16)

struct _AssayCsvWriter {
  AssayFileWriter *file;        /* NULL: everything stays in the buffer */
  GString         *buffer;
  gboolean         in_row;
};

AssayCsvWriter *
assay_csv_writer_new (const char *path, GError **error)
{
  AssayFileWriter *file = assay_file_writer_new (path, error);
  AssayCsvWriter *self;

  if (file == NULL)
    return NULL;
  self = g_new0 (AssayCsvWriter, 1);
  self->file = file;
  self->buffer = g_string_sized_new (BUFFER_BYTES);
  return self;
}

AssayCsvWriter *
assay_csv_writer_new_text (void)
{
  AssayCsvWriter *self = g_new0 (AssayCsvWriter, 1);

  self->buffer = g_string_new (NULL);
  return self;
}

GString *
assay_csv_writer_steal_text (AssayCsvWriter *self)
{
  GString *text = self->buffer;

  self->buffer = g_string_new (NULL);
  return text;
}

void
assay_csv_writer_free (AssayCsvWriter *self)
{
  if (self == NULL)
    return;
  assay_file_writer_free (self->file);
  g_string_free (self->buffer, TRUE);
  g_free (self);
}

static void
begin_field (AssayCsvWriter *self)
{
  if (self->in_row)
    g_string_append_c (self->buffer, ',');
  self->in_row = TRUE;
}

/* Their wide forms count as well: a spreadsheet that is set to an East Asian language takes them for the narrow ones. */
static gboolean
is_formula (const char *text)
{
  static const char *const signs[] = { "=", "+", "-", "@", "\357\274\235", "\357\274\213", "\357\274\215", "\357\274\240" };

  for (gsize k = 0; k < G_N_ELEMENTS (signs); k++)
    if (g_str_has_prefix (text, signs[k]))
      return TRUE;
  return FALSE;
}

void
assay_csv_writer_text (AssayCsvWriter *self, const char *value)
{
  g_autofree char *visible = assay_text_escape (value, FALSE);
  /* An empty string gets quotes, so that it differs from an empty field. */
  gboolean formula = is_formula (visible), quoted = formula || *visible == '\0' || strpbrk (visible, ",\"") != NULL;

  begin_field (self);
  if (quoted)
    g_string_append_c (self->buffer, '"');
  if (formula)
    g_string_append_c (self->buffer, '\'');
  for (const char *c = visible; *c != '\0'; c++)
    {
      if (*c == '"')
        g_string_append_c (self->buffer, '"');
      g_string_append_c (self->buffer, *c);
    }
  if (quoted)
    g_string_append_c (self->buffer, '"');
}

void
assay_csv_writer_double (AssayCsvWriter *self, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  begin_field (self);
  if (isnan (value))
    g_string_append (self->buffer, "nan");
  else if (isinf (value))
    g_string_append (self->buffer, value > 0 ? "inf" : "-inf");
  else
    g_string_append (self->buffer, g_ascii_formatd (text, sizeof text, "%.17g", value));
}

void
assay_csv_writer_int (AssayCsvWriter *self, gint64 value)
{
  begin_field (self);
  g_string_append_printf (self->buffer, "%" G_GINT64_FORMAT, value);
}

void
assay_csv_writer_empty (AssayCsvWriter *self)
{
  begin_field (self);
}

static gboolean
drain (AssayCsvWriter *self, GError **error)
{
  gboolean ok = assay_file_writer_add (self->file, self->buffer->str, self->buffer->len, error);

  g_string_truncate (self->buffer, 0);
  return ok;
}

gboolean
assay_csv_writer_end_row (AssayCsvWriter *self, GError **error)
{
  g_string_append (self->buffer, "\r\n");
  self->in_row = FALSE;
  return self->file == NULL || self->buffer->len < BUFFER_BYTES || drain (self, error);
}

gboolean
assay_csv_writer_commit (AssayCsvWriter *self, GError **error)
{
  return drain (self, error) && assay_file_writer_commit (self->file, error);
}
