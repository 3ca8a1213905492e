/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_verify.c: checks everything that a case promises, byte by byte and value by value. */
#include "job/spec.h"
#include "store/verify.h"

static const AssayParam params[] = { { .name = NULL } };

static const AssayJobExample examples[] = {
  { "check every byte and value that was committed", "assay verify people.assay" },
  { NULL, NULL }
};

static json_t *
finding_to_json (const AssayFinding *finding)
{
  return json_pack ("{s:s, s:s, s:s?, s:s?, s:s?, s:s}", "level", finding->level == ASSAY_FINDING_DAMAGE ? "damage" : "note", "what",
                    finding->what, "file", finding->file, "kind", finding->kind, "name", finding->name, "text", finding->text);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  g_autoptr (AssayVerification) done = assay_case_verify (assay_job_get_case (job), context->progress, error);
  json_t *findings, *summary;

  if (done == NULL)
    return NULL;
  findings = json_array ();
  for (guint k = 0; k < done->findings->len; k++)
    json_array_append_new (findings, finding_to_json (done->findings->pdata[k]));
  summary = json_pack ("{s:I, s:I, s:I, s:I, s:i, s:b, s:o}", "objects", (json_int_t) done->n_objects, "parts", (json_int_t) done->n_parts,
                       "records", (json_int_t) done->n_records, "bytes", (json_int_t) done->bytes, "damaged", (int) done->n_damaged,
                       "sound", done->n_damaged == 0, "findings", findings);
  if (done->n_damaged > 0)
    {
      g_autofree char *text = g_strdup_printf ("%s: %u of what was committed is damaged or missing", assay_job_get_case (job),
                                               done->n_damaged);

      json_object_set_new (summary, ASSAY_JOB_FINDING, json_string (text));
    }
  return summary;
}

static void
view (const json_t *document, AssayView *view)
{
  g_autofree char *bytes = assay_view_bytes (json_number_value (json_object_get (document, "bytes")));
  gsize k;
  json_t *finding;

  json_array_foreach (json_object_get (document, "findings"), k, finding)
    assay_view_add_text (view, "%s: %s", json_string_value (json_object_get (finding, "level")),
                         json_string_value (json_object_get (finding, "text")));
  assay_view_add_text (view, "%s: %d objects in %d files, %s and %d journal records checked",
                       json_is_true (json_object_get (document, "sound")) ? "sound" : "DAMAGED",
                       (int) json_integer_value (json_object_get (document, "objects")),
                       (int) json_integer_value (json_object_get (document, "parts")), bytes,
                       (int) json_integer_value (json_object_get (document, "records")));
}

ASSAY_JOB_KIND_DEFINE (verify) = {
  .name = "verify", .help = "check that nothing committed was lost or altered",
  .description = "Reads the whole case: the chain of its journal, the size and SHA-256 of every file, and the digest of every value. What is "
                 "damaged is named, everything else stays usable. Remains of an interrupted writer are notes, not damage. Nothing is changed.\n\n"
                 "The exit status is 1 when something is damaged.",
  .examples = examples, .access = ASSAY_JOB_NAMES_CASE, .params = params, .run = run, .view = view,
};
