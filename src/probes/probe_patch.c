/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_patch.c: chain-state patching: the residuals of the chain's positions come from a run of another prompt with its own, right chain.
 *                                                     value at layer l = mean of p (a | run) - p (a | run, h_l[chain] <- h_l[chain] of the donor)
 *                                                     control: the same with the residuals of the prompt's positions
 * The donor has the same beginning and another answer. At layer 0 this is exchanging the tokens; the value is that of layer 0, the curve has all.
 * Source: causal mediation, arXiv 2602.03994.
 */
#include "probes/chain_edit.h"
#include "probes/probe.h"

#include <string.h>

#define MOST_DONORS 4
#define MOST_TRIES 1000

/* A prompt and its chain, whose answer is not a; FALSE when none was met. */
static gboolean
draw_donor (const AssayChainTask *task, gint64 i, AssayRng *rng, gint32 *donor)
{
  const AssayChainLayout *at = &task->layout;

  memcpy (donor, task->tokens + i * at->T, (gsize) at->T * sizeof *donor);
  for (int tries = 0; tries < MOST_TRIES; tries++)
    {
      assay_organism_get_terms (task->organism, (gint64) assay_rng_below (rng, (guint64) task->organism->n_prompts), donor + at->prompt);
      assay_organism_write_chain (task->organism, donor + at->prompt, (AssayOrganismEdit) { 0 }, donor + at->chain);
      if (donor[at->chain + at->n_steps - 1] != task->answer[i])
        return TRUE;
    }
  return FALSE;
}

static void
propose (const AssayChainTask *task, gint64 i, AssayRng *rng, AssayProbeEdits *edits)
{
  const AssayChainLayout *at = &task->layout;
  const gint64 first[ASSAY_N_ARMS] = { at->chain, at->prompt }, count[ASSAY_N_ARMS] = { at->n_steps, at->n_prompt };
  g_autofree gint32 *donor = g_new (gint32, at->T);

  for (gint64 d = 0; d < MIN (task->budget, MOST_DONORS) && draw_donor (task, i, rng, donor); d++)
    {
      gint64 kept = assay_probe_edits_add_donor (edits, donor);

      for (guint layer = 0; layer < assay_chain_reader_get_n_layers (task->reader); layer++)
        for (AssayProbeArm arm = 0; arm < ASSAY_N_ARMS; arm++)
          {
            AssayProbeEdit *edit = assay_probe_edits_add (edits, arm, task->tokens + i * at->T, at->answer);

            edit->point = layer;
            edit->weight = layer == 0;
            edit->intervention = ASSAY_CHAIN_PATCH;
            edit->donor = kept;
            edit->layer = layer;
            edit->first = first[arm];
            edit->count = count[arm];
          }
    }
}

ASSAY_PROBE_DEFINE (patch) = {
  .name = "patch", .title = "chain-state patching", .help = "states at the chain's positions come from a run of another prompt; mean drop of p (a), layer by layer",
  .control_help = "states at the prompt's positions come from that run",
  .blind_spot = "At layer 0 it is an exchange of tokens, close to the certificate's own edits; deeper layers miss what was read before them.",
  .point_name = "layer", .points_are_features = TRUE, .propose = propose,
};
