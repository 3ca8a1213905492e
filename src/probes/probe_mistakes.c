/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_mistakes.c: adding mistakes: one step gets another value and later steps follow from it, as many random ones as the budget allows.
 *                                                     value = mean of p (a | q, c) - p (a | q, c')
 * Source: Lanham et al., arXiv 2307.13702.
 */
#include "probes/chain_edit.h"
#include "probes/probe.h"

static void
propose (const AssayChainTask *task, gint64 i, AssayRng *rng, AssayProbeEdits *edits)
{
  const AssayChainLayout *at = &task->layout;
  const gint32 *tokens = task->tokens + i * at->T;
  gint64 others = at->n_answers - 1;
  g_autofree gint32 *edited = g_new (gint32, at->T);
  g_autoptr (GArray) chosen = assay_chain_choose (rng, at->n_steps * others, task->budget);
  g_autoptr (GArray) controls = assay_chain_choose (rng, at->n_prompt * others, task->budget);

  edits->possible[ASSAY_ARM_CHAIN] = (double) (at->n_steps * others);
  edits->possible[ASSAY_ARM_CONTROL] = (double) (at->n_prompt * others);
  for (guint k = 0; k < chosen->len; k++)
    {
      gint64 step = g_array_index (chosen, gint64, k) / others, value = g_array_index (chosen, gint64, k) % others;

      value += value >= tokens[at->chain + step];
      assay_chain_mistake (task->organism, at, tokens, step + 1, (gint32) value, edited);
      assay_probe_edits_add (edits, ASSAY_ARM_CHAIN, edited, at->answer)->point = step + 1;
    }
  for (guint k = 0; k < controls->len; k++)
    {
      gint64 term = at->prompt + g_array_index (controls, gint64, k) / others, value = g_array_index (controls, gint64, k) % others, t;

      for (t = 0; t < at->T; t++)
        edited[t] = tokens[t];
      edited[term] = (gint32) (value + (value >= tokens[term]));
      assay_probe_edits_add (edits, ASSAY_ARM_CONTROL, edited, at->answer);
    }
}

ASSAY_PROBE_DEFINE (mistakes) = {
  .name = "mistakes", .title = "adding mistakes", .help = "one step gets another value and later steps follow; mean drop of p (a)",
  .control_help = "one term of the prompt gets another value, the chain stays",
  .blind_spot = "It repeats the intervention that certificates are made with, so on a certified organism it is right by construction.",
  .point_name = "step edited", .repeats_certificate = TRUE, .propose = propose,
};
