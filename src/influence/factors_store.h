/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_store.h: curvature factors kept in a case, and the check that they belong to the model and the data at hand.
 *
 * An object of kind "factors" has for each module, under /factors/MODULE,
 *   S, A              moments of the two sides: (n,n), or (n) where a side has only its diagonal
 *   S_values, S_vectors, A_values, A_vectors      eigenvalues ascending; row k of the vectors is eigenvector k; absent: the identity
 *   Lambda            (rows, columns) in that basis
 * and the attributes of the group positions (T), kind, parameters, and S_residual, S_orthogonality, A_residual, A_orthogonality of the
 * eigenvectors. Its metadata hold "identity": digests of the model's parameters and of
 * the examples' content, and the options of the fit.
 * Thread rule: as the store's.
 */
#pragma once

#include "hessian/factors.h"
#include "store/case.h"

/* {"model", "data", "options": {"basis", "fisher", "seed", "precision", and "modules" and "compute" where they are not the default}, "digest"}: what factors
 * depend on. New reference. */
json_t       *assay_factors_identity (const AssayPoint *point, const AssayFactorsOptions *options);
/* The same of factors in the mean over several points (assay_factors_fit_mean) of the same examples. */
json_t       *assay_factors_identity_mean (const AssayPoint *points, guint n_points, const AssayFactorsOptions *options);
const char   *assay_factors_basis_name (AssayFactorsBasis basis);

/* extra: merged into the metadata, or NULL. Errors: of the store. */
AssayObject  *assay_factors_save (AssayCase *cas, const char *name, const AssayFactors *factors, const json_t *identity, json_t *extra,
                                  GError **error);
/* Factors of that name. identity: what they must have been fitted on; its options matter only where `exactly`.
 * Errors: NOT_FOUND; INPUT when they belong to another model, to other data, or were fitted with other options: each says which. */
AssayFactors *assay_factors_load (AssayCase *cas, const char *name, const AssayModel *model, const json_t *identity, gboolean exactly,
                                  GError **error);
