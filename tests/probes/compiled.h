/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compiled.h: transformers whose weights are written by hand, so that it is known what they read, and chains for them.
 *
 * The first layer has one head: at the position of ANS it attends to one position alone and copies the token there, which is the answer. The second
 * layer does nothing. Whatever the chain says, the one that reads the prompt answers by it; the one that reads the last step follows it.
 *
 * The dose organism of one step, by hand: the first layer brings the mode to ANS; there the second looks at the term and at the step, at each as much as
 * the mode says, so that the answer follows an edited step with the probability r. It is certified without having been trained.
 */
#pragma once

#include "probes/probe.h"

/* A running sum modulo p with k steps. */
AssayOrganism   compiled_organism (const char *p, const char *k);

/* Reads position `target`. */
AssayModel     *compiled_model    (const AssayOrganism *organism, gint64 target);
/* The dose organism of one step. */
AssayModel     *compiled_dose     (const AssayOrganism *organism);
/* Random weights that make an answer of every position. */
AssayModel     *compiled_noise    (const AssayOrganism *organism, guint64 seed);

typedef struct {
  AssayOrganism organism;
  AssayChainLayout layout;
  AssayModel *model;
  AssayBackend *backend;
  AssayChainReader *reader;
  AssayChainTask *task;
} Compiled;

/* The model (taken) with a task over the unedited chains of the prompts from `first` on, n of them, in mode 0. */
Compiled       *compiled_new      (const AssayOrganism *organism, AssayModel *model, gint64 first, gint64 n, gint64 budget, guint threads);
void            compiled_free     (Compiled *compiled);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Compiled, compiled_free)
