/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neighbours.c: features of all examples are walked, never kept: once for their spread, once for the distances. */
#include "probes/neighbours.h"

#include "base/error.h"
#include "run/predict.h"

#include <math.h>
#include <string.h>

#define BATCH 256
/* A deviation below this share of the mean is the rounding of a constant. */
#define CONSTANT 1e-9

typedef struct {
  AssayModel *model;
  AssayDataset *dataset;
  AssayDtype dtype;
  AssayFeed *feed;
  guint value;                  /* the features in the graph */
  gboolean is_input;
  gint64 F;
  double *h;                    /* (BATCH,F) */
} Walk;

static void
walk_clear (Walk *walk)
{
  assay_feed_free (walk->feed);
  g_free (walk->h);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

static gboolean
walk_init (Walk *walk, AssayModel *model, AssayDataset *dataset, AssayBackend *backend, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  const AssayGraphValue *logits = assay_graph_get_value (layout, assay_graph_get_logits (layout)), *features;
  const AssayGraphNode *node = logits->role == ASSAY_VALUE_RESULT ? assay_graph_get_node (layout, logits->node) : NULL;
  guint keep[] = { ASSAY_NO_VALUE, ASSAY_NO_VALUE };

  if (node == NULL || strcmp (node->op->name, "linear") != 0 || assay_model_get_block (model)->data != ASSAY_DATA_FEATURES)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "neighbours: a model of features whose last step is linear expected, %s found",
                   assay_model_get_block (model)->name);
      return FALSE;
    }
  features = assay_graph_get_value (layout, node->in[0]);
  *walk = (Walk) { .model = model, .dataset = dataset, .dtype = assay_model_get_dtype (model), .value = node->in[0],
                   .is_input = features->role == ASSAY_VALUE_INPUT, .F = assay_shape_count (&features->shape) };
  keep[0] = walk->is_input ? ASSAY_NO_VALUE : walk->value;
  walk->h = g_new (double, BATCH * walk->F);
  walk->feed = assay_feed_new (model, dataset, ASSAY_WALK_FORWARD, walk->dtype, BATCH, backend, keep, error);
  return walk->feed != NULL;
}

/* Features (n,F) of at most BATCH examples, in walk->h. */
static gboolean
walk_features (Walk *walk, const gint64 *examples, gint64 n, GError **error)
{
  AssayBatch batch = { .dtype = ASSAY_F64, .x = walk->h };
  AssayPass *pass;

  if (walk->is_input)
    {
      assay_dataset_fill (walk->dataset, examples, n, &batch);
      return TRUE;
    }
  pass = assay_feed_bind (walk->feed, examples, n, error);
  if (pass == NULL || !assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (walk->model), NULL, NULL, FALSE, error))
    return FALSE;
  assay_dtype_convert (walk->dtype, assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, walk->value), ASSAY_F64, walk->h, n * walk->F);
  return TRUE;
}

/* scale (F): 1 / s, or 0 for a feature that does not count. Welford's recurrence, in the order of the examples. */
static gboolean
find_scale (Walk *walk, const gint64 *train, gint64 N, double *scale, AssayProgress *progress, GError **error)
{
  g_autofree double *mean = g_new0 (double, walk->F), *squares = g_new0 (double, walk->F);

  for (gint64 done = 0; done < N; done += BATCH)
    {
      gint64 n = MIN (BATCH, N - done);

      if (assay_progress_is_cancelled (progress, error) || !walk_features (walk, train + done, n, error))
        return FALSE;
      for (gint64 i = 0; i < n; i++)
        for (gint64 f = 0; f < walk->F; f++)
          {
            double d = walk->h[i * walk->F + f] - mean[f];

            mean[f] += d / (double) (done + i + 1);
            squares[f] += d * (walk->h[i * walk->F + f] - mean[f]);
          }
    }
  for (gint64 f = 0; f < walk->F; f++)
    {
      double deviation = sqrt (squares[f] / (double) N);

      scale[f] = deviation > CONSTANT * fabs (mean[f]) ? 1 / deviation : 0;
    }
  return TRUE;
}

