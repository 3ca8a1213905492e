/* SPDX-License-Identifier: GPL-3.0-or-later */
/* agreement.c: predictions, correlations, and what they could be at best. */
#include "influence/agreement.h"

#include "base/rng.h"
#include "stats/bootstrap.h"
#include "stats/correlation.h"
#include "stats/false_discovery.h"

#include <math.h>
#include <string.h>

#define BAND 0.95

void
assay_agreement_clear (AssayAgreement *a)
{
  double **arrays[] = { &a->predicted, &a->measured, &a->pearson, &a->pearson_lo, &a->pearson_hi, &a->spearman, &a->spearman_lo, &a->spearman_hi, &a->p,
                        &a->adjusted };

  for (gsize k = 0; k < G_N_ELEMENTS (arrays); k++)
    g_clear_pointer (arrays[k], g_free);
  g_clear_pointer (&a->name, g_free);
  g_clear_pointer (&a->place, g_free);
  g_clear_pointer (&a->number, g_free);
  g_clear_pointer (&a->diverged, g_array_unref);
  a->n_sets = 0;
}

/* --- correlations ----------------------------------------------------------------------------------------------------- */

typedef double (*Correlation) (const double *x, const double *y, gint64 n);

typedef struct {
  const double *predicted, *measured;   /* (S,Q) */
  gint64 Q;
  Correlation correlation;
  double *x, *y;                /* (S) scratch */
} Resampling;

static double
correlate_column (const Resampling *r, gint64 query, const gint64 *rows, gint64 n)
{
  for (gint64 s = 0; s < n; s++)
    {
      r->x[s] = r->predicted[rows[s] * r->Q + query];
      r->y[s] = r->measured[rows[s] * r->Q + query];
    }
  return r->correlation (r->x, r->y, n);
}

/* Mean over the columns of their correlations, of those that are defined. */
static double
mean_correlation (const gint64 *rows, gint64 n_rows, const gint64 *columns, gint64 n_columns, gpointer data)
{
  double sum = 0;
  gint64 n = 0;

  for (gint64 k = 0; k < n_columns; k++)
    {
      double r = correlate_column (data, columns[k], rows, n_rows);

      if (!isnan (r))
        {
          sum += r;
          n++;
        }
    }
  return n > 0 ? sum / (double) n : NAN;
}

static AssayEstimate
estimate (const AssayAgreement *a, const AssayResamplingPlan *plan, const double *predicted, Correlation correlation)
{
  g_autofree double *scratch = g_new (double, 2 * a->n_sets);
  Resampling r = { predicted, a->measured, a->n_query, correlation, scratch, scratch + a->n_sets };

  return assay_bootstrap_two_way (a->n_sets, a->n_query, plan->draws, plan->level, plan->seed, mean_correlation, &r, NULL);
}

static void
correlate_queries (AssayAgreement *a, double level)
{
  g_autofree double *x = g_new (double, a->n_sets), *y = g_new (double, a->n_sets);

  for (gint64 q = 0; q < a->n_query; q++)
    {
      AssayEstimate pearson, spearman;

      for (gint64 s = 0; s < a->n_sets; s++)
        {
          x[s] = a->predicted[s * a->n_query + q];
          y[s] = a->measured[s * a->n_query + q];
        }
      pearson = assay_estimate_pearson (x, y, a->n_sets, level);
      spearman = assay_estimate_spearman (x, y, a->n_sets, level);
      a->pearson[q] = pearson.value;
      a->pearson_lo[q] = pearson.lo;
      a->pearson_hi[q] = pearson.hi;
      a->spearman[q] = spearman.value;
      a->spearman_lo[q] = spearman.lo;
      a->spearman_hi[q] = spearman.hi;
      a->p[q] = assay_correlation_fisher_p (spearman.value, a->n_sets);
    }
  assay_benjamini_hochberg (a->p, a->n_query, a->adjusted);
  for (gint64 q = 0; q < a->n_query; q++)
    a->n_significant += a->spearman[q] > 0 && a->adjusted[q] <= 1 - level;
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
quantile (double *x, gint64 n, double p)
{
  qsort (x, n, sizeof *x, ascending);
  return assay_quantile_sorted (x, n, p);
}

static void
measure_scale (AssayAgreement *a, gboolean has_unit)
{
  gint64 n = a->n_sets * a->n_query;
  g_autofree double *miss = g_new (double, n);
  double xy = 0, xx = 0;

  for (gint64 i = 0; i < n; i++)
    {
      miss[i] = fabs (a->measured[i] - a->predicted[i]);
      xy += a->predicted[i] * a->measured[i];
      xx += a->predicted[i] * a->predicted[i];
    }
  a->slope = has_unit && xx > 0 ? xy / xx : NAN;
  a->band = has_unit && !isnan (a->slope) ? quantile (miss, n, BAND) : NAN;
  for (gint64 i = 0; i < n; i++)
    miss[i] = fabs (a->measured[i]);
  a->change = quantile (miss, n, BAND);
}

/* --- sets ---------------------------------------------------------------------------------------------------------------- */

static gboolean
is_of (const AssayRemoval *removal, AssayRemovalKind kind, guint family)
{
  return removal->kind == kind && (kind != ASSAY_REMOVAL_RANDOM || removal->family == family);
}

/* Indices of the sets of that kind in the bank. Elements are guint. */
static GArray *
find_sets (const AssayGroundTruth *truth, AssayRemovalKind kind, guint family)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint s = 0; s < truth->removals->len; s++)
    if (is_of (&g_array_index (truth->removals, AssayRemoval, s), kind, family))
      g_array_append_val (found, s);
  return found;
}

