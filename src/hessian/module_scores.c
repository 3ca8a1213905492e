/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_scores.c: two ways to r' X c, and the choice between them; of modules that stay on a device, module_scores_there.h. */
#include "hessian/module_scores.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/factors_queries.h"
#include "hessian/gradient.h"
#include "hessian/module_pass.h"
#include "hessian/module_products.h"
#include "hessian/module_scores_there.h"
#include "hessian/vector_f64.h"

#include <math.h>
#include <string.h>

#define ROOM (1 << 22)          /* elements that D or X c of a micro-batch may take: what is more is done in parts */
#define HELD (1 << 26)          /* elements that D of held examples may take, of all modules together */
#define MOST_HELD 128           /* examples: the vectors are then read from memory once for so many */
#define TURNED 16               /* vectors that are turned at a time: a line of the cache */
#define MOST_HELD_THERE 128     /* on a device; with more than one vector at least so many: */
#define LEAST_HELD_THERE 16

typedef struct {
  const AssayModules *modules;
  AssayWorkers *workers;
  AssayDtype dtype;
  gint64 Q, N;
  gint64 apart;                 /* elements from one module's table in by_module to the next */
  double *scale;                /* (Q): powers of two */
  void **X;                     /* (modules): of the walk's type, scaled: (Q, rows, columns), or (rows, columns, Q) where D are formed */
  void *room;                   /* what fits into ROOM, or one example or vector where that is more */
  gint64 room_size;
  const gboolean *is_formed;    /* (modules) */
  gboolean *stays;              /* (modules): on the device, with all that belongs to it; nothing of it is in X and held */
  AssayModuleScoresThere there;
  void **held;                  /* (modules): (hold, rows, columns), D of examples that wait for their products; NULL: none are formed */
  gint64 hold, *n_held, *first_held;    /* (modules) */
  void *products;               /* (hold,Q) */
  double *scores, *by_module;   /* or, of squared norms: scores (N) alone */
  double *norms_there;          /* (N), or NULL */
  double *formed;               /* (Q,N) what modules whose D are formed add to scores: apart, so that no sum hangs on when the held ones are read */
  /* of the block under way */
  const AssayModuleBatch *batch;
  const AssayModuleParts *parts;
  gint64 first_q, n_q;
} Scoring;

AssayScoreRoute
assay_module_choose_route (const AssayModule *module, gint64 Q, double *flops)
{
  double R = module->rows, C = module->columns, form = 2 * (double) Q * R * C, positions = 0;

  for (guint u = 0; u < module->n_uses; u++)
    {
      double n = module->uses[u].positions;

      form += module->uses[u].row_is_index ? n * C : 2 * n * R * C;
      positions += 2 * n * (double) Q * (module->uses[u].row_is_index ? C : R * C + R);
    }
  if (flops != NULL)
    *flops = MIN (form, positions);
  return form < positions ? ASSAY_ROUTE_FORM : ASSAY_ROUTE_POSITIONS;
}

const char *
assay_score_route_name (AssayScoreRoute route)
{
  return route == ASSAY_ROUTE_FORM ? "form" : route == ASSAY_ROUTE_POSITIONS ? "positions" : "cheaper";
}

static void
add_score (const Scoring *s, double *scores, guint module, gint64 q, gint64 i, double value)
{
  value /= s->scale[q];
  scores[q * s->N + i] += value;
  if (s->by_module != NULL)
    s->by_module[module * s->apart + q * s->N + i] += value;
}

/* --- D formed ------------------------------------------------------------------------------------------------------------- */

/* D <- that of the batch's examples b0 .. b0+B-1. */
static void
form (const Scoring *s, const AssayModuleBatch *batch, gint64 b0, gint64 B, void *D)
{
  const AssayModule *module = batch->module;
  g_autofree AssayModuleOuter *outer = g_new0 (AssayModuleOuter, module->n_uses);

  for (guint u = 0; u < module->n_uses; u++)
    outer[u] = assay_module_parts_outer (&batch->parts[u], module->rows, module->columns, b0);
  assay_module_form (s->dtype, s->workers, B, module->rows, module->columns, module->n_uses, outer, D);
}

