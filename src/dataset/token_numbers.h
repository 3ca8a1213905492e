/* SPDX-License-Identifier: GPL-3.0-or-later */
/* token_numbers.h: bare token numbers, one behind the other, as windows: what the readers of uint16 and uint32 share. Internal to them.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "dataset/format_reader.h"

/* Little-endian numbers of `width` bytes (2 or 4). Names of the tokens come from --tokenizer or --vocabulary; else they are their numbers, up to the largest.
 * Errors: INPUT with the byte of a number that the vocabulary does not have, or of bytes that are no whole number. */
AssayTable *assay_token_numbers_read (const GPtrArray *sources, const AssayValues *options, gsize width, GError **error);
