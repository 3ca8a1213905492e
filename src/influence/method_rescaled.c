/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_rescaled.c: influence corrected for leverage: the curvature that a removed example takes with it is taken out before the step.
 *
 *   step_i = (1/N) (A - C_i / N)^-1 g_i,  C_i the example's own curvature,  A = C + lambda I         (theta moves by step_i)
 *   rescaled   infl[q, i] = g_q' step_i                                     unit: nats per removed example
 *   newton     infl[q, i] = f_q (theta + step_i) - f_q (theta)
 *
 * With C_i = J_i' H_i J_i this is the multi-output form (1/N) A^-1 J_i' (I - H_i J_i A^-1 J_i' / N)^-1 dl_i / d logits, by Woodbury; with
 * one output it is plain influence over 1 - leverage. It is exact removal for a quadratic loss, and the step is one Newton step on the
 * objective without i. A is factored; (A - C_i / N) step = g_i / N is solved by conjugate gradients preconditioned with A, which need no
 * product with A and end in at most as many steps as C_i has rank.
 * Source: Rescaled influence functions (2506.06656); the manual's chapter on influence.
 */
#include "base/mem.h"
#include "hessian/curvature.h"
#include "hessian/gradient.h"
#include "hessian/vector_f64.h"
#include "influence/damped_curvature.h"
#include "influence/exact.h"
#include "influence/query_values.h"
#include "influence/score.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

#define COPIES 2                /* the matrix, which becomes the factor, and the one that solutions are held against */
#define GIB 1073741824.0
#define MAX_STEPS 200
#define TYPICAL_STEPS 6         /* of an example, for the cost */
#define BLOCK 16                /* examples whose systems are solved together */

static const char *const forms[] = { "rescaled", "newton", NULL };

static const AssayParam params[] = {
  ASSAY_DAMPED_CURVATURE_PARAMS,
  { .name = "form", .type = ASSAY_PARAM_CHOICE, .def.s = "rescaled", .choices = forms,
    .help = "rescaled: first order in the step; newton: what is measured at the end of the step, less what it is now" },
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-10, .min = 0, .max = 1, .help = "relative residual of an example's step to reach" },
  { .name = "max-memory", .type = ASSAY_PARAM_DOUBLE, .def.d = 4, .min = 1e-6, .max = 1e6, .unit = "GiB",
    .help = "memory that the matrix and its factor may take" },
  { .name = NULL }
};

/* One example's system. Vectors (P). */
typedef struct {
  AssayLinop *own;              /* C_i */
  double *step, *r, *z, *p, *u; /* u = A p */
  double rz, first;             /* r'z now and at the start */
  gboolean is_done;
} System;

typedef struct {
  const AssayInfluenceTask *task;
  const char *curvature;
  double tolerance;
  AssayDampedCurvature matrix;
  AssayExactSolver solver;
  double *memory;               /* of the systems */
  double *w;                    /* (P) */
  System system[BLOCK];
  gint64 P, n_failed, n_steps;
} Steps;

static void
steps_clear (Steps *s)
{
  for (gint64 k = 0; k < BLOCK; k++)
    g_clear_pointer (&s->system[k].own, assay_linop_unref);
  assay_exact_solver_clear (&s->solver);
  assay_damped_curvature_clear (&s->matrix);
  assay_mem_free (s->memory);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Steps, steps_clear)

/* The factor of A, and room for a block. */
static gboolean
steps_open (Steps *s, const AssayInfluenceTask *task, const AssayValues *options, GString *notes, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (task);
  double *matrix;

  s->task = task;
  s->P = assay_model_get_n_params (task->model);
  s->curvature = assay_values_get_string (options, "curvature");
  s->tolerance = assay_values_get_double (options, "tolerance");
  if (!assay_damped_curvature_open (task, s->curvature, assay_values_get_double (options, "damping"), notes, &s->matrix, progress, error)
      || (matrix = assay_exact_assemble (s->curvature, &train, COPIES, (guint64) (assay_values_get_double (options, "max-memory") * GIB),
                                         progress, error)) == NULL
      || !assay_exact_solver_open (s->matrix.damped, matrix, s->matrix.lambda, s->matrix.scale, 1, &s->solver, error)
      || (s->memory = assay_mem_alloc_array ((5 * BLOCK + 1) * s->P, sizeof (double), error)) == NULL)
    return FALSE;
  s->w = s->memory + 5 * BLOCK * s->P;
  for (gint64 k = 0; k < BLOCK; k++)
    s->system[k] = (System) { .step = s->memory + k * s->P, .r = s->memory + (BLOCK + k) * s->P, .z = s->memory + (2 * BLOCK + k) * s->P,
                              .p = s->memory + (3 * BLOCK + k) * s->P, .u = s->memory + (4 * BLOCK + k) * s->P };
  return TRUE;
}

