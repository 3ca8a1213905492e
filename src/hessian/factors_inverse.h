/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_inverse.h: the damped inverse of the curvature that factors stand for, block by block, in a basis where it is diagonal.
 *
 *   X = Q_S [ (Q_S' D Q_A) / (spectrum + lambda) ] Q_A'          lambda = l2 + damping
 *
 * Another damping is another division: the examples are not touched again.
 * Shape letters: P parameters, K vectors. Ownership: an inverse borrows its factors. Thread rule: one apply at a time per inverse.
 */
#pragma once

#include "hessian/factors.h"
#include "hessian/linop.h"

typedef enum {
  ASSAY_SPECTRUM_FITTED,        /* Lambda: EK-FAC; with basis IDENTITY the diagonal of the Fisher matrix */
  ASSAY_SPECTRUM_KRONECKER      /* T L_S L_A: K-FAC */
} AssayFactorsSpectrum;

typedef enum {
  ASSAY_DAMPING_BLOCK,          /* value times the mean of the module's spectrum */
  ASSAY_DAMPING_GLOBAL,         /* value times the mean of the whole spectrum */
  ASSAY_DAMPING_ABSOLUTE        /* value */
} AssayDampingMode;

extern const char *const assay_damping_modes[];         /* "block", "global", "absolute", NULL: in the order of the enumeration */

typedef struct {
  AssayDampingMode mode;
  double value;
  double l2;
} AssayFactorsDamping;

typedef struct _AssayFactorsInverse AssayFactorsInverse;

/* Errors: USAGE when spectrum + lambda is not positive somewhere, naming the module; memory. */
AssayFactorsInverse *assay_factors_inverse_new  (const AssayFactors *factors, AssayFactorsSpectrum spectrum, const AssayFactorsDamping *damping,
                                                 AssayWorkers *workers, GError **error);
void                 assay_factors_inverse_free (AssayFactorsInverse *inverse);
const AssayFactors  *assay_factors_inverse_get_factors (const AssayFactorsInverse *inverse);
/* lambda of a module. */
double               assay_factors_inverse_get_lambda (const AssayFactorsInverse *inverse, guint module);
/* spectrum + lambda of one entry of a module, and the smallest of all. */
double               assay_factors_inverse_get_divisor (const AssayFactorsInverse *inverse, guint module, gint64 row, gint64 column);
double               assay_factors_inverse_get_smallest (const AssayFactorsInverse *inverse);
/* Y = A^-1 X for K vectors, X and Y (K,P), which may be the same; 0 where factors of some modules alone do not cover. Cost: 4 rows columns (rows + columns) flops a module and vector. */
void                 assay_factors_inverse_apply (AssayFactorsInverse *inverse, gint64 K, const double *X, double *Y);
/* Of one module, D and X (rows, columns); which may be the same. */
void                 assay_factors_inverse_apply_module (AssayFactorsInverse *inverse, guint module, const double *D, double *X);

/* The same as a symmetric positive definite operator: a preconditioner. It takes the inverse over; the factors must outlive it. */
AssayLinop          *assay_factors_inverse_to_linop (AssayFactorsInverse *inverse);

/* One eigenvalue of a module in its basis. */
double               assay_factors_get_eigenvalue (const AssayFactors *factors, guint module, AssayFactorsSpectrum spectrum, gint64 row,
                                                   gint64 column);
/* The mean over a module's parameters, or over all (module -1). */
double               assay_factors_get_mean (const AssayFactors *factors, AssayFactorsSpectrum spectrum, gint64 module);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayFactorsInverse, assay_factors_inverse_free)
