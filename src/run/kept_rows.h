/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept_rows.h: what a value of the graph was at every position that a decoder walked over. Internal to this floor.
 *
 * Ownership: rows are freed by assay_kept_rows_clear. Thread rule: as the decoder's.
 */
#pragma once

#include "model/decoder.h"

typedef struct {
  AssayDtype dtype;
  gint64 width;                 /* channels of a position */
  double *rows;                 /* (n, width) */
  gboolean is_whole;            /* nothing more is kept: later walks pass by */
} AssayKeptRows;

/* Room for n positions of the value of that name. Errors: NOT_FOUND; memory. */
gboolean assay_kept_rows_open  (AssayKeptRows *kept, AssayDecoder *decoder, const char *name, gint64 n, GError **error);
/* The same, and the decoder's walks fill it from here on: it must outlive them. */
gboolean assay_kept_rows_watch (AssayKeptRows *kept, AssayDecoder *decoder, const char *name, gint64 n, GError **error);
void     assay_kept_rows_clear (AssayKeptRows *kept);
