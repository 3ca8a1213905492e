/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_cg.c: influence by damped conjugate gradients: nothing of size P x P, any model.
 *
 *   infl[q, i] = (1/N) g_i' x_q,   A x_q = g_q          unit: nats per removed example
 *
 * Source: Koh & Liang 2017 (1703.04730); Martens 2010 for Gauss-Newton; the manual's chapter on influence for the interval.
 */
#include "base/error.h"
#include "base/rng.h"
#include "influence/error_bars.h"
#include "influence/inverse.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

#define SKETCH_SHARE 8
#define SKETCH_LEAST 64
#define BLOCK_VECTORS 6         /* of P doubles, for each right-hand side of a block: gradient, solution and the solver's four */
#define BLOCK_LARGEST 32
#define BLOCK_BYTES 2147483648.0

static const char *const solvers[] = { "block-cg", "cg", "minres", NULL };
static const char *const preconditioners[] = { "none", "nystrom", "ekfac", NULL };

static const AssayParam params[] = {
  ASSAY_DAMPED_CURVATURE_PARAMS,
  { .name = "solver", .type = ASSAY_PARAM_CHOICE, .def.s = "block-cg", .choices = solvers,
    .help = "block-cg: queries share what the products of all of them find, far fewer products; cg: each query by itself; minres: likewise, and "
            "the matrix may be indefinite (curvature hessian)" },
  { .name = "preconditioner", .type = ASSAY_PARAM_CHOICE, .def.s = "none", .choices = preconditioners,
    .help = "nystrom: learn the matrix's largest directions first, then every solve takes fewer iterations; ekfac: fit Kronecker factors first, for two "
            "passes over the data; each pays for many queries" },
  ASSAY_SAMPLED_PARAMS,
  { .name = "rank", .type = ASSAY_PARAM_INT, .def.i = 64, .min = 1, .max = 1e6, .unit = "directions", .flags = ASSAY_PARAM_ADVANCED,
    .help = "directions of the nystrom preconditioner: a product each, and memory of a model each" },
  { .name = "sketch-examples", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .unit = "examples", .flags = ASSAY_PARAM_ADVANCED,
    .help = "training examples that nystrom learns from, drawn at random: it need not be exact; 0: an eighth of them, at least 64" },
  { .name = "block", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e6, .unit = "queries", .flags = ASSAY_PARAM_ADVANCED,
    .help = "queries that block-cg solves together; 0: 32, fewer for models of more than 40 million parameters" },
  { .name = "recycle", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e6, .unit = "directions", .flags = ASSAY_PARAM_ADVANCED,
    .help = "directions out of the solves so far that precondition the next block of queries, in the preconditioner's place; 0: each block by itself" },
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-6, .min = 0, .max = 1,
   .help = "relative residual of a query's solve to reach" },
  { .name = "width", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e300, .unit = "nats",
    .help = "certified half width of every score to stop at; 0: not used" },
  { .name = "max-iterations", .type = ASSAY_PARAM_INT, .def.i = 1000, .min = 1, .max = 1e9, .unit = "iterations",
    .help = "iterations of one solve" },
  { .name = "compute", .type = ASSAY_PARAM_CHOICE, .def.s = "full", .choices = assay_compute_names, .flags = ASSAY_PARAM_ADVANCED,
    .help = "products of linear layers in the solves' steps, in f32 on a CUDA device: of factors rounded so; residuals are of products in full, and each solve "
            "starts again from them until they are small enough" },
  { .name = NULL }
};

static gboolean
has_preconditioner (const AssayValues *options, const char *name)
{
  return strcmp (assay_values_get_string (options, "preconditioner"), name) == 0;
}

/* Right-hand sides of a block: as many as were asked for, or as fit, by the model's size alone; at least 1. */
static gint64
choose_block (const AssayValues *options, gint64 P, gint64 count)
{
  gint64 asked = assay_values_get_int (options, "block");

  return CLAMP (asked > 0 ? asked : (gint64) (BLOCK_BYTES / (BLOCK_VECTORS * 8.0 * (double) P)), 1, asked > 0 ? count : MIN (BLOCK_LARGEST, count));
}

