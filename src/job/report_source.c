/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_source.c: recalls every stored job that a section could speak of. */
#include "job/report_source.h"

#include "base/json.h"
#include "job/pins.h"

#include <string.h>

/* Jobs of jobs: what they found is told by their parts. */
static gboolean
is_of_parts (const char *kind)
{
  return strcmp (kind, "demo") == 0;
}

static char *
dup_text (const json_t *object, const char *key)
{
  const char *text = assay_json_get_text (object, key);

  return text[0] != '\0' ? g_strdup (text) : NULL;
}

static void
gather_pins (AssayReportSource *source, AssayCase *cas)
{
  json_t *pins = assay_pins_load (cas), *entry;
  gsize k;

  json_array_foreach (pins, k, entry)
    {
      AssayReportPin *pin = g_new0 (AssayReportPin, 1);

      pin->claim = g_strdup (assay_json_get_text (entry, "claim"));
      pin->note = dup_text (entry, "note");
      pin->display = dup_text (entry, "display");
      pin->author = dup_text (entry, "author");
      pin->utc = dup_text (entry, "utc");
      g_ptr_array_add (source->pins, pin);
    }
  json_decref (pins);
}

static int
compare_sequence (gconstpointer a, gconstpointer b)
{
  const AssayObject *x = *(const AssayObject *const *) a, *y = *(const AssayObject *const *) b;

  return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static void
gather_answer (AssayReportSource *source, AssayObject *object, const AssayJobContext *context)
{
  const char *kind = assay_json_get_text (json_object_get (object->meta, "job"), "kind");
  g_autofree char *name = g_strconcat (object->kind, "/", object->name, NULL);
  g_autoptr (GError) fault = NULL;
  g_autofree char *command = NULL;
  g_autoptr (AssayJobOutcome) outcome = NULL;
  AssayReportAnswer *answer;

  if (is_of_parts (kind))
    return;
  outcome = assay_job_recall (object, NULL, context, &command, &fault);
  answer = assay_report_source_add_answer (source, kind, name, object->meta, outcome ? outcome->document : NULL);
  answer->command = g_steal_pointer (&command);
  answer->content_root = g_strdup (object->parts[0]->content_root);
  answer->utc = g_strdup (object->parts[0]->utc);
  if (outcome == NULL)
    answer->stale = g_strdup (fault->message);
}

AssayReportSource *
assay_report_source_gather (const AssayJobContext *context, GError **error)
{
  g_autoptr (AssayReportSource) source = assay_report_source_new (context->cas);
  g_autoptr (GPtrArray) jobs = assay_case_list (context->cas, "job", NULL);

  g_ptr_array_sort (jobs, compare_sequence);
  gather_pins (source, context->cas);
  for (guint k = 0; k < jobs->len; k++)
    {
      if (assay_progress_is_cancelled (context->progress, error))
        return NULL;
      assay_progress_report (context->progress, "read what the jobs found", k, jobs->len, "jobs", NULL);
      gather_answer (source, jobs->pdata[k], context);
    }
  return g_steal_pointer (&source);
}
