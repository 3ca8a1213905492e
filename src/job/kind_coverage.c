/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_coverage.c: how much of a regime a case answers, and what is left for people to state. */
#include "base/error.h"
#include "base/json.h"
#include "job/regime_choice.h"
#include "job/report_source.h"
#include "job/spec.h"
#include "report/coverage.h"
#include "report/facts.h"
#include "report/fields_file.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

static const AssayParam params[] = {
  ASSAY_REGIME_PARAMS,
  { "profile", ASSAY_PARAM_CHOICE, .def.s = "internal", .choices = assay_audience_words, .help = "who reads it: fields that are not for them are withheld" },
  { "form", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE | ASSAY_PARAM_WRITTEN, .help = "write a file for --fields with everything that waits for a person" },
  { "items", ASSAY_PARAM_BOOL, .help = "show every item of the regimes, not the counts alone" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "how far the case is with every regime", "assay coverage people.assay" },
  { "item by item, and a form for what people have to state", "assay coverage people.assay --regime fmti --items --form people-fields.json" },
  { "with the form filled in, as the public may see it", "assay coverage people.assay --regime fmti --fields people-fields.json --profile public" },
  { NULL, NULL }
};

/* --- run --------------------------------------------------------------------------------------------------------------- */

static json_t *
to_json (const AssayRegimeSet *set, const AssayFieldSet *fields, AssayAudience audience)
{
  const GPtrArray *regimes = assay_regime_set_get_chosen (set);
  json_t *list = json_array ();

  for (guint k = 0; k < regimes->len; k++)
    json_array_append_new (list, assay_coverage_to_json (regimes->pdata[k], fields, audience, TRUE));
  return json_pack ("{s:s, s:i, s:o, s:o}", "profile", assay_audience_words[audience], "drafts", (int) assay_field_set_count_drafts (fields), "regimes",
                    list, "fields", assay_coverage_fields_to_json (fields, regimes));
}

static gboolean
write_form (const AssayFieldSet *fields, const char *path, AssayJobContext *context, GError **error)
{
  json_t *form;
  char *text;
  gboolean ok;

  if (g_file_test (path, G_FILE_TEST_EXISTS) && !assay_job_confirm (context, "%s exists; replace it?", path))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s exists; give another name, or --yes to replace it", path);
      return FALSE;
    }
  form = assay_fields_file_make_form (fields);
  text = json_dumps (form, JSON_INDENT (2) | JSON_ENSURE_ASCII);
  ok = assay_file_write (path, text, strlen (text), error);
  free (text);
  json_decref (form);
  return ok;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *form = assay_values_get_string (values, "form");
  AssayAudience audience = assay_regime_choice_get_audience (values);
  g_autoptr (AssayRegimeSet) regimes = assay_regime_choice_read (values, error);
  g_autoptr (AssayReportSource) source = regimes ? assay_report_source_gather (context, error) : NULL;
  g_autoptr (AssayFieldSet) fields = NULL;
  json_t *document;

  if (source == NULL)
    return NULL;
  fields = assay_facts_gather (regimes, source, assay_values_get_string (values, "model-name"), assay_values_get_string (values, "fields"), audience,
                               context->progress, error);
  if (fields == NULL || (form != NULL && !write_form (fields, form, context, error)))
    return NULL;
  document = to_json (regimes, fields, audience);
  json_object_set_new (document, "show_items", json_boolean (assay_values_get_bool (values, "items")));
  if (form != NULL)
    json_object_set_new (document, "form", json_string (form));
  return document;
}

/* --- for people -------------------------------------------------------------------------------------------------------- */

static void
add_count (AssayView *view, const json_t *counts, const char *key)
{
  g_autofree char *text = assay_view_count (json_integer_value (json_object_get (counts, key)));

  assay_view_add_cell (view, text);
}

static void
add_meter_row (AssayView *view, const char *name, const json_t *counts)
{
  static const char *const keys[] = { "items", "filled", "draft", "withheld", "not_computed", "human_pending" };

  assay_view_add_cell (view, name);
  for (gsize k = 0; k < G_N_ELEMENTS (keys); k++)
    add_count (view, counts, keys[k]);
}

