/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_lorif.c: LoRIF: LoGra with both its stores cut to a low rank: c pairs of vectors for each projected gradient, r directions of its curvature.
 *
 *   G_i ~ sum_j u_j v_j'     c pairs (ko), (ki) in floats: the best of rank c; c (ko + ki) numbers in place of ko ki
 *   C = (1/N) sum_i G_i G_i' of those ~ V' diag (theta) V, r directions by a Nystrom sketch; (C + lambda I)^-1 by Woodbury
 *   infl[q, i] = (1/N) sum over modules  G_q' (C + lambda I)^-1 G_i       unit: nats per removed example
 *
 * G of side_projection.h, whole for queries; lambda = l2 + damping x the mean eigenvalue of each module's C. With c and r as large as can be it is logra, up to the
 * floats. How much of the gradients' squares and of the curvature's trace the low ranks hold stands in the notes.
 * Source: 2601.21929 (LoRIF); influence chapter, section 5.
 */
#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/low_rank.h"
#include "hessian/vector_f64.h"
#include "influence/error_bars.h"
#include "influence/score.h"
#include "influence/side_projection.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

#define ROWS 256                /* at least 2: examples whose gradients are made of their pairs at a time */

static const AssayParam params[] = {
  ASSAY_SIDE_PROJECTION_PARAMS,
  { .name = "gradient-rank", .type = ASSAY_PARAM_INT, .def.i = 4, .min = 1, .max = 256,
    .help = "c: pairs of vectors that are kept of a module's projected gradient" },
  { .name = "rank", .type = ASSAY_PARAM_INT, .def.i = 256, .min = 1, .max = 65536, .help = "r: directions that are kept of each module's curvature" },
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.1, .min = 1e-12, .max = 1e300,
    .help = "added to l2, over the mean eigenvalue of each module's matrix" },
  ASSAY_SEEDED_PARAMS,
  { .name = NULL }
};

/* One module's pairs. */
typedef struct {
  gint64 c;
  float *u, *v;                 /* (N,c,ko), (N,c,ki) */
} Pairs;

typedef struct {
  AssaySideProjection projection;
  AssayWorkers *workers;
  gint64 N;
  Pairs *pairs;                 /* (modules) */
  double *gram, *values;        /* (k,k), (k) of one gradient */
  double *rows;                 /* (ROWS, largest ko ki) */
  AssayLinop **inverse;         /* (modules); NULL where no example moves the module */
  double *selves;               /* (N) of self-influence */
  double whole, kept;           /* squares of all gradients, and of what their pairs hold */
  double trace, told;           /* of all curvatures, and of their directions */
} Lorif;

static void
lorif_clear (Lorif *l)
{
  for (guint m = 0; l->pairs != NULL && m < l->projection.modules->n; m++)
    assay_mem_free (l->pairs[m].u);
  for (guint m = 0; l->inverse != NULL && m < l->projection.modules->n; m++)
    g_clear_pointer (&l->inverse[m], assay_linop_unref);
  g_free (l->inverse);
  g_free (l->pairs);
  assay_mem_free (l->gram);
  assay_side_projection_clear (&l->projection);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lorif, lorif_clear)

static gboolean
lorif_open (Lorif *l, const AssayInfluenceTask *task, const AssayValues *options, GError **error)
{
  const gint64 k = assay_values_get_int (options, "projection"), c = assay_values_get_int (options, "gradient-rank");
  gint64 most = 0;

  if (!assay_side_projection_open (&l->projection, task, options, error))
    return FALSE;
  l->workers = task->backend->workers;
  l->N = task->n_train;
  l->pairs = g_new0 (Pairs, l->projection.modules->n);
  l->inverse = g_new0 (AssayLinop *, l->projection.modules->n);
  for (guint m = 0; m < l->projection.modules->n; m++)
    {
      const AssaySides *sides = &l->projection.sides[m];
      Pairs *pairs = &l->pairs[m];

      most = MAX (most, sides->ko * sides->ki);
      pairs->c = MIN (c, MIN (sides->ko, sides->ki));
      if ((pairs->u = assay_mem_alloc_array (l->N * pairs->c * (sides->ko + sides->ki), sizeof (float), error)) == NULL)
        return FALSE;
      pairs->v = pairs->u + l->N * pairs->c * sides->ko;
    }
  if ((l->gram = assay_mem_alloc_array (k * k + k + ROWS * most, sizeof (double), error)) == NULL)
    return FALSE;
  l->values = l->gram + k * k;
  l->rows = l->values + k;
  return TRUE;
}

