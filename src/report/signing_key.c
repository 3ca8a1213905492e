/* SPDX-License-Identifier: GPL-3.0-or-later */
/* signing_key.c: keys by OpenSSL 3. */
#include "report/signing_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "report/bundle.h"
#include "report/statement.h"
#include "store/digest.h"
#include "store/file.h"

#define MAX_KEY_BYTES 65536
#define MAX_PASSPHRASE 1024
/* As OpenSSL's own default; more would need more memory than its reader grants. */
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 1

struct _AssaySigningKey {
  EVP_PKEY *key;
  gboolean  is_private;
  char     *fingerprint;
};

/* --- errors ---------------------------------------------------------------------------------------------------------- */

static gboolean
fail (GError **error, AssayErrorCode code, const char *where, const char *what)
{
  unsigned long cause = ERR_peek_last_error ();
  const char *reason = cause != 0 ? ERR_reason_error_string (cause) : NULL;

  g_set_error (error, ASSAY_ERROR, (int) code, "%s: %s%s%s", where, what, reason != NULL ? ": " : "", reason != NULL ? reason : "");
  ERR_clear_error ();
  return FALSE;
}

/* --- the object ------------------------------------------------------------------------------------------------------ */

/* Takes the key, also when it is not one of ours. */
static AssaySigningKey *
key_take (EVP_PKEY *key, gboolean is_private, const char *label, GError **error)
{
  AssaySigningKey *self;
  char curve[64] = "";
  unsigned char *der = NULL;
  AssayDigest digest;
  int n;

  if (!EVP_PKEY_is_a (key, "EC") || EVP_PKEY_get_group_name (key, curve, sizeof curve, NULL) != 1
      || (strcmp (curve, "prime256v1") != 0 && strcmp (curve, "P-256") != 0))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: an ECDSA key on the curve P-256 is expected, found %s %s; `assay keygen` makes one", label,
                   EVP_PKEY_get0_type_name (key) != NULL ? EVP_PKEY_get0_type_name (key) : "another kind", curve);
      EVP_PKEY_free (key);
      return NULL;
    }
  n = i2d_PUBKEY (key, &der);
  if (n <= 0)
    {
      fail (error, ASSAY_ERROR_INPUT, label, "its public half cannot be written");
      EVP_PKEY_free (key);
      return NULL;
    }
  digest = assay_digest_of_bytes (der, (gsize) n);
  OPENSSL_free (der);
  self = g_new0 (AssaySigningKey, 1);
  self->key = key;
  self->is_private = is_private;
  self->fingerprint = assay_digest_to_hex (&digest);
  return self;
}

void
assay_signing_key_free (AssaySigningKey *self)
{
  if (self == NULL)
    return;
  EVP_PKEY_free (self->key);
  g_free (self->fingerprint);
  g_free (self);
}

AssaySigningKey *
assay_signing_key_generate (GError **error)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");

  if (key != NULL)
    return key_take (key, TRUE, "new key", error);
  fail (error, ASSAY_ERROR_UNSUPPORTED, "new key", "OpenSSL cannot make one");
  return NULL;
}

const char *
assay_signing_key_get_fingerprint (const AssaySigningKey *self)
{
  return self->fingerprint;
}

gboolean
assay_signing_key_is_private (const AssaySigningKey *self)
{
  return self->is_private;
}

/* --- files ----------------------------------------------------------------------------------------------------------- */

typedef struct {
  const char *passphrase;
  gboolean    was_asked;
} Asked;

static int
give_passphrase (char *out, int size, int writing, void *data)
{
  Asked *asked = data;
  gsize n = asked->passphrase != NULL ? strlen (asked->passphrase) : 0;

  (void) writing;
  asked->was_asked = TRUE;
  if (n == 0 || n > (gsize) size)
    return -1;
  memcpy (out, asked->passphrase, n);
  return (int) n;
}

AssaySigningKey *
assay_signing_key_load (const char *path, const char *passphrase, GError **error)
{
  g_autoptr (GBytes) pem = assay_file_read (path, MAX_KEY_BYTES, error);
  Asked asked = { passphrase, FALSE };
  EVP_PKEY *key;
  BIO *bio;

  if (pem == NULL)
    return NULL;
  bio = BIO_new_mem_buf (g_bytes_get_data (pem, NULL), (int) g_bytes_get_size (pem));
  key = PEM_read_bio_PrivateKey (bio, NULL, give_passphrase, &asked);
  BIO_free (bio);
  if (key != NULL)
    return key_take (key, TRUE, path, error);
  ERR_clear_error ();
  if (asked.was_asked)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: %s", path, passphrase == NULL
                 ? "is encrypted; give its passphrase by --passphrase-file" : "cannot be decrypted: the passphrase is wrong, or the file is damaged");
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a private key in PEM is expected, as `assay keygen` writes it", path);
  return NULL;
}

