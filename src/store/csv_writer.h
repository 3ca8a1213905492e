/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_writer.h: CSV files by RFC 4180, the same bytes in every locale.
 *
 * Numbers are written so that they read back to the same bits. Text that a spreadsheet would take for a formula (it begins with
 * one of = + - @) gets a single quote in front; numeric fields never do. Control characters, line breaks included, and those that
 * hide or turn text are visible (base/text.h). Lines end in CR LF.
 * Thread rule: one thread at a time per writer.
 */
#pragma once

#include <glib.h>

typedef struct _AssayCsvWriter AssayCsvWriter;

AssayCsvWriter *assay_csv_writer_new    (const char *path, GError **error);
/* Into memory in place of a file; it is never committed. */
AssayCsvWriter *assay_csv_writer_new_text (void);
/* What was written so far; the writer begins anew. Owns: the caller. */
GString        *assay_csv_writer_steal_text (AssayCsvWriter *self);
void            assay_csv_writer_text   (AssayCsvWriter *self, const char *value);
void            assay_csv_writer_double (AssayCsvWriter *self, double value);    /* %.17g; nan, inf, -inf */
void            assay_csv_writer_int    (AssayCsvWriter *self, gint64 value);
void            assay_csv_writer_empty  (AssayCsvWriter *self);
/* Ends the line. A failed write is reported here. */
gboolean        assay_csv_writer_end_row (AssayCsvWriter *self, GError **error);
gboolean        assay_csv_writer_commit (AssayCsvWriter *self, GError **error);
/* Without commit nothing appears under path. */
void            assay_csv_writer_free   (AssayCsvWriter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCsvWriter, assay_csv_writer_free)
