/* SPDX-License-Identifier: GPL-3.0-or-later */
/* breakdown.c: directional derivatives by position, or along slices of the direction. */
#include "influence/breakdown.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/gradient.h"
#include "hessian/module_scores.h"
#include "influence/parts.h"
#include "influence/task.h"

#include <string.h>

#define ROOM (1 << 25)          /* numbers of the directions that travel together */

const char *const assay_breakdown_choices[] = { "none", "token", "module", "head", NULL };

void
assay_breakdown_free (AssayBreakdown *breakdown)
{
  if (breakdown == NULL)
    return;
  assay_mem_free (breakdown->value);
  g_strfreev (breakdown->names);
  g_free (breakdown);
}

/* weight (N,T) of each position in its example's loss. */
static double *
read_weights (const AssayInfluenceTask *task, gint64 T, GError **error)
{
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (task->n_train * T, sizeof (double), error);
  double *weight = memory;

  for (gint64 i = 0; weight != NULL && i < task->n_train; i++)
    {
      AssayBatch batch = { .dtype = ASSAY_F64, .weight = weight + i * T };
      double sum = 0;

      assay_dataset_fill (task->dataset, task->train + i, 1, &batch);
      for (gint64 t = 0; t < T; t++)
        sum += weight[i * T + t];
      for (gint64 t = 0; t < T && sum != 0 && assay_model_is_token_mean (task->model); t++)
        weight[i * T + t] /= sum;
    }
  return g_steal_pointer (&memory);
}

static AssayBreakdown *
by_token (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBreakdown) b = g_new0 (AssayBreakdown, 1);
  g_autoptr (AssayBuffer) weights = NULL;
  AssayPoint train = assay_influence_task_get_train (task);
  gint64 Q = scores->n_query, N = scores->n_train, T;

  if (assay_dataset_get_kind (task->dataset) != ASSAY_DATASET_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "by token: token sequences expected, features found; by module works for these");
      return NULL;
    }
  T = assay_dataset_get_shape (task->dataset).dim[0];
  b->n_parts = T;
  b->value = assay_mem_alloc_array (Q * N * T, sizeof (double), error);
  weights = b->value ? read_weights (task, T, error) : NULL;
  if (weights == NULL || !assay_gradient_along_tokens (&train, Q, scores->direction, b->value, progress, error))
    return NULL;
  for (gint64 k = 0; k < Q * N * T; k++)
    b->value[k] *= ((const double *) weights)[k % (N * T)];
  b->names = g_new0 (char *, T + 1);
  for (gint64 t = 0; t < T; t++)
    b->names[t] = g_strdup_printf ("%" G_GINT64_FORMAT, t);
  return g_steal_pointer (&b);
}

/* One pass over the examples tells the modules' parts of all queries. */
static AssayBreakdown *
by_module (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, const AssayModules *modules, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBreakdown) b = g_new0 (AssayBreakdown, 1);
  AssayPoint train = assay_influence_task_get_train (task);
  gint64 Q = scores->n_query, N = scores->n_train, M = b->n_parts = modules->n;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array ((M + 1) * Q * N, sizeof (double), error);
  double *part = memory, *whole = memory ? part + M * Q * N : NULL;

  if (memory == NULL || (b->value = assay_mem_alloc_array (M * Q * N, sizeof (double), error)) == NULL
      || !assay_module_scores (&train, modules, Q, scores->direction, ASSAY_ROUTE_CHEAPER, whole, part, progress, error))
    return NULL;
  b->names = g_new0 (char *, M + 1);
  for (gint64 m = 0; m < M; m++)
    {
      b->names[m] = g_strdup (modules->module[m].name);
      for (gint64 k = 0; k < Q * N; k++)
        b->value[k * M + m] = part[m * Q * N + k];
    }
  return g_steal_pointer (&b);
}

/* Directions that are 0 outside one part; each query's parts behind each other. */
static AssayBreakdown *
by_slices (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, AssayParts *parts, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBreakdown) b = g_new0 (AssayBreakdown, 1);
  AssayPoint train = assay_influence_task_get_train (task);
  gint64 P = assay_model_get_n_params (task->model), N = scores->n_train, M = b->n_parts = parts->n, total = scores->n_query * M;
  gint64 block = CLAMP (ROOM / P, 1, total);
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (block * (P + N), sizeof (double), error);
  double *direction = memory, *derivative = memory ? direction + block * P : NULL;

  if (memory == NULL || (b->value = assay_mem_alloc_array (total * N, sizeof (double), error)) == NULL)
    return NULL;
  b->names = g_strdupv (parts->names);
  for (gint64 first = 0; first < total; first += block)
    {
      gint64 K = MIN (block, total - first);

      for (gint64 k = 0; k < K; k++)
        for (gint64 j = 0; j < P; j++)
          direction[k * P + j] = parts->of[j] == (first + k) % M ? scores->direction[(first + k) / M * P + j] : 0;
      if (!assay_module_scores_along (&train, K, direction, derivative, progress, error))
        return NULL;
      for (gint64 k = 0; k < K; k++)
        for (gint64 i = 0; i < N; i++)
          b->value[((first + k) / M * N + i) * M + (first + k) % M] = derivative[k * N + i];
    }
  return g_steal_pointer (&b);
}

static AssayBreakdown *
break_down (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, const char *by, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayParts) parts = NULL;
  g_autoptr (AssayModules) modules = NULL;

  if (strcmp (by, "token") == 0)
    return by_token (task, scores, progress, error);
  if (strcmp (by, "module") == 0 && (modules = assay_modules_new (task->model, NULL)) != NULL)
    return by_module (task, scores, modules, progress, error);
  parts = strcmp (by, "head") == 0 ? assay_parts_new_heads (task->model, error) : assay_parts_new_modules (task->model);
  return parts ? by_slices (task, scores, parts, progress, error) : NULL;
}

/* Block by block: how many queries are asked about decides the way that a pass takes, and so the last bits. */
AssayBreakdown *
assay_breakdown_new (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, const char *by, gint64 unit, AssayProgress *progress, GError **error)
{
  const gint64 P = assay_model_get_n_params (task->model), Q = scores->n_query, N = scores->n_train;
  g_autoptr (AssayBreakdown) b = NULL;

  if (scores->direction == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "by %s: scores with their directions expected, none found", by);
      return NULL;
    }
  for (gint64 first = 0; first < Q; first += unit)
    {
      const AssayInfluenceScores some = { .n_query = MIN (unit, Q - first), .n_train = N, .direction = scores->direction + first * P };
      g_autoptr (AssayBreakdown) block = break_down (task, &some, by, progress, error);

      if (block == NULL)
        return NULL;
      if (b == NULL)
        {
          b = g_new0 (AssayBreakdown, 1);
          *b = (AssayBreakdown) { g_intern_string (by), Q, N, block->n_parts, NULL, g_steal_pointer (&block->names) };
          if ((b->value = assay_mem_alloc_array (Q * N * b->n_parts, sizeof (double), error)) == NULL)
            return NULL;
        }
      memcpy (b->value + first * N * b->n_parts, block->value, some.n_query * N * b->n_parts * sizeof *b->value);
    }
  return g_steal_pointer (&b);
}
