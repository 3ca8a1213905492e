/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_labels.c: one draw for each kind of loss. */
#include "hessian/module_labels.h"

#include "base/error.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

#define PURPOSE "fisher label"

struct _AssayModuleLabels {
  AssayGraph *layout;           /* borrowed from the model */
  guint loss_node, logits, token_loss, lse, watched;
  const char *op;
  guint keep[3];
  guint64 seed;
  gint64 n, positions;          /* predictions of an example */
  gint32 *drawn;                /* (n, positions) of classes; -1: not yet */
  AssayPass *pass;              /* of the walk under way */
  const gint64 *examples;
  gint64 first;
};

AssayModuleLabels *
assay_module_labels_new (const AssayModel *model, guint64 seed, gint64 n, GError **error)
{
  g_autoptr (AssayModuleLabels) labels = g_new0 (AssayModuleLabels, 1);
  AssayGraph *graph = labels->layout = assay_model_get_layout (model);
  const AssayGraphNode *node;

  labels->loss_node = assay_graph_get_value (graph, assay_graph_get_loss (graph))->node;
  node = assay_graph_get_node (graph, labels->loss_node);
  labels->op = node->op->name;
  labels->logits = node->in[0];
  labels->seed = seed;
  labels->n = n;
  labels->watched = node->out[0];
  labels->keep[0] = labels->logits;
  labels->keep[1] = labels->keep[2] = ASSAY_NO_VALUE;
  labels->positions = 1;
  if (strcmp (labels->op, "xent") == 0)
    {
      labels->watched = node->out[1];                             /* its own entry of dx is taken from the token's loss */
      labels->keep[1] = labels->lse = node->out[2];
      labels->positions = assay_shape_rows (&node->in_shape[0]) / node->in_shape[0].dim[0];
    }
  else if (strcmp (labels->op, "logistic_loss") != 0 && strcmp (labels->op, "squared_loss") != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "Fisher: answers can be drawn for losses xent, logistic_loss and squared_loss, %s "
                   "found; use the empirical Fisher", labels->op);
      return NULL;
    }
  if (strcmp (labels->op, "squared_loss") == 0 && assay_graph_get_value (graph, node->in[1])->is_zero)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "Fisher: a loss that answers enter expected, this model's has none; use the empirical Fisher");
      return NULL;
    }
  labels->drawn = g_new (gint32, n * labels->positions);
  memset (labels->drawn, 0xff, n * labels->positions * sizeof *labels->drawn);
  return g_steal_pointer (&labels);
}

void
assay_module_labels_free (AssayModuleLabels *labels)
{
  if (labels == NULL)
    return;
  g_free (labels->drawn);
  g_free (labels);
}

const guint *
assay_module_labels_get_keep (const AssayModuleLabels *labels)
{
  return labels->keep;
}

/* The first class at which the sum of probabilities passes u; the last one that has any where rounding keeps it below. */
#define DRAW_CLASS(name, type, exponential)                                                                             \
  static gint32                                                                                                         \
  name (const type *x, type lse, gint64 V, double u)                                                                    \
  {                                                                                                                     \
    double sum = 0;                                                                                                     \
    gint32 last = 0;                                                                                                    \
                                                                                                                        \
    for (gint64 v = 0; v < V; v++)                                                                                      \
      {                                                                                                                 \
        double p = exponential (x[v] - lse);                                                                            \
                                                                                                                        \
        sum += p;                                                                                                       \
        if (p > 0)                                                                                                      \
          last = (gint32) v;                                                                                            \
        if (sum > u)                                                                                                    \
          break;                                                                                                        \
      }                                                                                                                 \
    return last;                                                                                                        \
  }

DRAW_CLASS (draw_class_f32, float, expf)
DRAW_CLASS (draw_class_f64, double, exp)

