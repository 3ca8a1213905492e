/* SPDX-License-Identifier: GPL-3.0-or-later */
/* margin.c: forward walks for values; for slopes a graph whose input is a parameter, walked with two labels for every input. */
#include "probes/margin.h"

#include "base/error.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

#define FORWARD_BATCH 256
#define GRADIENT_BATCH 64       /* inputs, each walked with two labels */

struct _AssayMargin {
  AssayModel *model;            /* in F64 */
  AssayBackend *backend;
  gint64 D, V;
  gboolean is_real;             /* squared loss: the output is the number */

  /* Values. */
  AssayExec *forward;
  guint logits;
  double *x;                    /* (FORWARD_BATCH,D) */
  void *labels;                 /* of the forward walk: they decide losses alone */

  /* Slopes; made when they are first asked for. */
  AssayExec *backward;
  double *theta, *gradient;     /* of its graph: the inputs and the model's parameters */
  gint64 offset;                /* of the inputs in theta */
  void *pair;                   /* labels, two of each input */
  double *weights;              /* +1 and -1 */
};

static gboolean
is_of_tokens (const AssayModel *model, GError **error)
{
  if (assay_model_get_block (model)->data == ASSAY_DATA_FEATURES)
    return FALSE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "margin: a model of features expected, %s of tokens found", assay_model_get_block (model)->name);
  return TRUE;
}

/* Values and labels bound to a graph's inputs. */
static void
bind (AssayExec *exec, const double *x, const void *labels)
{
  AssayGraph *graph = assay_exec_get_graph (exec);

  if (x != NULL)
    assay_exec_set_input (exec, assay_graph_find (graph, "x"), x);
  assay_exec_set_input (exec, assay_graph_find (graph, "y"), labels);
}

static gboolean
make_forward (AssayMargin *margin, GError **error)
{
  g_autoptr (AssayGraph) graph = assay_model_build (margin->model, FORWARD_BATCH, error);
  guint keep[2] = { ASSAY_NO_VALUE, ASSAY_NO_VALUE };
  AssayShape x, logits;

  if (graph == NULL)
    return FALSE;
  keep[0] = margin->logits = assay_graph_get_logits (graph);
  x = assay_graph_get_value (graph, assay_graph_find (graph, "x"))->shape;
  logits = assay_graph_get_value (graph, keep[0])->shape;
  margin->D = assay_shape_count (&x) / FORWARD_BATCH;
  margin->V = assay_shape_last (&logits);
  margin->is_real = !assay_graph_get_value (graph, assay_graph_find (graph, "y"))->is_index;
  margin->forward = assay_exec_new (graph, ASSAY_WALK_FORWARD, ASSAY_F64, margin->backend, keep, error);
  margin->x = margin->forward ? assay_mem_new (double, FORWARD_BATCH * margin->D, error) : NULL;
  margin->labels = margin->x ? assay_mem_new (double, FORWARD_BATCH * margin->V, error) : NULL;
  if (margin->labels == NULL)
    return FALSE;
  memset (margin->labels, 0, FORWARD_BATCH * margin->V * sizeof (double));
  bind (margin->forward, margin->x, margin->labels);
  return TRUE;
}

AssayMargin *
assay_margin_new (const AssayModel *model, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayMargin) margin = g_new0 (AssayMargin, 1);

  if (is_of_tokens (model, error))
    return NULL;
  margin->backend = backend;
  margin->model = assay_model_copy (model, ASSAY_F64, error);
  return margin->model != NULL && make_forward (margin, error) ? g_steal_pointer (&margin) : NULL;
}

void
assay_margin_free (AssayMargin *margin)
{
  if (margin == NULL)
    return;
  assay_exec_free (margin->forward);
  assay_exec_free (margin->backward);
  assay_mem_free (margin->x);
  assay_mem_free (margin->labels);
  assay_mem_free (margin->theta);
  assay_mem_free (margin->gradient);
  assay_mem_free (margin->pair);
  assay_mem_free (margin->weights);
  assay_model_free (margin->model);
  g_free (margin);
}

