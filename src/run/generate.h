/* SPDX-License-Identifier: GPL-3.0-or-later */
/* generate.h: what a token model says about the next token, and greedy continuation.
 *
 * Sequences are rows of T tokens, T the model's context; places behind a sequence's end may hold anything in the vocabulary: a causal
 * model does not see them. Every call walks whole sequences, in batches.
 * Shape letters: n sequences, T positions, V vocabulary.
 * Ownership: the model outlives the generator and gives theta. Thread rule: one thread at a time per generator.
 */
#pragma once

#include "model/exec.h"
#include "model/model.h"

typedef struct _AssayGenerator AssayGenerator;

/* Errors: USAGE when the model does not read tokens; UNSUPPORTED when its positions see those behind them. */
AssayGenerator *assay_generator_new  (AssayModel *model, gint64 batch, AssayBackend *backend, GError **error);
void            assay_generator_free (AssayGenerator *generator);

/* logits (n,V) of the token behind position[i] (from 0) of sequence i. Errors: INPUT for a token outside the vocabulary or a position
 * outside the context, sequence named. */
gboolean        assay_generator_get_logits (AssayGenerator *generator, const gint32 *tokens, const gint64 *position, gint64 n, double *logits,
                                            GError **error);
/* probability (n) that answer[i] is the token behind position[i]: a softmax in double. */
gboolean        assay_generator_get_probabilities (AssayGenerator *generator, const gint32 *tokens, const gint64 *position,
                                                   const gint32 *answer, gint64 n, double *probability, GError **error);
/* Extends each sequence from length[i] tokens to `until` tokens, each time by the likeliest token (the lowest of equals).
 * tokens (n,T) and length (n) are updated. */
gboolean        assay_generator_extend (AssayGenerator *generator, gint32 *tokens, gint64 *length, gint64 n, gint64 until, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayGenerator, assay_generator_free)
