/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_rows.c: a list that is cut back to its best k whenever it has grown to twice as many. */
#include "probes/unit_rows.h"

#include <stdlib.h>

#define LEAST_CAPACITY 64

int
assay_unit_row_compare (const AssayUnitRow *a, const AssayUnitRow *b, gboolean largest)
{
  if (a->value != b->value)
    return (a->value > b->value) == (largest != 0) ? -1 : 1;
  if (a->example != b->example)
    return a->example < b->example ? -1 : 1;
  return a->position < b->position ? -1 : a->position > b->position;
}

static int
from_largest (gconstpointer a, gconstpointer b)
{
  return assay_unit_row_compare (a, b, TRUE);
}

static int
from_smallest (gconstpointer a, gconstpointer b)
{
  return assay_unit_row_compare (a, b, FALSE);
}

void
assay_unit_best_init (AssayUnitBest *best, gint64 k, gboolean largest)
{
  *best = (AssayUnitBest) { .k = k, .largest = largest, .capacity = (gsize) MAX (2 * k, LEAST_CAPACITY) };
  best->row = g_new (AssayUnitRow, best->capacity);
}

void
assay_unit_best_clear (AssayUnitBest *best)
{
  g_clear_pointer (&best->row, g_free);
}

void
assay_unit_best_reset (AssayUnitBest *best)
{
  best->n = 0;
  best->has_worst = FALSE;
}

void
assay_unit_best_finish (AssayUnitBest *best)
{
  qsort (best->row, best->n, sizeof *best->row, best->largest ? from_largest : from_smallest);
  best->n = MIN (best->n, (gsize) best->k);
}

void
assay_unit_best_cut (AssayUnitBest *best)
{
  assay_unit_best_finish (best);
  best->has_worst = best->k > 0 && best->n == (gsize) best->k;
  if (best->has_worst)
    best->worst = best->row[best->n - 1];
}

void
assay_unit_best_offer (AssayUnitBest *best, const AssayUnitRow *row)
{
  if (best->k == 0 || (best->has_worst && assay_unit_row_compare (row, &best->worst, best->largest) > 0))
    return;
  if (best->n == best->capacity)
    assay_unit_best_cut (best);
  best->row[best->n++] = *row;
}