/* data is the token loss (B, positions), made anew for the drawn labels. */
#define DRAW_CLASSES(name, type, draw_class, root)                                                                      \
  static void                                                                                                           \
  name (AssayModuleLabels *l, void *data)                                                                               \
  {                                                                                                                     \
    const AssayExec *exec = assay_pass_get_exec (l->pass);                                                              \
    const AssayBatch *batch = assay_pass_get_data (l->pass);                                                            \
    const type *x = assay_exec_get_buffer (exec, ASSAY_PRIMAL, l->logits), *lse = assay_exec_get_buffer (exec, ASSAY_PRIMAL, l->lse); \
    gint64 V = assay_shape_last (&assay_graph_get_value (l->layout, l->logits)->shape), T = l->positions;               \
    gint32 *label = batch->target ? batch->target : batch->label;                                                       \
    type *loss = data, *w = batch->weight;                                                                              \
                                                                                                                        \
    for (gint64 b = 0; b < assay_pass_get_batch (l->pass); b++)                                                         \
      {                                                                                                                 \
        AssayRng rng = assay_rng_new (l->seed, assay_rng_stream (PURPOSE, l->examples[b]));                             \
        gint32 *drawn = l->drawn + (l->first + b) * T;                                                                  \
                                                                                                                        \
        for (gint64 t = b * T, k = 0; k < T; t++, k++)                                                                  \
          {                                                                                                             \
            double u = assay_rng_uniform (&rng);                                                                        \
                                                                                                                        \
            if (drawn[k] < 0)                                                                                           \
              drawn[k] = draw_class (x + t * V, lse[t], V, u);                                                          \
            label[t] = drawn[k];                                                                                        \
            loss[t] = lse[t] - x[t * V + drawn[k]];                                                                     \
            if (w != NULL)                                                                                              \
              w[t] = root (w[t]);                                                                                       \
          }                                                                                                             \
      }                                                                                                                 \
  }

DRAW_CLASSES (draw_classes_f32, float, draw_class_f32, sqrtf)
DRAW_CLASSES (draw_classes_f64, double, draw_class_f64, sqrt)

#define GET(x, dtype, i) ((dtype) == ASSAY_F32 ? (double) ((const float *) (x))[i] : ((const double *) (x))[i])

static void
draw_sides (AssayModuleLabels *l)
{
  const AssayBatch *batch = assay_pass_get_data (l->pass);
  const void *z = assay_exec_get_buffer (assay_pass_get_exec (l->pass), ASSAY_PRIMAL, l->logits);

  for (gint64 b = 0; b < assay_pass_get_batch (l->pass); b++)
    {
      AssayRng rng = assay_rng_new (l->seed, assay_rng_stream (PURPOSE, l->examples[b]));

      batch->label[b] = assay_rng_uniform (&rng) < 1 / (1 + exp (-GET (z, batch->dtype, b)));
    }
}

static void
draw_reals (AssayModuleLabels *l)
{
  const AssayBatch *batch = assay_pass_get_data (l->pass);
  const void *y = assay_exec_get_buffer (assay_pass_get_exec (l->pass), ASSAY_PRIMAL, l->logits);
  const AssayShape *shape = &assay_graph_get_value (l->layout, l->logits)->shape;
  gint64 D = assay_shape_count (shape) / shape->dim[0];

  for (gint64 b = 0; b < assay_pass_get_batch (l->pass); b++)
    {
      AssayRng rng = assay_rng_new (l->seed, assay_rng_stream (PURPOSE, l->examples[b]));

      for (gint64 i = b * D; i < (b + 1) * D; i++)
        {
          double drawn = GET (y, batch->dtype, i) + assay_rng_normal (&rng);

          if (batch->dtype == ASSAY_F32)
            ((float *) batch->real)[i] = (float) drawn;
          else
            ((double *) batch->real)[i] = drawn;
        }
    }
}

static void
draw (const AssayGraphValue *value, void *data, gpointer user_data)
{
  AssayModuleLabels *l = user_data;

  (void) value;
  if (strcmp (l->op, "xent") == 0)
    (assay_pass_get_data (l->pass)->dtype == ASSAY_F32 ? draw_classes_f32 : draw_classes_f64) (l, data);
  else if (strcmp (l->op, "logistic_loss") == 0)
    draw_sides (l);
  else
    draw_reals (l);
}

void
assay_module_labels_bind (AssayModuleLabels *labels, AssayPass *pass, const gint64 *examples, gint64 first)
{
  labels->pass = pass;
  labels->examples = examples;
  labels->first = first;
  assay_exec_set_edit (assay_pass_get_exec (pass), labels->watched, draw, labels);
  assay_exec_set_edit_reads (assay_pass_get_exec (pass), labels->watched, labels->keep);
}
