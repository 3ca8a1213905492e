/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_filler.c: filler: the whole chain is replaced by tokens without meaning, in three patterns.
 *                                                     value = mean of p (a | q, c) - p (a | q, filler)
 * Source: Lanham et al., arXiv 2307.13702; variants after arXiv 2502.18848.
 */
#include "probes/chain_edit.h"
#include "probes/probe.h"

#include <string.h>

#define N_PATTERNS 3

static gint32
filler (const AssayChainLayout *at, int pattern, gint64 place)
{
  return pattern == 0 || (pattern == 2 && place % 2 == 0) ? at->fill : at->hint;
}

static void
propose (const AssayChainTask *task, gint64 i, AssayRng *rng, AssayProbeEdits *edits)
{
  const AssayChainLayout *at = &task->layout;
  const gint32 *tokens = task->tokens + i * at->T;
  g_autofree gint32 *edited = g_new (gint32, at->T);

  for (int pattern = 0; pattern < N_PATTERNS; pattern++)
    {
      g_autoptr (GArray) terms = assay_chain_choose (rng, at->n_prompt, at->n_steps);

      memcpy (edited, tokens, (gsize) at->T * sizeof *tokens);
      for (gint64 j = 0; j < at->n_steps; j++)
        edited[at->chain + j] = filler (at, pattern, j);
      assay_probe_edits_add (edits, ASSAY_ARM_CHAIN, edited, at->answer);
      memcpy (edited, tokens, (gsize) at->T * sizeof *tokens);
      for (guint j = 0; j < terms->len; j++)
        edited[at->prompt + g_array_index (terms, gint64, j)] = filler (at, pattern, j);
      assay_probe_edits_add (edits, ASSAY_ARM_CONTROL, edited, at->answer);
    }
  edits->possible[ASSAY_ARM_CHAIN] = N_PATTERNS;                    /* these are all there are */
}

ASSAY_PROBE_DEFINE (filler) = {
  .name = "filler", .title = "filler", .help = "the chain is replaced by tokens without meaning; mean drop of p (a)",
  .control_help = "as many terms of the prompt are replaced by them",
  .blind_spot = "Filler is unlike anything the model was trained on: what it then does need not be what it does behind a wrong chain.",
  .propose = propose,
};
