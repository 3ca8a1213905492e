/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score.c: life, ranking and JSON form of influence scores. */
#include "influence/score.h"

#include "base/json.h"
#include "base/mem.h"
#include "influence/breakdown.h"

#include <math.h>
#include <string.h>

static double *
new_matrix (gint64 Q, gint64 N, GError **error)
{
  double *values = assay_mem_alloc_array (Q * N, sizeof (double), error);

  for (gint64 i = 0; values != NULL && i < Q * N; i++)
    values[i] = NAN;
  return values;
}

AssayInfluenceScores *
assay_influence_scores_new (gint64 n_query, gint64 n_train, gboolean with_interval, gboolean with_solves, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = g_new0 (AssayInfluenceScores, 1);

  scores->n_query = n_query;
  scores->n_train = n_train;
  scores->measure = ASSAY_MEASURE_LOSS;
  scores->damping = NAN;
  scores->notes = g_string_new (NULL);
  if (with_solves)
    scores->solves = g_new0 (AssaySolveResult, n_query);
  scores->value = new_matrix (n_query, n_train, error);
  if (scores->value == NULL)
    return NULL;
  if (with_interval && ((scores->lo = new_matrix (n_query, n_train, error)) == NULL
                        || (scores->hi = new_matrix (n_query, n_train, error)) == NULL))
    return NULL;
  return g_steal_pointer (&scores);
}

void
assay_influence_scores_free (AssayInfluenceScores *scores)
{
  if (scores == NULL)
    return;
  for (gint64 q = 0; scores->solves != NULL && q < scores->n_query; q++)
    assay_solve_result_clear (&scores->solves[q]);
  g_free (scores->solves);
  assay_mem_free (scores->value);
  assay_mem_free (scores->lo);
  assay_mem_free (scores->hi);
  assay_mem_free (scores->se_sample);
  assay_mem_free (scores->se_seed);
  assay_mem_free (scores->direction);
  assay_mem_free (scores->solution_norm);
  assay_breakdown_free (scores->parts);
  if (scores->notes != NULL)
    g_string_free (scores->notes, TRUE);
  g_free (scores);
}

gboolean
assay_influence_scores_are_of_losses (const AssayInfluenceScores *scores)
{
  return assay_measure_is_loss (scores->measure);
}

const char *
assay_influence_scores_get_sign (const AssayInfluenceScores *scores)
{
  if (strcmp (scores->measure, ASSAY_MEASURE_SELF) == 0)
    return ASSAY_SIGN_SELF;
  return assay_influence_scores_are_of_losses (scores) ? ASSAY_SIGN : ASSAY_SIGN_MEASURE;
}

gboolean
assay_influence_scores_has_converged (const AssayInfluenceScores *scores, gint64 query)
{
  if (scores->solves == NULL)
    return TRUE;
  if (query >= 0)
    return assay_solve_has_converged (scores->solves[query].reason);
  for (gint64 q = 0; q < scores->n_query; q++)
    if (!assay_solve_has_converged (scores->solves[q].reason))
      return FALSE;
  return TRUE;
}

AssayTop *
assay_influence_scores_get_top (const AssayInfluenceScores *scores, gint64 query, gint64 k)
{
  AssayTop *top = assay_top_new (k);
  gint64 row = query * scores->n_train;

  for (gint64 i = 0; i < scores->n_train; i++)
    {
      AssayTopEntry entry = { i, scores->value[row + i], NAN, NAN };

      if (scores->lo != NULL)
        {
          entry.lo = scores->lo[row + i];
          entry.hi = scores->hi[row + i];
        }
      assay_top_add (top, &entry);
    }
  return top;
}

const char *
assay_interval_kind_name (AssayIntervalKind kind)
{
  static const char *const names[] = { [ASSAY_INTERVAL_NONE] = "none", [ASSAY_INTERVAL_SOLVE] = "solve", [ASSAY_INTERVAL_SAMPLING] = "sampling" };

  return names[kind];
}

gboolean
assay_interval_kind_parse (const char *name, AssayIntervalKind *kind)
{
  for (AssayIntervalKind k = ASSAY_INTERVAL_NONE; k <= ASSAY_INTERVAL_SAMPLING; k++)
    if (strcmp (assay_interval_kind_name (k), name) == 0)
      {
        *kind = k;
        return TRUE;
      }
  return FALSE;
}

static json_t *
solve_to_json (const AssaySolveResult *solve)
{
  return json_pack ("{s:s, s:b, s:o, s:I, s:I, s:o, s:o}", "reason", assay_solve_reason_name (solve->reason), "converged",
                    assay_solve_has_converged (solve->reason), "true_residual", assay_json_number (solve->true_residual),
                    "iterations", (json_int_t) solve->iterations, "products", (json_int_t) solve->products, "smallest_curvature",
                    assay_json_number (solve->smallest_curvature), "condition_estimate", assay_json_number (solve->condition_estimate));
}

