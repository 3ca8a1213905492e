/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predict.c: forward walks whose logits are kept. */
#include "run/predict.h"

#include "base/error.h"

#include <math.h>

gint64
assay_predict_get_width (const AssayModel *model)
{
  AssayGraph *layout = assay_model_get_layout (model);

  return assay_shape_last (&assay_graph_get_value (layout, assay_graph_get_logits (layout))->shape);
}

static gboolean
take_logits (AssayPass *pass, guint value, gint64 V, AssayDtype dtype, AssayDataset *dataset, const gint64 *examples, double *logits, GError **error)
{
  const void *found = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, value);
  gint64 n = assay_pass_get_batch (pass);

  assay_dtype_convert (dtype, found, ASSAY_F64, logits, n * V);
  for (gint64 i = 0; i < n * V; i++)
    if (!isfinite (logits[i]))
      {
        g_autofree char *example = assay_dataset_describe (dataset, examples[i / V]);

        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "prediction: %s: the model's output %" G_GINT64_FORMAT " is not finite (%g)", example, i % V,
                     logits[i]);
        return FALSE;
      }
  return TRUE;
}

gboolean
assay_predict_logits (AssayModel *model, AssayDataset *dataset, const gint64 *examples, gint64 N, AssayBackend *backend, double *logits,
                      AssayProgress *progress, GError **error)
{
  AssayDtype dtype = assay_model_get_dtype (model);
  guint keep[] = { assay_graph_get_logits (assay_model_get_layout (model)), ASSAY_NO_VALUE };
  gint64 V = assay_predict_get_width (model), batch;
  g_autoptr (AssayFeed) feed = NULL;

  if (assay_model_get_block (model)->data == ASSAY_DATA_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "prediction: a model of features expected, %s of tokens found",
                   assay_model_get_block (model)->name);
      return FALSE;
    }
  batch = assay_pass_choose_batch (model, ASSAY_WALK_FORWARD, dtype, MAX (1, N), keep, error);
  if (batch == 0)
    return FALSE;
  feed = assay_feed_new (model, dataset, ASSAY_WALK_FORWARD, dtype, batch, backend, keep, error);
  for (gint64 done = 0; feed != NULL && done < N; done += batch)
    {
      AssayPass *pass = assay_feed_bind (feed, examples + done, N - done, error);

      if (pass == NULL || assay_progress_is_cancelled (progress, error)
          || !assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (model), NULL, NULL, FALSE, error)
          || !take_logits (pass, keep[0], V, dtype, dataset, examples + done, logits + done * V, error))
        return FALSE;
      assay_progress_report (progress, "predicting", MIN (done + batch, N), N, "examples", NULL);
    }
  return feed != NULL;
}

double
assay_predict_probability (const double *logits, gint64 V, gint64 class)
{
  double sum = 0;

  if (V == 1)
    return 1 / (1 + exp (class == 1 ? -logits[0] : logits[0]));
  for (gint64 v = 0; v < V; v++)                                  /* every term is positive, and that of the class is 1 */
    sum += exp (logits[v] - logits[class]);
  return 1 / sum;
}
