/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solved.c: blocks of queries through gradient, solve and scoring pass. */
#include "influence/solved.h"

#include "base/mem.h"
#include "hessian/gradient.h"
#include "hessian/module_scores.h"
#include "hessian/quadrature.h"
#include "hessian/vector_f64.h"
#include "influence/interval.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

#define COMPLEX_SLOWNESS 20     /* of a gradient in complex doubles, in gradients */

static const char bounded_words[] =
  "the exact value of g_q' (C + lambda I)^-1 g_i / N lies between lo and hi; this bounds the solve, not what retraining would give";

void
assay_solved_scores_clear (AssaySolvedScores *self)
{
  assay_damped_curvature_clear (&self->matrix);
  assay_influence_scores_free (self->scores);
  g_free (self->train_norm);
  self->scores = NULL;
  self->train_norm = NULL;
}

/* In coordinates that have a scale: these norms need the gradients themselves. */
typedef struct {
  const double *scale;          /* (P) of S, or NULL */
  double *norm;                 /* (N) */
  gint64 P;
} Norms;

static gboolean
add_norm (gint64 i, double loss, const double *gradient, gpointer data, GError **error)
{
  const Norms *norms = data;
  double sum = 0;

  (void) loss;
  (void) error;
  for (gint64 p = 0; p < norms->P; p++)
    {
      double scaled = norms->scale[p] * gradient[p];

      sum += scaled * scaled;
    }
  norms->norm[i] = sqrt (sum);
  return TRUE;
}

/* Of the gradients in the coordinates of the solve. */
static gboolean
measure_norms (AssaySolvedScores *self, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (self->task);
  Norms norms = { self->matrix.scale, self->train_norm = g_new (double, self->task->n_train), self->matrix.damped->n };

  if (norms.scale != NULL ? !assay_gradient_each (&train, add_norm, &norms, progress, error)
                          : !assay_module_squared_norms (&train, norms.norm, progress, error))
    return FALSE;
  for (gint64 i = 0; norms.scale == NULL && i < self->task->n_train; i++)
    norms.norm[i] = sqrt (norms.norm[i]);
  for (gint64 i = 0; i < self->task->n_train; i++)
    self->largest_norm = MAX (self->largest_norm, self->train_norm[i]);
  return TRUE;
}

gboolean
assay_solved_scores_open (const AssayInfluenceTask *task, const char *curvature, double damping, AssaySolvedScores *out,
                          AssayProgress *progress, GError **error)
{
  g_auto (AssaySolvedScores) s = { .task = task };
  AssayPoint train = assay_influence_task_get_train (task);
  g_autoptr (GString) notes = g_string_new (NULL);
  gboolean is_bounded;

  if (!assay_influence_task_check (task, error)
      || !assay_damped_curvature_open (task, curvature, damping, notes, &s.matrix, progress, error))
    return FALSE;
  is_bounded = s.matrix.lower_bound > 0;
  s.gradient_error = assay_point_get_product_error (&train);
  s.scores = assay_influence_scores_new (task->n_query, assay_influence_task_narrow (task).n_train, is_bounded, TRUE, error);
  if (s.scores == NULL || (is_bounded && !measure_norms (&s, progress, error)))
    return FALSE;
  s.scores->unit = ASSAY_UNIT_NATS;
  s.scores->counterfactual = "pbrf";
  s.scores->l2 = task->l2;
  s.scores->damping = s.matrix.damping;
  s.scores->interval_kind = is_bounded ? ASSAY_INTERVAL_SOLVE : ASSAY_INTERVAL_NONE;
  s.scores->interval_reason = is_bounded ? bounded_words
                              : isfinite (s.matrix.lower_bound)
                                ? "the matrix may be singular: lambda is 0; give a damping"
                                : "no lower bound of the damped Hessian's spectrum is known; curvature gauss-newton has one";
  g_string_append (s.scores->notes, notes->str);
  *out = s;
  memset (&s, 0, sizeof s);
  return TRUE;
}

/* lo and hi of example i at a place of the matrix; derivative: g_i' x. */
static void
set_interval (AssaySolvedScores *self, const AssaySolveResult *solve, gint64 i, double derivative, gint64 place)
{
  const AssayIntervalTerms terms = { .lower_bound = self->matrix.lower_bound, .norm = fmax (self->matrix.norm, solve->operator_norm),
                                     .product_error = self->matrix.damped->product_error, .gradient_error = self->gradient_error };

  if (self->train_norm == NULL || !isfinite (solve->true_residual))       /* nothing is known of such a solution */
    return;
  assay_interval_set (derivative, assay_interval_half_width (&terms, solve, self->train_norm[i]), (double) self->task->n_train,
                      &self->scores->lo[place], &self->scores->hi[place]);
}

