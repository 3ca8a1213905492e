/* SPDX-License-Identifier: GPL-3.0-or-later */
/* live_ranking.c: a stored question and a stored index, brought together once; then another damping is a division. */
#include "job/live_ranking.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "influence/index_influence.h"
#include "job/influence_task.h"
#include "job/subject.h"

#include <math.h>
#include <string.h>

/* --- what there is --------------------------------------------------------------------------------------------------------------- */

void
assay_live_source_free (AssayLiveSource *source)
{
  if (source == NULL)
    return;
  assay_job_free (source->job);
  g_free (source->index);
  g_free (source->index_command);
  g_free (source);
}

/* By what is known without the model: its basis and how its factors were fitted. */
static gboolean
may_serve (const AssayLiveSource *source, const AssayObject *index)
{
  const json_t *options = json_object_get (json_object_get (index->meta, "identity"), "options");
  const AssayValues *values = assay_job_get_section (source->job, "method");
  const char *factors = assay_values_get_string (values, "factors"), *fisher = assay_values_get_string (values, "fisher");

  return index->complete && strcmp (assay_json_get_text (options, "basis"), assay_factors_basis_name (source->method->basis)) == 0
         && (factors != NULL ? strcmp (assay_json_get_text (index->meta, "factors"), factors) == 0
             : strcmp (assay_json_get_text (options, "fisher"), fisher) == 0
               && (strcmp (fisher, "empirical") == 0
                   || json_integer_value (json_object_get (options, "seed")) == assay_values_get_int (values, "fisher-seed")));
}

/* By its name; or, where it was given one of its own, by the job that made it. */
static gboolean
is_of_model (AssayCase *cas, const AssayObject *index, const char *model)
{
  g_autofree char *prefix = g_strconcat (model, "/", NULL);
  g_autoptr (GPtrArray) jobs = g_str_has_prefix (index->name, prefix) ? NULL : assay_case_list (cas, "job", "index/");

  for (guint k = 0; jobs != NULL && k < jobs->len; k++)
    {
      const json_t *meta = ((const AssayObject *) jobs->pdata[k])->meta;
      gsize o, i;
      json_t *made, *input;

      json_array_foreach (json_object_get (meta, "outputs"), o, made)
        if ((guint64) json_integer_value (json_object_get (made, "sequence")) == index->sequence)
          json_array_foreach (json_object_get (json_object_get (meta, "job"), "inputs"), i, input)
            if (strcmp (assay_json_get_text (input, "role"), "model") == 0)
              return strcmp (assay_json_get_text (input, "name"), model) == 0;
    }
  return jobs == NULL;
}

static void
find_index (AssayLiveSource *source, AssayCase *cas, const char *model)
{
  g_autoptr (GPtrArray) list = assay_case_list (cas, "index", NULL);
  const AssayObject *newest = NULL;

  for (guint k = 0; k < list->len; k++)
    {
      const AssayObject *object = list->pdata[k];

      if ((newest == NULL || object->sequence > newest->sequence) && may_serve (source, object) && is_of_model (cas, object, model))
        newest = object;
    }
  source->index = newest ? g_strdup (newest->name) : NULL;
}

static AssayJob *
relate (const AssayJob *job, const char *kind_name, const char *key, const char *value, GError **error)
{
  json_t *instead = json_pack ("{s:s}", key, value);
  const AssayJobKind *kind = assay_job_kind_find (kind_name, error);
  AssayJob *related = kind ? assay_job_new_related (job, kind, instead, error) : NULL;

  json_decref (instead);
  return related;
}

