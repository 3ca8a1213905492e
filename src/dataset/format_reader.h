/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format_reader.h: a file format as an object, and the registry of all of them.
 *
 * A reader is one file reader_NAME.c that defines `assay_format_reader_NAME`, and one line in the folder's local.mk.
 * Thread rule: readers are constants; a read may run on any thread.
 */
#pragma once

#include "base/param.h"
#include "dataset/source.h"
#include "dataset/table.h"

typedef enum {
  ASSAY_RECOGNISE_NO,
  ASSAY_RECOGNISE_NAME,         /* the file's name speaks for it */
  ASSAY_RECOGNISE_CONTENT       /* its first bytes do */
} AssayRecognition;

typedef struct {
  const char *name;             /* as in --format NAME */
  const char *help;             /* one line, no full stop */
  AssayRecognition (*recognise) (const AssaySource *source);
  /* sources: AssaySource, at least one. options: values of assay_import_params. All rows are left in split "train". */
  AssayTable *(*read) (const GPtrArray *sources, const AssayValues *options, GError **error);
} AssayFormatReader;

/* All readers, NULL-terminated, in the order of local.mk. */
extern const AssayFormatReader *const assay_format_readers[];

/* By name; NULL with an error that lists the names. */
const AssayFormatReader *assay_format_reader_find  (const char *name, GError **error);
/* By content first, then by name; NULL with an error that says how to choose one. */
const AssayFormatReader *assay_format_reader_guess (const AssaySource *source, GError **error);
