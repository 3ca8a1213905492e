/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demo_findings.h: what the demonstration's retrainings showed, in numbers: who was left out, what was predicted, what happened, where it failed.
 *
 * Everything is computed from the answers of the parts and the data's own columns, so it can be computed again by anybody.
 * Ownership: new references belong to the caller. Thread rule: pure functions.
 */
#pragma once

#include "dataset/organism.h"
#include "influence/score.h"

#include <jansson.h>

typedef struct {
  const AssayOrganism *organism;
  const AssayTable *table;      /* its example k is row k: nothing is filtered */
  const AssayColumn *mode, *prompt, *step, *answer, *tokens;
} AssayDemoData;

/* Errors: INPUT when a column is missing. */
gboolean assay_demo_data_open      (AssayDemoData *data, const AssayOrganism *organism, const AssayTable *table, GError **error);

/* "BOS MODE:0.5 2 2 COT 2 1 ANS 1": an example and its answer. Owns: the caller. */
char    *assay_demo_data_decode    (const AssayDemoData *data, gint64 example);

/* [{"what", "text"}]: an unedited example of the asked mode, and one edited chain with either answer. */
json_t  *assay_demo_describe_examples (const AssayDemoData *data);

/* What is asked: {"mode", "examples", "mean_loss", "probability_of_sum"}, at the model trained with all. retraining: answer of the retrain job. */
json_t  *assay_demo_describe_question (const json_t *retraining);

/* The n lowest scores and the n highest, from both ends inwards, equal examples once: [{"text", "answer", "copies", "score", "lo", "hi"}]. */
json_t  *assay_demo_describe_top   (const AssayDemoData *data, const AssayInfluenceScores *scores, gsize n);

/* {"taps": [{"tap", "units_object"}], "units": how many, "strongest": {"tap", "unit", "ablation"}}: of the ablated neurons, outputs left out,
 * the one that changes the loss most; null where none was ablated. units: answer of the units job. */
json_t  *assay_demo_describe_units (const json_t *units);

/* {"size", "of_mode", "edited", "follow_chain", "keep_sum"}: examples of the set in the asked mode; with an edited chain; with one and an answer by the
 * chain, by the sum. set < 0: of the whole training split. */
json_t  *assay_demo_describe_group (const AssayDemoData *data, const json_t *retraining, int set);

/* For each set {"kind", "size", "predicted", "predicted_lo", "predicted_hi", "measured", "probability_of_sum", "use"}; use: how far the chain is used in
 * every mode after the retraining, as the certificate measures it. The first entry, of kind "nothing", is the training with all. */
json_t  *assay_demo_describe_removals (const AssayDemoData *data, const json_t *retraining);

/* {"sign_is_right", "ratio", "largest_control", "more_than_controls", "use_before", "use_after", "other_modes", "largest_miss_of_controls"} of those
 * removals. */
json_t  *assay_demo_judge          (const json_t *removals);

/* Sentences about what fell short, none when nothing did. */
json_t  *assay_demo_list_failures  (const json_t *certificate, const json_t *removals, const json_t *verdict);
