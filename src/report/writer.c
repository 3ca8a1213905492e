/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writer.c: the registry of formats. */
#include "report/writer.h"

#include "base/error.h"

#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayWriter assay_writer_##name;
#include "report/writers.def"
#undef ASSAY_REGISTER

static const AssayWriter *const writers[] = {
#define ASSAY_REGISTER(name) &assay_writer_##name,
#include "report/writers.def"
#undef ASSAY_REGISTER
  NULL
};

const AssayWriter *const *
assay_writer_list (void)
{
  return writers;
}

const AssayWriter *
assay_writer_find (const char *name, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (gsize k = 0; writers[k] != NULL; k++)
    {
      if (strcmp (writers[k]->name, name) == 0)
        return writers[k];
      g_string_append_printf (names, "%s%s", k > 0 ? ", " : "", writers[k]->name);
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "format \"%s\": one of %s expected", name, names->str);
  return NULL;
}

static void
file_free (gpointer data)
{
  AssayWrittenFile *file = data;

  g_free (file->path);
  g_bytes_unref (file->bytes);
  g_free (file);
}

GPtrArray *
assay_written_files_new (void)
{
  return g_ptr_array_new_with_free_func (file_free);
}

void
assay_written_files_add (GPtrArray *files, const char *path, GBytes *bytes)
{
  AssayWrittenFile *file = g_new0 (AssayWrittenFile, 1);

  file->path = g_strdup (path);
  file->bytes = bytes;
  g_ptr_array_add (files, file);
}

void
assay_written_files_add_text (GPtrArray *files, const char *path, GString *text)
{
  assay_written_files_add (files, path, g_string_free_to_bytes (text));
}
