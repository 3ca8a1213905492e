/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_blocks.h: the blocks of a document as they stand on a page.
 *
 * Thread rule: that of the pages.
 */
#pragma once

#include "report/pdf_flow.h"

void assay_pdf_heading  (AssayPdf *pdf, const char *tag, const char *id, const char *text, double size, double above, double below);
void assay_pdf_paragraph (AssayPdf *pdf, const AssayProse *prose);
/* A tinted box with a bar at its left edge; lead: the bold word that it begins with. */
void assay_pdf_callout  (AssayPdf *pdf, AssayCalloutLevel level, const AssayProse *prose);
void assay_pdf_list     (AssayPdf *pdf, const GPtrArray *items);
void assay_pdf_code     (AssayPdf *pdf, const char *code);
void assay_pdf_claim    (AssayPdf *pdf, const AssayClaim *claim);
void assay_pdf_table    (AssayPdf *pdf, const AssayBlock *block);
/* Any block. */
void assay_pdf_block    (AssayPdf *pdf, const AssayBlock *block);

/* Title, facts, warnings, how to verify, contents. */
void assay_pdf_front    (AssayPdf *pdf);
/* One name and value of a list of facts; nothing where the value is NULL. tag: "P". */
void assay_pdf_fact     (AssayPdf *pdf, const char *what, const char *value, double x, double value_x, gboolean code);
