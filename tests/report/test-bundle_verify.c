/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-bundle_verify.c: an intact bundle is never called altered, and an altered one never intact: flipped bits, cut files, swapped files, wrong
 * keys, strangers, and what repacking may do. */
#include "report/bundle_verify.h"

#include <sys/stat.h>

#include "base/rng.h"
#include "report/bundle_directory.h"
#include "report/countersign.h"
#include "report/signature.h"
#include "sealed.h"

typedef struct {
  Room room;
  char *out, *public_key, *other_key;
  AssaySigningKey *key;
} Fixture;

static void
enter (Fixture *fixture, gconstpointer is_signed)
{
  g_autoptr (AssaySigningKey) other = NULL;
  g_autoptr (AssayBundle) bundle = NULL;
  g_autofree char *path = NULL, *other_path = NULL;
  GError *error = NULL;

  room_enter (&fixture->room, NULL);
  fixture->out = g_build_filename (fixture->room.directory, "out", NULL);
  path = g_build_filename (fixture->room.directory, "key", NULL);
  other_path = g_build_filename (fixture->room.directory, "other", NULL);
  fixture->public_key = g_strconcat (path, ".pub", NULL);
  fixture->other_key = g_strconcat (other_path, ".pub", NULL);
  fixture->key = assay_signing_key_generate (&error);
  other = assay_signing_key_generate (&error);
  g_assert_true (assay_signing_key_save (fixture->key, path, NULL, &error));
  g_assert_true (assay_signing_key_save (other, other_path, NULL, &error));
  bundle = small_bundle (is_signed != NULL ? fixture->key : NULL);
  g_assert_true (assay_bundle_write (bundle, fixture->out, &error));
}

static void
leave (Fixture *fixture, gconstpointer is_signed)
{
  (void) is_signed;
  assay_signing_key_free (fixture->key);
  g_free (fixture->out);
  g_free (fixture->public_key);
  g_free (fixture->other_key);
  room_leave (&fixture->room, NULL);
}

#define ADD_SIGNED(sentence, function) g_test_add (sentence, Fixture, "signed", enter, function, leave)
#define ADD_UNSIGNED(sentence, function) g_test_add (sentence, Fixture, NULL, enter, function, leave)

static AssayBundleVerdict *
verify (Fixture *fixture, const char *key)
{
  GError *error = NULL;
  AssayBundleVerdict *verdict = assay_bundle_verify (fixture->out, &(AssayBundleCheck) { .key = key }, &error);

  g_assert_no_error (error);
  return verdict;
}

static int
status (Fixture *fixture, const char *key)
{
  g_autoptr (AssayBundleVerdict) verdict = verify (fixture, key);

  for (guint k = 0; k < verdict->findings->len; k++)
    g_test_message ("%s", ((AssayBundleFinding *) verdict->findings->pdata[k])->text);
  return assay_bundle_verdict_get_exit_status (verdict);
}

static gboolean
names (const AssayBundleVerdict *verdict, const char *file)
{
  for (guint k = 0; k < verdict->findings->len; k++)
    if (g_strcmp0 (((AssayBundleFinding *) verdict->findings->pdata[k])->file, file) == 0)
      return TRUE;
  return FALSE;
}

/* --- intact ---------------------------------------------------------------------------------------------------------- */

static void
test_unsigned (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (AssayBundleVerdict) verdict = verify (fixture, NULL);

  (void) unused;
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 5);
  g_assert_cmpuint (verdict->findings->len, ==, 0);
  g_assert_cmpuint (verdict->n_numbers, ==, 9);
  g_assert_cmpint (status (fixture, fixture->public_key), ==, 1);       /* a signature was asked for */
}

