/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reasoning_answer.c: reads the newest judgement of chains, and opens its model for questions. */
#include "gui/reasoning_answer.h"

#include "base/error.h"
#include "base/json.h"
#include "job/cot_document.h"
#include "job/runner.h"
#include "job/subject.h"

#include <string.h>

AssayReasoningAnswer *
assay_reasoning_answer_ref (AssayReasoningAnswer *self)
{
  g_atomic_ref_count_inc (&self->count);
  return self;
}

void
assay_reasoning_answer_unref (AssayReasoningAnswer *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->count))
    return;
  assay_chain_bench_free (self->bench);
  assay_cot_record_free (self->record);
  json_decref (self->document);
  g_free (self->object);
  g_free (self->command);
  g_free (self);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static gboolean
open_bench (AssayReasoningAnswer *self, AssayJob *job, const AssayJobContext *whole, GError **error)
{
  AssayJobContext context = { .cas = whole->cas, .backend = whole->backend };
  g_autoptr (AssaySubject) subject = assay_subject_open (job, &context, error);

  if (subject == NULL || !assay_organism_init_from_table (&self->organism, subject->table, subject->data->name, error))
    return FALSE;
  assay_chain_layout_init (&self->layout, &self->organism);
  self->bench = assay_chain_bench_new (subject->model, &self->organism, error);
  return self->bench != NULL;
}

static AssayReasoningAnswer *
recall (AssayObject *object, const AssayJobContext *context, GError **error)
{
  g_autoptr (AssayReasoningAnswer) self = g_new0 (AssayReasoningAnswer, 1);
  g_autofree char *relative = NULL;
  g_autoptr (AssayJobOutcome) outcome = NULL;
  g_autoptr (AssayJob) job = assay_job_new_stored (context->cas, object, error);

  g_atomic_ref_count_init (&self->count);
  outcome = job ? assay_job_recall (object, NULL, context, &relative, error) : NULL;
  if (outcome == NULL)
    return NULL;
  self->object = g_strdup (object->name);
  self->command = assay_job_describe_command (job);
  self->document = json_incref (outcome->document);
  self->n = (gint64) json_array_size (json_object_get (self->document, "instances"));
  self->record = assay_cot_record_load (context->cas, assay_json_get_text (self->document, "cot_object"), error);
  return self->record != NULL && open_bench (self, job, context, error) ? g_steal_pointer (&self) : NULL;
}

static int
compare_newest_first (gconstpointer a, gconstpointer b)
{
  const AssayObject *x = *(const AssayObject *const *) a, *y = *(const AssayObject *const *) b;

  return x->sequence > y->sequence ? -1 : x->sequence < y->sequence;
}

gpointer
assay_reasoning_answer_read (AssayCase *cas, gconstpointer nothing, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) jobs = assay_case_list (cas, "job", "cot/");
  AssayBackend *backend = assay_backend_cpu_new (1);
  AssayJobContext context = { .cas = cas, .backend = backend };
  AssayReasoningAnswer *answer = NULL;
  GError *first = NULL;

  (void) nothing;
  g_ptr_array_sort (jobs, compare_newest_first);
  for (guint k = 0; k < jobs->len && answer == NULL && !g_cancellable_is_cancelled (cancellable); k++)
    {
      g_autoptr (GError) fault = NULL;

      answer = recall (jobs->pdata[k], &context, &fault);
      if (answer == NULL && first == NULL)
        first = g_steal_pointer (&fault);
    }
  assay_backend_free (backend);
  if (answer != NULL)
    g_clear_error (&first);
  else if (first != NULL)
    g_propagate_error (error, first);
  else if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: no chains were judged here; next: assay cot %s", assay_case_get_path (cas),
                 assay_case_get_path (cas));
  return answer;
}

/* --- one chain ------------------------------------------------------------------------------------------------------- */

json_t *
assay_reasoning_answer_get (const AssayReasoningAnswer *self, gint64 i)
{
  return json_array_get (json_object_get (self->document, "instances"), (gsize) i);
}

