/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_cut.c: attention knockout: the answer's position attends to no step of the chain, in any layer and head.
 *                                                     value = p (a | q, c) - p (a | q, c; A[ANS, chain] = 0)
 */
#include "probes/chain_edit.h"
#include "probes/probe.h"

static AssayProbeEdit *
add (const AssayChainTask *task, gint64 i, AssayProbeArm arm, gint64 first, AssayProbeEdits *edits)
{
  AssayProbeEdit *edit = assay_probe_edits_add (edits, arm, task->tokens + i * task->layout.T, task->layout.answer);

  edit->intervention = ASSAY_CHAIN_CUT;
  edit->first = first;
  edit->count = MIN (task->layout.n_steps, task->layout.n_prompt);
  return edit;
}

static void
propose (const AssayChainTask *task, gint64 i, AssayRng *rng, AssayProbeEdits *edits)
{
  const AssayChainLayout *at = &task->layout;
  gint64 windows = at->n_prompt - MIN (at->n_steps, at->n_prompt) + 1;
  g_autoptr (GArray) chosen = assay_chain_choose (rng, windows, task->budget);

  add (task, i, ASSAY_ARM_CHAIN, at->chain, edits)->count = at->n_steps;
  edits->possible[ASSAY_ARM_CHAIN] = 1;
  edits->possible[ASSAY_ARM_CONTROL] = (double) windows;
  for (guint k = 0; k < chosen->len; k++)
    add (task, i, ASSAY_ARM_CONTROL, at->prompt + g_array_index (chosen, gint64, k), edits);
}

ASSAY_PROBE_DEFINE (cut) = {
  .name = "cut", .title = "attention knockout", .help = "the answer's position attends to no step of the chain; drop of p (a)",
  .control_help = "it attends to no position of a window of the prompt as long as the chain",
  .blind_spot = "Heads that lose what they look at give what they never gave before: it mixes the chain's use with the shock of its absence.",
  .propose = propose,
};
