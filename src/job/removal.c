/* SPDX-License-Identifier: GPL-3.0-or-later */
/* removal.c: ranking by the mean over queries, sums, and draws from strata. */
#include "job/removal.h"

#include "base/error.h"
#include "base/rng.h"
#include "influence/score_store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
assay_predictor_free (AssayPredictor *predictor)
{
  if (predictor == NULL)
    return;
  g_clear_pointer (&predictor->object, assay_object_unref);
  assay_influence_scores_free (predictor->scores);
  g_clear_pointer (&predictor->asked, g_array_unref);
  g_free (predictor);
}

AssayPredictor *
assay_predictor_open (AssayCase *cas, const char *name, const AssaySubject *subject, GError **error)
{
  g_autoptr (AssayPredictor) self = g_new0 (AssayPredictor, 1);
  json_t *here = assay_subject_to_json (subject);
  gboolean same;

  self->object = assay_case_lookup (cas, "scores", name, error);
  same = self->object != NULL && json_equal (json_object_get (self->object->meta, "subject"), here);
  json_decref (here);
  if (self->object == NULL)
    return NULL;
  if (!same)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "scores %s: scores of model %s as it is now expected; they are of another one", name,
                   subject->object->name);
      return NULL;
    }
  self->scores = assay_influence_scores_load (cas, name, NULL, error);
  self->asked = self->scores ? assay_influence_scores_load_asked (cas, name, error) : NULL;
  if (self->asked == NULL)
    return NULL;
  if (!assay_influence_scores_are_of_losses (self->scores))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "scores %s: scores of query losses expected; these are of %s", name, self->scores->measure);
      return NULL;
    }
  self->has_unit = strcmp (self->scores->unit, ASSAY_UNIT_NATS) == 0;
  return g_steal_pointer (&self);
}

AssayPredictor *
assay_predictor_take (AssayObject *object, AssayInfluenceScores *scores, const gint64 *asked, gint64 n)
{
  AssayPredictor *self = g_new0 (AssayPredictor, 1);

  self->object = object;
  self->scores = scores;
  self->asked = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_array_append_vals (self->asked, asked, (guint) n);
  self->has_unit = strcmp (scores->unit, ASSAY_UNIT_NATS) == 0;
  return self;
}

/* Over the queries, of one of the score matrices (Q,N). */
static double
mean_of (const AssayInfluenceScores *scores, const double *matrix, gint64 place)
{
  double sum = 0;

  for (gint64 q = 0; q < scores->n_query; q++)
    sum += matrix[q * scores->n_train + place];
  return sum / (double) scores->n_query;
}

typedef struct { gint64 place; double key; } Ranked;

static int
by_key (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;

  if (x->key != y->key)
    return x->key > y->key ? -1 : 1;
  return x->place < y->place ? -1 : x->place > y->place;
}

GArray *
assay_predictor_rank (const AssayPredictor *self, gint64 count, gboolean helpful, GError **error)
{
  g_autoptr (GArray) ranked = g_array_new (FALSE, FALSE, sizeof (Ranked)), places = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (!assay_influence_scores_has_converged (self->scores, -1))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED, "scores %s: a solve did not converge, so they rank nothing; ask again with "
                   "another damping or more iterations", self->object->name);
      return NULL;
    }
  for (gint64 i = 0; i < self->scores->n_train; i++)
    {
      double score = mean_of (self->scores, self->scores->value, i);
      Ranked one = { i, helpful ? score : -score };

      if (one.key > 0)                                            /* NaN (not scored) is not */
        g_array_append_val (ranked, one);
    }
  if (ranked->len < count)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "scores %s: only %u examples are %s, %" G_GINT64_FORMAT " are to be left out", self->object->name,
                   ranked->len, helpful ? "helpful" : "harmful", count);
      return NULL;
    }
  g_array_sort (ranked, by_key);
  for (gint64 k = 0; k < count; k++)
    g_array_append_val (places, g_array_index (ranked, Ranked, k).place);
  return g_steal_pointer (&places);
}

AssayPrediction
assay_predictor_sum (const AssayPredictor *self, const AssayRemoval *removal)
{
  const AssayInfluenceScores *scores = self->scores;
  gboolean bounded = scores->lo != NULL && assay_influence_scores_has_converged (scores, -1);
  AssayPrediction sum = { 0, bounded ? 0 : (double) NAN, bounded ? 0 : (double) NAN };

  for (gint64 k = 0; k < removal->n; k++)
    {
      sum.value += mean_of (scores, scores->value, removal->place[k]);
      sum.lo += bounded ? mean_of (scores, scores->lo, removal->place[k]) : 0;
      sum.hi += bounded ? mean_of (scores, scores->hi, removal->place[k]) : 0;
    }
  return sum;
}

