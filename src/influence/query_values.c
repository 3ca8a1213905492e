/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query_values.c: a feed over the queries. */
#include "influence/query_values.h"

#include "base/mem.h"
#include "influence/task.h"

#include <string.h>

struct _AssayQueryValues {
  const AssayInfluenceTask *task;
  AssayPoint point;
  AssayFeed *feed;
  void *theta;                  /* (P) in the walk's type */
  gint64 batch;
};

AssayQueryValues *
assay_query_values_new (const AssayInfluenceTask *task, GError **error)
{
  g_autoptr (AssayQueryValues) self = g_new0 (AssayQueryValues, 1);
  gint64 n = task->n_query * assay_influence_task_get_query_size (task);

  self->task = task;
  self->point = assay_influence_task_get_point (task, NULL, task->query, n);
  if (task->measured != NULL)
    self->point.model = task->measured;
  self->batch = MIN (task->batch, n);
  self->feed = assay_feed_new (self->point.model, task->dataset, ASSAY_WALK_FORWARD, self->point.dtype, self->batch, task->backend, NULL, error);
  if (self->feed == NULL
      || (self->theta = assay_mem_alloc_array (assay_model_get_n_params (task->model), assay_dtype_width (self->point.dtype), error)) == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

void
assay_query_values_free (AssayQueryValues *self)
{
  if (self == NULL)
    return;
  assay_feed_free (self->feed);
  assay_mem_free (self->theta);
  g_free (self);
}

gboolean
assay_query_values_run (AssayQueryValues *self, const double *theta, double *value, GError **error)
{
  const gint64 *examples = self->point.examples;
  gint64 size = assay_influence_task_get_query_size (self->task);

  assay_dtype_convert (ASSAY_F64, theta, self->point.dtype, self->theta, assay_model_get_n_params (self->task->model));
  memset (value, 0, self->task->n_query * sizeof *value);
  for (gint64 first = 0; first < self->point.n_examples; first += self->batch)
    {
      gint64 n = MIN (self->batch, self->point.n_examples - first);
      AssayPass *pass = assay_feed_bind (self->feed, examples + first, n, error);

      if (pass == NULL || !assay_exec_prepare (assay_pass_get_exec (pass), self->theta, NULL, NULL, FALSE, error)
          || !assay_pass_check_losses (pass, examples + first, "measuring queries", error))
        return FALSE;
      for (gint64 b = 0; b < n; b++)
        value[(first + b) / size] += assay_pass_get_loss (pass, b) / (double) size;
    }
  return TRUE;
}
