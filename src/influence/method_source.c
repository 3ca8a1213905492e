/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_source.c: SOURCE: the training as a few stretches along each of which gradients and curvature stay the same, unrolled in closed form.
 *
 *   infl[q, i] = (1/N) sum_l (F_l q_l)' gbar_l,i        q_L = g_q (theta_T),  q_(l-1) = B_l q_l          unit: nats per removed example
 *   F (b) = (1 - e^(-time b)) / b,  B (b) = e^(-time b)       in the basis of the segment's curvature (hessian/factors_flow.h)
 *
 * gbar and the factors are means over checkpoints of the segment, which the training is made again for; they share out its sum of rates evenly. Momentum
 * lengthens every step by 1 / (1 - beta). adamw moves every parameter by a metric of its own, of which a segment takes the mean over its checkpoints.
 * Source: Bae et al. 2024 (2405.12186), section 3 and appendix B.
 */
#include "base/error.h"
#include "base/mem.h"
#include "hessian/factors_flow.h"
#include "hessian/module_scores.h"
#include "influence/factored.h"
#include "influence/score.h"
#include "influence/task.h"
#include "run/course.h"

#include <math.h>
#include <string.h>

#define NAME "source"           /* that factors of segments are kept under */

static const AssayParam params[] = {
  { .name = "segments", .type = ASSAY_PARAM_INT, .def.i = 3, .min = 1, .max = 1000, .help = "stretches that the steps of the training are cut into" },
  { .name = "checkpoints", .type = ASSAY_PARAM_INT, .def.i = 2, .min = 1, .max = 1000, .help = "places of each where gradients and curvature are taken" },
  ASSAY_FACTORED_DAMPING_PARAMS,
  ASSAY_FACTORS_FIT_PARAMS,
  ASSAY_FACTORS_COMPUTE_PARAM,
  { .name = NULL }
};

/* --- segments -------------------------------------------------------------------------------------------------------------- */

typedef struct {
  double *theta;                /* (n_points,P) */
  double *metric;               /* (P), mean over the points; NULL: the same for all parameters, and in `time` */
  AssayFactorsFlow flow;
} Segment;

typedef struct {
  const AssayInfluenceTask *task;
  gint64 P, T;
  guint n, n_points;            /* segments, checkpoints of each */
  gint64 *step;                 /* (n, n_points) */
  Segment *segment;             /* (n) */
  guint visited;
} Path;

static void
path_clear (Path *path)
{
  for (guint s = 0; path->segment != NULL && s < path->n; s++)
    {
      assay_mem_free (path->segment[s].theta);
      assay_mem_free (path->segment[s].metric);
    }
  g_free (path->segment);
  g_free (path->step);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Path, path_clear)

/* The steps at which the sum of the segment's rates passes (c + 1/2) / n_points of it: means over them are means along the way. */
static void
choose_steps (const AssayCourse *course, gint64 first, gint64 end, guint n_points, gint64 *step)
{
  double total = 0, sum = 0;
  guint c = 0;

  for (gint64 t = first; t < end; t++)
    total += assay_course_get_rate (course, t + 1);
  for (gint64 t = first; t < end && c < n_points; t++)
    {
      sum += total > 0 ? assay_course_get_rate (course, t + 1) / total : 1.0 / (double) (end - first);
      while (c < n_points && (sum >= (c + 0.5) / n_points || t == end - 1))
        step[c++] = t + 1;
    }
}

static gboolean
take_point (const AssayCoursePoint *point, gpointer data, GError **error)
{
  Path *path = data;
  Segment *segment = &path->segment[path->visited / path->n_points];
  double *theta = segment->theta + (path->visited % path->n_points) * path->P;

  (void) error;
  assay_dtype_convert (assay_model_get_dtype (path->task->model), point->theta, ASSAY_F64, theta, path->P);
  for (gint64 p = 0; p < path->P; p++)
    segment->metric[p] += point->scale[p] / path->n_points;
  segment->flow.decay = point->decay;
  path->visited++;
  return TRUE;
}

/* A metric that is one number is a longer time. */
static gboolean
settle_segment (const Path *path, const AssayCourse *course, guint s, GError **error)
{
  Segment *segment = &path->segment[s];
  gint64 first = path->T * s / path->n, end = path->T * (s + 1) / path->n;
  double least = INFINITY, most = 0;

  segment->flow.l2 = path->task->l2;
  for (gint64 t = first; t < end; t++)
    segment->flow.time += assay_course_get_rate (course, t + 1);
  for (gint64 p = 0; p < path->P; p++)
    {
      least = MIN (least, segment->metric[p]);
      most = MAX (most, segment->metric[p]);
    }
  if (!(least > 0 && isfinite (most)))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "source: steps %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ": a finite step for a finite gradient expected, "
                   "%g to %g found; a momentum below 1, or eps above 0, makes it so", first + 1, end, least, most);
      return FALSE;
    }
  if (least == most)
    {
      segment->flow.time *= most;
      assay_mem_free (g_steal_pointer (&segment->metric));
    }
  return TRUE;
}

