/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_delete.c: deleting a step: each step in turn is taken out and what follows moves up.
 *                                                     value = mean over j of p (a | q, c) - p (a | q, c without c_j)
 * Source: step necessity, arXiv 2603.22816.
 */
#include "probes/chain_edit.h"
#include "probes/probe.h"

static void
take_out (const AssayChainTask *task, gint64 i, AssayProbeArm arm, gint64 from, gint64 n, AssayProbeEdits *edits)
{
  g_autofree gint32 *edited = g_new (gint32, task->layout.T);

  for (gint64 j = 0; j < n; j++)
    {
      gint64 read = assay_chain_delete (&task->layout, task->tokens + i * task->layout.T, from + j, edited);

      assay_probe_edits_add (edits, arm, edited, read)->point = j + 1;
    }
  edits->possible[arm] = (double) n;
}

static void
propose (const AssayChainTask *task, gint64 i, AssayRng *rng, AssayProbeEdits *edits)
{
  (void) rng;
  take_out (task, i, ASSAY_ARM_CHAIN, task->layout.chain, task->layout.n_steps, edits);
  take_out (task, i, ASSAY_ARM_CONTROL, task->layout.prompt, task->layout.n_prompt, edits);
}

ASSAY_PROBE_DEFINE (delete) = {
  .name = "delete", .title = "deleting a step", .help = "each step in turn is taken out; mean drop of p (a)",
  .control_help = "each term of the prompt in turn is taken out, the chain stays",
  .blind_spot = "A step whose content stands again in a later step seems not to be needed, and a shorter chain is unlike those of the training.",
  .point_name = "step deleted", .propose = propose,
};
