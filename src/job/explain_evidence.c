/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain_evidence.c: other people behind a decision: those the model sees as most alike, and those whose influence the case has measured. Each stands
 * under every name that the case knows, and under a pseudonym; who shows them decides which.
 */
#include "job/explain.h"

#include "base/json.h"
#include "store/reader.h"

#include <math.h>
#include <string.h>

json_t *
assay_explain_identify (const AssayExplain *explain, AssayCase *cas, gint64 example)
{
  json_t *object = assay_subject_describe_example (explain->subject->dataset, example);
  g_autofree char *place = g_strdup_printf ("%s:%" G_GINT64_FORMAT, assay_json_get_text (object, "split"),
                                            (gint64) json_integer_value (json_object_get (object, "index")));
  g_autofree char *pseudonym = assay_case_dup_pseudonym (cas, place);

  json_object_set_new (object, "pseudonym", pseudonym ? json_string (pseudonym) : json_null ());
  return object;
}

/* --- neighbours ---------------------------------------------------------------------------------------------------------------- */

static void
describe_outcome (const AssayExplain *explain, gint64 example, json_t *object)
{
  const AssayDataset *dataset = explain->subject->dataset;
  g_autofree char *name = NULL;

  if (assay_dataset_get_target_kind (dataset) == ASSAY_TARGET_CLASS)
    {
      name = assay_subject_name_class (explain->subject, assay_dataset_get_label (dataset, example));
      json_object_set_new (object, "outcome", json_string (name));
    }
  else
    json_object_set_new (object, "outcome", assay_json_number (assay_dataset_get_real (dataset, example)));
}

static char *
describe_distance (const AssayNeighbours *found)
{
  return g_strdup_printf ("Euclidean distance of %s (%" G_GINT64_FORMAT " numbers), each divided by its standard deviation over the training split",
                          found->is_input ? "the model's inputs" : "what the model's last linear layer reads", found->n_varying);
}

json_t *
assay_explain_nearest (const AssayExplain *explain, AssayCase *cas, gint64 q, gint64 decided)
{
  const AssayNeighbours *found = explain->neighbours;
  json_t *list;
  gint64 same = 0, n = 0;
  g_autofree char *words = NULL;

  if (found == NULL)
    return json_pack ("{s:s}", "not_applicable", "no neighbours were asked for");
  list = json_array ();
  words = describe_distance (found);
  for (gint64 k = 0; k < found->k && found->nearest[q * found->k + k].example >= 0; k++, n++)
    {
      const AssayNeighbour *neighbour = &found->nearest[q * found->k + k];
      json_t *object = assay_explain_identify (explain, cas, neighbour->example);

      json_object_set_new (object, "distance", assay_json_number (neighbour->distance));
      describe_outcome (explain, neighbour->example, object);
      if (decided >= 0)
        same += assay_dataset_get_label (explain->subject->dataset, neighbour->example) == decided;
      json_array_append_new (list, object);
    }
  return json_pack ("{s:s, s:I, s:I, s:o, s:o}", "distance", words, "identical", (json_int_t) found->identical[q], "count", (json_int_t) n,
                    "with_decided_outcome", decided >= 0 ? json_integer (same) : json_null (), "neighbours", list);
}

/* --- influence ------------------------------------------------------------------------------------------------------------------ */

static gboolean
is_about_model (const AssayObject *object, const AssaySubject *subject)
{
  const json_t *of = json_object_get (object->meta, "subject");
  const char *measure = json_string_value (json_object_get (json_object_get (object->meta, "attributes"), "measure"));

  return g_strcmp0 (json_string_value (json_object_get (of, "model")), subject->object->name) == 0
         && json_integer_value (json_object_get (of, "model_sequence")) == (json_int_t) subject->object->sequence
         && g_strcmp0 (measure, ASSAY_MEASURE_LOSS) == 0;
}

static void
free_list (gpointer data)
{
  GArray *list = data;

  for (guint k = 0; k < list->len; k++)
    assay_object_unref (g_array_index (list, AssayExplainScores, k).object);
  g_array_unref (list);
}

GPtrArray *
assay_explain_find_scores (AssayCase *cas, const AssaySubject *subject, const GArray *examples, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (free_list), objects = assay_case_list (cas, "scores", NULL);

  for (guint q = 0; q < examples->len; q++)
    g_ptr_array_add (found, g_array_new (FALSE, FALSE, sizeof (AssayExplainScores)));
  for (guint k = 0; k < objects->len; k++)
    {
      AssayObject *object = objects->pdata[k];
      g_autoptr (GArray) asked = is_about_model (object, subject) ? assay_influence_scores_load_asked (cas, object->name, error) : NULL;

      if (asked == NULL && is_about_model (object, subject))
        return NULL;
      for (guint q = 0; asked != NULL && q < examples->len; q++)
        for (guint row = 0; row < asked->len; row++)
          if (g_array_index (asked, gint64, row) == g_array_index (examples, gint64, q))
            {
              AssayExplainScores scores = { assay_object_ref (object), row };

              g_array_append_val ((GArray *) found->pdata[q], scores);
              break;
            }
    }
  return g_steal_pointer (&found);
}

/* TRUE where nothing was solved. */
static gboolean
has_converged (AssayCase *cas, const AssayExplainScores *scores, gboolean *converged, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "scores", scores->object->name, error);
  gint64 one = 1, reason = 1;

  if (reader == NULL)
    return FALSE;
  if (assay_reader_has (reader, "/scores/solver/reason")
      && !assay_reader_read_box (reader, "/scores/solver/reason", &scores->query, &one, ASSAY_STORE_I64, &reason, error))
    return FALSE;
  *converged = reason > 0;
  return TRUE;
}

static json_t *
scores_to_json (const AssayExplain *explain, AssayCase *cas, const AssayExplainScores *scores, gint64 k, GError **error)
{
  const json_t *attributes = json_object_get (scores->object->meta, "attributes");
  g_autoptr (AssayTop) top = assay_influence_scores_load_top (cas, scores->object->name, scores->query, k, error);
  const AssayTopEntry *entry;
  gboolean converged;
  gint64 n;
  json_t *list;

  if (top == NULL || !has_converged (cas, scores, &converged, error))
    return NULL;
  list = json_array ();
  entry = assay_top_get (top, &n);
  for (gint64 i = 0; i < n; i++)
    {
      json_t *object = assay_explain_identify (explain, cas, explain->subject->train[entry[i].example]);

      json_object_set_new (object, "score", assay_json_number (entry[i].score));
      json_object_set_new (object, "lo", assay_json_number (entry[i].lo));
      json_object_set_new (object, "hi", assay_json_number (entry[i].hi));
      describe_outcome (explain, explain->subject->train[entry[i].example], object);
      json_array_append_new (list, object);
    }
  return json_pack ("{s:s, s:s, s:s, s:s, s:b, s:o}", "scores_object", scores->object->name, "method", assay_json_get_text (attributes, "method"), "unit",
                    assay_json_get_text (attributes, "unit"), "sign", assay_json_get_text (attributes, "sign"), "converged", converged, "scores", list);
}

json_t *
assay_explain_influence (const AssayExplain *explain, AssayCase *cas, gint64 q, gint64 k, GError **error)
{
  const GArray *list = explain->scores->pdata[q];
  json_t *answer = json_array ();

  for (guint s = 0; s < list->len; s++)
    {
      json_t *object = scores_to_json (explain, cas, &g_array_index (list, AssayExplainScores, s), k, error);

      if (object == NULL)
        {
          json_decref (answer);
          return NULL;
        }
      json_array_append_new (answer, object);
    }
  return answer;
}
