/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coefficients.h: the estimates of a regression by the names of its terms, with their standard errors.
 *
 *   cov = (sum_i d2 l_i / d theta2 + N l2 I)^-1          times the residual variance for least squares
 *
 * Shape letters: N training examples, P parameters, D terms. Thread rule: one at a time per backend.
 */
#pragma once

#include "job/subject.h"
#include "tensor/backend.h"

typedef struct {
  const AssayModel *model;      /* of the architecture "linear" */
  AssayDataset *dataset;        /* with term names */
  const gint64 *train;
  gint64 n_train;
  double l2;
  double loss;                  /* mean over the training examples, without l2 */
  AssayBackend *backend;
} AssayRegression;

/* TRUE when the model is one affine layer over named terms. */
gboolean assay_coefficients_exist  (const AssayModel *model, const AssayDataset *dataset);

/* {"coefficients": [{"term", "class", "estimate", "std_error"}], "std_error_basis": ..}: the intercept first, then the terms in their
 * order, class by class where there are more than two. std_error is null, and std_error_basis says why, where the Hessian cannot
 * be inverted or with_errors is FALSE; coefficients that the data do not determine are named in lines that are appended to notes.
 * Cost: P products and 2 P^3/3 flops with errors. New reference. */
json_t  *assay_coefficients_to_json (const AssayRegression *regression, gboolean with_errors, json_t *notes, AssayProgress *progress,
                                     GError **error);
