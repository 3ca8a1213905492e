/* SPDX-License-Identifier: GPL-3.0-or-later */
/* signature.c: the files of one signer, made and checked. */
#include "report/signature.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "report/statement.h"
#include "report/time_token.h"

#define KEY_ID_DIGITS 16

char *
assay_signature_directory (const AssaySigningKey *key)
{
  return g_strdup_printf (ASSAY_BUNDLE_SIGNATURES "/%.*s", KEY_ID_DIGITS, assay_signing_key_get_fingerprint (key));
}

/* "DSSEv1" SP len(type) SP type SP len(payload) SP payload */
static GBytes *
encode_for_signing (GBytes *statement)
{
  gsize n;
  const void *payload = g_bytes_get_data (statement, &n);
  g_autofree char *head = g_strdup_printf ("DSSEv1 %u " ASSAY_STATEMENT_MEDIA_TYPE " %" G_GSIZE_FORMAT " ",
                                           (guint) strlen (ASSAY_STATEMENT_MEDIA_TYPE), n);
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *) head, (guint) strlen (head));
  g_byte_array_append (bytes, payload, (guint) n);
  return g_byte_array_free_to_bytes (bytes);
}

/* The one spelling of the envelope of that statement and signature. */
static GBytes *
make_envelope (const AssaySigningKey *key, GBytes *statement, GBytes *signature)
{
  g_autofree char *payload = g_base64_encode (g_bytes_get_data (statement, NULL), g_bytes_get_size (statement));
  g_autofree char *sig = g_base64_encode (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature)), *line = NULL;
  json_t *envelope = json_pack ("{s:s, s:s, s:[{s:s, s:s}]}", "payload", payload, "payloadType", ASSAY_STATEMENT_MEDIA_TYPE, "signatures", "keyid",
                                assay_signing_key_get_fingerprint (key), "sig", sig);
  char *text = json_dumps (envelope, JSON_SORT_KEYS | JSON_COMPACT);
  gsize n;

  json_decref (envelope);
  line = g_strconcat (text, "\n", NULL);
  free (text);
  n = strlen (line);
  return g_bytes_new_take (g_steal_pointer (&line), n);
}

gboolean
assay_signature_make (const AssaySigningKey *key, GBytes *sums, GBytes *statement, AssayBundle *files, GError **error)
{
  g_autoptr (GBytes) message = encode_for_signing (statement), pem = assay_signing_key_dup_public_pem (key, error);
  g_autoptr (GBytes) of_sums = pem != NULL ? assay_signing_key_sign (key, sums, error) : NULL;
  g_autoptr (GBytes) of_statement = of_sums != NULL ? assay_signing_key_sign (key, message, error) : NULL;
  g_autoptr (GBytes) envelope = of_statement != NULL ? make_envelope (key, statement, of_statement) : NULL;
  g_autoptr (GBytes) request = envelope != NULL ? assay_time_request (envelope, error) : NULL;

  return request != NULL && assay_bundle_add (files, ASSAY_SIGNATURE_KEY, pem, error) && assay_bundle_add (files, ASSAY_SIGNATURE_OF_SUMS, of_sums, error)
         && assay_bundle_add (files, ASSAY_SIGNATURE_OF_STATEMENT, of_statement, error)
         && assay_bundle_add (files, ASSAY_SIGNATURE_ENVELOPE, envelope, error) && assay_bundle_add (files, ASSAY_SIGNATURE_REQUEST, request, error);
}

/* --- checking -------------------------------------------------------------------------------------------------------- */

static gboolean
refuse (const char *name, const char *what, const char **fault, GError **error)
{
  if (fault != NULL)
    *fault = name;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "%s: %s", name, what);
  return FALSE;
}

static gboolean
check_files (GHashTable *files, const AssaySigningKey *key, GBytes *sums, GBytes *statement, const char **fault, GError **error)
{
  GBytes *of_sums = g_hash_table_lookup (files, ASSAY_SIGNATURE_OF_SUMS), *of_statement = g_hash_table_lookup (files, ASSAY_SIGNATURE_OF_STATEMENT);
  GBytes *envelope = g_hash_table_lookup (files, ASSAY_SIGNATURE_ENVELOPE), *request = g_hash_table_lookup (files, ASSAY_SIGNATURE_REQUEST);
  g_autoptr (GBytes) message = encode_for_signing (statement), want_envelope = NULL, want_request = NULL;

  if (sums != NULL && (of_sums == NULL || !assay_signing_key_verify (key, sums, of_sums)))
    return refuse (ASSAY_SIGNATURE_OF_SUMS, "is no signature of " ASSAY_BUNDLE_SUMS " by this key: one of the two is altered", fault, error);
  if (of_statement == NULL || !assay_signing_key_verify (key, message, of_statement))
    return refuse (ASSAY_SIGNATURE_OF_STATEMENT, "is no signature of " ASSAY_STATEMENT_FILE " by this key: one of the two is altered", fault, error);
  want_envelope = make_envelope (key, statement, of_statement);
  if (envelope == NULL || !g_bytes_equal (want_envelope, envelope))
    return refuse (ASSAY_SIGNATURE_ENVELOPE, "is not the envelope of " ASSAY_STATEMENT_FILE " with " ASSAY_SIGNATURE_OF_STATEMENT, fault, error);
  want_request = assay_time_request (envelope, error);
  if (want_request == NULL)
    return FALSE;
  if (request == NULL || !g_bytes_equal (want_request, request))
    return refuse (ASSAY_SIGNATURE_REQUEST, "is not the time-stamp request of " ASSAY_SIGNATURE_ENVELOPE, fault, error);
  return TRUE;
}

AssaySigningKey *
assay_signature_check (GHashTable *files, const char *key_id, GBytes *sums, GBytes *statement, const char **fault, GError **error)
{
  GBytes *pem = g_hash_table_lookup (files, ASSAY_SIGNATURE_KEY);
  g_autoptr (AssaySigningKey) key = NULL;
  const char *fingerprint;

  if (pem != NULL)
    key = assay_signing_key_parse_public (pem, ASSAY_SIGNATURE_KEY, NULL);
  if (key == NULL)
    {
      refuse (ASSAY_SIGNATURE_KEY, "is missing or no public key", fault, error);
      return NULL;
    }
  fingerprint = assay_signing_key_get_fingerprint (key);
  if (strlen (key_id) != KEY_ID_DIGITS || strncmp (fingerprint, key_id, KEY_ID_DIGITS) != 0)
    {
      refuse (ASSAY_SIGNATURE_KEY, "is not the key that its directory is named after", fault, error);
      return NULL;
    }
  return check_files (files, key, sums, statement, fault, error) ? g_steal_pointer (&key) : NULL;
}
