/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-top.c: the k largest of a stream. */
#include "influence/top.h"

#include "base/rng.h"

#include <math.h>

static int
by_magnitude (gconstpointer a, gconstpointer b)
{
  const AssayTopEntry *x = a, *y = b;
  double p = fabs (x->score), q = fabs (y->score);

  return p > q ? -1 : p < q ? 1 : x->example < y->example ? -1 : x->example > y->example;
}

/* Scores with many ties and both signs, in a random order, against a full sort. */
static void
test_stream (void)
{
  const gint64 n = 500, ks[] = { 0, 1, 2, 7, 499, 500, 900, -1 };
  g_autofree gint64 *order = g_new (gint64, n);
  g_autofree AssayTopEntry *all = g_new0 (AssayTopEntry, n);
  AssayRng rng = assay_rng_new (3, 0);

  for (gint64 i = 0; i < n; i++)
    {
      order[i] = i;
      all[i] = (AssayTopEntry) { i, (double) assay_rng_below (&rng, 41) - 20, 0, 0 };
    }
  assay_rng_shuffle (&rng, order, n);
  for (gsize c = 0; c < G_N_ELEMENTS (ks); c++)
    {
      g_autoptr (AssayTop) top = assay_top_new (ks[c]);
      g_autofree AssayTopEntry *sorted = g_memdup2 (all, n * sizeof *all);
      const AssayTopEntry *found;
      gint64 m;

      qsort (sorted, n, sizeof *sorted, by_magnitude);
      for (gint64 i = 0; i < n; i++)
        {
          assay_top_add (top, &all[order[i]]);
          if (i == n / 2)
            assay_top_get (top, &m);                              /* looking does not disturb the stream */
        }
      found = assay_top_get (top, &m);
      g_assert_cmpint (m, ==, ks[c] < 0 ? n : MIN (n, ks[c]));
      for (gint64 i = 0; i < m; i++)
        g_assert_cmpint (found[i].example, ==, sorted[i].example);
    }
}

static void
test_nan (void)
{
  g_autoptr (AssayTop) top = assay_top_new (3);
  const AssayTopEntry *found;
  gint64 n;

  assay_top_add (top, &(AssayTopEntry) { 0, NAN, NAN, NAN });
  assay_top_add (top, &(AssayTopEntry) { 1, -2, NAN, NAN });
  assay_top_add (top, &(AssayTopEntry) { 2, INFINITY, NAN, NAN });
  found = assay_top_get (top, &n);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (found[0].example, ==, 2);
  g_assert_cmpint (found[1].example, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/top/the k largest of a stream are those of a full sort, ties included", test_stream);
  g_test_add_func ("/top/what was not scored never enters", test_nan);
  return g_test_run ();
}
