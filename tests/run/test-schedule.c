/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-schedule.c: rates at the corners, where the formulas are whole numbers. */
#include "run/schedule.h"

#include <math.h>

#define assert_rate(schedule, step, rate) g_assert_cmpfloat (fabs (assay_schedule_get_rate ((schedule), (step)) - (rate)), <=, 1e-15)

static void
test_warmup (void)
{
  AssaySchedule schedule = { ASSAY_SCHEDULE_CONSTANT, 0.8, 0, 4, 100 };

  assert_rate (&schedule, 0, 0.2);
  assert_rate (&schedule, 1, 0.4);
  assert_rate (&schedule, 3, 0.8);
  assert_rate (&schedule, 4, 0.8);
  assert_rate (&schedule, 99, 0.8);
}

static void
test_linear (void)
{
  AssaySchedule schedule = { ASSAY_SCHEDULE_LINEAR, 1, 0.5, 2, 12 };

  assert_rate (&schedule, 1, 1);
  assert_rate (&schedule, 2, 1);
  assert_rate (&schedule, 7, 0.75);
  assert_rate (&schedule, 12, 0.5);
}

static void
test_cosine (void)
{
  AssaySchedule schedule = { ASSAY_SCHEDULE_COSINE, 2, 0, 0, 12 };

  assert_rate (&schedule, 0, 2);
  assert_rate (&schedule, 4, 1.5);
  assert_rate (&schedule, 6, 1);
  assert_rate (&schedule, 8, 0.5);
  assert_rate (&schedule, 12, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schedule/the warm-up rises in equal steps to the peak", test_warmup);
  g_test_add_func ("/schedule/linear falls to its final share", test_linear);
  g_test_add_func ("/schedule/cosine halves at the middle and ends at zero", test_cosine);
  return g_test_run ();
}
