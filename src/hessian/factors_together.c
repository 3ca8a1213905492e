/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_together.c: sums over stretches that go from rank to rank in memory. */
#include "base/mem.h"
#include "hessian/factors.h"

static gboolean
sum_together (gpointer data, const char *stage, gint64 n, gint64 width, AssayFactorsCompute compute, gpointer compute_data, double *total, gboolean *whole,
              GError **error)
{
  AssayCollective *collective = data;
  GError *fault = NULL;
  g_autoptr (AssayBuffer) sums = assay_mem_alloc_array (width, sizeof (double), &fault);

  (void) stage;
  *whole = TRUE;
  return assay_collective_agree (collective, fault, error)
         && assay_collective_sum (collective, n, width, compute, compute_data, sums, total, error);
}

AssayFactorsSummer
assay_factors_summer_of_ranks (AssayCollective *collective)
{
  return (AssayFactorsSummer) { sum_together, collective };
}
