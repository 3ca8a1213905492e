/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state_probe.h: whether the answer can be read off a state, linearly, on prompts that the reading was not fitted on.
 *
 *   value    p (a | state) of a softmax regression fitted on the other prompts, in the mean over N_REPEATS ways of cutting the prompts into folds
 *   control  the same with the labels of other prompts: what such a fit gives where there is nothing to read
 *
 * Its interval is Student's over the repeats. NaN where there are fewer prompts than folds.
 */
#pragma once

#include "probes/probe.h"

/* state (n,C) as read by the walks that the caller made. Fills soft and control of each row. */
gboolean assay_state_probe_fit (const AssayChainTask *task, const double *state, gint64 C, AssayProbeRow *row, AssayProgress *progress,
                                GError **error);

/* Which fold each instance falls into: prompts are shuffled by (seed, purpose, repeat), and dealt out. Owns: the caller. NULL with fewer prompts
 * than folds. */
gint64  *assay_chain_task_draw_folds (const AssayChainTask *task, gint64 n_folds, const char *purpose, guint64 repeat);
