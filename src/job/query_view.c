/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query_view.c: draws the answer of an influence job. */
#include "job/query_view.h"

#include "base/json.h"
#include "job/spec.h"

#include <math.h>


char *
assay_query_name (const json_t *example)
{
  const char *id = json_string_value (json_object_get (example, "id")), *file = json_string_value (json_object_get (example, "file"));
  g_autoptr (GString) name = g_string_new (NULL);

  g_string_append_printf (name, "%s:%" G_GINT64_FORMAT, assay_json_get_text (example, "split"),
                          (gint64) json_integer_value (json_object_get (example, "index")));
  if (id != NULL)
    g_string_append_printf (name, ", id %s", id);
  if (file != NULL)
    g_string_append_printf (name, ", %s row %" G_GINT64_FORMAT, file, (gint64) json_integer_value (json_object_get (example, "row")));
  return g_string_free (g_steal_pointer (&name), FALSE);
}

static void
view_solver (const json_t *answer, AssayView *view)
{
  const json_t *solver = json_object_get (answer, "solver");
  g_autofree char *damping = assay_view_number (assay_json_get_number (answer, "damping"), 6);
  g_autofree char *l2 = assay_view_number (assay_json_get_number (answer, "l2"), 6);
  g_autofree char *residual = NULL;

  if (json_is_null (json_object_get (answer, "damping")))
    assay_view_add_field (view, "method", "%s; damping none", assay_json_get_text (answer, "method"));
  else
    assay_view_add_field (view, "method", "%s; l2 %s, damping %s", assay_json_get_text (answer, "method"), l2, damping);
  if (json_is_null (solver))
    return;
  residual = assay_view_number (assay_json_get_number (solver, "true_residual"), 3);
  assay_view_add_field (view, "solve", "%s; true residual %s after %d products", assay_json_get_text (solver, "reason"), residual,
                        (int) json_integer_value (json_object_get (solver, "products")));
}

/* Whether any score has something under the key. */
static gboolean
have (const json_t *scores, const char *key)
{
  gsize k;
  json_t *score;

  json_array_foreach (scores, k, score)
    {
      const json_t *value = json_object_get (score, key);

      if (value != NULL && !json_is_null (value))
        return TRUE;
    }
  return FALSE;
}

/* "people.csv row 18", or nothing for what no file held. */
static void
add_origin (const json_t *score, AssayView *view)
{
  const char *file = json_string_value (json_object_get (score, "file"));
  g_autofree char *origin = file ? g_strdup_printf ("%s row %" G_GINT64_FORMAT, file, (gint64) json_integer_value (json_object_get (score, "row")))
                            : NULL;

  assay_view_add_cell (view, origin);
}

void
assay_query_view_scores (const json_t *scores, gboolean certified, AssayView *view)
{
  gboolean named = have (scores, "id"), read = have (scores, "file"), worded = have (scores, "text");
  const char *error = have (scores, "se_sample") ? "se_sample" : have (scores, "se_seed") ? "se_seed" : NULL;
  g_autofree char *columns = g_strconcat (">example|", named ? "id|" : "", read ? "from|" : "", ">score|", error ? ">s.e.|" : "", certified ? ">lo|>hi|" : "", worded ? "text|" : "", NULL);
  gsize k;
  json_t *score;

  assay_view_begin_table (view, columns);
  json_array_foreach (scores, k, score)
    {
      g_autofree char *example = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) json_integer_value (json_object_get (score, "example")));

      assay_view_add_cell (view, example);
      if (named)
        assay_view_add_cell (view, assay_json_get_text (score, "id"));
      if (read)
        add_origin (score, view);
      assay_view_add_cell_number (view, assay_json_get_number (score, "score"), 6);
      if (error != NULL)
        assay_view_add_cell_number (view, assay_json_get_number (score, error), 3);
      if (certified)
        {
          assay_view_add_cell_number (view, assay_json_get_number (score, "lo"), 6);
          assay_view_add_cell_number (view, assay_json_get_number (score, "hi"), 6);
        }
      if (worded)
        assay_view_add_cell (view, assay_json_get_text (score, "text"));
      assay_view_add_cell (view, json_is_true (json_object_get (score, "converged")) ? "" : "not converged");
    }
}

#define PARTS_SHOWN 5

static int
by_size (gconstpointer a, gconstpointer b)
{
  double x = fabs (assay_json_get_number (*(json_t *const *) a, "score")), y = fabs (assay_json_get_number (*(json_t *const *) b, "score"));

  return (x < y) - (x > y);
}

