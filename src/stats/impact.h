/* SPDX-License-Identifier: GPL-3.0-or-later */
/* impact.h: impact ratios: how often a group is selected, over how often the most selected group is.
 *
 *   ratio_g = (selected_g / n_g) / (selected_h / n_h)        h: the group with the highest rate
 *
 * Groups with less than a given share of everybody are small: they are counted, have a rate and a ratio, and are marked; none of them is h.
 * Who belongs to no known group is counted, has a rate, and has no ratio.
 * Shape letters: G groups. Thread rule: pure functions.
 * Source: New York City, Local Law 144 of 2021, rules 6 RCNY 5-301; the comparison with four fifths: 29 CFR 1607.4 D.
 */
#pragma once

#include "stats/estimate.h"

typedef struct {
  gint64 n, selected;
  gboolean is_unknown;          /* the group that is no known one */
} AssayImpactGroup;

typedef struct {
  AssayEstimate rate;           /* Wilson */
  AssayEstimate ratio;          /* score interval, of the two groups alone: that the highest rate was looked for is not in it */
  gboolean is_small, is_highest;
  gboolean is_below_four_fifths;        /* by the counts, exactly; FALSE where there is no ratio */
} AssayImpact;

/* Fills impact (G). total: everybody, small_share of whom a group must have. Returns h, or -1 when every group is small, unknown or never
 * selected. Of equal rates the first is h. */
gint64 assay_impact_ratios (gint64 G, const AssayImpactGroup *group, gint64 total, double small_share, double level, AssayImpact *impact);
