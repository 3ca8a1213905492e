/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-method.c: what every method must get right, and how they agree with each other and with retraining. */
#include "influence/method.h"

#include "base/error.h"
#include "hessian/gradient.h"
#include "influence/score.h"
#include "influence/task.h"
#include "toy.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* --- every method of the registry ------------------------------------------------------------------------------------- */

/* Positive means that removing the example raises the query's loss: of a copy of the query with its label, and with the other. */
static void
test_sign (gconstpointer data)
{
  const AssayMethod *method = data;
  g_autoptr (Toy) toy = toy_new_for (method, 40, 3, 11);
  g_autoptr (AssayInfluenceScores) measured = NULL, scores = NULL;

  if (method->flags & ASSAY_METHOD_IGNORES_LOSS)
    {
      g_test_skip ("compares inputs, so its sign tells no help from harm");
      return;
    }
  measured = toy_score (toy, "loo", "examples", "0-1", NULL);
  scores = toy_score (toy, method->name, NULL);

  g_assert_cmpfloat (measured->value[TOY_HELPFUL], >, 0);
  g_assert_cmpfloat (measured->value[TOY_HARMFUL], <, 0);
  g_assert_cmpfloat (scores->value[TOY_HELPFUL], >, 0);
  g_assert_cmpfloat (scores->value[TOY_HARMFUL], <, 0);
}

static void
test_declared (gconstpointer data)
{
  const AssayMethod *method = data;
  g_autoptr (Toy) toy = toy_new_for (method, 20, 2, 5);
  g_autoptr (AssayValues) options = toy_options (method, NULL);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, method->name, NULL);
  double flops = -1, bytes = -1;

  g_assert_nonnull (scores->measure);
  g_assert_true (strcmp (scores->unit, ASSAY_UNIT_NATS) == 0 || strcmp (scores->unit, ASSAY_UNIT_RELATIVE) == 0);
  g_assert_nonnull (scores->counterfactual);
  g_assert_nonnull (scores->interval_reason);
  g_assert_true ((scores->interval_kind == ASSAY_INTERVAL_SOLVE) == (scores->lo != NULL));
  g_assert_true ((scores->lo != NULL) == (scores->hi != NULL));
  for (gint64 i = 0; i < 2 * 20; i++)
    {
      g_assert_true (isfinite (scores->value[i]));
      g_assert_true (scores->lo == NULL || (scores->lo[i] <= scores->value[i] && scores->value[i] <= scores->hi[i]));
    }
  method->cost (&toy->task, options, &flops, &bytes);
  g_assert_true (flops > 0 && bytes > 0 && isfinite (flops) && isfinite (bytes));
}

/* Queries asked about together: linear methods give the mean of what they give one by one, to rounding or within what they certify. */
static void
test_mean (gconstpointer data)
{
  enum { N = 20, Q = 3 };
  const AssayMethod *method = data;
  g_autoptr (Toy) toy = toy_new_for (method, N, Q, 5);
  g_autoptr (AssayInfluenceScores) single = toy_score (toy, method->name, NULL), mean = NULL;
  gboolean is_linear = !(method->flags & ASSAY_METHOD_DIVIDES_BY_SIZE);
  double largest = 0;

  toy->task.query_size = Q;
  toy->task.n_query = 1;
  mean = toy_score (toy, method->name, NULL);
  g_assert_cmpint (mean->n_query, ==, 1);
  for (gint64 i = 0; i < N * Q; i++)
    largest = MAX (largest, fabs (single->value[i]));
  for (gint64 i = 0; i < N; i++)
    {
      double sum = 0, width = mean->lo ? mean->hi[i] - mean->lo[i] : 0;

      for (gint64 q = 0; q < Q; q++)
        {
          sum += single->value[q * N + i];
          width += single->lo ? (single->hi[q * N + i] - single->lo[q * N + i]) / Q : 0;
        }
      if (is_linear)                      /* 1e-12: the dense solve's condition number, below 100, in rounding */
        g_assert_cmpfloat_with_epsilon (mean->value[i], sum / Q, 1e-12 * largest + width);
      else
        g_assert_cmpfloat (fabs (mean->value[i]), <=, 1 + 8 * DBL_EPSILON);
    }
}

