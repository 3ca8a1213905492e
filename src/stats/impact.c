/* SPDX-License-Identifier: GPL-3.0-or-later */
/* impact.c: rates are compared as fractions of integers, so no rounding decides which is highest. */
#include "stats/impact.h"

#include "stats/contrast.h"

#include <math.h>

/* a/b > c/d */
static gboolean
is_greater (gint64 a, gint64 b, gint64 c, gint64 d)
{
  return (__int128) a * d > (__int128) c * b;
}

static gint64
find_highest (gint64 G, const AssayImpactGroup *group, const AssayImpact *impact)
{
  gint64 highest = -1;

  for (gint64 g = 0; g < G; g++)
    if (!group[g].is_unknown && !impact[g].is_small && group[g].selected > 0
        && (highest < 0 || is_greater (group[g].selected, group[g].n, group[highest].selected, group[highest].n)))
      highest = g;
  return highest;
}

gint64
assay_impact_ratios (gint64 G, const AssayImpactGroup *group, gint64 total, double small_share, double level, AssayImpact *impact)
{
  gint64 highest;

  for (gint64 g = 0; g < G; g++)
    impact[g] = (AssayImpact) { .rate = assay_estimate_proportion (group[g].selected, group[g].n, level), .ratio = { NAN, NAN, NAN, level },
                                .is_small = !group[g].is_unknown && (double) group[g].n < small_share * (double) total };
  highest = find_highest (G, group, impact);
  for (gint64 g = 0; highest >= 0 && g < G; g++)
    {
      const AssayImpactGroup *h = &group[highest];

      if (group[g].is_unknown || group[g].n == 0)
        continue;
      impact[g].is_highest = g == highest;
      impact[g].ratio = g == highest ? (AssayEstimate) { 1, 1, 1, level }
                                     : assay_estimate_ratio (group[g].selected, group[g].n, h->selected, h->n, level);
      impact[g].is_below_four_fifths = (__int128) 5 * group[g].selected * h->n < (__int128) 4 * h->selected * group[g].n;
    }
  return highest;
}