static void
view_meter (const json_t *regime, AssayView *view)
{
  static const struct { const char *klass, *words; } classes[] = {
    { "A", "A: the program computes" }, { "S", "S: drafted, a person confirms" }, { "H", "H: a person states" },
  };

  assay_view_begin_table (view, "items|>all|>filled|>draft|>withheld|>not computed|>for a person");
  for (gsize k = 0; k < G_N_ELEMENTS (classes); k++)
    add_meter_row (view, classes[k].words, json_object_get (json_object_get (regime, "classes"), classes[k].klass));
  add_meter_row (view, "all", json_object_get (regime, "all"));
}

static void
view_items (const json_t *regime, AssayView *view)
{
  gsize k, f;
  json_t *item, *field;

  assay_view_begin_table (view, "item|class|state|what is asked|fields");
  json_array_foreach (json_object_get (regime, "items"), k, item)
    {
      g_autoptr (GString) fields = g_string_new (NULL);

      json_array_foreach (json_object_get (item, "fields"), f, field)
        g_string_append_printf (fields, "%s%s", f > 0 ? ", " : "", assay_json_get_text (field, "id"));
      assay_view_add_cell (view, assay_json_get_text (item, "id"));
      assay_view_add_cell (view, assay_json_get_text (item, "class"));
      assay_view_add_cell (view, assay_json_get_text (item, "coverage"));
      assay_view_add_cell (view, assay_json_get_text (item, "text"));
      assay_view_add_cell (view, fields->str);
    }
}

static void
view_regime (const json_t *regime, gboolean with_items, AssayView *view)
{
  gsize k;
  gint64 unverified = 0;
  json_t *item;

  json_array_foreach (json_object_get (regime, "items"), k, item)
    unverified += !json_is_true (json_object_get (item, "verified"));
  assay_view_add_heading (view, "%s", assay_json_get_text (regime, "title"));
  assay_view_add_field (view, "pack", "%s-%s (%s), SHA-256 %s", assay_json_get_text (regime, "id"), assay_json_get_text (regime, "version"),
                        assay_json_get_text (regime, "status"), assay_json_get_text (regime, "sha256"));
  json_array_foreach (json_object_get (regime, "sources"), k, item)
    assay_view_add_field (view, k == 0 ? "source" : "", "%s (%s)", assay_json_get_text (item, "title"), assay_json_get_text (item, "url"));
  if (unverified > 0)
    assay_view_add_field (view, "note", "requirement text not verified: %" G_GINT64_FORMAT " items", unverified);
  if (!json_is_true (json_object_get (regime, "reviewed_by_counsel")))
    assay_view_add_field (view, "note", "not reviewed by counsel");
  view_meter (regime, view);
  if (with_items)
    view_items (regime, view);
}

static void
view (const json_t *document, AssayView *view)
{
  const char *form = assay_json_get_text (document, "form");
  gsize k;
  json_t *regime;

  json_array_foreach (json_object_get (document, "regimes"), k, regime)
    view_regime (regime, json_is_true (json_object_get (document, "show_items")), view);
  if (json_integer_value (json_object_get (document, "drafts")) > 0)
    assay_view_add_text (view, "%" JSON_INTEGER_FORMAT " fields are drafts of the program: a named person confirms them (--form FILE, then --fields FILE).",
                         json_integer_value (json_object_get (document, "drafts")));
  if (*form != 0)
    assay_view_add_text (view, "wrote %s; fill it in and give it to --fields", form);
}

ASSAY_JOB_KIND_DEFINE (coverage) = {
  .name = "coverage", .group = ASSAY_JOB_GROUP_REPORT, .help = "how much of a regime the case answers, and what is left for people",
  .description = "A regime is a list of items in a data file; each is answered by fields. Fields of class A are computed from the case with their evidence; "
                 "those of class S are drafted and stand once a named person has confirmed them; those of class H are stated by people. Every item is "
                 "counted once: filled, draft, withheld, not computed, or waiting for a person, as far as the field that is least far.\n\n"
                 "--form writes a file with everything that waits for a person; filled in, it is given to --fields here and to assay report. The "
                 "requirements are paraphrases made by engineers, no legal advice; a pack says which of them were held to their source.",
  .examples = examples, .access = ASSAY_JOB_READS_CASE, .params = params, .run = run, .view = view,
};
