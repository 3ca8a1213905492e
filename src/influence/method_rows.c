/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_rows.c: compares rows that a case holds for examples: gradients that were recorded here, or imported from another program.
 *
 *   dot        score[q, i] = r_q' r_i
 *   cosine     the same over ||r_q|| ||r_i||; 0 where a row is zero
 *   whitened   score[q, i] = r_q' (R'R / N + damping (tr R'R / N p) I)^-1 r_i / N, R the rows of all training examples      unit: relative
 *
 * No model is walked: what the rows are of is the word of whoever made them. A query over several examples has the mean of their rows.
 */
#include "base/error.h"
#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"
#include "influence/score.h"
#include "influence/stored_rows.h"
#include "influence/task.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

#define WIDEST_WHITENED 8192    /* numbers of a row whose second moment is factored */

static const char *const similarities[] = { "dot", "cosine", "whitened", NULL };

static const AssayParam params[] = {
  { .name = "rows", .type = ASSAY_PARAM_LIST, .metavar = "NAME", .names = "gradients",
    .help = "gradients of the case whose rows are compared: recorded, or imported (imported/NAME); several where queries are in another one" },
  { .name = "similarity", .type = ASSAY_PARAM_CHOICE, .def.s = "dot", .choices = similarities, .help = "how two rows are compared" },
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.01, .min = 0, .max = 1e300,
    .help = "whitened: added to the second moment's eigenvalues, over their mean" },
  { .name = NULL }
};

typedef struct {
  gint64 N, Q, p;
  double *train, *query;        /* (N,p), (Q,p) */
} Rows;

static void
rows_clear (Rows *rows)
{
  assay_mem_free (rows->train);
  assay_mem_free (rows->query);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rows, rows_clear)

static gboolean
rows_open (Rows *rows, const AssayInfluenceTask *task, const AssayStoredRows *stored, GError **error)
{
  gint64 size = assay_influence_task_get_query_size (task), p = rows->p = stored->width;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (p, sizeof (double), error);
  double *row = memory;

  rows->N = task->n_train;
  rows->Q = task->n_query;
  if (row == NULL || (rows->train = assay_mem_alloc_array (rows->N * p, sizeof (double), error)) == NULL
      || (rows->query = assay_mem_alloc_array (rows->Q * p, sizeof (double), error)) == NULL)
    return FALSE;
  for (gint64 i = 0; i < rows->N; i++)
    if (!assay_stored_rows_read (stored, task->train[i], FALSE, rows->train + i * p, error))
      return FALSE;
  memset (rows->query, 0, rows->Q * p * sizeof (double));
  for (gint64 k = 0; k < rows->Q * size; k++)
    {
      if (!assay_stored_rows_read (stored, task->query[k], TRUE, row, error))
        return FALSE;
      assay_f64_add (p, 1 / (double) size, row, rows->query + k / size * p);
    }
  return TRUE;
}

/* query <- (R'R / N + damping mean I)^-1 query / N, one by one: a query's bits do not hang on the others. */
static gboolean
whiten (Rows *rows, double damping, AssayWorkers *workers, GError **error)
{
  gint64 p = rows->p;
  g_autoptr (AssayFactor) factor = NULL;
  double *moment, mean = 0;

  if (p > WIDEST_WHITENED)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "rows: whitened: at most %d numbers a row expected, %" G_GINT64_FORMAT " found; project them first, or choose "
                   "dot or cosine", WIDEST_WHITENED, p);
      return FALSE;
    }
  moment = assay_mem_alloc_array (p * p, sizeof (double), error);
  if (moment == NULL)
    return FALSE;
  assay_gemm_f64 (workers, TRUE, FALSE, p, p, rows->N, 1 / (double) rows->N, rows->train, p, rows->train, p, FALSE, moment, p);
  assay_dense_symmetrise (p, moment);
  for (gint64 j = 0; j < p; j++)
    mean += moment[j * p + j] / (double) p;
  for (gint64 j = 0; j < p; j++)
    moment[j * p + j] += damping * mean;
  factor = assay_factor_new (NULL, "second moment of the rows", ASSAY_F64, p, moment, TRUE, error);
  if (factor == NULL)
    return FALSE;
  if (factor->is_singular || factor->kind != ASSAY_FACTOR_CHOLESKY)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "rows: whitened: the second moment of %" G_GINT64_FORMAT " rows of %" G_GINT64_FORMAT
                   " numbers is singular; give a larger --damping", rows->N, p);
      return FALSE;
    }
  for (gint64 q = 0; q < rows->Q; q++)
    {
      if (!assay_factor_solve (factor, 1, rows->query + q * p, error))
        return FALSE;
      assay_f64_scale (p, 1 / (double) rows->N, rows->query + q * p);
    }
  return TRUE;
}

