/* SPDX-License-Identifier: GPL-3.0-or-later */
/* deletion.c: inputs with columns replaced, in given, random and searched orders. */
#include "probes/deletion.h"

#include "base/rng.h"
#include "stats/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 1024              /* inputs walked at once */

typedef struct {
  AssayMargin *margin;
  const AssayMarginChoice *choice;
  double sign;
  const double *x, *reference;
  const AssayColumnRange *column;
  gint64 C, D;
  double full;                  /* sign m (x) */
  AssayProgress *progress;
} Setting;

/* --- inputs ---------------------------------------------------------------------------------------------------------------- */

static void
put_column (const Setting *s, gint64 column, const double *from, double *input)
{
  const AssayColumnRange *range = &s->column[column];

  memcpy (input + range->first, from + range->first, range->n * sizeof *input);
}

/* sign m at inputs (n,D). */
static gboolean
walk (const Setting *s, const double *input, gint64 n, double *value, double *logits, GError **error)
{
  gint64 V = assay_margin_get_width (s->margin);
  g_autofree double *own = logits ? NULL : g_new (double, MAX (n, 1) * V);
  double *out = logits ? logits : own;

  if (assay_progress_is_cancelled (s->progress, error) || !assay_margin_logits (s->margin, input, n, out, error))
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    value[i] = s->sign * assay_margin_of_logits (s->margin, s->choice, out + i * V);
  return TRUE;
}

/* --- the order that is claimed ------------------------------------------------------------------------------------------------ */

typedef struct { double contribution; gint64 column; } Ranked;

static int
most_raising (const void *a, const void *b)
{
  const Ranked *x = a, *y = b;

  if (x->contribution != y->contribution)
    return x->contribution > y->contribution ? -1 : 1;
  return x->column < y->column ? -1 : 1;
}

static void
choose_order (AssayDeletion *d, const Setting *s, const double *contribution)
{
  static const double percent[] = { 0.01, 0.05, 0.1, 0.2, 0.5, 1 };
  g_autofree Ranked *ranked = g_new (Ranked, s->C);

  for (gint64 c = 0; c < s->C; c++)
    ranked[c] = (Ranked) { s->sign * contribution[c], c };
  qsort (ranked, s->C, sizeof *ranked, most_raising);
  d->order = g_new (gint64, s->C);
  for (gint64 c = 0; c < s->C; c++)
    d->order[c] = ranked[c].column;
  d->k = g_new (gint64, MAX (s->C, (gint64) G_N_ELEMENTS (percent)));
  if (s->C <= ASSAY_DELETION_ALL)
    for (gint64 k = 1; k <= s->C; k++)
      d->k[d->K++] = k;
  else
    for (gsize p = 0; p < G_N_ELEMENTS (percent); p++)
      d->k[d->K++] = MAX (1, (gint64) floor (percent[p] * (double) s->C + 0.5));
  d->claimed = g_new0 (double, d->K);
  for (gint64 i = 0; i < d->K; i++)
    for (gint64 c = 0; c < d->k[i]; c++)
      d->claimed[i] += ranked[c].contribution;
}

/* Inputs (K,D) with the first k columns of an order at the reference, and (keep not NULL) with all others there. */
static void
put_order (const Setting *s, const AssayDeletion *d, const gint64 *order, double *without, double *keep)
{
  g_autofree double *gone = g_memdup2 (s->x, s->D * sizeof (double)), *kept = g_memdup2 (s->reference, s->D * sizeof (double));

  for (gint64 i = 0, c = 0; i < d->K; i++)
    {
      for (; c < d->k[i]; c++)
        {
          put_column (s, order[c], s->reference, gone);
          put_column (s, order[c], s->x, kept);
        }
      memcpy (without + i * s->D, gone, s->D * sizeof (double));
      if (keep != NULL)
        memcpy (keep + i * s->D, kept, s->D * sizeof (double));
    }
}