json_t *
assay_reasoning_answer_describe (const AssayReasoningAnswer *self, gint64 i)
{
  json_t *example = json_object_get (assay_reasoning_answer_get (self, i), "example");

  return assay_cot_describe_whole (self->record, &self->organism, i, json_incref (example));
}

char *
assay_reasoning_answer_dup_command (const AssayReasoningAnswer *self, gint64 i)
{
  return i < 0 ? g_strdup (self->command) : g_strdup_printf ("%s --instance %" G_GINT64_FORMAT, self->command, i);
}

char *
assay_reasoning_answer_dup_example (const AssayReasoningAnswer *self, gint64 i)
{
  const json_t *example = json_object_get (assay_reasoning_answer_get (self, i), "example");

  return g_strdup_printf ("%s:%" G_GINT64_FORMAT, assay_json_get_text (example, "split"), (gint64) json_integer_value (json_object_get (example, "index")));
}

gint64
assay_reasoning_answer_find_example (const AssayReasoningAnswer *self, const char *example)
{
  for (gint64 i = 0; example != NULL && i < self->n; i++)
    {
      g_autofree char *own = assay_reasoning_answer_dup_example (self, i);

      if (strcmp (own, example) == 0)
        return i;
    }
  return -1;
}

static char *
decode (const AssayReasoningAnswer *self, gint64 i, gint64 first, gint64 count)
{
  return assay_organism_decode (&self->organism, self->record->tokens + i * self->record->T + first, count);
}

char *
assay_reasoning_answer_dup_prompt (const AssayReasoningAnswer *self, gint64 i)
{
  return decode (self, i, 0, self->layout.chain);
}

char *
assay_reasoning_answer_dup_mode (const AssayReasoningAnswer *self, gint64 i)
{
  return decode (self, i, self->layout.prompt - 1, 1);
}

char *
assay_reasoning_answer_dup_text (const AssayReasoningAnswer *self, gint64 i)
{
  return decode (self, i, self->layout.prompt, self->layout.answer + 1 - self->layout.prompt);
}

char **
assay_reasoning_answer_list_steps (const AssayReasoningAnswer *self, gint64 i)
{
  char **steps = g_new0 (char *, self->layout.n_steps + 1);

  for (gint64 j = 0; j < self->layout.n_steps; j++)
    steps[j] = decode (self, i, self->layout.chain + j, 1);
  return steps;
}

gboolean
assay_reasoning_answer_find_pair (const AssayReasoningAnswer *self, gint64 pair[2])
{
  json_t *found[2];

  if (!assay_cot_find_pair (json_object_get (self->document, "instances"), found))
    return FALSE;
  for (guint k = 0; k < 2; k++)
    pair[k] = json_integer_value (json_object_get (found[k], "instance"));
  return TRUE;
}

json_t *
assay_reasoning_answer_make_table (const AssayReasoningAnswer *self)
{
  json_t *rows = json_array ();

  for (gint64 i = 0; i < self->n; i++)
    {
      const json_t *one = assay_reasoning_answer_get (self, i), *used = json_object_get (one, "used");
      g_autofree char *example = assay_reasoning_answer_dup_example (self, i);

      json_array_append_new (rows, json_pack ("[I, s, O, O, O, O, O, O, O, O]", (json_int_t) i, example, json_object_get (one, "text"),
                                              json_object_get (one, "answer"), json_object_get (one, "p_full"), json_object_get (used, "estimate"),
                                              json_object_get (used, "lo"), json_object_get (used, "hi"), json_object_get (used, "verdict"),
                                              json_object_get (one, "disclosed")));
    }
  return json_pack ("{s:[s, s, s, s, s, s, s, s, s, s], s:o}", "columns", "chain", "example", "text", "answer", "probability", "chain used", "from", "to",
                    "verdict", "causes disclosed", "rows", rows);
}
