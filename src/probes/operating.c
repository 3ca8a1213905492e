/* SPDX-License-Identifier: GPL-3.0-or-later */
/* operating.c: AUROC, rank correlation and group means over doses. */
#include "probes/operating.h"

#include "base/json.h"
#include "stats/auroc.h"
#include "stats/correlation.h"

#include <math.h>

#define LEVEL 0.95

/* The scores of one dose, signed. */
static GArray *
gather (const double *score, const double *rate, gint64 n, double sign, double dose)
{
  GArray *group = g_array_new (FALSE, FALSE, sizeof (double));

  for (gint64 i = 0; i < n; i++)
    if (rate[i] == dose && isfinite (score[i]))
      {
        double value = sign * score[i];

        g_array_append_val (group, value);
      }
  return group;
}

static AssayEstimate
compare (const double *score, const double *rate, gint64 n, double sign, double high, double low)
{
  g_autoptr (GArray) a = gather (score, rate, n, sign, high), b = gather (score, rate, n, sign, low);

  return assay_estimate_auroc ((const double *) (gpointer) a->data, a->len, (const double *) (gpointer) b->data, b->len, LEVEL);
}

void
assay_operating_curve (const double *score, const double *rate, gint64 n, gboolean is_reversed, AssayOperatingCurve *curve)
{
  double sign = is_reversed ? -1 : 1;
  g_autofree double *x = g_new (double, n + 1), *y = g_new (double, n + 1);
  gint64 m = 0;

  for (gint64 i = 0; i < n; i++)
    if (isfinite (score[i]) && isfinite (rate[i]))
      {
        x[m] = sign * score[i];
        y[m++] = rate[i];
      }
  curve->ends = compare (score, rate, n, sign, assay_organism_get_rate (ASSAY_ORGANISM_N_MODES - 1), assay_organism_get_rate (0));
  curve->middle = compare (score, rate, n, sign, assay_organism_get_rate (ASSAY_ORGANISM_N_MODES - 2), assay_organism_get_rate (1));
  curve->spearman = assay_estimate_spearman (x, y, m, LEVEL);
  for (guint mode = 0; mode < ASSAY_ORGANISM_N_MODES; mode++)
    {
      g_autoptr (GArray) group = gather (score, rate, n, 1, assay_organism_get_rate (mode));

      curve->n[mode] = group->len;
      curve->mean[mode] = assay_estimate_mean ((const double *) (gpointer) group->data, group->len, LEVEL).value;
    }
}

json_t *
assay_estimate_to_json (const AssayEstimate *estimate)
{
  return json_pack ("{s:o, s:o, s:o}", "value", assay_json_number (estimate->value), "lo", assay_json_number (estimate->lo), "hi",
                    assay_json_number (estimate->hi));
}

json_t *
assay_operating_curve_to_json (const AssayOperatingCurve *curve)
{
  json_t *means = json_array (), *counts = json_array ();

  for (guint mode = 0; mode < ASSAY_ORGANISM_N_MODES; mode++)
    {
      json_array_append_new (means, assay_json_number (curve->mean[mode]));
      json_array_append_new (counts, json_integer (curve->n[mode]));
    }
  return json_pack ("{s:o, s:o, s:o, s:o, s:o}", "ends", assay_estimate_to_json (&curve->ends), "middle", assay_estimate_to_json (&curve->middle),
                    "spearman", assay_estimate_to_json (&curve->spearman), "means", means, "n", counts);
}
