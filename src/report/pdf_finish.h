/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_finish.h: what cairo cannot put into a PDF: language, title bar, metadata, colour profile, texts for figures and links, the scope of
 * header cells, artifacts, an identifier made from the content.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "report/pdf_pages.h"

/* The finished file. Errors: IO, when the file that was set cannot be read back. Owns: the caller. */
GBytes *assay_pdf_finish    (GByteArray *set, const AssayDocument *document, const AssayPdfNotes *notes, GError **error);

/* A content stream in which everything outside marked content is an artifact. Owns: the caller. */
GString *assay_pdf_mark_artifacts (const char *content, gsize length);
/* An sRGB profile (ICC version 2), made here. Owns: the caller. */
GByteArray *assay_pdf_srgb_profile (void);
