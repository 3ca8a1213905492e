/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_tally.c: counting where there are few numbers, sorting where there are many; then one walk over the distinct values. */
#include "config.h"

#include "probes/unit_tally.h"

#include "base/isa.h"
#include "base/mem.h"
#include "probes/unit_kernel.h"

#include <math.h>
#include <string.h>

#define ROOM 512                /* rows that the search hands over at a time */
#define LANES 8                 /* sums run in so many lanes by place, and are added up in order */
#define FIRST_CAPACITY 1024

static const gint permille[ASSAY_UNIT_N_QUANTILES] = { 1, 10, 50, 250, 500, 750, 950, 990, 999 };
const double assay_unit_quantiles[ASSAY_UNIT_N_QUANTILES] = { 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999 };

struct _AssayUnitTally {
  AssayStoreType type;
  gint64 n;
  AssayUnitBest largest, smallest;
  const AssayUnitKernels *kernels;

  guint32 *table;               /* counted: (65536) by key */
  gint16 least, most;           /* of the keys so far */
  gint16 *key;                  /* scratch of finish */

  double *value;                /* (capacity) kept: the values; at the end the distinct ones */
  guint32 *count;               /* (capacity) of the distinct ones */
  double *other;                /* (capacity) kept: what sorting needs */
  gsize capacity;
};

const AssayUnitKernels *
assay_unit_kernels_get (void)
{
#ifdef ASSAY_HAVE_X86
  static const AssayUnitKernels *const of[ASSAY_N_ISAS] = { &assay_unit_kernels_baseline, &assay_unit_kernels_x86_64_v3,
                                                            &assay_unit_kernels_x86_64_v4 };
  return of[assay_isa_get ()];
#else
  return &assay_unit_kernels_baseline;
#endif
}

/* --- making ---------------------------------------------------------------------------------------------------------- */

gboolean
assay_unit_tally_counts (AssayStoreType type)
{
  return type == ASSAY_STORE_F16 || type == ASSAY_STORE_BF16;
}

/* Room for n values in all; what is there stays. */
static gboolean
reserve (AssayUnitTally *t, gsize n, GError **error)
{
  gsize capacity = MAX (MAX (n, 2 * t->capacity), FIRST_CAPACITY);
  double *value;

  if (n <= t->capacity)
    return TRUE;
  value = assay_mem_new (double, capacity, error);
  if (value == NULL)
    return FALSE;
  if (t->n > 0 && t->table == NULL)
    memcpy (value, t->value, t->n * sizeof *value);
  assay_mem_free (t->value);
  assay_mem_free (t->count);
  assay_mem_free (t->other);
  t->value = value;
  t->count = assay_mem_new (guint32, capacity, error);
  t->other = t->count && t->table == NULL ? assay_mem_new (double, capacity, error) : NULL;
  t->capacity = capacity;
  return t->count != NULL && (t->table != NULL || t->other != NULL);
}

AssayUnitTally *
assay_unit_tally_new (AssayStoreType type, gint64 k, GError **error)
{
  g_autoptr (AssayUnitTally) t = g_new0 (AssayUnitTally, 1);

  t->type = type;
  t->kernels = assay_unit_kernels_get ();
  assay_unit_best_init (&t->largest, k, TRUE);
  assay_unit_best_init (&t->smallest, k, FALSE);
  if (assay_unit_tally_counts (type))
    {
      t->table = assay_mem_new (guint32, ASSAY_KEY_BINS, error);
      t->key = t->table ? assay_mem_new (gint16, ASSAY_KEY_BINS + 16, error) : NULL;
      if (t->key == NULL || !reserve (t, ASSAY_KEY_BINS + 16, error))
        return NULL;
    }
  assay_unit_tally_reset (t);
  return g_steal_pointer (&t);
}

void
assay_unit_tally_free (AssayUnitTally *t)
{
  if (t == NULL)
    return;
  assay_unit_best_clear (&t->largest);
  assay_unit_best_clear (&t->smallest);
  assay_mem_free (t->table);
  assay_mem_free (t->key);
  assay_mem_free (t->value);
  assay_mem_free (t->count);
  assay_mem_free (t->other);
  g_free (t);
}

void
assay_unit_tally_reset (AssayUnitTally *t)
{
  if (t->table != NULL && t->least <= t->most)
    memset (t->table + t->least + 32768, 0, (gsize) (t->most - t->least + 1) * sizeof *t->table);
  t->least = G_MAXINT16;
  t->most = G_MININT16;
  t->n = 0;
  assay_unit_best_reset (&t->largest);
  assay_unit_best_reset (&t->smallest);
}

/* --- adding ---------------------------------------------------------------------------------------------------------- */

double
assay_unit_key_value (AssayStoreType type, gint16 key)
{
  guint16 bits = assay_key_get_bits (key);
  guint32 word = type == ASSAY_STORE_BF16 ? (guint32) bits << 16 : (guint32) (bits & 0x7fff) << 13;
  float x;

  memcpy (&x, &word, sizeof x);
  if (type == ASSAY_STORE_BF16)
    return (double) x;
  return (bits & 0x8000 ? -0x1p112 : 0x1p112) * (double) x;       /* the exponents' offsets differ by 112; subnormals come out right too */
}