AssayLiveSource *
assay_live_source_find (AssayCase *cas, const AssayObject *made, const char *model, GError **error)
{
  g_autoptr (AssayLiveSource) source = g_new0 (AssayLiveSource, 1);
  g_autoptr (AssayJob) stored = NULL, index = NULL;
  const AssayValues *values, *options;

  if (strcmp (assay_json_get_text (json_object_get (made->meta, "job"), "kind"), "influence") != 0)
    return NULL;
  if ((stored = assay_job_new_stored (cas, made, error)) == NULL)
    return NULL;
  values = assay_job_get_values (stored);
  source->method = assay_factored_find_method (assay_values_get_string (values, "method"));
  if (source->method == NULL || assay_values_get_bool (values, "self"))
    return NULL;
  if ((source->job = relate (stored, "influence", "model-name", model, error)) == NULL)  /* the newest model may be another one now */
    return NULL;
  options = assay_job_get_section (source->job, "method");
  source->damping = assay_values_get_double (options, "damping");
  while (strcmp (assay_damping_modes[source->mode], assay_values_get_string (options, "damping-mode")) != 0)
    source->mode++;
  find_index (source, cas, model);
  index = relate (source->job, "index", "basis", assay_factors_basis_name (source->method->basis), error);
  source->index_command = index ? assay_job_describe_command (index) : NULL;
  return index ? g_steal_pointer (&source) : NULL;
}

char *
assay_live_source_dup_command (const AssayLiveSource *source, double damping, GError **error)
{
  json_t *instead = json_pack ("{s:f}", "damping", damping);
  g_autoptr (AssayJob) job = assay_job_new_related (source->job, assay_job_get_kind (source->job), instead, error);

  json_decref (instead);
  return job ? assay_job_describe_command (job) : NULL;
}

/* --- scores ---------------------------------------------------------------------------------------------------------------------- */

struct _AssayLiveRanking {
  AssayBackend *backend;
  AssaySubject *subject;        /* whose model the factors are of */
  AssayStoredIndex *index;
  AssayFactorsSpectrum spectrum;
  AssayFactorsDamping asked;
  AssayBuffer *rotated;         /* (P) doubles: the query's gradient in the basis */
  gint64 *before;               /* (N) */
};

void
assay_live_ranking_free (AssayLiveRanking *self)
{
  if (self == NULL)
    return;
  assay_stored_index_free (self->index);
  assay_subject_free (self->subject);
  assay_backend_free (self->backend);
  assay_mem_free (self->rotated);
  g_free (self->before);
  g_free (self);
}

void
assay_live_scores_free (AssayLiveScores *scores)
{
  if (scores == NULL)
    return;
  g_free (scores->score);
  g_free (scores->lo);
  g_free (scores->hi);
  g_free (scores->before);
  g_free (scores);
}

static gboolean
check_factors (const AssayLiveSource *source, const AssayInfluenceTask *task, const AssayObject *object, GError **error)
{
  const AssayValues *values = assay_job_get_section (source->job, "method");
  const json_t *options = json_object_get (json_object_get (object->meta, "identity"), "options");
  AssayDtype dtype;
  const AssayFactorsOptions own = assay_factored_read_options (task, values, source->method->basis, &dtype);

  if (own.modules != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "index %s: it is of every parameter, these scores of modules %s alone; ask again with assay influence",
                   object->name, own.modules);
      return FALSE;
    }
  if (own.compute != ASSAY_COMPUTE_FULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "index %s: it is computed in full, these scores in %s; ask again with assay influence", object->name,
                   assay_compute_names[own.compute]);
      return FALSE;
    }
  if (assay_values_get_string (values, "factors") != NULL || strcmp (assay_json_get_text (options, "precision"), assay_dtype_name (dtype)) == 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "index %s: its curvature factors were fitted in %s, those of these scores in %s; one that fits is made by %s",
               object->name, assay_json_get_text (options, "precision"), assay_dtype_name (dtype), source->index_command);
  return FALSE;
}

/* The index with what it was built from, and the query's gradient in its basis: all that is kept of the question. */
static gboolean
load (AssayLiveRanking *self, const AssayInfluenceTask *task, const AssayLiveSource *source, gint64 query, GError **error)
{
  g_autoptr (AssayObject) object = NULL;

  self->asked.l2 = task->l2;
  if (query >= task->n_query)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "query %" G_GINT64_FORMAT " of these scores: their job asks about %" G_GINT64_FORMAT " now; ask again with "
                   "assay influence", query, task->n_query);
      return FALSE;
    }
  object = assay_index_find (task, source->method->basis, source->index, error);
  return object != NULL && check_factors (source, task, object, error) && (self->index = assay_index_load (task, object, NULL, error)) != NULL
         && (self->rotated = assay_mem_alloc_array (self->index->factors->modules->P, sizeof (double), error)) != NULL
         && assay_index_rotate_query (task, self->index, query, self->rotated, error);
}

