/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_answer.c: statistics from the store, one unit's page from the job that measured it. */
#include "gui/units_answer.h"

#include "base/error.h"
#include "base/json.h"
#include "job/runner.h"
#include "job/units_document.h"

#include <string.h>

gpointer
assay_units_answer_read (AssayCase *cas, gconstpointer name, GCancellable *cancellable, GError **error)
{
  g_autoptr (AssayObject) object = assay_case_lookup (cas, "units", name, error);
  AssayTapUnits *tap = object ? assay_tap_units_load (cas, object, error) : NULL;
  AssayUnitsAnswer *answer;

  (void) cancellable;
  if (tap == NULL)
    return NULL;
  answer = g_new0 (AssayUnitsAnswer, 1);
  answer->tap = tap;
  answer->order = assay_units_document_rank (tap);
  return answer;
}

void
assay_units_answer_free (AssayUnitsAnswer *self)
{
  if (self == NULL)
    return;
  assay_tap_units_free (self->tap);
  g_array_unref (self->order);
  g_free (self);
}

AssayUnitQuestion *
assay_unit_question_new (const char *tap, gint64 unit)
{
  AssayUnitQuestion *question = g_new0 (AssayUnitQuestion, 1);

  *question = (AssayUnitQuestion) { g_strdup (tap), unit };
  return question;
}

void
assay_unit_question_free (AssayUnitQuestion *question)
{
  g_free (question->tap);
  g_free (question);
}

/* The newest job of kind units that looked at the tap, by the objects it made. */
static AssayObject *
find_job (AssayCase *cas, const char *tap)
{
  g_autoptr (GPtrArray) jobs = assay_case_list (cas, "job", "units/");
  g_autofree char *suffix = g_strconcat ("/", tap, NULL);
  AssayObject *newest = NULL;

  for (guint k = 0; k < jobs->len; k++)
    {
      AssayObject *job = jobs->pdata[k];
      gsize i;
      json_t *output;

      json_array_foreach (json_object_get (job->meta, "outputs"), i, output)
        if (g_str_has_suffix (assay_json_get_text (output, "name"), suffix) && (newest == NULL || job->sequence > newest->sequence))
          newest = job;
    }
  return newest ? assay_object_ref (newest) : NULL;
}

gpointer
assay_unit_page_read (AssayCase *cas, gconstpointer data, GCancellable *cancellable, GError **error)
{
  const AssayUnitQuestion *question = data;
  g_autoptr (AssayObject) job = find_job (cas, question->tap);
  g_autoptr (AssayJobOutcome) outcome = NULL;
  g_autofree char *command = NULL;
  AssayBackend *backend;
  json_t *shown, *page;

  (void) cancellable;
  if (job == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "tap %s: no job of the case measured its units", question->tap);
      return NULL;
    }
  backend = assay_backend_cpu_new (1);
  shown = json_pack ("{s:[s], s:I}", "tap", question->tap, "unit", (json_int_t) question->unit);
  outcome = assay_job_recall (job, shown, &(AssayJobContext) { .cas = cas, .backend = backend }, &command, error);
  assay_backend_free (backend);
  json_decref (shown);
  if (outcome == NULL)
    return NULL;
  page = json_pack ("{s:O, s:O, s:O, s:s}", "page", json_object_get (outcome->document, "page"), "histogram_edges",
                    json_object_get (outcome->document, "histogram_edges"), "quantile_probabilities", json_object_get (outcome->document, "quantile_probabilities"),
                    "command", command);
  return page;
}
