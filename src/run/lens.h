/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lens.h: what a language model would say if it stopped earlier, and where its heads look.
 *
 *   lens        the last norm and the head applied to the residual stream after each addition to it: logits of every depth
 *   attention   P = softmax (scale q k') of one attention, as its op computes it, head by head; of a selective scan what its states carry from
 *               one position to another (scan_matrix.h): of one channel with its sign, or the mean size over the channels
 *
 * Shape letters: n tokens, D depths (the embedding first), k guesses, H heads.
 * Ownership: results are the caller's. Thread rule: as the decoder's.
 * Source: nostalgebraist 2020, "interpreting GPT: the logit lens"; Elhage et al. 2021 for reading heads by their patterns.
 */
#pragma once

#include "model/decoder.h"

typedef struct { gint32 token; double probability; } AssayLensGuess;

typedef struct {
  gint64 D, n, k;
  char **tap;                   /* (D): names of the values, NULL-terminated */
  AssayLensGuess *guess;        /* (D,n,k): of the token behind each position, likeliest first */
  double *next;                 /* (D,n): probability of the token that does follow; NaN at the last position */
} AssayLens;

/* decoder: one that nothing was fed to, with room for n tokens, of that model; it is used up. k at most the vocabulary.
 * Cost: a walk, and D more of one position at a time. Errors: UNSUPPORTED for a model whose head is not a norm and a matrix behind a stream of additions; memory. */
AssayLens *assay_lens_new  (const AssayModel *model, AssayDecoder *decoder, const gint32 *tokens, gint64 n, gint64 k, GError **error);
void       assay_lens_free (AssayLens *self);

/* Names of the model's attentions and selective scans, layer by layer; none: it has none. NULL-terminated. Owns: the caller. */
char     **assay_attention_list (const AssayModel *model);

typedef struct {
  gint64 H, n;                  /* H 1 for a scan */
  gboolean is_scan;
  double *pattern;              /* (H,n,n): what position t takes from position s; 0 for what it does not see */
} AssayAttention;

/* name: as listed, for one channel of a scan with it: "layers.0.mixer.scan[7]". decoder: as above. Cost: a walk, and H n^2 products of head size, or I S n^2. Errors: NOT_FOUND with the names there are; memory. */
AssayAttention *assay_attention_new  (const AssayModel *model, AssayDecoder *decoder, const char *name, const gint32 *tokens, gint64 n, GError **error);
void            assay_attention_free (AssayAttention *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLens, assay_lens_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayAttention, assay_attention_free)