static gboolean
follow (Path *path, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayCourse) course = assay_course_new (path->task->training, path->task->start, error);

  if (course == NULL)
    return FALSE;
  path->P = assay_model_get_n_params (path->task->model);
  path->T = assay_course_get_n_steps (course);
  path->n = (guint) MIN (assay_values_get_int (options, "segments"), path->T);
  path->n_points = (guint) assay_values_get_int (options, "checkpoints");
  path->step = g_new0 (gint64, path->n * path->n_points);
  path->segment = g_new0 (Segment, path->n);
  for (guint s = 0; s < path->n; s++)
    {
      choose_steps (course, path->T * s / path->n, path->T * (s + 1) / path->n, path->n_points, path->step + s * path->n_points);
      if ((path->segment[s].theta = assay_mem_alloc_array (path->n_points * path->P, sizeof (double), error)) == NULL
          || (path->segment[s].metric = assay_mem_new (double, path->P, error)) == NULL)
        return FALSE;
    }
  if (!assay_course_visit (course, path->n * path->n_points, path->step, take_point, path, progress, error))
    return FALSE;
  for (guint s = 0; s < path->n; s++)
    if (!settle_segment (path, course, s, error))
      return FALSE;
  return TRUE;
}

/* --- scores ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const Path *path;
  AssayFactorsOptions fit;
  AssayFactorsDamping damping;  /* where the optimizer has a metric */
  AssayDtype dtype;
  double *X, *U;                /* (K,P) */
  double *part;                 /* (K,N) */
} Walk;

static gboolean
flow_back (const Walk *walk, const Segment *segment, const AssayPoint *point, const AssayFactors *factors, gint64 K, AssayInfluenceScores *scores,
           AssayProgress *progress, GError **error)
{
  const AssayFactorsOptions identity = { .basis = ASSAY_FACTORS_IDENTITY, .is_empirical = walk->fit.is_empirical, .seed = walk->fit.seed };
  AssayWorkers *workers = walk->path->task->backend->workers;
  g_autoptr (AssayFactorsInverse) inverse = NULL;
  g_autoptr (AssayFactors) own = NULL;
  g_autoptr (AssayBuffer) diagonal = NULL;

  if (segment->metric == NULL)
    return assay_factors_flow_back (factors, &segment->flow, workers, K, walk->X, walk->U, error);
  if ((inverse = assay_factors_inverse_new (factors, ASSAY_SPECTRUM_FITTED, &walk->damping, workers, error)) == NULL
      || (own = assay_factored_obtain_mean (walk->path->task, point, walk->path->n_points, &identity, NAME, progress, error)) == NULL
      || (diagonal = assay_mem_alloc_array (walk->path->P, sizeof (double), error)) == NULL)
    return FALSE;
  for (guint m = 0; m < own->modules->n; m++)
    assay_module_write (&own->modules->module[m], own->of[m].lambda, diagonal);
  assay_factors_flow_back_in_metric (inverse, diagonal, segment->metric, &segment->flow, K, walk->X, walk->U);
  if (isnan (scores->damping))
    assay_factored_note_damping (factors, inverse, segment->flow.l2, scores);
  return TRUE;
}

/* Adds a segment's part to the scores of K queries and takes their gradients to where it began. */
static gboolean
pass_segment (const Walk *walk, const Segment *segment, gint64 first, gint64 K, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  const AssayInfluenceTask *task = walk->path->task;
  guint n = walk->path->n_points;
  double *value = scores->value + first * task->n_train;
  g_autofree AssayPoint *point = g_new (AssayPoint, n);
  g_autoptr (AssayFactors) factors = NULL;

  for (guint c = 0; c < n; c++)
    {
      point[c] = assay_influence_task_get_point (task, segment->theta + c * walk->path->P, task->train, task->n_train);
      point[c].dtype = walk->dtype;
      point[c].compute = walk->fit.compute;
    }
  factors = assay_factored_obtain_mean (task, point, n, &walk->fit, NAME, progress, error);
  if (factors == NULL || !flow_back (walk, segment, point, factors, K, scores, progress, error))
    return FALSE;
  for (guint c = 0; c < n; c++)
    {
      if (!assay_module_scores (&point[c], factors->modules, K, walk->U, ASSAY_ROUTE_CHEAPER, walk->part, NULL, progress, error))
        return FALSE;
      for (gint64 i = 0; i < K * task->n_train; i++)
        value[i] += walk->part[i] / (n * (double) task->n_train);
    }
  return TRUE;
}

