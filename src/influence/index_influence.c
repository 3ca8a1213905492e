/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_influence.c: queries meet the index, and what it leaves open meets the model. */
#include "influence/index_influence.h"

#include "base/error.h"
#include "base/mem.h"
#include "influence/factored.h"
#include "influence/task.h"

#include <string.h>

/* A block of queries under way. */
typedef struct {
  AssayInfluenceTask task;      /* with the factors' precision */
  const AssayStoredIndex *index;
  AssayFactorsSpectrum spectrum;
  gint64 first, K;
  AssayBuffer *rotated;         /* (K,P) doubles */
  AssayBuffer *X;               /* (K,P) */
  AssayBuffer *kept, *left_out; /* (K,D), (K,G) */
  AssayBuffer *work;            /* of the largest module */
  AssayIndexQuery *queries;     /* (K) */
  AssayFactorsInverse *inverse;
  AssayDeviceIndex *there;      /* NULL: rows are searched here */
  AssayProgress *progress;
} Asking;

static void
asking_clear (Asking *a)
{
  assay_mem_free (a->rotated);
  assay_mem_free (a->X);
  assay_mem_free (a->kept);
  assay_mem_free (a->left_out);
  assay_mem_free (a->work);
  g_free (a->queries);
  assay_factors_inverse_free (a->inverse);
  assay_device_index_free (a->there);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asking, asking_clear)

static AssayInfluenceTask
with_precision (const AssayInfluenceTask *task, const AssayStoredIndex *index)
{
  AssayInfluenceTask own = *task;

  own.is_single_precision = index->factors->dtype == ASSAY_F32;
  return own;
}

static AssayBuffer *
make_work (const AssayStoredIndex *index, GError **error)
{
  const AssayModules *modules = index->factors->modules;
  gint64 largest = 1;

  for (guint m = 0; m < modules->n; m++)
    largest = MAX (largest, modules->module[m].rows * modules->module[m].columns);
  return assay_mem_alloc_array (largest, sizeof (double), error);
}

static gboolean
asking_open (Asking *a, const AssayInfluenceTask *task, const AssayStoredIndex *index, AssayFactorsSpectrum spectrum, gint64 K, AssayProgress *progress, GError **error)
{
  const gint64 P = index->factors->modules->P;

  a->task = with_precision (task, index);
  a->index = index;
  a->spectrum = spectrum;
  a->progress = progress;
  a->queries = g_new0 (AssayIndexQuery, K);
  return (a->rotated = assay_mem_alloc_array (K * P, sizeof (double), error)) != NULL && (a->X = assay_mem_alloc_array (K * P, sizeof (double), error)) != NULL
         && (a->kept = assay_mem_alloc_array (K * index->rows->D, sizeof (double), error)) != NULL
         && (a->left_out = assay_mem_alloc_array (K * ASSAY_INDEX_GROUPS, sizeof (double), error)) != NULL && (a->work = make_work (index, error)) != NULL;
}

/* Rows go to the task's device where it has room for them. */
static gboolean
send_rows (Asking *a, GError **error)
{
  GError *fault = NULL;

  if (a->task.backend->owns == NULL || (a->there = assay_device_index_new (a->index->rows, a->task.backend, &fault)) != NULL)
    return TRUE;
  if (g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY))
    {
      g_error_free (fault);
      return TRUE;
    }
  g_propagate_error (error, fault);
  return FALSE;
}

/* Gradients of the block's queries, in the basis. */
static gboolean
rotate (Asking *a, GError **error)
{
  const gint64 P = a->index->factors->modules->P;

  if (!assay_influence_task_query_gradients (&a->task, NULL, a->first, a->K, a->X, error))
    return FALSE;
  for (gint64 q = 0; q < a->K; q++)
    {
      const double *gradient = (const double *) a->X + q * P;
      gint64 p = 0;

      while (p < P && gradient[p] == 0)
        p++;
      if (p == P)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "query %" G_GINT64_FORMAT ": its gradient is zero: every training example's influence on it is 0, "
                       "and none comes first; ask about another example or another measure", a->first + q);
          return FALSE;
        }
    }
  assay_index_coordinates_rotate (a->index->coordinates, a->task.backend->workers, a->K, a->X, a->rotated, a->work);
  return TRUE;
}

static gboolean
recompute (gpointer data, gint64 n, const gint64 *rows, double *scores, GError **error)
{
  Asking *a = data;
  g_autofree gint64 *examples = g_new (gint64, n);
  AssayPoint train = assay_influence_task_get_train (&a->task);

  for (gint64 i = 0; i < n; i++)
    examples[i] = a->task.train[rows[i]];
  train.examples = examples;
  train.n_examples = n;
  return assay_factored_score_block (&a->task, &train, a->inverse, a->index->factors->modules, a->first, a->K, a->X, scores, a->progress, error);
}

/* The block's answers go behind those that are there. */
static void
append (AssayIndexAnswer *all, gint64 first, const AssayIndexAnswer *block)
{
  memcpy (all->hit + first * all->k, block->hit, block->Q * block->k * sizeof *block->hit);
  memcpy (all->left + first, block->left, block->Q * sizeof *block->left);
  all->n_exact += block->n_exact;
}