/* The diagonal of what the training examples asked as queries would give, within both intervals and rounding. */
static void
test_self (gconstpointer data)
{
  enum { N = 20 };
  const AssayMethod *method = data;
  g_autoptr (Toy) toy = toy_new_for (method, N, 2, 5);
  g_autoptr (AssayValues) options = toy_options (method, NULL);
  g_autoptr (AssayInfluenceScores) self = NULL, all = NULL;
  GError *error = NULL;

  self = assay_method_score_self (method, &toy->task, options, NULL, &error);
  if (method->self == NULL)
    {
      g_assert_null (self);
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
      g_assert_nonnull (strstr (error->message, "exact"));
      g_error_free (error);
      return;
    }
  g_assert_no_error (error);
  toy->task.query = toy->task.train;
  toy->task.n_query = N;
  all = toy_score (toy, method->name, NULL);
  g_assert_cmpstr (self->measure, ==, ASSAY_MEASURE_SELF);
  g_assert_cmpint (self->n_query, ==, 1);
  for (gint64 i = 0; i < N; i++)
    {
      gint64 d = i * N + i;
      double allowed = 1e-10 * fabs (all->value[d]) + (all->lo ? all->hi[d] - all->lo[d] : 0);

      g_assert_cmpfloat_with_epsilon (self->value[i], all->value[d], allowed);
      g_assert_true (self->lo == NULL || (self->lo[i] <= self->value[i] && self->value[i] <= self->hi[i]));
    }
}

/* Where a method keeps directions, its scores are the examples' gradients along them. */
static void
test_directions (gconstpointer data)
{
  enum { N = 20, Q = 3 };
  const AssayMethod *method = data;
  g_autoptr (Toy) toy = toy_new_for (method, N, Q, 5);
  g_autoptr (AssayInfluenceScores) plain = toy_score (toy, method->name, NULL), kept = NULL;
  AssayPoint train = assay_influence_task_get_train (&toy->task);
  double along[Q * N];

  g_assert_null (plain->direction);
  toy->task.keep_directions = TRUE;
  kept = toy_score (toy, method->name, NULL);
  g_assert_cmpmem (plain->value, sizeof along, kept->value, sizeof along);
  if (kept->direction == NULL)
    return;
  g_assert_true (assay_gradient_along (&train, Q, kept->direction, along, NULL, NULL));
  for (gint64 i = 0; i < Q * N; i++)
    g_assert_cmpfloat_with_epsilon (along[i], plain->value[i], 1e-12 * fabs (plain->value[i]) + 1e-16);
}

/* A task without queries is refused by all, in words, before anything is computed. */
static void
test_empty (gconstpointer data)
{
  const AssayMethod *method = data;
  g_autoptr (Toy) toy = toy_new_for (method, 20, 2, 5);
  g_autoptr (AssayValues) options = toy_options (method, NULL);
  g_autoptr (GError) error = NULL;

  toy->task.n_query = 0;
  g_assert_null (method->score (&toy->task, options, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "query"));
}

static void
test_same_bits (gconstpointer data)
{
  const AssayMethod *method = data;
  g_autoptr (Toy) toy = toy_new_for (method, 20, 2, 5);
  g_autoptr (AssayInfluenceScores) first = toy_score (toy, method->name, NULL), second = NULL;
  AssayBackend *one = assay_backend_cpu_new (1);

  toy->task.backend = one;
  second = toy_score (toy, method->name, NULL);
  g_assert_cmpmem (first->value, 40 * sizeof (double), second->value, 40 * sizeof (double));
  toy->task.backend = toy->backend;
  assay_backend_free (one);
}

/* --- single methods --------------------------------------------------------------------------------------------------- */

/* Cosines of a gradient with a positive multiple of itself, and within [-1, 1]. */
static void
test_cosine (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (40, 3, 3, 0.05, 11);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "cosine", NULL);

  g_assert_cmpfloat_with_epsilon (scores->value[TOY_HELPFUL], 1, 8 * DBL_EPSILON);      /* train example 0 is query 0 */
  g_assert_cmpfloat_with_epsilon (scores->value[TOY_HARMFUL], -1, 8 * DBL_EPSILON);     /* two classes: the opposite direction */
  for (gint64 i = 0; i < 3 * 40; i++)
    g_assert_cmpfloat (fabs (scores->value[i]), <=, 1 + 8 * DBL_EPSILON);
}