/* The products of what is held of a module. */
static void
flush (Scoring *s, guint m)
{
  gint64 size = s->modules->module[m].rows * s->modules->module[m].columns, n = s->n_held[m];

  if (n == 0)
    return;
  assay_module_multiply (s->dtype, s->workers, FALSE, FALSE, n, s->Q, size, s->held[m], size, s->X[m], s->Q, FALSE, s->products, s->Q);
  for (gint64 b = 0; b < n; b++)
    for (gint64 q = 0; q < s->Q; q++)
      add_score (s, s->formed, m, q, s->first_held[m] + b, s->dtype == ASSAY_F32 ? (double) ((const float *) s->products)[b * s->Q + q]
                                                                      : ((const double *) s->products)[b * s->Q + q]);
  s->n_held[m] = 0;
}

static void
score_formed (Scoring *s, const AssayModuleBatch *batch)
{
  guint m = batch->index;
  gint64 size = batch->module->rows * batch->module->columns;

  for (gint64 b0 = 0, B; b0 < batch->B; b0 += B)
    {
      B = MIN (s->hold - s->n_held[m], batch->B - b0);
      if (s->n_held[m] == 0)
        s->first_held[m] = batch->first + b0;
      form (s, batch, b0, B, (char *) s->held[m] + s->n_held[m] * size * assay_dtype_width (s->dtype));
      s->n_held[m] += B;
      if (s->n_held[m] == s->hold)
        flush (s, m);
    }
}

/* --- position by position ----------------------------------------------------------------------------------------------------- */

/* room (B n, n_q, rows) holds X_q c_t; one example's scores of the block's vectors. */
#define SCORE_ROWS(name, type)                                                                                          \
  static void                                                                                                           \
  name (gsize b, guint worker, gpointer data)                                                                           \
  {                                                                                                                     \
    const Scoring *s = data;                                                                                            \
    gint64 n = s->parts->use->positions, rows = s->batch->module->rows;                                                 \
                                                                                                                        \
    (void) worker;                                                                                                      \
    for (gint64 q = 0; q < s->n_q; q++)                                                                                 \
      {                                                                                                                 \
        double sum = 0;                                                                                                 \
                                                                                                                        \
        for (gint64 t = b * n; t < ((gint64) b + 1) * n; t++)                                                           \
          {                                                                                                             \
            const type *r = (const type *) s->parts->row + t * rows, *y = (const type *) s->room + (t * s->n_q + q) * rows; \
            type part = 0;                                                                                              \
                                                                                                                        \
            for (gint64 o = 0; o < rows; o++)                                                                           \
              part += r[o] * y[o];                                                                                      \
            sum += part;                                                                                                \
          }                                                                                                             \
        add_score (s, s->scores, s->batch->index, s->first_q + q, s->batch->first + b, sum);                                           \
      }                                                                                                                 \
  }

SCORE_ROWS (score_rows_f32, float)
SCORE_ROWS (score_rows_f64, double)

#define SCORE_LOOKUP(name, type)                                                                                        \
  static void                                                                                                           \
  name (gsize b, guint worker, gpointer data)                                                                           \
  {                                                                                                                     \
    const Scoring *s = data;                                                                                            \
    gint64 n = s->parts->use->positions, columns = s->batch->module->columns, size = s->batch->module->rows * columns;  \
                                                                                                                        \
    (void) worker;                                                                                                      \
    for (gint64 q = 0; q < s->Q; q++)                                                                                   \
      {                                                                                                                 \
        const type *X = (const type *) s->X[s->batch->index] + q * size;                                                \
        double sum = 0;                                                                                                 \
                                                                                                                        \
        for (gint64 t = b * n; t < ((gint64) b + 1) * n; t++)                                                           \
          {                                                                                                             \
            const type *c = (const type *) s->parts->column + t * columns, *x = X + s->parts->index[t] * columns;       \
            type part = 0;                                                                                              \
                                                                                                                        \
            for (gint64 j = 0; s->parts->index[t] >= 0 && j < columns; j++)                                             \
              part += c[j] * x[j];                                                                                      \
            sum += part;                                                                                                \
          }                                                                                                             \
        add_score (s, s->scores, s->batch->index, q, s->batch->first + b, sum);                                                    \
      }                                                                                                                 \
  }

