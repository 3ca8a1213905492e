/* SPDX-License-Identifier: GPL-3.0-or-later */
/* battery.c: runs probes one after another and lays their numbers side by side. */
#include "probes/battery.h"

#include "base/mem.h"

#include <math.h>

/* How many features a probe gives: its layers, or one. */
static guint
count_features (const AssayProbe *probe, guint n_layers)
{
  return probe->points_are_features ? n_layers : 1;
}

static void
name_features (AssayBattery *b)
{
  guint layers = assay_chain_reader_get_n_layers (b->task->reader), f = 0;

  for (guint k = 0; k < b->P; k++)
    b->F += count_features (b->result[k]->probe, layers);
  b->F = MIN (b->F, ASSAY_CHAIN_CALIBRATION_MOST_FEATURES);
  b->feature = g_new0 (AssayBatteryFeature, b->F);
  for (guint k = 0; k < b->P; k++)
    {
      const AssayProbe *probe = b->result[k]->probe;

      for (guint point = 0; point < count_features (probe, layers) && f < b->F; point++)
        {
          b->feature[f].probe = probe;
          b->feature[f].point = probe->points_are_features ? (gint64) point : -1;
          b->feature[f++].name = probe->points_are_features ? g_strdup_printf ("%s %s %u", probe->name, probe->point_name, point) : g_strdup (probe->name);
        }
    }
}

static double
feature_of (const AssayBattery *b, const AssayProbeResult *result, gint64 point, gint64 i)
{
  double value = point < 0 ? result->row[i].soft.value : assay_probe_result_get_point (result, b->task, i, ASSAY_ARM_CHAIN, point);
  double control = point < 0 ? result->row[i].control : assay_probe_result_get_point (result, b->task, i, ASSAY_ARM_CONTROL, point);

  return value - control;
}

AssayBattery *
assay_battery_run (AssayChainTask *task, const AssayProbe *const *probes, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBattery) b = g_new0 (AssayBattery, 1);

  b->task = task;
  b->result = g_new0 (AssayProbeResult *, g_strv_length ((char **) probes) + 1);
  for (guint P = g_strv_length ((char **) probes); b->P < P; b->P++)
    {
      assay_progress_report (progress, "probing chains", b->P, P, "probes", probes[b->P]->title);
      if ((b->result[b->P] = assay_probe_run (probes[b->P], task, progress, error)) == NULL)
        return NULL;
    }
  name_features (b);
  b->x = assay_mem_new (double, task->n * b->F, error);
  if (b->x == NULL)
    return NULL;
  for (gint64 i = 0; i < task->n; i++)
    for (guint f = 0, k = 0; f < b->F; f++)
      {
        while (b->result[k]->probe != b->feature[f].probe)
          k++;
        b->x[i * b->F + f] = feature_of (b, b->result[k], b->feature[f].point, i);
      }
  return g_steal_pointer (&b);
}

void
assay_battery_free (AssayBattery *b)
{
  if (b == NULL)
    return;
  for (guint k = 0; b->result != NULL && b->result[k] != NULL; k++)
    assay_probe_result_free (b->result[k]);
  for (guint f = 0; f < b->F && b->feature != NULL; f++)
    g_free (b->feature[f].name);
  g_free (b->result);
  g_free (b->feature);
  assay_mem_free (b->x);
  assay_chain_task_free (b->task);
  g_free (b);
}

/* An upper bound where edits are drawn: a budget may be more than there is to edit. */
double
assay_battery_estimate_tokens (const AssayChainLayout *layout, const AssayProbe *const *probes, guint n_layers, gint64 budget)
{
  double walks = 2;                                               /* full and empty chain */

  for (; *probes != NULL; probes++)
    if ((*probes)->fit != NULL)
      walks += 1;
    else if ((*probes)->points_are_features)
      walks += (double) budget * (2.0 * n_layers + 1);
    else
      walks += fmax (2.0 * (double) budget, (double) (layout->n_steps + layout->n_prompt + 2));
  return walks * (double) layout->T;
}
