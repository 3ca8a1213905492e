/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state_probe.c: fits in folds of prompts. */
#include "probes/state_probe.h"

#include "base/mem.h"
#include "probes/softmax_fit.h"
#include "stats/estimate.h"

#include <math.h>

#define N_FOLDS 5
#define N_REPEATS 3
#define L2 1.0                  /* beside features of variance 1 */

gint64 *
assay_chain_task_draw_folds (const AssayChainTask *task, gint64 n_folds, const char *purpose, guint64 repeat)
{
  g_autoptr (GHashTable) place = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autofree gint64 *order = g_new (gint64, task->n);
  AssayRng rng = assay_rng_new (task->seed, assay_rng_stream (purpose, repeat));
  gint64 *fold = g_new (gint64, task->n), n_prompts = 0;

  for (gint64 i = 0; i < task->n; i++)
    if (!g_hash_table_contains (place, &task->prompt[i]))
      g_hash_table_insert (place, &task->prompt[i], GSIZE_TO_POINTER (n_prompts++));
  for (gint64 q = 0; q < n_prompts; q++)
    order[q] = q;
  assay_rng_shuffle (&rng, order, (gsize) n_prompts);
  for (gint64 i = 0; i < task->n; i++)
    fold[i] = order[GPOINTER_TO_SIZE (g_hash_table_lookup (place, &task->prompt[i]))] % n_folds;
  if (n_prompts < n_folds)
    g_clear_pointer (&fold, g_free);
  return fold;
}

/* p (label) of every instance, from fits on the folds that it is not in. */
static gboolean
predict (const AssayChainTask *task, const double *state, gint64 C, const gint32 *label, const gint64 *fold, double *p, GError **error)
{
  gint64 A = task->layout.n_answers;
  g_autofree gint64 *rows = g_new (gint64, task->n);
  g_autofree double *all = g_new (double, A);

  for (gint64 f = 0; f < N_FOLDS; f++)
    {
      g_autoptr (AssaySoftmaxFit) fit = NULL;
      gint64 n = 0;

      for (gint64 i = 0; i < task->n; i++)
        if (fold[i] != f)
          rows[n++] = i;
      fit = assay_softmax_fit_new (state, label, rows, n, C, A, L2, error);
      if (fit == NULL)
        return FALSE;
      for (gint64 i = 0; i < task->n; i++)
        if (fold[i] == f)
          {
            assay_softmax_fit_predict (fit, state + i * C, all);
            p[i] = all[task->answer[i]];
          }
    }
  return TRUE;
}

/* Every instance gets the answer of another: a prompt's instances of one answer stay together. */
static gint32 *
shuffle_labels (const AssayChainTask *task)
{
  gint32 *label = g_new (gint32, task->n);
  g_autoptr (GHashTable) given = g_hash_table_new (g_int64_hash, g_int64_equal);
  AssayRng rng = assay_rng_new (task->seed, assay_rng_stream ("state probe control", 0));

  for (gint64 i = 0; i < task->n; i++)
    {
      gpointer known;

      if (!g_hash_table_lookup_extended (given, &task->prompt[i], NULL, &known))
        {
          known = GSIZE_TO_POINTER (assay_rng_below (&rng, (guint64) task->n));
          g_hash_table_insert (given, &task->prompt[i], known);
        }
      label[i] = task->answer[GPOINTER_TO_SIZE (known)];
    }
  return label;
}

gboolean
assay_state_probe_fit (const AssayChainTask *task, const double *state, gint64 C, AssayProbeRow *row, AssayProgress *progress, GError **error)
{
  g_autofree double *p = g_new (double, task->n * N_REPEATS), *control = g_new (double, task->n);
  g_autofree gint32 *shuffled = shuffle_labels (task);

  for (guint64 repeat = 0; repeat < N_REPEATS; repeat++)
    {
      g_autofree gint64 *fold = assay_chain_task_draw_folds (task, N_FOLDS, "state probe folds", repeat);
      g_autofree double *once = g_new (double, task->n);

      if (fold == NULL)
        {
          for (gint64 i = 0; i < task->n; i++)
            row[i].soft = row[i].hard = (AssayProbeNumber) { NAN, NAN, NAN }, row[i].control = NAN;
          return TRUE;
        }
      if (assay_progress_is_cancelled (progress, error) || !predict (task, state, C, task->answer, fold, once, error)
          || (repeat == 0 && !predict (task, state, C, shuffled, fold, control, error)))
        return FALSE;
      for (gint64 i = 0; i < task->n; i++)
        p[i * N_REPEATS + (gint64) repeat] = once[i];
    }
  for (gint64 i = 0; i < task->n; i++)
    {
      AssayEstimate mean = assay_estimate_mean (p + i * N_REPEATS, N_REPEATS, 0.95);

      row[i].soft = (AssayProbeNumber) { mean.value, fmax (mean.lo, 0), fmin (mean.hi, 1) };
      row[i].hard = (AssayProbeNumber) { NAN, NAN, NAN };
      row[i].control = control[i];
      row[i].cost = task->layout.T;
    }
  return TRUE;
}