static gboolean
measure_order (AssayDeletion *d, const Setting *s, GError **error)
{
  gint64 V = assay_margin_get_width (s->margin);
  g_autofree double *without = g_new (double, d->K * s->D), *keep = g_new (double, d->K * s->D);

  put_order (s, d, d->order, without, keep);
  d->measured = g_new (double, d->K);
  d->only = g_new (double, d->K);
  d->without_logits = g_new (double, d->K * V);
  d->only_logits = g_new (double, d->K * V);
  if (!walk (s, without, d->K, d->measured, d->without_logits, error) || !walk (s, keep, d->K, d->only, d->only_logits, error))
    return FALSE;
  for (gint64 i = 0; i < d->K; i++)
    {
      d->measured[i] = s->full - d->measured[i];
      d->largest_gap = fmax (d->largest_gap, fabs (d->claimed[i] - d->measured[i]));
      d->area += d->measured[i] / (double) d->K;
    }
  return TRUE;
}

/* --- random orders ---------------------------------------------------------------------------------------------------------------- */

static int
ascending (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
summarise_random (AssayDeletion *d, const double *drop)
{
  g_autofree double *column = g_new (double, d->R);
  gint64 at_least = 0;

  for (gint64 r = 0; r < d->R; r++)
    {
      double area = 0;

      for (gint64 i = 0; i < d->K; i++)
        area += drop[r * d->K + i] / (double) d->K;
      at_least += area >= d->area;
      d->random_area += area / (double) d->R;
    }
  d->p = ((double) at_least + 1) / ((double) d->R + 1);
  for (gint64 i = 0; i < d->K; i++)
    {
      d->random_mean[i] = 0;
      for (gint64 r = 0; r < d->R; r++)
        {
          column[r] = drop[r * d->K + i];
          d->random_mean[i] += column[r] / (double) d->R;
        }
      qsort (column, d->R, sizeof *column, ascending);
      d->random_lo[i] = assay_quantile_sorted (column, d->R, 0.025);
      d->random_hi[i] = assay_quantile_sorted (column, d->R, 0.975);
    }
}

static gboolean
measure_random (AssayDeletion *d, const Setting *s, guint64 seed, GError **error)
{
  gint64 block = CLAMP (BLOCK / d->K, 1, MAX (d->R, 1));
  g_autofree double *input = g_new (double, block * d->K * s->D), *drop = g_new (double, MAX (d->R, 1) * d->K);
  g_autofree gint64 *order = g_new (gint64, s->C);

  d->random_mean = g_new (double, d->K);
  d->random_lo = g_new (double, d->K);
  d->random_hi = g_new (double, d->K);
  for (gint64 done = 0; done < d->R; done += block)
    {
      gint64 n = MIN (block, d->R - done);

      for (gint64 r = 0; r < n; r++)
        {
          AssayRng rng = assay_rng_new (seed, assay_rng_stream ("deletion order", done + r));

          for (gint64 c = 0; c < s->C; c++)
            order[c] = c;
          assay_rng_shuffle (&rng, order, s->C);
          put_order (s, d, order, input + r * d->K * s->D, NULL);
        }
      if (!walk (s, input, n * d->K, drop + done * d->K, NULL, error))
        return FALSE;
    }
  for (gint64 i = 0; i < d->R * d->K; i++)
    drop[i] = s->full - drop[i];
  summarise_random (d, drop);
  return TRUE;
}

/* --- searched orders ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
  guint64 gone;                 /* bit c: column c is at its reference */
  double sum;                   /* over the steps so far, of the drop */
} Candidate;

static int
largest_sum (const void *a, const void *b)
{
  const Candidate *x = a, *y = b;

  if (x->sum != y->sum)
    return x->sum > y->sum ? -1 : 1;
  return x->gone < y->gone ? -1 : x->gone > y->gone;
}

static void
put_candidate (const Setting *s, guint64 gone, double *input)
{
  memcpy (input, s->x, s->D * sizeof (double));
  for (gint64 c = 0; c < s->C; c++)
    if (gone >> c & 1)
      put_column (s, c, s->reference, input);
}