gint64
assay_margin_get_size (const AssayMargin *margin)
{
  return margin->D;
}

gint64
assay_margin_get_width (const AssayMargin *margin)
{
  return margin->V;
}

gboolean
assay_margin_has_classes (const AssayMargin *margin)
{
  return !margin->is_real;
}

gint64
assay_margin_get_n_classes (const AssayMargin *margin)
{
  return margin->is_real ? 0 : MAX (margin->V, 2);
}

/* --- values ---------------------------------------------------------------------------------------------------------------- */

static gboolean
check_logits (const double *logits, gint64 n, gint64 V, gint64 first, GError **error)
{
  for (gint64 i = 0; i < n * V; i++)
    if (!isfinite (logits[i]))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "margin: output %" G_GINT64_FORMAT " of the model is not finite at input %" G_GINT64_FORMAT, i % V,
                     first + i / V);
        return FALSE;
      }
  return TRUE;
}

gboolean
assay_margin_logits (AssayMargin *margin, const double *x, gint64 n, double *logits, GError **error)
{
  gint64 D = margin->D, V = margin->V;

  for (gint64 done = 0; done < n; done += FORWARD_BATCH)
    {
      gint64 block = MIN (FORWARD_BATCH, n - done);

      memcpy (margin->x, x + done * D, block * D * sizeof (double));
      for (gint64 i = block; i < FORWARD_BATCH; i++)              /* rows do not see each other: what the rest holds is never read */
        memcpy (margin->x + i * D, x + done * D, D * sizeof (double));
      if (!assay_exec_prepare (margin->forward, assay_model_get_theta (margin->model), NULL, NULL, FALSE, error))
        return FALSE;
      memcpy (logits + done * V, assay_exec_get_buffer (margin->forward, ASSAY_PRIMAL, margin->logits), block * V * sizeof (double));
      if (!check_logits (logits + done * V, block, V, done, error))
        return FALSE;
    }
  return TRUE;
}

double
assay_margin_of_logits (const AssayMargin *margin, const AssayMarginChoice *choice, const double *logits)
{
  if (margin->is_real)
    return logits[0] - choice->offset;
  if (margin->V == 1)
    return (choice->a == 1 ? logits[0] : -logits[0]) - choice->offset;
  return logits[choice->a] - logits[choice->b] - choice->offset;
}

gboolean
assay_margin_values (AssayMargin *margin, const AssayMarginChoice *choice, const double *x, gint64 n, double *value, GError **error)
{
  g_autofree double *logits = g_new (double, MAX (n, 1) * margin->V);

  if (!assay_margin_logits (margin, x, n, logits, error))
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    value[i] = assay_margin_of_logits (margin, choice, logits + i * margin->V);
  return TRUE;
}

/* --- slopes ---------------------------------------------------------------------------------------------------------------- */

/* Copies the model's parameters to where the graph with a parameter more has them. */
static void
place_parameters (AssayMargin *margin, AssayGraph *graph)
{
  AssayGraph *layout = assay_model_get_layout (margin->model);
  const double *theta = assay_model_get_theta (margin->model);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM)
        memcpy (margin->theta + assay_graph_get_value (graph, assay_graph_find (graph, p->name))->offset, theta + p->offset,
                assay_shape_count (&p->shape) * sizeof (double));
    }
}

