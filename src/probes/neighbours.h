/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neighbours.h: the training examples that a model sees as most like a given one.
 *
 *   d (i, q) = sqrt (sum_f ((h_f (i) - h_f (q)) / s_f)^2)
 *
 * h: the model's own features, what its last linear map reads (of a regression the input itself); s: their standard deviation over the
 * training examples. Features that do not vary there, or vary by rounding alone, do not count.
 * Shape letters: N training examples, Q queries, F features.
 * Ownership: neighbours own their arrays. Thread rule: one at a time per backend.
 */
#pragma once

#include "base/progress.h"
#include "run/pass.h"

typedef struct {
  gint64 example;               /* of the data set */
  double distance;
} AssayNeighbour;

typedef struct {
  gint64 Q, k, F, n_varying;
  gboolean is_input;            /* the features are the input */
  AssayNeighbour *nearest;      /* (Q,k) nearest first, equal ones by number; example -1: there are no more */
  gint64 *identical;            /* (Q) training examples, other than the query, at distance 0 */
} AssayNeighbours;

/* A query that is itself a training example is not its own neighbour. Cost: two forward walks of the training examples, N F Q.
 * Errors: USAGE for a model whose logits no linear map makes; those of the walk; cancelled. */
AssayNeighbours *assay_neighbours_new  (AssayModel *model, AssayDataset *dataset, const gint64 *train, gint64 N, const gint64 *query, gint64 Q,
                                        gint64 k, AssayBackend *backend, AssayProgress *progress, GError **error);
void             assay_neighbours_free (AssayNeighbours *neighbours);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayNeighbours, assay_neighbours_free)
