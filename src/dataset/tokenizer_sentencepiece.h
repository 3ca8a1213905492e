/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_sentencepiece.h: what SentencePiece does to a text before its model, and to pieces behind it. Internal to the tokenizer.
 *
 * These are steps "SentencePiece" of the document, which the tokenizers library does not have: it tells the same only nearly, by several of its own.
 * Ownership: steps own what they hold. Thread rule: one thread at a time.
 * Source: Kudo and Richardson, 1808.06226, in the words of its released code.
 */
#pragma once

#include "dataset/tokenizer_decode.h"

/* Members: add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces; precompiled_charsmap in base64, kept (strings that are not changed), both of which may be
 * absent. Errors: INPUT. */
gboolean assay_token_sentencepiece_read_normaliser (const json_t *document, AssayTokenStep *step, GError **error);
/* Members: strip, how many of the spaces in front go ("none", "one", "all"), escape_whitespaces; reads, what whole tokens read as. */
void     assay_token_sentencepiece_read_decoder    (const json_t *document, AssayDecodeStep *step);