/* z <- A^-1 r of the first K systems. */
static gboolean
precondition (Steps *s, gint64 K, GError **error)
{
  memcpy (s->system[0].z, s->system[0].r, K * s->P * sizeof (double));
  assay_damped_curvature_scale (&s->matrix, K, s->system[0].z);
  if (!assay_factor_solve (s->solver.factor, K, s->system[0].z, error))
    return FALSE;
  assay_damped_curvature_scale (&s->matrix, K, s->system[0].z);
  return TRUE;
}

static void
end (Steps *s, System *one, gboolean converged)
{
  one->is_done = TRUE;
  if (converged)
    return;
  s->n_failed++;
  for (gint64 j = 0; j < s->P; j++)
    one->step[j] = NAN;
}

/* Steps of the examples first .. first+K-1, without the 1/N, in the systems' step. */
static gboolean
begin (Steps *s, gint64 first, gint64 K, GError **error)
{
  AssayPoint point = assay_influence_task_get_point (s->task, NULL, s->task->train + first, K);

  if (!assay_gradient_rows (&point, s->system[0].r, NULL, error) || !precondition (s, K, error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    {
      System *one = &s->system[k];
      AssayPoint own = assay_influence_task_get_point (s->task, NULL, s->task->train + first + k, 1);

      g_clear_pointer (&one->own, assay_linop_unref);
      if ((one->own = assay_curvature_open (s->curvature, &own, error)) == NULL)
        return FALSE;
      memset (one->step, 0, s->P * sizeof (double));
      memcpy (one->p, one->z, s->P * sizeof (double));
      memcpy (one->u, one->r, s->P * sizeof (double));
      one->rz = one->first = assay_f64_dot (s->P, one->r, one->z);
      one->is_done = FALSE;
      if (!(one->rz > 0))                                         /* a zero gradient moves nothing; else A is not positive definite */
        end (s, one, one->rz == 0);
    }
  return TRUE;
}

/* step += alpha p, r -= alpha (A - C_i / N) p */
static gboolean
advance (Steps *s, System *one, GError **error)
{
  double curvature, alpha;

  if (!assay_linop_apply (one->own, 1, one->p, s->w, error))
    return FALSE;
  assay_f64_scale (s->P, -1 / (double) s->task->n_train, s->w);
  assay_f64_add (s->P, 1, one->u, s->w);                                                            /* w = A p - C_i p / N */
  curvature = assay_f64_dot (s->P, one->p, s->w);
  s->n_steps++;
  if (!(curvature > 0))
    {
      end (s, one, FALSE);
      return TRUE;
    }
  alpha = one->rz / curvature;
  assay_f64_add (s->P, alpha, one->p, one->step);
  assay_f64_add (s->P, -alpha, s->w, one->r);
  return TRUE;
}

/* p <- z + beta p, u <- r + beta u */
static void
turn (Steps *s, System *one)
{
  double before = one->rz, beta;

  one->rz = assay_f64_dot (s->P, one->r, one->z);
  if (!(one->rz > s->tolerance * s->tolerance * one->first))
    {
      end (s, one, TRUE);
      return;
    }
  beta = one->rz / before;
  assay_f64_scale (s->P, beta, one->p);
  assay_f64_add (s->P, 1, one->z, one->p);
  assay_f64_scale (s->P, beta, one->u);
  assay_f64_add (s->P, 1, one->r, one->u);
}

static gboolean
steps_run (Steps *s, gint64 first, gint64 K, GError **error)
{
  gboolean running = TRUE;

  if (!begin (s, first, K, error))
    return FALSE;
  for (gint64 step = 0; step < MAX_STEPS && running; step++)
    {
      running = FALSE;
      for (gint64 k = 0; k < K; k++)
        if (!s->system[k].is_done && !advance (s, &s->system[k], error))
          return FALSE;
      if (!precondition (s, K, error))
        return FALSE;
      for (gint64 k = 0; k < K; k++)
        if (!s->system[k].is_done)
          {
            turn (s, &s->system[k]);
            running |= !s->system[k].is_done;
          }
    }
  for (gint64 k = 0; k < K; k++)
    if (!s->system[k].is_done)
      end (s, &s->system[k], FALSE);
  return TRUE;
}

/* --- scores ----------------------------------------------------------------------------------------------------------- */

/* Called with each example's step, 1/N included; NaN where it was not found. */
typedef gboolean (*StepFunc) (gint64 i, const double *step, gpointer data, GError **error);

static gboolean
each_step (Steps *s, StepFunc func, gpointer data, AssayProgress *progress, GError **error)
{
  gint64 N = s->task->n_train;

  for (gint64 first = 0; first < N; first += BLOCK)
    {
      gint64 K = MIN (BLOCK, N - first);

      if (assay_progress_is_cancelled (progress, error) || !steps_run (s, first, K, error))
        return FALSE;
      for (gint64 k = 0; k < K; k++)
        {
          assay_f64_scale (s->P, 1 / (double) N, s->system[k].step);
          if (!func (first + k, s->system[k].step, data, error))
            return FALSE;
        }
      assay_progress_report (progress, "steps without single examples", first + K, N, "examples", NULL);
    }
  return TRUE;
}

typedef struct {
  const AssayInfluenceTask *task;
  AssayInfluenceScores *scores;
  gint64 P;
  double *query;                /* (Q,P) gradients; newton: NULL */
  AssayQueryValues *values;     /* newton */
  double *theta, *moved, *base, *here;  /* newton: (P), (P), (Q), (Q) */
} Target;

static gboolean
take_rescaled (gint64 i, const double *step, gpointer data, GError **error)
{
  Target *t = data;

  (void) error;
  for (gint64 q = 0; q < t->scores->n_query; q++)
    t->scores->value[q * t->scores->n_train + i] = assay_f64_dot (t->P, t->query + q * t->P, step);
  return TRUE;
}

static gboolean
take_newton (gint64 i, const double *step, gpointer data, GError **error)
{
  Target *t = data;

  if (isnan (step[0]))
    return TRUE;
  for (gint64 j = 0; j < t->P; j++)
    t->moved[j] = t->theta[j] + step[j];
  if (!assay_query_values_run (t->values, t->moved, t->here, error))
    return FALSE;
  for (gint64 q = 0; q < t->scores->n_query; q++)
    t->scores->value[q * t->scores->n_train + i] = t->here[q] - t->base[q];
  return TRUE;
}

static AssayInfluenceScores *
open_scores (const AssayInfluenceTask *task, GError **error)
{
  AssayInfluenceScores *scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error);

  if (scores == NULL)
    return NULL;
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "pbrf";
  scores->interval_reason = "each example has a matrix of its own, whose solve is iterated to the tolerance and not certified";
  scores->l2 = task->l2;
  return scores;
}

static void
close_scores (const Steps *s, AssayInfluenceScores *scores)
{
  scores->damping = s->matrix.damping;
  g_string_append_printf (scores->notes, "%.3g conjugate gradient steps an example, to a relative residual of %.3g\n",
                          (double) s->n_steps / (double) s->task->n_train, s->tolerance);
  if (s->n_failed > 0)
    g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " examples have no score: without them the damped matrix is not positive "
                            "definite, or the steps ran out\n", s->n_failed);
}

