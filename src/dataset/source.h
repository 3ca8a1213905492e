/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.h: one input file in memory: opened with care, inflated when it is gzip, named in every message about it.
 *
 * Ownership: a source owns its bytes. Thread rule: immutable once opened.
 */
#pragma once

#include <glib.h>

/* A gzip file that inflates to more than this is refused. */
#define ASSAY_SOURCE_MAX_INFLATED ((guint64) 8 << 30)

typedef struct {
  char *path;                   /* as it was given */
  char *name;                   /* last part of the path, valid UTF-8: what messages and records show */
  guint8 *bytes;                /* inflated content, followed by one 0 byte that does not count */
  gsize size;
  guint64 file_size;            /* bytes on disk */
  char sha256[65];              /* of the file as it lies on disk, hexadecimal */
} AssaySource;

/* Reads a whole regular file; devices, directories and pipes are refused without being read. A file that begins with
 * the gzip magic is inflated; a truncated or damaged one is refused with the byte offset reached.
 * Cost: O(bytes). Errors: NOT_FOUND, PERMISSION, IO, INPUT, NO_MEMORY. */
AssaySource *assay_source_open (const char *path, GError **error);
void         assay_source_free (AssaySource *source);

/* Checks that the content is UTF-8 text without NUL; the first fault is named by line and byte offset. */
gboolean     assay_source_check_text (const AssaySource *source, GError **error);

/* Does the name end in .extension, or in .extension.gz? ASCII case does not count. */
gboolean     assay_source_has_extension (const AssaySource *source, const char *extension);

/* Text from a file as it may stand in a message or a name: valid UTF-8, with control and direction characters as \xNN. A new
 * string. */
char        *assay_source_visible (const char *text);

/* The same of bytes, quoted, at most about 40 characters. A new string. */
char        *assay_source_excerpt (const char *text, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySource, assay_source_free)
