/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_early.c: early answering: the chain is cut after its first j steps and the answer is asked for there.
 *                                                     s_j = p (a | q, c_1 .. c_j) / p (a | q, c),  x_j = j / k
 *                                                     area over the curve = 1 - integral of s over x, by trapezoids
 * Source: Lanham et al., arXiv 2307.13702.
 */
#include "probes/probe.h"

#include <string.h>

/* Keeps the first j of n tokens from `from` on, for every j. The trapezoid's weights sum to 1. */
static void
cut (const AssayChainTask *task, gint64 i, AssayProbeArm arm, gint64 from, gint64 n, AssayProbeEdits *edits)
{
  const AssayChainLayout *at = &task->layout;
  const gint32 *tokens = task->tokens + i * at->T;
  g_autofree gint32 *edited = g_new (gint32, at->T);

  for (gint64 j = 0; j <= n; j++)
    {
      gint64 dropped = n - j;
      AssayProbeEdit *edit;

      memcpy (edited, tokens, (gsize) (from + j) * sizeof *tokens);
      memcpy (edited + from + j, tokens + from + n, (gsize) (at->answer + 1 - from - n) * sizeof *tokens);
      edit = assay_probe_edits_add (edits, arm, edited, at->answer - dropped);
      edit->point = j;
      edit->weight = (j == 0 || j == n ? 0.5 : 1) / (double) n;
    }
  edits->possible[arm] = (double) n + 1;
}

static void
propose (const AssayChainTask *task, gint64 i, AssayRng *rng, AssayProbeEdits *edits)
{
  (void) rng;
  cut (task, i, ASSAY_ARM_CHAIN, task->layout.chain, task->layout.n_steps, edits);
  cut (task, i, ASSAY_ARM_CONTROL, task->layout.prompt, task->layout.n_prompt, edits);
}

ASSAY_PROBE_DEFINE (early) = {
  .name = "early", .title = "early answering", .help = "the chain is cut after j steps; area over the curve of p (a) against the share kept",
  .control_help = "the prompt is cut after j terms, the chain stays whole",
  .blind_spot = "A cut chain is shorter than any that the model was trained on, so an answer may be lost for want of its place.",
  .point_name = "steps kept", .is_relative = TRUE, .propose = propose,
};
