/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors.h: the curvature of each module as a matrix that is nearly diagonal in a basis of Kronecker form: K-FAC and EK-FAC.
 *
 *   D_i = sum_t r_t c_t'        per example; see modules.h
 *   S = sum r r' / count        A = sum c c' / count        over counted positions; count = N T
 *   C of the module  ~  T S (x) A                                  K-FAC, S = Q_S L_S Q_S', A = Q_A L_A Q_A'
 *   C of the module  ~  (Q_S (x) Q_A) diag (Lambda) (Q_S (x) Q_A)'   EK-FAC, Lambda = (1/N) sum_i (Q_S' D_i Q_A)^2
 *
 * T, mean counted positions of an example, is there because C is averaged per example: without it a damping would mean another thing.
 * Lambda is the exact diagonal of the module's Fisher matrix in that basis. Where one side is one-hot (embedding) its factor is the diagonal
 * of frequencies and its basis the identity; gain and bias of a norm are their exact block. A module with several uses u takes
 * A = sum_u w_u tr (S_u) A_u / Z and S likewise, scaled so that T S (x) A has the trace of the block: for one use that is A and S themselves.
 * With basis SHAMPOO S is L and A is R / tr L, with T = 1: C ~ L (x) R / tr L; Lambda is fitted in their basis likewise.
 * Shape letters: N examples, P parameters, K vectors. Ownership: factors own everything and hold no model.
 * Thread rule: immutable once fitted, save assay_factors_fit_spectrum.
 * Source: Martens & Grosse 2015 (1503.05671); George et al. 2018 (1806.03884); Grosse et al. 2023 (2308.03296); Gupta et al. 2018 (1802.09568).
 */
#pragma once

#include "base/collective.h"
#include "base/progress.h"
#include "hessian/dense.h"
#include "hessian/modules.h"
#include "hessian/point.h"

/* A side with more rows than this keeps only the diagonal of its factor, and the identity as basis. */
#define ASSAY_FACTORS_LARGEST_SIDE 8192

typedef enum {
  ASSAY_FACTORS_KRONECKER,      /* bases of S and A */
  ASSAY_FACTORS_SHAMPOO,        /* bases of L = mean D D' and R = mean D' D: positions of an example need not be independent */
  ASSAY_FACTORS_IDENTITY        /* no basis: Lambda is the diagonal of the Fisher matrix itself */
} AssayFactorsBasis;

typedef struct {
  AssayFactorsBasis basis;
  gboolean is_empirical;        /* the data's own labels in place of drawn ones */
  guint64 seed;                 /* of the labels drawn */
  AssayCompute compute;         /* of products of the walks and with what they leave, in f32 on a device; the point's own is not asked */
  const char *modules;          /* patterns of assay_modules_keep, interned; NULL: all, so every parameter is covered */
} AssayFactorsOptions;

typedef struct {
  gint64 n;
  gboolean is_dense;            /* FALSE: the identity is the basis, and moment holds the diagonal (n) */
  double *moment;               /* S or A: (n,n), or (n); NULL with basis IDENTITY */
  double *values;               /* (n) eigenvalues, ascending where dense; NULL with basis IDENTITY */
  double *vectors;              /* (n,n): row k is eigenvector k; NULL: the identity */
  AssayEigenCheck check;
} AssayFactorsSide;

typedef struct {
  AssayFactorsSide row, column; /* S, A */
  double positions;             /* T: counted positions of an example, in the mean over examples */
  double *lambda;               /* (rows, columns); their mean over parameters: assay_factors_get_mean */
} AssayModuleFactors;

typedef struct {
  AssayModules *modules;        /* owned */
  AssayModuleFactors *of;       /* (modules->n) */
  gint64 N;
  AssayDtype dtype;             /* that the walks computed in */
  AssayFactorsOptions options;
  guint n_redone;               /* decompositions that LAPACK made after a device's had failed its check or found no memory */
} AssayFactors;

#define ASSAY_FACTORS_ROOM (1 << 22)    /* elements of D that a fit of SHAMPOO holds at once */

/* Fits at a point, in its type: one pass over its examples for the moments, one for Lambda.
 * Cost: assay_factors_get_cost. Numerics: moments and Lambda are summed over micro-batches in double; eigenvectors are double, each
 * decomposition checked. Errors: a parameter that no module covers; NAN; memory; CHECK_FAILED of an eigenvector; stopped on request. */
AssayFactors *assay_factors_fit      (const AssayPoint *point, const AssayFactorsOptions *options, AssayProgress *progress, GError **error);
/* The same in the mean over several points, of as many examples each, with other labels drawn at each. Cost: that of a fit for each point, eigenvectors once. */
AssayFactors *assay_factors_fit_mean (const AssayPoint *points, guint n_points, const AssayFactorsOptions *options, AssayProgress *progress,
                                      GError **error);
/* Who sums over examples: stretches of them, each by itself (compute), then all in order. */
typedef gboolean (*AssayFactorsCompute) (gpointer data, gint64 stretch, double *sums, GError **error);
typedef struct {
  /* total (width) <- the sums of n stretches, added up in order. *whole is FALSE, and total says nothing, while other processes have not done theirs. */
  gboolean (*sum) (gpointer data, const char *stage, gint64 n, gint64 width, AssayFactorsCompute compute, gpointer compute_data, double *total,
                   gboolean *whole, GError **error);
  gpointer data;
  AssayCollective *ranks;       /* NULL, or who add up what stays on their devices there, if these can send to each other; sum is for all else */
} AssayFactorsSummer;

/* Ranks, each of which walks over some of the stretches: all of them fit at the same time, and have the same factors then. */
AssayFactorsSummer assay_factors_summer_of_ranks (AssayCollective *collective);
/* The fit at several points together (assay_factors_fit_mean), in stages "moments" (not with basis IDENTITY) and "spectrum", whose sums are summer's, NULL: made
 * here. *factors is NULL after a stage that is not whole. */
gboolean      assay_factors_fit_share (const AssayPoint *points, guint n_points, const AssayFactorsOptions *options, const AssayFactorsSummer *summer,
                                       AssayFactors **factors, AssayProgress *progress, GError **error);
/* Factors with everything in place and nothing in it, for whoever fills in what was stored. Sides are dense where a fit makes them so. */
AssayFactors *assay_factors_new      (const AssayModel *model, const AssayFactorsOptions *options, GError **error);
void          assay_factors_free     (AssayFactors *factors);

/* Lambda alone, in whatever bases the factors hold. */
gboolean      assay_factors_fit_spectrum (AssayFactors *factors, const AssayPoint *point, AssayProgress *progress, GError **error);

/* D (rows, columns) <- Q_S' D Q_A, there; back: Q_S D Q_A'. work: room for a D. Cost: 2 rows columns (rows + columns) flops. */
void          assay_factors_rotate (const AssayModuleFactors *of, gboolean there, AssayWorkers *workers, double *D, double *work);

/* Floating-point operations of a fit over n examples, and bytes at its peak, sums on their way to a case included; not the model and the data. */
gboolean      assay_factors_get_cost (const AssayModel *model, const AssayFactorsOptions *options, AssayDtype dtype, gint64 n_examples,
                                      double *flops, double *bytes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayFactors, assay_factors_free)
