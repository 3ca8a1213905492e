/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_verify_private.h: what the steps of a verification share. Each adds its findings to the verdict. */
#pragma once

#include "report/blocks.h"
#include "report/bundle_directory.h"
#include "report/bundle_verify.h"
#include "report/statement.h"
#include "report/sums.h"

#define ASSAY_VERIFY_MAX_BYTES ((guint64) 2 << 30)      /* of a file that is read as a whole */

typedef struct {
  const AssayBundleCheck *check;
  AssayBundleVerdict     *verdict;
  AssayBundleDirectory   *directory;
  GBytes         *sums_text;    /* NULL: not there */
  AssaySums      *sums;         /* NULL: cannot be read */
  GBytes         *statement_text;
  AssayStatement *statement;    /* NULL: cannot be read */
  AssayBlocks    *blocks;       /* NULL: not there, or not as it was written */
  GHashTable     *altered;      /* set of paths whose digest is not that of SHA256SUMS */
  GHashTable     *proved;       /* number id -> GPtrArray of AssayNumberProof; NULL: no proofs could be read */
} AssayBundleVerification;

/* Files and digests (bundle_verify.c); FALSE with an error only when reading fails or was cancelled. */
gboolean assay_verify_signatures (AssayBundleVerification *self, GError **error);
gboolean assay_verify_evidence   (AssayBundleVerification *self, GError **error);
gboolean assay_verify_proofs     (AssayBundleVerification *self, GError **error);
gboolean assay_verify_report     (AssayBundleVerification *self, GError **error);

/* The file as a whole; NULL, with a finding, when it cannot be read. */
GBytes  *assay_verify_read       (AssayBundleVerification *self, const char *path);
/* Whether it is there and has the digest that SHA256SUMS says. */
gboolean assay_verify_is_intact  (const AssayBundleVerification *self, const char *path);
