/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_decode.h: from spellings of tokens to text. Internal to the tokenizer.
 *
 * Ownership: steps own what they hold. Thread rule: one thread at a time.
 */
#pragma once

#include "dataset/tokenizer_step.h"

typedef struct _AssayDecodeStep AssayDecodeStep;

struct _AssayDecodeStep {
  void (*apply) (const AssayDecodeStep *step, GPtrArray *tokens);       /* GString; may become fewer */
  AssayTokenPattern *pattern;
  char *content;
  gint64 start, stop;
  gboolean is_switched;
  gpointer own;                 /* the step's own */
  GDestroyNotify free_own;
};

/* <0x41>: 65; -1 for anything else. */
int      assay_token_read_byte     (const GString *token);

void     assay_token_decoder_clear (AssayDecodeStep *step);
/* Appends the steps of "decoder", a sequence in its order; null: none. is_bytes: spellings are bytes already. Errors: UNSUPPORTED with the type; INPUT. */
gboolean assay_token_decoder_read  (const json_t *document, gboolean is_bytes, GArray *steps, GError **error);