/* Examples that the sketch is made from. */
static gint64
count_sketched (const AssayInfluenceTask *task, const AssayValues *options)
{
  gint64 asked = assay_values_get_int (options, "sketch-examples"), n = assay_influence_task_get_curvature (task).n_examples;

  return MIN (asked > 0 ? asked : MAX (n / SKETCH_SHARE, SKETCH_LEAST), n);
}

/* The curvature of a few of the examples, at the task's point: as good to learn large directions from, for a fraction of the price. */
static AssayLinop *
open_sketched (const AssaySolvedScores *scores, const AssayValues *options, GError **error)
{
  const AssayInfluenceTask *task = scores->task;
  AssayPoint point = assay_influence_task_get_curvature (task);
  gint64 n = point.n_examples;
  g_autofree gint64 *drawn = g_memdup2 (point.examples, n * sizeof *drawn);
  AssayRng rng = assay_rng_new (0, assay_rng_stream ("sketched examples", 0));

  point.n_examples = count_sketched (task, options);
  if (point.n_examples == n)
    return assay_linop_ref (scores->matrix.curvature);
  assay_rng_shuffle (&rng, drawn, n);
  point.examples = drawn;
  return assay_curvature_open (assay_values_get_string (options, "curvature"), &point, error);
}

static gboolean
precondition (AssayInverse *inverse, AssaySolvedScores *scores, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayLinop) sketched = NULL;
  AssayLowRank *low_rank;

  if (has_preconditioner (options, "ekfac"))
    return assay_inverse_take_ekfac (inverse, scores, progress, error);
  if (!has_preconditioner (options, "nystrom"))
    return TRUE;
  sketched = open_sketched (scores, options, error);
  low_rank = sketched ? assay_low_rank_new_nystrom (sketched, assay_values_get_int (options, "rank"), 0, progress, error) : NULL;
  if (low_rank == NULL)
    return FALSE;
  g_string_append_printf (scores->scores->notes, "preconditioner: Nystrom of rank %" G_GINT64_FORMAT " from %" G_GINT64_FORMAT " products over %" G_GINT64_FORMAT
                          " of %" G_GINT64_FORMAT " examples; its eigenvalues go from %.3g down to %.3g\n", low_rank->rank, low_rank->products,
                          count_sketched (scores->task, options), scores->task->n_train, low_rank->values[0], low_rank->values[low_rank->rank - 1]);
  return assay_inverse_take_low_rank (inverse, scores, low_rank, TRUE, error);
}

/* What the solves have seen of the lower end of a spectrum that has no known bound. */
static void
note_smallest (AssaySolvedScores *scores)
{
  double least = INFINITY;

  if (scores->matrix.lower_bound > -INFINITY)
    return;
  for (gint64 q = 0; q < scores->scores->n_query; q++)
    least = fmin (least, fmin (scores->scores->solves[q].smallest_curvature, scores->scores->solves[q].smallest_ritz));
  if (least <= 0)
    g_string_append_printf (scores->scores->notes, "the damped matrix is not positive definite: an eigenvalue of at most %.4g was met; a damping of more than %.4g is needed, or "
                            "solver minres, whose scores then describe a saddle\n", least, scores->matrix.damping - least);
  else if (isfinite (least))
    g_string_append_printf (scores->scores->notes, "smallest eigenvalue of the damped matrix: at most %.4g\n", least);
}

/* Whether recycling did anything: one block, or a matrix that is seen to be indefinite, leaves nothing to do. */
static void
note_recycled (const AssayInverse *inverse, AssaySolvedScores *scores)
{
  GString *notes = scores->scores->notes;

  if (inverse->recycled == NULL)
    return;
  g_string_append_printf (notes, "recycled: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " blocks were preconditioned by what those before them had shown",
                          inverse->n_recycled, inverse->n_calls);
  if (inverse->n_calls == 1)
    g_string_append (notes, "; there is only one block");
  g_string_append_c (notes, '\n');
}

