/* SPDX-License-Identifier: GPL-3.0-or-later */
/* schedule.c: warm-up and decay. */
#include "run/schedule.h"

#include <math.h>

const char *const assay_schedule_names[] = { "constant", "linear", "cosine", NULL };

double
assay_schedule_get_rate (const AssaySchedule *schedule, gint64 s)
{
  double left;                                                    /* 1 after the warm-up, 0 at the end */

  if (s < schedule->warmup)
    return schedule->peak * (double) (s + 1) / (double) schedule->warmup;
  if (schedule->kind == ASSAY_SCHEDULE_CONSTANT)
    return schedule->peak;
  left = 1 - (double) (s - schedule->warmup) / (double) MAX (1, schedule->steps - schedule->warmup);
  if (schedule->kind == ASSAY_SCHEDULE_COSINE)
    left = 0.5 * (1 + cos (G_PI * (1 - left)));
  return schedule->peak * (schedule->final_fraction + (1 - schedule->final_fraction) * left);
}
