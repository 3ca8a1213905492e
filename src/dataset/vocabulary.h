/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vocabulary.h: what token numbers are called: the spellings in a tokenizer.json.
 *
 * Byte-level vocabularies spell every byte as a printable character; here they are turned back, so that a token reads as it does in the
 * text. What is no whole character by itself is shown as its bytes, \xNN.
 * Thread rule: pure functions.
 */
#pragma once

#include "dataset/tokenizer.h"

/* (n) spellings, "<number>" for what the file does not name; n: the largest number in the file and one, at least n_least. Strings.
 * Errors: NOT_FOUND, INPUT with the file. */
GPtrArray *assay_vocabulary_read (const char *path, gint64 n_least, GError **error);
/* bytes <- those of a byte-level spelling. FALSE when a character is not of the alphabet: bytes is then of no use. */
gboolean   assay_vocabulary_decode (const char *spelling, GString *bytes);
/* The character that spells a byte. */
gunichar   assay_vocabulary_spell_byte (guchar byte);
/* The spellings of a tokenizer, "<number>" for numbers without a token; what is no text is shown as above. */
GPtrArray *assay_vocabulary_new_of (const AssayTokenizer *tokenizer);
/* (n) spellings that are the numbers themselves. */
GPtrArray *assay_vocabulary_new_numbers (gint64 n);
