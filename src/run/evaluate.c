/* SPDX-License-Identifier: GPL-3.0-or-later */
/* evaluate.c: forward walks whose losses and logits are read off. */
#include "run/evaluate.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

struct _AssayEvaluator {
  AssayDataset *dataset;
  AssayDtype dtype;
  AssayFeed *feed;
  guint logits;
  gint64 V;                     /* logits of one prediction */
  gint64 rows;                  /* predictions of one example */
  gboolean has_classes;         /* each predicts a class or a token */
};

AssayEvaluator *
assay_evaluator_new (const AssayModel *model, AssayDataset *dataset, gint64 batch, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayEvaluator) e = g_new0 (AssayEvaluator, 1);
  AssayGraph *layout = assay_model_get_layout (model);
  AssayShape shape;
  guint keep[2];

  e->dataset = assay_dataset_ref (dataset);
  e->dtype = assay_model_get_dtype (model);
  e->logits = keep[0] = assay_graph_get_logits (layout);
  keep[1] = ASSAY_NO_VALUE;
  shape = assay_graph_get_value (layout, e->logits)->shape;
  e->V = assay_shape_last (&shape);
  e->rows = assay_shape_rows (&shape);
  e->has_classes = assay_graph_get_node (layout, assay_graph_get_value (layout, assay_graph_get_own_loss (layout))->node)->op->index_in >> 1 & 1;
  if (batch == 0)
    batch = assay_pass_choose_batch (model, ASSAY_WALK_FORWARD, e->dtype, MAX (1, assay_dataset_get_n (dataset)), keep, error);
  if (batch == 0)
    return NULL;
  e->feed = assay_feed_new (model, dataset, ASSAY_WALK_FORWARD, e->dtype, batch, backend, keep, error);
  return e->feed ? g_steal_pointer (&e) : NULL;
}

void
assay_evaluator_free (AssayEvaluator *e)
{
  if (e == NULL)
    return;
  assay_feed_free (e->feed);
  assay_dataset_unref (e->dataset);
  g_free (e);
}

static double
read_at (AssayDtype dtype, const void *x, gint64 i)
{
  return dtype == ASSAY_F32 ? (double) ((const float *) x)[i] : ((const double *) x)[i];
}

/* The class that a row of logits predicts; one logit alone says class 1 when it is positive. */
static gint32
predict (const AssayEvaluator *e, const void *logits, gint64 row)
{
  gint64 first = row * e->V, best = 0;

  if (e->V == 1)
    return read_at (e->dtype, logits, first) > 0;
  for (gint64 v = 1; v < e->V; v++)
    if (read_at (e->dtype, logits, first + v) > read_at (e->dtype, logits, first + best))
      best = v;
  return (gint32) best;
}

/* Of example b of a pass. *n: its predictions that count; answer: the last of them. */
static gint64
count_right (const AssayEvaluator *e, AssayPass *pass, gint64 b, gint64 *n, double *answer)
{
  const AssayBatch *data = assay_pass_get_data (pass);
  const gint32 *target = !e->has_classes ? NULL : data->target ? data->target : data->label;
  const void *logits = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, e->logits);
  gint64 right = 0;

  *n = 0;
  *answer = target == NULL ? read_at (e->dtype, logits, b * e->rows * e->V) : (double) NAN;
  for (gint64 row = b * e->rows; target != NULL && row < (b + 1) * e->rows; row++)
    if (data->weight == NULL || read_at (e->dtype, data->weight, row) != 0)
      {
        gint32 predicted = predict (e, logits, row);

        *answer = predicted;
        right += predicted == target[row];
        ++*n;
      }
  return right;
}

gboolean
assay_evaluator_run (AssayEvaluator *e, const void *theta, const gint64 *examples, gint64 N, const AssayEachExample *each, AssayEvaluation *result,
                     AssayProgress *progress, GError **error)
{
  static const AssayEachExample nothing = { NULL, NULL, NULL };
  AssayEvaluation sum = { .N = N };
  gint64 all_right = 0;

  if (each == NULL)
    each = &nothing;
  for (gint64 done = 0, n; done < N; done += n)
    {
      AssayPass *pass = assay_feed_bind (e->feed, examples + done, N - done, error);

      if (pass == NULL || assay_progress_is_cancelled (progress, error)
          || !assay_exec_prepare (assay_pass_get_exec (pass), theta, NULL, NULL, FALSE, error))
        return FALSE;
      n = assay_pass_get_batch (pass);
      if (!assay_pass_check_losses (pass, examples + done, "evaluation", error))
        return FALSE;
      for (gint64 b = 0; b < n; b++)
        {
          double answer;
          gint64 n_predictions, right = count_right (e, pass, b, &n_predictions, &answer);

          sum.loss += assay_pass_get_loss (pass, b);
          sum.n_predictions += n_predictions;
          all_right += right;
          if (each->loss != NULL)
            each->loss[done + b] = assay_pass_get_loss (pass, b);
          if (each->right != NULL)
            each->right[done + b] = n_predictions > 0 ? (double) right / (double) n_predictions : (double) NAN;
          if (each->answer != NULL)
            each->answer[done + b] = answer;
        }
      assay_progress_report (progress, "evaluating", done + n, N, "examples", NULL);
    }
  sum.loss = N > 0 ? sum.loss / (double) N : (double) NAN;
  sum.accuracy = sum.n_predictions > 0 ? (double) all_right / (double) sum.n_predictions : (double) NAN;
  *result = sum;
  return TRUE;
}

gboolean
assay_evaluate (AssayModel *model, AssayDataset *dataset, const gint64 *examples, gint64 N, gint64 batch, AssayBackend *backend, double *loss,
                AssayEvaluation *result, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayEvaluator) e = assay_evaluator_new (model, dataset, batch, backend, error);

  return e != NULL && assay_evaluator_run (e, assay_model_get_theta (model), examples, N, &(AssayEachExample) { .loss = loss }, result, progress, error);
}