static gboolean
ask (Asking *a, const AssayFactorsDamping *damping, gint64 k, AssayIndexOrder order, AssayIndexAnswer *answer, GError **error)
{
  const gint64 P = a->index->factors->modules->P, D = a->index->rows->D;
  const double excess = a->task.backend->owns ? assay_index_coordinates_excess (a->index->factors->modules, a->index->factors->dtype) : 1;
  g_autoptr (AssayIndexAnswer) block = NULL;

  g_clear_pointer (&a->inverse, assay_factors_inverse_free);
  if ((a->inverse = assay_factors_inverse_new (a->index->factors, a->spectrum, damping, a->task.backend->workers, error)) == NULL)
    return FALSE;
  for (gint64 q = 0; q < a->K; q++)
    {
      a->queries[q] = assay_index_coordinates_damp (a->index->coordinates, a->spectrum, a->inverse, (const double *) a->rotated + q * P,
                                                    (double *) a->kept + q * D, (double *) a->left_out + q * ASSAY_INDEX_GROUPS);
      a->queries[q].rounding *= excess;
    }
  block = assay_gradient_index_search (a->index->rows, a->there, a->task.backend->workers, a->K, a->queries, k, order, recompute, a, error);
  if (block == NULL)
    return FALSE;
  append (answer, a->first, block);
  return TRUE;
}

static AssayIndexAnswer *
answer_new (gint64 Q, gint64 k, GError **error)
{
  g_autoptr (AssayIndexAnswer) answer = g_new0 (AssayIndexAnswer, 1);

  answer->Q = Q;
  answer->k = k;
  answer->left = g_malloc0_n (Q, sizeof *answer->left);
  answer->hit = assay_mem_alloc_array (Q * k, sizeof *answer->hit, error);
  return answer->hit ? g_steal_pointer (&answer) : NULL;
}

gboolean
assay_index_search (const AssayInfluenceTask *task, const AssayStoredIndex *index, AssayFactorsSpectrum spectrum, guint n, const AssayFactorsDamping *dampings,
                    gint64 k, AssayIndexOrder order, AssayIndexAnswer **answers, AssayProgress *progress, GError **error)
{
  const gint64 block = assay_factored_choose_block (task);
  g_auto (Asking) asking = { .K = 0 };
  gboolean ok = TRUE;

  if (k < 1 || k > task->n_train)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "top: 1 to %" G_GINT64_FORMAT " expected, as many as there are training examples; found %" G_GINT64_FORMAT,
                   task->n_train, k);
      return FALSE;
    }
  if (!assay_influence_task_check (task, error) || !asking_open (&asking, task, index, spectrum, block, progress, error) || !send_rows (&asking, error))
    return FALSE;
  memset (answers, 0, n * sizeof *answers);
  for (guint d = 0; d < n && ok; d++)
    ok = (answers[d] = answer_new (task->n_query, k, error)) != NULL;
  for (asking.first = 0; asking.first < task->n_query && ok; asking.first += block)
    {
      asking.K = MIN (block, task->n_query - asking.first);
      ok = rotate (&asking, error);
      for (guint d = 0; d < n && ok; d++)
        ok = ask (&asking, &dampings[d], k, order, answers[d], error);
    }
  for (guint d = 0; d < n && !ok; d++)
    g_clear_pointer (&answers[d], assay_index_answer_free);
  return ok;
}

/* --- all of them ------------------------------------------------------------------------------------------------------------------- */

gboolean
assay_index_rotate_query (const AssayInfluenceTask *task, const AssayStoredIndex *index, gint64 query, double *rotated, GError **error)
{
  const AssayInfluenceTask own = with_precision (task, index);
  g_autoptr (AssayBuffer) gradient = assay_mem_alloc_array (index->factors->modules->P, sizeof (double), error);
  g_autoptr (AssayBuffer) work = gradient ? make_work (index, error) : NULL;

  if (work == NULL || !assay_influence_task_query_gradients (&own, NULL, query, 1, gradient, error))
    return FALSE;
  assay_index_coordinates_rotate (index->coordinates, task->backend->workers, 1, gradient, rotated, work);
  return TRUE;
}

gboolean
assay_index_rank (const AssayStoredIndex *index, AssayFactorsSpectrum spectrum, const AssayFactorsDamping *damping, const double *rotated, AssayWorkers *workers,
                  double *score, double *bound, GError **error)
{
  g_autoptr (AssayFactorsInverse) inverse = assay_factors_inverse_new (index->factors, spectrum, damping, workers, error);
  g_autoptr (AssayBuffer) kept = inverse ? assay_mem_alloc_array (index->rows->D, sizeof (double), error) : NULL;
  double left_out[ASSAY_INDEX_GROUPS];
  AssayIndexQuery query;

  if (kept == NULL)
    return FALSE;
  query = assay_index_coordinates_damp (index->coordinates, spectrum, inverse, rotated, kept, left_out);
  return assay_gradient_index_rank (index->rows, workers, &query, score, bound, error);
}
