/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_train.h: a byte-level BPE tokenizer learnt from texts.
 *
 * Texts are cut into pieces by a pattern; every piece begins as its bytes; the pair of neighbours that occurs most often, over all pieces, becomes a token, until the
 * vocabulary is full or no pair is frequent enough. Of pairs that occur equally often the one of smaller numbers is taken, first by the left: that is the order
 * of the tokenizers library, whose numbers come out the same: special tokens, the 256 bytes in the order of the characters that stand for them, then what was learnt.
 * Source: Sennrich, Haddow and Birch, 1508.07909; byte level: Radford et al. 2019.
 * Ownership: the trainer copies what it is given. Thread rule: one thread at a time.
 */
#pragma once

#include "base/progress.h"

#include <glib.h>
#include <jansson.h>

typedef struct _AssayTokenTrainer AssayTokenTrainer;

/* Names of patterns, NULL-terminated: "gpt2", "llama3", "qwen2". */
extern const char *const assay_token_trainer_patterns[];

/* special: texts that are tokens of their own, and never a part of others; NULL-terminated. Errors: USAGE for an empty or a repeated one, one that is no UTF-8 or the
 * spelling of a byte; an unknown pattern. */
AssayTokenTrainer *assay_token_trainer_new  (const char *pattern, const char *const *special, GError **error);
void               assay_token_trainer_free (AssayTokenTrainer *self);
/* Counts the pieces of n bytes of UTF-8. Cost: linear; memory: the distinct pieces. Errors: INPUT with the byte that is no UTF-8. */
gboolean           assay_token_trainer_add  (AssayTokenTrainer *self, const char *text, gsize n, GError **error);
/* Learns a vocabulary of at most `size` tokens, none from a pair that occurs less than `least` times, and gives it in the form of tokenizer.json. The counts are used up.
 * size: at least 256 and the special tokens. Cost: the pieces that each pair is in. Errors: USAGE; stopped on request. New reference. */
json_t            *assay_token_trainer_learn (AssayTokenTrainer *self, gint64 size, gint64 least, AssayProgress *progress, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTokenTrainer, assay_token_trainer_free)
