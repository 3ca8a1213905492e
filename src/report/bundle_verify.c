/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_verify.c: the files of a bundle against their digests, and the order of the other steps. */
#include "report/bundle_verify_private.h"

#include <string.h>

#include "base/error.h"
#include "report/evidence.h"
#include "report/number_proof.h"
#include "report/seal.h"

gboolean
assay_bundle_is_one (const char *directory)
{
  g_autofree char *marker = g_build_filename (directory, "assay-case.json", NULL), *sums = g_build_filename (directory, ASSAY_BUNDLE_SUMS, NULL);
  g_autofree char *statement = g_build_filename (directory, ASSAY_STATEMENT_FILE, NULL);

  return !g_file_test (marker, G_FILE_TEST_EXISTS) && (g_file_test (sums, G_FILE_TEST_EXISTS) || g_file_test (statement, G_FILE_TEST_EXISTS));
}

GBytes *
assay_verify_read (AssayBundleVerification *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = assay_bundle_directory_read (self->directory, path, ASSAY_VERIFY_MAX_BYTES, &error);

  if (bytes == NULL)
    assay_bundle_verdict_add (self->verdict, "unreadable", path, "%s", error->message);
  return bytes;
}

gboolean
assay_verify_is_intact (const AssayBundleVerification *self, const char *path)
{
  return self->sums != NULL && assay_sums_find (self->sums, path) != NULL && assay_bundle_directory_find (self->directory, path) != NULL
         && !g_hash_table_contains (self->altered, path);
}

/* --- files ----------------------------------------------------------------------------------------------------------- */

static gboolean
is_signature (const char *path)
{
  return g_str_has_prefix (path, ASSAY_BUNDLE_SIGNATURES "/");
}

static void
check_entries (AssayBundleVerification *self)
{
  const GPtrArray *entries = assay_bundle_directory_list (self->directory);

  for (guint k = 0; k < entries->len; k++)
    {
      const AssayBundleEntry *entry = entries->pdata[k];

      if (entry->fault != NULL)
        assay_bundle_verdict_add (self->verdict, "not-a-file", entry->path, "%s: is %s; it was not opened", entry->path, entry->fault);
      else if (strcmp (entry->path, ASSAY_BUNDLE_SUMS) != 0 && !is_signature (entry->path) && self->sums != NULL
               && assay_sums_find (self->sums, entry->path) == NULL)
        assay_bundle_verdict_add (self->verdict, "extra", entry->path, "%s: is no part of the bundle: " ASSAY_BUNDLE_SUMS " does not list it", entry->path);
    }
}

static void
read_sums (AssayBundleVerification *self)
{
  g_autoptr (GError) error = NULL;

  self->sums_text = assay_bundle_directory_read (self->directory, ASSAY_BUNDLE_SUMS, ASSAY_SUMS_MAX_BYTES, &error);
  if (self->sums_text != NULL)
    self->sums = assay_sums_parse (self->sums_text, ASSAY_BUNDLE_SUMS, &error);
  if (self->sums == NULL)
    assay_bundle_verdict_add (self->verdict, "sums", ASSAY_BUNDLE_SUMS, "%s", error->message);
}

/* A file that no line lists and that has this digest: it was renamed, or the name in the line was altered. NULL: there is none. */
static const char *
find_renamed (AssayBundleVerification *self, const AssaySum *sum)
{
  const GPtrArray *entries = assay_bundle_directory_list (self->directory);

  for (guint k = 0; k < entries->len; k++)
    {
      const AssayBundleEntry *entry = entries->pdata[k];
      AssayDigest digest;
      guint64 bytes;

      if (entry->fault == NULL && !is_signature (entry->path) && assay_sums_find (self->sums, entry->path) == NULL
          && assay_bundle_directory_digest (self->directory, entry->path, 0, NULL, &digest, &bytes, NULL) && assay_digest_equal (&digest, &sum->digest))
        return entry->path;
    }
  return NULL;
}