/* One more column in every way, of every candidate; the best of each set, and of those the best few. direction: 1 for large drops, -1 for small. */
static gboolean
extend (const Setting *s, double direction, GArray *beam, GError **error)
{
  g_autoptr (GArray) next = g_array_new (FALSE, FALSE, sizeof (Candidate));
  g_autofree double *input = NULL, *value = NULL;
  guint kept = 0;

  for (guint b = 0; b < beam->len; b++)
    for (gint64 c = 0; c < s->C; c++)
      {
        Candidate candidate = g_array_index (beam, Candidate, b);

        if (candidate.gone >> c & 1)
          continue;
        candidate.gone |= (guint64) 1 << c;
        g_array_append_val (next, candidate);
      }
  input = g_new (double, next->len * s->D);
  value = g_new (double, next->len);
  for (guint k = 0; k < next->len; k++)
    put_candidate (s, g_array_index (next, Candidate, k).gone, input + k * s->D);
  if (!walk (s, input, next->len, value, NULL, error))
    return FALSE;
  for (guint k = 0; k < next->len; k++)
    g_array_index (next, Candidate, k).sum += direction * (s->full - value[k]);
  g_array_sort (next, largest_sum);
  g_array_set_size (beam, 0);
  for (guint k = 0; k < next->len && kept < ASSAY_DELETION_BEAM; k++)
    {
      gboolean seen = FALSE;

      for (guint b = 0; b < kept; b++)
        seen = seen || g_array_index (beam, Candidate, b).gone == g_array_index (next, Candidate, k).gone;
      if (seen)
        continue;
      g_array_append_val (beam, g_array_index (next, Candidate, k));
      kept++;
    }
  return TRUE;
}

static gboolean
search (const Setting *s, double direction, double *area, GError **error)
{
  g_autoptr (GArray) beam = g_array_new (FALSE, FALSE, sizeof (Candidate));
  const Candidate start = { 0, 0 };

  g_array_append_val (beam, start);
  for (gint64 step = 0; step < s->C; step++)
    if (!extend (s, direction, beam, error))
      return FALSE;
  *area = direction * g_array_index (beam, Candidate, 0).sum / (double) s->C;
  return TRUE;
}

/* The order itself is one of those that are searched: no best is below it, no worst above. */
static gboolean
rescale (AssayDeletion *d, const Setting *s, GError **error)
{
  if (s->C > ASSAY_DELETION_ALL)
    return TRUE;
  if (!search (s, 1, &d->best_area, error) || !search (s, -1, &d->worst_area, error))
    return FALSE;
  d->best_area = fmax (d->best_area, d->area);
  d->worst_area = fmin (d->worst_area, d->area);
  if (d->best_area > d->worst_area)
    d->rescaled = (d->area - d->worst_area) / (d->best_area - d->worst_area);
  return TRUE;
}

AssayDeletion *
assay_deletion_new (AssayMargin *margin, const AssayMarginChoice *choice, double sign, const double *x, const double *reference,
                    const AssayColumnRange *column, gint64 C, const double *contribution, gint64 R, guint64 seed,
                    AssayProgress *progress, GError **error)
{
  g_autoptr (AssayDeletion) d = g_new0 (AssayDeletion, 1);
  Setting s = { margin, choice, sign, x, reference, column, C, assay_margin_get_size (margin), 0, progress };

  d->C = C;
  d->R = R;
  d->best_area = d->worst_area = d->rescaled = NAN;
  if (!walk (&s, x, 1, &s.full, NULL, error))
    return NULL;
  choose_order (d, &s, contribution);
  return measure_order (d, &s, error) && measure_random (d, &s, seed, error) && rescale (d, &s, error) ? g_steal_pointer (&d) : NULL;
}

void
assay_deletion_free (AssayDeletion *d)
{
  if (d == NULL)
    return;
  g_free (d->order);
  g_free (d->k);
  g_free (d->claimed);
  g_free (d->measured);
  g_free (d->only);
  g_free (d->without_logits);
  g_free (d->only_logits);
  g_free (d->random_mean);
  g_free (d->random_lo);
  g_free (d->random_hi);
  g_free (d);
}
