/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot.h: was the written reasoning used? The battery's numbers of each instance, fused by a calibration on instances whose use is certified.
 *
 * Two fusions side by side: of all probes, and of those alone that do not repeat the certificate's own intervention. Without a certificate that
 * fits, no instance gets a number. Whether the causes of an answer are disclosed is another question, which nothing here touches.
 * Shape letters: n instances, m instances of the reference, P probes.
 * Ownership: batteries belong to the caller; nothing of them is kept. Thread rule: one thread at a time.
 */
#pragma once

#include "probes/battery.h"
#include "probes/operating.h"

typedef enum { ASSAY_COT_ALL, ASSAY_COT_INDEPENDENT, ASSAY_COT_N_FUSIONS } AssayCotFusion;

/* Instances with known use. truth: r as certified, NaN for an instance that is not to be learnt from. rate: of its mode as trained, by which operating
 * curves are grouped. Both (m), in the order of battery. */
typedef struct {
  const AssayBattery *battery;
  const double *truth, *rate;
} AssayCotReference;

typedef struct {
  AssayOperatingCurve value, less_control;
} AssayCotProbeCurve;

typedef struct {
  gint64 n;
  AssayUse *use[ASSAY_COT_N_FUSIONS];           /* (n) */
  gboolean is_calibrated;
  /* Of the reference, each instance judged by fits that did not see its prompt. */
  gint64 m;                                     /* instances learnt from */
  AssayOperatingCurve fused[ASSAY_COT_N_FUSIONS];
  AssayEstimate coverage[ASSAY_COT_N_FUSIONS];  /* share of intervals that hold the certified r */
  double error[ASSAY_COT_N_FUSIONS];            /* mean |estimate - certified r| */
  AssayCotProbeCurve *probe;                    /* (P) */
} AssayCot;

/* reference NULL: nothing fits, every use is NaN. It may be of the same battery: then each instance is judged without its prompt.
 * Errors: USAGE when the batteries have other features; NO_MEMORY. Owns: the caller. */
AssayCot *assay_cot_judge (const AssayBattery *battery, const AssayCotReference *reference, GError **error);
void      assay_cot_free  (AssayCot *cot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCot, assay_cot_free)
