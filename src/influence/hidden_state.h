/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hidden_state.h: what enters a model's last layer: one vector of each example, of sequences the mean over their own positions.
 *
 * Positions are an example's own: up to the last whose target counts. A model of one layer has its features as states.
 * Shape letters: C numbers of a state. Thread rule: one walk at a time per backend.
 */
#pragma once

#include "influence/method.h"

typedef struct {
  guint hidden;                 /* value that enters the last layer */
  guint last;                   /* parameter that it is multiplied with; ASSAY_NO_VALUE where the logits are no product */
  gboolean is_input;            /* it is the features themselves */
  gint64 T, C;                  /* positions (1 for features), numbers of a state */
} AssayHiddenPlace;

AssayHiddenPlace assay_hidden_place_find (const AssayInfluenceTask *task);

/* Called with the state (C) of each example in turn. */
typedef void (*AssayHiddenFunc) (gint64 i, const double *state, gpointer data);

/* Errors: those of the walks; NAN with the example; stopped on request. */
gboolean assay_hidden_walk (const AssayInfluenceTask *task, const AssayHiddenPlace *place, const gint64 *examples, gint64 n, AssayHiddenFunc func,
                            gpointer data, AssayProgress *progress, GError **error);
