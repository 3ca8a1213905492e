/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard.h: writing one object of a case: arrays, texts and attributes, then commit.
 *
 *   w = assay_shard_writer_new (cas, "scores", "cg/test-0", meta, &error);
 *   assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/scores/value", .type = ASSAY_STORE_F64, .rank = 2,
 *       .dims = { Q, N }, .axes = { "query", "example" }, .long_name = "influence", .units = "nats per removed example",
 *       .description = "..." }, ASSAY_STORE_F64, values, &error);
 *   object = assay_shard_writer_commit (w, &error);
 *
 * Before commit returns an object, nothing of it is visible; afterwards it is there for ever. A long sequence of rows goes
 * through store/recorder.h instead.
 *
 * The first array put into a group becomes that group's default plot (NXdata signal). Every axis is a dimension scale "/NAME"
 * in the root; an axis that was not given by assay_shard_writer_put_axis counts 0, 1, 2, ...
 * In meta the strings "created_utc" and "run_uuid", where present, replace the clock and the random id, so that equal
 * content gives equal bytes; everything else in meta is the caller's own.
 *
 * Ownership: the writer keeps no pointer into what it is given.
 * Thread rule: one thread at a time per writer. All HDF5 work runs on the store's own thread; the caller sleeps meanwhile.
 */
#pragma once

#include "store/case.h"
#include "store/types.h"

typedef struct _AssayShardWriter AssayShardWriter;

typedef struct {
  const char    *path;          /* "/scores/value"; the groups on the way are made */
  AssayStoreType type;          /* as stored */
  guint          rank;          /* 0: a scalar */
  gint64         dims[ASSAY_STORE_MAX_RANK];
  const char    *axes[ASSAY_STORE_MAX_RANK];    /* NULL: "<array's name>_axis<k>" */
  const char    *long_name, *units, *description;   /* NULL: the path, "1", "" */
  gboolean       bulk;          /* activations, gradients: square tiles, no checksum, digest leaves of 64 KiB */
  gboolean       redactable;    /* texts, identifiers: salted digest leaves, one per element */
} AssayArraySpec;

/* meta: a JSON object or NULL; copied. Errors: USAGE when the case is not open for writing. */
AssayShardWriter *assay_shard_writer_new (AssayCase *cas, const char *kind, const char *name, json_t *meta,
                                          GError **error);
/* The same layout as a file of its own, outside any case: ended by assay_shard_writer_write_file or _write_bytes instead of a commit. Nothing in it may be
 * redactable. */
AssayShardWriter *assay_shard_writer_new_file (const char *kind, const char *name, json_t *meta, GError **error);
/* Drops the object if it was not committed. */
void              assay_shard_writer_free (AssayShardWriter *self);

/* Row-major values of type from, converted to spec->type. */
gboolean     assay_shard_writer_put      (AssayShardWriter *self, const AssayArraySpec *spec, AssayStoreType from,
                                          const void *values, GError **error);
/* As many strings as the dims say; spec->type is ASSAY_STORE_TEXT. Errors: INPUT for what is not UTF-8, index named. */
gboolean     assay_shard_writer_put_text (AssayShardWriter *self, const AssayArraySpec *spec, const char *const *values,
                                          GError **error);
/* Coordinates of an axis; spec->path is "/NAME", rank 1. Before the first array that uses it. */
gboolean     assay_shard_writer_put_axis (AssayShardWriter *self, const AssayArraySpec *spec, AssayStoreType from,
                                          const void *values, GError **error);
gboolean     assay_shard_writer_put_axis_text (AssayShardWriter *self, const AssayArraySpec *spec,
                                               const char *const *values, GError **error);

/* An attribute of the array or group at path; "/" is the root. */
gboolean     assay_shard_writer_set_text   (AssayShardWriter *self, const char *path, const char *name,
                                            const char *value, GError **error);
gboolean     assay_shard_writer_set_number (AssayShardWriter *self, const char *path, const char *name, double value,
                                            GError **error);

/* How many rows the object counts in listings; without it the first array's first axis. */
void         assay_shard_writer_set_rows   (AssayShardWriter *self, gint64 rows);

/* Publishes: file, fsync, rename, fsync, journal, fsync. After an error nothing of it remains and the writer can only be freed.
 * Errors: NO_SPACE with the bytes needed, PERMISSION, IO. Owns: the caller. */
AssayObject *assay_shard_writer_commit     (AssayShardWriter *self, GError **error);

/* Of a writer made by assay_shard_writer_new_file: temporary file, fsync, rename over path; an existing file is replaced. */
gboolean     assay_shard_writer_write_file (AssayShardWriter *self, const char *path, GError **error);
/* The same file in memory. Owns: the caller. */
GBytes      *assay_shard_writer_write_bytes (AssayShardWriter *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayShardWriter, assay_shard_writer_free)
