/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-plan.c: sums of a plan, and a job that cannot fit. */
#include "base/error.h"
#include "job/plan.h"

#include <string.h>

static double
number_of (const json_t *object, const char *key)
{
  return json_number_value (json_object_get (object, key));
}

static void
test_sums (void)
{
  g_autoptr (AssayJobPlan) plan = assay_job_plan_new ();
  json_t *document;

  plan->rate = 1e9;
  assay_job_plan_add (plan, 2e9, 100, 7, "step %d", 1);
  assay_job_plan_add (plan, 1e9, 300, 5, "step %d", 2);
  document = assay_job_plan_to_json (plan);
  g_assert_cmpfloat (number_of (document, "flops"), ==, 3e9);
  g_assert_cmpfloat (number_of (document, "memory_bytes"), ==, 300);        /* steps follow each other */
  g_assert_cmpfloat (number_of (document, "disk_bytes"), ==, 12);
  g_assert_cmpfloat (number_of (document, "seconds"), ==, 3);
  g_assert_cmpuint (json_array_size (json_object_get (document, "steps")), ==, 2);
  json_decref (document);
}

static void
test_unknown (void)
{
  g_autoptr (AssayJobPlan) plan = assay_job_plan_new ();
  json_t *document;

  assay_job_plan_add (plan, 1e9, 0, 0, "a step");
  document = assay_job_plan_to_json (plan);
  g_assert_true (json_is_null (json_object_get (document, "seconds")));
  g_assert_true (json_is_null (json_object_get (document, "flops_per_second")));
  json_decref (document);
}

static void
test_too_large (void)
{
  g_autoptr (AssayJobPlan) plan = assay_job_plan_new ();
  g_autoptr (GError) error = NULL;

  assay_job_plan_add (plan, 0, 1e6, 0, "a small step");
  g_assert_true (assay_job_plan_check (plan, &error));
  assay_job_plan_add (plan, 0, 1e18, 0, "a step that no machine holds");
  g_assert_false (assay_job_plan_check (plan, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (error->message, "a step that no machine holds needs 1000 PB"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/operations and disk add up and memory is the largest", test_sums);
  g_test_add_func ("/plan/a time that nothing is known of is null", test_unknown);
  g_test_add_func ("/plan/a job that needs more memory than there is says how much", test_too_large);
  return g_test_run ();
}
