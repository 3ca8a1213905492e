/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_similarity.h: units that do the same: exactly, or up to a factor as far as the cosine of their activations tells.
 *
 * Exactly: units with equal statistics are compared row by row. By cosine: for unit vectors u, v the squared distance over some of the rows is
 * at most that over all, which is 2 - 2 cos (u, v); so a pair that is farther apart than 2 - 2 bound on some rows already is below the bound.
 * Products of all pairs are taken over a growing share of the rows until few pairs are left, and those are computed over all rows without
 * rounding. No pair is missed, whatever the share; the usual cost is a few percent of C^2 R.
 * Thread rule: as assay_units_measure.
 */
#pragma once

#include "probes/units.h"

#define ASSAY_UNIT_SIMILARITY_MOST_UNITS 8192
#define ASSAY_UNIT_SIMILARITY_MOST_PAIRS 65536

/* Fills twin of all units, and pairs (or similar_missing). bound 0: twins only. */
gboolean assay_unit_similarity_find (AssayUnits *units, AssayReader *reader, double bound, AssayWorkers *workers, AssayProgress *progress,
                                     GError **error);
