/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_lissa.c: influence by LiSSA over all training examples, with its damping stated and its convergence checked.
 *
 *   h <- g_q + (1 - d) h - C h / s,   x_q = h / s  ->  (C + s d I)^-1 g_q          unit: nats per removed example
 *
 * What is usually given as "damping" is d; the damping of the matrix that is inverted is s d. Here the damping is that of the matrix, as in every
 * other method, and d = lambda / s follows. The series converges when s (2 - d) exceeds the largest eigenvalue of C, which is looked at before.
 * Source: Agarwal, Bullins & Hazan 2017; Koh & Liang 2017 (1703.04730); the manual's chapter on influence, "LiSSA".
 */
#include "base/error.h"
#include "influence/inverse.h"
#include "influence/task.h"

#include <math.h>

#define MARGIN 1.1              /* of the scale chosen over the estimate of the largest eigenvalue, which is from below */

static const AssayParam params[] = {
  ASSAY_DAMPED_CURVATURE_PARAMS,
  { .name = "scale", .type = ASSAY_PARAM_DOUBLE, .def.d = NAN, .min = 0, .max = 1e300, .flags = ASSAY_PARAM_OPTIONAL,
    .help = "s, by which each product is divided; unset: a little above the largest eigenvalue of the damped matrix" },
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-3, .min = 0, .max = 1, .help = "relative residual of a query's solve to reach" },
  { .name = "max-iterations", .type = ASSAY_PARAM_INT, .def.i = 1000, .min = 1, .max = 1e9, .unit = "terms",
    .help = "terms of the series, often called recursion depth: a product for each query and term" },
  { .name = NULL }
};

/* s (2 - d) > lambda_max (C)  <=>  2 s > lambda_max (C) + lambda. */
static gboolean
choose_scale (const AssaySolvedScores *scores, double *scale, double *norm, AssayProgress *progress, GError **error)
{
  double largest;

  if (!assay_curvature_estimate_norm (scores->matrix.damped, &largest, progress, error))
    return FALSE;
  *norm = largest;
  if (isnan (*scale))
    *scale = MARGIN * largest;
  if (2 * *scale > largest)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "lissa: a scale above %.4g expected, half the largest eigenvalue of the damped matrix, %.4g found: the series "
               "would diverge", largest / 2, *scale);
  return FALSE;
}

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_auto (AssaySolvedScores) scores = { 0 };
  g_auto (AssayInverse) inverse = { 0 };
  double scale = assay_values_get_double (options, "scale"), largest;
  json_t *step;
  gboolean ok;

  if (!assay_solved_scores_open (task, assay_values_get_string (options, "curvature"), assay_values_get_double (options, "damping"), &scores,
                                 progress, error)
      || !choose_scale (&scores, &scale, &largest, progress, error)
      || !assay_inverse_open (&scores, "neumann", options, &inverse, error))
    return NULL;
  step = json_real (1 / scale);
  ok = assay_values_set_json (inverse.options, "step", step, error);
  json_decref (step);
  if (!ok)
    return NULL;
  g_string_append_printf (scores.scores->notes, "LiSSA of scale %.4g: the matrix inverted is damped by %.4g, so d = %.4g; largest eigenvalue of the damped matrix about %.4g%s\n",
                          scale, scores.matrix.lambda, scores.matrix.lambda / scale, largest,
                          scores.matrix.scale ? ", in coordinates that bring its diagonal to about 1" : "");
  if (of_self ? !assay_solved_scores_run_self (&scores, assay_inverse_solve, &inverse, progress, error)
              : !assay_solved_scores_run (&scores, assay_inverse_solve, &inverse, progress, error))
    return NULL;
  return assay_solved_scores_steal (&scores);
}

static AssayInfluenceScores *
score_lissa (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, FALSE, progress, error);
}

static AssayInfluenceScores *
self_lissa (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, TRUE, progress, error);
}

static void
cost_lissa (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double products = (double) assay_values_get_int (options, "max-iterations") * (double) task->n_query;

  assay_solved_scores_cost (task, flops, bytes);
  assay_solved_scores_add_products (task, assay_values_get_string (options, "curvature"), products, flops, bytes);
  *bytes += 16.0 * (double) (MIN (task->n_query, ASSAY_QUERY_BLOCK) * assay_model_get_n_params (task->model));
}

ASSAY_METHOD_DEFINE (lissa) = { .name = "lissa", .help = "influence by the LiSSA series, its true damping stated", .params = params, .flags = ASSAY_METHOD_HAS_DIRECTION | ASSAY_METHOD_CUTS_SELF, .score = score_lissa,
                                .self = self_lissa, .cost = cost_lissa };
