/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-approximate.c: DataInf, LoGra and representer points against their formulas, written out on gradients of single examples. */
#include "influence/method.h"

#include "base/error.h"
#include "dense_system.h"
#include "hessian/gradient.h"
#include "influence/parts.h"
#include "influence/score.h"
#include "influence/task.h"
#include "toy.h"

#include <math.h>
#include <string.h>

enum { N = 14, Q = 2 };

/* Gradients of the training examples and of the queries, (N,P) and (Q,P). */
typedef struct {
  gint64 P;
  double *train, *query;
  AssayParts *parts;
  gint64 *size;                 /* parameters of each module */
} Gradients;

static void
gradients_clear (Gradients *g)
{
  g_free (g->train);
  g_free (g->query);
  g_free (g->size);
  assay_parts_free (g->parts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Gradients, gradients_clear)

static Gradients
read_gradients (const Toy *toy)
{
  Gradients g = { .P = assay_model_get_n_params (toy->model), .parts = assay_parts_new_modules (toy->model) };
  AssayPoint train = assay_influence_task_get_train (&toy->task);

  g.train = g_new (double, N * g.P);
  g.query = g_new (double, Q * g.P);
  g.size = g_new0 (gint64, g.parts->n);
  g_assert_true (assay_gradient_rows (&train, g.train, NULL, NULL));
  g_assert_true (assay_influence_task_query_gradients (&toy->task, NULL, 0, Q, g.query, NULL));
  for (gint64 j = 0; j < g.P; j++)
    g.size[g.parts->of[j]]++;
  return g;
}

/* a'b over one module. */
static double
dot_in (const Gradients *g, gint64 m, const double *a, const double *b)
{
  double sum = 0;

  for (gint64 j = 0; j < g->P; j++)
    sum += g->parts->of[j] == m ? a[j] * b[j] : 0;
  return sum;
}

static double
mean_square (const Gradients *g, gint64 m)
{
  double sum = 0;

  for (gint64 i = 0; i < N; i++)
    sum += dot_in (g, m, g->train + i * g->P, g->train + i * g->P) / N;
  return sum;
}

static void
test_datainf (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (N, Q, 3, 5);
  g_auto (Gradients) g = read_gradients (toy);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "datainf", "damping", "0.3", NULL);

  for (gint64 q = 0; q < Q; q++)
    for (gint64 i = 0; i < N; i++)
      {
        const double *v = g.query + q * g.P, *own = g.train + i * g.P;
        double expected = 0;

        for (gint64 m = 0; m < g.parts->n; m++)
          {
            double lambda = 0.3 * mean_square (&g, m) / (double) g.size[m];

            for (gint64 k = 0; k < N; k++)
              {
                const double *other = g.train + k * g.P;

                expected += (dot_in (&g, m, own, v) - dot_in (&g, m, own, other) * dot_in (&g, m, other, v)
                             / (lambda + dot_in (&g, m, other, other))) / (lambda * N) / N;
              }
          }
        g_assert_cmpfloat_with_epsilon (scores->value[q * N + i], expected, 1e-10 * (1 + fabs (expected)));
      }
  g_assert_nonnull (strstr (scores->notes->str, "relative residual"));
}

/* (1/N) g_q' (F + lambda I)^-1 g_i of one module by elimination, F its empirical Fisher. */
static double
exact_in (const Gradients *g, gint64 m, double lambda, const double *v, const double *own)
{
  gint64 n = g->size[m], at = 0;
  g_autofree double *A = g_new0 (double, n * n), *x = g_new (double, n);
  g_autofree gint64 *place = g_new (gint64, n);
  double sum = 0;

  for (gint64 j = 0; j < g->P; j++)
    if (g->parts->of[j] == m)
      place[at++] = j;
  for (gint64 a = 0; a < n; a++)
    {
      x[a] = v[place[a]];
      for (gint64 b = 0; b < n; b++)
        for (gint64 i = 0; i < N; i++)
          A[a * n + b] += g->train[i * g->P + place[a]] * g->train[i * g->P + place[b]] / N;
      A[a * n + a] += lambda;
    }
  eliminate (n, A, x);
  for (gint64 a = 0; a < n; a++)
    sum += x[a] * own[place[a]] / N;
  return sum;
}

static void
check_logra (Toy *toy)
{
  g_auto (Gradients) g = read_gradients (toy);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "logra", "projection", "64", "damping", "0.2", NULL);
  double largest = 0;

  for (gint64 k = 0; k < Q * N; k++)
    largest = MAX (largest, fabs (scores->value[k]));
  for (gint64 q = 0; q < Q; q++)
    for (gint64 i = 0; i < N; i++)
      {
        double expected = 0;

        for (gint64 m = 0; m < g.parts->n; m++)
          expected += exact_in (&g, m, 0.2 * mean_square (&g, m) / (double) g.size[m], g.query + q * g.P, g.train + i * g.P);
        g_assert_cmpfloat_with_epsilon (scores->value[q * N + i], expected, 1e-9 * largest);
      }
}