/* --- pairs ------------------------------------------------------------------------------------------------------------------------- */

/* The c largest singular directions of the shorter side, by the eigenvectors of G G' or G' G; what G makes of them is the other side. */
static gboolean
cut_gradient (Lorif *l, guint m, gint64 example, const double *G, GError **error)
{
  const AssaySides *sides = &l->projection.sides[m];
  const Pairs *pairs = &l->pairs[m];
  const gboolean is_left = sides->ko <= sides->ki;
  const gint64 ko = sides->ko, ki = sides->ki, n = is_left ? ko : ki;
  float *u = pairs->u + example * pairs->c * ko, *v = pairs->v + example * pairs->c * ki;
  double most = 0;

  for (gint64 f = 0; f < ko * ki; f++)
    most = MAX (most, fabs (G[f]));
  if (most == 0)                                                  /* nothing moves this module: its pairs are zeros */
    return TRUE;
  l->whole += assay_f64_dot (ko * ki, G, G);
  if (is_left)
    assay_gemm_f64 (NULL, FALSE, TRUE, n, n, ki, 1 / (most * most), G, ki, G, ki, FALSE, l->gram, n);
  else
    assay_gemm_f64 (NULL, TRUE, FALSE, n, n, ko, 1 / (most * most), G, ki, G, ki, FALSE, l->gram, n);
  assay_dense_symmetrise (n, l->gram);
  if (!assay_dense_eigen (NULL, "Gram matrix of the gradients", ASSAY_F64, n, l->gram, l->values, NULL, error))
    return FALSE;
  for (gint64 j = 0; j < pairs->c; j++)
    {
      const double *direction = l->gram + (n - 1 - j) * n;

      for (gint64 a = 0; a < n; a++)
        (is_left ? u + j * ko : v + j * ki)[a] = (float) direction[a];
      for (gint64 b = 0; b < (is_left ? ki : ko); b++)
        {
          double sum = 0;

          for (gint64 a = 0; a < n; a++)
            sum += direction[a] * (is_left ? G[a * ki + b] : G[b * ki + a]);
          (is_left ? v + j * ki : u + j * ko)[b] = (float) sum;
          l->kept += sum * sum;
        }
    }
  return TRUE;
}

static gboolean
take_gradients (gint64 example, const double *feature, gpointer data, GError **error)
{
  Lorif *l = data;

  for (guint m = 0; m < l->projection.modules->n; m++)
    if (!cut_gradient (l, m, example, feature + l->projection.sides[m].first, error))
      return FALSE;
  return TRUE;
}

/* rows (n, ko ki): gradients first .. first + n - 1 out of their pairs. */
static void
make_rows (const Lorif *l, guint m, gint64 first, gint64 n, double *rows)
{
  const AssaySides *sides = &l->projection.sides[m];
  const Pairs *pairs = &l->pairs[m];
  const gint64 ko = sides->ko, ki = sides->ki;

  memset (rows, 0, n * ko * ki * sizeof *rows);
  for (gint64 i = 0; i < n; i++)
    for (gint64 j = 0; j < pairs->c; j++)
      {
        const float *u = pairs->u + ((first + i) * pairs->c + j) * ko, *v = pairs->v + ((first + i) * pairs->c + j) * ki;

        for (gint64 a = 0; a < ko; a++)
          for (gint64 b = 0; b < ki; b++)
            rows[(i * ko + a) * ki + b] += (double) u[a] * (double) v[b];
      }
}

/* --- curvature --------------------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayLinop op;
  Lorif *l;
  guint m;
  double *dots;                 /* (K,ROWS); NULL before the first product */
  gint64 K;
} Curvature;

static gboolean
apply_curvature (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  Curvature *c = (Curvature *) op;
  const gint64 f = op->n, N = c->l->N;

  if (c->K < K)
    {
      assay_mem_free (c->dots);
      c->K = K;
      if ((c->dots = assay_mem_alloc_array (K * ROWS, sizeof (double), error)) == NULL)
        return FALSE;
    }
  memset (Y, 0, K * f * sizeof *Y);
  for (gint64 first = 0; first < N; first += ROWS)
    {
      const gint64 n = MIN (ROWS, N - first);

      make_rows (c->l, c->m, first, n, c->l->rows);
      assay_gemm_f64 (c->l->workers, FALSE, TRUE, K, n, f, 1 / (double) N, X, f, c->l->rows, f, FALSE, c->dots, n);
      assay_gemm_f64 (c->l->workers, FALSE, FALSE, K, f, n, 1, c->dots, n, c->l->rows, f, TRUE, Y, f);
    }
  return TRUE;
}

