/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_verify_signatures.c: the signers of a bundle and their time stamps. */
#include "report/bundle_verify_private.h"

#include <string.h>

#include "report/signature.h"
#include "report/time_token.h"

/* The key that the reader expects; NULL without an error: none was given. */
static gboolean
load_expected (const AssayBundleVerification *self, AssaySigningKey **key, GError **error)
{
  if (self->check->key == NULL)
    return TRUE;
  *key = assay_signing_key_load_public (self->check->key, error);
  return *key != NULL;
}

/* SHA-256 of the token's bytes, which its name must hold. */
static gboolean
is_token_name (const char *name, GBytes *token)
{
  AssayDigest digest = assay_digest_of_bytes (g_bytes_get_data (token, NULL), g_bytes_get_size (token));
  g_autofree char *hex = assay_digest_to_hex (&digest), *want = g_strconcat (ASSAY_SIGNATURE_TOKEN_PREFIX, hex, ASSAY_SIGNATURE_TOKEN_SUFFIX, NULL);

  return strcmp (name, want) == 0;
}

static void
check_token (AssayBundleVerification *self, AssayBundleSigner *signer, const char *path, const char *name, GBytes *token, GBytes *envelope)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *time = NULL, *authority = NULL;

  if (!is_token_name (name, token))
    {
      assay_bundle_verdict_add (self->verdict, "time", path, "%s: is altered: its name holds another SHA-256", path);
      return;
    }
  time = assay_time_token_read (token, envelope, &error);
  if (time != NULL && self->check->tsa_certificate != NULL)
    assay_time_token_check (token, envelope, self->check->tsa_certificate, &authority, &error);
  if (error != NULL)
    {
      assay_bundle_verdict_add (self->verdict, "time", path, "%s: %s", path, error->message);
      return;
    }
  if (signer->time != NULL && authority == NULL)        /* another one is there already */
    return;
  g_free (signer->time);
  signer->time = g_steal_pointer (&time);
  signer->authority = g_steal_pointer (&authority);
}

/* What has no place in a signer's directory is a finding; tokens are checked. */
static void
check_others (AssayBundleVerification *self, AssayBundleSigner *signer, const char *directory, GHashTable *files)
{
  static const char *const known[] = { ASSAY_SIGNATURE_KEY, ASSAY_SIGNATURE_OF_SUMS, ASSAY_SIGNATURE_OF_STATEMENT, ASSAY_SIGNATURE_ENVELOPE,
                                       ASSAY_SIGNATURE_REQUEST, NULL };
  GHashTableIter iter;
  gpointer name, bytes;

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &name, &bytes))
    {
      g_autofree char *path = g_strconcat (directory, "/", name, NULL);

      if (g_strv_contains (known, name))
        continue;
      if (g_str_has_prefix (name, ASSAY_SIGNATURE_TOKEN_PREFIX) && g_str_has_suffix (name, ASSAY_SIGNATURE_TOKEN_SUFFIX))
        check_token (self, signer, path, name, bytes, g_hash_table_lookup (files, ASSAY_SIGNATURE_ENVELOPE));
      else
        assay_bundle_verdict_add (self->verdict, "extra", path, "%s: is no part of a signature", path);
    }
}

static void
check_signer (AssayBundleVerification *self, const char *key_id, GHashTable *files, const AssaySigningKey *expected)
{
  g_autofree char *directory = g_strconcat (ASSAY_BUNDLE_SIGNATURES "/", key_id, NULL);
  g_autoptr (AssaySigningKey) key = NULL;
  g_autoptr (GError) error = NULL;
  const char *fault = NULL;
  AssayBundleSigner *signer;

  key = assay_signature_check (files, key_id, self->sums_text, self->statement_text, &fault, &error);
  if (key == NULL)
    {
      g_autofree char *path = g_strconcat (directory, "/", fault, NULL);

      assay_bundle_verdict_add (self->verdict, "signature", path, "%s/%s", directory, error->message);
      return;
    }
  signer = g_new0 (AssayBundleSigner, 1);
  signer->fingerprint = g_strdup (assay_signing_key_get_fingerprint (key));
  signer->is_known = expected != NULL && strcmp (signer->fingerprint, assay_signing_key_get_fingerprint (expected)) == 0;
  g_ptr_array_add (self->verdict->signers, signer);
  check_others (self, signer, directory, files);
}

/* Reads all files below signatures/, by signer. */
static GHashTable *
collect (AssayBundleVerification *self)
{
  GHashTable *signers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
  const GPtrArray *entries = assay_bundle_directory_list (self->directory);

  for (guint k = 0; k < entries->len; k++)
    {
      const AssayBundleEntry *entry = entries->pdata[k];
      g_auto (GStrv) words = g_strsplit (entry->path, "/", -1);
      g_autoptr (GError) error = NULL;
      GHashTable *files;
      GBytes *bytes;

      if (strcmp (words[0], ASSAY_BUNDLE_SIGNATURES) != 0 || words[1] == NULL || entry->fault != NULL)
        continue;
      if (g_strv_length (words) != 3)
        {
          assay_bundle_verdict_add (self->verdict, "extra", entry->path, "%s: is no part of a signature", entry->path);
          continue;
        }
      bytes = assay_bundle_directory_read (self->directory, entry->path, ASSAY_SIGNATURE_MAX_BYTES, &error);
      if (bytes == NULL)
        {
          assay_bundle_verdict_add (self->verdict, "unreadable", entry->path, "%s", error->message);
          continue;
        }
      files = g_hash_table_lookup (signers, words[1]);
      if (files == NULL)
        {
          files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
          g_hash_table_insert (signers, g_strdup (words[1]), files);
        }
      g_hash_table_insert (files, g_strdup (words[2]), bytes);
    }
  return signers;
}

gboolean
assay_verify_signatures (AssayBundleVerification *self, GError **error)
{
  g_autoptr (AssaySigningKey) expected = NULL;
  g_autoptr (GHashTable) signers = NULL;
  g_autoptr (GList) ids = NULL;

  if (!load_expected (self, &expected, error))
    return FALSE;
  signers = collect (self);
  if (g_hash_table_size (signers) > 0 && (self->statement_text == NULL || (self->sums_text == NULL && self->check->number == NULL)))
    {
      assay_bundle_verdict_add (self->verdict, "signature", ASSAY_BUNDLE_SIGNATURES, ASSAY_BUNDLE_SIGNATURES ": what was signed is missing");
      return TRUE;
    }
  ids = g_list_sort (g_hash_table_get_keys (signers), (GCompareFunc) strcmp);
  for (GList *id = ids; id != NULL; id = id->next)
    check_signer (self, id->data, g_hash_table_lookup (signers, id->data), expected);
  return TRUE;
}
