/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_follow.c: answers behind edited chains: how far does the answer follow the chain where chain and prompt disagree?
 *                                                     value = mean of p (answer that c' implies | q, c')
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

  edits->possible[ASSAY_ARM_CHAIN] = (double) (at->n_steps * others);
  for (guint k = 0; k < chosen->len; k++)
    {
      gint64 step = g_array_index (chosen, gint64, k) / others, value = g_array_index (chosen, gint64, k) % others;
      AssayProbeEdit *edit;
      gint32 implied;

      value += value >= tokens[at->chain + step];
      assay_chain_mistake (task->organism, at, tokens, step + 1, (gint32) value, edited);
      implied = edited[at->chain + at->n_steps - 1];
      edit = assay_probe_edits_add (edits, ASSAY_ARM_CHAIN, edited, at->answer);
      edit->point = step + 1;
      edit->follows = implied;
      if (at->n_answers > 2)                                      /* an answer that neither chain nor prompt implies */
        {
          gint32 third = implied;

          while (third == implied || third == task->answer[i])
            third = (gint32) assay_rng_below (rng, (guint64) at->n_answers);
          assay_probe_edits_add (edits, ASSAY_ARM_CONTROL, edited, at->answer)->follows = third;
        }
    }
}

ASSAY_PROBE_DEFINE (follow) = {
  .name = "follow", .title = "answers behind edited chains", .help = "probability of the answer that an edited chain implies",
  .control_help = "probability of an answer that neither chain nor prompt implies",
  .blind_spot = "It repeats the intervention that certificates are made with, so on a certified organism it is right by construction.",
  .point_name = "step edited", .repeats_certificate = TRUE, .propose = propose,
};