static gboolean
fill_newton (Steps *s, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  gint64 Q = scores->n_query;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (2 * s->P + 2 * Q, sizeof (double), error);
  g_autoptr (AssayQueryValues) values = memory ? assay_query_values_new (s->task, error) : NULL;
  Target target = { .task = s->task, .scores = scores, .P = s->P, .values = values, .theta = memory };

  if (values == NULL)
    return FALSE;
  target.moved = target.theta + s->P;
  target.base = target.moved + s->P;
  target.here = target.base + Q;
  assay_model_read_theta (s->task->model, target.theta);
  return assay_query_values_run (values, target.theta, target.base, error) && each_step (s, take_newton, &target, progress, error);
}

static AssayInfluenceScores *
score_rescaled (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (AssayBuffer) query = NULL;
  g_auto (Steps) steps = { 0 };
  Target target = { .task = task };

  if (!assay_influence_task_check (task, error) || (scores = open_scores (task, error)) == NULL
      || !steps_open (&steps, task, options, scores->notes, progress, error))
    return NULL;
  if (strcmp (assay_values_get_string (options, "form"), "newton") == 0)
    {
      if (!fill_newton (&steps, scores, progress, error))
        return NULL;
    }
  else
    {
      query = assay_mem_alloc_array (task->n_query * steps.P, sizeof (double), error);
      target.scores = scores;
      target.P = steps.P;
      target.query = query;
      if (query == NULL || !assay_influence_task_query_gradients (task, NULL, 0, task->n_query, query, error)
          || !each_step (&steps, take_rescaled, &target, progress, error))
        return NULL;
    }
  close_scores (&steps, scores);
  return g_steal_pointer (&scores);
}