static void
name_missing (AssayBundleVerification *self, const AssaySum *sum)
{
  const char *renamed = find_renamed (self, sum);

  assay_bundle_verdict_add (self->verdict, "missing", sum->path, "%s: is missing", sum->path);
  if (renamed != NULL)
    assay_bundle_verdict_add (self->verdict, "sums", ASSAY_BUNDLE_SUMS, ASSAY_BUNDLE_SUMS ": line %u lists %s; it is %s that has this SHA-256: the file was renamed, or "
                              "the line altered", sum->line, sum->path, renamed);
}

static void
check_sum (AssayBundleVerification *self, const AssaySum *sum)
{
  g_autoptr (GError) error = NULL;
  const AssayBundleEntry *entry = assay_bundle_directory_find (self->directory, sum->path);
  AssayDigest digest;
  guint64 bytes;

  if (entry == NULL)
    {
      name_missing (self, sum);
      return;
    }
  if (entry->fault != NULL)             /* named already */
    return;
  if (!assay_bundle_directory_digest (self->directory, sum->path, 0, NULL, &digest, &bytes, &error))
    {
      assay_bundle_verdict_add (self->verdict, "unreadable", sum->path, "%s", error->message);
      return;
    }
  self->verdict->n_files++;
  self->verdict->n_bytes += bytes;
  if (!assay_digest_equal (&digest, &sum->digest))
    g_hash_table_add (self->altered, g_strdup (sum->path));
}

static gboolean
check_sums (AssayBundleVerification *self, GError **error)
{
  guint n = self->sums != NULL ? assay_sums_get_n (self->sums) : 0;

  for (guint k = 0; k < n; k++)
    {
      const AssaySum *sum = assay_sums_get (self->sums, k);

      if (assay_progress_is_cancelled (self->check->progress, error))
        return FALSE;
      assay_progress_report (self->check->progress, "digests", k, n, "files", sum->path);
      check_sum (self, sum);
    }
  return TRUE;
}

/* Where a file that is not as SHA256SUMS says was altered. The evidence has a step of its own. */
static void
locate (AssayBundleVerification *self, const AssaySum *sum)
{
  AssayBlockDifference d;
  AssayBundleFinding *finding;

  if (self->blocks == NULL || !assay_blocks_compare (self->blocks, self->directory, sum->path, &d, NULL))
    {
      assay_bundle_verdict_add (self->verdict, "altered", sum->path, "%s: is not as it was written: its SHA-256 is another", sum->path);
      return;
    }
  if (d.n_altered == 0)
    {
      assay_bundle_verdict_add (self->verdict, "altered", ASSAY_BUNDLE_SUMS, ASSAY_BUNDLE_SUMS ": line %u does not fit %s, every block of which is as it was "
                                "written", sum->line, sum->path);
      return;
    }
  finding = assay_bundle_verdict_add (self->verdict, "altered", sum->path, "%s: bytes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " are altered, in %u %s of %d"
                                      "%s", sum->path, d.first, d.last, d.n_altered, d.n_altered == 1 ? "block" : "blocks", ASSAY_BLOCK_BYTES,
                                      d.bytes != d.expected_bytes ? "; the file had another length" : "");
  if (finding != NULL)
    {
      finding->first_byte = (gint64) d.first;
      finding->last_byte = (gint64) d.last;
    }
}

static void
locate_all (AssayBundleVerification *self)
{
  g_autoptr (GBytes) text = assay_verify_is_intact (self, ASSAY_BLOCKS_FILE) ? assay_verify_read (self, ASSAY_BLOCKS_FILE) : NULL;

  if (text != NULL)
    self->blocks = assay_blocks_parse (text, ASSAY_BLOCKS_FILE, NULL);
  for (guint k = 0; self->sums != NULL && k < assay_sums_get_n (self->sums); k++)
    {
      const AssaySum *sum = assay_sums_get (self->sums, k);

      if (g_hash_table_contains (self->altered, sum->path) && strcmp (sum->path, ASSAY_EVIDENCE_FILE) != 0)
        locate (self, sum);
    }
}

/* --- the statement --------------------------------------------------------------------------------------------------- */

