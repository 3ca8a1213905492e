/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replay.h: a finished first-order training, walked backwards: how the weight of every training example moves any function of the last
 * parameters, through all steps, exactly.
 *
 *   derivative[k, i] = d f_k (theta_T) / d w_i   where step t takes its gradient from (1/B) sum_b w_b grad l_b (theta_t)
 *
 * The training is made once more forwards and must end in the same bits; every sqrt(T)-th state is kept. Backwards, a segment between two
 * kept states is made again, and each of its steps costs one Hessian-vector product for each function.
 * Shape letters: N training examples, P parameters, K functions, T steps, B examples of a step.
 * Ownership: the spec's objects outlive the replay. Thread rule: one thread at a time.
 * Source: MAGIC, Ilyas & Engstrom 2025 (2504.16430); Engstrom et al. 2025 (2503.13751).
 */
#pragma once

#include "base/progress.h"
#include "run/trainer.h"

typedef struct _AssayReplay AssayReplay;

/* Makes the training again from start (P, the model's type) and keeps states on the way. The model's theta is where it ended: not touched.
 * dtype: what products are computed in. Cost: one training; memory for about 2 sqrt(T) states of theta and the optimizer's vectors.
 * Errors: USAGE for newton and lbfgs, and for products in bf16; CHECK_FAILED when it ends elsewhere; those of the training; cancelled. */
AssayReplay *assay_replay_new     (const AssayTraining *training, const void *start, AssayDtype dtype, AssayProgress *progress, GError **error);
void         assay_replay_free    (AssayReplay *replay);
gint64       assay_replay_get_n_steps (const AssayReplay *replay);

/* adjoint (K,P): gradients of the functions at the last theta on entry, at the first on return; derivative (K,N).
 * Cost: one training, and for each step one gradient and K products. Errors: NAN with the step; cancelled. */
gboolean     assay_replay_reverse (AssayReplay *replay, gint64 K, double *adjoint, double *derivative, AssayProgress *progress, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayReplay, assay_replay_free)
