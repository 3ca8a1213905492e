/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validate.c: removals, predictions and their agreement. */
#include "influence/validate.h"

#include "base/error.h"
#include "base/rng.h"
#include "stats/bootstrap.h"
#include "stats/correlation.h"

#include <math.h>
#include <string.h>

#define BAND 0.95

const AssayParam assay_validate_params[] = {
  { .name = "leave-one-out", .type = ASSAY_PARAM_INT, .def.i = 50, .min = 0, .max = 1e9, .unit = "retrainings",
    .help = "single examples, drawn at random, to leave out in turn" },
  { .name = "groups", .type = ASSAY_PARAM_INT, .def.i = 50, .min = 0, .max = 1e9, .unit = "retrainings",
    .help = "random groups to leave out; also the control of the most helpful groups" },
  { .name = "group-size", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e12, .unit = "examples",
    .help = "examples of a group; 0: one in twenty of the training examples" },
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15,
   .help = "of the random examples, groups and draws" },
  { .name = "draws", .type = ASSAY_PARAM_INT, .def.i = 2000, .min = 100, .max = 1e7, .help = "bootstrap draws of an interval" },
  { .name = "level", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.95, .min = 0.5, .max = 0.9999,
   .help = "confidence level of intervals" },
  { .name = NULL }
};

static void
agreement_clear (AssayAgreement *a)
{
  g_free (a->place);
  g_free (a->predicted);
  g_free (a->measured);
  g_free (a->pearson);
  g_free (a->spearman);
  g_free (a->pearson_lo);
  g_free (a->pearson_hi);
}

