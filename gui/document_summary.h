/* SPDX-License-Identifier: GPL-3.0-or-later */
/* document_summary.h: the summary of a report's draft as it is with the pins of now, whatever they were when the document was made.
 *
 * Ownership: widgets as GTK has them, texts belong to the caller. Thread rule: the main loop's.
 */
#pragma once

#include "gui/report_draft.h"

#include <gtk/gtk.h>

/* activated: a handler of the list's row-activated. */
GtkWidget  *assay_document_summary_new       (GCallback activated, gpointer data);
void        assay_document_summary_show      (GtkWidget *summary, const AssayReportDraft *draft);
/* The claim that a row stands for, or NULL. Borrowed from the row. */
const char *assay_document_summary_get_claim (GtkListBoxRow *row);

/* What a check says with its threshold, and where a value lies; NULL where there is none. */
char       *assay_claim_dup_check            (const AssayClaimCheck *check);
char       *assay_claim_dup_interval         (const AssayClaim *claim);
