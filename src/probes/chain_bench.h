/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_bench.h: one chain under the hand: edit it, and see at once what the model then answers.
 *
 * Texts are words of the vocabulary of the data, separated by spaces. The prompt goes from BOS to COT, the chain is the steps behind it, of which
 * there may be fewer than the data have, down to none; ANS is added.
 * Ownership: the bench keeps a copy of the parameters, so the model may be freed.
 * Thread rule: any thread may ask; questions are answered one at a time, on the thread that asks.
 */
#pragma once

#include "probes/chain.h"

typedef struct _AssayChainBench AssayChainBench;

typedef struct {
  gint64 A;
  double *p;                    /* (A) softmax over the answer set */
  gint32 answer;                /* the likeliest */
  gint64 n_tokens;              /* of the sequence that was read, ANS included */
  gint32 *tokens;               /* (n_tokens) */
} AssayChainAnswer;

/* Errors: those of assay_chain_reader_new; NO_MEMORY. */
AssayChainBench  *assay_chain_bench_new  (const AssayModel *model, const AssayOrganism *organism, GError **error);
void              assay_chain_bench_free (AssayChainBench *bench);

const AssayOrganism *assay_chain_bench_get_organism (const AssayChainBench *bench);

/* The answer behind prompt and chain (tokens). Cost: one walk of one sequence.
 * Errors: INPUT for a chain that is too long, or a token outside the vocabulary; those of the walk. Owns: the caller. */
AssayChainAnswer *assay_chain_bench_ask  (AssayChainBench *bench, const gint32 *prompt, gint64 n_prompt, const gint32 *chain, gint64 n_chain, GError **error);
/* The same for texts. Errors: also INPUT with the first word that is not in the vocabulary, and those words that are. */
AssayChainAnswer *assay_chain_bench_ask_text (AssayChainBench *bench, const char *prompt, const char *chain, GError **error);
void              assay_chain_answer_free (AssayChainAnswer *answer);

/* What a chain would be after step j (from 1) got another value and the later steps followed: for a bench that offers it. prompt: from BOS to COT.
 * Errors: as assay_chain_bench_ask. Owns: the caller. */
gint32           *assay_chain_bench_follow (AssayChainBench *bench, const gint32 *prompt, gint64 n_prompt, const gint32 *chain, gint64 n_chain, gint64 j,
                                            gint32 value, GError **error);

/* Words to tokens; elements gint32. Errors: INPUT, naming the word and its place. */
GArray           *assay_chain_encode (const AssayOrganism *organism, const char *text, GError **error);
/* Back again: assay_organism_decode. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayChainBench, assay_chain_bench_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayChainAnswer, assay_chain_answer_free)
