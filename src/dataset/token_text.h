/* SPDX-License-Identifier: GPL-3.0-or-later */
/* token_text.h: token numbers as a person reads them, by the spellings of a vocabulary.
 *
 *   joined     spellings carry their own white space (" the"), as those of byte-level and SentencePiece vocabularies: nothing is put between them
 *   continued  "##ing" goes on with the word before it (WordPiece)
 *   letters    single characters, set side by side
 *   words      all others: a space between them
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

typedef enum { ASSAY_TOKEN_TEXT_WORDS, ASSAY_TOKEN_TEXT_LETTERS, ASSAY_TOKEN_TEXT_JOINED, ASSAY_TOKEN_TEXT_CONTINUED } AssayTokenTextStyle;

/* vocabulary: spellings (strings) by number, or NULL: tokens are called by their numbers. Cost: ends at the first spelling that decides. */
AssayTokenTextStyle assay_token_text_find_style (const GPtrArray *vocabulary);
/* Whether a space stands between two neighbouring texts: `next` is the token that the second one begins with. */
gboolean            assay_token_text_has_space  (AssayTokenTextStyle style, const GPtrArray *vocabulary, gint32 next);
/* The text of n tokens. Spellings of single bytes (<0x0A>) become these bytes; what is no UTF-8 then becomes U+FFFD. Owns: the caller. */
char               *assay_token_text_join       (AssayTokenTextStyle style, const GPtrArray *vocabulary, const gint32 *token, gint64 n);
