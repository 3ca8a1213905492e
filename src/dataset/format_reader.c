/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format_reader.c: the registry of readers, made from the list in local.mk. */
#include "dataset/format_reader.h"

#include "base/error.h"

#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayFormatReader assay_format_reader_##name;
#include "dataset/readers.def"
#undef ASSAY_REGISTER

const AssayFormatReader *const assay_format_readers[] = {
#define ASSAY_REGISTER(name) &assay_format_reader_##name,
#include "dataset/readers.def"
#undef ASSAY_REGISTER
  NULL
};

static char *
list_names (void)
{
  GString *names = g_string_new (NULL);

  for (const AssayFormatReader *const *r = assay_format_readers; *r != NULL; r++)
    g_string_append_printf (names, "%s%s", names->len ? ", " : "", (*r)->name);
  return g_string_free (names, FALSE);
}

const AssayFormatReader *
assay_format_reader_find (const char *name, GError **error)
{
  g_autofree char *names = NULL;

  for (const AssayFormatReader *const *r = assay_format_readers; *r != NULL; r++)
    if (strcmp ((*r)->name, name) == 0)
      return *r;
  names = list_names ();
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "format: one of %s expected, \"%s\" found", names, name);
  return NULL;
}

const AssayFormatReader *
assay_format_reader_guess (const AssaySource *source, GError **error)
{
  const AssayFormatReader *best = NULL;
  AssayRecognition how = ASSAY_RECOGNISE_NO;
  g_autofree char *names = NULL;

  for (const AssayFormatReader *const *r = assay_format_readers; *r != NULL; r++)
    {
      AssayRecognition now = (*r)->recognise (source);

      if (now > how)
        {
          best = *r;
          how = now;
        }
    }
  if (best != NULL)
    return best;
  names = list_names ();
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: neither its name nor its first bytes tell the format; "
               "say --format with one of %s", source->name, names);
  return NULL;
}
