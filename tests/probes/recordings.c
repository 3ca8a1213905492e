/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recordings.c: see recordings.h. */
#include "recordings.h"

#include "base/rng.h"
#include "probes/unit_draw.h"

#include <math.h>
#include <stdlib.h>

static double
rounded (double value, AssayStoreType type)
{
  guint64 stored = 0;

  g_assert_true (assay_store_convert (type, &stored, ASSAY_STORE_F64, &value, 1, NULL));
  g_assert_true (assay_store_convert (ASSAY_STORE_F64, &value, type, &stored, 1, NULL));
  return value;
}

void
numbers_set (Numbers *numbers, gint64 row, gint64 unit, double value)
{
  numbers->value[row * numbers->C + unit] = rounded (value, numbers->type);
}

static double
draw (AssayRng *rng)
{
  switch (assay_rng_below (rng, 8))
    {
    case 0:
      return assay_rng_below (rng, 2) ? 0.0 : -0.0;
    case 1:
      return (double) (gint64) assay_rng_below (rng, 7) - 3;
    case 2:
      return ldexp (assay_rng_normal (rng), (int) assay_rng_below (rng, 30) - 20);
    default:
      return assay_rng_normal (rng);
    }
}

Numbers *
numbers_new (gint64 R, gint64 C, AssayStoreType type, guint64 seed)
{
  Numbers *numbers = g_new0 (Numbers, 1);
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("numbers", 0));

  *numbers = (Numbers) { R, C, type, g_new (double, R * C), g_new (gint64, R), g_new (gint32, R) };
  for (gint64 i = 0; i < R; i++)
    {
      numbers->example[i] = 5 + i / 3 * 2;
      numbers->position[i] = (gint32) (i % 3);
      for (gint64 u = 0; u < C; u++)
        numbers_set (numbers, i, u, draw (&rng));
    }
  return numbers;
}

void
numbers_free (Numbers *numbers)
{
  g_free (numbers->value);
  g_free (numbers->example);
  g_free (numbers->position);
  g_free (numbers);
}

void
numbers_shuffle (Numbers *numbers, guint64 seed)
{
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("shuffle", 0));
  g_autofree gint64 *order = g_new (gint64, numbers->R);
  gint64 R = numbers->R, C = numbers->C;
  double *value = g_new (double, R * C);
  gint64 *example = g_new (gint64, R);
  gint32 *position = g_new (gint32, R);

  for (gint64 i = 0; i < R; i++)
    order[i] = i;
  assay_rng_shuffle (&rng, order, (gsize) R);
  for (gint64 i = 0; i < R; i++)
    {
      memcpy (value + i * C, numbers->value + order[i] * C, C * sizeof *value);
      example[i] = numbers->example[order[i]];
      position[i] = numbers->position[order[i]];
    }
  g_free (numbers->value);
  g_free (numbers->example);
  g_free (numbers->position);
  numbers->value = value;
  numbers->example = example;
  numbers->position = position;
}