typedef struct {
  const AssayInfluenceTask *task;
  AssayInfluenceScores *scores;
  double *gradient;             /* (P) */
  gint64 P;
} Own;

static gboolean
take_self (gint64 i, const double *step, gpointer data, GError **error)
{
  Own *own = data;
  AssayPoint point = assay_influence_task_get_point (own->task, NULL, own->task->train + i, 1);

  if (!assay_gradient_rows (&point, own->gradient, NULL, error))
    return FALSE;
  own->scores->value[i] = assay_f64_dot (own->P, own->gradient, step);
  return TRUE;
}

/* To first order in the step, whatever the form. */
static AssayInfluenceScores *
self_rescaled (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = open_scores (task, error);
  g_autoptr (AssayBuffer) gradient = NULL;
  g_auto (Steps) steps = { 0 };
  Own own = { .task = task, .scores = scores };

  if (scores == NULL || !steps_open (&steps, task, options, scores->notes, progress, error)
      || (gradient = assay_mem_alloc_array (steps.P, sizeof (double), error)) == NULL)
    return NULL;
  own.gradient = gradient;
  own.P = steps.P;
  if (!each_step (&steps, take_self, &own, progress, error))
    return NULL;
  close_scores (&steps, scores);
  return g_steal_pointer (&scores);
}

static void
cost_rescaled (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double P = (double) assay_model_get_n_params (task->model), N = (double) task->n_train;

  *bytes = 0;
  *flops = assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_train + task->n_query);
  *flops += P * assay_influence_task_get_flops (task, ASSAY_WALK_GAUSS_NEWTON, TRUE, task->n_train) + P * P * P / 3;
  *flops += TYPICAL_STEPS * (2 * P * P * N + assay_influence_task_get_flops (task, ASSAY_WALK_GAUSS_NEWTON, TRUE, task->n_train));
  if (strcmp (assay_values_get_string (options, "form"), "newton") == 0)
    *flops += N * assay_influence_task_get_flops (task, ASSAY_WALK_FORWARD, FALSE, task->n_query);
  *bytes += assay_influence_task_get_bytes (task, ASSAY_WALK_GAUSS_NEWTON) + 8.0 * COPIES * P * P
            + 8.0 * P * (double) (5 * BLOCK + task->n_query) + 8.0 * N * (double) task->n_query;
}

ASSAY_METHOD_DEFINE (rescaled) = { .name = "rescaled", .help = "influence corrected for leverage, or one Newton step without each example; dense",
                                  .params = params, .score = score_rescaled, .self = self_rescaled, .cost = cost_rescaled };
