/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_question.c: from scores and the jobs that made them to questions. */
#include "gui/influence_question.h"

#include "base/json.h"
#include "influence/score.h"
#include "influence/score_store.h"
#include "job/spec.h"
#include "store/reader.h"

#include <string.h>

#define ASKED_SEPARATOR ", "

AssayInfluenceQuestion *
assay_influence_question_ref (AssayInfluenceQuestion *self)
{
  g_atomic_ref_count_inc (&self->count);
  return self;
}

void
assay_influence_question_unref (AssayInfluenceQuestion *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->count))
    return;
  g_free (self->reference);
  g_free (self->scores);
  g_free (self->asked);
  g_free (self->model);
  g_free (self->split);
  g_free (self->method);
  g_free (self->measure);
  g_free (self->unit);
  g_free (self->sign);
  g_free (self->interval_words);
  g_free (self->counterfactual);
  g_free (self->notes);
  g_free (self->command);
  g_free (self->job);
  g_free (self);
}

gboolean
assay_influence_question_has_unit (const AssayInfluenceQuestion *self)
{
  return strcmp (self->unit, ASSAY_UNIT_RELATIVE) != 0;
}

gboolean
assay_influence_question_is_of_loss (const AssayInfluenceQuestion *self)
{
  return strcmp (assay_measure_get_name (self->measure), "loss") == 0;
}

char *
assay_influence_question_dup_validation (const AssayInfluenceQuestion *self, const char *path)
{
  g_autofree char *quoted = assay_job_quote_word (path), *model = assay_job_quote_word (self->model);
  GString *command = g_string_new (NULL);
  g_auto (GStrv) queries = g_strsplit (self->asked, ASKED_SEPARATOR, -1);

  g_string_append_printf (command, "assay validate %s --model-name %s --method %s", quoted, model, self->method);
  for (guint k = 0; queries[k] != NULL; k++)
    {
      g_autofree char *query = assay_job_quote_word (queries[k]);

      g_string_append_printf (command, " --query %s", query);
    }
  if (!assay_influence_question_is_of_loss (self))
    {
      g_autofree char *measure = assay_job_quote_word (assay_measure_get_name (self->measure));

      g_string_append_printf (command, " --measure %s", measure);
    }
  return g_string_free (command, FALSE);
}

/* The newest job that says that it made these scores and whose parameters say what was asked: not one that only ran such a job among others.
 * NULL: none. Borrowed from jobs. */
static const AssayObject *
find_job (const GPtrArray *jobs, const char *scores)
{
  const AssayObject *found = NULL;

  for (guint k = 0; k < jobs->len; k++)
    {
      const AssayObject *job = jobs->pdata[k];
      gsize o;
      json_t *output;

      if (!json_is_array (json_object_get (json_object_get (json_object_get (job->meta, "job"), "parameters"), "query")))
        continue;
      json_array_foreach (json_object_get (job->meta, "outputs"), o, output)
        if (strcmp (assay_json_get_text (output, "kind"), "scores") == 0 && strcmp (assay_json_get_text (output, "name"), scores) == 0
            && (found == NULL || job->sequence > found->sequence))
          found = job;
    }
  return found;
}

static char *
join_queries (const AssayObject *job)
{
  const json_t *queries = job ? json_object_get (json_object_get (json_object_get (job->meta, "job"), "parameters"), "query") : NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  gsize k;
  json_t *query;

  json_array_foreach (queries, k, query)
    g_string_append_printf (text, "%s%s", k > 0 ? ASKED_SEPARATOR : "", json_string_value (query));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Questions of one object of scores. */
static gboolean
add_questions (GPtrArray *questions, AssayCase *cas, AssayObject *scores, const AssayObject *job, GError **error)
{
  const json_t *attributes = json_object_get (scores->meta, "attributes"), *subject = json_object_get (scores->meta, "subject");
  g_autoptr (AssayReader) reader = assay_reader_new (cas, scores, error);
  g_autoptr (GArray) asked = reader ? assay_influence_scores_load_asked (cas, scores->name, error) : NULL;
  AssayArrayInfo info;

  if (asked == NULL || !assay_reader_describe (reader, "/scores/value", &info, error))
    return FALSE;
  for (gint64 query = 0; query < info.dims[0]; query++)
    {
      AssayInfluenceQuestion *question = g_new0 (AssayInfluenceQuestion, 1);
      gint64 size = (gint64) asked->len / info.dims[0];

      *question = (AssayInfluenceQuestion) {
        .reference = g_strdup_printf ("%s#%" G_GINT64_FORMAT, scores->name, query), .scores = g_strdup (scores->name), .query = query,
        .sequence = scores->sequence, .asked = join_queries (job), .n_examples = size, .n_queries = info.dims[0],
        .example = g_array_index (asked, gint64, query * size), .model = g_strdup (assay_json_get_text (subject, "model")),
        .split = g_strdup (assay_json_get_text (json_object_get (subject, "data"), "split")),
        .method = g_strdup (assay_json_get_text (attributes, "method")), .measure = g_strdup (assay_json_get_text (attributes, "measure")),
        .unit = g_strdup (assay_json_get_text (attributes, "unit")), .sign = g_strdup (assay_json_get_text (attributes, "sign")),
        .interval_words = g_strdup (assay_json_get_text (attributes, "interval_words")),
        .counterfactual = g_strdup (assay_json_get_text (attributes, "counterfactual")),
        .notes = g_strchomp (g_strdup (assay_json_get_text (scores->meta, "notes"))), .damping = assay_json_get_number (attributes, "damping"),
        .l2 = assay_json_get_number (attributes, "l2"),
        .command = job ? g_strdup (assay_json_get_text (json_object_get (job->meta, "provenance"), "command_line")) : NULL,
        .job = job ? g_strdup (job->name) : NULL,
      };
      g_atomic_ref_count_init (&question->count);
      g_ptr_array_add (questions, question);
    }
  return TRUE;
}

static int
compare_questions (gconstpointer a, gconstpointer b)
{
  const AssayInfluenceQuestion *x = *(AssayInfluenceQuestion *const *) a, *y = *(AssayInfluenceQuestion *const *) b;

  return x->sequence != y->sequence ? (x->sequence < y->sequence) - (x->sequence > y->sequence) : (x->query > y->query) - (x->query < y->query);
}

gpointer
assay_influence_questions_read (AssayCase *cas, gconstpointer nothing, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) scores = assay_case_list (cas, "scores", NULL), jobs = assay_case_list (cas, "job", NULL);
  g_autoptr (GPtrArray) questions = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_influence_question_unref);

  (void) nothing;
  for (guint k = 0; k < scores->len; k++)
    {
      AssayObject *object = scores->pdata[k];

      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !add_questions (questions, cas, object, find_job (jobs, object->name), error))
        return NULL;
    }
  g_ptr_array_sort (questions, compare_questions);
  return g_steal_pointer (&questions);
}
