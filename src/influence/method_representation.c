/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_representation.c: how alike the model finds query and example: the angle between their last hidden states.
 *
 *   score[q, i] = h_q' h_i / (||h_q|| ||h_i||),  h the mean over positions of what enters the last layer      unit: relative
 *
 * 0 where a state is zero. Positions are an example's own: up to the last whose target counts. A query over several examples has the mean
 * of their states. Labels and losses do not enter: an example that says the opposite of the query is as near as one that agrees.
 */
#include "base/mem.h"
#include "hessian/vector_f64.h"
#include "influence/score.h"
#include "influence/sequence.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = { { .name = NULL } };

typedef struct {
  guint hidden;                 /* value that enters the last layer */
  gboolean is_input;            /* it is the features themselves */
  gint64 T, C;                  /* positions (1 for features), numbers of a state */
} Place;

static Place
find_place (const AssayInfluenceTask *task)
{
  AssayGraph *layout = assay_model_get_layout (task->model);
  const AssayGraphValue *logits = assay_graph_get_value (layout, assay_graph_get_logits (layout)), *hidden;
  Place place = { .hidden = assay_graph_get_logits (layout), .T = 1 };

  /* back through what only shifts or reshapes the last product */
  for (const AssayGraphNode *node; logits->role == ASSAY_VALUE_RESULT; logits = assay_graph_get_value (layout, place.hidden))
    {
      node = assay_graph_get_node (layout, logits->node);
      place.hidden = node->in[0];
      if (strcmp (node->op->name, "linear") == 0)
        break;
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
read_state (const Place *place, AssayPass *pass, AssayDtype dtype, gint64 b, double *row, double *state)
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

/* Called with the state of each example in turn. */
typedef void (*StateFunc) (gint64 i, const double *state, gpointer data);

static gboolean
walk (const AssayInfluenceTask *task, const Place *place, const gint64 *examples, gint64 n, StateFunc func, gpointer data,
      AssayProgress *progress, GError **error)
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

typedef struct {
  gint64 C, N, size;
  double *query, *query_norm;   /* (Q,C), (Q) */
  AssayInfluenceScores *scores;
  gint64 n_zero;
} Comparison;

static void
add_query (gint64 i, const double *state, gpointer data)
{
  Comparison *c = data;

  assay_f64_add (c->C, 1 / (double) c->size, state, c->query + i / c->size * c->C);
}

static void
compare_example (gint64 i, const double *state, gpointer data)
{
  Comparison *c = data;
  double norm = assay_f64_norm (c->C, state);

  for (gint64 q = 0; q < c->scores->n_query; q++)
    {
      double norms = c->query_norm[q] * norm;

      c->scores->value[q * c->N + i] = norms > 0 ? assay_f64_dot (c->C, c->query + q * c->C, state) / norms : 0;
      c->n_zero += !(norms > 0);
    }
}

static AssayInfluenceScores *
score_representation (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (AssayBuffer) query = NULL;
  g_autofree double *norm = NULL;
  gint64 size = assay_influence_task_get_query_size (task);
  Comparison c;
  Place place;

  (void) options;
  if (!assay_influence_task_check (task, error)
      || (scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL)
    return NULL;
  place = find_place (task);
  query = assay_mem_alloc_array (task->n_query * place.C, sizeof (double), error);
  if (query == NULL)
    return NULL;
  norm = g_new (double, task->n_query);
  c = (Comparison) { .C = place.C, .N = task->n_train, .size = size, .query = query, .query_norm = norm, .scores = scores };
  memset (c.query, 0, task->n_query * place.C * sizeof (double));
  if (!walk (task, &place, task->query, task->n_query * size, add_query, &c, progress, error))
    return NULL;
  for (gint64 q = 0; q < task->n_query; q++)
    norm[q] = assay_f64_norm (place.C, c.query + q * place.C);
  if (!walk (task, &place, task->train, task->n_train, compare_example, &c, progress, error))
    return NULL;
  scores->unit = ASSAY_UNIT_RELATIVE;
  scores->counterfactual = "none";
  scores->interval_reason = "a similarity of activations estimates no quantity that an interval could hold";
  scores->l2 = task->l2;
  g_string_append_printf (scores->notes, "a baseline: neither labels nor what is measured enters; states are %s, %" G_GINT64_FORMAT " numbers\n",
                          assay_graph_get_value (assay_model_get_layout (task->model), place.hidden)->name, place.C);
  if (c.n_zero > 0)
    g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " scores are 0 because a state is exactly zero\n", c.n_zero);
  return g_steal_pointer (&scores);
}

static void
cost_representation (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  gint64 size = assay_influence_task_get_query_size (task);

  (void) options;
  *flops = assay_influence_task_get_flops (task, ASSAY_WALK_FORWARD, FALSE, task->n_train + task->n_query * size);
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_FORWARD) + 8.0 * (double) (task->n_query * task->n_train);
}

ASSAY_METHOD_DEFINE (representation) = { .name = "representation", .help = "baseline: cosine similarity of mean last hidden states", .params = params,
                                        .flags = ASSAY_METHOD_IGNORES_LOSS | ASSAY_METHOD_DIVIDES_BY_SIZE, .score = score_representation, .cost = cost_representation };
