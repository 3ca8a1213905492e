/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_format.h: one file that has a whole tokenizer and is no JSON, known by what it begins with. One tokenizer_format_FORMAT.c and one line in
 * local.mk each. Internal to the tokenizer.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#define ASSAY_TOKEN_FORMAT_BYTES 16     /* that a format is known by, fewer where the file is shorter */

typedef struct {
  gboolean (*knows) (const guint8 *bytes, gsize n);
  /* A document in the form of tokenizer.json. New reference. Errors: NOT_FOUND, INPUT, UNSUPPORTED, with the path. */
  json_t  *(*load)  (const char *path, GError **error);
} AssayTokenFormat;

#define ASSAY_TOKEN_FORMAT_DEFINE(symbol)                                                                               \
  extern const AssayTokenFormat assay_token_format_##symbol;                                                            \
  const AssayTokenFormat assay_token_format_##symbol
