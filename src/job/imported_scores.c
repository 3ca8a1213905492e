/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imported_scores.c: finds them, and checks that they are of this model and these queries. */
#include "job/imported_scores.h"

#include "base/error.h"
#include "influence/score_store.h"
#include "store/reader.h"

#include <string.h>

const char *
assay_imported_scores_name (const char *method)
{
  return g_str_has_prefix (method, ASSAY_IMPORTED_METHOD) ? method + strlen (ASSAY_IMPORTED_METHOD) : NULL;
}

static char *
dup_object_name (const char *name)
{
  return g_strconcat ("imported/", name, NULL);
}

GArray *
assay_imported_scores_list_queries (AssayCase *cas, const char *name, GError **error)
{
  g_autofree char *object_name = dup_object_name (name);

  return assay_influence_scores_load_asked (cas, object_name, error);
}

/* The training examples must be those of the model, one by one. */
static gboolean
check_examples (AssayCase *cas, AssayObject *object, const AssaySubject *subject, gint64 n_train, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_new (cas, object, error);
  g_autofree gint64 *example = g_new (gint64, n_train);

  if (reader == NULL || !assay_reader_read (reader, "/example", ASSAY_STORE_I64, example, error))
    return FALSE;
  if (n_train == subject->n_train && memcmp (example, subject->train, n_train * sizeof *example) == 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "scores %s: a score for each of the %" G_GINT64_FORMAT " training examples of model %s expected; they are of "
               "others", object->name, subject->n_train, subject->object->name);
  return FALSE;
}

/* places (n_query) of the examples among those asked about. */
static gboolean
find_rows (const AssaySubject *subject, const char *name, const GArray *asked, const gint64 *query, gint64 n_query, gint64 *row, GError **error)
{
  for (gint64 q = 0; q < n_query; q++)
    {
      guint k = 0;

      while (k < asked->len && g_array_index (asked, gint64, k) != query[q])
        k++;
      if (k == asked->len)
        {
          g_autofree char *example = assay_dataset_describe (subject->dataset, query[q]);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "scores %s: no scores for the query %s; they were imported for %u others", name, example, asked->len);
          return FALSE;
        }
      row[q] = k;
    }
  return TRUE;
}

static AssayInfluenceScores *
select_rows (const AssayInfluenceScores *all, const gint64 *row, gint64 n_query, GError **error)
{
  AssayInfluenceScores *scores = assay_influence_scores_new (n_query, all->n_train, FALSE, FALSE, error);

  if (scores == NULL)
    return NULL;
  for (gint64 q = 0; q < n_query; q++)
    memcpy (scores->value + q * all->n_train, all->value + row[q] * all->n_train, all->n_train * sizeof (double));
  scores->unit = all->unit;
  scores->measure = all->measure;
  scores->counterfactual = all->counterfactual;
  scores->interval_kind = ASSAY_INTERVAL_NONE;
  scores->interval_reason = all->interval_reason;
  scores->damping = all->damping;
  scores->l2 = all->l2;
  g_string_append (scores->notes, all->notes->str);
  return scores;
}

AssayInfluenceScores *
assay_imported_scores_load (AssayCase *cas, const char *name, const AssaySubject *subject, const gint64 *query, gint64 n_query, AssayObject **object,
                            GError **error)
{
  g_autofree char *object_name = dup_object_name (name);
  g_autofree gint64 *row = g_new (gint64, n_query);
  g_autoptr (AssayObject) found = assay_case_lookup (cas, "scores", object_name, error);
  g_autoptr (AssayInfluenceScores) all = found ? assay_influence_scores_load (cas, object_name, NULL, error) : NULL;
  g_autoptr (GArray) asked = all ? assay_influence_scores_load_asked (cas, object_name, error) : NULL;
  AssayInfluenceScores *scores;

  if (asked == NULL || !check_examples (cas, found, subject, all->n_train, error) || !find_rows (subject, object_name, asked, query, n_query, row, error)
      || (scores = select_rows (all, row, n_query, error)) == NULL)
    return NULL;
  *object = g_steal_pointer (&found);
  return scores;
}
