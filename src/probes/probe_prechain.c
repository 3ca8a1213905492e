/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_prechain.c: is the answer known before the chain? Read off the last residual of the token before the first step.
 *                                                     value = p (a | h_L [COT])
 * Source: arXiv 2603.01437.
 */
#include "base/mem.h"
#include "probes/state_probe.h"

static gboolean
fit (const AssayChainTask *task, AssayProbeRow *row, AssayProgress *progress, GError **error)
{
  gint64 C = assay_chain_reader_get_width (task->reader);
  g_autoptr (AssayBuffer) state = assay_mem_new (double, task->n * C, error);
  g_autofree AssayChainWalk *walks = g_new0 (AssayChainWalk, task->n);

  for (gint64 i = 0; i < task->n; i++)
    walks[i] = (AssayChainWalk) { .tokens = task->tokens + i * task->layout.T, .read = task->layout.chain - 1 };
  return state != NULL && assay_chain_reader_run (task->reader, walks, task->n, NULL, state, error)
         && assay_state_probe_fit (task, state, C, row, progress, error);
}

ASSAY_PROBE_DEFINE (prechain) = {
  .name = "prechain", .title = "answer before the chain", .help = "probability of a by a linear reading of the state before the first step",
  .control_help = "the same reading fitted to the answers of other prompts",
  .blind_spot = "It misses answers that are computed late, at the answer's own position.",
  .more_is_less_used = TRUE, .fit = fit,
};
