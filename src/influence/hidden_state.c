/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hidden_state.c: forward walks that keep one value. */
#include "influence/hidden_state.h"

#include "base/mem.h"
#include "hessian/vector_f64.h"
#include "influence/sequence.h"
#include "influence/task.h"

#include <string.h>

AssayHiddenPlace
assay_hidden_place_find (const AssayInfluenceTask *task)
{
  AssayGraph *layout = assay_model_get_layout (task->model);
  const AssayGraphValue *logits = assay_graph_get_value (layout, assay_graph_get_logits (layout)), *hidden;
  AssayHiddenPlace place = { .hidden = assay_graph_get_logits (layout), .last = ASSAY_NO_VALUE, .T = 1 };

  /* back through what only shifts or reshapes the last product */
  for (const AssayGraphNode *node; logits->role == ASSAY_VALUE_RESULT; logits = assay_graph_get_value (layout, place.hidden))
    {
      node = assay_graph_get_node (layout, logits->node);
      place.hidden = node->in[0];
      if (strcmp (node->op->name, "linear") == 0)
        {
          place.last = node->in[1];
          break;
        }
    }
  hidden = assay_graph_get_value (layout, place.hidden);
  place.is_input = hidden->role == ASSAY_VALUE_INPUT;
  if (assay_dataset_get_kind (task->dataset) == ASSAY_DATASET_TOKENS)
    place.T = assay_dataset_get_shape (task->dataset).dim[0];
  place.C = assay_shape_count (&hidden->shape) / place.T;
  return place;
}

/* state (C) of row b of a pass that has walked. */
static void
read_state (const AssayHiddenPlace *place, AssayPass *pass, AssayDtype dtype, gint64 b, double *row, double *state)
{
  const AssayBatch *data = assay_pass_get_data (pass);
  const char *values = place->is_input ? data->x : assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, place->hidden);
  gint64 used = place->T > 1 ? assay_sequence_get_length (data, b, place->T) : 1;

  memset (state, 0, place->C * sizeof *state);
  for (gint64 t = 0; t < used; t++)
    {
      assay_dtype_convert (dtype, values + (b * place->T + t) * place->C * (gint64) assay_dtype_width (dtype), ASSAY_F64, row, place->C);
      assay_f64_add (place->C, 1 / (double) used, row, state);
    }
}

gboolean
assay_hidden_walk (const AssayInfluenceTask *task, const AssayHiddenPlace *place, const gint64 *examples, gint64 n, AssayHiddenFunc func,
                   gpointer data, AssayProgress *progress, GError **error)
{
  AssayPoint point = assay_influence_task_get_point (task, NULL, examples, n);
  const guint keep[] = { place->hidden, ASSAY_NO_VALUE };
  gint64 batch = MIN (task->batch, n);
  g_autoptr (AssayFeed) feed = assay_feed_new (task->model, task->dataset, ASSAY_WALK_FORWARD, point.dtype, batch, task->backend,
                                               place->is_input ? NULL : keep, error);
  g_autoptr (AssayBuffer) theta = feed ? assay_mem_alloc_array (assay_model_get_n_params (task->model), assay_dtype_width (point.dtype), error)
                                       : NULL;
  g_autofree double *row = g_new (double, place->C), *state = g_new (double, place->C);

  if (theta == NULL)
    return FALSE;
  assay_point_read_theta (&point, point.dtype, theta);
  for (gint64 first = 0; first < n; first += batch)
    {
      gint64 B = MIN (batch, n - first);
      AssayPass *pass = assay_progress_is_cancelled (progress, error) ? NULL : assay_feed_bind (feed, examples + first, B, error);

      if (pass == NULL || !assay_exec_prepare (assay_pass_get_exec (pass), theta, NULL, NULL, FALSE, error)
          || !assay_pass_check_losses (pass, examples + first, "representation", error))
        return FALSE;
      for (gint64 b = 0; b < B; b++)
        {
          read_state (place, pass, point.dtype, b, row, state);
          func (first + b, state, data);
        }
      assay_progress_report (progress, "reading states", first + B, n, "examples", NULL);
    }
  return TRUE;
}
