/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_pin.c: which claims stand in the summary of the case's report, in which order, with which words of a person. */
#include "base/json.h"
#include "job/pins.h"
#include "job/report_document.h"
#include "job/spec.h"

static const AssayParam params[] = {
  { "claim", ASSAY_PARAM_STRING, .metavar = "CLAIM", .names = "claim", .flags = ASSAY_PARAM_POSITIONAL, .help = "the claim's id; without one, all claims are listed" },
  { "remove", ASSAY_PARAM_BOOL, .help = "take the pin away" },
  { "to", ASSAY_PARAM_INT, .metavar = "N", .flags = ASSAY_PARAM_OPTIONAL, .min = 1, .max = 1e6, .help = "its place in the summary, from 1 (default: the last)" },
  { "note", ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "words that stand beside it" },
  { "author", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "whose words these are" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "the claims that the case makes", "assay pin people.assay" },
  { NULL, NULL }
};

/* Changes the list as asked. */
static gboolean
change (json_t *pins, const AssayDocument *document, const AssayValues *values, GError **error)
{
  const char *claim = assay_values_get_string (values, "claim");
  gint64 to = assay_values_get_int (values, "to");

  if (assay_values_get_bool (values, "remove"))
    return assay_pins_remove (pins, claim, error);
  return assay_pins_put (pins, document, claim, to == G_MININT64 ? 0 : to, assay_values_get_string (values, "note"),
                         assay_values_get_string (values, "author"), error);
}

static json_t *
list_claims (const AssayDocument *document, const json_t *pins)
{
  g_autoptr (GPtrArray) claims = assay_document_list_claims (document);
  json_t *list = json_array ();

  for (guint k = 0; k < claims->len; k++)
    {
      const AssayClaim *claim = claims->pdata[k];
      g_autofree char *sentence = assay_prose_dup_plain (claim->sentence), *display = claim->value.table ? assay_number_dup_display (&claim->value) : NULL;

      json_array_append_new (list, json_pack ("{s:s, s:s, s:s?, s:s?, s:b}", "claim", claim->id, "sentence", sentence, "display",
                                              claim->is_withheld ? NULL : display, "unit", claim->unit, "pinned", assay_pins_find (pins, claim->id) >= 0));
    }
  return list;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const AssayReportRequest request = { .audience = ASSAY_AUDIENCE_INTERNAL };
  g_autoptr (AssayDocument) document = assay_report_document_make (context, &request, error);
  json_t *pins, *answer = NULL;

  if (document == NULL)
    return NULL;
  pins = assay_pins_load (context->cas);
  if (assay_values_get_string (values, "claim") != NULL)
    {
      AssayObject *object = change (pins, document, values, error) ? assay_pins_store (context->cas, pins, error) : NULL;

      if (object == NULL)
        {
          json_decref (pins);
          return NULL;
        }
      assay_job_add_output (context, object);
    }
  answer = json_pack ("{s:O, s:o}", "pins", pins, "claims", list_claims (document, pins));
  json_decref (pins);
  return answer;
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *pins = json_object_get (document, "pins"), *claims = json_object_get (document, "claims");
  gsize k;
  json_t *entry;

  assay_view_add_heading (view, "Pinned, in the order of the summary");
  if (json_array_size (pins) == 0)
    assay_view_add_text (view, "Nothing is pinned: the summary lists all claims.");
  json_array_foreach (pins, k, entry)
    assay_view_add_text (view, "%d. %s%s%s", (int) k + 1, assay_json_get_text (entry, "claim"), json_is_string (json_object_get (entry, "note")) ? ": " : "",
                         assay_json_get_text (entry, "note"));
  assay_view_add_heading (view, "Claims that the case makes");
  if (json_array_size (claims) == 0)
    assay_view_add_text (view, "None yet: it holds no scores, audits or probes.");
  json_array_foreach (claims, k, entry)
    assay_view_add_text (view, "%s%s\n  %s", assay_json_get_text (entry, "claim"), json_is_true (json_object_get (entry, "pinned")) ? "  (pinned)" : "",
                         assay_json_get_text (entry, "sentence"));
}

ASSAY_JOB_KIND_DEFINE (pin) = {
  .name = "pin", .group = ASSAY_JOB_GROUP_REPORT, .help = "choose the findings that a report's summary shows",
  .description = "Every section of a report makes claims: a sentence with its number, interval and check. The summary shows those that are pinned, in their "
                 "order, or all when none is. The value that a claim had when it was pinned is kept: a report says so on its first page when the "
                 "case has changed since.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .params = params, .run = run, .view = view,
};
