/* SPDX-License-Identifier: GPL-3.0-or-later */
/* document_view.h: a report's document as widgets: what the reader of the HTML and the PDF will see, with a pin beside every claim.
 *
 * Blocks are made a few in each frame, and tables row by row. Emits "toggle-pin" (claim, is_pinned before) when a pin is pressed,
 * and "go-to" (id) when what the summary names is to be seen.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/report_draft.h"

#include <adwaita.h>

#define ASSAY_TYPE_DOCUMENT_VIEW (assay_document_view_get_type ())
G_DECLARE_FINAL_TYPE (AssayDocumentView, assay_document_view, ASSAY, DOCUMENT_VIEW, GtkBox)

GtkWidget *assay_document_view_new         (void);
/* draft NULL: nothing. A draft of the same document only changes the pins. */
void       assay_document_view_set_draft   (AssayDocumentView *self, AssayReportDraft *draft);
/* The widget of a section, a block or a claim by its id; NULL where there is none (yet). Owns: the view. */
GtkWidget *assay_document_view_find        (AssayDocumentView *self, const char *id);