static json_t *
notes_to_json (const GString *notes)
{
  json_t *list = json_array ();
  g_auto (GStrv) lines = g_strsplit (notes->str, "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0')
      json_array_append_new (list, json_string (lines[i]));
  return list;
}

json_t *
assay_influence_entry_to_json (const AssayTopEntry *entry, const AssayInfluenceTask *task, gboolean converged)
{
  AssayTable *table = assay_dataset_get_table (task->dataset);
  gint64 example = task->train[entry->example], row = assay_dataset_get_row (task->dataset, example);

  return json_pack ("{s:I, s:s?, s:s?, s:I, s:o, s:o, s:o, s:b}", "example", (json_int_t) entry->example, "id",
                    assay_dataset_get_id (task->dataset, example), "file", table ? assay_table_get_file (table, row) : NULL, "row",
                    (json_int_t) (table ? assay_table_get_source_row (table, row) : row), "score", assay_json_number (entry->score),
                    "lo", assay_json_number (entry->lo), "hi", assay_json_number (entry->hi), "converged", converged);
}

static void
add_error (json_t *one, const char *name, const double *errors, gint64 place)
{
  json_object_set_new (one, name, errors ? assay_json_number (errors[place]) : json_null ());
}

/* {"by", "parts": [{"part", "score"}, ...]} of one score; the token at each position where parts are positions of this example. */
static json_t *
parts_to_json (const AssayBreakdown *parts, const AssayInfluenceTask *task, gint64 query, gint64 place)
{
  const double *value = parts->value + (query * parts->n_train + place) * parts->n_parts;
  gboolean by_token = strcmp (parts->by, "token") == 0;
  const GPtrArray *vocabulary = by_token ? assay_dataset_get_class_names (task->dataset) : NULL;
  g_autofree gint32 *target = by_token ? g_new (gint32, parts->n_parts) : NULL;
  AssayBatch batch = { .dtype = ASSAY_F64, .target = target };
  json_t *list = json_array ();

  if (by_token)
    assay_dataset_fill (task->dataset, task->train + place, 1, &batch);
  for (gint64 m = 0; m < parts->n_parts; m++)
    {
      json_t *part = json_pack ("{s:s, s:o}", "part", parts->names[m], "score", assay_json_number (value[m]));

      if (by_token)
        json_object_set_new (part, "target", vocabulary && target[m] < (gint32) vocabulary->len ? json_string (vocabulary->pdata[target[m]])
                                                                                              : json_integer (target[m]));
      json_array_append_new (list, part);
    }
  return list;
}

static json_t *
entries_to_json (const AssayInfluenceScores *scores, gint64 query, AssayTop *top, const AssayInfluenceTask *task, gboolean converged)
{
  json_t *list = json_array ();
  gint64 n;
  const AssayTopEntry *entry = assay_top_get (top, &n);

  for (gint64 i = 0; i < n; i++)
    {
      json_t *one = assay_influence_entry_to_json (&entry[i], task, converged);
      gint64 place = query * scores->n_train + entry[i].example;

      add_error (one, "se_sample", scores->se_sample, place);
      add_error (one, "se_seed", scores->se_seed, place);
      if (scores->parts != NULL)
        json_object_set_new (one, "parts", parts_to_json (scores->parts, task, query, entry[i].example));
      json_array_append_new (list, one);
    }
  return list;
}

json_t *
assay_influence_scores_to_json (const AssayInfluenceScores *scores, const AssayInfluenceTask *task, const char *method,
                                gint64 query,
                                gint64 k)
{
  g_autoptr (AssayTop) top = assay_influence_scores_get_top (scores, query, k);
  gboolean converged = assay_influence_scores_has_converged (scores, query);

  return json_pack ("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:o, s:s, s:o, s:o}", "method", method, "measure",
                    scores->measure,
                    "unit", scores->unit, "sign", assay_influence_scores_get_sign (scores), "counterfactual", scores->counterfactual, "l2",
                    assay_json_number (scores->l2), "damping", assay_json_number (scores->damping), "solver",
                    scores->solves ? solve_to_json (&scores->solves[query]) : json_null (),
                    "converged", converged, "interval_kind",
                    scores->interval_kind == ASSAY_INTERVAL_NONE ? json_null ()
                                                                 : json_string (assay_interval_kind_name (scores->interval_kind)),
                    "interval_words", scores->interval_reason, "notes", notes_to_json (scores->notes), "scores",
                    entries_to_json (scores, query, top, task, converged));
}
