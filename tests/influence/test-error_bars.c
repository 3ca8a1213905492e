/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-error_bars.c: standard errors of scores from a curvature of some examples, from some projections, from some models. */
#include "toy.h"

#include "base/error.h"
#include "base/rng.h"
#include "hessian/curvature.h"
#include "hessian/vector_f64.h"
#include "influence/score.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

enum { N = 200, M = 40, Q = 2, D = 3, G = 10 };

/* Student's quantile for 97.5 % at two and at nine degrees; ours is right to 1e-13. */
#define STUDENT_2 4.302652729749464
#define STUDENT_9 2.262157162798205

#define SOME(toy, ...) toy_score (toy, "cg", "tolerance", "1e-12", "curvature-examples", "40", __VA_ARGS__, NULL)

/* Over draws, intervals hold the score by the curvature of all examples in at least 93 of 100 cases (influence chapter, 16.7), and squared standard errors are
 * not short of the squared errors by more than three times what a mean over that many draws may miss, as their own spread tells it. All pairs of a draw
 * count as one, since they hang together: the share that holds then varies by at most sqrt (.95 .05 / DRAWS). */
static void
test_coverage (void)
{
  enum { DRAWS = 300 };
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, D, 0.05, 5);
  g_autoptr (AssayInfluenceScores) all = toy_score (toy, "cg", "tolerance", "1e-12", "damping", "0.01", NULL);
  double held = 0, mean = 0, square = 0, off = 0, told = 0;

  toy->task.memory = 0;                                           /* thousands of small questions: keep nothing between walks */
  for (guint draw = 0; draw < DRAWS; draw++)
    {
      g_autofree char *seed = g_strdup_printf ("%u", draw);
      g_autoptr (AssayInfluenceScores) some = SOME (toy, "damping", "0.01", "curvature-seed", seed);
      double lack = 0;

      for (gint64 k = 0; k < Q * N; k++)
        {
          double error = some->value[k] - all->value[k];

          held += some->lo[k] <= all->value[k] && all->value[k] <= some->hi[k];
          lack += some->se_sample[k] * some->se_sample[k] - error * error;
          told += some->se_sample[k] * some->se_sample[k];
          off += error * error;
        }
      mean += lack / DRAWS;
      square += lack * lack / DRAWS;
    }
  held /= DRAWS * Q * N;
  g_test_message ("coverage %.4f; standard errors over errors, root mean square, %.3f", held, sqrt (told / off));
  g_assert_cmpfloat (held, >=, 0.93);
  g_assert_cmpfloat (held, <=, 0.95 + 3 * sqrt (0.95 * 0.05 / DRAWS));                          /* intervals that always hold say nothing */
  g_assert_cmpfloat (mean, >=, -3 * sqrt ((square - mean * mean) / DRAWS));
}

/* The task's scores by a curvature of examples that are given, less those of a run first .. end-1. */
static AssayInfluenceScores *
score_without (Toy *toy, const char *method, const gint64 *drawn, gint64 first, gint64 end, const char *damping)
{
  g_autofree gint64 *left = g_memdup2 (drawn, M * sizeof *left);
  AssayInfluenceScores *scores;

  memcpy (left + first, drawn + end, (M - end) * sizeof *left);
  toy->task.sampled = left;
  toy->task.n_sampled = M - (end - first);
  scores = toy_score (toy, method, "tolerance", "1e-12", "damping", damping, NULL);
  toy->task.sampled = NULL;
  return scores;
}

/* The examples that a seed draws first; the order is part of what is promised: M examples of a seed are among M + 1 of it. */
static gint64 *
dup_drawn (Toy *toy, guint64 seed)
{
  gint64 *drawn = g_memdup2 (toy->task.train, N * sizeof *drawn);
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("curvature examples", 0));

  assay_rng_shuffle (&rng, drawn, N);
  return drawn;
}

/* Every group left out by hand and solved by the dense inverse. Values that are each off by e_g change the root of a sum of squared deviations by at most
 * the root of the sum of e_g^2, since taking out a mean makes no vector longer. */
