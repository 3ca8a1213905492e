/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writer.h: the formats of a report. One format is one file writer_NAME.c and one line in the folder's local.mk.
 *
 * A writer renders the document into files; it computes nothing and leaves nothing out. The same document gives the same bytes, whatever the
 * locale, the time zone and the number of threads. Texts of a document are hostile: each writer makes them harmless for its own format.
 * Thread rule: any thread; the document is only read.
 */
#pragma once

#include "report/document.h"

typedef struct {
  char *path;                   /* relative: "report.html", "tables/subgroups-race.csv" */
  GBytes *bytes;
} AssayWrittenFile;

typedef struct {
  const char *name, *help;      /* "html"; one line, no full stop */
  /* Adds AssayWrittenFile to files. */
  gboolean (*write) (const AssayDocument *document, GPtrArray *files, GError **error);
} AssayWriter;

#define ASSAY_WRITER_DEFINE(symbol)                                                                                     \
  extern const AssayWriter assay_writer_##symbol;                                                                       \
  const AssayWriter assay_writer_##symbol

const AssayWriter *const *assay_writer_list (void);               /* NULL-terminated */
/* NULL with an error that names the formats there are. */
const AssayWriter *assay_writer_find (const char *name, GError **error);

/* An array that releases its members. */
GPtrArray *assay_written_files_new (void);
/* Takes the bytes. */
void       assay_written_files_add (GPtrArray *files, const char *path, GBytes *bytes);
/* Takes the text. */
void       assay_written_files_add_text (GPtrArray *files, const char *path, GString *text);