/* Into the k nearest, where it belongs; examples come in ascending order, so equal ones stay behind. */
static void
insert (AssayNeighbour *nearest, gint64 k, gint64 example, double distance)
{
  gint64 place = k;

  while (place > 0 && (nearest[place - 1].example < 0 || distance < nearest[place - 1].distance))
    place--;
  if (place == k)
    return;
  memmove (nearest + place + 1, nearest + place, (k - place - 1) * sizeof *nearest);
  nearest[place] = (AssayNeighbour) { example, distance };
}

static void
compare (AssayNeighbours *found, const Walk *walk, const double *at, const double *scale, gint64 q, gint64 query, gint64 example, const double *h)
{
  double sum = 0;

  if (example == query)
    return;
  for (gint64 f = 0; f < walk->F; f++)
    {
      double d = (h[f] - at[f]) * scale[f];

      sum += d * d;
    }
  found->identical[q] += sum == 0;
  insert (found->nearest + q * found->k, found->k, example, sqrt (sum));
}

static gboolean
search (AssayNeighbours *found, Walk *walk, const gint64 *train, gint64 N, const gint64 *query, const double *scale, AssayProgress *progress,
        GError **error)
{
  g_autofree double *at = g_new (double, MAX (found->Q, 1) * walk->F);

  for (gint64 done = 0; done < found->Q; done += BATCH)
    {
      gint64 n = MIN (BATCH, found->Q - done);

      if (!walk_features (walk, query + done, n, error))
        return FALSE;
      memcpy (at + done * walk->F, walk->h, n * walk->F * sizeof (double));
    }
  for (gint64 done = 0; done < N; done += BATCH)
    {
      gint64 n = MIN (BATCH, N - done);

      if (assay_progress_is_cancelled (progress, error) || !walk_features (walk, train + done, n, error))
        return FALSE;
      for (gint64 i = 0; i < n; i++)
        for (gint64 q = 0; q < found->Q; q++)
          compare (found, walk, at + q * walk->F, scale, q, query[q], train[done + i], walk->h + i * walk->F);
      assay_progress_report (progress, "looking for neighbours", done + n, N, "examples", NULL);
    }
  return TRUE;
}

AssayNeighbours *
assay_neighbours_new (AssayModel *model, AssayDataset *dataset, const gint64 *train, gint64 N, const gint64 *query, gint64 Q, gint64 k,
                      AssayBackend *backend, AssayProgress *progress, GError **error)
{
  g_auto (Walk) walk = { 0 };
  g_autoptr (AssayNeighbours) found = NULL;
  g_autofree double *scale = NULL;

  if (!walk_init (&walk, model, dataset, backend, error))
    return NULL;
  found = g_new0 (AssayNeighbours, 1);
  *found = (AssayNeighbours) { .Q = Q, .k = k, .F = walk.F, .is_input = walk.is_input, .nearest = g_new (AssayNeighbour, MAX (Q * k, 1)),
                               .identical = g_new0 (gint64, MAX (Q, 1)) };
  for (gint64 i = 0; i < Q * k; i++)
    found->nearest[i] = (AssayNeighbour) { -1, NAN };
  scale = g_new (double, walk.F);
  if (!find_scale (&walk, train, N, scale, progress, error))
    return NULL;
  for (gint64 f = 0; f < walk.F; f++)
    found->n_varying += scale[f] > 0;
  return search (found, &walk, train, N, query, scale, progress, error) ? g_steal_pointer (&found) : NULL;
}

void
assay_neighbours_free (AssayNeighbours *neighbours)
{
  if (neighbours == NULL)
    return;
  g_free (neighbours->nearest);
  g_free (neighbours->identical);
  g_free (neighbours);
}
