/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_check.c: a part's file against its record, before HDF5 sees a byte of it. */
#include <string.h>

#include "base/error.h"
#include "store/case_private.h"
#include "store/file.h"

static gboolean
was_verified (AssayCase *self, const char *file)
{
  gboolean found;

  g_mutex_lock (&self->mutex);
  found = g_hash_table_contains (self->verified, file);
  g_mutex_unlock (&self->mutex);
  return found;
}

gboolean
assay_case_check_part (AssayCase *self, const AssayPart *part, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, part->file, NULL), *sha256 = NULL;
  guint64 bytes;
  GError *cause = NULL;

  if (was_verified (self, part->file))
    return TRUE;
  sha256 = assay_file_sha256 (path, &bytes, &cause);
  if (sha256 == NULL)
    {
      if (g_error_matches (cause, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND))
        cause->code = ASSAY_ERROR_DAMAGED;      /* it was committed, so its absence is damage */
      g_propagate_error (error, cause);
      return FALSE;
    }
  if (bytes != part->bytes)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED,
                   "%s: has %" G_GUINT64_FORMAT " bytes, the journal says %" G_GUINT64_FORMAT "; restore it from a copy", path,
                   bytes, part->bytes);
      return FALSE;
    }
  if (strcmp (sha256, part->sha256) != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED,
                   "%s: has SHA-256 %.16s..., the journal says %.16s...; restore it from a copy", path, sha256, part->sha256);
      return FALSE;
    }
  g_mutex_lock (&self->mutex);
  g_hash_table_add (self->verified, g_strdup (part->file));
  g_mutex_unlock (&self->mutex);
  return TRUE;
}