static gboolean
set_up (AssayLiveRanking *self, AssayJobContext *context, const AssayLiveSource *source, gint64 query, GError **error)
{
  const AssayValues *values = assay_job_get_values (source->job);
  g_autoptr (GArray) queries = assay_subject_find_examples (self->subject->dataset, assay_values_get_list (values, "query"), error);
  AssayInfluenceSetup *setup;
  gboolean ok;

  if (queries == NULL
      || (setup = assay_influence_setup_new (source->job, context, self->subject, (const gint64 *) (void *) queries->data, queries->len, error)) == NULL)
    return FALSE;
  if (assay_values_get_bool (values, "mean"))
    {
      setup->task.query_size = queries->len;
      setup->task.n_query = 1;
    }
  ok = load (self, &setup->task, source, query, error);
  assay_influence_setup_free (setup);
  return ok;
}

/* The largest magnitude first; of equals the earlier example. */
static int
compare_places (gconstpointer a, gconstpointer b, gpointer data)
{
  const double *score = data;
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  const double p = fabs (score[x]), q = fabs (score[y]);

  return p != q ? (p < q) - (p > q) : (x > y) - (x < y);
}

/* Owns: the caller. */
static gint64 *
make_places (gint64 N, const double *score)
{
  gint64 *place = g_new0 (gint64, MAX (N, 1)), raising = 0, lowering = 0;
  g_autofree gint64 *order = g_new (gint64, MAX (N, 1));

  for (gint64 i = 0; i < N; i++)
    order[i] = i;
  g_qsort_with_data (order, (gint) N, sizeof *order, compare_places, (gpointer) score);
  for (gint64 k = 0; k < N; k++)
    if (score[order[k]] > 0)
      place[order[k]] = ++raising;
    else if (score[order[k]] < 0)
      place[order[k]] = --lowering;
  return place;
}

AssayLiveRanking *
assay_live_ranking_open (AssayCase *cas, const AssayLiveSource *source, gint64 query, GError **error)
{
  g_autoptr (AssayLiveRanking) self = g_new0 (AssayLiveRanking, 1);
  AssayJobContext context = { .cas = cas };
  g_autoptr (AssayLiveScores) asked = NULL;

  g_return_val_if_fail (source->index != NULL, NULL);
  self->backend = context.backend = assay_backend_cpu_new (0);
  self->spectrum = source->method->spectrum;
  self->asked = (AssayFactorsDamping) { source->mode, source->damping, 0 };
  if ((self->subject = assay_subject_open (source->job, &context, error)) == NULL || !set_up (self, &context, source, query, error)
      || (asked = assay_live_ranking_get (self, source->damping, error)) == NULL)
    return NULL;
  self->before = make_places (asked->N, asked->score);
  return g_steal_pointer (&self);
}

AssayLiveScores *
assay_live_ranking_get (AssayLiveRanking *self, double damping, GError **error)
{
  const AssayFactorsDamping at = { self->asked.mode, damping, self->asked.l2 };
  const gint64 N = self->index->rows->N;
  g_autoptr (AssayLiveScores) scores = g_new0 (AssayLiveScores, 1);

  scores->N = N;
  scores->damping = damping;
  scores->added = damping * (at.mode == ASSAY_DAMPING_ABSOLUTE ? 1 : assay_factors_get_mean (self->index->factors, self->spectrum, -1));
  scores->score = g_new (double, MAX (N, 1));
  scores->lo = g_new (double, MAX (N, 1));
  scores->hi = g_new (double, MAX (N, 1));
  if (!assay_index_rank (self->index, self->spectrum, &at, (const double *) self->rotated, self->backend->workers, scores->score, scores->hi, error))
    return NULL;
  for (gint64 i = 0; i < N; i++)
    {
      scores->lo[i] = scores->score[i] - scores->hi[i];
      scores->hi[i] = scores->score[i] + scores->hi[i];
    }
  scores->before = g_memdup2 (self->before, self->before ? (gsize) N * sizeof *self->before : 0);
  return g_steal_pointer (&scores);
}
