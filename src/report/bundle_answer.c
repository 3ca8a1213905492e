/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_answer.c: options become a check, a verdict becomes an answer. */
#include "report/bundle_answer.h"

const AssayParam assay_bundle_params[] = {
  { "key", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "of a report: the public key that must have signed it" },
  { "tsa-certificate", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE,
    .help = "of a report: certificate of the time-stamping authority, or of who issued it, in PEM" },
  { "number", ASSAY_PARAM_STRING, .metavar = "ID", .help = "of a report: check this one number, from its proof and the statement alone" },
  { "content", ASSAY_PARAM_BOOL,
    .help = "of a report: judge evidence/results.h5 by its values alone, whatever became of the file around them" },
  { .name = NULL }
};

json_t *
assay_bundle_answer (const char *directory, const AssayValues *values, AssayProgress *progress, int *exit_status, char **reason, GError **error)
{
  AssayBundleCheck check = { .key = assay_values_get_string (values, "key"), .tsa_certificate = assay_values_get_string (values, "tsa-certificate"),
                             .number = assay_values_get_string (values, "number"), .by_content = assay_values_get_bool (values, "content"),
                             .progress = progress };
  g_autoptr (AssayBundleVerdict) verdict = assay_bundle_verify (directory, &check, error);
  g_autoptr (GPtrArray) sentences = NULL;
  json_t *answer, *words;

  if (verdict == NULL)
    return NULL;
  answer = assay_bundle_verdict_to_json (verdict);
  sentences = assay_bundle_verdict_list_sentences (verdict);
  json_object_set_new (answer, "subject", json_string ("bundle"));
  json_object_set_new (answer, "sentences", words = json_array ());
  for (guint k = 0; k < sentences->len; k++)
    json_array_append_new (words, json_string (sentences->pdata[k]));
  *exit_status = assay_bundle_verdict_get_exit_status (verdict);
  *reason = assay_bundle_verdict_dup_reason (verdict);
  return answer;
}
