/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seal.h: the end of a bundle: evidence, proofs, statement, digests of all files, and a signature where a key is given.
 *
 * Ownership: nothing of the information is kept. Thread rule: one thread at a time per bundle.
 */
#pragma once

#include "report/bundle.h"
#include "report/evidence.h"
#include "report/signing_key.h"
#include "report/statement.h"

#define ASSAY_PROOFS_FILE "proofs.jsonl"
#define ASSAY_VERIFY_TEXT "VERIFY.md"

typedef struct {
  AssayEvidence *evidence;
  const AssayNumber *numbers;   /* all that the report cites, each once, or once for each way in which it is rounded */
  gsize n_numbers;
  const char *report_id, *profile;
  const char *utc;              /* RFC 3339, of the case's last change */
  const json_t *build;          /* of the program, or NULL */
  const AssayStatementInput *inputs;    /* models and data sets */
  gsize n_inputs;
  const AssaySigningKey *key;   /* NULL: the bundle stays unsigned */
} AssaySealInfo;

/* The last call before assay_bundle_write: adds evidence/, proofs.jsonl, statement.json, VERIFY.md, SHA256SUMS and signatures/. The report's
 * own files are in the bundle already; "report.json" becomes a subject of the statement. */
gboolean assay_bundle_seal (AssayBundle *bundle, const AssaySealInfo *info, GError **error);

/* Adds one signer's files to a sealed bundle in memory. */
gboolean assay_bundle_sign (AssayBundle *bundle, const AssaySigningKey *key, GError **error);
