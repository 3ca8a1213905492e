/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_verify.h: whether a bundle is as it was written, and who vouches for it.
 *
 * Nothing in the directory is trusted: no link is followed, sizes are bounded, and HDF5 meets the evidence only in a child process. Nothing
 * is fetched from elsewhere and nothing is changed.
 *
 * Ownership: the caller. Thread rule: any thread; one verification at a time per thread.
 */
#pragma once

#include "base/progress.h"
#include "report/verdict.h"

typedef struct {
  const char    *key;           /* file of the public key that is expected; NULL: none */
  const char    *tsa_certificate;       /* file of certificates of time-stamping authorities; NULL: none */
  const char    *number;        /* id of the one number that is to be checked; NULL: everything */
  gboolean       by_content;    /* another container of equal values is no alteration, whatever became of it */
  AssayProgress *progress;
} AssayBundleCheck;

/* Whether the directory has the marks of a bundle: a statement or a list of digests, and no case. */
gboolean            assay_bundle_is_one (const char *directory);

/* With check->number only statement.json, proofs.jsonl and signatures/ are read. Errors: NOT_FOUND when there is no such directory or number;
 * those of reading; alterations are findings of the verdict. */
AssayBundleVerdict *assay_bundle_verify (const char *directory, const AssayBundleCheck *check, GError **error);
