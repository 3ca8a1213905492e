/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference.h: compares Assay, quantity by quantity, with numbers that other implementations computed for the same model and data.
 *
 * A quantity is one tensor of the case's files, named as there. Its error is the largest absolute difference over the reference's
 * largest entry. Every number is computed by the route that users take: losses and products by walks, scores by the methods.
 * What is not compared (inputs, other programs' approximate solves) has no error.
 * Bounds:
 *   1e-11   losses, gradients, products, derivatives, first-order scores
 *   1e-11   eigenvalues, of the largest: by Weyl's theorem each moves by no more than the norm of the matrix's error
 *   1e-9    dense influence and self-influence, retraining: products times the condition number of the damped matrix
 *   1e-10   products of language models with random weights, whose derivatives of second order are the differences of larger numbers
 *   0       tokens of texts: as many texts agree as there are
 *   derived logits of language models in f32 (reference_rounding.h)
 *   1e-4    losses after a whole training in f32 (run/recipe.h), whose roundings no two programs share
 *   1e-11   moments, their eigenvalues, fitted eigenvalues in the stored basis: sums of products of what walks give
 *   1e-10 + 100 x the case's basis_sensitivity, at most 1e-8      scores by factors: the sensitivity is the change for moments that are off by
 *           1e-15, and ours agree to about 1e-13
 * Ownership: the caller owns results. Thread rule: one at a time.
 */
#pragma once

#include "base/progress.h"
#include "tensor/backend.h"

#include <jansson.h>

#define ASSAY_REFERENCE_BOUND_PRODUCT 1e-11
#define ASSAY_REFERENCE_BOUND_DENSE   1e-9
#define ASSAY_REFERENCE_BOUND_CHECKPOINT_PRODUCT 1e-10
#define ASSAY_REFERENCE_BOUND_FACTORS 1e-8
#define ASSAY_REFERENCE_BOUND_TRAINING 1e-4

typedef struct {
  char *name;
  gboolean is_compared;
  double relative_error;        /* largest finite number where ours is not finite */
  double bound;
  gboolean passed;
} AssayReferenceQuantity;

typedef struct {
  char *name, *path;
  GPtrArray *quantities;        /* AssayReferenceQuantity, in the order of the files */
  guint n_compared;
  gboolean passed;              /* something was compared, and all of it passed */
} AssayReferenceResult;

/* directory: one case, a recipe (run/recipe.h), a language model with what its own library computes of it (expected.json), or a folder whose
 * sub-folders are such. An array of AssayReferenceResult.
 * Cost: dense matrices for cases that hold dense influence: P products and P^3 flops.
 * Errors: NOT_FOUND, INPUT, SHAPE, one line naming file and key; those of the walks; cancelled. */
GPtrArray *assay_reference_check   (const char *directory, AssayBackend *backend, AssayProgress *progress, GError **error);

gboolean   assay_reference_has_passed (const GPtrArray *results);
/* One line that names the first case and quantity that failed; NULL when none did. Free with g_free. */
char      *assay_reference_describe_failure (const GPtrArray *results);
/* {"passed": ..., "cases": [{"name", "path", "passed", "quantities": [{"name", "relative_error", "bound", "passed"}]}]}. */
json_t    *assay_reference_to_json (const GPtrArray *results);