static AssayUnitRow
row_of (const AssayUnitBlock *block, gint64 row, double value)
{
  return (AssayUnitRow) { value, block->example[row], block->position[row] };
}

/* The key of the k-th row from the top, or from the bottom (step 1), of what was counted; *ties: how many of its equals are among the k. */
static gint
find_threshold (const AssayUnitTally *t, gint64 k, gint step, gint64 *ties)
{
  gint key = step < 0 ? t->most : t->least, end = step < 0 ? t->least : t->most;
  gint64 left = k, here;

  while ((here = t->table[key + 32768]) < left && key != end)
    {
      left -= here;
      key += step;
    }
  *ties = MIN (left, here);
  return key;
}

/* Of equals in ascending rows the first ones are the better ones, and no more are needed than are missing. */
static void
offer_keys (AssayUnitTally *t, const gint16 *keys, const AssayUnitBlock *block)
{
  gint64 up_ties, down_ties, row[ROOM], next = 0;
  gint up = find_threshold (t, t->largest.k, -1, &up_ties), down = find_threshold (t, t->largest.k, 1, &down_ties);

  if (t->largest.k == 0)
    return;
  if (!block->ascending)
    up_ties = down_ties = block->n;
  while (next < block->n)
    {
      gsize n = t->kernels->find (keys, next, block->n, (gint16) (down + (down_ties > 0)), (gint16) (up - (up_ties > 0)), row, ROOM, &next);

      for (gsize i = 0; i < n; i++)
        {
          gint key = keys[row[i]];
          AssayUnitRow one = row_of (block, row[i], assay_unit_key_value (t->type, (gint16) key));

          if (key > up || (key == up && up_ties-- > 0))
            assay_unit_best_offer (&t->largest, &one);
          if (key < down || (key == down && down_ties-- > 0))
            assay_unit_best_offer (&t->smallest, &one);
        }
      up_ties = MAX (up_ties, 0);
      down_ties = MAX (down_ties, 0);
    }
}

static gint64
add_keys (AssayUnitTally *t, const gint16 *keys, const AssayUnitBlock *block)
{
  gint16 least = t->type == ASSAY_STORE_F16 ? ASSAY_KEY_LEAST_F16 : ASSAY_KEY_LEAST_BF16;
  gint16 most = t->type == ASSAY_STORE_F16 ? ASSAY_KEY_MOST_F16 : ASSAY_KEY_MOST_BF16;

  t->kernels->count (keys, block->n, t->table, &t->least, &t->most);
  if (t->least < least || t->most > most)
    for (gint64 i = 0; i < block->n; i++)
      if (keys[i] < least || keys[i] > most)
        return i;
  t->n += block->n;
  offer_keys (t, keys, block);
  return -1;
}

static gint64
add_values (AssayUnitTally *t, const double *values, const AssayUnitBlock *block)
{
  if (!reserve (t, (gsize) (t->n + block->n), NULL))
    return -2;
  for (gint64 i = 0; i < block->n; i++)
    {
      AssayUnitRow row = row_of (block, i, values[i] + 0.0);      /* -0 becomes 0 */

      if (!isfinite (values[i]))
        return i;
      t->value[t->n + i] = row.value;
      assay_unit_best_offer (&t->largest, &row);
      assay_unit_best_offer (&t->smallest, &row);
    }
  t->n += block->n;
  return -1;
}

gint64
assay_unit_tally_add (AssayUnitTally *t, const gint16 *keys, const double *values, const AssayUnitBlock *block)
{
  if (block->n == 0)
    return -1;
  return t->table ? add_keys (t, keys, block) : add_values (t, values, block);
}

gboolean
assay_unit_tally_merge (AssayUnitTally *t, const AssayUnitTally *from)
{
  if (t->table == NULL)
    {
      if (!reserve (t, (gsize) (t->n + from->n), NULL))
        return FALSE;
      if (from->n > 0)
        memcpy (t->value + t->n, from->value, from->n * sizeof *t->value);
    }
  for (gint key = from->least; t->table != NULL && key <= from->most; key++)
    t->table[key + 32768] += from->table[key + 32768];
  t->least = MIN (t->least, from->least);
  t->most = MAX (t->most, from->most);
  t->n += from->n;
  for (gsize i = 0; i < from->largest.n; i++)
    assay_unit_best_offer (&t->largest, &from->largest.row[i]);
  for (gsize i = 0; i < from->smallest.n; i++)
    assay_unit_best_offer (&t->smallest, &from->smallest.row[i]);
  return TRUE;
}

/* --- the distinct values --------------------------------------------------------------------------------------------- */

static guint64
ordered_bits (double x)
{
  guint64 bits;

  memcpy (&bits, &x, sizeof bits);
  return bits >> 63 ? ~bits : bits | (guint64) 1 << 63;
}

