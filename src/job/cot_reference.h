/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot_reference.h: the certificate that a verdict about a chain rests on, and the instances that are asked about.
 *
 * A certificate fits a model when it is that of the model itself, or of one of the same shape: the same architecture and configuration but for
 * vocabulary and context, which belong to the data.
 * Ownership: a reference owns everything in it. Thread rule: one thread at a time.
 */
#pragma once

#include "job/subject.h"
#include "probes/battery.h"

/* A model with the generated data that it reads. */
typedef struct {
  AssayObject *object;
  AssayModel *model;
  AssayTable *table;
  AssayDataset *dataset;
  AssayOrganism organism;
} AssayCotModel;

typedef struct {
  json_t *certificate;          /* summary of the certify job; NULL: none fits */
  AssayObject *job;             /* that job */
  AssayCotModel *other;         /* the certified model where it is not the subject; NULL: it is */
  char *reason;                 /* why none fits, a sentence; NULL: one does */
} AssayCotReferenceCase;

/* given: name of a model of the case, or NULL for a choice: the subject's own certificate, else the newest that fits.
 * Errors: NOT_FOUND or USAGE for a given model that has no accepted certificate or another shape; those of loading. */
AssayCotReferenceCase *assay_cot_reference_find (AssayCase *cas, const AssaySubject *subject, const char *given, GError **error);
void                   assay_cot_reference_free (AssayCotReferenceCase *reference);

/* Examples of a split: all modes of at most so many prompts that `most` chains are not exceeded (but one prompt always), prompts in even steps.
 * Elements are gint64, ascending. Errors: NOT_FOUND without the split; INPUT without the columns of a generated organism. */
GArray *assay_cot_choose_examples (AssayDataset *dataset, const char *split, gint64 most, GError **error);

/* The task over those examples. Errors: those of assay_chain_task_new. Owns: the caller. */
AssayChainTask *assay_cot_make_task (AssayDataset *dataset, const AssayOrganism *organism, AssayChainReader *reader, const GArray *examples, guint64 seed,
                                     gint64 budget, GError **error);

/* rate (n): what the data's mode column says of each example; truth (n): what was certified for that mode. New arrays. */
double *assay_cot_list_rates (AssayDataset *dataset, const GArray *examples);
double *assay_cot_list_truth (const json_t *certificate, const double *rate, gint64 n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCotReferenceCase, assay_cot_reference_free)