static const AssayRemoval *
get_removal (const AssayGroundTruth *truth, guint set)
{
  return &g_array_index (truth->removals, AssayRemoval, set);
}

/* Sets without a measurement are named, and counted nowhere else. */
static GArray *
keep_measured (AssayAgreement *a, const AssayGroundTruth *truth, GArray *sets)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (guint));

  a->diverged = g_array_new (FALSE, FALSE, sizeof (gint64));
  a->number = g_new (gint64, sets->len);
  for (guint k = 0; k < sets->len; k++)
    {
      guint set = g_array_index (sets, guint, k);
      gint64 number = k;
      gboolean measured = TRUE;

      for (gint64 q = 0; q < truth->n_query; q++)
        measured = measured && isfinite (truth->change[set * truth->n_query + q]);
      if (!measured)
        {
          g_array_append_val (a->diverged, number);
          continue;
        }
      a->number[kept->len] = number;
      g_array_append_val (kept, set);
    }
  return kept;
}

/* prediction (S,Q): order (N) says whose score an example is given, NULL: its own. */
static void
predict (const AssayAgreement *a, const AssayInfluenceScores *scores, const gint64 *order, double *prediction)
{
  for (gint64 s = 0; s < a->n_sets; s++)
    for (gint64 q = 0; q < a->n_query; q++)
      {
        const gint64 *place = a->place + s * a->size;
        double sum = 0;

        for (gint64 k = 0; k < a->size; k++)
          sum += scores->value[q * scores->n_train + (order ? order[place[k]] : place[k])];
        prediction[s * a->n_query + q] = sum;
      }
}

static void
control (AssayAgreement *a, const AssayInfluenceScores *scores, const AssayResamplingPlan *plan)
{
  g_autofree gint64 *order = g_new (gint64, scores->n_train);
  g_autofree double *dealt = g_new (double, a->n_sets * a->n_query);
  AssayRng rng = assay_rng_new (plan->seed, assay_rng_stream ("dealt out at random", 0));

  for (gint64 i = 0; i < scores->n_train; i++)
    order[i] = i;
  assay_rng_shuffle (&rng, order, scores->n_train);
  predict (a, scores, order, dealt);
  a->control_pearson = estimate (a, plan, dealt, assay_pearson);
  a->control_spearman = estimate (a, plan, dealt, assay_spearman);
}

/* Queries in another order, none at its own place. */
static AssayEstimate
control_queries (const AssayAgreement *a, const AssayResamplingPlan *plan)
{
  gint64 Q = a->n_query;
  g_autofree double *turned = g_new (double, a->n_sets * Q);

  if (Q == 1)
    return (AssayEstimate) { NAN, NAN, NAN, plan->level };
  for (gint64 s = 0; s < a->n_sets; s++)
    for (gint64 q = 0; q < Q; q++)
      turned[s * Q + (q + 1) % Q] = a->predicted[s * Q + q];
  return estimate (a, plan, turned, assay_spearman);
}

void
assay_agreement_init (AssayAgreement *a, const AssayGroundTruth *truth, AssayRemovalKind kind, guint family, const AssayInfluenceScores *scores,
                      const AssayResamplingPlan *plan)
{
  g_autoptr (GArray) sets = find_sets (truth, kind, family), kept = NULL;
  gint64 Q = truth->n_query;
  double **of_query[] = { &a->pearson, &a->pearson_lo, &a->pearson_hi, &a->spearman, &a->spearman_lo, &a->spearman_hi, &a->p, &a->adjusted };

  *a = (AssayAgreement) { .n_query = Q, .name = g_strdup (kind == ASSAY_REMOVAL_RANDOM ? truth->families->pdata[family] : "single") };
  kept = keep_measured (a, truth, sets);
  a->n_sets = kept->len;
  if (a->n_sets == 0)
    return;
  a->size = get_removal (truth, g_array_index (kept, guint, 0))->n;
  a->place = g_new (gint64, a->n_sets * a->size);
  a->predicted = g_new (double, a->n_sets * Q);
  a->measured = g_new (double, a->n_sets * Q);
  for (gsize k = 0; k < G_N_ELEMENTS (of_query); k++)
    *of_query[k] = g_new (double, Q);
  for (gint64 s = 0; s < a->n_sets; s++)
    {
      guint set = g_array_index (kept, guint, s);

      memcpy (a->place + a->size * s, get_removal (truth, set)->place, a->size * sizeof *a->place);
      memcpy (a->measured + Q * s, truth->change + set * Q, Q * sizeof *a->measured);
    }
  predict (a, scores, NULL, a->predicted);
  correlate_queries (a, plan->level);
  a->mean_pearson = estimate (a, plan, a->predicted, assay_pearson);
  a->mean_spearman = estimate (a, plan, a->predicted, assay_spearman);
  measure_scale (a, strcmp (scores->unit, ASSAY_UNIT_RELATIVE) != 0);
  control (a, scores, plan);
  a->other_spearman = control_queries (a, plan);
}

