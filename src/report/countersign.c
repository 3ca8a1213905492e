/* SPDX-License-Identifier: GPL-3.0-or-later */
/* countersign.c: signatures and time stamps for a bundle on disk. */
#include "report/countersign.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "report/bundle_directory.h"
#include "report/bundle_verify.h"
#include "report/signature.h"
#include "report/statement.h"
#include "report/sums.h"
#include "report/time_token.h"
#include "store/file.h"

static gboolean
check_unaltered (const char *directory, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBundleVerdict) verdict = assay_bundle_verify (directory, &(AssayBundleCheck) { .progress = progress }, error);
  g_autofree char *reason = NULL;

  if (verdict == NULL)
    return FALSE;
  if (assay_bundle_verdict_is_unaltered (verdict))
    return TRUE;
  reason = assay_bundle_verdict_dup_reason (verdict);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "%s; what is altered is not signed", reason);
  return FALSE;
}

/* --- another signer -------------------------------------------------------------------------------------------------- */

static gboolean
make_folder (const char *path, GError **error)
{
  if (mkdir (path, 0777) == 0 || errno == EEXIST)
    return TRUE;
  assay_error_set_errno (error, errno, "%s: cannot be made", path);
  return FALSE;
}

static gboolean
write_signature (const char *directory, const AssaySigningKey *key, const char *name, GError **error)
{
  g_autoptr (AssayBundleDirectory) there = assay_bundle_directory_open (directory, error);
  g_autoptr (GBytes) sums = there != NULL ? assay_bundle_directory_read (there, ASSAY_BUNDLE_SUMS, ASSAY_SUMS_MAX_BYTES, error) : NULL;
  g_autoptr (GBytes) statement = sums != NULL ? assay_bundle_directory_read (there, ASSAY_STATEMENT_FILE, ASSAY_STATEMENT_MAX_BYTES, error) : NULL;
  g_autoptr (AssayBundle) files = assay_bundle_new ();
  g_autofree char *folder = g_build_filename (directory, ASSAY_BUNDLE_SIGNATURES, NULL), *path = g_build_filename (directory, name, NULL);

  return statement != NULL && assay_signature_make (key, sums, statement, files, error) && make_folder (folder, error)
         && assay_bundle_write (files, path, error);
}

gboolean
assay_bundle_countersign (const char *directory, const AssaySigningKey *key, AssayProgress *progress, char **added, GError **error)
{
  g_autofree char *name = assay_signature_directory (key), *path = g_build_filename (directory, name, NULL);

  if (!check_unaltered (directory, progress, error))
    return FALSE;
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: has been signed by this key already (%s)", directory, name);
      return FALSE;
    }
  if (!write_signature (directory, key, name, error))
    return FALSE;
  *added = g_steal_pointer (&name);
  return TRUE;
}

/* --- a time stamp ---------------------------------------------------------------------------------------------------- */

static gboolean
answers (const AssayBundleDirectory *there, const char *envelope_path, GBytes *token)
{
  g_autoptr (GBytes) envelope = assay_bundle_directory_read (there, envelope_path, ASSAY_SIGNATURE_MAX_BYTES, NULL);
  g_autofree char *time = envelope != NULL ? assay_time_token_read (token, envelope, NULL) : NULL;

  return time != NULL;
}

/* The directory of the signer whose envelope the token is about; NULL with an error: of none. */
static char *
find_signer (const char *directory, GBytes *token, const char *file, GError **error)
{
  g_autoptr (AssayBundleDirectory) there = assay_bundle_directory_open (directory, error);
  const GPtrArray *entries = there != NULL ? assay_bundle_directory_list (there) : NULL;

  for (guint k = 0; entries != NULL && k < entries->len; k++)
    {
      const char *path = ((const AssayBundleEntry *) entries->pdata[k])->path;

      if (g_str_has_prefix (path, ASSAY_BUNDLE_SIGNATURES "/") && g_str_has_suffix (path, "/" ASSAY_SIGNATURE_ENVELOPE) && answers (there, path, token))
        return g_path_get_dirname (path);
    }
  if (there != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: is no granted answer to the time-stamp request of a signer of %s (signatures/*/" ASSAY_SIGNATURE_REQUEST ")",
                 file, directory);
  return NULL;
}

gboolean
assay_bundle_add_time_stamp (const char *directory, const char *token, AssayProgress *progress, char **added, GError **error)
{
  g_autoptr (GBytes) bytes = check_unaltered (directory, progress, error) ? assay_file_read (token, ASSAY_SIGNATURE_MAX_BYTES, error) : NULL;
  g_autofree char *signer = bytes != NULL ? find_signer (directory, bytes, token, error) : NULL, *hex = NULL, *name = NULL, *path = NULL;
  AssayDigest digest;

  if (signer == NULL)
    return FALSE;
  digest = assay_digest_of_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  hex = assay_digest_to_hex (&digest);
  name = g_strconcat (signer, "/" ASSAY_SIGNATURE_TOKEN_PREFIX, hex, ASSAY_SIGNATURE_TOKEN_SUFFIX, NULL);
  path = g_build_filename (directory, name, NULL);
  if (!assay_file_write (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error))
    return FALSE;
  *added = g_steal_pointer (&name);
  return TRUE;
}