static gboolean
make_backward (AssayMargin *margin, GError **error)
{
  const gint64 B = 2 * GRADIENT_BATCH;
  g_autoptr (AssayGraph) graph = assay_model_build_on_parameter (margin->model, B, "x", error);
  gint64 P;

  if (graph == NULL)
    return FALSE;
  P = assay_graph_get_n_params (graph);
  margin->offset = assay_graph_get_value (graph, assay_graph_find (graph, "x"))->offset;
  margin->theta = assay_mem_new (double, P, error);
  margin->gradient = margin->theta ? assay_mem_new (double, P, error) : NULL;
  margin->pair = margin->gradient ? assay_mem_new (double, B * margin->V, error) : NULL;
  margin->weights = margin->pair ? assay_mem_new (double, B, error) : NULL;
  if (margin->weights == NULL)
    return FALSE;
  memset (margin->theta, 0, P * sizeof (double));
  place_parameters (margin, graph);
  for (gint64 i = 0; i < B; i++)
    margin->weights[i] = i < GRADIENT_BATCH ? 1 : -1;
  margin->backward = assay_exec_new (graph, ASSAY_WALK_GRADIENT, ASSAY_F64, margin->backend, NULL, error);
  if (margin->backward == NULL)
    return FALSE;
  bind (margin->backward, NULL, margin->pair);
  return TRUE;
}

/* The first half is walked with b, the second with a: l_b - l_a = log p_a - log p_b. Of a number with -1/2 and 1/2:
 * (y + 1/2)^2 / 2 - (y - 1/2)^2 / 2 = y. */
static void
set_pair (AssayMargin *margin, const AssayMarginChoice *choice)
{
  for (gint64 i = 0; i < 2 * GRADIENT_BATCH; i++)
    if (margin->is_real)
      for (gint64 v = 0; v < margin->V; v++)
        ((double *) margin->pair)[i * margin->V + v] = v > 0 ? 0 : i < GRADIENT_BATCH ? -0.5 : 0.5;
    else
      ((gint32 *) margin->pair)[i] = (gint32) (i < GRADIENT_BATCH ? choice->b : choice->a);
}

gboolean
assay_margin_gradients (AssayMargin *margin, const AssayMarginChoice *choice, const double *x, gint64 n, double *gradient, GError **error)
{
  gint64 D = margin->D;

  if (margin->backward == NULL && !make_backward (margin, error))
    return FALSE;
  set_pair (margin, choice);
  for (gint64 done = 0; done < n; done += GRADIENT_BATCH)
    {
      gint64 block = MIN (GRADIENT_BATCH, n - done);
      double *input = margin->theta + margin->offset;
      const double *slope = margin->gradient + margin->offset;

      for (gint64 i = 0; i < 2 * GRADIENT_BATCH; i++)
        memcpy (input + i * D, x + (done + MIN (i % GRADIENT_BATCH, block - 1)) * D, D * sizeof (double));
      if (!assay_exec_prepare (margin->backward, margin->theta, margin->weights, margin->gradient, FALSE, error))
        return FALSE;
      for (gint64 i = 0; i < block; i++)
        for (gint64 d = 0; d < D; d++)
          gradient[(done + i) * D + d] = slope[i * D + d] + slope[(GRADIENT_BATCH + i) * D + d];
    }
  return TRUE;
}

/* --- affine models ----------------------------------------------------------------------------------------------------------- */

gboolean
assay_margin_get_slope (const AssayMargin *margin, const AssayMarginChoice *choice, double *weight)
{
  AssayGraph *layout = assay_model_get_layout (margin->model);
  const AssayGraphValue *logits = assay_graph_get_value (layout, assay_graph_get_logits (layout)), *map;
  const AssayGraphNode *node;
  const double *row;

  if (logits->role != ASSAY_VALUE_RESULT)
    return FALSE;
  node = assay_graph_get_node (layout, logits->node);
  if (strcmp (node->op->name, "linear") != 0 || node->in[0] != assay_graph_find (layout, "x"))
    return FALSE;
  map = assay_graph_get_value (layout, node->in[1]);
  row = (const double *) assay_model_get_theta (margin->model) + map->offset;   /* weight (V,D) */
  for (gint64 d = 0; d < margin->D; d++)
    weight[d] = margin->is_real ? row[d]
                : margin->V == 1 ? (choice->a == 1 ? row[d] : -row[d]) : row[choice->a * margin->D + d] - row[choice->b * margin->D + d];
  return TRUE;
}
