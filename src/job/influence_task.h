/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_task.h: from a subject and its queries to the question that influence methods answer; shared by the kinds that ask it.
 *
 * Ownership: a setup owns what the task points to, less the subject and the queries. Thread rule: one thread at a time.
 */
#pragma once

#include "job/retraining.h"

/* Entries for a kind's own table, beside ASSAY_SUBJECT_PARAMS. */
#define ASSAY_INFLUENCE_TASK_PARAMS                                                                                     \
  { "measure", ASSAY_PARAM_STRING, .def.s = "loss", .metavar = "WHAT", \
    .help = "what is measured of a query: loss, log-probability, margin, logit:K, logit-difference:A,B, activation:TAP[INDEX] or probe:NAME" }, \
  { "precision", ASSAY_PARAM_CHOICE, .def.s = "f64", .choices = assay_influence_precisions, .flags = ASSAY_PARAM_ADVANCED, \
    .help = "what products and derivatives are computed in; f32 is about twice as fast, and its rounding widens the intervals" }, \
  { "walk-batch", ASSAY_PARAM_INT, .def.i = 64, .min = 1, .max = 1e6, .unit = "examples", .flags = ASSAY_PARAM_ADVANCED, .help = "examples walked at once where they are not summed over (sums take at most 64); results stay the same" }, \
  { "walk-memory", ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 0, .max = 1e6, .unit = "GiB", .flags = ASSAY_PARAM_ADVANCED, .help = "memory for kept walks; more is faster, results stay the same" }

extern const char *const assay_influence_precisions[];

typedef struct {
  AssayInfluenceTask task;
  AssayModel *measured;         /* the subject's model with the measure that is asked for; NULL: the loss */
  AssayTrajectory *trajectory;  /* checkpoints of the training, or NULL */
  double *optimizer_scale;      /* (P) of a training made elsewhere, or NULL */
  AssayRetrainingSetup *retraining;     /* NULL: the training is not known */
} AssayInfluenceSetup;

/* query (n_query): examples of the data set, borrowed. Errors: those of the store. */
AssayInfluenceSetup *assay_influence_setup_new  (AssayJob *job, AssayJobContext *context, AssaySubject *subject, const gint64 *query, gint64 n_query,
                                                 GError **error);
void                 assay_influence_setup_free (AssayInfluenceSetup *setup);

/* The scores that a job of kind influence asks for, with the method it names. They are kept in the case as "scores" MODEL/METHOD/IDENTITY, the job's,
 * with what computing them took under "cost" in the metadata;
 * reuse: taken from there where they are. object receives it (the caller's). Errors: those of the method; of the store. */
AssayInfluenceScores *assay_influence_setup_score (const AssayInfluenceSetup *setup, const AssayJob *job, AssayJobContext *context,
                                                   const AssaySubject *subject, gboolean reuse, AssayObject **object, GError **error);
/* Computes them, whatever the case has: a task may be a part of the job's question (score_parts.h). Errors: those of the method. */
AssayInfluenceScores *assay_influence_compute      (const AssayInfluenceTask *task, const AssayJob *job, AssayProgress *progress, GError **error);
/* What scores of the task are of, and in what unit. */
void                  assay_influence_name_measure (const AssayInfluenceTask *task, AssayInfluenceScores *scores);
/* Which solves did not end well, for people; NULL when all did. query: how each was asked for. Owns: the caller. */
char                 *assay_influence_describe_failures (const AssayInfluenceScores *scores, const char *const *query);

/* Data options of imported models, and one section for each method. */
const AssayJobSection *assay_influence_task_sections (void);