static gboolean
fill (const Path *path, const AssayValues *options, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  AssayInfluenceTask own = *path->task;
  gint64 block = assay_factored_choose_block (&own), N = own.n_train;
  g_autoptr (AssayBuffer) X = assay_mem_alloc_array (block * path->P, sizeof (double), error), U = NULL, part = NULL;
  Walk walk = { .path = path, .X = X };

  if (X == NULL || (walk.U = U = assay_mem_alloc_array (block * path->P, sizeof (double), error)) == NULL
      || (walk.part = part = assay_mem_alloc_array (block * N, sizeof (double), error)) == NULL)
    return FALSE;
  walk.fit = assay_factored_read_options (&own, options, ASSAY_FACTORS_KRONECKER, &walk.dtype);
  walk.damping = assay_factored_read_damping (&own, options);
  own.is_single_precision = walk.dtype == ASSAY_F32;
  for (gint64 first = 0; first < own.n_query; first += block)
    {
      gint64 K = MIN (block, own.n_query - first);

      if (!assay_influence_task_query_gradients (&own, NULL, first, K, walk.X, error))
        return FALSE;
      for (guint s = path->n; s-- > 0; )
        if (!pass_segment (&walk, &path->segment[s], first, K, scores, progress, error))
          return FALSE;
    }
  return TRUE;
}

static gboolean
check (const AssayInfluenceTask *task, GError **error)
{
  if (!assay_influence_task_check (task, error))
    return FALSE;
  if (task->training != NULL && task->start != NULL)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "source: a model that was trained in this case by sgd, momentum or adamw expected; %s",
               task->training ? "this one was trained on whole batches until it converged: the method ekfac says the same without its steps"
                              : "the steps of this one's training are not known");
  return FALSE;
}

static void
note_segments (const Path *path, GString *notes)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (notes, "%" G_GINT64_FORMAT " steps in %u segments, %u checkpoints of each, made again:", path->T, path->n, path->n_points);
  for (guint k = 0; k < path->n * path->n_points; k++)
    g_string_append_printf (notes, "%s %" G_GINT64_FORMAT, k > 0 ? "," : " before the steps", path->step[k]);
  g_string_append (notes, "\nsums of rates:");
  for (guint s = 0; s < path->n; s++)
    g_string_append_printf (notes, "%s %s", s > 0 ? "," : "", g_ascii_formatd (text, sizeof text, "%.4g", path->segment[s].flow.time));
  g_string_append_c (notes, '\n');
}

static AssayInfluenceScores *
score_source (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_auto (Path) path = { .task = task };

  if (!check (task, error) || (scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL)
    return NULL;
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "expected-over-seeds";
  scores->interval_reason = "segments stand for the steps and factors for the curvature by amounts that nothing here bounds; assay validate measures what "
                            "they are worth";
  scores->l2 = task->l2;
  memset (scores->value, 0, sizeof (double) * task->n_query * task->n_train);
  if (!follow (&path, options, progress, error) || !fill (&path, options, scores, progress, error))
    return NULL;
  if (isnan (scores->damping))
    scores->damping = 0;
  note_segments (&path, scores->notes);
  return g_steal_pointer (&scores);
}

/* The training once more; for each block of queries a fit and a pass at every checkpoint. */
static void
cost_source (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  AssayDtype dtype;
  AssayFactorsOptions fit = assay_factored_read_options (task, options, ASSAY_FACTORS_KRONECKER, &dtype);
  g_autoptr (AssayModules) modules = assay_modules_new (task->model, NULL);
  const AssayValues *o = task->training ? task->training->options : NULL;
  double P = (double) assay_model_get_n_params (task->model), n = (double) assay_values_get_int (options, "segments"), each = 0, seen;
  gint64 block = assay_factored_choose_block (task), batch = o ? assay_values_get_int (o, "batch") : 0, N = task->n_train;

  n *= (double) assay_values_get_int (options, "checkpoints");
  if (o == NULL || modules == NULL || !assay_factors_get_cost (task->model, &fit, dtype, N, flops, bytes, NULL))
    return;
  for (guint m = 0; m < modules->n; m++)
    {
      double of_module;

      assay_module_choose_route (&modules->module[m], block, &of_module);
      each += of_module;
    }
  seen = (double) assay_train_get_n_steps (o, N, task->training->n_order) * (double) (batch > 0 ? MIN (batch, N) : N);
  *flops = n * ceil ((double) task->n_query / (double) block)
           * (*flops + (each + assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, 1) * 2 / 3) * (double) N)
           + assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, (gint64) seen + task->n_query);
  *bytes += 8.0 * ((2 * (double) block + n + (double) assay_values_get_int (options, "segments") + 4) * P + 2.0 * (double) (task->n_query * N));
}

ASSAY_METHOD_DEFINE (source) = { .name = NAME, .help = "stretches of the training unrolled in closed form, by curvature factors of each",
                                 .flags = ASSAY_METHOD_NEEDS_STEPS, .params = params, .query_unit = assay_factored_query_unit,
                                 .score = score_source, .cost = cost_source };