/* --- the ceiling --------------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssayGroundTruth *truth;
  GArray *sets;                 /* guint: those that every seed measured */
} Repeats;

static double
get_change (const Repeats *r, guint seed, guint k, gint64 query)
{
  const AssayGroundTruth *truth = r->truth;

  return truth->seed_change[(seed * truth->removals->len + g_array_index (r->sets, guint, k)) * truth->n_query + query];
}

static GArray *
find_repeated (const AssayGroundTruth *truth, AssayRemovalKind kind, guint family)
{
  g_autoptr (GArray) all = find_sets (truth, kind, family);
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (guint));
  Repeats r = { truth, all };

  for (guint k = 0; k < all->len; k++)
    {
      gboolean whole = TRUE;

      for (guint seed = 0; seed < truth->n_seeds; seed++)
        for (gint64 q = 0; q < truth->n_query; q++)
          whole = whole && isfinite (get_change (&r, seed, k, q));
      if (whole)
        g_array_append_val (kept, g_array_index (all, guint, k));
    }
  return kept;
}

/* Mean over queries and pairs of seeds. */
static double
correlate_seeds (const Repeats *r)
{
  guint S = r->sets->len;
  g_autofree double *x = g_new (double, S), *y = g_new (double, S);
  double sum = 0;
  gint64 n = 0;

  for (gint64 q = 0; q < r->truth->n_query; q++)
    for (guint one = 0; one < r->truth->n_seeds; one++)
      for (guint other = one + 1; other < r->truth->n_seeds; other++)
        {
          double rho;

          for (guint k = 0; k < S; k++)
            {
              x[k] = get_change (r, one, k, q);
              y[k] = get_change (r, other, k, q);
            }
          rho = assay_spearman (x, y, S);
          if (isnan (rho))                                        /* losses that do not vary over the sets */
            continue;
          sum += rho;
          n++;
        }
  return n > 0 ? sum / (double) n : NAN;
}

/* Of one query, by the analysis of variance of sets and seeds: what the sets' means vary by beyond what the seeds' scatter explains. */
static double
signal_to_noise (const Repeats *r, gint64 query)
{
  guint S = r->sets->len, R = r->truth->n_seeds;
  g_autofree double *of_set = g_new0 (double, S), *of_seed = g_new0 (double, R);
  double grand = 0, between = 0, within = 0, error_squared;

  for (guint k = 0; k < S; k++)
    for (guint seed = 0; seed < R; seed++)
      {
        double change = get_change (r, seed, k, query);

        of_set[k] += change / R;
        of_seed[seed] += change / S;
        grand += change / ((double) S * R);
      }
  for (guint k = 0; k < S; k++)
    {
      between += (of_set[k] - grand) * (of_set[k] - grand) / (S - 1);
      for (guint seed = 0; seed < R; seed++)
        {
          double rest = get_change (r, seed, k, query) - of_set[k] - of_seed[seed] + grand;

          within += rest * rest / ((double) (S - 1) * (R - 1));
        }
    }
  error_squared = within / R;
  return error_squared > 0 ? sqrt (fmax (0, between - error_squared) / error_squared) : INFINITY;
}

static double
median_signal_to_noise (const Repeats *r)
{
  gint64 Q = r->truth->n_query;
  g_autofree double *ratio = g_new (double, Q);

  for (gint64 q = 0; q < Q; q++)
    ratio[q] = signal_to_noise (r, q);
  qsort (ratio, Q, sizeof *ratio, ascending);
  return Q % 2 == 1 ? ratio[Q / 2] : (ratio[Q / 2 - 1] + ratio[Q / 2]) / 2;
}

AssayCeiling
assay_ceiling_of (const AssayGroundTruth *truth, AssayRemovalKind kind, guint family)
{
  AssayCeiling ceiling = { .n_seeds = truth->n_seeds, .value = 1, .rho_1 = NAN, .signal_to_noise = NAN, .reason = "deterministic training, one seed counts" };
  g_autoptr (GArray) sets = NULL;
  Repeats r;

  if (truth->n_seeds < 2)
    return ceiling;
  sets = find_repeated (truth, kind, family);
  r = (Repeats) { truth, sets };
  ceiling.rho_1 = sets->len > 1 ? correlate_seeds (&r) : NAN;
  ceiling.value = assay_correlation_ceiling (ceiling.rho_1, truth->n_seeds);
  ceiling.signal_to_noise = sets->len > 1 ? median_signal_to_noise (&r) : NAN;
  ceiling.reason = isnan (ceiling.value) ? "trainings with different seeds do not agree on what leaving these sets out does"
                                         : "from the agreement of trainings with different seeds";
  return ceiling;
}