/* Scores of the queries first .. first+K-1 from their solutions. */
static gboolean
score_block (AssaySolvedScores *self, gint64 first, gint64 K, const double *X, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (self->task);
  gint64 N = self->task->n_train;
  double *value = self->scores->value + first * N;

  if (!assay_module_scores_along (&train, K, X, value, progress, error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    {
      AssaySolveReason reason = self->scores->solves[first + k].reason;

      for (gint64 i = 0; i < N; i++)
        {
          set_interval (self, &self->scores->solves[first + k], i, value[k * N + i], (first + k) * N + i);
          value[k * N + i] /= (double) N;
        }
      if (!assay_solve_has_converged (reason))
        g_string_append_printf (self->scores->notes,
                                "query %" G_GINT64_FORMAT ": the solve did not converge (%s): its scores are not the "
                                "influence\n", self->task->first_query + first + k, assay_solve_reason_name (reason));
    }
  return TRUE;
}

/* The directions v_q = x_q / N of a block, where they were asked for. */
static gboolean
keep_directions (AssaySolvedScores *self, gint64 first, gint64 K, const double *X, GError **error)
{
  gint64 P = self->matrix.damped->n;

  if (!self->task->keep_directions)
    return TRUE;
  if (self->scores->direction == NULL
      && (self->scores->direction = assay_mem_alloc_array (self->task->n_query * P, sizeof (double), error)) == NULL)
    return FALSE;
  for (gint64 i = 0; i < K * P; i++)
    self->scores->direction[first * P + i] = X[i] / (double) self->task->n_train;
  return TRUE;
}

static gint64
get_block (const AssaySolvedScores *self, gint64 count)
{
  return MIN (count, self->block > 0 ? self->block : ASSAY_QUERY_BLOCK);
}

gboolean
assay_solved_scores_run (AssaySolvedScores *self, AssaySolveFunc solve, gpointer data, AssayProgress *progress, GError **error)
{
  const AssayInfluenceTask *task = self->task;
  gint64 P = assay_model_get_n_params (task->model), block = get_block (self, task->n_query);
  g_autoptr (AssayBuffer) B = assay_mem_alloc_array (block * P, sizeof (double), error), X = NULL;

  if (B == NULL || (X = assay_mem_alloc_array (block * P, sizeof (double), error)) == NULL)
    return FALSE;
  for (gint64 first = 0; first < task->n_query; first += block)
    {
      gint64 K = MIN (block, task->n_query - first);

      if (!assay_influence_task_query_gradients (task, NULL, first, K, B, error))
        return FALSE;
      assay_damped_curvature_scale (&self->matrix, K, B);
      if (!solve (data, K, B, X, self->scores->solves + first, progress, error))
        return FALSE;
      assay_damped_curvature_scale (&self->matrix, K, X);
      if (!score_block (self, first, K, X, progress, error) || !keep_directions (self, first, K, X, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
assay_solved_is_worse (const AssaySolveResult *a, const AssaySolveResult *b)
{
  gboolean converged = assay_solve_has_converged (a->reason);

  return converged == assay_solve_has_converged (b->reason) ? a->true_residual > b->true_residual : !converged;
}

/* g' A^-1 g is also between the Gauss and the Gauss-Radau value of the solve's coefficients, where it kept them: these close in as the square
 * of the residual does. g is off by gradient_error ||g||, which the form feels twice through A^-1 g, and once more squared. */
static void
tighten (AssaySolvedScores *self, const AssaySolveResult *solve, gint64 place)
{
  double mu = self->matrix.lower_bound, N = (double) self->task->n_train, off = self->gradient_error * solve->right_hand_norm, rounding;
  AssayQuadrature bounds;

  if (self->train_norm == NULL
      || !assay_quadrature_bounds (solve, mu, self->matrix.damped->n, self->matrix.norm, self->matrix.damped->product_error, &bounds)
      || !isfinite (bounds.hi))
    return;
  rounding = (2 * off * sqrt (fmax (bounds.hi, 0) / mu) + off * off / mu) * (1 + 16 * 0x1p-52);
  self->scores->lo[place] = fmax (self->scores->lo[place], nextafter (nextafter (bounds.lo - rounding, -INFINITY) / N, -INFINITY));
  self->scores->hi[place] = fmin (self->scores->hi[place], nextafter (nextafter (bounds.hi + rounding, INFINITY) / N, INFINITY));
  self->scores->lo[place] = fmin (self->scores->lo[place], self->scores->value[place]);                 /* the score is the Gauss value, to rounding */
  self->scores->hi[place] = fmax (self->scores->hi[place], self->scores->value[place]);
}

/* Of example i's solve for its own gradient, at its place among those that are scored. The worst solve of all is the one that is kept; what they took is added up. */
static void
take_self (AssaySolvedScores *self, gint64 i, gint64 place, double product, AssaySolveResult *solve)
{
  AssaySolveResult *kept = &self->scores->solves[0];
  gint64 iterations = kept->iterations + solve->iterations, products = kept->products + solve->products;

  set_interval (self, solve, i, product, place);
  self->scores->value[place] = product / (double) self->task->n_train;
  tighten (self, solve, place);
  if (!assay_solve_has_converged (solve->reason))
    self->n_failed++;
  if (place == 0 || assay_solved_is_worse (solve, kept))
    {
      assay_solve_result_clear (kept);
      *kept = *solve;
      memset (solve, 0, sizeof *solve);
    }
  assay_solve_result_clear (solve);
  kept->iterations = iterations;
  kept->products = products;
}

gboolean
assay_solved_scores_run_self (AssaySolvedScores *self, AssaySolveFunc solve, gpointer data, AssayProgress *progress, GError **error)
{
  const AssayInfluenceTask *task = self->task, scored = assay_influence_task_narrow (task);
  gint64 P = self->matrix.damped->n, n = scored.n_train, from = scored.train - task->train, block = get_block (self, task->n_train);
  g_autofree AssaySolveResult *results = g_new0 (AssaySolveResult, block);
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (2 * block * P, sizeof (double), error);
  double *B = memory, *X = B ? B + block * P : NULL;

  if (B == NULL || (self->scores->solution_norm = assay_mem_new (double, n, error)) == NULL)
    return FALSE;
  for (gint64 first = 0; first < n; first += block)
    {
      gint64 K = MIN (block, n - first);
      AssayPoint point = assay_influence_task_get_point (task, NULL, scored.train + first, K);

      if (!assay_gradient_rows (&point, B, NULL, error))
        return FALSE;
      assay_damped_curvature_scale (&self->matrix, K, B);
      if (!solve (data, K, B, X, results, NULL, error))
        return FALSE;
      for (gint64 k = 0; k < K; k++)
        {
          take_self (self, from + first + k, first + k, assay_f64_dot (P, B + k * P, X + k * P), &results[k]);
          assay_damped_curvature_scale (&self->matrix, 1, X + k * P);
          self->scores->solution_norm[first + k] = assay_f64_norm (P, X + k * P);
        }
      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      assay_progress_report (progress, "self-influence", first + K, n, "examples", NULL);
    }
  if (self->n_failed > 0)
    g_string_append_printf (self->scores->notes, "of training examples %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT
                            " solves did not converge: their scores are not the influence\n", from, from + n - 1, self->n_failed);
  return TRUE;
}

AssayInfluenceScores *
assay_solved_scores_steal (AssaySolvedScores *self)
{
  return g_steal_pointer (&self->scores);
}

void
assay_solved_scores_add_products (const AssayInfluenceTask *task, const char *curvature, double n, double *flops, double *bytes)
{
  AssayWalk walk = strcmp (curvature, "hessian") == 0 ? ASSAY_WALK_HESSIAN : ASSAY_WALK_GAUSS_NEWTON;

  if (strcmp (curvature, "complex-step") == 0)
    {
      *flops += n * COMPLEX_SLOWNESS * assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_train);
      *bytes += 2 * assay_influence_task_get_bytes (task, ASSAY_WALK_GRADIENT);
      return;
    }
  *flops += assay_influence_task_get_flops (task, walk, FALSE, task->n_train) + n * assay_influence_task_get_flops (task, walk, TRUE, task->n_train);
  *bytes += assay_influence_task_get_bytes (task, walk);
}

void
assay_solved_scores_cost (const AssayInfluenceTask *task, double *flops, double *bytes)
{
  gint64 P = assay_model_get_n_params (task->model), K = MIN (task->n_query, ASSAY_QUERY_BLOCK);

  *flops = assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_query + task->n_train)
           + assay_influence_task_get_flops (task, ASSAY_WALK_TANGENT, FALSE, task->n_train)
           + (double) task->n_query * assay_influence_task_get_flops (task, ASSAY_WALK_TANGENT, TRUE, task->n_train);
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_TANGENT) + 8.0 * (double) (2 * K * P + 3 * task->n_query * task->n_train);
}
