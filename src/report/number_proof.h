/* SPDX-License-Identifier: GPL-3.0-or-later */
/* number_proof.h: one line of proofs.jsonl: that a printed number is the correct rounding of an element of the evidence.
 *
 * The line and the evidence root of a signed statement are all that is needed to check it. doc/evidence.md has every member.
 * Ownership: the caller. Thread rule: pure functions.
 */
#pragma once

#include "report/results.h"
#include "store/proof.h"

#define ASSAY_NUMBER_PROOF_FORMAT "assay-proof-1"
/* Kind and name of evidence/results.h5, hence the logical path of its root. */
#define ASSAY_EVIDENCE_KIND "report"
#define ASSAY_EVIDENCE_NAME "results"
#define ASSAY_EVIDENCE_PATH ASSAY_EVIDENCE_KIND "/" ASSAY_EVIDENCE_NAME

typedef struct {
  char             *number_id, *display;
  AssayNumberFormat rounding;
  guint             digits;
  guint64           bits;       /* of the element: f64, or i64 in two's complement */
  AssayProof       *proof;
  AssayDigest       root;       /* evidence root that the line speaks of */
} AssayNumberProof;

void              assay_number_proof_free    (AssayNumberProof *self);

/* One line without its newline. Takes nothing. Owns: the caller. */
char             *assay_number_proof_to_line (const AssayNumberProof *self);
/* where names the line in messages. Errors: INPUT, also for another spelling of the same line. */
AssayNumberProof *assay_number_proof_parse   (const char *line, gsize n, const char *where, GError **error);
/* Whether the line holds together and leads to root. Cost: some 20 hashes, no file. Errors: CHECK_FAILED, saying what does not fit. */
gboolean          assay_number_proof_check   (const AssayNumberProof *self, const AssayDigest *root, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayNumberProof, assay_number_proof_free)
