/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream.h: standard output as records, one JSON object a line, for a program that watches: how far the job is while it runs, then its
 * outcome.
 *
 *   {"schema": "assay.record", "version": 1, "type": "begin", "command_line": "...", "pid": 4711, "utc": "2024-05-01T12:00:00Z"}
 *   {... "type": "progress", "stage": "training", "done": 40, "total": 3000, "unit": "steps", "note": null, "seconds": 1.25}
 *   {... "type": "text", "text": " upon a"}          what a command that gives text out as it is made (generate) wrote since the last of these
 *   {... "type": "result", "document": {...}}        what --json prints
 *   {... "type": "error", "document": {...}}         what --json prints when the command fails
 *
 * A total of 0 is unknown; without a unit, done and total are shares of a whole. seconds count from the begin record.
 * The last record is the result or the error.
 * Thread rule: records come from one thread.
 */
#pragma once

#include "base/progress.h"

#include <jansson.h>

typedef struct _AssayStream AssayStream;

/* Writes the begin record. */
AssayStream *assay_stream_new    (const char *command_line);
void         assay_stream_free   (AssayStream *stream);
/* The AssayProgressFunc; data is the stream. At most ten records a second, and one for each new stage. */
void         assay_stream_report (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data);

/* A record of text, for the function of a job's context that emits some; data is the stream. */
void         assay_stream_emit   (const char *text, gsize n, gpointer data);

/* The record that ends the stream: "result" or "error". Errors: NO_SPACE, IO. */
gboolean     assay_stream_end    (const char *type, const json_t *document, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayStream, assay_stream_free)
