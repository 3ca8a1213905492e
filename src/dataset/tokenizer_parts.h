/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_parts.h: a long text encoded in parts, so that memory does not grow with it. Internal to the tokenizer.
 *
 * Parts overlap. Where two neighbours, which see different text before and behind the overlap, cut its middle half alike, neither beginning nor end of a part had a say there, and one goes
 * on where the other stops. Where they do not, the first is made twice as long and tried again, in the end as long as the text.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "dataset/tokenizer.h"

/* Appends the tokens of bytes from .. to of a text, each by itself as if it stood there in the whole. */
typedef void (*AssayTokenRangeFunc) (gpointer encoder, const char *text, gsize from, gsize to, GArray *tokens);

/* Gives the tokens (AssayToken) of n bytes of UTF-8 to func, in order. */
void assay_token_parts_encode (const char *text, gsize n, AssayTokenRangeFunc encode, gpointer encoder, AssayTokenFunc func, gpointer data);
