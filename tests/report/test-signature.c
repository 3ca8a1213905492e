/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-signature.c: keys and signatures: what is written can be read, by stock openssl too, and nothing in a signer's files is free. */
#include "report/signature.h"

#include <sys/stat.h>

#include "sealed.h"

static AssaySigningKey *
new_key (void)
{
  GError *error = NULL;
  AssaySigningKey *key = assay_signing_key_generate (&error);

  g_assert_no_error (error);
  return key;
}

static void
test_keep (Room *room, gconstpointer unused)
{
  g_autoptr (AssaySigningKey) key = new_key (), again = NULL, open = NULL;
  g_autofree char *path = g_build_filename (room->directory, "key.pem", NULL), *public_path = g_strconcat (path, ".pub", NULL);
  struct stat st;
  GError *error = NULL;

  (void) unused;
  g_assert_true (assay_signing_key_save (key, path, NULL, &error));
  g_assert_cmpint (stat (path, &st), ==, 0);
  g_assert_cmpuint (st.st_mode & 0777, ==, 0600);
  again = assay_signing_key_load (path, NULL, &error);
  g_assert_no_error (error);
  open = assay_signing_key_load_public (public_path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (assay_signing_key_get_fingerprint (key), ==, assay_signing_key_get_fingerprint (again));
  g_assert_cmpstr (assay_signing_key_get_fingerprint (key), ==, assay_signing_key_get_fingerprint (open));
  g_assert_true (assay_signing_key_is_private (again));
  g_assert_false (assay_signing_key_is_private (open));
  g_assert_false (assay_signing_key_save (key, path, NULL, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "key.pem", "never overwritten");
  g_assert_null (assay_signing_key_load (public_path, NULL, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "private key", NULL);
  g_assert_null (assay_signing_key_load_public (path, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "public key", NULL);
}

static void
test_passphrase (Room *room, gconstpointer unused)
{
  g_autoptr (AssaySigningKey) key = new_key (), again = NULL;
  g_autofree char *path = g_build_filename (room->directory, "key.pem", NULL), *file = g_build_filename (room->directory, "pass", NULL), *pem = NULL;
  char *passphrase;
  GError *error = NULL;
  gsize n;

  (void) unused;
  save (file, "correct horse\nsecond line\n", 26);
  passphrase = assay_passphrase_read (file, &error);
  g_assert_cmpstr (passphrase, ==, "correct horse");
  g_assert_true (assay_signing_key_save (key, path, passphrase, &error));
  load (path, &pem, &n);
  g_assert_nonnull (strstr (pem, "BEGIN ENCRYPTED PRIVATE KEY"));
  again = assay_signing_key_load (path, passphrase, &error);
  g_assert_no_error (error);
  assay_passphrase_free (passphrase);
  g_assert_cmpstr (assay_signing_key_get_fingerprint (key), ==, assay_signing_key_get_fingerprint (again));
  g_assert_null (assay_signing_key_load (path, "wrong", &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "wrong", NULL);
  g_assert_null (assay_signing_key_load (path, NULL, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "--passphrase-file", NULL);
  save (file, "\n", 1);
  g_assert_null (assay_passphrase_read (file, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "pass", NULL);
}

static void
test_place (Room *room, gconstpointer unused)
{
  g_autoptr (AssaySigningKey) key = new_key ();
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayBundle) bundle = small_bundle (NULL);
  g_autofree char *in_case = g_build_filename (room->path, "key.pem", NULL), *below = g_build_filename (room->path, "shards", "key.pem", NULL);
  g_autofree char *out = g_build_filename (room->directory, "out", NULL), *in_bundle = g_build_filename (out, "evidence", "key.pem", NULL);
  const char *places[] = { in_case, below, in_bundle };
  GError *error = NULL;

  (void) unused;
  g_assert_true (assay_bundle_write (bundle, out, &error));
  for (gsize k = 0; k < G_N_ELEMENTS (places); k++)
    {
      g_assert_false (assay_signing_key_save (key, places[k], NULL, &error));
      expect_error (&error, ASSAY_ERROR_USAGE, k < 2 ? "a case" : "a bundle", NULL);
      g_assert_false (g_file_test (places[k], G_FILE_TEST_EXISTS));
    }
}

static GHashTable *
signer_files (const AssaySigningKey *key, GBytes *sums, GBytes *statement, AssayBundle *bundle)
{
  GHashTable *files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  GError *error = NULL;

  assay_signature_make (key, sums, statement, bundle, &error);
  g_assert_no_error (error);
  for (guint k = 0; k < assay_bundle_get_n (bundle); k++)
    g_hash_table_insert (files, g_strdup (assay_bundle_get_path (bundle, k)), g_bytes_ref (assay_bundle_get_bytes (bundle, assay_bundle_get_path (bundle, k))));
  return files;
}

/* Every bit of every file of a signer, and every file missing. */
static void
test_flipped_bits (void)
{
  g_autoptr (AssaySigningKey) key = new_key (), found = NULL;
  g_autoptr (GBytes) sums = g_bytes_new_static ("sums\n", 5), statement = g_bytes_new_static ("{}\n", 3);
  g_autoptr (AssayBundle) bundle = assay_bundle_new ();
  g_autoptr (GHashTable) files = signer_files (key, sums, statement, bundle);
  g_autofree char *id = g_strndup (assay_signing_key_get_fingerprint (key), 16);
  const char *fault = NULL;
  GError *error = NULL;

  found = assay_signature_check (files, id, sums, statement, &fault, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (assay_signing_key_get_fingerprint (found), ==, assay_signing_key_get_fingerprint (key));
  for (guint k = 0; k < assay_bundle_get_n (bundle); k++)
    {
      const char *name = assay_bundle_get_path (bundle, k);
      GBytes *good = assay_bundle_get_bytes (bundle, name);
      gsize n = g_bytes_get_size (good);

      for (gsize i = 0; i < n * 8; i++)
        {
          guint8 *bytes = g_memdup2 (g_bytes_get_data (good, NULL), n);

          bytes[i / 8] ^= (guint8) (1 << i % 8);
          g_hash_table_replace (files, g_strdup (name), g_bytes_new_take (bytes, n));
          g_assert_null (assay_signature_check (files, id, sums, statement, &fault, NULL));
          g_assert_nonnull (fault);
        }
      g_hash_table_remove (files, name);
      g_assert_null (assay_signature_check (files, id, sums, statement, &fault, NULL));
      g_assert_cmpstr (fault, ==, name);
      g_hash_table_insert (files, g_strdup (name), g_bytes_ref (good));
    }
}

static void
test_swapped (void)
{
  g_autoptr (AssaySigningKey) key = new_key (), other = new_key ();
  g_autoptr (GBytes) sums = g_bytes_new_static ("sums\n", 5), statement = g_bytes_new_static ("{}\n", 3);
  g_autoptr (AssayBundle) bundle = assay_bundle_new (), of_other = assay_bundle_new ();
  g_autoptr (GHashTable) files = signer_files (key, sums, statement, bundle), others = signer_files (other, sums, statement, of_other);
  g_autofree char *id = g_strndup (assay_signing_key_get_fingerprint (key), 16);
  const char *fault = NULL;

  g_assert_null (assay_signature_check (files, id, statement, sums, &fault, NULL));
  g_assert_null (assay_signature_check (others, id, sums, statement, &fault, NULL));
  g_assert_cmpstr (fault, ==, ASSAY_SIGNATURE_KEY);
  g_hash_table_replace (files, g_strdup (ASSAY_SIGNATURE_OF_SUMS), g_bytes_ref (g_hash_table_lookup (others, ASSAY_SIGNATURE_OF_SUMS)));
  g_assert_null (assay_signature_check (files, id, sums, statement, &fault, NULL));
  g_assert_cmpstr (fault, ==, ASSAY_SIGNATURE_OF_SUMS);
}

/* The stock program accepts keys and signatures, by the commands of VERIFY.md. */
static void
test_openssl (Room *room, gconstpointer unused)
{
  g_autofree char *openssl = g_find_program_in_path ("openssl"), *out = g_build_filename (room->directory, "out", NULL);
  g_autofree char *path = g_build_filename (room->directory, "key.pem", NULL), *text = NULL, *command = NULL, *answer = NULL, *errors = NULL;
  g_autofree char *script = g_build_filename (room->directory, "verify.sh", NULL), *expected = NULL, *file = NULL;
  g_autoptr (AssaySigningKey) key = new_key (), second = new_key ();
  g_autoptr (AssayBundle) bundle = small_bundle (key);
  g_autoptr (GString) commands = g_string_new ("set -e\n");
  GError *error = NULL;
  int status;
  gsize n;

  (void) unused;
  if (openssl == NULL)
    {
      g_test_skip ("openssl is not installed");
      return;
    }
  g_assert_true (assay_bundle_sign (bundle, second, &error));           /* a co-signature */
  g_assert_true (assay_bundle_write (bundle, out, &error));
  file = g_build_filename (out, ASSAY_VERIFY_TEXT, NULL);
  load (file, &text, &n);
  for (const char *at = strstr (text, "```sh\n"); at != NULL; at = strstr (at, "```sh\n"))
    {
      at += 6;
      g_string_append_len (commands, at, strstr (at, "```\n") - at);
    }
  save (script, commands->str, commands->len);
  command = g_strdup_printf ("sh -c 'cd %s && sh %s'", out, script);
  g_assert_true (g_spawn_command_line_sync (command, &answer, &errors, &status, NULL));
  g_test_message ("%s%s", answer, errors);
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  for (int k = 0; k < 2; k++)
    {
      const char *fingerprint = assay_signing_key_get_fingerprint (k == 0 ? key : second), *at = strstr (answer, fingerprint);

      g_assert_nonnull (at);
    }
  for (int k = 0; k < 4; k++)
    {
      char *at = strstr (answer, "Verified OK");

      g_assert_nonnull (at);
      *at = 'x';
    }
  g_free (command);
  g_assert_true (assay_signing_key_save (key, path, "secret", &error));
  command = g_strdup_printf ("%s pkey -in %s -passin pass:secret -noout -text", openssl, path);
  g_free (answer);
  answer = NULL;
  g_assert_true (g_spawn_command_line_sync (command, &answer, NULL, &status, NULL));
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  g_assert_nonnull (strstr (answer, "P-256"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/signature/a key is kept for its owner alone and read back", test_keep);
  ADD ("/signature/a passphrase encrypts a key, and only it decrypts", test_passphrase);
  ADD ("/signature/no key is written into a case or a bundle", test_place);
  g_test_add_func ("/signature/no bit of a signer's files is free", test_flipped_bits);
  g_test_add_func ("/signature/files of another signer or for other bytes are refused", test_swapped);
  ADD ("/signature/the commands of VERIFY.md accept it, and openssl reads the key", test_openssl);
  return g_test_run ();
}
