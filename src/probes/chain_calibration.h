/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_calibration.h: from what probes say of an instance to how far its chain is used, learnt on instances whose use was certified.
 *
 *   estimate = w' x + b      w, b: ridge regression of the certified r on the standardised features, l2 of one example's weight
 *   interval = estimate + the 2.5 % and 97.5 % quantiles of (r - estimate) among the calibration instances with the nearest estimates,
 *              each estimated by a fit that did not see its prompt, with the correction for a finite sample
 *
 * A feature is what a probe says, less its control. Where a probe has nothing to say (NaN), the instance is judged by a fit on the features that
 * it has. Instances of the calibration itself are judged by the fit, and the residuals, of the other folds. Nothing else enters: no token, no mode.
 * Shape letters: n instances, F features. Ownership: the calibration copies. Thread rule: one thread at a time (fits are made when first needed).
 * Source: Hoerl & Kennard, Technometrics 12 (1970); Barber et al., Ann. Stat. 49 (2021), for residuals across folds; the nearest ones alone: local
 * conformal prediction, Lei & Wasserman, J. R. Stat. Soc. B 76 (2014).
 */
#pragma once

#include <glib.h>

#define ASSAY_CHAIN_CALIBRATION_MOST_FEATURES 60
#define ASSAY_CHAIN_CALIBRATION_N_FOLDS 5

typedef struct _AssayChainCalibration AssayChainCalibration;

typedef struct {
  double score;                 /* the estimate before it is held in [0, 1]: what operating curves are made of */
  double estimate, lo, hi;      /* NaN where nothing can be said */
} AssayUse;

/* x (n,F), truth (n), fold (n) from 0 to N_FOLDS-1. use (F): which features enter. */
AssayChainCalibration *assay_chain_calibration_new  (const double *x, const double *truth, const gint64 *fold, gint64 n, guint F, const gboolean *use);
void              assay_chain_calibration_free (AssayChainCalibration *calibration);

/* x (F). fold: of an instance of the calibration or of one that shares its prompt; -1: it has nothing to do with it. Errors: NO_MEMORY. */
gboolean          assay_chain_calibration_judge (AssayChainCalibration *calibration, const double *x, gint64 fold, AssayUse *use, GError **error);

/* "used", "partly used", "decorative" or "cannot tell". */
const char       *assay_use_verdict      (const AssayUse *use);

#define ASSAY_USE_DECORATIVE_HI 0.2
#define ASSAY_USE_USED_LO       0.8
#define ASSAY_USE_WIDEST        0.3

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayChainCalibration, assay_chain_calibration_free)
