/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_exact.c: influence with the whole matrix formed and factored: small models, and the truth that other methods are held to.
 *
 *   infl[q, i] = (1/N) g_q' (C + lambda I)^-1 g_i          unit: nats per removed example
 *
 * Source: Koh & Liang 2017 (1703.04730).
 */
#include "influence/exact.h"
#include "influence/solved.h"
#include "influence/task.h"

#include <math.h>

#define COPIES 2                /* the matrix, which becomes the factor, and the one that solutions are held against */
#define GIB 1073741824.0

static const AssayParam params[] = {
  ASSAY_DAMPED_CURVATURE_PARAMS,
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-8, .min = 0, .max = 1,
    .help = "true relative residual above which a solution counts as not converged" },
  { .name = "max-memory", .type = ASSAY_PARAM_DOUBLE, .def.d = 4, .min = 1e-6, .max = 1e6, .unit = "GiB",
    .help = "memory that the matrix and its factor may take" },
  { .name = NULL }
};

static void
note_inertia (AssayInfluenceScores *scores, const AssayFactor *factor)
{
  if (factor->n_negative > 0)
    g_string_append_printf (scores->notes,
                            "the damped matrix has %" G_GINT64_FORMAT " negative eigenvalues: theta is not a minimum of the "
                            "damped objective, and the scores describe a saddle\n", factor->n_negative);
  if (factor->is_singular)
    g_string_append (scores->notes, "the damped matrix is singular: give a larger damping\n");
}

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_auto (AssaySolvedScores) scores = { 0 };
  g_auto (AssayExactSolver) solver = { 0 };
  AssayPoint point = assay_influence_task_get_curvature (task);
  double *matrix;

  if (!assay_solved_scores_open (task, assay_values_get_string (options, "curvature"), assay_values_get_double (options, "damping"), &scores,
                                 progress, error))
    return NULL;
  matrix = assay_exact_assemble (assay_values_get_string (options, "curvature"), &point, COPIES,
                                 (guint64) (assay_values_get_double (options, "max-memory") * GIB), progress, error);
  if (matrix == NULL)
    return NULL;
  if (!assay_exact_solver_open (scores.matrix.damped, matrix, scores.matrix.lambda, scores.matrix.scale,
                                assay_values_get_double (options, "tolerance"), &solver, error))
    return NULL;
  note_inertia (scores.scores, solver.factor);
  if (of_self ? !assay_solved_scores_run_self (&scores, assay_exact_solver_solve, &solver, progress, error)
              : !assay_solved_scores_run (&scores, assay_exact_solver_solve, &solver, progress, error))
    return NULL;
  return assay_solved_scores_steal (&scores);
}

static AssayInfluenceScores *
score_exact (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, FALSE, progress, error);
}

static AssayInfluenceScores *
self_exact (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, TRUE, progress, error);
}

static void
cost_exact (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double P = (double) assay_model_get_n_params (task->model);

  assay_solved_scores_cost (task, flops, bytes);
  assay_solved_scores_add_products (task, assay_values_get_string (options, "curvature"), P, flops, bytes);
  *flops += P * P * P / 3;
  *bytes += 8.0 * COPIES * P * P;
}

ASSAY_METHOD_DEFINE (exact) = { .name = "exact",
                               .help = "influence with the dense curvature matrix factored, with certified intervals",
                                .params = params, .flags = ASSAY_METHOD_HAS_DIRECTION | ASSAY_METHOD_CUTS_SELF, .score = score_exact, .self = self_exact, .cost = cost_exact };