static void
test_jackknife (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, D, 0.05, 7);
  g_autoptr (AssayInfluenceScores) some = SOME (toy, "damping", "0.01", "curvature-seed", "3");
  g_autofree gint64 *drawn = dup_drawn (toy, 3);
  g_autoptr (AssayInfluenceScores) whole = score_without (toy, "cg", drawn, 0, 0, "0.01");
  AssayInfluenceScores *dense[G], *solved[G];
  const double factor = (1 - (double) M / N) * (G - 1) / G;

  for (gint64 g = 0; g < G; g++)
    {
      dense[g] = score_without (toy, "exact", drawn, g * M / G, (g + 1) * M / G, "0.01");
      solved[g] = score_without (toy, "cg", drawn, g * M / G, (g + 1) * M / G, "0.01");
    }
  g_assert_cmpmem (some->value, Q * N * sizeof (double), whole->value, Q * N * sizeof (double));
  for (gint64 k = 0; k < Q * N; k++)
    {
      double mean = 0, square = 0, loose = 0;

      for (gint64 g = 0; g < G; g++)
        {
          double width = dense[g]->hi[k] - dense[g]->lo[k] + solved[g]->hi[k] - solved[g]->lo[k];

          mean += dense[g]->value[k] / G;
          loose += width * width;
        }
      for (gint64 g = 0; g < G; g++)
        square += (dense[g]->value[k] - mean) * (dense[g]->value[k] - mean);
      g_assert_cmpfloat_with_epsilon (some->se_sample[k], sqrt (factor * square), sqrt (factor * loose) + 0x1p-48 * fabs (mean));
      /* Student's interval, and the solve's own around it. */
      g_assert_cmpfloat_with_epsilon (some->hi[k] - whole->hi[k], STUDENT_9 * some->se_sample[k], 0x1p-42 * (fabs (whole->hi[k]) + fabs (some->hi[k])));
      g_assert_cmpfloat_with_epsilon (whole->lo[k] - some->lo[k], STUDENT_9 * some->se_sample[k], 0x1p-42 * (fabs (some->hi[k]) + fabs (some->lo[k])));
    }
  for (gint64 g = 0; g < G; g++)
    {
      assay_influence_scores_free (dense[g]);
      assay_influence_scores_free (solved[g]);
    }
}

/* x' C_i y of one example, and the trace of C_i, which its norm is at most. */
static double
get_form (Toy *toy, gint64 example, gint64 P, const double *x, const double *y, double *trace)
{
  AssayPoint point = assay_influence_task_get_point (&toy->task, NULL, &example, 1);
  GError *error = NULL;
  g_autoptr (AssayLinop) C = assay_curvature_open ("gauss-newton", &point, &error);
  double Cy[32], unit[32] = { 0 };

  g_assert_no_error (error);
  *trace = 0;
  for (gint64 p = 0; p < P; p++)
    {
      unit[p] = 1;
      g_assert_true (assay_linop_apply (C, 1, unit, Cy, &error));
      *trace += Cy[p];
      unit[p] = 0;
    }
  g_assert_true (assay_linop_apply (C, 1, y, Cy, &error));
  return assay_f64_dot (P, x, Cy);
}

/* With as many groups as examples, N times a score without example i is that with it plus x_t' D x_q plus x_t' D (A - D)^-1 D x_q, D = (C_i - C) / (M - 1): the first is
 * the chapter's form, and the second at most |x_t| |x_q| |D|^2 / lambda. Train example 0 is query 0, so that both solutions are the query's. */
