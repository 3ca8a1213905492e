/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_trackstar.c: TrackStar: gradients scaled by their second moment, projected, whitened and brought to length 1.
 *
 *   psi_i = unit (R^-1/2 S' (V^-1/2 g_i))          score[q, i] = psi_q' psi_i          unit: relative, within -1 .. 1
 *   R = (1 - m) R_train + m R_query
 *
 * V is the second moment of adamw behind its last step, for which the training is made again; for other trainings the mean squared gradient of the
 * examples stands for it. R_train and R_query are
 * second moments of the projected gradients: directions that all queries share count less. So scores depend on which queries are asked
 * about together. S has signs drawn from a counter.
 * Source: Chang et al. 2024 (2410.17413), equations 2 to 5.
 */
#include "base/error.h"
#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/gradient.h"
#include "hessian/vector_f64.h"
#include "influence/error_bars.h"
#include "influence/projection.h"
#include "influence/score.h"
#include "influence/task.h"
#include "run/course.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

#define LEAST_MOMENT 1e-8       /* of the mean of V, added to each entry: a parameter that no example moves stays at 0 */

static const char *const moments[] = { "auto", "optimizer", "gradients", NULL };

static const AssayParam params[] = {
  { .name = "projection", .type = ASSAY_PARAM_INT, .def.i = 2048, .min = 1, .max = 1e6, .help = "numbers that a gradient is projected to" },
  { .name = "query-share", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.5, .min = 0, .max = 1, .help = "m: share of the queries in the second moment" },
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 1e-12, .max = 1e300,
    .help = "added to the second moment's eigenvalues, over their mean" },
  { .name = "moment", .type = ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = moments,
    .help = "what gradients are scaled by: the optimizer's second moment, or that of the examples' gradients; auto: the former after adamw" },
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the projection" },
  ASSAY_SEEDED_PARAMS,
  { .name = NULL }
};

typedef struct {
  const AssayInfluenceTask *task;
  AssayProjection *projection;
  gint64 N, Q, P, k;
  double *scale;                /* (P) V^-1/2 */
  double *train, *query;        /* (N,k), (Q,k) */
} Star;

static void
star_clear (Star *s)
{
  assay_projection_free (s->projection);
  assay_mem_free (s->scale);
  assay_mem_free (s->train);
  assay_mem_free (s->query);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Star, star_clear)

static gboolean
add_square (gint64 i, double loss, const double *gradient, gpointer data, GError **error)
{
  Star *s = data;

  (void) i;
  (void) loss;
  (void) error;
  for (gint64 j = 0; j < s->P; j++)
    s->scale[j] += gradient[j] * gradient[j];
  return TRUE;
}

static gboolean
take_scale (const AssayCoursePoint *point, gpointer data, GError **error)
{
  Star *s = data;

  (void) error;
  memcpy (s->scale, point->scale, s->P * sizeof *s->scale);
  return TRUE;
}

/* scale <- 1 / (sqrt V + eps) as the last step of adamw had it; *known FALSE: the training had no second moment, or is not known. */
static gboolean
read_moment (Star *s, gboolean *known, AssayProgress *progress, GError **error)
{
  const AssayInfluenceTask *task = s->task;
  g_autoptr (AssayCourse) course = NULL;
  gint64 last;

  *known = task->optimizer_scale != NULL;
  if (*known)
    {
      memcpy (s->scale, task->optimizer_scale, s->P * sizeof *s->scale);
      return TRUE;
    }
  *known = task->training != NULL && task->start != NULL && strcmp (assay_values_get_string (task->training->options, "optimizer"), "adamw") == 0;
  if (!*known)
    return TRUE;
  course = assay_course_new (task->training, task->start, error);
  if (course == NULL)
    return FALSE;
  last = assay_course_get_n_steps (course);
  return assay_course_visit (course, 1, &last, take_scale, s, progress, error);
}

/* scale <- (V + a little)^-1/2 of the examples' gradients */
static gboolean
measure_moment (Star *s, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (s->task);
  double mean = 0;

  memset (s->scale, 0, s->P * sizeof *s->scale);
  if (!assay_gradient_each (&train, add_square, s, progress, error))
    return FALSE;
  for (gint64 j = 0; j < s->P; j++)
    mean += s->scale[j] / (double) s->P;
  for (gint64 j = 0; j < s->P; j++)
    s->scale[j] = mean > 0 ? 1 / sqrt ((s->scale[j] + LEAST_MOMENT * mean) / (double) s->N) : 0;
  return TRUE;
}

static gboolean
find_moment (Star *s, const AssayValues *options, GString *notes, AssayProgress *progress, GError **error)
{
  const char *moment = assay_values_get_string (options, "moment");
  gboolean known = FALSE;

  if (strcmp (moment, "gradients") != 0 && !read_moment (s, &known, progress, error))
    return FALSE;
  if (!known && strcmp (moment, "optimizer") == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "trackstar: a model that was trained in this case by adamw, or came with its second moment, expected; take "
                   "that of the examples' gradients (--moment gradients)");
      return FALSE;
    }
  g_string_append_printf (notes, "scaled by the second moment of %s\n", known ? "the optimizer behind its last step" : "the examples' gradients");
  return known || measure_moment (s, progress, error);
}

