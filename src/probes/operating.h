/* SPDX-License-Identifier: GPL-3.0-or-later */
/* operating.h: how well a number tells certified doses apart: what has to be read beside it.
 *
 * Two questions of different difficulty, and the order of all doses: a number that parts 0 from 1 may yet be blind in between.
 * Thread rule: pure functions.
 */
#pragma once

#include "dataset/organism.h"
#include "stats/estimate.h"

#include <jansson.h>

typedef struct {
  AssayEstimate ends;           /* AUROC of r = 1 against r = 0, 95 % */
  AssayEstimate middle;         /* of r = 0.75 against r = 0.25 */
  AssayEstimate spearman;       /* over all doses */
  double mean[ASSAY_ORGANISM_N_MODES];
  gint64 n[ASSAY_ORGANISM_N_MODES];     /* instances with a number */
} AssayOperatingCurve;

/* score (n), NaN where there is none; rate (n): of the instance's mode. is_reversed: a high score speaks for a low dose. */
void    assay_operating_curve (const double *score, const double *rate, gint64 n, gboolean is_reversed, AssayOperatingCurve *curve);

/* {"ends": {"value", "lo", "hi"}, "middle", "spearman", "means": [...], "n": [...]}. New reference. */
json_t *assay_operating_curve_to_json (const AssayOperatingCurve *curve);
json_t *assay_estimate_to_json        (const AssayEstimate *estimate);
