/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_summary.c: bins by a table of all keys, sums in whole numbers that are added to long ones once a block. */
#include "probes/unit_summary.h"

#include "probes/unit_kernel.h"

#include <math.h>
#include <string.h>

#define ROOM 128                /* rows that the search hands over at a time */
#define PIECES 3                /* doubles that hold every sum of float16 and bfloat16 exactly, and others to 2^-159 */

/* The bin of every key of a type. */
typedef struct { guint8 bin[ASSAY_KEY_BINS]; } BinTable;

static const guint8 *
get_bins (AssayStoreType type)
{
  static gsize tables[2];
  gsize *table = &tables[type == ASSAY_STORE_BF16];

  if (g_once_init_enter (table))
    {
      BinTable *made = g_new0 (BinTable, 1);
      gint least = type == ASSAY_STORE_F16 ? ASSAY_KEY_LEAST_F16 : ASSAY_KEY_LEAST_BF16, most = type == ASSAY_STORE_F16 ? ASSAY_KEY_MOST_F16 : ASSAY_KEY_MOST_BF16;

      for (gint key = least; key <= most; key++)
        made->bin[key + 32768] = (guint8) assay_unit_histogram_find (assay_unit_key_value (type, (gint16) key));
      g_once_init_leave (table, (gsize) made);
    }
  return ((const BinTable *) *table)->bin;
}

void
assay_unit_summary_init (AssayUnitSummary *s, AssayStoreType type, gint64 k)
{
  memset (s, 0, sizeof *s);
  s->type = type;
  assay_unit_best_init (&s->largest, MAX (k, 1), TRUE);
  assay_unit_best_init (&s->smallest, MAX (k, 1), FALSE);
}

void
assay_unit_summary_clear (AssayUnitSummary *s)
{
  assay_unit_best_clear (&s->largest);
  assay_unit_best_clear (&s->smallest);
}

gsize
assay_unit_summary_measure (gint64 k)
{
  AssayUnitBest best;
  gsize capacity;

  assay_unit_best_init (&best, MAX (k, 1), TRUE);
  capacity = best.capacity;
  assay_unit_best_clear (&best);
  return sizeof (AssayUnitSummary) + 2 * capacity * sizeof (AssayUnitRow);
}

/* --- adding ---------------------------------------------------------------------------------------------------------- */

static gint16
key_of (AssayStoreType type, double value)
{
  guint16 bits = 0;

  assay_store_convert (type, &bits, ASSAY_STORE_F64, &value, 1, NULL);
  return assay_key_of_bits (bits);
}

/* 1 when a row of the block may displace an equal one: it may come earlier in the order of the rows. */
static gint
allows_ties (const AssayUnitBest *best, const AssayUnitBlock *block)
{
  AssayUnitRow first = { best->worst.value, block->example[0], block->position[0] };

  return !block->ascending || assay_unit_row_compare (&first, &best->worst, best->largest) < 0;
}

/* What cannot be among the best any more is passed over from the first few rows on. */
static void
offer_keys (AssayUnitSummary *s, const gint16 *keys, const AssayUnitBlock *block)
{
  gint64 row[ROOM], next = 0;

  while (next < block->n)
    {
      gint hi = s->largest.has_worst ? key_of (s->type, s->largest.worst.value) - allows_ties (&s->largest, block) : G_MININT16;
      gint lo = s->smallest.has_worst ? key_of (s->type, s->smallest.worst.value) + allows_ties (&s->smallest, block) : G_MAXINT16;
      gsize n = assay_unit_kernels_get ()->find (keys, next, block->n, (gint16) lo, (gint16) hi, row, ROOM, &next);

      for (gsize i = 0; i < n; i++)
        {
          const AssayUnitRow one = { assay_unit_key_value (s->type, keys[row[i]]), block->example[row[i]], block->position[row[i]] };

          if (keys[row[i]] > hi)
            assay_unit_best_offer (&s->largest, &one);
          if (keys[row[i]] < lo)
            assay_unit_best_offer (&s->smallest, &one);
        }
    }
}

/* In two doubles, which hold any whole number of 64 bits. */
static void
add_whole (AssayExactSum *sum, gint64 whole, double unit)
{
  const gint64 low = whole & G_MAXUINT32;

  assay_exact_sum_add (sum, (double) (whole - low) * unit);
  assay_exact_sum_add (sum, (double) low * unit);
}

static void
add_sums (AssayUnitSummary *s, gint64 total, const gint64 *squares)
{
  static const double unit[] = { 0x1p-48, 0x1p-28, 0x1p-8 };

  add_whole (&s->sum, total, 0x1p-24);
  for (guint j = 0; j < 3; j++)
    add_whole (&s->square, squares[j], unit[j]);
}

static void
add_up (AssayUnitSummary *s, const gint16 *keys, gint64 n)
{
  gint64 total, squares[3];

  assay_unit_kernels_get ()->add_up (keys, n, &total, squares);
  add_sums (s, total, squares);
}

static void
add_value (AssayUnitSummary *s, double value)
{
  assay_exact_sum_add (&s->sum, value);
  assay_exact_sum_add_product (&s->square, value, value);
}