static void
compare (const Rows *rows, gboolean is_cosine, AssayInfluenceScores *scores)
{
  gint64 n_zero = 0, p = rows->p;
  g_autofree double *norm = g_new (double, rows->N);

  for (gint64 i = 0; is_cosine && i < rows->N; i++)
    norm[i] = assay_f64_norm (p, rows->train + i * p);
  for (gint64 q = 0; q < rows->Q; q++)
    {
      const double *query = rows->query + q * p;
      double of_query = is_cosine ? assay_f64_norm (p, query) : 1;

      for (gint64 i = 0; i < rows->N; i++)
        {
          double norms = is_cosine ? of_query * norm[i] : 1;

          scores->value[q * rows->N + i] = norms > 0 ? assay_f64_dot (p, query, rows->train + i * p) / norms : 0;
          n_zero += !(norms > 0);
        }
    }
  if (n_zero > 0)
    g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " scores are 0 because a row is exactly zero\n", n_zero);
}

static AssayInfluenceScores *
score_rows (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  const char *similarity = assay_values_get_string (options, "similarity");
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (AssayStoredRows) stored = NULL;
  g_auto (Rows) rows = { 0 };

  if (!assay_influence_task_check (task, error)
      || (stored = assay_stored_rows_open (task, assay_values_get_list (options, "rows"), error)) == NULL
      || (scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL || !rows_open (&rows, task, stored, error)
      || assay_progress_is_cancelled (progress, error))
    return NULL;
  if (strcmp (similarity, "whitened") == 0 && !whiten (&rows, assay_values_get_double (options, "damping"), task->backend->workers, error))
    return NULL;
  g_string_append (scores->notes, stored->words->str);
  compare (&rows, strcmp (similarity, "cosine") == 0, scores);
  scores->unit = ASSAY_UNIT_RELATIVE;
  scores->counterfactual = "none";
  scores->interval_reason = "a similarity of stored rows estimates no quantity that an interval could hold";
  scores->l2 = task->l2;
  return g_steal_pointer (&scores);
}

static void
cost_rows (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  gint64 p = assay_stored_rows_get_width (task, assay_values_get_list (options, "rows"));
  double N = (double) task->n_train, Q = (double) task->n_query, w = (double) p;

  *flops = 2 * N * Q * w;
  *bytes = 8 * ((N + Q) * w + N * Q);
  if (strcmp (assay_values_get_string (options, "similarity"), "whitened") == 0)
    {
      *flops += 2 * N * w * w + w * w * w / 3 + 2 * Q * w * w;
      *bytes += 16 * w * w;
    }
}

ASSAY_METHOD_DEFINE (rows) = { .name = "rows", .help = "similarity of rows that the case holds: recorded gradients, or those of another program", .params = params,
                              .flags = ASSAY_METHOD_NEEDS_ROWS | ASSAY_METHOD_DIVIDES_BY_SIZE, .query_unit = assay_influence_query_each, .score = score_rows, .cost = cost_rows };