static void
test_signed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (AssayBundleVerdict) unknown = verify (fixture, NULL), known = verify (fixture, fixture->public_key), wrong = verify (fixture, fixture->other_key);

  (void) unused;
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (unknown), ==, 0);
  g_assert_false (assay_bundle_verdict_is_known (unknown));
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (known), ==, 0);
  g_assert_true (assay_bundle_verdict_is_known (known));
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (wrong), ==, 1);
  g_assert_true (assay_bundle_verdict_is_unaltered (wrong));
}

static void
test_countersign (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (AssaySigningKey) second = assay_signing_key_generate (NULL);
  g_autofree char *added = NULL, *again = NULL, *file = g_build_filename (fixture->out, "report.json", NULL), *bytes = NULL;
  g_autoptr (AssayBundleVerdict) verdict = NULL;
  GError *error = NULL;
  gsize n;

  (void) unused;
  g_assert_true (assay_bundle_countersign (fixture->out, fixture->key, NULL, &added, &error));
  g_assert_cmpint (status (fixture, fixture->public_key), ==, 0);
  g_assert_false (assay_bundle_countersign (fixture->out, fixture->key, NULL, &again, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "already", NULL);
  g_free (added);
  g_assert_true (assay_bundle_countersign (fixture->out, second, NULL, &added, &error));
  verdict = verify (fixture, fixture->public_key);
  g_assert_cmpuint (verdict->signers->len, ==, 2);
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 0);
  load (file, &bytes, &n);
  bytes[n / 2] ^= 1;
  save (file, bytes, n);
  g_assert_false (assay_bundle_countersign (fixture->out, second, NULL, &again, &error));
  expect_error (&error, ASSAY_ERROR_CHECK_FAILED, "report.json", "not signed");
}

/* --- one number ------------------------------------------------------------------------------------------------------ */

static void
test_number (Fixture *fixture, gconstpointer unused)
{
  static const char *const others[] = { "report.json", "evidence", "VERIFY.md", "SHA256SUMS" };
  AssayBundleCheck check = { .number = "subgroups/race/rate[0]" };
  g_autofree char *proofs = g_build_filename (fixture->out, "proofs.jsonl", NULL), *bytes = NULL;
  g_autoptr (AssayBundleVerdict) verdict = NULL, altered = NULL;
  GError *error = NULL;
  char *at;
  gsize n;

  (void) unused;
  for (gsize k = 0; k < G_N_ELEMENTS (others); k++)     /* nothing else is needed */
    {
      g_autofree char *path = g_build_filename (fixture->out, others[k], NULL);

      remove_tree (path);
    }
  verdict = assay_bundle_verify (fixture->out, &check, &error);
  g_assert_no_error (error);
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 0);
  g_assert_cmpuint (verdict->n_numbers, ==, 1);
  g_assert_cmpstr (verdict->displays->pdata[0], ==, "44.8 %");
  check.number = "no/such[0]";
  g_assert_null (assay_bundle_verify (fixture->out, &check, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "no/such[0]", NULL);
  load (proofs, &bytes, &n);
  at = strstr (bytes, "44.8 %");
  at[3] = '9';
  save (proofs, bytes, n);
  check.number = "subgroups/race/rate[0]";
  altered = assay_bundle_verify (fixture->out, &check, &error);
  g_assert_no_error (error);
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (altered), ==, 1);
  g_assert_cmpstr (((AssayBundleFinding *) altered->findings->pdata[0])->number, ==, "subgroups/race/rate[0]");
}

/* --- alterations ----------------------------------------------------------------------------------------------------- */

static GPtrArray *
list_files (Fixture *fixture)
{
  g_autoptr (AssayBundleDirectory) there = assay_bundle_directory_open (fixture->out, NULL);
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);

  for (guint k = 0; k < assay_bundle_directory_list (there)->len; k++)
    g_ptr_array_add (files, g_strdup (((AssayBundleEntry *) assay_bundle_directory_list (there)->pdata[k])->path));
  return files;
}

