/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.h: one input file in memory: opened with care, inflated when it is gzip or zstd, named in every message about it.
 *
 * Ownership: a source owns its bytes. Thread rule: immutable once opened.
 */
#pragma once

#include <glib.h>

/* A compressed file may grow by this factor unless somebody says otherwise: text does not, and a file made to fill a memory does. */
#define ASSAY_SOURCE_EXPANSION 200

typedef struct {
  char *path;                   /* as it was given */
  char *name;                   /* last part of the path, valid UTF-8: what messages and records show */
  guint8 *bytes;                /* inflated content, followed by one 0 byte that does not count */
  gsize size;
  guint64 file_size;            /* bytes on disk */
  char sha256[65];              /* of the file as it lies on disk, hexadecimal */
} AssaySource;

/* Reads a whole regular file; devices, directories and pipes are refused without being read. A file that begins like
 * gzip or zstd is inflated, to at most max_expansion times its size (inflate.h); a truncated or damaged one is refused with the byte offset reached.
 * Cost: O(bytes). Errors: NOT_FOUND, PERMISSION, IO, INPUT, NO_MEMORY. */
AssaySource *assay_source_open (const char *path, guint64 max_expansion, GError **error);
void         assay_source_free (AssaySource *source);

/* Checks that the content is UTF-8 text without NUL; the first fault is named by line and byte offset. */
gboolean     assay_source_check_text (const AssaySource *source, GError **error);

/* Does the name end in .extension, or in .extension with .gz, .zst or .zstd behind it? ASCII case does not count. */
gboolean     assay_source_has_extension (const AssaySource *source, const char *extension);

/* Text from a file as it may stand in a message or a name: valid UTF-8, with control and direction characters as \xNN. A new
 * string. */
char        *assay_source_visible (const char *text);

/* The same of bytes, quoted, at most about 40 characters. A new string. */
char        *assay_source_excerpt (const char *text, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySource, assay_source_free)
