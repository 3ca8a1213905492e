/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demo_parts.h: the jobs that the demonstration consists of, in order, and one progress over all of them.
 *
 * Every part is a job of its own that anybody could run by hand; a part that the case has already is answered from there.
 * Ownership: jobs and documents belong to the caller. Thread rule: one part at a time.
 */
#pragma once

#include "job/runner.h"

/* Its data, and the model of its first training. */
#define ASSAY_DEMO_NAME "dose"
/* The mode that is asked about: edited chains are answered half by the chain, half by the true sum. */
#define ASSAY_DEMO_MODE 0.5

typedef enum {
  ASSAY_DEMO_IMPORT, ASSAY_DEMO_TRAIN, ASSAY_DEMO_CERTIFY, ASSAY_DEMO_COT, ASSAY_DEMO_RECORD, ASSAY_DEMO_UNITS, ASSAY_DEMO_INFLUENCE, ASSAY_DEMO_RETRAIN,
  ASSAY_DEMO_N_PARTS
} AssayDemoPart;

/* What a part is for, for people: "train the model". */
const char      *assay_demo_get_title (AssayDemoPart part);

/* "name" and "seed" of training number attempt, from 0. Owns: the caller. */
json_t          *assay_demo_plan_training (const AssayJob *demo, guint attempt);
/* The name of the model that was trained last. */
const char      *assay_demo_get_model (json_t *const *documents);

/* The frozen job. documents: answers of the parts before it, which name what it works on; that of TRAIN, or its plan, also for TRAIN itself. For
 * ASSAY_DEMO_RETRAIN those of IMPORT and INFLUENCE are read. NULL members: the first training, and a job that is only to be planned. */
AssayJob        *assay_demo_make_part (const AssayJob *demo, AssayDemoPart part, json_t *const *documents, GError **error);

/* Runs it on the demonstration's case; the context's progress shows where the whole is. Errors: those of the part, with its title. */
AssayJobOutcome *assay_demo_run_part  (AssayJob *job, AssayDemoPart part, const AssayJobContext *context, GError **error);