SCORE_LOOKUP (score_lookup_f32, float)
SCORE_LOOKUP (score_lookup_f64, double)

static void
score_positions (Scoring *s, const AssayModuleBatch *batch)
{
  const AssayModule *module = batch->module;
  gsize width = assay_dtype_width (s->dtype);

  s->batch = batch;
  for (guint u = 0; u < module->n_uses; u++)
    {
      gint64 K = batch->B * batch->parts[u].use->positions;

      s->parts = &batch->parts[u];
      if (s->parts->index != NULL)
        {
          assay_workers_run (s->workers, batch->B, s->dtype == ASSAY_F32 ? score_lookup_f32 : score_lookup_f64, s);
          continue;
        }
      for (s->first_q = 0; s->first_q < s->Q; s->first_q += s->n_q)
        {
          s->n_q = CLAMP (s->room_size / (K * module->rows), 1, s->Q - s->first_q);
          assay_module_multiply (s->dtype, s->workers, FALSE, TRUE, K, s->n_q * module->rows, module->columns, s->parts->column, module->columns,
                                 (const char *) s->X[batch->index] + s->first_q * module->rows * module->columns * width, module->columns, FALSE,
                                 s->room, s->n_q * module->rows);
          assay_workers_run (s->workers, batch->B, s->dtype == ASSAY_F32 ? score_rows_f32 : score_rows_f64, s);
        }
    }
}

static gboolean
score_batch (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  Scoring *s = data;

  s->batch = batch;
  if (s->stays[batch->index])
    return assay_module_scores_there_add (&s->there, batch, error);
  if (s->is_formed[batch->index])
    score_formed (s, batch);
  else
    score_positions (s, batch);
  return TRUE;
}

/* --- the pass ---------------------------------------------------------------------------------------------------------------- */

/* A vector as the matrix of a module, scaled so that float holds it. D: room for it. */
static void
convert_one (const Scoring *s, guint m, gint64 q, const double *X, double *D, void *to)
{
  const AssayModule *module = &s->modules->module[m];
  gint64 size = module->rows * module->columns;

  assay_module_read (module, X + q * s->modules->P, D);
  assay_f64_scale (size, s->scale[q], D);
  assay_dtype_convert (ASSAY_F64, D, s->dtype, to, size);
}

static void
convert_side_by_side (Scoring *s, guint m, const double *X, double *D)
{
  gsize bytes = s->modules->module[m].rows * s->modules->module[m].columns * assay_dtype_width (s->dtype);

  for (gint64 q = 0; q < s->Q; q++)
    convert_one (s, m, q, X, D, (char *) s->X[m] + q * bytes);
}

/* To the device. */
static gboolean
send_vectors (Scoring *s, guint m, const double *X, double *D, GError **error)
{
  g_autoptr (AssayBuffer) matrix = assay_mem_alloc_array (s->modules->module[m].rows * s->modules->module[m].columns, assay_dtype_width (s->dtype), error);

  for (gint64 q = 0; matrix != NULL && q < s->Q; q++)
    {
      convert_one (s, m, q, X, D, matrix);
      if (!assay_module_scores_there_put (&s->there, m, q, matrix, error))
        return FALSE;
    }
  return matrix != NULL;
}

/* Turned, so that a product with held D reads what lies together. D: room for TURNED of them, or for all. */
static void
convert_turned (Scoring *s, guint m, const double *X, double *D)
{
  const AssayModule *module = &s->modules->module[m];
  gint64 size = module->rows * module->columns;

  for (gint64 first = 0, n; first < s->Q; first += n)
    {
      n = MIN (TURNED, s->Q - first);
      for (gint64 q = 0; q < n; q++)
        {
          assay_module_read (module, X + (first + q) * s->modules->P, D + q * size);
          assay_f64_scale (size, s->scale[first + q], D + q * size);
        }
      for (gint64 j = 0; j < size; j++)
        for (gint64 q = 0; q < n; q++)
          if (s->dtype == ASSAY_F32)
            ((float *) s->X[m])[j * s->Q + first + q] = (float) D[q * size + j];
          else
            ((double *) s->X[m])[j * s->Q + first + q] = D[q * size + j];
    }
}