AssayPrediction
assay_predictor_sum_of (const AssayPredictor *self, const AssayRemoval *removal, gint64 asked)
{
  const AssayInfluenceScores *scores = self->scores;
  gboolean bounded = scores->lo != NULL && assay_influence_scores_has_converged (scores, asked);
  AssayPrediction sum = { 0, bounded ? 0 : (double) NAN, bounded ? 0 : (double) NAN };

  if (!self->has_unit || scores->n_query != (gint64) self->asked->len)
    return (AssayPrediction) { NAN, NAN, NAN };
  for (gint64 k = 0; k < removal->n; k++)
    {
      gint64 at = asked * scores->n_train + removal->place[k];

      sum.value += scores->value[at];
      sum.lo += bounded ? scores->lo[at] : 0;
      sum.hi += bounded ? scores->hi[at] : 0;
    }
  return sum;
}

/* --- random groups of the same make-up ------------------------------------------------------------------------------- */

static gboolean
find_columns (const AssaySubject *subject, const char *const *names, GPtrArray *columns, GError **error)
{
  for (; *names != NULL; names++)
    {
      const AssayColumn *column = assay_table_find_column (subject->table, *names, error);

      if (column == NULL)
        return FALSE;
      if (column->type != ASSAY_COLUMN_NUMBER && column->type != ASSAY_COLUMN_TEXT && column->type != ASSAY_COLUMN_LABEL)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "match: column \"%s\" holds %s; numbers, texts or labels expected", *names,
                       assay_column_type_name (column->type));
          return FALSE;
        }
      g_ptr_array_add (columns, (gpointer) column);
    }
  return TRUE;
}

/* Values of the columns as one text: examples with equal texts are of one stratum. */
static char *
name_stratum (const GPtrArray *columns, gint64 row)
{
  g_autoptr (GString) name = g_string_new (NULL);

  for (guint k = 0; k < columns->len; k++)
    {
      const AssayColumn *column = columns->pdata[k];

      if (assay_column_is_missing (column, row))
        g_string_append (name, "missing;");
      else if (column->type == ASSAY_COLUMN_NUMBER)
        g_string_append_printf (name, "%a;", column->number[row]);
      else
        g_string_append_printf (name, "%d;", column->code[row]);
    }
  return g_string_free (g_steal_pointer (&name), FALSE);
}

/* stratum (N) of each training example; the number of strata. */
static gint32
number_strata (const AssaySubject *subject, const GPtrArray *columns, gint32 *stratum)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gint64 i = 0; i < subject->n_train; i++)
    {
      char *name = name_stratum (columns, assay_dataset_get_row (subject->dataset, subject->train[i]));
      gpointer found;

      if (!g_hash_table_lookup_extended (known, name, NULL, &found))
        {
          found = GINT_TO_POINTER (g_hash_table_size (known));
          g_hash_table_insert (known, g_strdup (name), found);
        }
      stratum[i] = GPOINTER_TO_INT (found);
      g_free (name);
    }
  return (gint32) g_hash_table_size (known);
}

gboolean
assay_removal_add_matched (AssayGroundTruth *truth, const AssaySubject *subject, const char *const *columns, const gint64 *place, gint64 n,
                           gint64 groups, guint64 seed, GError **error)
{
  gint64 N = subject->n_train;
  g_autoptr (GPtrArray) matched = g_ptr_array_new ();
  g_autofree gint32 *stratum = g_new (gint32, N);
  g_autofree gint64 *order = g_new (gint64, N), *group = g_new (gint64, n), *wanted = NULL;
  gint32 n_strata;

  if (!find_columns (subject, columns, matched, error))
    return FALSE;
  n_strata = number_strata (subject, matched, stratum);
  wanted = g_new (gint64, n_strata);
  for (gint64 g = 0; g < groups; g++)
    {
      AssayRng rng = assay_rng_new (seed, assay_rng_stream ("matched group", g));
      gint64 found = 0;

      for (gint64 i = 0; i < N; i++)
        order[i] = i;
      assay_rng_shuffle (&rng, order, N);
      memset (wanted, 0, n_strata * sizeof *wanted);
      for (gint64 k = 0; k < n; k++)
        wanted[stratum[place[k]]]++;
      for (gint64 i = 0; i < N && found < n; i++)
        if (wanted[stratum[order[i]]] > 0)
          {
            wanted[stratum[order[i]]]--;
            group[found++] = order[i];
          }
      assay_ground_truth_add (truth, ASSAY_REMOVAL_RANDOM, -1, group, n);
    }
  return TRUE;
}
