/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cell_value.h: one cell of a table, for people and for JSON: a number as it was read, text as written, tokens as the words they stand for.
 *
 * Texts are as the file had them: whoever shows them makes control characters visible (base/text.h).
 * Shape letters: T time. Thread rule: pure functions.
 */
#pragma once

#include "dataset/table.h"

/* What a token is called; its number where there is no vocabulary. Owns: the caller. */
char   *assay_cell_dup_token (const AssayColumn *column, gint32 token);
/* The tokens of a row as far as any is predicted, and the one to be predicted last: at most T+1. Owns: the caller (g_free). */
gint32 *assay_cell_get_tokens (const AssayColumn *column, gint64 row, gint64 *n);
/* TRUE where every token is one character, which stand beside each other; words are parted by spaces unless the tokens bring their own. */
gboolean assay_cell_is_by_character (const AssayColumn *column);

/* "" for a missing number; "28 x 28" for an image. At most limit characters, then "…"; limit 0: all. Owns: the caller. */
char   *assay_cell_dup_text  (const AssayColumn *column, gint64 row, gsize limit);
/* A number, a string, or null for what is missing and for images. New reference. */
json_t *assay_cell_to_json   (const AssayColumn *column, gint64 row);
