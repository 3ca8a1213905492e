/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_bm25.c: how much of the query's text stands in a training example, rare tokens counting more: no model is looked at.
 *
 *   score[q, i] = sum over tokens t of q of  idf_t n_it (k + 1) / (n_it + k (1 - b + b |i| / mean |i|))        unit: relative
 *   idf_t = log (1 + (N - N_t + 1/2) / (N_t + 1/2))
 *
 * n_it: how often t stands in i; N_t: training examples with t. Sequences are a data set's tokens with their last target, without padding.
 * A token that stands in the query twice counts twice. A query over several examples has the mean of their scores.
 * What influence is worth is seen beside this: whoever cannot beat it has found shared words.
 * Source: Robertson & Zaragoza 2009.
 */
#include "base/error.h"
#include "base/mem.h"
#include "influence/score.h"
#include "influence/sequence.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  { .name = "saturation", .type = ASSAY_PARAM_DOUBLE, .def.d = 1.2, .min = 0, .max = 1000, .help = "k: how soon more of the same token adds nothing" },
  { .name = "length", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.75, .min = 0, .max = 1, .help = "b: how much longer examples are marked down" },
  { .name = NULL }
};

typedef struct {
  gint64 N, T1, vocabulary;     /* T1: places of a row of sequences */
  gint32 *sequence;             /* (N,T1), each sorted; -1 behind the end came to the front */
  gint64 *length;               /* (N) */
  double *idf;                  /* (vocabulary) */
  double mean_length, k, b;
} Corpus;

static void
corpus_clear (Corpus *c)
{
  assay_mem_free (c->sequence);
  g_free (c->length);
  g_free (c->idf);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Corpus, corpus_clear)

static int
compare (const void *a, const void *b)
{
  gint32 x = *(const gint32 *) a, y = *(const gint32 *) b;

  return (x > y) - (x < y);
}

/* Calls for each run of equal tokens of a sorted row. */
#define FOR_EACH_TOKEN(row, T1, token, count)                                                                           \
  for (gint64 at_ = 0, count = 0; at_ < (T1); at_ += count)                                                             \
    for (gint32 token = ((count = run_of ((row) + at_, (T1) - at_)), (row)[at_]), once_ = 1; once_; once_ = 0)

static gint64
run_of (const gint32 *row, gint64 n)
{
  gint64 count = 1;

  while (count < n && row[count] == row[0])
    count++;
  return count;
}

static gboolean
corpus_open (Corpus *c, const AssayInfluenceTask *task, const AssayValues *options, GError **error)
{
  g_autofree gint64 *holders = NULL;
  double total = 0;

  c->N = task->n_train;
  c->T1 = assay_dataset_get_shape (task->dataset).dim[0] + 1;
  c->vocabulary = assay_dataset_get_n_classes (task->dataset);
  c->k = assay_values_get_double (options, "saturation");
  c->b = assay_values_get_double (options, "length");
  c->length = g_new (gint64, c->N);
  c->idf = g_new (double, c->vocabulary);
  c->sequence = assay_sequence_read (task->dataset, task->train, c->N, c->length, error);
  if (c->sequence == NULL)
    return FALSE;
  holders = g_new0 (gint64, c->vocabulary);
  for (gint64 i = 0; i < c->N; i++)
    {
      gint32 *row = c->sequence + i * c->T1;

      qsort (row, c->T1, sizeof *row, compare);
      total += (double) c->length[i];
      FOR_EACH_TOKEN (row, c->T1, token, count)
        if (token >= 0)
          holders[token]++;
    }
  c->mean_length = total / (double) c->N;
  for (gint64 t = 0; t < c->vocabulary; t++)
    c->idf[t] = log1p (((double) (c->N - holders[t]) + 0.5) / ((double) holders[t] + 0.5));
  return TRUE;
}

/* wanted (vocabulary): how often the query has each token, times what that is worth. */
static double
score_one (const Corpus *c, const double *wanted, gint64 i)
{
  const gint32 *row = c->sequence + i * c->T1;
  double norm = c->k * (1 - c->b + c->b * (double) c->length[i] / c->mean_length), score = 0;

  FOR_EACH_TOKEN (row, c->T1, token, count)
    if (token >= 0)
      score += wanted[token] * (double) count * (c->k + 1) / ((double) count + norm);
  return score;
}

static gboolean
fill (const Corpus *c, const AssayInfluenceTask *task, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  gint64 size = assay_influence_task_get_query_size (task), n = task->n_query * size;
  g_autofree gint64 *length = g_new (gint64, n);
  g_autoptr (AssayBuffer) memory = assay_sequence_read (task->dataset, task->query, n, length, error);
  g_autofree double *wanted = g_new (double, c->vocabulary);
  const gint32 *sequence = memory;

  for (gint64 q = 0; sequence != NULL && q < task->n_query; q++)
    {
      memset (wanted, 0, c->vocabulary * sizeof *wanted);
      for (gint64 m = q * size; m < (q + 1) * size; m++)
        for (gint64 t = 0; t < length[m]; t++)
          wanted[sequence[m * c->T1 + t]] += c->idf[sequence[m * c->T1 + t]] / (double) size;
      for (gint64 i = 0; i < c->N; i++)
        scores->value[q * c->N + i] = score_one (c, wanted, i);
      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      assay_progress_report (progress, "comparing texts", q + 1, task->n_query, "queries", NULL);
    }
  return sequence != NULL;
}

static AssayInfluenceScores *
score_bm25 (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_auto (Corpus) corpus = { 0 };

  if (!assay_influence_task_check (task, error))
    return NULL;
  if (assay_dataset_get_kind (task->dataset) != ASSAY_DATASET_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "bm25: token sequences expected, features found; method representation compares these");
      return NULL;
    }
  scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error);
  if (scores == NULL || !corpus_open (&corpus, task, options, error) || !fill (&corpus, task, scores, progress, error))
    return NULL;
  scores->unit = ASSAY_UNIT_RELATIVE;
  scores->counterfactual = "none";
  scores->interval_reason = "a similarity of texts estimates no quantity that an interval could hold";
  scores->l2 = task->l2;
  g_string_append (scores->notes, "a baseline: neither the model nor what is measured enters, and no score is below 0\n");
  return g_steal_pointer (&scores);
}

static void
cost_bm25 (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double T1 = (double) assay_dataset_get_shape (task->dataset).dim[0] + 1;

  (void) options;
  *flops = 5 * T1 * (double) task->n_train * (double) (1 + task->n_query);
  *bytes = 4 * T1 * (double) (task->n_train + task->n_query) + 8.0 * (double) (task->n_query * task->n_train);
}

ASSAY_METHOD_DEFINE (bm25) = { .name = "bm25", .help = "baseline: tokens shared with the query, rare ones counting more", .params = params,
                              .flags = ASSAY_METHOD_NEEDS_TOKENS | ASSAY_METHOD_IGNORES_LOSS, .query_unit = assay_influence_query_each, .score = score_bm25, .cost = cost_bm25 };