static gboolean
convert_vectors (Scoring *s, const double *X, GError **error)
{
  gint64 largest = 1;
  g_autoptr (AssayBuffer) D = NULL;

  for (gint64 q = 0; q < s->Q; q++)
    s->scale[q] = s->dtype == ASSAY_F32 ? assay_f64_unit_scale (s->modules->P, X + q * s->modules->P) : 1;
  for (guint m = 0; m < s->modules->n; m++)
    largest = MAX (largest, (s->is_formed[m] ? MIN (TURNED, s->Q) : 1) * s->modules->module[m].rows * s->modules->module[m].columns);
  D = assay_mem_alloc_array (largest, sizeof (double), error);
  if (D == NULL)
    return FALSE;
  for (guint m = 0; m < s->modules->n; m++)
    {
      if (s->stays[m])
        {
          if (!send_vectors (s, m, X, D, error))
            return FALSE;
          continue;
        }
      s->X[m] = assay_mem_alloc_array (s->Q * s->modules->module[m].rows * s->modules->module[m].columns, assay_dtype_width (s->dtype), error);
      if (s->X[m] == NULL)
        return FALSE;
      (s->is_formed[m] ? convert_turned : convert_side_by_side) (s, m, X, D);
    }
  return TRUE;
}

/* --- vectors of queries ---------------------------------------------------------------------------------------------------- */

static gboolean
take_there (gpointer data, guint m, gint64 q, gint64 n, const void *X, GError **error)
{
  Scoring *s = data;

  return assay_module_scores_there_take (&s->there, m, q, n, X, error);
}

/* Beside the others, or turned, as convert_vectors has them. */
static void
take_here (gpointer data, guint m, gint64 q, const double *X)
{
  const Scoring *s = data;
  const gint64 size = s->modules->module[m].rows * s->modules->module[m].columns;
  const gint64 first = s->is_formed[m] ? q : q * size, step = s->is_formed[m] ? s->Q : 1;

  for (gint64 j = 0; j < size; j++)
    if (s->dtype == ASSAY_F32)
      ((float *) s->X[m])[first + j * step] = (float) X[j];
    else
      ((double *) s->X[m])[first + j * step] = X[j];
}

/* The scale keeps x about as large as the gradient at most, whatever the damping. */
static gboolean
make_queries (Scoring *s, AssayFactorsInverse *inverse, const AssayPoint *queries, AssayProgress *progress, GError **error)
{
  const AssayFactorsQueriesTaker taker = { s, take_there, take_here };
  const double scale = s->dtype == ASSAY_F32 ? exp2 (round (log2 (assay_factors_inverse_get_smallest (inverse)))) : 1;

  for (gint64 q = 0; q < s->Q; q++)
    s->scale[q] = scale;
  for (guint m = 0; m < s->modules->n; m++)
    if (!s->stays[m]
        && (s->X[m] = assay_mem_alloc_array (s->Q * s->modules->module[m].rows * s->modules->module[m].columns, assay_dtype_width (s->dtype), error)) == NULL)
      return FALSE;
  return assay_factors_queries_make (inverse, queries, s->stays, scale, &taker, progress, error);
}

static gboolean
make_room (Scoring *s, gint64 B, GError **error)
{
  gsize width = assay_dtype_width (s->dtype);
  gint64 least = 1, most = 1;   /* one example or vector, and all of them */

  for (guint m = 0; m < s->modules->n; m++)
    {
      const AssayModule *module = &s->modules->module[m];

      if (s->stays[m])
        continue;
      least = MAX (least, module->rows * module->columns);
      most = MAX (most, B * module->rows * module->columns);
      for (guint u = 0; u < module->n_uses; u++)
        if (!module->uses[u].row_is_index)
          {
            gint64 each = B * module->uses[u].positions * module->rows;

            least = MAX (least, each);
            most = MAX (most, each * s->Q);
          }
    }
  s->room_size = MAX (least, MIN (most, ROOM));
  s->room = assay_mem_alloc_array (s->room_size, width, error);
  return s->room != NULL;
}

