/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import_measured.h: scores, banks, activations and gradients that somebody else computed, brought into a case and marked as imported.
 *
 * They are of a model of the case: its training examples, in the order of its split, and queries that a person names.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "job/subject.h"

extern const AssayParam assay_import_scores_params[], assay_import_bank_params[], assay_import_activations_params[], assay_import_gradients_params[];

/* From one file with an array of scores. Commits "scores" imported/NAME. Errors: SHAPE, INPUT and NOT_FOUND in one line, with file and place; USAGE for a name that
 * is taken. The summary; new reference. */
json_t *assay_import_scores (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error);

/* From the base losses and pairs of files: sets, and their losses. Commits "bank" NAME. Errors as above. */
json_t *assay_import_bank   (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error);

/* Activations of a result of the model, as a recording "activations" imported/NAME that units are measured on. Errors as above. */
json_t *assay_import_activations (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error);
/* Rows of the training examples, and of queries from a second file, as "gradients" imported/NAME, for the method rows. Errors as above. */
json_t *assay_import_gradients   (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error);
