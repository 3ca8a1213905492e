/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain.h: what a model answers behind a written chain, when text, states or attention of the sequence have been changed.
 *
 *   BOS MODE q_1 .. q_n COT s_1 .. s_k ANS | answer
 *
 * A walk is one sequence with at most one intervention. Its answer is a softmax over the answer set, in double, of the logits behind one
 * position. Rows of a batch do not see each other, and results do not depend on batch or threads.
 * Residual l, from 0, is what enters layer l of the transformer (0: the embedded tokens); the last one leaves the last layer.
 * Shape letters: n walks, T positions, A answers, C width of the residual stream.
 * Ownership: the model outlives the reader and gives theta. Thread rule: one thread at a time per reader; several readers may share a model.
 */
#pragma once

#include "dataset/organism.h"
#include "model/exec.h"
#include "model/model.h"

/* What stands where. */
typedef struct {
  gint64 T;
  gint64 prompt, n_prompt;      /* first token of the question, behind BOS and MODE; how many */
  gint64 chain, n_steps;        /* first step; how many, a token each */
  gint64 answer;                /* the token ANS: the answer is read behind it */
  gint64 n_answers;             /* A: the answer set is the tokens 0 .. A-1 */
  gint32 fill, hint, ans;       /* tokens without meaning of their own, and ANS */
} AssayChainLayout;

void assay_chain_layout_init (AssayChainLayout *layout, const AssayOrganism *organism);

typedef enum {
  ASSAY_CHAIN_PLAIN,
  ASSAY_CHAIN_PATCH,            /* residual `layer` of positions first .. first+count-1 comes from a run of `donor` */
  ASSAY_CHAIN_CUT               /* the token at `read` attends to no position first .. first+count-1, in any layer */
} AssayChainIntervention;

typedef struct {
  const gint32 *tokens;         /* (T); behind `read` any tokens of the vocabulary */
  gint64 read;                  /* the answer is read behind this position */
  AssayChainIntervention intervention;
  gint64 first, count;
  const gint32 *donor;          /* PATCH: (T). Walks that follow each other with the same pointer share one run of it */
  guint layer;                  /* PATCH */
} AssayChainWalk;

typedef struct _AssayChainReader AssayChainReader;

/* batch 0: chosen here. Errors: USAGE for a model that is no transformer of that context; NO_MEMORY. */
AssayChainReader *assay_chain_reader_new  (AssayModel *model, const AssayChainLayout *layout, gint64 batch, AssayBackend *backend, GError **error);
void              assay_chain_reader_free (AssayChainReader *reader);

const AssayChainLayout *assay_chain_reader_get_layout (const AssayChainReader *reader);
guint             assay_chain_reader_get_n_layers (const AssayChainReader *reader);
gint64            assay_chain_reader_get_width (const AssayChainReader *reader);         /* C */
/* Tokens that went through the model so far, those of donors too. */
gint64            assay_chain_reader_get_tokens (const AssayChainReader *reader);

/* answer (n,A) or NULL; state (n,C) or NULL: the last residual at `read`.
 * Errors: INPUT for a token outside the vocabulary or a position outside the sequence, walk named; those of the walk. */
gboolean          assay_chain_reader_run  (AssayChainReader *reader, const AssayChainWalk *walks, gint64 n, double *answer, double *state,
                                           GError **error);

/* The likeliest of A answers, the lowest of equals. */
gint32            assay_chain_likeliest   (const double *answer, gint64 A);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayChainReader, assay_chain_reader_free)
