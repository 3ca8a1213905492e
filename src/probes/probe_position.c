/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_position.c: is the answer computed at its own position, without the chain? Read off the last residual of ANS while it attends to no step.
 *                                                     value = p (a | h_L [ANS]; A[ANS, chain] = 0)
 * The companion of the probe before the chain: without it, what is computed late is not seen.
 */
#include "base/mem.h"
#include "probes/state_probe.h"

static gboolean
fit (const AssayChainTask *task, AssayProbeRow *row, AssayProgress *progress, GError **error)
{
  const AssayChainLayout *at = &task->layout;
  gint64 C = assay_chain_reader_get_width (task->reader);
  g_autoptr (AssayBuffer) state = assay_mem_new (double, task->n * C, error);
  g_autofree AssayChainWalk *walks = g_new0 (AssayChainWalk, task->n);

  for (gint64 i = 0; i < task->n; i++)
    walks[i] = (AssayChainWalk) { .tokens = task->tokens + i * at->T, .read = at->answer, .intervention = ASSAY_CHAIN_CUT, .first = at->chain,
                                  .count = at->n_steps };
  return state != NULL && assay_chain_reader_run (task->reader, walks, task->n, NULL, state, error)
         && assay_state_probe_fit (task, state, C, row, progress, error);
}

ASSAY_PROBE_DEFINE (position) = {
  .name = "position", .title = "answer without the chain", .help = "probability of a by a linear reading of the state at ANS, which attends to no step",
  .control_help = "the same reading fitted to the answers of other prompts",
  .blind_spot = "It shows that the answer could be had without the chain, not that the model takes it from there: doses between none and all look alike.",
  .more_is_less_used = TRUE, .fit = fit,
};
