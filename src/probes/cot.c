/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot.c: calibrate on the reference, judge the instances, and measure the instrument on what it was calibrated with. */
#include "probes/cot.h"

#include "base/error.h"
#include "probes/state_probe.h"

#include <math.h>
#include <string.h>

/* The instances of a reference that are learnt from, packed. */
typedef struct {
  gint64 m;
  gint64 *instance;
  double *x, *truth;
  gint64 *fold;                 /* (m) */
} Learnt;

static void
learnt_clear (Learnt *learnt)
{
  g_free (learnt->instance);
  g_free (learnt->x);
  g_free (learnt->truth);
  g_free (learnt->fold);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Learnt, learnt_clear)

static void
pack (const AssayCotReference *reference, const gint64 *fold, Learnt *learnt)
{
  const AssayBattery *b = reference->battery;
  gint64 n = b->task->n;

  learnt->instance = g_new (gint64, n);
  learnt->x = g_new (double, n * b->F);
  learnt->truth = g_new (double, n);
  learnt->fold = g_new (gint64, n);
  for (gint64 i = 0; i < n; i++)
    {
      if (!isfinite (reference->truth[i]))
        continue;
      learnt->instance[learnt->m] = i;
      memcpy (learnt->x + learnt->m * b->F, b->x + i * b->F, b->F * sizeof (double));
      learnt->truth[learnt->m] = reference->truth[i];
      learnt->fold[learnt->m++] = fold[i];
    }
}

static void
choose_features (const AssayBattery *b, AssayCotFusion fusion, gboolean *use)
{
  for (guint f = 0; f < b->F; f++)
    use[f] = fusion == ASSAY_COT_ALL || !b->feature[f].probe->repeats_certificate;
}

static gboolean
judge_fusion (const AssayBattery *b, const AssayCotReference *reference, const Learnt *learnt, const gint64 *fold, AssayCotFusion fusion, AssayCot *cot,
              GError **error)
{
  g_autofree gboolean *use = g_new (gboolean, b->F);
  g_autofree double *score = g_new (double, learnt->m + 1), *rate = g_new (double, learnt->m + 1);
  g_autoptr (AssayChainCalibration) calibration = NULL;
  gint64 held = 0, judged = 0;
  double miss = 0;

  choose_features (b, fusion, use);
  calibration = assay_chain_calibration_new (learnt->x, learnt->truth, learnt->fold, learnt->m, b->F, use);
  for (gint64 i = 0; i < b->task->n; i++)
    if (!assay_chain_calibration_judge (calibration, b->x + i * b->F, reference->battery == b ? fold[i] : -1, &cot->use[fusion][i], error))
      return FALSE;
  for (gint64 k = 0; k < learnt->m; k++)
    {
      AssayUse one;

      if (!assay_chain_calibration_judge (calibration, learnt->x + k * b->F, learnt->fold[k], &one, error))
        return FALSE;
      score[k] = one.score;
      rate[k] = reference->rate[learnt->instance[k]];
      if (!isfinite (one.estimate))
        continue;
      judged++;
      held += learnt->truth[k] >= one.lo && learnt->truth[k] <= one.hi;
      miss += fabs (one.estimate - learnt->truth[k]);
    }
  assay_operating_curve (score, rate, learnt->m, FALSE, &cot->fused[fusion]);
  cot->coverage[fusion] = assay_estimate_proportion (held, judged, 0.95);
  cot->error[fusion] = miss / (double) judged;
  return TRUE;
}

static void
measure_probes (const AssayCotReference *reference, const Learnt *learnt, AssayCot *cot)
{
  const AssayBattery *b = reference->battery;
  g_autofree double *value = g_new (double, learnt->m + 1), *less = g_new (double, learnt->m + 1), *rate = g_new (double, learnt->m + 1);

  cot->probe = g_new0 (AssayCotProbeCurve, b->P);
  for (guint k = 0; k < b->P; k++)
    {
      const AssayProbe *probe = b->result[k]->probe;

      for (gint64 i = 0; i < learnt->m; i++)
        {
          const AssayProbeRow *row = &b->result[k]->row[learnt->instance[i]];

          value[i] = row->soft.value;
          less[i] = row->soft.value - row->control;
          rate[i] = reference->rate[learnt->instance[i]];
        }
      assay_operating_curve (value, rate, learnt->m, probe->more_is_less_used, &cot->probe[k].value);
      assay_operating_curve (less, rate, learnt->m, probe->more_is_less_used, &cot->probe[k].less_control);
    }
}

static gboolean
check_features (const AssayBattery *a, const AssayBattery *b, GError **error)
{
  gboolean same = a->F == b->F;

  for (guint f = 0; same && f < a->F; f++)
    same = strcmp (a->feature[f].name, b->feature[f].name) == 0;
  if (!same)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "calibration: made with %u features, %u found; it wants a model of the same shape and the same probes",
                 b->F, a->F);
  return same;
}

static gint64 *
draw_folds (const AssayBattery *b, GError **error)
{
  gint64 *fold = assay_chain_task_draw_folds (b->task, ASSAY_CHAIN_CALIBRATION_N_FOLDS, "calibration folds", 0);

  if (fold == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "calibration: instances of at least %d prompts expected; ask for more of them",
                 ASSAY_CHAIN_CALIBRATION_N_FOLDS);
  return fold;
}

AssayCot *
assay_cot_judge (const AssayBattery *battery, const AssayCotReference *reference, GError **error)
{
  g_autoptr (AssayCot) cot = g_new0 (AssayCot, 1);
  g_auto (Learnt) learnt = { 0 };
  g_autofree gint64 *fold = NULL;

  cot->n = battery->task->n;
  for (AssayCotFusion fusion = 0; fusion < ASSAY_COT_N_FUSIONS; fusion++)
    {
      cot->use[fusion] = g_new (AssayUse, cot->n);
      for (gint64 i = 0; i < cot->n; i++)
        cot->use[fusion][i] = (AssayUse) { NAN, NAN, NAN, NAN };
    }
  if (reference == NULL)
    return g_steal_pointer (&cot);
  if (!check_features (battery, reference->battery, error) || (fold = draw_folds (reference->battery, error)) == NULL)
    return NULL;
  pack (reference, fold, &learnt);
  cot->is_calibrated = TRUE;
  cot->m = learnt.m;
  for (AssayCotFusion fusion = 0; fusion < ASSAY_COT_N_FUSIONS; fusion++)
    if (!judge_fusion (battery, reference, &learnt, fold, fusion, cot, error))
      return NULL;
  measure_probes (reference, &learnt, cot);
  return g_steal_pointer (&cot);
}

void
assay_cot_free (AssayCot *cot)
{
  if (cot == NULL)
    return;
  for (AssayCotFusion fusion = 0; fusion < ASSAY_COT_N_FUSIONS; fusion++)
    g_free (cot->use[fusion]);
  g_free (cot->probe);
  g_free (cot);
}
