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
add_answer (AssayReportSource *source, const AssayObject *object, const char *name, const char *command, json_t *document, const char *stale)
{
  const char *kind = assay_json_get_text (json_object_get (object->meta, "job"), "kind");
  AssayReportAnswer *answer = assay_report_source_add_answer (source, kind, name, object->meta, document);

  answer->command = g_strdup (command);
  answer->content_root = g_strdup (object->parts[0]->content_root);
  answer->utc = g_strdup (object->parts[0]->utc);
  answer->stale = g_strdup (stale);
}

/* An answer about several methods is one for each of them, less those that could not be asked. */
static void
add_methods (AssayReportSource *source, const AssayObject *object, const char *name, const char *command, const json_t *document)
{
  gsize m;
  json_t *method;

  json_array_foreach (json_object_get (document, "methods"), m, method)
    {
      json_t *own = json_copy ((json_t *) document);

      json_object_del (own, "methods");
      json_object_update (own, method);
      if (json_object_get (method, "refused") == NULL)
        add_answer (source, object, name, command, own, NULL);
      json_decref (own);
    }
}

static void
gather_answer (AssayReportSource *source, AssayObject *object, const AssayJobContext *context)
{
  const char *kind = assay_json_get_text (json_object_get (object->meta, "job"), "kind");
  g_autofree char *name = g_strconcat (object->kind, "/", object->name, NULL);
  g_autoptr (GError) fault = NULL;
  g_autofree char *command = NULL;
  g_autoptr (AssayJobOutcome) outcome = NULL;

  if (is_of_parts (kind))
    return;
  outcome = assay_job_recall (object, NULL, context, &command, &fault);
  if (outcome != NULL && json_is_array (json_object_get (outcome->document, "methods")))
    add_methods (source, object, name, command, outcome->document);
  else
    add_answer (source, object, name, command, outcome ? outcome->document : NULL, outcome ? NULL : fault->message);
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
