/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_swap.c: swapping steps: two steps that differ change places.
 *                                                     value = mean over pairs of p (a | q, c) - p (a | q, c with c_i and c_j exchanged)
 */
#include "probes/chain_edit.h"
#include "probes/probe.h"

#include <string.h>

/* Pairs of different tokens among n from `from` on, at most as many as the budget. */
static void
exchange (const AssayChainTask *task, gint64 i, AssayProbeArm arm, gint64 from, gint64 n, AssayRng *rng, AssayProbeEdits *edits)
{
  gint64 T = task->layout.T;
  const gint32 *tokens = task->tokens + i * T;
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (gint64)), chosen = NULL;
  g_autofree gint32 *edited = g_new (gint32, T);

  for (gint64 pair = 0; pair < n * n; pair++)
    if (pair / n < pair % n && tokens[from + pair / n] != tokens[from + pair % n])
      g_array_append_val (pairs, pair);
  edits->possible[arm] = pairs->len;
  chosen = assay_chain_choose (rng, pairs->len, task->budget);
  for (guint k = 0; k < chosen->len; k++)
    {
      gint64 pair = g_array_index (pairs, gint64, g_array_index (chosen, gint64, k)), one = from + pair / n, other = from + pair % n;

      memcpy (edited, tokens, (gsize) T * sizeof *tokens);
      edited[one] = tokens[other];
      edited[other] = tokens[one];
      assay_probe_edits_add (edits, arm, edited, task->layout.answer)->point = pair % n + 1;
    }
}

static void
propose (const AssayChainTask *task, gint64 i, AssayRng *rng, AssayProbeEdits *edits)
{
  exchange (task, i, ASSAY_ARM_CHAIN, task->layout.chain, task->layout.n_steps, rng, edits);
  exchange (task, i, ASSAY_ARM_CONTROL, task->layout.prompt, task->layout.n_prompt, rng, edits);
}

ASSAY_PROBE_DEFINE (swap) = {
  .name = "swap", .title = "swapping steps", .help = "two steps that differ change places; mean drop of p (a)",
  .control_help = "two terms of the prompt that differ change places, the chain stays",
  .blind_spot = "It has nothing to say where all steps are equal, and an order that does not matter looks like a chain that is not used.",
  .point_name = "later step of the pair", .propose = propose,
};
