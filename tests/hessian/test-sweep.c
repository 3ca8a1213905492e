/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many walks are kept, and what it costs in memory. */
#include "world.h"

#include "base/mem.h"
#include "hessian/sweep.h"

static guint
count_kept (World *w, gsize memory, gint64 batch)
{
  g_autoptr (AssaySweep) sweep = NULL;

  w->point.memory = memory;
  w->point.batch = batch;
  sweep = assay_sweep_new (&w->point, ASSAY_WALK_HESSIAN, ASSAY_F64, NULL);
  return assay_sweep_get_n_kept (sweep);
}

static void
test_kept (void)
{
  g_autoptr (World) w = world_new (&world_cases[3], 1);
  guint64 full, last;

  g_assert_true (assay_pass_measure (w->model, ASSAY_WALK_HESSIAN, ASSAY_F64, 4, NULL, &full, NULL));
  g_assert_true (assay_pass_measure (w->model, ASSAY_WALK_HESSIAN, ASSAY_F64, 2, NULL, &last, NULL));
  g_assert_cmpuint (last, <, full);
  g_assert_cmpuint (count_kept (w, 0, 4), ==, 0);
  g_assert_cmpuint (count_kept (w, full - 1, 4), ==, 0);          /* the small one is not kept before the large ones */
  g_assert_cmpuint (count_kept (w, full, 4), ==, 1);
  g_assert_cmpuint (count_kept (w, 2 * full, 4), ==, 2);
  g_assert_cmpuint (count_kept (w, 2 * full + last - 1, 4), ==, 2);
  g_assert_cmpuint (count_kept (w, 2 * full + last, 4), ==, 3);
  g_assert_cmpuint (count_kept (w, G_MAXSIZE, 5), ==, 2);         /* no smaller last one */
  g_assert_cmpuint (count_kept (w, G_MAXSIZE, 1000), ==, 1);
}

static void
test_ranges (void)
{
  g_autoptr (World) w = world_new (&world_cases[3], 1);
  g_autoptr (AssaySweep) sweep = assay_sweep_new (&w->point, ASSAY_WALK_GRADIENT, ASSAY_F64, NULL);
  gint64 n, next = 0;

  g_assert_cmpuint (assay_sweep_get_n_batches (sweep), ==, 3);
  g_assert_cmpint (assay_sweep_get_n (sweep), ==, 10);
  for (guint b = 0; b < 3; b++, next += n)
    g_assert_cmpint (assay_sweep_get_range (sweep, b, &n), ==, next);
  g_assert_cmpint (next, ==, 10);
}

/* A point without memory takes less than one that keeps a single walk. */
static void
test_cold (void)
{
  g_autoptr (World) w = world_new (&world_cases[6], 1);
  gsize before = assay_mem_get_live (), cold, kept;

  w->point.batch = 10;
  {
    g_autoptr (AssaySweep) sweep = assay_sweep_new (&w->point, ASSAY_WALK_HESSIAN, ASSAY_F64, NULL);

    g_assert_nonnull (sweep);
    cold = assay_mem_get_live () - before;
  }
  g_assert_cmpuint (assay_mem_get_live (), ==, before);
  w->point.memory = G_MAXSIZE;
  {
    g_autoptr (AssaySweep) sweep = assay_sweep_new (&w->point, ASSAY_WALK_HESSIAN, ASSAY_F64, NULL);

    g_assert_nonnull (sweep);
    kept = assay_mem_get_live () - before;
  }
  g_assert_cmpuint (cold, <, kept);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hessian/sweep/walks are kept while memory lasts", test_kept);
  g_test_add_func ("/hessian/sweep/micro-batches cover the examples in order", test_ranges);
  g_test_add_func ("/hessian/sweep/keeping nothing takes the least memory and gives it back", test_cold);
  return g_test_run ();
}
