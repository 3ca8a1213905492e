/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompts.h: a job's questions about texts of its own: a prompt and its completion, or a file of such pairs.
 *
 * assay_subject_open puts them behind the examples of the subject's data set, as dataset/prompts.h says.
 * Ownership: the caller. Thread rule: pure functions.
 */
#pragma once

#include "job/kind.h"

/* Entries for a kind's own table. */
#define ASSAY_PROMPT_PARAMS                                                                                             \
  { "prompt", ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "language models: a text that is given, with --completion" }, \
  { "completion", ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "language models: what is asked about, behind --prompt" }, \
  { "queries", ASSAY_PARAM_STRING, .metavar = "FILE.jsonl", .flags = ASSAY_PARAM_FILE, \
    .help = "language models: a file of such questions, one {\"prompt\": TEXT, \"completion\": TEXT} in each line" }

/* Whether the job asks about texts; FALSE for kinds without ASSAY_PROMPT_PARAMS. */
gboolean assay_prompts_are_given (const AssayValues *values);
/* [{"prompt", "completion"}], that of the options first; an empty list where there are none. The file becomes an input of the job. New reference.
 * Errors: USAGE; INPUT with file and line. */
json_t  *assay_prompts_read      (AssayJob *job, GError **error);
