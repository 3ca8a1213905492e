/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.c: steps of a job, their sums, and whether the machine is large enough. */
#include "job/plan.h"

#include "base/error.h"
#include "base/json.h"
#include "job/view.h"

#include <math.h>
#include <unistd.h>

static void
step_clear (gpointer data)
{
  g_free (((AssayJobStep *) data)->what);
}

AssayJobPlan *
assay_job_plan_new (void)
{
  AssayJobPlan *plan = g_new0 (AssayJobPlan, 1);

  plan->steps = g_array_new (FALSE, TRUE, sizeof (AssayJobStep));
  g_array_set_clear_func (plan->steps, step_clear);
  plan->rate = NAN;
  return plan;
}

void
assay_job_plan_free (AssayJobPlan *plan)
{
  if (plan == NULL)
    return;
  g_array_unref (plan->steps);
  g_free (plan->rate_basis);
  g_free (plan);
}

void
assay_job_plan_add (AssayJobPlan *plan, double flops, double memory, double disk, const char *format, ...)
{
  AssayJobStep step = { .flops = flops, .memory = memory, .disk = disk, .seconds = flops / plan->rate };
  va_list args;

  va_start (args, format);
  step.what = g_strdup_vprintf (format, args);
  va_end (args);
  g_array_append_val (plan->steps, step);
}

json_t *
assay_job_plan_to_json (const AssayJobPlan *plan)
{
  double flops = 0, memory = 0, disk = 0, seconds = 0;
  json_t *steps = json_array ();

  for (guint k = 0; k < plan->steps->len; k++)
    {
      const AssayJobStep *step = &g_array_index (plan->steps, AssayJobStep, k);

      flops += step->flops;
      memory = MAX (memory, step->memory);
      disk += step->disk;
      seconds += step->seconds;
      json_array_append_new (steps, json_pack ("{s:s, s:f, s:f, s:f, s:o}", "what", step->what, "flops", step->flops, "memory_bytes",
                                               step->memory, "disk_bytes", step->disk, "seconds",
                                               assay_json_number (step->seconds)));
    }
  return json_pack ("{s:o, s:f, s:f, s:f, s:o, s:o, s:s?}", "steps", steps, "flops", flops, "memory_bytes", memory, "disk_bytes", disk,
                    "seconds", assay_json_number (seconds), "flops_per_second", assay_json_number (plan->rate), "rate_basis",
                    plan->rate_basis);
}

gboolean
assay_job_plan_check (const AssayJobPlan *plan, GError **error)
{
  double machine = (double) sysconf (_SC_PHYS_PAGES) * (double) sysconf (_SC_PAGESIZE);

  for (guint k = 0; k < plan->steps->len; k++)
    {
      const AssayJobStep *step = &g_array_index (plan->steps, AssayJobStep, k);

      if (machine > 0 && step->memory > machine)
        {
          g_autofree char *needed = assay_view_bytes (step->memory), *have = assay_view_bytes (machine);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s needs %s of memory, this machine has %s; use a smaller --batch, a "
                       "smaller model or fewer examples", step->what, needed, have);
          return FALSE;
        }
    }
  return TRUE;
}
