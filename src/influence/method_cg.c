/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_cg.c: influence by damped conjugate gradients: nothing of size P x P, any model.
 *
 *   infl[q, i] = (1/N) g_i' x_q,   A x_q = g_q          unit: nats per removed example
 *
 * Source: Koh & Liang 2017 (1703.04730); Martens 2010 for Gauss-Newton; the manual's chapter on influence for the interval.
 */
#include "influence/solved.h"
#include "influence/task.h"

#include <math.h>

#define SOLVER_VECTORS 4

static const AssayParam params[] = {
  ASSAY_DAMPED_CURVATURE_PARAMS,
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-6, .min = 0, .max = 1,
   .help = "relative residual of a query's solve to reach" },
  { .name = "width", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e300, .unit = "nats",
    .help = "certified half width of every score to stop at; 0: not used" },
  { .name = "max-iterations", .type = ASSAY_PARAM_INT, .def.i = 1000, .min = 1, .max = 1e9, .unit = "iterations",
    .help = "iterations of one query's solve" },
  { .name = NULL }
};

typedef struct {
  const AssaySolver *solver;
  AssayLinop *A;
  AssayValues *options;
} Run;

static gboolean
solve (gpointer data, gint64 K, const double *B, double *X, AssaySolveResult *results, AssayProgress *progress, GError **error)
{
  const Run *run = data;

  return run->solver->solve (run->A, NULL, run->options, K, B, X, results, progress, error);
}

/* The solver's options: a width of scores is a width of x. */
static AssayValues *
solver_options (const AssaySolver *solver, const AssayValues *options, const AssaySolvedScores *scores, GError **error)
{
  g_autoptr (AssayValues) values = assay_values_new (solver->params);
  double width = assay_values_get_double (options, "width");
  json_t *given = json_pack ("{s:f, s:I, s:f}", "tolerance", assay_values_get_double (options, "tolerance"), "max-iterations",
                             (json_int_t) assay_values_get_int (options, "max-iterations"), "width",
                             width > 0 && scores->largest_norm > 0 ? width * (double) scores->task->n_train / scores->largest_norm : 0.0);
  gboolean ok = TRUE;
  const char *key;
  json_t *value;

  json_object_foreach (given, key, value)
    ok = ok && assay_values_set_json (values, key, value, error);
  json_decref (given);
  return ok ? g_steal_pointer (&values) : NULL;
}

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_auto (AssaySolvedScores) scores = { 0 };
  g_autoptr (AssayValues) for_solver = NULL;
  Run run = { .solver = assay_solver_find ("cg", error) };

  if (run.solver == NULL
      || !assay_solved_scores_open (task, assay_values_get_string (options, "curvature"), assay_values_get_double (options, "damping"), &scores,
                                    progress, error)
      || (for_solver = solver_options (run.solver, options, &scores, error)) == NULL)
    return NULL;
  run.A = scores.matrix.damped;
  run.options = for_solver;
  if (of_self ? !assay_solved_scores_run_self (&scores, solve, &run, progress, error)
              : !assay_solved_scores_run (&scores, solve, &run, progress, error))
    return NULL;
  return assay_solved_scores_steal (&scores);
}

static AssayInfluenceScores *
score_cg (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, FALSE, progress, error);
}

static AssayInfluenceScores *
self_cg (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, TRUE, progress, error);
}

/* About 200 products a query at the default damping; never more than max-iterations. */
static void
cost_cg (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double products = MIN (200.0, (double) assay_values_get_int (options, "max-iterations")) * (double) task->n_query;

  assay_solved_scores_cost (task, flops, bytes);
  assay_solved_scores_add_products (task, assay_values_get_string (options, "curvature"), products, flops, bytes);
  *bytes += 8.0 * SOLVER_VECTORS * (double) assay_model_get_n_params (task->model);
}

ASSAY_METHOD_DEFINE (cg) = { .name = "cg", .help = "influence by damped conjugate gradients, with certified intervals",
                            .params = params,
                             .score = score_cg, .self = self_cg, .cost = cost_cg };
