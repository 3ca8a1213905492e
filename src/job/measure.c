/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure.c: one batch, timed. */
#include "job/measure.h"

#include "base/mem.h"

#include <unistd.h>

#define LIBRARIES (14 << 20)    /* measured: 4 to 11 MB */

/* Linux: the second number is of pages. */
double
assay_measure_process (void)
{
  g_autofree char *text = NULL;
  char *end;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return 0;
  g_ascii_strtoull (text, &end, 10);
  return LIBRARIES + (double) g_ascii_strtoull (end, NULL, 10) * (double) sysconf (_SC_PAGESIZE);
}

gboolean
assay_measure_rate (AssayJobPlan *plan, const AssayModel *model, AssayDataset *dataset, const gint64 *examples, gint64 n, gint64 batch,
                    AssayBackend *backend, GError **error)
{
  AssayDtype dtype = assay_model_get_dtype (model);
  g_autoptr (AssayPass) pass = assay_pass_new (model, dataset, ASSAY_WALK_GRADIENT, dtype, MIN (batch, n), backend, NULL, error);
  g_autoptr (AssayBuffer) gradient = NULL;
  const void *theta = assay_model_get_theta ((AssayModel *) model);
  gint64 started = 0, usec;
  AssayCost cost;

  if (pass == NULL)
    return FALSE;
  gradient = assay_mem_alloc_array (assay_model_get_n_params (model), assay_dtype_width (dtype), error);
  if (gradient == NULL)
    return FALSE;
  assay_pass_bind (pass, examples);
  for (int turn = 0; turn < 2; turn++)                            /* the first one also warms caches and wakes workers */
    {
      started = g_get_monotonic_time ();
      if (!assay_exec_prepare (assay_pass_get_exec (pass), theta, NULL, gradient, FALSE, error))
        return FALSE;
    }
  usec = MAX (1, g_get_monotonic_time () - started);
  cost = assay_exec_get_cost (assay_pass_get_exec (pass), FALSE);
  plan->rate = cost.flops / (1e-6 * (double) usec);
  g_free (plan->rate_basis);
  plan->rate_basis = g_strdup_printf ("one batch of %" G_GINT64_FORMAT " examples walked now on this machine", MIN (batch, n));
  return TRUE;
}
