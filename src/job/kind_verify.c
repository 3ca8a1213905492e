/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_verify.c: checks everything that a case promises, byte by byte and value by value, or what a report's bundle does. */
#include "base/error.h"
#include "job/spec.h"
#include "report/bundle_answer.h"
#include "store/verify.h"

#include <string.h>

static const AssayJobExample examples[] = {
  { "check every byte and value that was committed", "assay verify people.assay" },
  { "check a report, and that it was signed by a key that you trust", "assay verify people-report --key signer.pem.pub" },
  { NULL, NULL }
};

/* --- a case ---------------------------------------------------------------------------------------------------------- */

static json_t *
finding_to_json (const AssayFinding *finding)
{
  return json_pack ("{s:s, s:s, s:s?, s:s?, s:s?, s:s}", "level", finding->level == ASSAY_FINDING_DAMAGE ? "damage" : "note", "what",
                    finding->what, "file", finding->file, "kind", finding->kind, "name", finding->name, "text", finding->text);
}

static json_t *
run_case (AssayJob *job, AssayJobContext *context, GError **error)
{
  g_autoptr (AssayVerification) done = assay_case_verify (assay_job_get_case (job), context->progress, error);
  json_t *findings, *summary;

  if (done == NULL)
    return NULL;
  findings = json_array ();
  for (guint k = 0; k < done->findings->len; k++)
    json_array_append_new (findings, finding_to_json (done->findings->pdata[k]));
  summary = json_pack ("{s:s, s:I, s:I, s:I, s:I, s:i, s:b, s:o}", "subject", "case", "objects", (json_int_t) done->n_objects, "parts", (json_int_t) done->n_parts,
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
view_case (const json_t *document, AssayView *view)
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

/* --- a report -------------------------------------------------------------------------------------------------------- */

static json_t *
run_bundle (AssayJob *job, AssayJobContext *context, GError **error)
{
  g_autofree char *reason = NULL;
  int exit_status = 0;
  json_t *summary = assay_bundle_answer (assay_job_get_case (job), assay_job_get_values (job), context->progress, &exit_status, &reason, error);

  if (summary != NULL && reason != NULL)
    json_object_set_new (summary, exit_status == 1 ? ASSAY_JOB_FINDING : ASSAY_JOB_INCOMPLETE, json_string (reason));
  return summary;
}

static void
view_bundle (const json_t *document, AssayView *view)
{
  gsize k;
  json_t *sentence;

  json_array_foreach (json_object_get (document, "sentences"), k, sentence)
    assay_view_add_text (view, "%s", json_string_value (sentence));
}

/* --- either ---------------------------------------------------------------------------------------------------------- */

static gboolean
check_options (AssayJob *job, GError **error)
{
  for (const AssayParam *p = assay_bundle_params; p->name != NULL; p++)
    if (assay_values_is_set (assay_job_get_values (job), p->name))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: is no bundle of a report; --%s is about one", assay_job_get_case (job), p->name);
        return FALSE;
      }
  return TRUE;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  if (assay_bundle_is_one (assay_job_get_case (job)))
    return run_bundle (job, context, error);
  return check_options (job, error) ? run_case (job, context, error) : NULL;
}

static void
view (const json_t *document, AssayView *view)
{
  if (g_strcmp0 (json_string_value (json_object_get (document, "subject")), "bundle") == 0)
    view_bundle (document, view);
  else
    view_case (document, view);
}

ASSAY_JOB_KIND_DEFINE (verify) = {
  .name = "verify", .group = ASSAY_JOB_GROUP_CHECK, .help = "check that nothing committed was lost or altered, in a case or in a report",
  .description = "Of a case: reads the whole of it, the chain of its journal, the size and SHA-256 of every file, and the digest of every value. What is "
                 "damaged is named, everything else stays usable. Remains of an interrupted writer are notes, not damage.\n\n"
                 "Of a directory that assay report wrote (give it in the place of CASE): checks every file, follows every printed number to the evidence "
                 "and the evidence to the signed statement, and prints three verdicts: whether it is unaltered; whether the signer is known (--key), with "
                 "the fingerprint to compare elsewhere; and whether anybody but the operator vouches for the time. What is altered is named: the "
                 "file and its bytes, the array and its rows, the number. Evidence that was merely repacked (h5repack) is no alarm; with --content no change of the file around equal values is. Files of others are "
                 "read in a process without rights. That it is unaltered does not show that its numbers are right.\n\n"
                 "Nothing is changed, and nothing is sent anywhere. The exit status is 1 when something is damaged or altered, or is not signed by the key "
                 "that was given, and 5 when a report is unaltered but unsigned.",
  .examples = examples, .access = ASSAY_JOB_NAMES_CASE, .params = assay_bundle_params, .run = run, .view = view,
};