/* Room for the D of modules whose gradients are formed. */
static gboolean
make_held (Scoring *s, GError **error)
{
  gsize width = assay_dtype_width (s->dtype);

  s->hold = CLAMP (HELD / s->modules->P, 1, MIN (MOST_HELD, s->N));
  for (guint m = 0; m < s->modules->n; m++)
    {
      const AssayModule *module = &s->modules->module[m];

      if (s->is_formed[m] && !s->stays[m] && (s->held[m] = assay_mem_alloc_array (s->hold * module->rows * module->columns, width, error)) == NULL)
        return FALSE;
    }
  return (s->products = assay_mem_alloc_array (s->hold * s->Q, width, error)) != NULL;
}

static gboolean
stays_any (const gboolean *stays, guint n)
{
  while (n > 0 && !stays[n - 1])
    n--;
  return n > 0;
}

/* What of a pass stays on the device. held: examples whose D are held there. */
static gboolean
leave_there (Scoring *s, AssayModulePass *pass, const AssayPoint *point, gint64 held, GError **error)
{
  const AssayModuleThere there = { point->backend, point->dtype, point->compute };

  for (guint m = 0; m < s->modules->n; m++)
    s->stays[m] = TRUE;
  return assay_module_pass_leave_there (pass, s->stays, error)
         && (!stays_any (s->stays, s->modules->n)
             || assay_module_scores_there_open (&s->there, &there, s->modules, s->stays, s->is_formed, s->Q, s->N, held, s->by_module != NULL, error));
}

static void
scoring_clear (Scoring *s)
{
  for (guint m = 0; s->X != NULL && m < s->modules->n; m++)
    {
      assay_mem_free (s->X[m]);
      assay_mem_free (s->held[m]);
    }
  g_free (s->X);
  g_free (s->held);
  g_free (s->n_held);
  g_free (s->first_held);
  g_free (s->stays);
  g_free (s->scale);
  assay_mem_free (s->room);
  assay_mem_free (s->products);
  assay_module_scores_there_clear (&s->there);
}

/* What is scored with: vectors, or queries whose vectors are made. */
typedef struct {
  const double *X;              /* (Q,P); NULL: */
  AssayFactorsInverse *inverse;
  AssayPoint queries;
} Vectors;

/* Those of them from `first` on. */
static gboolean
take_vectors (Scoring *s, const Vectors *vectors, gint64 first, AssayProgress *progress, GError **error)
{
  AssayPoint queries = vectors->queries;

  if (vectors->X != NULL)
    return convert_vectors (s, vectors->X + first * s->modules->P, error);
  queries.examples += first;
  queries.n_examples = s->Q;
  return make_queries (s, vectors->inverse, &queries, progress, error);
}

/* All vectors of `asked`, the first of which is `first` of those given. */
static gboolean
score_block (const AssayPoint *point, const Scoring *asked, const Vectors *vectors, gint64 first, gint64 held, AssayProgress *progress, GError **error)
{
  const AssayModules *modules = asked->modules;
  Scoring s = *asked;
  g_autoptr (AssayModulePass) pass = assay_module_pass_new (point, modules, FALSE, 0, error);
  g_autoptr (AssayBuffer) formed = pass ? assay_mem_alloc_array (s.Q * s.N, sizeof (double), error) : NULL;
  gboolean ok;

  if (formed == NULL)
    return FALSE;
  s.formed = formed;
  memset (s.formed, 0, s.Q * s.N * sizeof *s.formed);
  s.scale = g_new0 (double, s.Q);
  s.X = g_new0 (void *, modules->n);
  s.held = g_new0 (void *, modules->n);
  s.stays = g_new0 (gboolean, modules->n);
  s.n_held = g_new0 (gint64, modules->n);
  s.first_held = g_new0 (gint64, modules->n);
  memset (s.scores, 0, s.Q * s.N * sizeof *s.scores);
  for (guint m = 0; s.by_module != NULL && m < modules->n; m++)
    memset (s.by_module + m * s.apart, 0, s.Q * s.N * sizeof *s.by_module);
  ok = leave_there (&s, pass, point, held, error) && make_held (&s, error) && take_vectors (&s, vectors, first, progress, error)
       && make_room (&s, assay_module_pass_get_batch (pass), error)
       && assay_module_pass_run (pass, score_batch, &s, "scores", progress, error);
  for (guint m = 0; ok && m < modules->n; m++)
    flush (&s, m);
  for (gint64 i = 0; ok && i < s.Q * s.N; i++)
    s.scores[i] += s.formed[i];
  ok = ok && (s.there.there.device == NULL || assay_module_scores_there_finish (&s.there, s.scale, s.scores, s.by_module, s.apart, error));
  scoring_clear (&s);
  return ok;
}

