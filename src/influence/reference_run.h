/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_run.h: one reference case being compared: what the stages share. Internal to the comparison.
 *
 * A stage computes what it has a definition for and hands it in by name; what the case does not hold is passed over, a tensor of another
 * shape is an error.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "influence/reference.h"
#include "influence/reference_case.h"

typedef struct {
  const AssayReferenceCase *source;
  AssayReferenceResult *result;
  GHashTable *found;            /* name -> AssayReferenceQuantity */
  AssayInfluenceTask task;
  AssayBackend *backend;
  AssayProgress *progress;
} AssayReferenceRun;

/* TRUE when the case expects a tensor of that name. */
gboolean assay_reference_run_wants   (const AssayReferenceRun *run, const char *name);
/* TRUE when the case expects any tensor whose name begins so. */
gboolean assay_reference_run_wants_prefix (const AssayReferenceRun *run, const char *prefix);
/* Compares the values with the tensor of that name in file (NULL: expected.safetensors). Errors: SHAPE, INPUT. */
gboolean assay_reference_run_compare (AssayReferenceRun *run, const AssaySafetensors *file, const char *name, double bound,
                                      AssayShape shape,
                                      const double *values, GError **error);
/* Compares a vector (P) with the tensors "prefix<parameter>", each by itself. */
gboolean assay_reference_run_compare_vector (AssayReferenceRun *run, const char *prefix, double bound, const double *vector,
                                             GError **error);

/* The tensor of that name was compared in another way, with this error. */
void     assay_reference_run_record  (AssayReferenceRun *run, const char *name, double relative_error, double bound);

/* loss (n) and token_loss (n,T), or NULL, at theta (P); NULL: the case's own. */
gboolean assay_reference_run_losses  (const AssayReferenceRun *run, const double *theta, const gint64 *examples, gint64 n,
                                      double *loss,
                                      double *token_loss, GError **error);

/* The stages. */
gboolean assay_reference_run_products (AssayReferenceRun *run, GError **error);    /* losses, gradients, products, derivatives */
gboolean assay_reference_run_scores   (AssayReferenceRun *run,
                                       GError **error);    /* dot, cosine, tracin, dense influence, eigenvalues */
gboolean assay_reference_run_retraining (AssayReferenceRun *run, GError **error);  /* leave-one-out */
gboolean assay_reference_run_factors  (AssayReferenceRun *run, GError **error);     /* K-FAC, EK-FAC, diagonal, by module */
