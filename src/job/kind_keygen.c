/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_keygen.c: a pair of keys for signing reports. */
#include "job/spec.h"
#include "report/signing_key.h"

static const AssayParam params[] = {
  { "file", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_POSITIONAL | ASSAY_PARAM_REQUIRED | ASSAY_PARAM_FILE | ASSAY_PARAM_WRITTEN,
    .help = "private key to write; the public one goes to FILE.pub" },
  { "passphrase-file", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE,
    .help = "encrypt the private key by the first line of this file, which may be a pipe" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "a pair of keys for signing reports", "assay keygen signer.pem" },
  { NULL, NULL }
};

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const char *file = assay_values_get_string (assay_job_get_values (job), "file");

  (void) context;
  (void) error;
  assay_job_plan_add (plan, 0, 0, 1024, "write the private key %s and the public key %s.pub", file, file);
  return TRUE;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *file = assay_values_get_string (values, "file"), *words = assay_values_get_string (values, "passphrase-file");
  char *passphrase = words != NULL ? assay_passphrase_read (words, error) : NULL;
  g_autoptr (AssaySigningKey) key = NULL;
  gboolean saved;

  if (words != NULL && passphrase == NULL)
    return NULL;
  key = assay_signing_key_generate (error);
  saved = key != NULL && assay_signing_key_save (key, file, passphrase, error);
  assay_passphrase_free (passphrase);
  if (!saved)
    return NULL;
  if (words == NULL)
    assay_job_add_note (context, "the private key is not encrypted: whoever reads %s can sign in its owner's name", file);
  return json_pack ("{s:s, s:s+, s:s, s:b, s:s}", "private_key", file, "public_key", file, ".pub", "fingerprint", assay_signing_key_get_fingerprint (key),
                    "encrypted", words != NULL, "algorithm", "ECDSA P-256, SHA-256");
}

static void
view (const json_t *document, AssayView *view)
{
  assay_view_add_field (view, "private key", "%s%s", json_string_value (json_object_get (document, "private_key")),
                        json_is_true (json_object_get (document, "encrypted")) ? ", encrypted" : "");
  assay_view_add_field (view, "public key", "%s", json_string_value (json_object_get (document, "public_key")));
  assay_view_add_field (view, "fingerprint", "%s", json_string_value (json_object_get (document, "fingerprint")));
  assay_view_add_text (view, "Give the public key, or the fingerprint, to those who are to check what is signed: by a way that an altered report does not "
                       "come by. Keep the private key where it is never handed over with a case or a report.");
}

ASSAY_JOB_KIND_DEFINE (keygen) = {
  .name = "keygen", .group = ASSAY_JOB_GROUP_REPORT, .help = "make a pair of keys for signing reports",
  .description = "Writes an ECDSA key on the curve P-256 as PKCS#8 in PEM, readable by its owner alone, and its public half beside it. With a passphrase "
                 "the private key is encrypted (scrypt, AES-256). An existing file is never overwritten, and no key is written into a case or a "
                 "bundle. The fingerprint is the SHA-256 of the public key's DER form, as `openssl pkey -pubin -in FILE.pub -outform DER | sha256sum` "
                 "prints it.",
  .examples = examples, .access = ASSAY_JOB_NO_CASE, .params = params, .plan = plan, .run = run, .view = view,
};