static void
curvature_finalize (AssayLinop *op)
{
  assay_mem_free (((Curvature *) op)->dots);
}

/* The inverse of one module's C + lambda I; *lambda is 0, and nothing is made, where no example moves the module. */
static AssayLinop *
open_inverse (Lorif *l, guint m, const AssayValues *options, double *lambda, AssayProgress *progress, GError **error)
{
  const AssaySides *sides = &l->projection.sides[m];
  const gint64 f = sides->ko * sides->ki;
  const AssayLinop prototype = { .name = "curvature of projected gradients", .n = f, .is_symmetric = TRUE, .shift = 0,
                                 .product_error = (double) (l->N + f) * 0x1p-52, .apply = apply_curvature, .finalize = curvature_finalize };
  g_autoptr (AssayLinop) C = assay_linop_alloc (sizeof (Curvature), &prototype);
  AssayLowRank *low_rank;
  double trace = 0;

  ((Curvature *) C)->l = l;
  ((Curvature *) C)->m = m;
  for (gint64 first = 0; first < l->N; first += ROWS)
    {
      const gint64 n = MIN (ROWS, l->N - first);

      make_rows (l, m, first, n, l->rows);
      trace += assay_f64_dot (n * f, l->rows, l->rows) / (double) l->N;
    }
  *lambda = 0;
  if (trace == 0)
    return NULL;
  *lambda = l->projection.task->l2 + assay_values_get_double (options, "damping") * trace / (double) f;
  low_rank = assay_low_rank_new_nystrom (C, MIN (assay_values_get_int (options, "rank"), f), 0, progress, error);
  if (low_rank == NULL)
    return NULL;
  l->trace += trace;
  for (gint64 j = 0; j < low_rank->rank; j++)
    l->told += low_rank->values[j];
  return assay_low_rank_inverse_new (low_rank, *lambda, error);
}

/* --- scores ------------------------------------------------------------------------------------------------------------------------ */

/* X <- (C + lambda I)^-1 G_q, then X G_i' / N. */
static gboolean
add_module (Lorif *l, guint m, AssayLinop *inverse, const double *query, AssayInfluenceScores *scores, GError **error)
{
  const gint64 f = inverse->n, N = l->N, Q = scores->n_query;
  g_autoptr (AssayBuffer) own = assay_mem_alloc_array (Q * f, sizeof (double), error);
  g_autoptr (AssayBuffer) directions = own ? assay_mem_alloc_array (Q * f, sizeof (double), error) : NULL;

  if (directions == NULL)
    return FALSE;
  for (gint64 q = 0; q < Q; q++)
    memcpy ((double *) own + q * f, query + q * l->projection.F + l->projection.sides[m].first, f * sizeof (double));
  if (!assay_linop_apply (inverse, Q, own, directions, error))
    return FALSE;
  for (gint64 first = 0; first < N; first += ROWS)
    {
      const gint64 n = MIN (ROWS, N - first);

      make_rows (l, m, first, n, l->rows);
      assay_gemm_f64 (l->workers, FALSE, TRUE, Q, n, f, 1 / (double) N, directions, f, l->rows, f, TRUE, scores->value + first, N);
    }
  return TRUE;
}

/* An example asked as a query comes whole, as queries do: a second pass over the gradients. */
static gboolean
take_self (gint64 example, const double *feature, gpointer data, GError **error)
{
  Lorif *l = data;

  for (guint m = 0; m < l->projection.modules->n; m++)
    {
      AssayLinop *inverse = l->inverse[m];

      if (inverse == NULL)
        continue;
      if (!assay_linop_apply (inverse, 1, feature + l->projection.sides[m].first, l->rows, error))
        return FALSE;
      make_rows (l, m, example, 1, l->rows + inverse->n);
      l->selves[example] += assay_f64_dot (inverse->n, l->rows, l->rows + inverse->n) / (double) l->N;
    }
  return TRUE;
}