AssaySigningKey *
assay_signing_key_parse_public (GBytes *pem, const char *label, GError **error)
{
  g_autoptr (AssaySigningKey) self = NULL;
  g_autoptr (GBytes) again = NULL;
  EVP_PKEY *key;
  BIO *bio;

  if (g_bytes_get_size (pem) > MAX_KEY_BYTES)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a public key in PEM is expected", label);
      return NULL;
    }
  bio = BIO_new_mem_buf (g_bytes_get_data (pem, NULL), (int) g_bytes_get_size (pem));
  key = PEM_read_bio_PUBKEY (bio, NULL, NULL, NULL);
  BIO_free (bio);
  if (key == NULL)
    {
      ERR_clear_error ();
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a public key in PEM is expected (\"BEGIN PUBLIC KEY\"), as `assay keygen` writes it beside the "
                   "private one", label);
      return NULL;
    }
  self = key_take (key, FALSE, label, error);
  if (self == NULL)
    return NULL;
  again = assay_signing_key_dup_public_pem (self, error);
  if (again == NULL)
    return NULL;
  if (g_bytes_equal (again, pem))
    return g_steal_pointer (&self);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: holds more than a public key, or one that is spelled otherwise than OpenSSL writes it", label);
  return NULL;
}

AssaySigningKey *
assay_signing_key_load_public (const char *path, GError **error)
{
  g_autoptr (GBytes) pem = assay_file_read (path, MAX_KEY_BYTES, error);

  return pem != NULL ? assay_signing_key_parse_public (pem, path, error) : NULL;
}

/* What a memory BIO holds, which is freed. */
static GBytes *
bytes_of (BIO *bio)
{
  char *data = NULL;
  long n = BIO_get_mem_data (bio, &data);
  GBytes *bytes = g_bytes_new (data, (gsize) MAX (n, 0));

  BIO_free (bio);
  return bytes;
}

GBytes *
assay_signing_key_dup_public_pem (const AssaySigningKey *self, GError **error)
{
  BIO *bio = BIO_new (BIO_s_mem ());

  if (PEM_write_bio_PUBKEY (bio, self->key) == 1)
    return bytes_of (bio);
  BIO_free (bio);
  fail (error, ASSAY_ERROR_UNSUPPORTED, "public key", "OpenSSL cannot write it");
  return NULL;
}

/* PBES2 with scrypt and AES-256-CBC, which every OpenSSL since 1.1 reads. */
static gboolean
write_encrypted (const AssaySigningKey *self, const char *passphrase, BIO *bio)
{
  PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8 (self->key);
  X509_ALGOR *scheme = PKCS5_pbe2_set_scrypt (EVP_aes_256_cbc (), NULL, 0, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
  X509_SIG *sealed = plain != NULL && scheme != NULL ? PKCS8_set0_pbe (passphrase, (int) strlen (passphrase), plain, scheme) : NULL;
  gboolean ok = sealed != NULL && PEM_write_bio_PKCS8 (bio, sealed) == 1;

  if (sealed == NULL)
    X509_ALGOR_free (scheme);
  X509_SIG_free (sealed);
  PKCS8_PRIV_KEY_INFO_free (plain);
  return ok;
}

static GBytes *
private_pem (const AssaySigningKey *self, const char *passphrase, GError **error)
{
  BIO *bio = BIO_new (BIO_s_mem ());
  gboolean ok = passphrase != NULL ? write_encrypted (self, passphrase, bio)
                                   : PEM_write_bio_PKCS8PrivateKey (bio, self->key, NULL, NULL, 0, NULL, NULL) == 1;

  if (ok)
    return bytes_of (bio);
  BIO_free (bio);
  fail (error, ASSAY_ERROR_UNSUPPORTED, "private key", "OpenSSL cannot write it");
  return NULL;
}

static gboolean
holds (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* A key that travels with what it signs proves nothing, and cases and bundles are made to be handed over. */
static gboolean
check_place (const char *path, GError **error)
{
  g_autofree char *at = g_canonicalize_filename (path, NULL);

  for (;;)
    {
      g_autofree char *directory = g_path_get_dirname (at);
      gboolean in_case = holds (directory, "assay-case.json"), in_bundle = holds (directory, ASSAY_BUNDLE_SUMS) && holds (directory, ASSAY_STATEMENT_FILE);

      if (in_case || in_bundle)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: lies in %s, which is a %s; a private key is kept where it is never handed over with what it signs",
                       path, directory, in_case ? "case" : "bundle");
          return FALSE;
        }
      if (strcmp (directory, at) == 0)
        return TRUE;
      g_free (at);
      at = g_steal_pointer (&directory);
    }
}