/* Sides that are not projected give the blocks' exact inverse: layers of a network; embedding that is also the head, norms, attention. */
static void
test_logra (void)
{
  g_autoptr (Toy) features = toy_new_mlp (N, Q, 3, 5), tokens = toy_new_tokens (N, Q, 4, 5, 3);

  check_logra (features);
  check_logra (tokens);
}

/* Projected sides: the same scores for the same seed, others for another. */
static void
test_logra_seed (void)
{
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, 4, 5, 3);
  g_autoptr (AssayInfluenceScores) a = toy_score (toy, "logra", "projection", "3", NULL), b = toy_score (toy, "logra", "projection", "3", NULL);
  g_autoptr (AssayInfluenceScores) c = toy_score (toy, "logra", "projection", "3", "seed", "1", NULL);

  g_assert_cmpmem (a->value, Q * N * sizeof (double), b->value, Q * N * sizeof (double));
  g_assert_cmpfloat (fabs (a->value[1] - c->value[1]), >, 0);
}

/* What the ranks hold of a gradient and of the curvature stands in the notes. */
static double
read_share (const AssayInfluenceScores *scores, const char *before)
{
  const char *at = strstr (scores->notes->str, before);

  g_assert_nonnull (at);
  return g_ascii_strtod (at + strlen (before), NULL);
}

/* With all ranks it is logra: floats have 2^-24, both sides of a pair are rounded, and no matrix's condition is above 1 + 9 / 0.2. */
static void
test_lorif (void)
{
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, 4, 5, 3);
  g_autoptr (AssayInfluenceScores) logra = toy_score (toy, "logra", "projection", "3", "damping", "0.2", NULL);
  g_autoptr (AssayInfluenceScores) whole = toy_score (toy, "lorif", "projection", "3", "damping", "0.2", "gradient-rank", "3", "rank", "9", NULL);
  g_autoptr (AssayInfluenceScores) less = toy_score (toy, "lorif", "projection", "3", "damping", "0.2", "gradient-rank", "1", "rank", "2", NULL);
  double largest = 0;

  for (gint64 k = 0; k < Q * N; k++)
    largest = MAX (largest, fabs (logra->value[k]));
  for (gint64 k = 0; k < Q * N; k++)
    g_assert_cmpfloat_with_epsilon (whole->value[k], logra->value[k], 4 * 0x1p-24 * (1 + 9 / 0.2) * 2 * largest);
  g_assert_cmpfloat_with_epsilon (read_share (whole, "they hold "), 100, 0.05);
  g_assert_cmpfloat_with_epsilon (read_share (whole, "kept of the curvature "), 100, 0.05);
  g_assert_cmpfloat (read_share (less, "they hold "), <, 100);
  g_assert_cmpfloat (read_share (less, "they hold "), >, 100.0 / 3);          /* the best of three equal directions */
  g_assert_cmpfloat (read_share (less, "kept of the curvature "), <, 100);
}

/* Over all examples the terms of a logit add up to it, at the optimum that Newton's method finds. */
static void
test_representer (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (30, 3, 3, 0.02, 6);
  guint keep[] = { assay_graph_find (assay_model_get_layout (toy->model), "fc"), ASSAY_NO_VALUE };
  GError *error = NULL;
  g_autoptr (AssayPass) pass = assay_pass_new (toy->model, toy->dataset, ASSAY_WALK_FORWARD, ASSAY_F64, 3, toy->backend, keep, &error);
  const double *logits;

  g_assert_no_error (error);
  assay_pass_bind (pass, toy->task.query);
  g_assert_true (assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (toy->model), NULL, NULL, FALSE, &error));
  logits = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, keep[0]);
  for (guint k = 0; k < 2; k++)
    {
      g_autoptr (AssayInfluenceScores) scores = NULL;

      toy->task.measure = k == 0 ? "logit:0" : "logit:1";
      scores = toy_score (toy, "representer", "penalty", "0.01", NULL);
      for (gint64 q = 0; q < 3; q++)
        {
          double sum = 0;

          for (gint64 i = 0; i < 30; i++)
            sum += scores->value[q * 30 + i];
          g_assert_cmpfloat_with_epsilon (-sum, logits[q * 2 + k], 1e-6);
        }
    }
}

static void
test_representer_bad (void)
{
  g_autoptr (Toy) tokens = toy_new_tokens (N, Q, 4, 5, 3), features = toy_new_mlp (N, Q, 3, 5);
  const AssayMethod *method = assay_method_find ("representer", NULL);
  g_autoptr (AssayValues) options = toy_options (method, NULL);
  g_autoptr (GError) error = NULL, other = NULL;

  g_assert_null (method->score (&tokens->task, options, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  features->task.measure = "activation:act1[0]";
  g_assert_null (method->score (&features->task, options, NULL, &other));
  g_assert_error (other, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/datainf/scores are the mean of single inverses, and the residual is told", test_datainf);
  g_test_add_func ("/logra/without projection the blocks' exact inverse", test_logra);
  g_test_add_func ("/logra/projections repeat by their seed", test_logra_seed);
  g_test_add_func ("/lorif/with all ranks it is logra, with less the notes say how much is held", test_lorif);
  g_test_add_func ("/representer/the terms of a logit add up to it", test_representer);
  g_test_add_func ("/representer/what it is not made for is refused", test_representer_bad);
  return g_test_run ();
}
