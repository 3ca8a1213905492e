/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure_name.c: see measure_name.h. */
#include "influence/measure_name.h"

#include <string.h>

gboolean
assay_measure_is_loss (const char *measure)
{
  return strcmp (measure, ASSAY_MEASURE_LOSS) == 0 || strcmp (measure, ASSAY_MEASURE_MEAN_LOSS) == 0;
}

const char *
assay_measure_get_name (const char *measure)
{
  static const char mean[] = "mean ";

  if (assay_measure_is_loss (measure) || strcmp (measure, ASSAY_MEASURE_SELF) == 0)
    return "loss";
  return measure + (g_str_has_prefix (measure, mean) ? strlen (mean) : 0);
}
