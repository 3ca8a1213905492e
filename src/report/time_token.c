/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time_token.c: time stamps by OpenSSL. */
#include "report/time_token.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/error.h"
#include "store/digest.h"
#include "store/file.h"

#define MAX_CERTIFICATE_BYTES ((guint64) 4 << 20)

static gboolean
fail (GError **error, AssayErrorCode code, const char *what)
{
  unsigned long cause = ERR_peek_last_error ();
  const char *reason = cause != 0 ? ERR_reason_error_string (cause) : NULL;

  g_set_error (error, ASSAY_ERROR, (int) code, "time stamp: %s%s%s", what, reason != NULL ? ": " : "", reason != NULL ? reason : "");
  ERR_clear_error ();
  return FALSE;
}

/* --- request --------------------------------------------------------------------------------------------------------- */

static gboolean
fill_request (TS_REQ *request, const AssayDigest *digest)
{
  TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new ();
  X509_ALGOR *algorithm = X509_ALGOR_new ();
  gboolean ok;

  X509_ALGOR_set_md (algorithm, EVP_sha256 ());
  ok = TS_MSG_IMPRINT_set_algo (imprint, algorithm) == 1
       && TS_MSG_IMPRINT_set_msg (imprint, (unsigned char *) digest->bytes, ASSAY_DIGEST_BYTES) == 1 && TS_REQ_set_version (request, 1) == 1
       && TS_REQ_set_msg_imprint (request, imprint) == 1 && TS_REQ_set_cert_req (request, 1) == 1;
  X509_ALGOR_free (algorithm);
  TS_MSG_IMPRINT_free (imprint);
  return ok;
}

GBytes *
assay_time_request (GBytes *stamped, GError **error)
{
  AssayDigest digest = assay_digest_of_bytes (g_bytes_get_data (stamped, NULL), g_bytes_get_size (stamped));
  TS_REQ *request = TS_REQ_new ();
  unsigned char *der = NULL;
  int n = fill_request (request, &digest) ? i2d_TS_REQ (request, &der) : -1;
  GBytes *bytes = n > 0 ? g_bytes_new (der, (gsize) n) : NULL;

  TS_REQ_free (request);
  OPENSSL_free (der);
  if (bytes == NULL)
    fail (error, ASSAY_ERROR_UNSUPPORTED, "OpenSSL cannot make the request");
  return bytes;
}

/* --- answer ---------------------------------------------------------------------------------------------------------- */

/* A granted answer, of nothing but its own DER. */
static TS_RESP *
parse (GBytes *response, GError **error)
{
  gsize n;
  const unsigned char *at = g_bytes_get_data (response, &n), *start = at;
  TS_RESP *parsed = d2i_TS_RESP (NULL, &at, (long) n);

  if (parsed != NULL && (gsize) (at - start) == n && ASN1_INTEGER_get (TS_STATUS_INFO_get0_status (TS_RESP_get_status_info (parsed))) == 0
      && TS_RESP_get_tst_info (parsed) != NULL)
    return parsed;
  TS_RESP_free (parsed);
  fail (error, ASSAY_ERROR_INPUT, "a granted answer of an authority is expected (RFC 3161, DER)");
  return NULL;
}

static gboolean
is_about (const TS_TST_INFO *info, GBytes *stamped)
{
  AssayDigest digest = assay_digest_of_bytes (g_bytes_get_data (stamped, NULL), g_bytes_get_size (stamped));
  TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint ((TS_TST_INFO *) info);
  const ASN1_OCTET_STRING *message = TS_MSG_IMPRINT_get_msg (imprint);
  const ASN1_OBJECT *algorithm;

  X509_ALGOR_get0 (&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo (imprint));
  return OBJ_obj2nid (algorithm) == NID_sha256 && ASN1_STRING_length (message) == ASSAY_DIGEST_BYTES
         && memcmp (ASN1_STRING_get0_data (message), digest.bytes, ASSAY_DIGEST_BYTES) == 0;
}

