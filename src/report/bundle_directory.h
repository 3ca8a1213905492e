/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_directory.h: a bundle that somebody hands over: nothing outside its directory is opened, no link is followed, only regular files are
 * read.
 *
 * Ownership: the caller. Thread rule: one thread at a time.
 */
#pragma once

#include "store/digest.h"

typedef struct _AssayBundleDirectory AssayBundleDirectory;

typedef struct {
  char       *path;             /* relative, words joined by '/'; bytes as the file system has them */
  guint64     bytes;
  const char *fault;            /* NULL: a regular file with a plain name; else what it is, in words */
} AssayBundleEntry;

/* Errors: NOT_FOUND, PERMISSION, IO; also when it holds more than a bundle may (files, depth). */
AssayBundleDirectory *assay_bundle_directory_open (const char *path, GError **error);
void         assay_bundle_directory_free  (AssayBundleDirectory *self);
const char  *assay_bundle_directory_get_path (const AssayBundleDirectory *self);
/* All entries, sorted by the bytes of their paths: of AssayBundleEntry. Owns: the directory. */
const GPtrArray *assay_bundle_directory_list (const AssayBundleDirectory *self);
/* NULL where there is none. */
const AssayBundleEntry *assay_bundle_directory_find (const AssayBundleDirectory *self, const char *path);

/* The whole file, with a zero byte behind it that is not counted. Errors: INPUT when it is no regular file or longer than max_bytes. */
GBytes      *assay_bundle_directory_read   (const AssayBundleDirectory *self, const char *path, guint64 max_bytes, GError **error);
/* SHA-256 of the file. block_bytes 0, or: blocks, an array of AssayDigest, receives one for each block of that many bytes. */
gboolean     assay_bundle_directory_digest (const AssayBundleDirectory *self, const char *path, gsize block_bytes, GArray *blocks, AssayDigest *digest,
                                            guint64 *bytes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBundleDirectory, assay_bundle_directory_free)