/* A finding names the file, or, when a list of digests was altered, that list. */
static void
flip (Fixture *fixture, const char *file, gsize bit)
{
  g_autofree char *path = g_build_filename (fixture->out, file, NULL), *bytes = NULL;
  g_autoptr (AssayBundleVerdict) verdict = NULL;
  gsize n;

  load (path, &bytes, &n);
  bit %= 8 * n;
  bytes[bit / 8] ^= (char) (1 << bit % 8);
  save (path, bytes, n);
  verdict = verify (fixture, NULL);
  g_test_message ("%s bit %" G_GSIZE_FORMAT ": %s", file, bit, verdict->findings->len > 0 ? ((AssayBundleFinding *) verdict->findings->pdata[0])->text : "NOT FOUND");
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 1);
  g_assert_true (names (verdict, file) || (strcmp (file, "statement.json") == 0 && names (verdict, "proofs.jsonl"))
                 || g_str_has_prefix (file, "signatures/"));
  bytes[bit / 8] ^= (char) (1 << bit % 8);
  save (path, bytes, n);
}

/* Headers exhaustively and random bits elsewhere in the long run; a sample of both otherwise. */
static void
test_flipped_bits (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) files = list_files (fixture);
  gboolean is_long = g_getenv ("ASSAY_TEST_LONG") != NULL;
  AssayRng rng = assay_rng_new (11, 0);

  (void) unused;
  for (gsize bit = 0; bit < 8 * 2048; bit += is_long ? 1 : 331)
    flip (fixture, "evidence/results.h5", bit);
  for (int round = 0; round < (is_long ? 10000 : 120); round++)
    flip (fixture, files->pdata[assay_rng_below (&rng, files->len)], assay_rng_below (&rng, (guint64) 1 << 40));
  g_assert_cmpint (status (fixture, fixture->public_key), ==, 0);
}

static void
test_cut (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) files = list_files (fixture);
  AssayRng rng = assay_rng_new (12, 0);

  (void) unused;
  for (guint k = 0; k < files->len; k++)
    for (int round = 0; round < 4; round++)
      {
        g_autofree char *path = g_build_filename (fixture->out, files->pdata[k], NULL), *bytes = NULL;
        gsize n, length;

        load (path, &bytes, &n);
        length = round == 0 ? 0 : round == 1 ? n - 1 : assay_rng_below (&rng, n);
        save (path, bytes, length);
        g_assert_cmpint (status (fixture, NULL), ==, 1);
        if (round == 2)
          {
            g_remove (path);
            g_assert_cmpint (status (fixture, NULL), ==, 1);
          }
        save (path, bytes, n);
      }
  g_assert_cmpint (status (fixture, NULL), ==, 0);
}

static void
test_longer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) files = list_files (fixture);

  (void) unused;
  for (guint k = 0; k < files->len; k++)
    {
      g_autofree char *path = g_build_filename (fixture->out, files->pdata[k], NULL), *bytes = NULL, *longer = NULL;
      gsize n;

      load (path, &bytes, &n);
      longer = g_malloc0 (n + 5000);
      memcpy (longer, bytes, n);
      for (gsize more = 1; more <= 5000; more += 4999)
        {
          save (path, longer, n + more);
          g_assert_cmpint (status (fixture, NULL), ==, 1);
        }
      save (path, bytes, n);
    }
}

static void
test_swapped (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *a = g_build_filename (fixture->out, "report.json", NULL), *b = g_build_filename (fixture->out, "proofs.jsonl", NULL);
  g_autofree char *c = g_build_filename (fixture->out, "c", NULL);
  g_autoptr (AssayBundleVerdict) verdict = NULL;

  (void) unused;
  g_assert_cmpint (rename (a, c) | rename (b, a) | rename (c, b), ==, 0);
  verdict = verify (fixture, NULL);
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 1);
  g_assert_true (names (verdict, "report.json") && names (verdict, "proofs.jsonl"));
}

