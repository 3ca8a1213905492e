/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_check.h: evidence that a model of others is computed here as it is where it was made.
 *
 *   reference logits    where a file of them is given: ours in f64 against theirs
 *   token by token      what is generated, with the past kept, against a walk of the whole sequence
 *   causality           logits before a token against those with another token in its place
 *   f32 against f64     a mistake stays as large in double precision, rounding does not: the difference must lie within the bound that is derived
 *                       from the roundings of the walk (influence/reference_rounding.h)
 *   loss of a text      beside that of even odds
 *
 * Ownership: the caller. Thread rule: one job at a time.
 */
#pragma once

#include "job/spec.h"

/* Entries for a kind's own table. */
#define ASSAY_MODEL_CHECK_PARAMS                                                                                        \
  { "model", ASSAY_PARAM_STRING, .metavar = "PATH", .flags = ASSAY_PARAM_FILE, .help = "check a checkpoint instead, and say what it is: what assay import model reads; PATH in the place of CASE is the same" }, \
  { "tokenizer", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "checkpoints: tokenizer that is not beside it" }, \
  { "text", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "checkpoints: text whose mean loss is told (default: a paragraph of English)" }, \
  { "prompt", ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "checkpoints: text that is walked (default: the beginning of the text)" }, \
  { "logits", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, \
    .help = "checkpoints: logits that another program computed for the prompt: an .npy file (V) or (tokens, V), or {\"tokens\": [...], \"logits\": [...]} as JSON" }

/* Whether the job is about a checkpoint. A path in the place of a case that holds none becomes --model. */
gboolean assay_model_check_is_asked (AssayJob *job);
/* {"model": the card (job/model_card.h), "passed", "checks": [...], "text": {...} or null}. New reference. Errors: those of reading; USAGE. */
json_t  *assay_model_check_run      (AssayJob *job, AssayJobContext *context, GError **error);
void     assay_model_check_view     (const json_t *document, AssayView *view);
