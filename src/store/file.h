/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.h: reading files that others wrote, and writing files that appear whole or not at all.
 *
 * Thread rule: any thread.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* Opens a regular file for reading; FIFOs, devices and directories are refused without blocking on them.
 * size may be NULL. Returns a descriptor or -1. */
int      assay_file_open_regular (const char *path, guint64 *size, GError **error);
/* The same for a name that came from a file: a single component below directory, no link, link count 1. */
int      assay_file_open_beneath (const char *directory, const char *name, guint64 *size, GError **error);

/* The whole file, with a zero byte behind it that is not counted. Errors: INPUT when longer than max_bytes. */
GBytes  *assay_file_read         (const char *path, guint64 max_bytes, GError **error);
/* The whole file as the system maps it: read when it is looked at. What another program then writes to it shows, and a file made shorter ends
 * this program at the next look. */
GBytes  *assay_file_map          (const char *path, GError **error);
/* The whole file as a JSON document; flags: jansson's for decoding. New reference. Errors: INPUT also for what is no JSON, with line and column. */
json_t  *assay_file_read_json    (const char *path, guint64 max_bytes, gsize flags, GError **error);
/* "PATH, byte AT: ..." as INPUT. Returns FALSE. */
gboolean assay_file_refuse       (const char *path, guint64 at, GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);
/* Exactly n bytes at offset. path appears in messages. */
gboolean assay_file_read_at      (int fd, const char *path, guint64 offset, void *out, gsize n, GError **error);

/* All n bytes or an error; short writes and EINTR are continued. NO_SPACE says how many bytes were needed. */
gboolean assay_file_write_all    (int fd, const char *path, const void *bytes, gsize n, GError **error);
gboolean assay_file_sync         (int fd, const char *path, GError **error);
gboolean assay_file_sync_directory (const char *path, GError **error);

/* Temporary file beside path, write, fsync, rename over path, fsync of the directory. After an error path is untouched, but see
 * assay_file_writer_commit. */
gboolean assay_file_write        (const char *path, const void *bytes, gsize n, GError **error);

/* The same in pieces: take a stream, write to it, then close. */
typedef struct _AssayFileWriter AssayFileWriter;
AssayFileWriter *assay_file_writer_new    (const char *path, GError **error);
gboolean         assay_file_writer_add    (AssayFileWriter *self, const void *bytes, gsize n, GError **error);
/* The same for megabytes on whole pages, the first thing that is written: they go past the page cache where the file system allows,
 * which saves the processor a copy of them. */
gboolean         assay_file_writer_add_pages (AssayFileWriter *self, const void *bytes, gsize n, GError **error);
/* Publishes under path, replacing what was there. When only the fsync of the directory fails, the new file is in place all the same, but
 * may be lost in a crash. */
gboolean         assay_file_writer_commit (AssayFileWriter *self, GError **error);
/* Publishes under a name that must not exist yet, in path's own directory. After an error nothing of it is under that name. */
gboolean         assay_file_writer_commit_new (AssayFileWriter *self, const char *final_path, GError **error);
/* Removes the temporary file if nothing was published. */
void             assay_file_writer_free   (AssayFileWriter *self);

/* SHA-256 of a regular file as 64 hexadecimal digits; size may be NULL. Owns: the caller. */
char    *assay_file_sha256       (const char *path, guint64 *size, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayFileWriter, assay_file_writer_free)