/* Less of what changes no bits: TRUE when there is still something to leave out. */
static gboolean
make_do (gint64 *Q, gint64 *held, gint64 N)
{
  if (*held > (*Q > 1 ? LEAST_HELD_THERE : 1))
    *held /= 2;
  else if (*Q > 1)
    {
      *Q = (*Q + 1) / 2;
      *held = MIN (MOST_HELD_THERE, N);
    }
  else
    return FALSE;
  return TRUE;
}

static gboolean
score_all (const AssayPoint *point, const AssayModules *modules, gint64 Q, const Vectors *vectors, AssayScoreRoute route, double *scores, double *by_module,
           AssayProgress *progress, GError **error)
{
  const gint64 N = point->n_examples;
  g_autofree gboolean *is_formed = g_new (gboolean, modules->n);
  gint64 most = Q, held = MIN (MOST_HELD_THERE, N);

  for (guint m = 0; m < modules->n; m++)                          /* by all vectors: the bits of one do not hang on how many fit */
    is_formed[m] = (route == ASSAY_ROUTE_CHEAPER ? assay_module_choose_route (&modules->module[m], Q, NULL) : route) == ASSAY_ROUTE_FORM;
  for (gint64 first = 0; first < Q;)
    {
      const Scoring asked = { .modules = modules, .workers = point->backend->workers, .dtype = point->dtype, .Q = MIN (most, Q - first), .N = N, .apart = Q * N,
                              .is_formed = is_formed, .scores = scores + first * N, .by_module = by_module ? by_module + first * N : NULL };
      GError *fault = NULL;

      if (score_block (point, &asked, vectors, first, held, progress, &fault))
        first += asked.Q;
      else if (point->backend->owns == NULL || !g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY) || !make_do (&most, &held, N))
        {
          if (point->backend->owns != NULL && g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY))
            g_prefix_error (&fault, "scores: the vector of one query, with the walks of the examples, does not fit: take fewer modules, f32, or leave --device out; ");
          g_propagate_error (error, fault);
          return FALSE;
        }
      else
        g_clear_error (&fault);
    }
  return TRUE;
}

gboolean
assay_module_scores (const AssayPoint *point, const AssayModules *modules, gint64 Q, const double *X, AssayScoreRoute route, double *scores,
                     double *by_module, AssayProgress *progress, GError **error)
{
  const Vectors vectors = { .X = X };

  return score_all (point, modules, Q, &vectors, route, scores, by_module, progress, error);
}

gboolean
assay_module_scores_of_queries (const AssayPoint *point, AssayFactorsInverse *inverse, const AssayPoint *queries, AssayScoreRoute route, double *scores,
                                AssayProgress *progress, GError **error)
{
  const Vectors vectors = { .inverse = inverse, .queries = *queries };

  return score_all (point, assay_factors_inverse_get_factors (inverse)->modules, queries->n_examples, &vectors, route, scores, NULL, progress, error);
}

/* --- the choice between this pass and tangent walks ---------------------------------------------------------------------------- */

/* Operations of a walk for one example, or of one direction of it: by itself, so that neither batches nor how many examples there are decide the way. */
static double
get_walk_flops (const AssayPoint *point, AssayWalk walk, gboolean apply)
{
  g_autoptr (AssayGraph) graph = assay_model_build (point->model, 1, NULL);
  g_autoptr (AssayPlan) plan = graph ? assay_plan_new (graph, walk, point->dtype, NULL) : NULL;

  return plan ? assay_plan_get_cost (plan, apply).flops : 0;
}

