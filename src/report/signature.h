/* SPDX-License-Identifier: GPL-3.0-or-later */
/* signature.h: who vouches for a bundle. Each signer has a directory of its own, signatures/KEYID/, KEYID being the first 16 digits of the key's
 * fingerprint:
 *
 *   public.pem            the key
 *   SHA256SUMS.sig        its signature of SHA256SUMS
 *   statement.sig         its signature of the DSSE encoding of statement.json
 *   statement.dsse.json   the same in a DSSE envelope, as in-toto tools read it
 *   statement.tsq         an RFC 3161 request for the envelope, ready to be sent to a time-stamping authority
 *   time-SHA256.tsr       an authority's answer, if there is one; its name holds its own SHA-256
 *
 * Every byte of these files is a signature, follows from what is signed, or is held by the file's name: none can be altered unseen.
 *
 * Ownership: the caller. Thread rule: pure functions.
 */
#pragma once

#include "report/bundle.h"
#include "report/signing_key.h"

#define ASSAY_SIGNATURE_KEY "public.pem"
#define ASSAY_SIGNATURE_OF_SUMS "SHA256SUMS.sig"
#define ASSAY_SIGNATURE_OF_STATEMENT "statement.sig"
#define ASSAY_SIGNATURE_ENVELOPE "statement.dsse.json"
#define ASSAY_SIGNATURE_REQUEST "statement.tsq"
#define ASSAY_SIGNATURE_TOKEN_PREFIX "time-"
#define ASSAY_SIGNATURE_TOKEN_SUFFIX ".tsr"
#define ASSAY_SIGNATURE_MAX_BYTES ((guint64) 16 << 20)

/* signatures/KEYID. Owns: the caller. */
char    *assay_signature_directory (const AssaySigningKey *key);
/* The five files of a signer, by their names without a directory: to be added to a bundle, or to be put beside one. */
gboolean assay_signature_make      (const AssaySigningKey *key, GBytes *sums, GBytes *statement, AssayBundle *files, GError **error);
/* Whether the files of one signer fit. files: name -> GBytes, of everything in the signer's directory; a member that is missing is NULL. sums NULL: its signature is passed over.
 * Errors: CHECK_FAILED; fault, or NULL, is set to the name of the file at fault (static). Owns: the caller, the key. */
AssaySigningKey *assay_signature_check (GHashTable *files, const char *key_id, GBytes *sums, GBytes *statement, const char **fault, GError **error);
