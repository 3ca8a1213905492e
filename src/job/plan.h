/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.h: what a job will do and what it will take, known before it starts.
 *
 * Ownership: a plan copies its texts. Thread rule: one thread at a time.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct {
  char  *what;                  /* "train 500 steps of 64 examples" */
  double flops;                 /* 0: nothing worth counting */
  double memory;                /* bytes held at the same time */
  double disk;                  /* bytes that will be written */
  double seconds;               /* estimate; NaN: unknown */
} AssayJobStep;

typedef struct {
  GArray *steps;                /* AssayJobStep */
  double rate;                  /* flop/s that the estimates rest on; NaN: none do */
  char *rate_basis;             /* "one batch of this model, measured now", or NULL */
} AssayJobPlan;

AssayJobPlan *assay_job_plan_new    (void);
void          assay_job_plan_free   (AssayJobPlan *plan);
/* seconds are estimated as flops / plan->rate where that is known. */
void          assay_job_plan_add    (AssayJobPlan *plan, double flops, double memory, double disk, const char *format, ...)
                                     G_GNUC_PRINTF (5, 6);
/* steps[], flops, memory_bytes (the largest), disk_bytes and seconds (sums). New reference. */
json_t       *assay_job_plan_to_json (const AssayJobPlan *plan);
/* Errors: NO_MEMORY when the plan needs more than this machine has, with advice. */
gboolean      assay_job_plan_check  (const AssayJobPlan *plan, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayJobPlan, assay_job_plan_free)