/* One digit of a radix sort from the least digit up; FALSE, with nothing moved, when it is the same in all. */
static gboolean
sort_digit (const double *from, double *to, gint64 n, guint shift)
{
  gint64 start[257] = { 0 };

  for (gint64 i = 0; i < n; i++)
    start[(ordered_bits (from[i]) >> shift & 0xff) + 1]++;
  for (guint d = 0; d < 256; d++)
    if (start[d + 1] == n)
      return FALSE;
  for (guint d = 0; d < 256; d++)
    start[d + 1] += start[d];
  for (gint64 i = 0; i < n; i++)
    to[start[ordered_bits (from[i]) >> shift & 0xff]++] = from[i];
  return TRUE;
}

static gint64
distinguish_values (AssayUnitTally *t)
{
  gint64 m = 0;

  for (guint shift = 0; shift < 64; shift += 8)
    if (sort_digit (t->value, t->other, t->n, shift))
      {
        double *sorted = t->other;

        t->other = t->value;
        t->value = sorted;
      }
  for (gint64 i = 0; i < t->n; i++)
    if (m > 0 && t->value[i] == t->value[m - 1])
      t->count[m - 1]++;
    else
      {
        t->value[m] = t->value[i];
        t->count[m++] = 1;
      }
  return m;
}

static gint64
distinguish (AssayUnitTally *t)
{
  gint64 m;

  if (t->table == NULL)
    return distinguish_values (t);
  m = t->least <= t->most ? (gint64) t->kernels->drain (t->table, t->least, t->most, t->key, t->count) : 0;
  for (gint64 i = 0; i < m; i++)
    t->value[i] = assay_unit_key_value (t->type, t->key[i]);
  t->least = G_MAXINT16;                                          /* the table is empty */
  t->most = G_MININT16;
  return m;
}

/* --- statistics ------------------------------------------------------------------------------------------------------ */

/* sum_i count_i (value_i - about)^power, power 1 or 2 */
static double
sum_about (const double *value, const guint32 *count, gint64 m, double about, gint power)
{
  double lane[LANES] = { 0 }, sum = 0;
  gint64 i = 0;

  for (; i + LANES <= m; i += LANES)
    for (guint k = 0; k < LANES; k++)
      {
        double d = value[i + k] - about;

        lane[k] += (double) count[i + k] * (power == 2 ? d * d : d);
      }
  for (guint k = 0; i + k < m; k++)
    {
      double d = value[i + k] - about;

      lane[k] += (double) count[i + k] * (power == 2 ? d * d : d);
    }
  for (guint k = 0; k < LANES; k++)
    sum += lane[k];
  return sum;
}

static void
count_bins (const double *value, const guint32 *count, gint64 m, gint64 *bins)
{
  memset (bins, 0, ASSAY_UNIT_BINS * sizeof *bins);
  for (gint64 i = 0; i < m; i++)
    bins[assay_unit_histogram_find (value[i])] += count[i];
}

static void
find_quantiles (const double *value, const guint32 *count, gint64 m, gint64 n, double *quantile)
{
  gint64 below = 0, i = 0;

  for (guint q = 0; q < ASSAY_UNIT_N_QUANTILES; q++)
    {
      gint64 rank = (gint64) (((guint64) n * (guint64) permille[q] + 999) / 1000);

      while (i < m && below + count[i] < rank)
        below += count[i++];
      quantile[q] = i < m ? value[i] : (double) NAN;
    }
}

static void
cut_bands (const double *value, const guint32 *count, gint64 m, AssayUnitStatistics *s)
{
  guint B = s->n_bands, b = 0;
  gint64 below = 0;

  for (guint k = 0; k < B; k++)
    s->band[k] = (AssayUnitBand) { (double) NAN, (double) NAN, 0 };
  for (gint64 i = 0; i < m; i++)
    {
      if (value[i] == 0)
        continue;
      while ((guint64) below >= ((guint64) s->nonzero * (b + 1) + B - 1) / B)   /* the rank that ends band b */
        b++;
      if (s->band[b].count == 0)
        s->band[b].lo = value[i];
      s->band[b].hi = value[i];
      s->band[b].count += count[i];
      below += count[i];
    }
}

void
assay_unit_tally_finish (AssayUnitTally *t, guint n_bands, AssayUnitStatistics *s)
{
  gint64 m = distinguish (t);

  s->n = t->n;
  s->n_distinct = m;
  s->n_bands = n_bands;
  s->least = m > 0 ? t->value[0] : (double) NAN;
  s->most = m > 0 ? t->value[m - 1] : (double) NAN;
  s->mean = m == 1 ? s->least : sum_about (t->value, t->count, m, 0, 1) / (double) t->n;
  s->variance = sum_about (t->value, t->count, m, s->mean, 2) / (double) t->n;
  count_bins (t->value, t->count, m, s->count);
  s->nonzero = t->n - s->count[ASSAY_UNIT_ZERO_BIN];
  find_quantiles (t->value, t->count, m, t->n, s->quantile);
  cut_bands (t->value, t->count, m, s);
  assay_unit_best_finish (&t->largest);
  assay_unit_best_finish (&t->smallest);
  t->n = 0;
}

const AssayUnitBest *
assay_unit_tally_get_best (const AssayUnitTally *t, gboolean largest)
{
  return largest ? &t->largest : &t->smallest;
}