static void
test_first_order (void)
{
  const double lambda = 20.05;
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, D, 0.05, 7);
  g_autofree gint64 *drawn = dup_drawn (toy, 0);
  gint64 P = assay_model_get_n_params (toy->model);
  g_autoptr (AssayInfluenceScores) some = NULL;
  double x[32], form[M], mean = 0, square = 0, trace = 0, second, se, factor = (1 - (double) M / N) * (M - 1) / M;

  toy->task.keep_directions = TRUE;
  some = SOME (toy, "damping", "20", "error-bars", "40");
  g_assert_cmpint (P, <=, G_N_ELEMENTS (x));
  for (gint64 p = 0; p < P; p++)
    x[p] = N * some->direction[p];
  for (gint64 i = 0; i < M; i++)
    {
      double own;

      form[i] = get_form (toy, drawn[i], P, x, x, &own);
      mean += form[i] / M;
      trace = MAX (trace, own);
    }
  for (gint64 i = 0; i < M; i++)
    square += (form[i] - mean) * (form[i] - mean);
  second = assay_f64_dot (P, x, x) * (trace / (M - 1)) * (trace / (M - 1)) / lambda;
  se = sqrt ((1 - (double) M / N) / M * square / (M - 1)) / N;
  g_assert_cmpfloat (second * sqrt (factor * M) / N, <, 0.05 * se);                            /* else nothing is tested */
  g_assert_cmpfloat_with_epsilon (some->se_sample[TOY_HELPFUL], se, second * sqrt (factor * M) / N);
}

static void
test_refusals (void)
{
  static const struct { const char *option, *value, *words; } wrong[] = { { "curvature-examples", "1", "0 for all" }, { "error-bars", "1", "0 for none" } };
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, D, 0.05, 7);
  const AssayMethod *cg = assay_method_find ("cg", NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (wrong); k++)
    {
      g_autoptr (AssayValues) options = toy_options (cg, "curvature-examples", "40", NULL);
      GError *error = NULL;

      g_assert_true (assay_values_set_text (options, wrong[k].option, wrong[k].value, NULL));
      g_assert_null (cg->score (&toy->task, options, NULL, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
      g_assert_nonnull (strstr (error->message, wrong[k].words));
      g_clear_error (&error);
    }
}

static void
test_all_or_no_bars (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, D, 0.05, 7);
  g_autoptr (AssayInfluenceScores) whole = toy_score (toy, "cg", "curvature-examples", "200", NULL), plain = toy_score (toy, "cg", NULL);
  g_autoptr (AssayInfluenceScores) none = SOME (toy, "error-bars", "0");

  g_assert_null (whole->se_sample);                               /* all examples: nothing is drawn */
  g_assert_cmpmem (whole->value, Q * N * sizeof (double), plain->value, Q * N * sizeof (double));
  g_assert_cmpint (whole->interval_kind, ==, ASSAY_INTERVAL_SOLVE);
  g_assert_null (none->se_sample);
  g_assert_null (none->lo);
  g_assert_cmpint (none->interval_kind, ==, ASSAY_INTERVAL_NONE);
}