static gboolean
time_of (const TS_TST_INFO *info, gint64 *seconds)
{
  struct tm tm;
  g_autoptr (GDateTime) time = NULL;

  if (ASN1_TIME_to_tm (TS_TST_INFO_get_time (info), &tm) != 1)
    return FALSE;
  time = g_date_time_new_utc (tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
  if (time == NULL)
    return FALSE;
  *seconds = g_date_time_to_unix (time);
  return TRUE;
}

char *
assay_time_token_read (GBytes *response, GBytes *stamped, GError **error)
{
  TS_RESP *parsed = parse (response, error);
  g_autoptr (GDateTime) time = NULL;
  char *text = NULL;
  gint64 seconds;

  if (parsed == NULL)
    return NULL;
  if (!is_about (TS_RESP_get_tst_info (parsed), stamped))
    fail (error, ASSAY_ERROR_CHECK_FAILED, "is about other bytes than these");
  else if (!time_of (TS_RESP_get_tst_info (parsed), &seconds))
    fail (error, ASSAY_ERROR_INPUT, "states no time");
  else
    {
      time = g_date_time_new_from_unix_utc (seconds);
      text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
    }
  TS_RESP_free (parsed);
  return text;
}

/* Certificates that are trusted as they are: an authority's own, or that of who issued it. NULL with an error. */
static X509_STORE *
trust (const char *path, gint64 seconds, GError **error)
{
  g_autoptr (GBytes) pem = assay_file_read (path, MAX_CERTIFICATE_BYTES, error);
  X509_STORE *store;
  X509 *certificate;
  BIO *bio;
  guint n = 0;

  if (pem == NULL)
    return NULL;
  store = X509_STORE_new ();
  bio = BIO_new_mem_buf (g_bytes_get_data (pem, NULL), (int) g_bytes_get_size (pem));
  while ((certificate = PEM_read_bio_X509 (bio, NULL, NULL, NULL)) != NULL)
    {
      n += X509_STORE_add_cert (store, certificate) == 1;
      X509_free (certificate);
    }
  BIO_free (bio);
  ERR_clear_error ();
  if (n == 0)
    {
      X509_STORE_free (store);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: certificates in PEM are expected (\"BEGIN CERTIFICATE\")", path);
      return NULL;
    }
  X509_STORE_set_flags (store, X509_V_FLAG_PARTIAL_CHAIN);
  /* An authority's certificate runs out; what it stamped before stays stamped. */
  X509_VERIFY_PARAM_set_time (X509_STORE_get0_param (store), (time_t) seconds);
  return store;
}

/* The subject of the certificate that signed, on one line. */
static char *
signer_name (TS_RESP *response)
{
  STACK_OF (X509) *signers = PKCS7_get0_signers (TS_RESP_get_token (response), NULL, 0);
  BIO *bio = BIO_new (BIO_s_mem ());
  char *data = NULL, *name;
  long n;

  if (signers != NULL && sk_X509_num (signers) > 0)
    X509_NAME_print_ex (bio, X509_get_subject_name (sk_X509_value (signers, 0)), 0, XN_FLAG_ONELINE);
  n = BIO_get_mem_data (bio, &data);
  name = g_utf8_make_valid (data != NULL ? data : "", (gssize) MAX (n, 0));
  BIO_free (bio);
  sk_X509_free (signers);
  return name;
}

/* Takes the store. */
static gboolean
verify (TS_RESP *response, GBytes *stamped, X509_STORE *store)
{
  TS_VERIFY_CTX *context = TS_VERIFY_CTX_new ();
  BIO *data = BIO_new_mem_buf (g_bytes_get_data (stamped, NULL), (int) g_bytes_get_size (stamped));
  gboolean ok;

  TS_VERIFY_CTX_set_flags (context, TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNATURE);
  TS_VERIFY_CTX_set_data (context, data);               /* which the context frees, as it does the store */
  TS_VERIFY_CTX_set_store (context, store);
  ok = TS_RESP_verify_response (context, response) == 1;
  TS_VERIFY_CTX_free (context);
  return ok;
}

gboolean
assay_time_token_check (GBytes *response, GBytes *stamped, const char *certificates, char **authority, GError **error)
{
  TS_RESP *parsed = parse (response, error);
  X509_STORE *store = NULL;
  gint64 seconds;
  gboolean ok = FALSE;

  if (parsed == NULL)
    return FALSE;
  if (!time_of (TS_RESP_get_tst_info (parsed), &seconds))
    fail (error, ASSAY_ERROR_INPUT, "states no time");
  else
    store = trust (certificates, seconds, error);
  if (store != NULL)
    ok = verify (parsed, stamped, store) || fail (error, ASSAY_ERROR_CHECK_FAILED, "is not vouched for by the given certificate");
  if (ok)
    *authority = signer_name (parsed);
  TS_RESP_free (parsed);
  return ok;
}
