/* SPDX-License-Identifier: GPL-3.0-or-later */
/* false_discovery.c: the step-up procedure, from the largest p-value down. */
#include "stats/false_discovery.h"

#include <math.h>
#include <stdlib.h>

typedef struct { double p; gint64 i; } Test;

static int
ascending (const void *a, const void *b)
{
  const Test *x = a, *y = b;

  return x->p < y->p ? -1 : x->p > y->p;
}

void
assay_benjamini_hochberg (const double *p, gint64 n, double *adjusted)
{
  g_autofree Test *tests = g_new (Test, MAX (n, 1));
  gint64 made = 0;
  double least = 1;

  for (gint64 i = 0; i < n; i++)
    if (isnan (p[i]))
      adjusted[i] = p[i];
    else
      tests[made++] = (Test) { p[i], i };
  qsort (tests, made, sizeof *tests, ascending);
  for (gint64 k = made; k > 0; k--)
    {
      least = MIN (least, tests[k - 1].p * (double) made / (double) k);
      adjusted[tests[k - 1].i] = least;
    }
}