void
assay_validation_free (AssayValidation *v)
{
  if (v == NULL)
    return;
  agreement_clear (&v->one);
  agreement_clear (&v->group);
  g_free (v->top.change);
  g_free (v->top.random_mean);
  g_free (v->top.p);
  g_free (v);
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
estimate (const AssayValidation *v, const AssayAgreement *a, const double *predicted, Correlation correlation)
{
  g_autofree double *scratch = g_new (double, 2 * a->n_sets);
  Resampling r = { predicted, a->measured, a->n_query, correlation, scratch, scratch + a->n_sets };

  return assay_bootstrap_two_way (a->n_sets, a->n_query, v->draws, v->level, v->seed, mean_correlation, &r, NULL);
}

static void
correlate_queries (AssayAgreement *a, double level)
{
  g_autofree double *x = g_new (double, a->n_sets), *y = g_new (double, a->n_sets);

  for (gint64 q = 0; q < a->n_query; q++)
    {
      AssayEstimate e;

      for (gint64 s = 0; s < a->n_sets; s++)
        {
          x[s] = a->predicted[s * a->n_query + q];
          y[s] = a->measured[s * a->n_query + q];
        }
      e = assay_estimate_pearson (x, y, a->n_sets, level);
      a->pearson[q] = e.value;
      a->pearson_lo[q] = e.lo;
      a->pearson_hi[q] = e.hi;
      a->spearman[q] = assay_spearman (x, y, a->n_sets);
    }
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
quantile (double *x, gint64 n)
{
  qsort (x, n, sizeof *x, ascending);
  return assay_quantile_sorted (x, n, BAND);
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
  a->band = has_unit && !isnan (a->slope) ? quantile (miss, n) : NAN;
  for (gint64 i = 0; i < n; i++)
    miss[i] = fabs (a->measured[i]);
  a->change = quantile (miss, n);
}

/* --- predictions ------------------------------------------------------------------------------------------------------ */

/* prediction (S,Q): sums of scores over the sets of one kind; order (N) says whose score an example is given, NULL: its own. */
static void
predict (const AssayGroundTruth *truth, AssayRemovalKind kind, const AssayInfluenceScores *scores, const gint64 *order,
         double *prediction)
{
  gint64 Q = scores->n_query, row = 0;

  for (guint s = 0; s < truth->removals->len; s++)
    {
      const AssayRemoval *removal = &g_array_index (truth->removals, AssayRemoval, s);

      if (removal->kind != kind)
        continue;
      for (gint64 q = 0; q < Q; q++)
        {
          double sum = 0;

          for (gint64 k = 0; k < removal->n; k++)
            sum += scores->value[q * scores->n_train + (order ? order[removal->place[k]] : removal->place[k])];
          prediction[row * Q + q] = sum;
        }
      row++;
    }
}

static void
agree (const AssayValidation *v, const AssayGroundTruth *truth, AssayRemovalKind kind, const AssayInfluenceScores *scores,
       AssayAgreement *a)
{
  gint64 Q = scores->n_query, row = 0;
  g_autofree gint64 *order = g_new (gint64, scores->n_train);
  g_autofree double *shuffled = NULL;
  AssayRng rng = assay_rng_new (v->seed, assay_rng_stream ("dealt out at random", 0));

  a->n_query = Q;
  for (guint s = 0; s < truth->removals->len; s++)
    {
      const AssayRemoval *removal = &g_array_index (truth->removals, AssayRemoval, s);

      if (removal->kind != kind)
        continue;
      a->size = removal->n;
      a->n_sets++;
    }
  if (a->n_sets == 0)
    return;
  a->place = g_new (gint64, a->n_sets * a->size);
  a->predicted = g_new (double, a->n_sets * Q);
  a->measured = g_new (double, a->n_sets * Q);
  a->pearson = g_new (double, Q);
  a->spearman = g_new (double, Q);
  a->pearson_lo = g_new (double, Q);
  a->pearson_hi = g_new (double, Q);
  for (guint s = 0; s < truth->removals->len; s++)
    {
      const AssayRemoval *removal = &g_array_index (truth->removals, AssayRemoval, s);

      if (removal->kind != kind)
        continue;
      memcpy (a->place + a->size * row, removal->place, a->size * sizeof *a->place);
      memcpy (a->measured + Q * row++, truth->change + s * Q, Q * sizeof *a->measured);
    }
  predict (truth, kind, scores, NULL, a->predicted);
  correlate_queries (a, v->level);
  a->mean_pearson = estimate (v, a, a->predicted, assay_pearson);
  a->mean_spearman = estimate (v, a, a->predicted, assay_spearman);
  measure_scale (a, strcmp (scores->unit, ASSAY_UNIT_NATS) == 0);
  for (gint64 i = 0; i < scores->n_train; i++)
    order[i] = i;
  assay_rng_shuffle (&rng, order, scores->n_train);
  shuffled = g_new (double, a->n_sets * Q);
  predict (truth, kind, scores, order, shuffled);
  a->control_pearson = estimate (v, a, shuffled, assay_pearson);
  a->control_spearman = estimate (v, a, shuffled, assay_spearman);
}

/* --- the most helpful groups ------------------------------------------------------------------------------------------ */

typedef struct { double score; gint64 place; } Ranked;

static int
most_helpful_first (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;

  return x->score > y->score ? -1 : x->score < y->score ? 1 : x->place < y->place ? -1 : x->place > y->place;
}

static void
add_top (AssayGroundTruth *truth, const AssayInfluenceScores *scores, gint64 size)
{
  g_autofree Ranked *ranked = g_new (Ranked, scores->n_train);
  g_autofree gint64 *place = g_new (gint64, size);

  for (gint64 q = 0; q < scores->n_query; q++)
    {
      for (gint64 i = 0; i < scores->n_train; i++)
        {
          double score = scores->value[q * scores->n_train + i];

          ranked[i] = (Ranked) { isnan (score) ? -INFINITY : score, i };
        }
      qsort (ranked, scores->n_train, sizeof *ranked, most_helpful_first);
      for (gint64 k = 0; k < size; k++)
        place[k] = ranked[k].place;
      assay_ground_truth_add (truth, ASSAY_REMOVAL_TOP, q, place, size);
    }
}

typedef struct {
  const double *top;            /* (Q) */
  const double *random;         /* (S,Q) */
  gint64 Q;
  double of_top, of_random;     /* the statistic is of_top mean top + of_random mean random */
} Contrast;

static double
mean_contrast (const gint64 *rows, gint64 n_rows, const gint64 *columns, gint64 n_columns, gpointer data)
{
  const Contrast *c = data;
  double sum = 0;

  for (gint64 k = 0; k < n_columns; k++)
    {
      double random = 0;

      for (gint64 s = 0; s < n_rows; s++)
        random += c->random[rows[s] * c->Q + columns[k]] / (double) n_rows;
      sum += c->of_top * c->top[columns[k]] + c->of_random * random;
    }
  return sum / (double) n_columns;
}

static AssayEstimate
estimate_contrast (const AssayValidation *v, Contrast c, double of_top, double of_random)
{
  c.of_top = of_top;
  c.of_random = of_random;
  return assay_bootstrap_two_way (v->group.n_sets, c.Q, v->draws, v->level, v->seed, mean_contrast, &c, NULL);
}

/* The random groups that were measured are the control. */
static void
compare_top (AssayValidation *v, const AssayGroundTruth *truth)
{
  AssayTopRemoval *t = &v->top;
  gint64 Q = truth->n_query, S = v->group.n_sets;
  Contrast c = { .random = v->group.measured, .Q = Q };

  t->n_query = Q;
  t->n_random = S;
  t->change = g_new (double, Q);
  t->random_mean = g_new0 (double, Q);
  t->p = g_new (double, Q);
  for (gint64 q = 0; q < Q; q++)
    {
      gint64 n_as_much = 1;

      t->change[q] = truth->change[q * Q + q];                    /* set q was chosen for query q */
      for (gint64 s = 0; s < S; s++)
        {
          t->random_mean[q] += c.random[s * Q + q] / (double) S;
          n_as_much += c.random[s * Q + q] >= t->change[q];
        }
      t->p[q] = (double) n_as_much / (double) (S + 1);
    }
  c.top = t->change;
  t->mean_change = estimate_contrast (v, c, 1, 0);
  t->mean_random = estimate_contrast (v, c, 0, 1);
  t->mean_difference = estimate_contrast (v, c, 1, -1);
}

/* --- all of it -------------------------------------------------------------------------------------------------------- */

static gint64
get_group_size (const AssayInfluenceTask *task, const AssayValues *options)
{
  gint64 size = assay_values_get_int (options, "group-size");

  return size > 0 ? size : MAX (1, task->n_train / 20);
}

gboolean
assay_validate_check (const AssayInfluenceTask *task, const AssayValues *options, GError **error)
{
  gint64 ones = assay_values_get_int (options, "leave-one-out"), groups = assay_values_get_int (options, "groups");
  gint64 size = get_group_size (task, options);

  if (task->retrain == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                 "validation: a model whose training is known expected, this one's is not; train it here instead of importing it");
  else if (ones == 0 && groups == 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "leave-one-out and groups are both 0: there is nothing to validate with");
  else if (task->n_train < 2 || (groups > 0 && size >= task->n_train))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                 "group-size: fewer than the %" G_GINT64_FORMAT " training examples expected, %"
                 G_GINT64_FORMAT " found", task->n_train, size);
  else
    return TRUE;
  return FALSE;
}

gint64
assay_validate_count (const AssayInfluenceTask *task, const AssayValues *options)
{
  gint64 ones = assay_values_get_int (options, "leave-one-out"), groups = assay_values_get_int (options, "groups");

  return 1 + MIN (ones, task->n_train) + groups + (groups > 0 ? 1 + task->n_query : 0);
}

static gboolean
check_shape (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, GError **error)
{
  if (scores->n_query == task->n_query && scores->n_train == task->n_train)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE,
               "validation: scores (%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ") expected, (%"
               G_GINT64_FORMAT ",%" G_GINT64_FORMAT ") found", task->n_query, task->n_train, scores->n_query, scores->n_train);
  return FALSE;
}

