/* SPDX-License-Identifier: GPL-3.0-or-later */
/* markdown.h: parts of a document as CommonMark with pipe tables, for the formats that hold such text.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "report/document.h"

/* Appends text with a backslash before every character that could be markup; control characters become visible. */
void assay_markdown_append       (GString *out, const char *text);
/* Appends one block; figures are their data. */
void assay_markdown_append_block (GString *out, const AssayBlock *block);