void
numbers_record (const Numbers *numbers, AssayCase *cas, const char *name, gint64 part_rows)
{
  const AssayArraySpec arrays[] = {
    { .path = "/activations/h.0.mlp.act", .type = numbers->type, .rank = 2, .dims = { 0, numbers->C }, .axes = { "row", "unit" }, .bulk = TRUE },
    { .path = "/index/example", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" } },
    { .path = "/index/position", .type = ASSAY_STORE_I32, .rank = 1, .axes = { "row" } } };
  GError *error = NULL;
  g_autoptr (AssayRecorder) recorder = assay_recorder_new (cas, "activations", name, NULL, arrays, G_N_ELEMENTS (arrays), &error);
  AssayObject *object;

  g_assert_no_error (error);
  for (gint64 first = 0; first < numbers->R; first += part_rows)
    {
      gint64 n = MIN (part_rows, numbers->R - first);

      assay_recorder_append (recorder, 0, ASSAY_STORE_F64, numbers->value + first * numbers->C, n, &error);
      g_assert_no_error (error);
      assay_recorder_append (recorder, 1, ASSAY_STORE_I64, numbers->example + first, n, &error);
      g_assert_no_error (error);
      assay_recorder_append (recorder, 2, ASSAY_STORE_I32, numbers->position + first, n, &error);
      g_assert_no_error (error);
      g_assert_true (assay_recorder_flush (recorder, &error));
    }
  object = assay_recorder_finish (recorder, &error);
  g_assert_no_error (error);
  g_assert_cmpint (object->n_parts, >=, (numbers->R + part_rows - 1) / part_rows);
  assay_object_unref (object);
}

/* --- by brute force -------------------------------------------------------------------------------------------------- */

static int
from_smallest (gconstpointer a, gconstpointer b)
{
  const AssayUnitRow *x = a, *y = b;

  if (x->value != y->value)
    return x->value < y->value ? -1 : 1;
  if (x->example != y->example)
    return x->example < y->example ? -1 : 1;
  return x->position < y->position ? -1 : x->position > y->position;
}

static int
from_largest (gconstpointer a, gconstpointer b)
{
  const AssayUnitRow *x = a, *y = b;

  return x->value != y->value ? (x->value > y->value ? -1 : 1) : from_smallest (a, b);
}

static int
by_priority (gconstpointer a, gconstpointer b)
{
  const AssayUnitRow *x = a, *y = b;
  guint64 of_x = assay_unit_draw_priority (0, x->example, x->position), of_y = assay_unit_draw_priority (0, y->example, y->position);

  return of_x < of_y ? -1 : of_x > of_y;
}

/* rows: ascending. Band b: values above the value at rank ceil (b m / B) and up to that at rank ceil ((b + 1) m / B) of the m that are not 0. */
static void
measure_bands (const AssayUnitRow *rows, gint64 R, guint n_bands, guint band_rows, AssayUnit *unit)
{
  g_autofree AssayUnitRow *active = g_new (AssayUnitRow, R), *of_band = g_new (AssayUnitRow, R);
  gint64 m = 0;

  for (gint64 i = 0; i < R; i++)
    if (rows[i].value != 0)
      active[m++] = rows[i];
  unit->drawn = g_new0 (AssayUnitRow, n_bands * band_rows);
  for (guint b = 0; b < n_bands; b++)
    {
      gint64 n = 0, last = (m * (b + 1) + n_bands - 1) / n_bands, before = (m * b + n_bands - 1) / n_bands;

      for (gint64 i = 0; i < m; i++)
        if (active[i].value <= active[last - 1].value && (before == 0 || active[i].value > active[before - 1].value))
          of_band[n++] = active[i];
      unit->s.band[b] = (AssayUnitBand) { n > 0 ? of_band[0].value : (double) NAN, n > 0 ? of_band[n - 1].value : (double) NAN, n };
      qsort (of_band, (gsize) n, sizeof *of_band, by_priority);
      unit->n_drawn[b] = (guint) MIN ((gint64) band_rows, n);
      memcpy (unit->drawn + b * band_rows, of_band, unit->n_drawn[b] * sizeof *of_band);
      qsort (unit->drawn + b * band_rows, unit->n_drawn[b], sizeof *of_band, from_largest);
    }
}

void
numbers_measure (const Numbers *numbers, gint64 unit, guint n_best, guint n_bands, guint band_rows, AssayUnit *result)
{
  gint64 R = numbers->R;
  g_autofree AssayUnitRow *rows = g_new (AssayUnitRow, R);
  AssayUnitStatistics *s = &result->s;

  *result = (AssayUnit) { .twin = -1 };
  s->n = R;
  s->n_bands = n_bands;
  for (gint64 i = 0; i < R; i++)
    {
      double value = numbers->value[i * numbers->C + unit];
      guint bin = 0;

      rows[i] = (AssayUnitRow) { value, numbers->example[i], numbers->position[i] };
      s->nonzero += value != 0;
      s->mean += value / (double) R;
      while (value > 0 ? value >= assay_unit_histogram_edge (bin + 1) : value < 0 ? value > assay_unit_histogram_edge (bin + 1) : bin < 127)
        bin++;
      s->count[bin]++;
    }
  for (gint64 i = 0; i < R; i++)
    s->variance += (rows[i].value - s->mean) * (rows[i].value - s->mean) / (double) R;
  qsort (rows, (gsize) R, sizeof *rows, from_largest);
  result->largest = g_memdup2 (rows, n_best * sizeof *rows);
  qsort (rows, (gsize) R, sizeof *rows, from_smallest);
  result->smallest = g_memdup2 (rows, n_best * sizeof *rows);
  s->least = rows[0].value;
  s->most = rows[R - 1].value;
  for (gint64 i = 0; i < R; i++)
    s->n_distinct += i == 0 || rows[i].value != rows[i - 1].value;
  for (guint q = 0; q < ASSAY_UNIT_N_QUANTILES; q++)
    {
      gint64 i = 0;

      while ((double) (i + 1) / (double) R < assay_unit_quantiles[q])
        i++;
      s->quantile[q] = rows[i].value;
    }
  measure_bands (rows, R, n_bands, band_rows, result);
}

void
unit_clear (AssayUnit *unit)
{
  g_free (unit->largest);
  g_free (unit->smallest);
  g_free (unit->drawn);
}

static void
assert_rows (const AssayUnitRow *found, const AssayUnitRow *expected, guint n)
{
  for (guint k = 0; k < n; k++)
    {
      g_assert_cmpfloat (found[k].value, ==, expected[k].value);
      g_assert_cmpint (found[k].example, ==, expected[k].example);
      g_assert_cmpint (found[k].position, ==, expected[k].position);
    }
}

static void
assert_close (double found, double expected)
{
  g_assert_cmpfloat (fabs (found - expected), <=, 1e-12 * MAX (1, fabs (expected)));
}

void
assert_unit (const AssayUnit *found, const AssayUnit *expected, guint n_best, guint n_bands, guint band_rows)
{
  g_assert_cmpint (found->s.n, ==, expected->s.n);
  g_assert_cmpint (found->s.nonzero, ==, expected->s.nonzero);
  g_assert_cmpint (found->s.n_distinct, ==, expected->s.n_distinct);
  assert_close (found->s.mean, expected->s.mean);
  assert_close (found->s.variance, expected->s.variance);
  g_assert_cmpfloat (found->s.least, ==, expected->s.least);
  g_assert_cmpfloat (found->s.most, ==, expected->s.most);
  for (guint b = 0; b < ASSAY_UNIT_BINS; b++)
    g_assert_cmpint (found->s.count[b], ==, expected->s.count[b]);
  for (guint q = 0; q < ASSAY_UNIT_N_QUANTILES; q++)
    g_assert_cmpfloat (found->s.quantile[q], ==, expected->s.quantile[q]);
  assert_rows (found->largest, expected->largest, n_best);
  assert_rows (found->smallest, expected->smallest, n_best);
  for (guint b = 0; b < n_bands; b++)
    {
      g_assert_cmpint (found->s.band[b].count, ==, expected->s.band[b].count);
      g_assert_true (expected->s.band[b].count == 0 ? isnan (found->s.band[b].lo) : found->s.band[b].lo == expected->s.band[b].lo);
      g_assert_true (expected->s.band[b].count == 0 ? isnan (found->s.band[b].hi) : found->s.band[b].hi == expected->s.band[b].hi);
      g_assert_cmpuint (found->n_drawn[b], ==, expected->n_drawn[b]);
      assert_rows (found->drawn + b * band_rows, expected->drawn + b * band_rows, expected->n_drawn[b]);
    }
}

void
assert_same (const AssayUnits *a, const AssayUnits *b)
{
  g_assert_cmpint (a->C, ==, b->C);
  g_assert_cmpuint (a->n_best, ==, b->n_best);
  for (gint64 u = 0; u < a->C; u++)
    {
      const AssayUnit *x = &a->unit[u], *y = &b->unit[u];

      g_assert_cmpmem (&x->s.mean, sizeof (double), &y->s.mean, sizeof (double));
      g_assert_cmpmem (&x->s.variance, sizeof (double), &y->s.variance, sizeof (double));
      g_assert_cmpmem (x->s.quantile, sizeof x->s.quantile, y->s.quantile, sizeof y->s.quantile);
      g_assert_cmpint (x->twin, ==, y->twin);
      assert_unit (x, y, a->n_best, a->n_bands, a->band_rows);
    }
  g_assert_cmpuint (a->pairs->len, ==, b->pairs->len);
  for (guint k = 0; k < a->pairs->len; k++)
    {
      const AssayUnitPair *x = &g_array_index (a->pairs, AssayUnitPair, k), *y = &g_array_index (b->pairs, AssayUnitPair, k);

      g_assert_cmpint (x->unit, ==, y->unit);
      g_assert_cmpint (x->other, ==, y->other);
      g_assert_cmpmem (&x->cosine, sizeof x->cosine, &y->cosine, sizeof y->cosine);
    }
}
