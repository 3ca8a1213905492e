/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.h: which rows of a table a run uses, and how many were left out for which reason.
 *
 * Ownership: rows are a GArray of gint64, ascending; drops a GArray of AssayDrop. Thread rule: one thread builds.
 */
#pragma once

#include "dataset/table.h"

typedef struct {
  char *reason;                 /* "the filter is false" */
  gint64 n_rows;
} AssayDrop;

GArray  *assay_drops_new   (void);
/* Notes n rows under a reason; n = 0 is not noted. */
void     assay_drops_count (GArray *drops, gint64 n, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Every row, or those where the filter is true. Errors: as of an expression, and INPUT when no row is left. */
GArray  *assay_rows_select (AssayTable *table, const char *filter, GArray *drops, GError **error);

/* Keeps the first `limit` rows of each split; 0: all. */
void     assay_rows_limit  (const AssayTable *table, GArray *rows, gint64 limit, GArray *drops);

/* FALSE, with the reasons and the advice, when no row is left. */
gboolean assay_rows_check  (const GArray *rows, const GArray *drops, const char *advice, GError **error);
