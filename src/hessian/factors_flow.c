/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_flow.c: exponentials of what is diagonal, or taken to be. */
#include "hessian/factors_flow.h"

#include "base/mem.h"

#include <math.h>

/* D <- e^(-time b) D, E <- (1 - e^(-time b)) / b D, in the module's basis. */
static void
take_back (const AssayModuleFactors *of, const AssayFactorsFlow *flow, AssayWorkers *workers, double *D, double *E, double *work)
{
  assay_factors_rotate (of, TRUE, workers, D, work);
  for (gint64 i = 0; i < of->row.n * of->column.n; i++)
    {
      double b = of->lambda[i] + flow->l2 + flow->decay, end = expm1 (-flow->time * b);

      E[i] = (b > 0 ? -end / b : flow->time) * D[i];
      D[i] *= 1 + end;
    }
  assay_factors_rotate (of, FALSE, workers, E, work);
  assay_factors_rotate (of, FALSE, workers, D, work);
}

gboolean
assay_factors_flow_back (const AssayFactors *factors, const AssayFactorsFlow *flow, AssayWorkers *workers, gint64 K, double *X, double *U, GError **error)
{
  const AssayModules *modules = factors->modules;
  g_autoptr (AssayBuffer) memory = NULL;
  gint64 size = 1;
  double *D, *E, *work;

  for (guint m = 0; m < modules->n; m++)
    size = MAX (size, modules->module[m].rows * modules->module[m].columns);
  memory = assay_mem_alloc_array (3 * size, sizeof (double), error);
  if (memory == NULL)
    return FALSE;
  D = memory;
  E = D + size;
  work = E + size;
  for (guint m = 0; m < modules->n; m++)
    for (gint64 k = 0; k < K; k++)
      {
        assay_module_read (&modules->module[m], X + k * modules->P, D);
        take_back (&factors->of[m], flow, workers, D, E, work);
        assay_module_write (&modules->module[m], D, X + k * modules->P);
        assay_module_write (&modules->module[m], E, U + k * modules->P);
      }
  return TRUE;
}

void
assay_factors_flow_back_in_metric (AssayFactorsInverse *inverse, const double *diagonal, const double *metric, const AssayFactorsFlow *flow, gint64 K,
                                   double *X, double *U)
{
  gint64 P = assay_factors_inverse_get_factors (inverse)->modules->P;

  assay_factors_inverse_apply (inverse, K, X, U);
  for (gint64 p = 0; p < P; p++)
    {
      double end = expm1 (-flow->time * (metric[p] * (diagonal[p] + flow->l2) + flow->decay));

      for (gint64 k = 0; k < K; k++)
        {
          U[k * P + p] *= -end;
          X[k * P + p] *= 1 + end;
        }
    }
}
