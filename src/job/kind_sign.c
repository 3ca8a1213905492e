/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_sign.c: one more signature, or a time stamp, for a report that is written already. */
#include "base/error.h"
#include "job/spec.h"
#include "report/countersign.h"

static const AssayParam params[] = {
  { "bundle", ASSAY_PARAM_STRING, .metavar = "BUNDLE", .flags = ASSAY_PARAM_POSITIONAL | ASSAY_PARAM_REQUIRED | ASSAY_PARAM_FILE,
    .help = "directory that assay report wrote" },
  { "key", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "private key to sign with (assay keygen)" },
  { "passphrase-file", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "file or pipe whose first line opens the key" },
  { "time-token", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE,
    .help = "a time-stamping authority's answer (RFC 3161) to a signer's request statement.tsq" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "vouch for a report that was written unsigned", "assay sign people-report --key signer.pem" },
  { NULL, NULL }
};

static gboolean
sign (const AssayValues *values, const char *bundle, AssayProgress *progress, json_t *summary, GError **error)
{
  const char *words = assay_values_get_string (values, "passphrase-file");
  char *passphrase = words != NULL ? assay_passphrase_read (words, error) : NULL;
  g_autoptr (AssaySigningKey) key = NULL;
  g_autofree char *added = NULL;

  if (words != NULL && passphrase == NULL)
    return FALSE;
  key = assay_signing_key_load (assay_values_get_string (values, "key"), passphrase, error);
  assay_passphrase_free (passphrase);
  if (key == NULL || !assay_bundle_countersign (bundle, key, progress, &added, error))
    return FALSE;
  json_object_set_new (summary, "signature", json_string (added));
  json_object_set_new (summary, "fingerprint", json_string (assay_signing_key_get_fingerprint (key)));
  return TRUE;
}

static gboolean
stamp (const AssayValues *values, const char *bundle, AssayProgress *progress, json_t *summary, GError **error)
{
  g_autofree char *added = NULL;

  if (!assay_bundle_add_time_stamp (bundle, assay_values_get_string (values, "time-token"), progress, &added, error))
    return FALSE;
  json_object_set_new (summary, "time_stamp", json_string (added));
  return TRUE;
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  (void) context;
  (void) error;
  assay_job_plan_add (plan, 0, 0, 8192, "check %s, then add to its signatures", assay_values_get_string (assay_job_get_values (job), "bundle"));
  return TRUE;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *bundle = assay_values_get_string (values, "bundle");
  gboolean has_key = assay_values_get_string (values, "key") != NULL, has_token = assay_values_get_string (values, "time-token") != NULL;
  json_t *summary = json_pack ("{s:s, s:n, s:n, s:n}", "bundle", bundle, "signature", "fingerprint", "time_stamp");

  if (!has_key && !has_token)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "either --key FILE or --time-token FILE is needed");
  else if ((!has_key || sign (values, bundle, context->progress, summary, error))
           && (!has_token || stamp (values, bundle, context->progress, summary, error)))
    return summary;
  json_decref (summary);
  return NULL;
}

static void
view (const json_t *document, AssayView *view)
{
  const char *signature = json_string_value (json_object_get (document, "signature")), *stamp = json_string_value (json_object_get (document, "time_stamp"));

  if (signature != NULL)
    {
      assay_view_add_field (view, "signature", "%s", signature);
      assay_view_add_field (view, "signed by key", "%s", json_string_value (json_object_get (document, "fingerprint")));
      assay_view_add_text (view, "The time is the operator's word. For an independent one, send %s/%s/statement.tsq to a time-stamping authority and add its "
                           "answer by --time-token.", json_string_value (json_object_get (document, "bundle")), signature);
    }
  if (stamp != NULL)
    assay_view_add_field (view, "time stamp", "%s", stamp);
}

ASSAY_JOB_KIND_DEFINE (sign) = {
  .name = "sign", .group = ASSAY_JOB_GROUP_REPORT, .help = "sign a report that is written already, or add a time stamp to a signed one",
  .description = "Checks the bundle as assay verify does, and refuses to vouch for an altered one. Then signs its list of digests and its statement, in a "
                 "directory of the signer's own: several people can sign the same report, in any order, and no signature changes another. The private "
                 "key never leaves its file.\n\n"
                 "Nothing is sent anywhere. To have the time vouched for by somebody else, send the signer's statement.tsq to a time-stamping "
                 "authority (RFC 3161) by any program, and hand its answer to --time-token.",
  .examples = examples, .access = ASSAY_JOB_NO_CASE, .params = params, .plan = plan, .run = run, .view = view,
};