/* The largest parts of each score, one row each; all of them are in the JSON document and in the case. */
static void
view_parts (const json_t *answer, AssayView *view)
{
  const json_t *scores = json_object_get (answer, "scores"), *first = json_object_get (json_array_get (scores, 0), "parts");
  gsize k, n = json_array_size (first), p;
  gboolean has_target = json_object_get (json_array_get (first, 0), "target") != NULL;
  json_t *score, *part;

  if (n == 0)
    return;
  assay_view_begin_table (view, has_target ? ">example|>position|target|>part of score" : ">example|part|>part of score");
  json_array_foreach (scores, k, score)
    {
      g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
      g_autofree char *example = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) json_integer_value (json_object_get (score, "example")));

      json_array_foreach (json_object_get (score, "parts"), p, part)
        g_ptr_array_add (sorted, part);
      g_ptr_array_sort (sorted, by_size);
      for (guint s = 0; s < MIN (sorted->len, PARTS_SHOWN); s++)
        {
          const json_t *target = json_object_get (sorted->pdata[s], "target");
          g_autofree char *number = json_is_integer (target) ? g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) json_integer_value (target)) : NULL;

          assay_view_add_cell (view, s == 0 ? example : "");
          assay_view_add_cell (view, assay_json_get_text (sorted->pdata[s], "part"));
          if (has_target)
            assay_view_add_cell (view, number ? number : json_string_value (target));
          assay_view_add_cell_number (view, assay_json_get_number (sorted->pdata[s], "score"), 6);
        }
    }
  if (n > PARTS_SHOWN)
    assay_view_add_text (view, "the %d largest of %" G_GSIZE_FORMAT " parts of each; --json has all of them", PARTS_SHOWN, n);
}

static void
view_groups (const json_t *answer, AssayView *view)
{
  const json_t *groups = json_object_get (answer, "groups");
  gboolean certified = json_is_string (json_object_get (answer, "interval_kind"));
  gsize k;
  json_t *group;

  if (json_array_size (groups) == 0)
    return;
  assay_view_begin_table (view, certified ? "group|>examples|>sum of scores|>lo|>hi" : "group|>examples|>sum of scores");
  json_array_foreach (groups, k, group)
    {
      assay_view_add_cell (view, assay_json_get_text (group, "group"));
      assay_view_add_cell_number (view, assay_json_get_number (group, "examples"), 12);
      assay_view_add_cell_number (view, assay_json_get_number (group, "score"), 6);
      if (certified)
        {
          assay_view_add_cell_number (view, assay_json_get_number (group, "lo"), 6);
          assay_view_add_cell_number (view, assay_json_get_number (group, "hi"), 6);
        }
    }
}

static void
view_answer (const json_t *answer, AssayView *view)
{
  const json_t *query = json_object_get (answer, "query");
  g_autofree char *name = query ? assay_query_name (query) : NULL;
  gsize members = json_array_size (json_object_get (answer, "query_examples"));

  if (query == NULL)
    assay_view_add_heading (view, "Training examples for themselves");
  else if (members > 0)
    assay_view_add_heading (view, "Mean of %" G_GSIZE_FORMAT " queries, the first %s", members, name);
  else if (json_object_get (query, "completion") != NULL)
    assay_view_add_heading (view, "Query %s:%" G_GINT64_FORMAT, assay_json_get_text (query, "split"), (gint64) json_integer_value (json_object_get (query, "index")));
  else
    assay_view_add_heading (view, "Query %s", name);
  if (json_object_get (query, "completion") != NULL)
    {
      assay_view_add_field (view, "prompt", "%s", assay_json_get_text (query, "prompt"));
      assay_view_add_field (view, "completion", "%s", assay_json_get_text (query, "completion"));
    }
  assay_view_add_field (view, "measure", "%s, %s; %s", assay_json_get_text (answer, "measure"),
                        assay_json_get_text (answer, "unit"), assay_json_get_text (answer, "sign"));
  view_solver (answer, view);
  assay_view_add_field (view, "interval", "%s", assay_json_get_text (answer, "interval_words"));
  assay_query_view_scores (json_object_get (answer, "scores"), json_is_string (json_object_get (answer, "interval_kind")), view);
  view_parts (answer, view);
  view_groups (answer, view);
}

void
assay_query_view (const json_t *document, AssayView *view)
{
  const json_t *queries = json_object_get (document, "queries");
  g_autofree char *cas = assay_job_quote_word (assay_json_get_text (document, "case"));
  g_autofree char *name = assay_job_quote_word (assay_json_get_text (document, "scores_object"));
  gsize k;
  json_t *answer;

  if (queries == NULL)
    view_answer (document, view);
  json_array_foreach (queries, k, answer)
    view_answer (answer, view);
  if (json_object_get (document, "membership_words") != NULL)
    assay_view_add_text (view, "Note: %s.", assay_json_get_text (document, "membership_words"));
  assay_view_add_heading (view, "All scores: scores/%s\nThe whole matrix as a file:\nassay export %s scores --object %s --out FILE.csv",
                          assay_json_get_text (document, "scores_object"), cas, name);
}