static void
test_strangers (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *file = g_build_filename (fixture->out, "evidence", "more.txt", NULL), *link = g_build_filename (fixture->out, "link", NULL);
  g_autofree char *in_signatures = g_build_filename (fixture->out, "signatures", "note", NULL), *odd = g_build_filename (fixture->out, "a\nb", NULL);
  const char *paths[] = { file, in_signatures, odd };

  (void) unused;
  for (gsize k = 0; k < G_N_ELEMENTS (paths); k++)
    {
      save (paths[k], "x", 1);
      g_assert_cmpint (status (fixture, NULL), ==, 1);
      g_remove (paths[k]);
    }
  g_assert_cmpint (symlink ("/etc/passwd", link), ==, 0);
  g_assert_cmpint (status (fixture, NULL), ==, 1);
  g_remove (link);
  g_assert_cmpint (mkfifo (link, 0600), ==, 0);
  g_assert_cmpint (status (fixture, NULL), ==, 1);
  g_remove (link);
  g_assert_cmpint (status (fixture, NULL), ==, 0);
}

/* What a forger would do who has no key: alter a value consistently everywhere, and leave or remove the signature. */
static void
test_forged (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (AssayBundle) forged = small_bundle (NULL);
  g_autofree char *out = g_build_filename (fixture->room.directory, "forged", NULL), *from = g_build_filename (fixture->out, "signatures", NULL);
  g_autofree char *to = g_build_filename (out, "signatures", NULL), *sums = g_build_filename (fixture->out, "SHA256SUMS", NULL), *bytes = NULL;
  g_autofree char *forged_sums = g_build_filename (out, "SHA256SUMS", NULL), *verify_text = g_build_filename (out, "VERIFY.md", NULL), *text = NULL;
  g_autoptr (AssayBundleVerdict) verdict = NULL;
  AssayDigest before, after;
  g_autofree char *hex = NULL, *new_hex = NULL;
  GError *error = NULL;
  char *at;
  gsize n, m;

  (void) unused;
  g_assert_true (assay_bundle_write (forged, out, &error));
  g_assert_cmpint (rename (from, to), ==, 0);
  load (verify_text, &text, &n);
  before = assay_digest_of_bytes (text, n);
  text[0] = '=';
  after = assay_digest_of_bytes (text, n);
  save (verify_text, text, n);
  load (forged_sums, &bytes, &m);
  hex = assay_digest_to_hex (&before);
  new_hex = assay_digest_to_hex (&after);
  at = strstr (bytes, hex);
  memcpy (at, new_hex, 64);
  save (forged_sums, bytes, m);
  verdict = assay_bundle_verify (out, &(AssayBundleCheck) { .key = fixture->public_key }, &error);
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 1);
  g_assert_false (assay_bundle_verdict_is_known (verdict));
}

/* --- containers ------------------------------------------------------------------------------------------------------ */

static gboolean
run (const char *format, ...)
{
  g_autofree char *command = NULL, *errors = NULL;
  va_list args;
  int exit_status;

  va_start (args, format);
  command = g_strdup_vprintf (format, args);
  va_end (args);
  if (!g_spawn_command_line_sync (command, NULL, &errors, &exit_status, NULL))
    return FALSE;
  g_test_message ("%s: %s", command, errors);
  return g_spawn_check_wait_status (exit_status, NULL);
}

static void
test_repack (Fixture *fixture, gconstpointer unused)
{
  const char *ways[] = { "", "-f GZIP=1", "-l CONTI", "-f SHUF -f GZIP=9", "-L", "-f NONE", "-S PAGE" };
  g_autofree char *program = g_find_program_in_path ("h5repack"), *file = g_build_filename (fixture->out, "evidence/results.h5", NULL);
  g_autofree char *kept = g_build_filename (fixture->room.directory, "kept.h5", NULL), *bytes = NULL;
  gsize n;

  (void) unused;
  if (program == NULL)
    {
      g_test_skip ("h5repack is not installed");
      return;
    }
  load (file, &bytes, &n);
  save (kept, bytes, n);
  for (gsize k = 0; k < G_N_ELEMENTS (ways); k++)
    {
      g_autoptr (AssayBundleVerdict) verdict = NULL;

      g_assert_true (run ("%s %s %s %s", program, ways[k], kept, file));
      verdict = verify (fixture, fixture->public_key);
      if (verdict->findings->len > 0)
        g_test_message ("%s: %s", ways[k], ((AssayBundleFinding *) verdict->findings->pdata[0])->text);
      g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 0);
      g_assert_true (verdict->is_rewritten);
      g_assert_cmpuint (verdict->notes->len, ==, 1);
    }
}