/* A damping that was chosen for the draw holds without a group too, and a matrix without a known bound has bars that rest on the draw alone. */
static void
test_deep (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (30, 1, 3, 3);
  g_autoptr (AssayInfluenceScores) some = toy_score (toy, "cg", "curvature-examples", "20", NULL);
  g_autoptr (AssayInfluenceScores) saddle = toy_score (toy, "cg", "curvature-examples", "20", "curvature", "hessian", "solver", "minres", "damping", "1", NULL);
  g_autoptr (AssayValues) options = toy_options (assay_method_find ("cg", NULL), "curvature-examples", "20", NULL);
  json_t *json = assay_influence_scores_to_json (some, &toy->task, "cg", 0, 4), *entry = json_array_get (json_object_get (json, "scores"), 0);
  GError *error = NULL;
  g_autoptr (AssayInfluenceScores) self = assay_method_score_self (assay_method_find ("cg", NULL), &toy->task, options, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (json_string_value (json_object_get (json, "interval_kind")), ==, "sampling");
  g_assert_cmpfloat (json_real_value (json_object_get (entry, "se_sample")), >, 0);
  g_assert_true (json_is_null (json_object_get (entry, "se_seed")));
  for (gint64 i = 0; i < 30; i++)
    {
      g_assert_cmpfloat_with_epsilon (saddle->hi[i] - saddle->lo[i], 2 * STUDENT_9 * saddle->se_sample[i], 0x1p-42 * (fabs (saddle->hi[i]) + fabs (saddle->lo[i])));
      g_assert_true (self->lo[i] < self->value[i] && self->value[i] < self->hi[i]);
    }
  json_decref (json);
}

/* Scores of several seeds are their mean, with the standard error of a mean. */
static void
test_seeds (gconstpointer data)
{
  enum { R = 3, FEW = 24 };
  const char *name = data;
  g_autoptr (Toy) toy = toy_new_tokens (FEW, Q, 6, 11, 3);
  g_autoptr (AssayInfluenceScores) all = toy_score (toy, name, "projection", "4", "damping", "1", "seed", "7", "projection-seeds", "3", NULL);
  AssayInfluenceScores *one[R] = { toy_score (toy, name, "projection", "4", "damping", "1", "seed", "7", NULL),
                                  toy_score (toy, name, "projection", "4", "damping", "1", "seed", "8", NULL),
                                  toy_score (toy, name, "projection", "4", "damping", "1", "seed", "9", NULL) };

  g_assert_null (one[0]->se_seed);
  g_assert_null (one[0]->lo);
  g_assert_cmpint (all->interval_kind, ==, ASSAY_INTERVAL_SAMPLING);
  for (gint64 k = 0; k < Q * FEW; k++)
    {
      double mean = (one[0]->value[k] + one[1]->value[k] + one[2]->value[k]) / R, square = 0, se = all->se_seed[k], size = 0;

      for (guint r = 0; r < R; r++)
        {
          square += (one[r]->value[k] - mean) * (one[r]->value[k] - mean);
          size = MAX (size, fabs (one[r]->value[k]));
        }
      /* Differences of numbers of that size are off by an ulp of it, and so are their products with a deviation of at most twice the size. */
      g_assert_cmpfloat_with_epsilon (all->value[k], mean, 0x1p-50 * size);
      g_assert_cmpfloat_with_epsilon (R * (R - 1) * se * se, square, 0x1p-46 * size * size);
      g_assert_cmpfloat_with_epsilon (all->hi[k] - all->lo[k], 2 * STUDENT_2 * se, 0x1p-42 * (fabs (all->hi[k]) + fabs (all->lo[k])));
    }
  for (guint r = 0; r < R; r++)
    assay_influence_scores_free (one[r]);
}

/* Without a projection the two checkpoints' own scores are what leaving out the other gives. */
static void
test_models (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, D, 0.05, 7);
  g_autoptr (AssayInfluenceScores) both = toy_score (toy, "trak", "checkpoints", "2", NULL), last = toy_score (toy, "trak", NULL), first = NULL;
  g_autoptr (AssayInfluenceScores) kept = toy_score (toy, "trak", "checkpoints", "2", "keep", "0.5", NULL);
  gint64 P = assay_model_get_n_params (toy->model);

  memcpy (assay_model_get_theta (toy->model), toy->checkpoint[0], P * sizeof (double));
  first = toy_score (toy, "trak", NULL);
  for (gint64 k = 0; k < Q * N; k++)
    {
      double se = fabs (first->value[k] - last->value[k]) / 2;

      g_assert_cmpfloat_with_epsilon (both->se_seed[k], se, 1e-10 * (fabs (first->value[k]) + fabs (last->value[k])));
      g_assert_true (both->lo[k] <= both->value[k] && both->value[k] <= both->hi[k]);
    }
  g_assert_null (kept->se_seed);
  g_assert_null (kept->lo);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sampled/intervals hold the score by the curvature of all examples as often as they say", test_coverage);
  g_test_add_func ("/sampled/a standard error is that of the dense inverse without each group", test_jackknife);
  g_test_add_func ("/sampled/to first order it is the spread of a form over the examples", test_first_order);
  g_test_add_func ("/sampled/one example or one group is refused", test_refusals);
  g_test_add_func ("/sampled/all examples leave nothing to chance and no groups claim nothing", test_all_or_no_bars);
  g_test_add_func ("/sampled/deep models, saddles and self-influence have error bars too", test_deep);
  g_test_add_data_func ("/seeded/scores of several projections of trak tell their error", "trak", test_seeds);
  g_test_add_data_func ("/seeded/of trackstar too", "trackstar", test_seeds);
  g_test_add_data_func ("/seeded/of logra too", "logra", test_seeds);
  g_test_add_func ("/seeded/scores of several models tell the jackknife's", test_models);
  return g_test_run ();
}
