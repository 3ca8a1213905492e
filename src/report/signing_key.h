/* SPDX-License-Identifier: GPL-3.0-or-later */
/* signing_key.h: ECDSA keys on the curve P-256: made, kept in PEM files, and what is signed with them.
 *
 * A private key is PKCS#8 in PEM, encrypted where a passphrase is given (AES-256-CBC under a key from scrypt), readable by its owner alone,
 * and never inside a case or a bundle. A public key is SubjectPublicKeyInfo in PEM; its fingerprint is the SHA-256 of its DER form, which
 * `openssl pkey -pubin -in FILE -outform DER | sha256sum` prints too. Signatures are DER over SHA-256.
 *
 * Ownership: the caller. Thread rule: a key is immutable once made.
 */
#pragma once

#include <glib.h>

typedef struct _AssaySigningKey AssaySigningKey;

AssaySigningKey *assay_signing_key_generate     (GError **error);
/* passphrase NULL: none is there to be used. Errors: INPUT for what is no such key, USAGE for a passphrase that is missing or wrong. */
AssaySigningKey *assay_signing_key_load         (const char *path, const char *passphrase, GError **error);
/* The public half, from a file of one public key, and only as OpenSSL writes it: no byte of it is free. label appears in messages. */
AssaySigningKey *assay_signing_key_parse_public (GBytes *pem, const char *label, GError **error);
AssaySigningKey *assay_signing_key_load_public  (const char *path, GError **error);
void             assay_signing_key_free         (AssaySigningKey *self);

/* Writes path (0600) and path.pub. Neither may exist. Errors: USAGE when path lies in a case or a bundle, or is taken. */
gboolean         assay_signing_key_save         (const AssaySigningKey *self, const char *path, const char *passphrase, GError **error);
/* The first line of a file, which may be a pipe. Errors: INPUT when it is empty. Owns: the caller; assay_passphrase_free overwrites it first. */
char            *assay_passphrase_read          (const char *path, GError **error);
void             assay_passphrase_free          (char *passphrase);

/* 64 digits. Owns: the key. */
const char      *assay_signing_key_get_fingerprint (const AssaySigningKey *self);
gboolean         assay_signing_key_is_private   (const AssaySigningKey *self);
/* Owns: the caller. */
GBytes          *assay_signing_key_dup_public_pem (const AssaySigningKey *self, GError **error);

/* Owns: the caller. Errors: USAGE for a public key. */
GBytes          *assay_signing_key_sign         (const AssaySigningKey *self, GBytes *message, GError **error);
gboolean         assay_signing_key_verify       (const AssaySigningKey *self, GBytes *message, GBytes *signature);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySigningKey, assay_signing_key_free)
