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
#include "influence/hidden_state.h"
#include "influence/score.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = { { .name = NULL } };

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
  AssayHiddenPlace place;

  (void) options;
  if (!assay_influence_task_check (task, error)
      || (scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL)
    return NULL;
  place = assay_hidden_place_find (task);
  query = assay_mem_alloc_array (task->n_query * place.C, sizeof (double), error);
  if (query == NULL)
    return NULL;
  norm = g_new (double, task->n_query);
  c = (Comparison) { .C = place.C, .N = task->n_train, .size = size, .query = query, .query_norm = norm, .scores = scores };
  memset (c.query, 0, task->n_query * place.C * sizeof (double));
  if (!assay_hidden_walk (task, &place, task->query, task->n_query * size, add_query, &c, progress, error))
    return NULL;
  for (gint64 q = 0; q < task->n_query; q++)
    norm[q] = assay_f64_norm (place.C, c.query + q * place.C);
  if (!assay_hidden_walk (task, &place, task->train, task->n_train, compare_example, &c, progress, error))
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
                                        .flags = ASSAY_METHOD_IGNORES_LOSS | ASSAY_METHOD_DIVIDES_BY_SIZE, .query_unit = assay_influence_query_each, .score = score_representation, .cost = cost_representation };
