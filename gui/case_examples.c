/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_examples.c: one load, kept. */
#include "gui/case_examples.h"

#include "job/example_answers.h"

#define MAX_KEPT 2
#define MOST_ANSWERS 1e10       /* multiplications and additions: about a second */

struct _AssayCaseExamples {
  GObject parent_instance;
  AssayCaseReader *reader;
  GPtrArray *kept;              /* Kept, the newest last */
};

typedef struct {
  char *data, *model;           /* as they were asked for; data may be NULL */
} Question;

typedef struct {
  Question question;
  AssayExampleIndex *index;
} Kept;

G_DEFINE_FINAL_TYPE (AssayCaseExamples, assay_case_examples, G_TYPE_OBJECT)

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  assay_example_index_unref (kept->index);
  g_free (kept->question.data);
  g_free (kept->question.model);
  g_free (kept);
}

static void
question_free (gpointer data)
{
  Question *question = data;

  g_free (question->data);
  g_free (question->model);
  g_free (question);
}

static void
assay_case_examples_finalize (GObject *object)
{
  AssayCaseExamples *self = ASSAY_CASE_EXAMPLES (object);

  g_object_unref (self->reader);
  g_ptr_array_unref (self->kept);
  G_OBJECT_CLASS (assay_case_examples_parent_class)->finalize (object);
}

static void
assay_case_examples_class_init (AssayCaseExamplesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_case_examples_finalize;
}

static void
assay_case_examples_init (AssayCaseExamples *self)
{
  self->kept = g_ptr_array_new_with_free_func (kept_free);
}

AssayCaseExamples *
assay_case_examples_new (AssayCaseReader *reader)
{
  AssayCaseExamples *self = g_object_new (ASSAY_TYPE_CASE_EXAMPLES, NULL);

  self->reader = g_object_ref (reader);
  return self;
}

static AssayExampleIndex *
find_kept (AssayCaseExamples *self, const char *data, const char *model)
{
  for (guint k = 0; k < self->kept->len; k++)
    {
      const Kept *kept = self->kept->pdata[k];

      if (g_strcmp0 (kept->question.data, data) == 0 && g_strcmp0 (kept->question.model, model) == 0)
        return kept->index;
    }
  return NULL;
}

/* --- on the reader's thread ---------------------------------------------------------------------------------------- */

static gpointer
load (AssayCase *cas, gconstpointer question, GCancellable *cancellable, GError **error)
{
  const Question *asked = question;
  AssayExampleIndex *index = assay_example_index_new (cas, asked->data, asked->model, error);
  AssayBackend *backend;

  (void) cancellable;
  if (index == NULL || assay_example_answers_cost (index) > MOST_ANSWERS)
    return index;
  backend = assay_backend_cpu_new (1);
  assay_example_answers_add (index, cas, backend, NULL, NULL);          /* the data are shown without, too: a model that cannot be read is named elsewhere */
  assay_backend_free (backend);
  return index;
}

/* --- on the main thread -------------------------------------------------------------------------------------------- */

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  AssayCaseExamples *self = g_task_get_source_object (task);
  const Question *question = g_task_get_task_data (task);
  GError *fault = NULL;
  AssayExampleIndex *index = assay_case_reader_finish (ASSAY_CASE_READER (source), result, &fault);
  Kept *kept;

  if (index == NULL)
    {
      g_task_return_error (task, fault);
      return;
    }
  kept = g_new0 (Kept, 1);
  *kept = (Kept) { { g_strdup (question->data), g_strdup (question->model) }, assay_example_index_ref (index) };
  g_ptr_array_add (self->kept, kept);
  if (self->kept->len > MAX_KEPT)
    g_ptr_array_remove_index (self->kept, 0);
  g_task_return_pointer (task, index, (GDestroyNotify) assay_example_index_unref);
}

static Question *
question_new (const char *data, const char *model)
{
  Question *question = g_new0 (Question, 1);

  *question = (Question) { g_strdup (data), g_strdup (model) };
  return question;
}

void
assay_case_examples_ask (AssayCaseExamples *self, const char *data, const char *model, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  AssayExampleIndex *index = find_kept (self, data, model);

  if (index != NULL)
    {
      g_task_return_pointer (task, assay_example_index_ref (index), (GDestroyNotify) assay_example_index_unref);
      return;
    }
  g_task_set_task_data (task, question_new (data, model), question_free);
  assay_case_reader_ask (self->reader, load, question_new (data, model), question_free, (GDestroyNotify) assay_example_index_unref, cancellable,
                         on_loaded, g_object_ref (task));
}

AssayExampleIndex *
assay_case_examples_finish (AssayCaseExamples *self, GAsyncResult *result, GError **error)
{
  g_assert (g_task_is_valid (result, self));
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
assay_case_examples_forget (AssayCaseExamples *self)
{
  g_ptr_array_set_size (self->kept, 0);
}
