/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statement.h: statement.json, what a signature vouches for: an in-toto Statement v1 with the evidence root and where the report comes from.
 *
 * The bytes of the file are what is signed; nothing is canonicalised. doc/evidence.md has every member.
 * Ownership: the caller. Thread rule: pure functions.
 */
#pragma once

#include <jansson.h>

#include "report/bundle.h"
#include "store/digest.h"

#define ASSAY_STATEMENT_FILE "statement.json"
#define ASSAY_STATEMENT_MEDIA_TYPE "application/vnd.in-toto+json"
#define ASSAY_STATEMENT_MAX_BYTES ((guint64) 4 << 20)
/* Who says the time when nobody else does. */
#define ASSAY_TIME_OPERATOR "operator-attested"

/* A model or a data set that the report is about. */
typedef struct {
  const char *role;             /* "model", "data" */
  const char *name;             /* as it is called in the case */
  const char *content_root;     /* of its logical values, 64 hexadecimal digits */
} AssayStatementInput;

typedef struct {
  const char *report_id, *profile, *utc;
  const json_t *build;          /* of the program: version, compiler, ...; or NULL */
  const AssayStatementInput *inputs;
  gsize n_inputs;
  const AssayDigest *root;      /* evidence root */
  gsize n_numbers;              /* lines of proofs.jsonl */
} AssayStatementFacts;

/* The digests of the subjects are those of the files in the bundle. Owns: the caller. */
char           *assay_statement_write (const AssayBundle *bundle, const AssayStatementFacts *facts);

typedef struct {
  json_t     *document;
  AssayDigest root;
  gint64      n_numbers;
  const char *utc, *basis, *report_id, *profile;        /* of the document */
} AssayStatement;

/* Errors: INPUT, also for a newer format. */
AssayStatement *assay_statement_parse (GBytes *text, const char *label, GError **error);
void            assay_statement_free  (AssayStatement *self);
/* The k-th subject's name and SHA-256; NULL behind the last. */
const char     *assay_statement_get_subject (const AssayStatement *self, gsize k, AssayDigest *sha256);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayStatement, assay_statement_free)
