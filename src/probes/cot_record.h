/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot_record.h: what was asked of chains and what came of it, kept in a case so that any number can be replayed.
 *
 * An object of kind "cot". Axes: instance (n), probe (P), bound (3: value, lower and upper end of the 95 % interval), edit (E), position (T).
 *   /instances/...   example, tokens, the likeliest answer and its probability behind the full chain, and without any chain
 *   /use/...         fused estimates with their intervals: of all probes, and of those that do not repeat the certificate's intervention
 *   /probes/...      soft and hard effect, control, edits and cost of each probe on each instance
 *   /edits/...       every edit with its exact tokens, what was done, and the answer behind it; of an instance they stand together
 * NaN where there is nothing. doc/reasoning.md defines every number.
 * Ownership: a record owns everything in it. Thread rule: as the store's.
 */
#pragma once

#include "probes/cot.h"
#include "store/case.h"

typedef struct {
  gint64 n, P, E, T;
  char **probe;                 /* (P) names */
  /* (n) */
  gint64 *example;
  gint32 *tokens;               /* (n,T) */
  gint32 *answer, *answer_without;
  double *p_full, *p_without;   /* of answer */
  double *use[ASSAY_COT_N_FUSIONS];     /* (n,3) */
  /* (n,P) */
  double *soft, *hard;          /* (n,P,3) */
  double *control;
  gint64 *n_edits, *cost;
  /* (E) */
  gint64 *edit_instance, *edit_point, *edit_read, *edit_first, *edit_count;
  gint32 *edit_probe, *edit_arm, *edit_intervention, *edit_layer, *edit_follows, *edit_answer;
  double *edit_weight, *edit_p;
  gint32 *edit_tokens, *edit_donor;     /* (E,T); donor -1 where there is none */
} AssayCotRecord;

/* example (n): of the data set. */
AssayCotRecord *assay_cot_record_new  (const AssayBattery *battery, const AssayCot *cot, const gint64 *example);
void            assay_cot_record_free (AssayCotRecord *record);

/* Commits it. meta: a JSON object; borrowed. */
AssayObject    *assay_cot_record_save (const AssayCotRecord *record, AssayCase *cas, const char *name, json_t *meta, GError **error);
/* Errors: NOT_FOUND; DAMAGED where arrays do not fit each other. */
AssayCotRecord *assay_cot_record_load (AssayCase *cas, const char *name, GError **error);

/* Of one edit, as its probe takes it: the drop of the answer's probability, its share, or the probability of the answer that follows. */
double          assay_cot_record_get_effect (const AssayCotRecord *record, gint64 edit);
/* Mean effect over the edits of one probe, arm and point of an instance, as the probe takes it; NaN where there is none. */
double          assay_cot_record_get_point (const AssayCotRecord *record, gint64 instance, gint64 probe, AssayProbeArm arm, gint64 point);
/* The edits of an instance: first .. end-1. */
void            assay_cot_record_get_edits (const AssayCotRecord *record, gint64 instance, gint64 *first, gint64 *end);
/* An edit as it was put to the model; tokens stay the record's. */
AssayChainWalk  assay_cot_record_get_walk  (const AssayCotRecord *record, gint64 edit);
AssayUse        assay_cot_record_get_use   (const AssayCotRecord *record, gint64 instance, AssayCotFusion fusion);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCotRecord, assay_cot_record_free)
