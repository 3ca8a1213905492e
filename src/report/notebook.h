/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notebook.h: a document as a Jupyter notebook (nbformat 4.5) that opens with our outputs and recomputes them from the evidence.
 *
 * Outputs are plain text and PNG alone: nothing in it is HTML or script, and what it says of strangers' texts is escaped Markdown.
 * Thread rule: pure functions.
 */
#pragma once

#include "report/document.h"

#include <jansson.h>

/* evidence: path of results.h5 as the notebook will find it. The document has its SHA-256. Errors: NO_MEMORY for a figure. New reference. */
json_t  *assay_notebook_make (const AssayDocument *document, const char *evidence, GError **error);
/* As a file: one key a line, sorted. Owns: the caller. */
GString *assay_notebook_to_text (const json_t *notebook);
