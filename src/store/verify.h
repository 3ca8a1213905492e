/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verify.h: checks everything a case promises: journal chain, sizes, file hashes, content roots.
 *
 * Thread rule: any thread. Reads only; a running writer is not disturbed.
 */
#pragma once

#include "base/progress.h"
#include "store/case.h"

typedef enum {
  ASSAY_FINDING_NOTE,           /* harmless remains of an interrupted writer, which the next one clears; a check that needs the salt */
  ASSAY_FINDING_DAMAGE          /* something that was committed is missing or altered */
} AssayFindingLevel;

typedef struct {
  AssayFindingLevel level;
  const char *what;             /* a fixed word: "journal-damaged", "journal-torn", "missing", "size", "sha256", "content-root",
                                 * "unreadable", "not-in-journal", "temporary-file", "set-aside", "no-salt" */
  char       *file;             /* relative to the case */
  char       *kind, *name;      /* of the object concerned, or NULL */
  char       *text;             /* one sentence: where, expected, found */
} AssayFinding;

typedef struct {
  guint64    n_objects, n_parts, n_records, bytes;      /* what was checked */
  GPtrArray *findings;          /* of AssayFinding */
  guint      n_damaged;
} AssayVerification;

/* Errors: only when the check itself cannot be made (no case there, newer format, cancelled); damage is a finding. */
AssayVerification *assay_case_verify (const char *path, AssayProgress *progress, GError **error);
void               assay_verification_free (AssayVerification *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayVerification, assay_verification_free)