AssayValidation *
assay_validate (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, const AssayValues *options,
                AssayProgress *progress,
                GError **error)
{
  g_autoptr (AssayValidation) v = g_new0 (AssayValidation, 1);
  g_autoptr (AssayGroundTruth) common = assay_ground_truth_new (task->n_query), top = assay_ground_truth_new (task->n_query);
  gint64 ones = assay_values_get_int (options, "leave-one-out"), groups = assay_values_get_int (options, "groups");

  v->group_size = get_group_size (task, options);
  v->seed = (guint64) assay_values_get_int (options, "seed");
  v->draws = (guint) assay_values_get_int (options, "draws");
  v->level = assay_values_get_double (options, "level");
  if (!assay_validate_check (task, options, error) || !check_shape (task, scores, error))
    return NULL;
  assay_ground_truth_add_ones (common, task->n_train, ones, v->seed);
  assay_ground_truth_add_groups (common, task->n_train, groups, v->group_size, v->seed);
  if (!assay_ground_truth_run (common, task, progress, error))
    return NULL;
  agree (v, common, ASSAY_REMOVAL_ONE, scores, &v->one);
  agree (v, common, ASSAY_REMOVAL_RANDOM, scores, &v->group);
  if (groups == 0)
    return g_steal_pointer (&v);
  add_top (top, scores, v->group_size);
  if (!assay_ground_truth_run (top, task, progress, error))
    return NULL;
  compare_top (v, top);
  return g_steal_pointer (&v);
}