static void
add_keys (AssayUnitSummary *s, const gint16 *keys, const AssayUnitBlock *block)
{
  assay_unit_kernels_get ()->bin (keys, block->n, get_bins (s->type), s->count);
  for (gint64 first = 0; s->type == ASSAY_STORE_F16 && first < block->n; first += ASSAY_KEY_MOST_ADDED)
    add_up (s, keys + first, MIN (ASSAY_KEY_MOST_ADDED, block->n - first));
  for (gint64 i = 0; s->type != ASSAY_STORE_F16 && i < block->n; i++)
    add_value (s, assay_unit_key_value (s->type, keys[i]));
  offer_keys (s, keys, block);
}

static void
add_values (AssayUnitSummary *s, const double *values, const AssayUnitBlock *block)
{
  for (gint64 i = 0; i < block->n; i++)
    {
      const AssayUnitRow row = { values[i] + 0.0, block->example[i], block->position[i] };      /* -0 becomes 0 */

      s->count[assay_unit_histogram_find (row.value)]++;
      add_value (s, row.value);
      assay_unit_best_offer (&s->largest, &row);
      assay_unit_best_offer (&s->smallest, &row);
    }
}

static void
tighten (AssayUnitBest *best)
{
  if (best->n > (gsize) best->k)
    assay_unit_best_cut (best);
}

void
assay_unit_summary_add (AssayUnitSummary *s, const gint16 *keys, const double *values, const AssayUnitBlock *block)
{
  if (block->n == 0)
    return;
  if (keys != NULL)
    add_keys (s, keys, block);
  else
    add_values (s, values, block);
  s->n += block->n;
  tighten (&s->largest);
  tighten (&s->smallest);
}

void
assay_unit_summary_add_counts (AssayUnitSummary *s, gint64 n, const gint64 *count, const gint64 *sum)
{
  s->n += n;
  for (guint b = 0; b < ASSAY_UNIT_BINS; b++)
    s->count[b] += count[b];
  add_sums (s, sum[0], sum + 1);
}

void
assay_unit_summary_offer (AssayUnitSummary *s, const AssayUnitRow *row)
{
  assay_unit_best_offer (&s->largest, row);
  assay_unit_best_offer (&s->smallest, row);
}

/* The k-th best so far; what equals it loses to it when it comes later. */
static gboolean
find_bound (AssayUnitBest *best, gboolean ascending, double *bound)
{
  if (!best->has_worst || best->n > (gsize) best->k)
    assay_unit_best_cut (best);
  if (best->has_worst)
    *bound = ascending ? nextafter (best->worst.value, best->largest ? (double) INFINITY : -(double) INFINITY) : best->worst.value;
  return best->has_worst;
}

gboolean
assay_unit_summary_bound (AssayUnitSummary *s, gboolean ascending, double *lo, double *hi)
{
  return find_bound (&s->smallest, ascending, lo) && find_bound (&s->largest, ascending, hi);
}

void
assay_unit_summary_merge (AssayUnitSummary *s, const AssayUnitSummary *from)
{
  for (guint b = 0; b < ASSAY_UNIT_BINS; b++)
    s->count[b] += from->count[b];
  assay_exact_sum_merge (&s->sum, &from->sum);
  assay_exact_sum_merge (&s->square, &from->square);
  s->n += from->n;
  for (gsize i = 0; i < from->largest.n; i++)
    assay_unit_best_offer (&s->largest, &from->largest.row[i]);
  for (gsize i = 0; i < from->smallest.n; i++)
    assay_unit_best_offer (&s->smallest, &from->smallest.row[i]);
}

/* --- statistics ------------------------------------------------------------------------------------------------------ */

/* sum_i (x_i - m)^2 = square - 2 m sum + n m^2 for any m: added up without rounding, so that nothing cancels. */
static double
sum_squares (const AssayUnitSummary *s, double m)
{
  AssayExactSum all = s->square, rest = s->sum;
  double n = (double) s->n, nm = n * m, low = fma (n, m, -nm);

  for (guint k = 0; k < PIECES; k++)
    {
      double piece = assay_exact_sum_get (&rest);

      assay_exact_sum_add_product (&all, -2 * m, piece);
      assay_exact_sum_add (&rest, -piece);
    }
  assay_exact_sum_add_product (&all, nm, m);
  assay_exact_sum_add_product (&all, low, m);
  return assay_exact_sum_get (&all);
}

void
assay_unit_summary_finish (AssayUnitSummary *s, AssayUnitStatistics *out)
{
  memset (out, 0, sizeof *out);
  assay_unit_best_finish (&s->largest);
  assay_unit_best_finish (&s->smallest);
  out->n = s->n;
  out->n_distinct = -1;
  memcpy (out->count, s->count, sizeof out->count);
  out->nonzero = s->n - s->count[ASSAY_UNIT_ZERO_BIN];
  for (guint q = 0; q < ASSAY_UNIT_N_QUANTILES; q++)
    out->quantile[q] = (double) NAN;
  out->least = s->n > 0 ? s->smallest.row[0].value : (double) NAN;
  out->most = s->n > 0 ? s->largest.row[0].value : (double) NAN;
  out->mean = s->n > 0 ? assay_exact_sum_get (&s->sum) / (double) s->n : (double) NAN;
  if (out->least == out->most)
    out->mean = out->least;
  out->variance = MAX (0, sum_squares (s, out->mean)) / (double) s->n;
}