/* The bytes, the array and the rows of its leaf are named, although HDF5's checksum of the chunk does not fit either. */
static void
test_altered_value (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *file = g_build_filename (fixture->out, "evidence/results.h5", NULL), *bytes = NULL;
  g_autoptr (AssayBundleVerdict) verdict = NULL;
  double value = 1.0 / (131 + 3);
  gboolean bytes_found = FALSE, rows_found = FALSE;
  gsize n, at = 0;

  (void) unused;
  load (file, &bytes, &n);
  while (memcmp (bytes + at, &value, 8) != 0)           /* influence/score[131] as it lies there */
    at++;
  bytes[at] ^= 1;
  save (file, bytes, n);
  verdict = verify (fixture, NULL);
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 1);
  for (guint k = 0; k < verdict->findings->len; k++)
    {
      const AssayBundleFinding *finding = verdict->findings->pdata[k];

      g_test_message ("%s", finding->text);
      bytes_found |= finding->first_byte >= 0 && finding->first_byte <= (gint64) at && finding->last_byte >= (gint64) at;
      rows_found |= g_strcmp0 (finding->path, "/influence/score") == 0 && finding->first_row == 128 && finding->last_row == 255;
    }
  g_assert_true (bytes_found && rows_found);
}

static void
test_not_one (Fixture *fixture, gconstpointer unused)
{
  GError *error = NULL;

  (void) unused;
  g_assert_null (assay_bundle_verify (fixture->room.directory, &(AssayBundleCheck) { 0 }, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "no bundle", NULL);
  g_assert_null (assay_bundle_verify ("/nonexistent", &(AssayBundleCheck) { 0 }, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "/nonexistent", NULL);
  g_assert_null (assay_bundle_verify (fixture->out, &(AssayBundleCheck) { .key = fixture->out }, &error));
  g_clear_error (&error);
  g_assert_false (assay_bundle_is_one (fixture->room.directory));
  g_assert_true (assay_bundle_is_one (fixture->out));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD_UNSIGNED ("/bundle-verify/an intact unsigned bundle is unaltered and incomplete", test_unsigned);
  ADD_SIGNED ("/bundle-verify/an intact signed bundle is unaltered, its signer known by the key alone", test_signed);
  ADD_UNSIGNED ("/bundle-verify/signers are added, but not to an altered bundle", test_countersign);
  ADD_SIGNED ("/bundle-verify/one number is checked from its proof and the statement alone", test_number);
  ADD_SIGNED ("/bundle-verify/a flipped bit anywhere is found and its file named", test_flipped_bits);
  ADD_SIGNED ("/bundle-verify/a file that is cut or missing is found", test_cut);
  ADD_SIGNED ("/bundle-verify/a file that is longer is found", test_longer);
  ADD_SIGNED ("/bundle-verify/swapped files are found", test_swapped);
  ADD_SIGNED ("/bundle-verify/files that do not belong, links and devices are found and not opened", test_strangers);
  ADD_SIGNED ("/bundle-verify/a signature does not fit a forged list of digests", test_forged);
  ADD_SIGNED ("/bundle-verify/repacked evidence is no alarm", test_repack);
  ADD_SIGNED ("/bundle-verify/an altered value is found where it lies", test_altered_value);
  ADD_SIGNED ("/bundle-verify/what is no bundle is said to be none", test_not_one);
  return g_test_run ();
}