static gboolean
is_cheaper_by_modules (const AssayPoint *point, const AssayModules *modules, gint64 K)
{
  double tangents = get_walk_flops (point, ASSAY_WALK_TANGENT, FALSE) + (double) K * get_walk_flops (point, ASSAY_WALK_TANGENT, TRUE);
  double pass = get_walk_flops (point, ASSAY_WALK_GRADIENT, FALSE) * 2 / 3;

  for (guint m = 0; m < modules->n; m++)
    {
      double flops;

      assay_module_choose_route (&modules->module[m], K, &flops);
      pass += flops;
    }
  return pass < tangents;
}

gboolean
assay_module_scores_along (const AssayPoint *point, gint64 K, const double *directions, double *scores, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayModules) modules = assay_modules_new (point->model, NULL);

  return modules != NULL && is_cheaper_by_modules (point, modules, K)
         ? assay_module_scores (point, modules, K, directions, ASSAY_ROUTE_CHEAPER, scores, NULL, progress, error)
         : assay_gradient_along (point, K, directions, scores, progress, error);
}

/* --- norms ----------------------------------------------------------------------------------------------------------------------- */

static double
sum_squares (AssayDtype dtype, gint64 n, const void *x)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    {
      double v = dtype == ASSAY_F32 ? (double) ((const float *) x)[i] : ((const double *) x)[i];

      sum += v * v;
    }
  return sum;
}

static void
add_norm (gsize b, guint worker, gpointer data)
{
  const Scoring *s = data;
  gint64 size = s->batch->module->rows * s->batch->module->columns;

  (void) worker;
  s->scores[s->batch->first + s->first_q + b] += sum_squares (s->dtype, size, (const char *) s->room + b * size * assay_dtype_width (s->dtype));
}

/* first_q: the first example of those whose D are held. */
static gboolean
add_norms (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  Scoring *s = data;
  gint64 most = MAX (1, s->room_size / (batch->module->rows * batch->module->columns));
  const AssayModuleParts *parts = &batch->parts[0];

  if (s->stays[batch->index])
    return assay_module_there_forms (&batch->there, batch->B, parts->use->positions, batch->module->rows, batch->module->columns, parts->row, parts->column,
                                     NULL, s->norms_there + batch->first, error);
  s->batch = batch;
  for (s->first_q = 0; s->first_q < batch->B; s->first_q += most)
    {
      gint64 B = MIN (most, batch->B - s->first_q);

      form (s, batch, s->first_q, B, s->room);
      assay_workers_run (s->workers, B, add_norm, s);
    }
  return TRUE;
}

static gboolean
make_norms_there (Scoring *s, AssayBackend *device, GError **error)
{
  return !stays_any (s->stays, s->modules->n) || (s->norms_there = device->alloc (device, (gsize) s->N * sizeof (double), error)) != NULL;
}

gboolean
assay_module_squared_norms (const AssayPoint *point, double *squared_norm, AssayProgress *progress, GError **error)
{
  Scoring s = { .workers = point->backend->workers, .dtype = point->dtype, .Q = 1, .N = point->n_examples, .scores = squared_norm };
  g_autoptr (AssayModules) modules = assay_modules_new (point->model, NULL);
  g_autoptr (AssayModulePass) pass = NULL;
  gboolean ok;

  if (modules == NULL)
    return assay_gradient_squared_norms (point, squared_norm, progress, error);
  if ((pass = assay_module_pass_new (point, modules, FALSE, 0, error)) == NULL)
    return FALSE;
  s.modules = modules;
  s.stays = g_new (gboolean, modules->n);
  for (guint m = 0; m < modules->n; m++)
    s.stays[m] = TRUE;
  memset (squared_norm, 0, s.N * sizeof *squared_norm);
  ok = assay_module_pass_leave_there (pass, s.stays, error) && make_norms_there (&s, point->backend, error)
       && make_room (&s, assay_module_pass_get_batch (pass), error)
       && assay_module_pass_run (pass, add_norms, &s, "norms of gradients", progress, error)
       && (s.norms_there == NULL || assay_module_there_collect (point->backend, s.N, s.norms_there, squared_norm, error));
  point->backend->release (point->backend, s.norms_there);
  scoring_clear (&s);
  return ok;
}