static gboolean
project_all (Star *s, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (s->task);
  g_autoptr (AssayBuffer) gradient = assay_mem_alloc_array (s->P, sizeof (double), error);
  double *g = gradient;

  if (g == NULL || !assay_projection_of_gradients (s->projection, &train, s->scale, s->train, NULL, progress, error))
    return FALSE;
  for (gint64 q = 0; q < s->Q; q++)
    {
      if (!assay_influence_task_query_gradients (s->task, NULL, q, 1, g, error))
        return FALSE;
      for (gint64 j = 0; j < s->P; j++)
        g[j] *= s->scale[j];
      assay_projection_apply (s->projection, s->task->backend->workers, 1, g, s->query + q * s->k);
    }
  return TRUE;
}

/* rows (n,k) <- unit (rows U (L + damping)^-1/2) */
static gboolean
whiten (const Star *s, const double *U, const double *root, gint64 n, double *rows, GError **error)
{
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (n * s->k, sizeof (double), error);
  double *turned = memory;

  if (turned == NULL)
    return FALSE;
  assay_gemm_f64 (s->task->backend->workers, FALSE, TRUE, n, s->k, s->k, 1, rows, s->k, U, s->k, FALSE, turned, s->k);
  for (gint64 i = 0; i < n; i++)
    {
      double size;

      for (gint64 c = 0; c < s->k; c++)
        turned[i * s->k + c] *= root[c];
      size = assay_f64_norm (s->k, turned + i * s->k);
      assay_f64_scale (s->k, size > 0 ? 1 / size : 0, turned + i * s->k);
    }
  memcpy (rows, turned, n * s->k * sizeof *rows);
  return TRUE;
}

static gboolean
whiten_all (Star *s, const AssayValues *options, GError **error)
{
  double m = assay_values_get_double (options, "query-share"), mean = 0, damping;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (s->k * (s->k + 1), sizeof (double), error);
  double *R = memory, *values = R ? R + s->k * s->k : NULL;
  AssayWorkers *workers = s->task->backend->workers;

  if (R == NULL)
    return FALSE;
  assay_gemm_f64 (workers, TRUE, FALSE, s->k, s->k, s->N, (1 - m) / (double) s->N, s->train, s->k, s->train, s->k, FALSE, R, s->k);
  assay_gemm_f64 (workers, TRUE, FALSE, s->k, s->k, s->Q, m / (double) s->Q, s->query, s->k, s->query, s->k, TRUE, R, s->k);
  assay_dense_symmetrise (s->k, R);
  if (!assay_dense_eigen (NULL, "second moment of the projected gradients", ASSAY_F64, s->k, R, values, NULL, error))
    return FALSE;
  for (gint64 c = 0; c < s->k; c++)
    mean += MAX (values[c], 0) / (double) s->k;
  damping = assay_values_get_double (options, "damping") * (mean > 0 ? mean : 1);
  for (gint64 c = 0; c < s->k; c++)
    values[c] = 1 / sqrt (MAX (values[c], 0) + damping);
  return whiten (s, R, values, s->N, s->train, error) && whiten (s, R, values, s->Q, s->query, error);
}

static AssayInfluenceScores *
score_once (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_auto (Star) s = { .task = task, .N = task->n_train, .Q = task->n_query, .P = assay_model_get_n_params (task->model) };

  (void) of_self;                 /* what is the same for all queries is taken out: nothing is defined for one */
  if (!assay_influence_task_check (task, error)
      || (s.projection = assay_projection_new (s.P, assay_values_get_int (options, "projection"), (guint64) assay_values_get_int (options, "seed"),
                                               error)) == NULL)
    return NULL;
  s.k = s.projection->k;
  if ((scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL
      || (s.scale = assay_mem_alloc_array (s.P, sizeof (double), error)) == NULL
      || (s.train = assay_mem_alloc_array (s.N * s.k, sizeof (double), error)) == NULL
      || (s.query = assay_mem_alloc_array (s.Q * s.k, sizeof (double), error)) == NULL
      || !find_moment (&s, options, scores->notes, progress, error) || !project_all (&s, progress, error) || !whiten_all (&s, options, error))
    return NULL;
  assay_gemm_f64 (task->backend->workers, FALSE, TRUE, s.Q, s.N, s.k, 1, s.query, s.k, s.train, s.k, FALSE, scores->value, s.N);
  scores->unit = ASSAY_UNIT_RELATIVE;
  scores->counterfactual = "none";
  scores->interval_reason = "an angle between projected gradients estimates no quantity that an interval could hold";
  scores->l2 = task->l2;
  g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " numbers of %" G_GINT64_FORMAT " parameters%s; scores depend on the %" G_GINT64_FORMAT
                          " queries asked about together\n", s.k, s.P, s.projection->is_identity ? ", not projected" : "", s.Q);
  return g_steal_pointer (&scores);
}

static AssayInfluenceScores *
score_trackstar (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_seeded_score (task, options, FALSE, score_once, progress, error);
}

static void
cost_trackstar (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double P = (double) assay_model_get_n_params (task->model), N = (double) task->n_train, Q = (double) task->n_query;
  double k = MIN ((double) assay_values_get_int (options, "projection"), P);

  *flops = assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, 2 * task->n_train + task->n_query) + 2 * P * k * (N + Q) + 4 * N * k * k
           + 9 * k * k * k + 2 * Q * k * N;
  *flops *= (double) assay_values_get_int (options, "projection-seeds");
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_GRADIENT) + 8 * (2 * N * k + 4 * k * k + 34 * P + Q * (N + k));
}

ASSAY_METHOD_DEFINE (trackstar) = { .name = "trackstar", .help = "angles of whitened projected gradients, what all queries share counting less",
                                   .params = params, .flags = ASSAY_METHOD_DIVIDES_BY_SIZE | ASSAY_METHOD_IS_WHOLE, .score = score_trackstar, .cost = cost_trackstar };