/* TracIn at one checkpoint with rate 1 is the inner product there. */
static void
test_tracin (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (30, 4, 3, 0.05, 2);
  g_autoptr (AssayInfluenceScores) dot = toy_score (toy, "dot", NULL), tracin = NULL, both = NULL;
  const double one = 1;

  both = toy_score (toy, "tracin", NULL);
  toy->task.checkpoint++;                                         /* the second is theta itself */
  toy->task.checkpoint_rate = &one;
  toy->task.n_checkpoints = 1;
  tracin = toy_score (toy, "tracin", NULL);
  g_assert_cmpmem (dot->value, 120 * sizeof (double), tracin->value, 120 * sizeof (double));
  g_assert_cmpfloat (fabs (both->value[0] - tracin->value[0]), >, 1e-6);
}

static void
test_tracin_without (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (20, 2, 3, 5);
  const AssayMethod *method = assay_method_find ("tracin", NULL);
  g_autoptr (AssayValues) options = toy_options (method, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (method->score (&toy->task, options, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "assay train --checkpoints N"));
}

static void
test_loo_subset (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (20, 2, 3, 0.05, 5);
  g_autoptr (AssayInfluenceScores) all = toy_score (toy, "loo", NULL), some = toy_score (toy, "loo", "examples", "3", "examples",
                                                                                         "5-7", NULL);

  for (gint64 q = 0; q < 2; q++)
    for (gint64 i = 0; i < 20; i++)
      if (i == 3 || (i >= 5 && i <= 7))
        g_assert_cmpfloat (some->value[q * 20 + i], ==, all->value[q * 20 + i]);
      else
        g_assert_true (isnan (some->value[q * 20 + i]));
}

static void
test_loo_bad (void)
{
  static const char *const bad[] = { "20", "-1", "7-5", "x", "", "1-2-3", "3-", "0x1", "18-20" };
  g_autoptr (Toy) toy = toy_new_logistic (20, 2, 3, 0.05, 5);
  const AssayMethod *method = assay_method_find ("loo", NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      g_autoptr (AssayValues) options = toy_options (method, "examples", bad[k], NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (method->score (&toy->task, options, NULL, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
    }
}

static void
test_loo_without (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (20, 2, 3, 5);
  const AssayMethod *method = assay_method_find ("loo", NULL);
  g_autoptr (AssayValues) options = toy_options (method, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (method->score (&toy->task, options, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

/* --- against each other ----------------------------------------------------------------------------------------------- */

static double
pearson (const double *a, const double *b, gint64 n)
{
  double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;

  for (gint64 i = 0; i < n; i++)
    {
      ma += a[i] / (double) n;
      mb += b[i] / (double) n;
    }
  for (gint64 i = 0; i < n; i++)
    {
      aa += (a[i] - ma) * (a[i] - ma);
      bb += (b[i] - mb) * (b[i] - mb);
      ab += (a[i] - ma) * (b[i] - mb);
    }
  return ab / sqrt (aa * bb);
}

/* Influence is the first order in 1/N of the effect of a removal. What it misses, relative to the effect, is of the order of an example's
 * leverage, which falls as 1/N: with eight times the data it must be well below half. */
static void
test_first_order (void)
{
  double miss[2] = { 0, 0 };

  for (guint k = 0; k < 2; k++)
    {
      gint64 N = k ? 640 : 80;
      g_autoptr (Toy) toy = toy_new_logistic (N, 4, 3, 0.05, 21);
      g_autoptr (AssayInfluenceScores) exact = toy_score (toy, "exact", NULL), loo = toy_score (toy, "loo", "examples", "0-79", NULL);

      g_assert_cmpfloat (exact->damping, ==, 0);                  /* convex, with l2: nothing is added */
      for (gint64 q = 0; q < 4; q++)
        {
          double largest = 0;

          g_assert_cmpfloat (pearson (exact->value + q * N, loo->value + q * N, 80), >, 0.9);
          for (gint64 i = 0; i < 80; i++)
            largest = fmax (largest, fabs (loo->value[q * N + i]));
          for (gint64 i = 0; i < 80; i++)
            miss[k] = fmax (miss[k], fabs (exact->value[q * N + i] - loo->value[q * N + i]) / largest);
        }
    }
  g_assert_cmpfloat (miss[1], <, miss[0] / 2);
}

/* Both curvatures of an affine model are the same matrix. */
static void
test_curvatures (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (40, 3, 3, 0.05, 11);
  g_autoptr (AssayInfluenceScores) g = toy_score (toy, "exact", "curvature", "gauss-newton", NULL);
  g_autoptr (AssayInfluenceScores) h = toy_score (toy, "exact", "curvature", "hessian", NULL);
  g_autoptr (AssayInfluenceScores) oracle = toy_score (toy, "exact", "curvature", "complex-step", NULL);
  const AssayInfluenceScores *others[] = { h, oracle };

  for (gsize k = 0; k < G_N_ELEMENTS (others); k++)
    {
      g_assert_cmpint (others[k]->interval_kind, ==, ASSAY_INTERVAL_SOLVE);   /* known bounded below, because the model is convex */
      for (gint64 i = 0; i < 3 * 40; i++)
        {
          g_assert_cmpfloat (others[k]->lo[i], <=, g->hi[i]);
          g_assert_cmpfloat (g->lo[i], <=, others[k]->hi[i]);
        }
    }
}

/* Incomes beside ages: in which units a column is given must change nothing. Powers of two let that be asked to the last bit. */
static void
test_units_of_columns (void)
{
  static const int plain[] = { 0, 0, 0 }, mixed[] = { 24, -20, 0 };
  static const char *const methods[] = { "exact", "cg" };
  double theta[4] = { 0.7, -0.4, 1.1, 0.2 }, scaled[4];

  for (guint p = 0; p < 4; p++)
    scaled[p] = p < 3 ? ldexp (theta[p], -mixed[p]) : theta[p];
  for (gsize m = 0; m < G_N_ELEMENTS (methods); m++)
    {
      g_autoptr (Toy) toy = toy_new_binary (60, 2, 3, plain, theta, 31), other = toy_new_binary (60, 2, 3, mixed, scaled, 31);
      g_autoptr (AssayInfluenceScores) a = toy_score (toy, methods[m], NULL), b = toy_score (other, methods[m], NULL);

      g_assert_cmpfloat (b->damping, ==, 0);
      g_assert_cmpint (b->interval_kind, ==, ASSAY_INTERVAL_SOLVE);
      g_assert_cmpmem (b->value, 120 * sizeof (double), a->value, 120 * sizeof (double));
      g_assert_cmpmem (b->lo, 120 * sizeof (double), a->lo, 120 * sizeof (double));
    }
}

static void
test_damping_default (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (30, 2, 3, 5);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "exact", NULL), given = NULL;
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_assert_cmpfloat (scores->damping, >, 0);
  g_assert_nonnull (strstr (scores->notes->str, "damping chosen"));
  given = toy_score (toy, "exact", "damping", g_ascii_dtostr (buffer, sizeof buffer, scores->damping), NULL);
  g_assert_null (strstr (given->notes->str, "damping chosen"));
  g_assert_cmpmem (given->value, 60 * sizeof (double), scores->value, 60 * sizeof (double));
}

/* A hidden layer: the Hessian may be anything, so no interval is claimed, and CG says what it met. */
static void
test_indefinite (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (30, 2, 3, 5);
  g_autoptr (AssayInfluenceScores) exact = toy_score (toy, "exact", "curvature", "hessian", "damping", "0", NULL);
  g_autoptr (AssayInfluenceScores) cg = toy_score (toy, "cg", "curvature", "hessian", "damping", "0", NULL);
  g_autoptr (AssayInfluenceScores) gauss = toy_score (toy, "cg", "damping", "0", NULL);

  g_assert_cmpint (exact->interval_kind, ==, ASSAY_INTERVAL_NONE);
  g_assert_null (exact->lo);
  g_assert_cmpint (exact->solves[0].n_negative, >, 0);
  g_assert_nonnull (strstr (exact->notes->str, "negative eigenvalues"));
  g_assert_false (assay_influence_scores_has_converged (cg, -1));
  g_assert_cmpint (cg->solves[0].reason, ==, ASSAY_SOLVE_NEGATIVE_CURVATURE);
  g_assert_nonnull (strstr (cg->notes->str, "did not converge"));
  g_assert_cmpint (gauss->interval_kind, ==, ASSAY_INTERVAL_NONE);     /* lambda is 0: singular as far as is known */
  g_assert_nonnull (strstr (gauss->interval_reason, "lambda is 0"));
}

static void
test_unconverged (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (30, 2, 3, 5);
  g_autoptr (AssayInfluenceScores) few = toy_score (toy, "cg", "max-iterations", "2", NULL), exact = toy_score (toy, "exact", NULL);

  g_assert_cmpint (few->solves[0].reason, ==, ASSAY_SOLVE_ITERATIONS);
  g_assert_false (assay_influence_scores_has_converged (few, 0));
  for (gint64 i = 0; i < 2 * 30; i++)                             /* wide, but still right */
    {
      g_assert_cmpfloat (few->lo[i], <=, exact->hi[i]);
      g_assert_cmpfloat (exact->lo[i], <=, few->hi[i]);
    }
}

/* Whatever solves and preconditions, the dense score is within the interval; block and preconditioner spare products. */
static void
test_ways_to_solve (void)
{
  static const char *const ways[][2] = { { "cg", "none" }, { "cg", "nystrom" }, { "cg", "ekfac" }, { "block-cg", "none" }, { "block-cg", "nystrom" },
                                         { "block-cg", "ekfac" }, { "minres", "none" } };
  g_autoptr (Toy) toy = toy_new_mlp (60, 6, 5, 3);
  g_autoptr (AssayInfluenceScores) exact = toy_score (toy, "exact", "damping", "0.01", NULL);
  gint64 products[G_N_ELEMENTS (ways)];

  for (gsize w = 0; w < G_N_ELEMENTS (ways); w++)
    {
      g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "cg", "damping", "0.01", "solver", ways[w][0], "preconditioner", ways[w][1], "rank", "20",
                                                           "sketch-examples", "45", NULL);

      g_test_message ("%s, %s", ways[w][0], ways[w][1]);
      products[w] = 0;
      for (gint64 q = 0; q < 6; q++)
        products[w] += scores->solves[q].products;
      g_assert_true (assay_influence_scores_has_converged (scores, -1));
      for (gint64 i = 0; i < 6 * 60; i++)
        {
          g_assert_cmpfloat (scores->lo[i], <=, exact->value[i]);
          g_assert_cmpfloat (exact->value[i], <=, scores->hi[i]);
        }
    }
  g_assert_cmpint (products[3], <, products[0]);                  /* a block */
  g_assert_cmpint (products[1], <, products[0]);                  /* a preconditioner */
}

/* Blocks that learn from those before them: fewer products, intervals that hold the dense score, and the same bits for any crew, batch and memory. */
static void
test_recycled (void)
{
  enum { N = 60, Q = 12 };
  const AssayMethod *cg = assay_method_find ("cg", NULL);
  g_autoptr (Toy) toy = toy_new_mlp (N, Q, 5, 3);
  g_autoptr (AssayValues) recycle = toy_options (cg, "damping", "0.01", "block", "4", "recycle", "16", NULL);
  g_autoptr (AssayInfluenceScores) exact = toy_score (toy, "exact", "damping", "0.01", NULL), alone = toy_score (toy, "cg", "damping", "0.01", "block", "4", NULL),
                                   scores = toy_score (toy, "cg", "damping", "0.01", "block", "4", "recycle", "16", NULL), again = NULL, one = NULL;
  AssayBackend *own = toy->task.backend;
  gint64 products[2] = { 0 };

  g_assert_true (assay_influence_scores_has_converged (scores, -1));
  for (gint64 i = 0; i < Q * N; i++)
    {
      g_assert_cmpfloat (scores->lo[i], <=, exact->value[i]);
      g_assert_cmpfloat (exact->value[i], <=, scores->hi[i]);
    }
  for (gint64 q = 0; q < Q; q++)
    {
      products[0] += alone->solves[q].products;
      products[1] += scores->solves[q].products;
    }
  g_assert_cmpint (products[1], <, products[0]);
  g_assert_nonnull (strstr (scores->notes->str, "recycled: 2 of 3 blocks were preconditioned"));
  g_assert_null (strstr (alone->notes->str, "recycled"));
  one = toy_score (toy, "cg", "damping", "0.01", "solver", "cg", "recycle", "16", NULL);
  g_assert_nonnull (strstr (one->notes->str, "recycled: 0 of 1 blocks were preconditioned by what those before them had shown; there is only one block"));
  g_assert_cmpmem (scores->value, 4 * N * sizeof (double), alone->value, 4 * N * sizeof (double));      /* the first block has nothing to learn from */
  toy->task.backend = assay_backend_cpu_new (3);
  toy->task.sum_batch = toy->task.batch;
  toy->task.batch = 7;
  toy->task.memory = 0;
  again = cg->score (&toy->task, recycle, NULL, NULL);
  g_assert_cmpmem (scores->value, Q * N * sizeof (double), again->value, Q * N * sizeof (double));
  g_assert_cmpint (cg->query_unit (&toy->task, recycle), ==, Q);        /* blocks hang together: shares cannot part them */
  assay_backend_free (toy->task.backend);
  toy->task.backend = own;
}

/* Self-influence between Gauss and Gauss-Radau values holds the dense one, and is no wider than r' r / mu for the residual r of each solve: a
 * residual alone would give the root of that. */
static void
test_self_bounds (void)
{
  const double tolerance = 1e-3, damping = 0.01;
  g_autoptr (Toy) toy = toy_new_mlp (60, 2, 5, 3);
  const AssayMethod *cg = assay_method_find ("cg", NULL), *dense = assay_method_find ("exact", NULL), *dot = assay_method_find ("dot", NULL);
  g_autoptr (AssayValues) alone = toy_options (cg, "damping", "0.01", "solver", "cg", "tolerance", "1e-3", NULL), none = toy_options (dot, NULL),
                          damped = toy_options (dense, "damping", "0.01", NULL);
  g_autoptr (AssayInfluenceScores) exact = assay_method_score_self (dense, &toy->task, damped, NULL, NULL),
                                   quadrature = assay_method_score_self (cg, &toy->task, alone, NULL, NULL),
                                   norm = assay_method_score_self (dot, &toy->task, none, NULL, NULL);

  for (gint64 i = 0; i < 60; i++)
    {
      double most = tolerance * tolerance * norm->value[i] / damping / 60;

      g_assert_cmpfloat (quadrature->lo[i], <=, exact->value[i]);
      g_assert_cmpfloat (exact->value[i], <=, quadrature->hi[i]);
      g_assert_cmpfloat (quadrature->hi[i] - quadrature->lo[i], <=, most + 1e-9 * exact->value[i]);
    }
}

/* On the exact Hessian without damping: named, with the damping that would do; with it, minimum residuals and the dense matrix agree. */
static void
test_saddle (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (60, 4, 5, 3);
  g_autoptr (AssayInfluenceScores) stopped = toy_score (toy, "cg", "curvature", "hessian", "damping", "0", NULL),
                                   solved = toy_score (toy, "cg", "curvature", "hessian", "damping", "0.003", "solver", "minres", NULL),
                                   exact = toy_score (toy, "exact", "curvature", "hessian", "damping", "0.003", NULL);

  g_assert_false (assay_influence_scores_has_converged (stopped, -1));
  g_assert_nonnull (strstr (stopped->notes->str, "not positive definite"));
  g_assert_true (assay_influence_scores_has_converged (solved, -1));
  for (gint64 q = 0; q < 4; q++)
    {
      double largest = 0, difference = 0;

      for (gint64 i = q * 60; i < (q + 1) * 60; i++)
        {
          largest = fmax (largest, fabs (exact->value[i]));
          difference = fmax (difference, fabs (exact->value[i] - solved->value[i]));
        }
      g_assert_cmpfloat (difference, <=, 1e-2 * largest);         /* residual 1e-6, and a condition of at most 1e4 */
    }
}

static void
test_width (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (60, 3, 8, 0.01, 3);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "cg", "tolerance", "0", "width", "1e-4", NULL);

  for (gint64 q = 0; q < 3; q++)
    g_assert_cmpint (scores->solves[q].reason, ==, ASSAY_SOLVE_CONVERGED_WIDTH);
  for (gint64 i = 0; i < 3 * 60; i++)
    g_assert_cmpfloat (scores->hi[i] - scores->lo[i], <=, 2.001e-4);
}

static void
test_affine (void)
{
  static const struct { const char *architecture, *config; gboolean is_affine; } cases[] = {
    { "linear", "{\"inputs\": 3, \"outputs\": 2}", TRUE },
    { "linear", "{\"inputs\": 3, \"outputs\": 1, \"loss\": \"squared\"}", TRUE },
    { "linear", "{\"inputs\": 3, \"loss\": \"logistic\"}", TRUE },
    { "mlp", "{\"widths\": [3, 2]}", TRUE },
    { "mlp", "{\"widths\": [3, 4, 2], \"activations\": [\"none\"]}", FALSE },   /* linear in x, but a product of parameters */
    { "mlp", "{\"widths\": [3, 4, 2]}", FALSE },
    { "transformer", "{\"vocabulary\": 5, \"context\": 4, \"width\": 4, \"heads\": 1, \"layers\": 0}", FALSE },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      json_t *config = json_loads (cases[k].config, 0, NULL);
      GError *error = NULL;
      g_autoptr (AssayModel) model = assay_model_new (cases[k].architecture, config, ASSAY_F64, &error);

      g_assert_no_error (error);
      g_assert_cmpint (assay_model_is_affine (model), ==, cases[k].is_affine);
      json_decref (config);
    }
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_method_find ("oracle", &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "tracin"));
}

static void
add_for_each (const char *name, GTestDataFunc func)
{
  for (const AssayMethod *const *method = assay_method_list (); *method != NULL; method++)
    {
      g_autofree char *path = g_strdup_printf ("/method/%s/%s", (*method)->name, name);

      if (!((*method)->flags & ASSAY_METHOD_NEEDS_ROWS))          /* tests/e2e/test-import-rows.sh brings some */
        g_test_add_data_func (path, *method, func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_for_each ("queries asked about together are asked about in the mean", test_mean);
  add_for_each ("the sign is that of what retraining measures", test_sign);
  add_for_each ("scores carry unit, label, words and finite numbers within their intervals", test_declared);
  add_for_each ("a question without queries is refused", test_empty);
  add_for_each ("self-influence is the example's own score", test_self);
  add_for_each ("directions give the scores", test_directions);
  add_for_each ("the bits are the same on one thread", test_same_bits);
  g_test_add_func ("/method/cosine/a copy of the query has cosine one", test_cosine);
  g_test_add_func ("/method/tracin/one checkpoint with rate one is the inner product", test_tracin);
  g_test_add_func ("/method/tracin/without checkpoints it says so", test_tracin_without);
  g_test_add_func ("/method/loo/a subset has the scores of all", test_loo_subset);
  g_test_add_func ("/method/loo/malformed ranges are refused", test_loo_bad);
  g_test_add_func ("/method/loo/a model whose training is not known is refused", test_loo_without);
  g_test_add_func ("/method/exact/what it misses of retraining shrinks with the data", test_first_order);
  g_test_add_func ("/method/exact/Hessian, Gauss-Newton and the oracle agree on an affine model", test_curvatures);
  g_test_add_func ("/method/the units of columns change nothing", test_units_of_columns);
  g_test_add_func ("/method/exact/the damping that is chosen is said and reproducible", test_damping_default);
  g_test_add_func ("/method/cg/negative curvature ends the solve and claims no interval", test_indefinite);
  g_test_add_func ("/method/cg/two iterations are marked and their interval still holds", test_unconverged);
  g_test_add_func ("/method/cg/the dense score is within the interval whatever solves and preconditions", test_ways_to_solve);
  g_test_add_func ("/method/cg/blocks learn from those before them, and claim the same", test_recycled);
  g_test_add_func ("/method/cg/self-influence lies between Gauss and Gauss-Radau values", test_self_bounds);
  g_test_add_func ("/method/cg/a saddle is named, and solved at by minimum residuals", test_saddle);
  g_test_add_func ("/method/cg/a width that is asked for is reached", test_width);
  g_test_add_func ("/task/affine models are told from others", test_affine);
  g_test_add_func ("/method/an unknown name is refused with those there are", test_unknown);
  return g_test_run ();
}
