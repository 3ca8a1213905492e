/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_scan.h: a table of text cut into records and cells, RFC 4180 with the delimiter of choice.
 *
 * Lines end with LF or CR LF. A quoted cell may hold delimiters, line breaks and doubled quotes. Blanks around an unquoted
 * cell do not belong to it. Blank lines are allowed only at the end. With the delimiter ' ' any run of blanks separates.
 * Ownership: cells are valid until the next record. Thread rule: one scanner, one thread.
 */
#pragma once

#include "dataset/source.h"

typedef struct {
  const char *text;             /* not closed by 0, but followed by a byte that is no part of a number */
  gsize length;
} AssayCsvCell;

typedef struct _AssayCsvScanner AssayCsvScanner;

typedef enum { ASSAY_CSV_RECORD, ASSAY_CSV_END, ASSAY_CSV_FAULT } AssayCsvStatus;

/* The source must have passed assay_source_check_text. */
AssayCsvScanner *assay_csv_scanner_new  (const AssaySource *source, char delimiter);
void             assay_csv_scanner_free (AssayCsvScanner *scanner);

/* Reads one record: its cells and the line it begins on (from 1). Errors: INPUT with file and line. */
AssayCsvStatus   assay_csv_scanner_next (AssayCsvScanner *scanner, const AssayCsvCell **cells, gsize *n_cells, gint64 *line, GError **error);

/* The delimiter of the first line: the most frequent of , ; TAB outside quotes (the earlier in this order when equal). With
 * none of them: ' ' when blanks_separate and there are any, else ','. */
char             assay_csv_guess_delimiter (const AssaySource *source, gboolean blanks_separate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCsvScanner, assay_csv_scanner_free)
