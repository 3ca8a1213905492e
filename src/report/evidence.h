/* SPDX-License-Identifier: GPL-3.0-or-later */
/* evidence.h: the results of a report as evidence: evidence/results.h5 in memory, its root, its tree, and proofs of cited numbers.
 *
 *   evidence = assay_evidence_new (results, "2026-01-02T03:04:05Z", &error);
 *   root = assay_evidence_get_root (evidence);           what the report prints on its first page
 *   ... the report is rendered ...
 *   assay_bundle_seal (bundle, &(AssaySealInfo) { .evidence = evidence, ... }, &error);
 *
 * Each table is a group, each column an array over the axis "row-index"; titles, sources and the reasons of what is not computed are
 * attributes, so that the root covers them too. The same results give the same bytes.
 *
 * Ownership: evidence keeps nothing of the results but their bytes. Thread rule: one thread at a time.
 */
#pragma once

#include "report/results.h"
#include "store/digest.h"

#define ASSAY_EVIDENCE_FILE "evidence/results.h5"
#define ASSAY_EVIDENCE_TREE "evidence/tree.jsonl"

typedef struct _AssayEvidence AssayEvidence;

/* utc: RFC 3339, of the case's last change. Errors: NO_MEMORY, IO. */
AssayEvidence     *assay_evidence_new      (const AssayResults *results, const char *utc, GError **error);
void               assay_evidence_free     (AssayEvidence *self);

/* 64 digits. Owns: the evidence. */
const char        *assay_evidence_get_root (const AssayEvidence *self);
const AssayDigest *assay_evidence_get_root_digest (const AssayEvidence *self);
/* evidence/results.h5. Owns: the evidence. */
GBytes            *assay_evidence_get_file (const AssayEvidence *self);
/* evidence/tree.jsonl: the hash of every leaf. Owns: the caller. */
char              *assay_evidence_dup_tree (const AssayEvidence *self);
/* The line of proofs.jsonl of one cited number of these results. Owns: the caller. */
char              *assay_evidence_prove    (AssayEvidence *self, const AssayNumber *number, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayEvidence, assay_evidence_free)