static gboolean
refine (const AssayInfluenceTask *task, const AssayValues *options, AssaySolvedScores *scores, GError **error)
{
  AssayCompute compute = ASSAY_COMPUTE_FULL;

  while (strcmp (assay_compute_names[compute], assay_values_get_string (options, "compute")) != 0)
    compute++;
  if (compute == ASSAY_COMPUTE_FULL)
    return TRUE;
  if (strcmp (assay_values_get_string (options, "solver"), "minres") == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "cg: solver cg or block-cg expected with compute %s, minres found, which does not start again from its residual",
                   assay_compute_names[compute]);
      return FALSE;
    }
  g_string_append_printf (scores->scores->notes, "steps of the solves multiply in %s; residuals are of products in full\n", assay_compute_names[compute]);
  return assay_damped_curvature_add_coarse (&scores->matrix, task, assay_values_get_string (options, "curvature"), compute, error);
}

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_auto (AssaySolvedScores) scores = { 0 };
  g_auto (AssayInverse) inverse = { 0 };
  AssayInfluenceTask shared = *task;
  gint64 recycle = assay_values_get_int (options, "recycle");

  if (strcmp (assay_values_get_string (options, "compute"), assay_compute_names[ASSAY_COMPUTE_FULL]) != 0)
    shared.memory /= 2;                                           /* two operators keep walks */
  if (!assay_solved_scores_open (&shared, assay_values_get_string (options, "curvature"), assay_values_get_double (options, "damping"), &scores,
                                 progress, error)
      || !refine (&shared, options, &scores, error)
      || !assay_inverse_open (&scores, assay_values_get_string (options, "solver"), options, &inverse, error)
      || !precondition (&inverse, &scores, options, progress, error)
      || (recycle > 0 && !assay_inverse_recycle (&inverse, recycle, error)))
    return NULL;
  if (strcmp (inverse.solver->name, "block-cg") == 0)
    scores.block = choose_block (options, inverse.A->n, of_self ? task->n_train : task->n_query);
  if (of_self ? !assay_solved_scores_run_self (&scores, assay_inverse_solve, &inverse, progress, error)
              : !assay_solved_scores_run (&scores, assay_inverse_solve, &inverse, progress, error))
    return NULL;
  note_smallest (&scores);
  note_recycled (&inverse, &scores);
  return assay_solved_scores_steal (&scores);
}

static AssayInfluenceScores *
score_cg (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_sampled_score (task, options, FALSE, score_either, progress, error);
}

static AssayInfluenceScores *
self_cg (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_sampled_score (task, options, TRUE, score_either, progress, error);
}

/* About 200 products a query at the default damping, a third of that where they share a block; never more than max-iterations. */
static void
cost_cg (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  gint64 P = assay_model_get_n_params (task->model), block = choose_block (options, P, task->n_query);
  gboolean is_block = strcmp (assay_values_get_string (options, "solver"), "block-cg") == 0;
  double recycled = (double) MIN (assay_values_get_int (options, "recycle"), P);
  double each = is_block && block > 1 ? 67 : 200, rank = has_preconditioner (options, "nystrom") ? (double) assay_values_get_int (options, "rank") : 0;

  assay_solved_scores_cost (task, flops, bytes);
  assay_solved_scores_add_products (task, assay_values_get_string (options, "curvature"),
                                    MIN (each, (double) assay_values_get_int (options, "max-iterations")) * (double) task->n_query
                                    * assay_sampled_count (task, options) + rank * (double) count_sketched (task, options) / (double) task->n_train, flops, bytes);
  *bytes += 8.0 * ((4.0 * (is_block ? (double) block : 1) + 2 * rank + 5 * recycled) * (double) P + 16 * recycled * recycled);
}

/* Queries of a block share what their products find; those that are recycled, with all blocks behind it. */
static gint64
query_unit (const AssayInfluenceTask *task, const AssayValues *options)
{
  if (assay_values_get_int (options, "recycle") > 0)
    return MAX (1, task->n_query);
  return strcmp (assay_values_get_string (options, "solver"), "block-cg") == 0 ? choose_block (options, assay_model_get_n_params (task->model), G_MAXINT64)
         : ASSAY_QUERY_BLOCK;
}

ASSAY_METHOD_DEFINE (cg) = { .name = "cg", .help = "influence by damped conjugate gradients, with certified intervals", .params = params, .flags = ASSAY_METHOD_HAS_DIRECTION | ASSAY_METHOD_CUTS_SELF,
                             .query_unit = query_unit, .score = score_cg, .self = self_cg, .cost = cost_cg };