static void
check_subjects (AssayBundleVerification *self)
{
  gboolean has_evidence = FALSE;
  AssayDigest digest;
  const char *name;

  for (gsize k = 0; (name = assay_statement_get_subject (self->statement, k, &digest)) != NULL; k++)
    {
      const AssaySum *sum = assay_sums_find (self->sums, name);

      has_evidence |= strcmp (name, ASSAY_EVIDENCE_FILE) == 0;
      if (sum == NULL || !assay_digest_equal (&sum->digest, &digest))
        assay_bundle_verdict_add (self->verdict, "statement", ASSAY_STATEMENT_FILE, ASSAY_STATEMENT_FILE ": is about another %s than " ASSAY_BUNDLE_SUMS " lists",
                                  name);
    }
  if (!has_evidence)
    assay_bundle_verdict_add (self->verdict, "statement", ASSAY_STATEMENT_FILE, ASSAY_STATEMENT_FILE ": " ASSAY_EVIDENCE_FILE " is not among its subjects");
}

static void
read_statement (AssayBundleVerification *self)
{
  g_autoptr (GError) error = NULL;

  self->statement_text = assay_bundle_directory_read (self->directory, ASSAY_STATEMENT_FILE, ASSAY_STATEMENT_MAX_BYTES, &error);
  if (self->statement_text != NULL)
    self->statement = assay_statement_parse (self->statement_text, ASSAY_STATEMENT_FILE, &error);
  if (self->statement == NULL)
    {
      assay_bundle_verdict_add (self->verdict, "statement", ASSAY_STATEMENT_FILE, "%s", error->message);
      return;
    }
  self->verdict->evidence_root = assay_digest_to_hex (&self->statement->root);
  self->verdict->utc = g_strdup (self->statement->utc);
  self->verdict->report_id = g_strdup (self->statement->report_id);
  self->verdict->profile = g_strdup (self->statement->profile);
}

/* --- the steps ------------------------------------------------------------------------------------------------------- */

static gboolean
verify_all (AssayBundleVerification *self, GError **error)
{
  read_sums (self);
  check_entries (self);
  if (!check_sums (self, error))
    return FALSE;
  locate_all (self);
  read_statement (self);
  if (self->statement != NULL && self->sums != NULL)
    check_subjects (self);
  return assay_verify_signatures (self, error) && assay_verify_evidence (self, error) && assay_verify_proofs (self, error)
         && assay_verify_report (self, error);
}

static gboolean
verify_number (AssayBundleVerification *self, GError **error)
{
  g_autoptr (GError) absent = NULL;

  self->verdict->number_id = g_strdup (self->check->number);
  self->sums_text = assay_bundle_directory_read (self->directory, ASSAY_BUNDLE_SUMS, ASSAY_SUMS_MAX_BYTES, &absent);
  read_statement (self);
  return assay_verify_signatures (self, error) && assay_verify_proofs (self, error);
}

static void
verification_clear (AssayBundleVerification *self)
{
  assay_bundle_directory_free (self->directory);
  assay_sums_free (self->sums);
  assay_statement_free (self->statement);
  assay_blocks_free (self->blocks);
  g_clear_pointer (&self->sums_text, g_bytes_unref);
  g_clear_pointer (&self->statement_text, g_bytes_unref);
  g_clear_pointer (&self->altered, g_hash_table_unref);
  g_clear_pointer (&self->proved, g_hash_table_unref);
}

AssayBundleVerdict *
assay_bundle_verify (const char *directory, const AssayBundleCheck *check, GError **error)
{
  g_autoptr (AssayBundleVerdict) verdict = assay_bundle_verdict_new (directory);
  AssayBundleVerification self = { .check = check, .verdict = verdict };
  gboolean ok;

  verdict->key_was_given = check->key != NULL;
  self.altered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.directory = assay_bundle_directory_open (directory, error);
  if (self.directory != NULL && !assay_bundle_is_one (directory))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: is no bundle: it has neither " ASSAY_STATEMENT_FILE " nor " ASSAY_BUNDLE_SUMS, directory);
      g_clear_pointer (&self.directory, assay_bundle_directory_free);
    }
  ok = self.directory != NULL && (check->number != NULL ? verify_number (&self, error) : verify_all (&self, error));
  verification_clear (&self);
  return ok ? g_steal_pointer (&verdict) : NULL;
}
