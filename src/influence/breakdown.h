/* SPDX-License-Identifier: GPL-3.0-or-later */
/* breakdown.h: where a score comes from: parts of it that add up to it, to the rounding of its walks, for methods whose scores are inner products g_i' v_q.
 *
 *   token    one part for each position: the derivative along v_q of the position's own cross-entropy, times its weight in the loss
 *   module   one part for each module of parameters ("h.0.mlp.c_fc"): the inner product over its slice of theta
 *   head     one part for each attention head of each layer (its rows of the query, key and value projections, its columns of the output's);
 *            key and value heads that several heads share have parts of their own; everything else is "rest"
 *
 * A part by token says at which position the loss would change, not which word did it.
 * Shape letters: N training examples, Q queries, M parts, T positions.
 * Ownership: a breakdown owns its arrays. Thread rule: immutable once made.
 */
#pragma once

#include "influence/method.h"

struct _AssayBreakdown {
  const char *by;               /* "token", "module" or "head" */
  gint64 n_query, n_train, n_parts;
  double *value;                /* (Q,N,M), of assay_mem */
  char **names;                 /* (M), then NULL; positions of a token breakdown are numbers from 0 */
};

extern const char *const assay_breakdown_choices[];               /* none, token, module, head */

/* scores: with their directions. unit: queries that are taken together, and more than these do not change a bit of a part. Errors: USAGE for a method that kept none, or a model without positions or heads; those of the walks. */
AssayBreakdown *assay_breakdown_new  (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, const char *by, gint64 unit,
                                      AssayProgress *progress, GError **error);
void            assay_breakdown_free (AssayBreakdown *breakdown);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBreakdown, assay_breakdown_free)