static gboolean
write_new (const char *path, GBytes *bytes, mode_t mode, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  gboolean ok;

  if (fd < 0 && errno == EEXIST)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: is there already; a key is never overwritten", path);
      return FALSE;
    }
  if (fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be written", path);
      return FALSE;
    }
  ok = assay_file_write_all (fd, path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error) && assay_file_sync (fd, path, error);
  close (fd);
  if (!ok)
    unlink (path);
  return ok;
}

gboolean
assay_signing_key_save (const AssaySigningKey *self, const char *path, const char *passphrase, GError **error)
{
  g_autofree char *public_path = g_strconcat (path, ".pub", NULL), *directory = g_path_get_dirname (path);
  g_autoptr (GBytes) secret = NULL, open = NULL;

  if (!check_place (path, error))
    return FALSE;
  open = assay_signing_key_dup_public_pem (self, error);
  secret = open != NULL ? private_pem (self, passphrase, error) : NULL;
  if (secret == NULL || !write_new (path, secret, 0600, error))
    return FALSE;
  if (write_new (public_path, open, 0666, error))
    return assay_file_sync_directory (directory, error);
  unlink (path);
  return FALSE;
}

char *
assay_passphrase_read (const char *path, GError **error)
{
  char line[MAX_PASSPHRASE + 1];
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gsize n = 0, length;
  ssize_t got = 0;
  char *passphrase = NULL;

  if (fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be opened", path);
      return NULL;
    }
  while (n < MAX_PASSPHRASE && ((got = read (fd, line + n, MAX_PASSPHRASE - n)) > 0 || (got < 0 && errno == EINTR)))
    n += (gsize) MAX (got, 0);
  close (fd);
  line[n] = '\0';
  length = strcspn (line, "\r\n");
  if (length > 0 && length < MAX_PASSPHRASE)
    passphrase = g_strndup (line, length);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a passphrase on its first line is expected, of at most %d bytes", path, MAX_PASSPHRASE - 1);
  OPENSSL_cleanse (line, sizeof line);
  return passphrase;
}

void
assay_passphrase_free (char *passphrase)
{
  if (passphrase != NULL)
    OPENSSL_cleanse (passphrase, strlen (passphrase));
  g_free (passphrase);
}

/* --- signatures ------------------------------------------------------------------------------------------------------ */

GBytes *
assay_signing_key_sign (const AssaySigningKey *self, GBytes *message, GError **error)
{
  gsize n;
  const void *bytes = g_bytes_get_data (message, &n);
  EVP_MD_CTX *context;
  guint8 signature[128];
  gsize length = sizeof signature;
  gboolean ok;

  if (!self->is_private)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "key %.16s: is a public key; signing takes the private one", self->fingerprint);
      return NULL;
    }
  context = EVP_MD_CTX_new ();
  ok = EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, self->key) == 1
       && EVP_DigestSign (context, signature, &length, bytes, n) == 1;
  EVP_MD_CTX_free (context);
  if (ok)
    return g_bytes_new (signature, length);
  fail (error, ASSAY_ERROR_UNSUPPORTED, "signature", "OpenSSL cannot make it");
  return NULL;
}

gboolean
assay_signing_key_verify (const AssaySigningKey *self, GBytes *message, GBytes *signature)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  gsize n;
  const void *bytes = g_bytes_get_data (message, &n);
  gboolean ok = EVP_DigestVerifyInit (context, NULL, EVP_sha256 (), NULL, self->key) == 1
                && EVP_DigestVerify (context, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature), bytes, n) == 1;

  EVP_MD_CTX_free (context);
  ERR_clear_error ();
  return ok;
}
