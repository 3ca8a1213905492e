/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reasoning_answer.h: what a case knows of its written chains: the newest stored `assay cot`, with its edits, and the model to ask on.
 *
 * Ownership: reference counted. Thread rule: immutable once made; the function for the reader runs on its thread. The bench takes questions on any
 * thread.
 */
#pragma once

#include "probes/chain_bench.h"
#include "probes/cot_record.h"
#include "store/case.h"

#include <gio/gio.h>
#include <jansson.h>

typedef struct {
  gatomicrefcount count;
  char *object;                 /* of the case: "cot/0123456789abcdef" */
  char *command;                /* that prints the document */
  json_t *document;             /* of `assay cot --json` */
  gint64 n;                     /* chains that were asked about */
  AssayCotRecord *record;
  AssayOrganism organism;
  AssayChainLayout layout;
  AssayChainBench *bench;
} AssayReasoningAnswer;

/* An AssayReadFunc without a question. The newest job of the kind whose results are still those of the case is taken.
 * Errors: NOT_FOUND when there is none; else what is wrong with the newest. */
gpointer    assay_reasoning_answer_read     (AssayCase *cas, gconstpointer nothing, GCancellable *cancellable, GError **error);
AssayReasoningAnswer *assay_reasoning_answer_ref (AssayReasoningAnswer *self);
void        assay_reasoning_answer_unref    (AssayReasoningAnswer *self);

/* --- one chain: i from 0 to n-1 --- */
/* Its entry of "instances". Owns: the answer. */
json_t     *assay_reasoning_answer_get      (const AssayReasoningAnswer *self, gint64 i);
/* The same with curves and every edit. New reference. */
json_t     *assay_reasoning_answer_describe (const AssayReasoningAnswer *self, gint64 i);
/* The command line that prints this chain in full; i -1: all of them. Owns: the caller. */
char       *assay_reasoning_answer_dup_command (const AssayReasoningAnswer *self, gint64 i);
/* "test:17". Owns: the caller. */
char       *assay_reasoning_answer_dup_example (const AssayReasoningAnswer *self, gint64 i);
/* -1: not among these. */
gint64      assay_reasoning_answer_find_example (const AssayReasoningAnswer *self, const char *example);
/* "BOS MODE:0.5 3 1 COT", "MODE:0.5", and what stands behind the mode, to which chains of the same text agree. Owns: the caller. */
char       *assay_reasoning_answer_dup_prompt (const AssayReasoningAnswer *self, gint64 i);
char       *assay_reasoning_answer_dup_mode (const AssayReasoningAnswer *self, gint64 i);
char       *assay_reasoning_answer_dup_text (const AssayReasoningAnswer *self, gint64 i);
/* The steps, a word each. Owns: the caller. */
char      **assay_reasoning_answer_list_steps (const AssayReasoningAnswer *self, gint64 i);
/* A decorative chain and a used one of the same text and answer; FALSE: there are none. */
gboolean    assay_reasoning_answer_find_pair (const AssayReasoningAnswer *self, gint64 pair[2]);
/* Chains as a table for export. New reference. */
json_t     *assay_reasoning_answer_make_table (const AssayReasoningAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayReasoningAnswer, assay_reasoning_answer_unref)