static void
describe (const Lorif *l, const double range[3], AssayInfluenceScores *scores)
{
  gint64 numbers = 0;

  assay_side_projection_note (&l->projection, scores->notes);
  for (guint m = 0; m < l->projection.modules->n; m++)
    numbers += l->pairs[m].c * (l->projection.sides[m].ko + l->projection.sides[m].ki);
  g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " numbers of an example in place of %" G_GINT64_FORMAT " of its projected gradient and %" G_GINT64_FORMAT
                          " parameters; they hold %.1f %% of the projected gradients' squares, and the directions kept of the curvature %.1f %% of its trace\n",
                          numbers, l->projection.F, l->projection.modules->P, l->whole > 0 ? 100 * l->kept / l->whole : 100,
                          l->trace > 0 ? 100 * l->told / l->trace : 100);
  if (range[1] > 0)                                               /* else no example moves any module */
    g_string_append_printf (scores->notes, "each module with its own damping from %.3g to %.3g; the one told is their mean over parameters\n", range[0], range[1]);
}

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (AssayBuffer) query = NULL;
  g_auto (Lorif) l = { .N = 0 };
  double range[3] = { INFINITY, 0, 0 };

  if (!assay_influence_task_check (task, error)
      || (scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL || !lorif_open (&l, task, options, error)
      || !assay_side_projection_collect (&l.projection, task->train, task->n_train, take_gradients, &l, progress, error)
      || (!of_self && (query = assay_side_projection_collect_queries (&l.projection, progress, error)) == NULL))
    return NULL;
  memset (scores->value, 0, task->n_query * task->n_train * sizeof (double));
  for (guint m = 0; m < l.projection.modules->n; m++)
    {
      double lambda;

      l.inverse[m] = open_inverse (&l, m, options, &lambda, progress, error);
      if (l.inverse[m] == NULL && lambda == 0)
        continue;
      if (l.inverse[m] == NULL || (!of_self && !add_module (&l, m, l.inverse[m], query, scores, error)))
        return NULL;
      range[0] = MIN (range[0], lambda - task->l2);
      range[1] = MAX (range[1], lambda - task->l2);
      range[2] += (lambda - task->l2) * (double) l.projection.modules->module[m].n_params / (double) l.projection.modules->P;
    }
  l.selves = scores->value;
  if (of_self && !assay_side_projection_collect (&l.projection, task->train, task->n_train, take_self, &l, progress, error))
    return NULL;
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "pbrf";
  scores->interval_reason = "the error of a random projection and of low ranks is bounded by nothing here; other seeds show the former, the notes what the latter hold";
  scores->l2 = task->l2;
  scores->damping = range[2];
  describe (&l, range, scores);
  return g_steal_pointer (&scores);
}

static AssayInfluenceScores *
score_lorif (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_seeded_score (task, options, FALSE, score_either, progress, error);
}

static AssayInfluenceScores *
self_lorif (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_seeded_score (task, options, TRUE, score_either, progress, error);
}

static void
cost_lorif (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  g_autoptr (AssayModules) modules = assay_modules_new (task->model, NULL);
  const gint64 k = assay_values_get_int (options, "projection"), c = assay_values_get_int (options, "gradient-rank"), r = assay_values_get_int (options, "rank");
  double N = (double) task->n_train, Q = (double) task->n_query, F = 0, project = 0, rest = 0, floats = 0;

  if (modules != NULL)
    project = assay_side_projection_cost (modules, k, &F);
  for (guint m = 0; modules != NULL && m < modules->n; m++)
    {
      const double ko = (double) MIN (k, modules->module[m].rows), ki = (double) MIN (k, modules->module[m].columns), f = ko * ki, n = MIN (ko, ki);
      const double pairs = MIN ((double) c, n), rank = MIN ((double) r, f);

      floats += pairs * (ko + ki);
      rest += N * (2 * n * f + 9 * n * n * n + 2 * pairs * f) + 4 * rank * N * f + 8 * rank * rank * f + 2 * Q * N * f;
    }
  *flops = assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_train + task->n_query) + (N + Q) * project + rest;
  *flops *= (double) assay_values_get_int (options, "projection-seeds");
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_GRADIENT) + 4 * N * floats + 8 * Q * (F + N);
}

ASSAY_METHOD_DEFINE (lorif) = { .name = "lorif", .help = "influence within projected gradients of low rank, their curvature of low rank too (LoRIF)",
                               .params = params, .score = score_lorif, .self = self_lorif, .cost = cost_lorif };
