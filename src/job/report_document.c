/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_document.c: from the case to the document. */
#include "job/report_document.h"

#include "base/error.h"
#include "config.h"
#include "job/report_source.h"
#include "report/coverage.h"
#include "report/facts.h"
#include "report/people.h"
#include "report/withheld.h"

#include <stdlib.h>
#include <string.h>

/* When the case last changed: reports of one state of a case say one time. */
static char *
find_last_change (AssayCase *cas)
{
  g_autoptr (GPtrArray) objects = assay_case_list_history (cas);
  const char *last = NULL;

  for (guint k = 0; k < objects->len; k++)
    {
      const AssayObject *object = objects->pdata[k];

      for (guint p = 0; p < object->n_parts; p++)
        if (last == NULL || strcmp (object->parts[p]->utc, last) > 0)
          last = object->parts[p]->utc;
    }
  return g_strdup (last);
}

/* 16 digits over what the report rests on: the roots of all answers, the pins, the profile and the title. */
static char *
make_report_id (const AssayReportSource *source, const AssayDocument *document)
{
  char *fields = document->fields ? json_dumps (document->fields, JSON_SORT_KEYS | JSON_REAL_PRECISION (17)) : NULL;
  char *regimes = document->regimes ? json_dumps (document->regimes, JSON_SORT_KEYS | JSON_REAL_PRECISION (17)) : NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  g_checksum_update (checksum, (const guchar *) document->title, (gssize) strlen (document->title) + 1);
  g_checksum_update (checksum, (const guchar *) document->profile, (gssize) strlen (document->profile) + 1);
  for (guint k = 0; k < source->answers->len; k++)
    {
      const char *root = ((const AssayReportAnswer *) source->answers->pdata[k])->content_root;

      g_checksum_update (checksum, (const guchar *) root, (gssize) strlen (root) + 1);
    }
  for (guint k = 0; k < source->pins->len; k++)
    {
      const AssayReportPin *pin = source->pins->pdata[k];
      g_autofree char *line = g_strdup_printf ("%s\n%s\n%s\n", pin->claim, pin->note ? pin->note : "", pin->author ? pin->author : "");

      g_checksum_update (checksum, (const guchar *) line, (gssize) strlen (line) + 1);
    }
  if (fields != NULL)
    g_checksum_update (checksum, (const guchar *) fields, (gssize) strlen (fields) + 1);
  if (regimes != NULL)
    g_checksum_update (checksum, (const guchar *) regimes, (gssize) strlen (regimes) + 1);
  free (fields);
  free (regimes);
  return g_strndup (g_checksum_get_string (checksum), 16);
}

/* What this reader is not to be told leaves everything that sections read. */
static void
hide (AssayReport *report)
{
  if (report->audience != ASSAY_AUDIENCE_INTERNAL)
    assay_report_hide_people (report);
  assay_report_hide_withheld (report);
}

/* Fills the fields of the request's regimes and keeps them for report.json. */
static gboolean
add_fields (AssayReport *report, const AssayReportRequest *request, AssayProgress *progress, GError **error)
{
  AssayDocument *document = report->document;
  const GPtrArray *regimes;

  if (request->regimes == NULL)
    {
      hide (report);
      return TRUE;
    }
  report->regimes = request->regimes;
  report->fields = assay_facts_gather (request->regimes, report->source, request->model, request->fields, request->audience, progress, error);
  if (report->fields == NULL)
    return FALSE;
  hide (report);
  regimes = assay_regime_set_get_chosen (request->regimes);
  document->fields = assay_coverage_fields_to_json (report->fields, regimes);
  document->regimes = json_array ();
  for (guint k = 0; k < regimes->len; k++)
    json_array_append_new (document->regimes, assay_coverage_to_json (regimes->pdata[k], report->fields, request->audience, TRUE));
  return TRUE;
}

AssayDocument *
assay_report_document_make (const AssayJobContext *context, const AssayReportRequest *request, GError **error)
{
  g_autoptr (AssayReportSource) source = assay_report_source_gather (context, error);
  g_autoptr (AssayDocument) document = NULL;
  g_autofree char *base = g_path_get_basename (assay_case_get_path (context->cas)), *title = NULL, *changed = find_last_change (context->cas);
  AssayReport report = { .source = source, .audience = request->audience };
  gboolean written;

  if (source == NULL)
    return NULL;
  if (changed == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: there is nothing in the case to report on; begin with assay import CASE data FILE",
                   assay_case_get_path (context->cas));
      return NULL;
    }
  if (g_str_has_suffix (base, ".assay"))
    base[strlen (base) - strlen (".assay")] = '\0';
  title = request->title ? g_strdup (request->title) : g_strdup_printf ("Audit report: %s", base);
  document = assay_document_new (title, assay_audience_words[request->audience]);
  document->subtitle = g_strdup ("What the model does, which training data caused it, and how sure that is");
  document->program = g_strdup (PACKAGE_NAME " " PACKAGE_VERSION);
  document->created_utc = g_steal_pointer (&changed);
  report.document = document;
  written = add_fields (&report, request, context->progress, error) && assay_report_write (&report, error);
  assay_field_set_free (report.fields);
  if (!written)
    return NULL;
  document->report_id = make_report_id (source, document);
  return g_steal_pointer (&document);
}
