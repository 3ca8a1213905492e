/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-bundle.c: a bundle that the program itself wrote and signed, altered in every way that there is, one at a time: a bit flipped anywhere, files
 * removed, renamed, replaced by what is no file, signatures of another bundle, a statement that somebody else signed. Each is found, and the
 * finding says where; what is no alteration is none. `make check-long` flips every bit of every header and 10,000 anywhere. */
#include "report/bundle_verify.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../store/store_test.h"
#include "base/rng.h"
#include "report/blocks.h"
#include "report/bundle.h"
#include "report/bundle_directory.h"
#include "report/seal.h"
#include "report/signing_key.h"
#include "report/sums.h"

#define EVIDENCE "evidence/results.h5"
#define EVIDENCE_HEADER_BYTES 512       /* superblock, root group and the first object headers */
#define HEADER_BYTES 64                 /* of the other files */

typedef struct {
  Room  room;
  char *out;
  char *public_key;
  AssaySigningKey *stranger;
} Fixture;

/* --- the bundle ------------------------------------------------------------------------------------------------------ */

static gboolean
run (const char *directory, const char *format, ...)
{
  g_autofree char *command = NULL, *errors = NULL;
  va_list args;
  int exit_status;
  const char *argv[] = { "/bin/sh", "-c", NULL, NULL };

  va_start (args, format);
  argv[2] = command = g_strdup_vprintf (format, args);
  va_end (args);
  if (!g_spawn_sync (directory, (char **) argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &errors, &exit_status, NULL))
    return FALSE;
  g_test_message ("%s: %s", command, errors);
  return g_spawn_check_wait_status (exit_status, NULL);
}

static const char script[] =
  "set -e; awk -v rows=60 -f \"$ASSAY_SRCDIR/tests/cli/people.awk\" >people.csv; \"$ASSAY\" new p.assay -q; "
  "\"$ASSAY\" import p.assay data people.csv --id id -q; "
  "\"$ASSAY\" train p.assay --name r --model logistic --l2 0.01 --target \"score in ('Medium', 'High')\" --terms age,group -q; "
  "\"$ASSAY\" influence p.assay --model-name r --query train:3 --method exact --top 5 -q; "
  "\"$ASSAY\" keygen key -q; "
  "\"$ASSAY\" report p.assay --format html,json,pdf --key key --out out -q; "
  "\"$ASSAY\" report p.assay --format json --key key --out another -q";

static void
enter (Fixture *fixture, gconstpointer unused)
{
  GError *error = NULL;

  room_enter (&fixture->room, unused);
  g_assert_true (run (fixture->room.directory, "%s", script));
  fixture->out = g_build_filename (fixture->room.directory, "out", NULL);
  fixture->public_key = g_build_filename (fixture->room.directory, "key.pub", NULL);
  fixture->stranger = assay_signing_key_generate (&error);
  g_assert_no_error (error);
}

static void
leave (Fixture *fixture, gconstpointer unused)
{
  assay_signing_key_free (fixture->stranger);
  g_free (fixture->out);
  g_free (fixture->public_key);
  room_leave (&fixture->room, unused);
}

#undef ADD
#define ADD(sentence, function) g_test_add (sentence, Fixture, NULL, enter, function, leave)

static AssayBundleVerdict *
verify_as (Fixture *fixture, const AssayBundleCheck *check)
{
  GError *error = NULL;
  AssayBundleVerdict *verdict = assay_bundle_verify (fixture->out, check, &error);

  g_assert_no_error (error);
  for (guint k = 0; k < verdict->findings->len; k++)
    g_test_message ("%s", ((AssayBundleFinding *) verdict->findings->pdata[k])->text);
  return verdict;
}

static AssayBundleVerdict *
verify (Fixture *fixture)
{
  return verify_as (fixture, &(AssayBundleCheck) { 0 });
}

static char *
path_of (Fixture *fixture, const char *file)
{
  return g_build_filename (fixture->out, file, NULL);
}

static gboolean
names (const AssayBundleVerdict *verdict, const char *file)
{
  for (guint k = 0; k < verdict->findings->len; k++)
    if (g_strcmp0 (((AssayBundleFinding *) verdict->findings->pdata[k])->file, file) == 0)
      return TRUE;
  return FALSE;
}

/* The bundle is altered, and the file is said to be. */
static void
expect (Fixture *fixture, const char *file)
{
  g_autoptr (AssayBundleVerdict) verdict = verify (fixture);

  g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 1);
  g_assert_true (names (verdict, file));
}

/* --- flipped bits ---------------------------------------------------------------------------------------------------- */

typedef struct { guint flips, values, with_bytes, with_rows; } Tally;

static gboolean
is_covered (gint64 first, gint64 last, gsize at)
{
  return first >= 0 && first <= (gint64) at && last >= (gint64) at;
}

/* number: of a table's column, as in "people/race/rate[3]". */
static gboolean
has_row (const AssayBundleFinding *finding, const char *number)
{
  const char *bracket = strrchr (number, '[');
  gint64 row = g_ascii_strtoll (bracket + 1, NULL, 10);
  g_autofree char *path = g_strdup_printf ("/%.*s", (int) (bracket - number), number);

  return g_strcmp0 (finding->path, path) == 0 && finding->first_row <= row && row <= finding->last_row;
}

/* A finding names the file and, but for the list of digests and the signatures, which hold the rest, the bytes; of an altered value, the number of
 * which is given, its row. */
static void
flip (Fixture *fixture, const char *file, gsize bit, const char *number, Tally *tally)
{
  g_autofree char *path = path_of (fixture, file), *bytes = NULL;
  g_autoptr (AssayBundleVerdict) verdict = NULL;
  gboolean is_located = FALSE, has_rows = FALSE, is_read = TRUE, has_content = FALSE;
  gsize n;

  load (path, &bytes, &n);
  bit %= 8 * n;
  bytes[bit / 8] ^= (char) (1 << bit % 8);
  save (path, bytes, n);
  g_test_message ("%s bit %" G_GSIZE_FORMAT, file, bit);
  verdict = verify (fixture);
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 1);
  for (guint k = 0; k < verdict->findings->len; k++)
    {
      const AssayBundleFinding *finding = verdict->findings->pdata[k];

      is_located |= g_strcmp0 (finding->file, file) == 0 && is_covered (finding->first_byte, finding->last_byte, bit / 8);
      has_content |= strcmp (finding->what, "content") == 0;
      has_rows |= finding->path != NULL && finding->first_row >= 0 && (number == NULL || has_row (finding, number));
      is_read &= strcmp (finding->what, "unreadable") != 0;
    }
  if (strcmp (file, ASSAY_BUNDLE_SUMS) != 0 && !g_str_has_prefix (file, ASSAY_BUNDLE_SIGNATURES "/"))
    g_assert_true (names (verdict, file));
  if (strcmp (file, ASSAY_BUNDLE_SUMS) != 0 && strcmp (file, ASSAY_BLOCKS_FILE) != 0 && !g_str_has_prefix (file, ASSAY_BUNDLE_SIGNATURES "/"))
    g_assert_true (is_located);
  if (strcmp (file, ASSAY_BUNDLE_SUMS) == 0 || g_str_has_prefix (file, ASSAY_BUNDLE_SIGNATURES "/"))
    g_assert_true (verdict->findings->len > 0);
  /* The statement says which root the values must have: nothing else makes the evidence look altered. */
  g_assert_true (strcmp (file, EVIDENCE) == 0 || strcmp (file, "statement.json") == 0 || (is_read && !has_content));
  tally->flips++;
  tally->with_bytes += is_located;
  tally->with_rows += has_rows;
  bytes[bit / 8] ^= (char) (1 << bit % 8);
  save (path, bytes, n);
}

/* A bit of the very value of printed numbers: where their eight bytes stand once in the file, the number's row is named. */
static void
flip_values (Fixture *fixture, guint n_values, Tally *tally)
{
  g_autofree char *proofs_path = path_of (fixture, "proofs.jsonl"), *evidence_path = path_of (fixture, EVIDENCE), *proofs = NULL, *evidence = NULL;
  g_auto (GStrv) lines = NULL;
  gsize n;

  load (proofs_path, &proofs, NULL);
  load (evidence_path, &evidence, &n);
  lines = g_strsplit (proofs, "\n", -1);
  for (char **line = lines; *line != NULL && tally->values < n_values; line++)
    {
      const char *bits = strstr (*line, "\"value_bits\":\"");
      guint64 value = bits != NULL ? GUINT64_TO_LE (g_ascii_strtoull (bits + strlen ("\"value_bits\":\""), NULL, 16)) : 0;
      char *at = memmem (evidence, n, &value, sizeof value);
      g_autofree char *number = NULL;
      guint before = tally->with_rows;

      /* A rounded value of few bits, a small count, may stand for something else as well. */
      if (value << 32 == 0 || at == NULL || memmem (at + 1, n - (gsize) (at + 1 - evidence), &value, sizeof value) != NULL)
        continue;
      number = g_strdup (strstr (*line, "\"number_id\":\"") + strlen ("\"number_id\":\""));
      *strchr (number, '"') = '\0';
      flip (fixture, EVIDENCE, 8 * (gsize) (at - evidence) + tally->values * 11 % 64, number, tally);
      g_assert_cmpuint (tally->with_rows, ==, before + 1);
      tally->values++;
    }
  g_assert_cmpuint (tally->values, >, 10);
}

static void
test_bits (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (AssayBundleDirectory) there = assay_bundle_directory_open (fixture->out, NULL);
  const GPtrArray *entries = assay_bundle_directory_list (there);
  gboolean is_long = g_getenv ("ASSAY_TEST_LONG") != NULL;
  AssayRng rng = assay_rng_new (29, 0);
  g_autoptr (AssayBundleVerdict) after = NULL;
  Tally tally = { 0 };
  guint n_headers, n_random = is_long ? 10000 : 60;
  gsize step = is_long ? 1 : 251;

  (void) unused;
  for (guint k = 0; k < entries->len; k++)
    {
      const AssayBundleEntry *entry = entries->pdata[k];
      gsize n = MIN (entry->bytes, strcmp (entry->path, EVIDENCE) == 0 ? EVIDENCE_HEADER_BYTES : HEADER_BYTES);

      for (gsize bit = assay_rng_below (&rng, step); bit < 8 * n; bit += step)
        flip (fixture, entry->path, bit, NULL, &tally);
    }
  n_headers = tally.flips;
  for (guint round = 0; round < n_random; round++)
    {
      const AssayBundleEntry *entry = entries->pdata[assay_rng_below (&rng, entries->len)];

      flip (fixture, entry->path, assay_rng_below (&rng, 8 * entry->bytes), NULL, &tally);
    }
  flip_values (fixture, is_long ? G_MAXUINT : 20, &tally);
  g_printerr ("# %u bits flipped, each found: %u of headers, %u anywhere, %u of values of printed numbers; %u with their bytes, %u with the rows of an array\n",
              tally.flips, n_headers, n_random, tally.values, tally.with_bytes, tally.with_rows);
  after = verify_as (fixture, &(AssayBundleCheck) { .key = fixture->public_key });
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (after), ==, 0);
}

/* The last letter of each name in the list: no line speaks of that file then, which is as it was. */
static void
test_names_in_list (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = path_of (fixture, ASSAY_BUNDLE_SUMS), *sums = NULL;
  Tally tally = { 0 };
  gsize n;

  (void) unused;
  load (path, &sums, &n);
  for (gsize k = 1; k < n; k++)
    if (sums[k] == '\n')
      flip (fixture, ASSAY_BUNDLE_SUMS, 8 * (k - 1), NULL, &tally);
  g_assert_cmpuint (tally.flips, >, 8);
}

/* --- other forms ----------------------------------------------------------------------------------------------------- */

static void
test_directory (Fixture *fixture, gconstpointer unused)
{
  static const char *const files[] = { "report.json", "report.html", "report.pdf", EVIDENCE, "evidence/tree.jsonl", ASSAY_BLOCKS_FILE, "proofs.jsonl",
                                       "statement.json", "VERIFY.md", ASSAY_BUNDLE_SUMS };
  g_autofree char *aside = g_build_filename (fixture->room.directory, "aside", NULL);
  g_autoptr (AssayBundleVerdict) after = NULL;

  (void) unused;
  for (gsize k = 0; k < G_N_ELEMENTS (files); k++)
    {
      g_autofree char *path = path_of (fixture, files[k]), *other = g_strconcat (path, ".bak", NULL), *other_name = g_strconcat (files[k], ".bak", NULL);
      g_autofree char *bytes = NULL;
      gsize n;

      load (path, &bytes, &n);
      for (gsize length = 0; length < n; length = length * 9 + 1)               /* cut, to nothing and to more and more */
        {
          save (path, bytes, length);
          expect (fixture, files[k]);
        }
      save (path, bytes, n);
      g_assert_cmpint (g_rename (path, aside), ==, 0);                          /* removed */
      expect (fixture, files[k]);
      g_assert_cmpint (symlink (aside, path), ==, 0);                           /* a link to the very same bytes */
      expect (fixture, files[k]);
      g_remove (path);
      g_assert_cmpint (link (aside, other), ==, 0);                             /* renamed */
      expect (fixture, files[k]);
      g_assert_cmpint (g_mkdir (path, 0700), ==, 0);                            /* a directory in its place, with the file within */
      expect (fixture, files[k]);
      g_rmdir (path);
      g_assert_cmpint (mkfifo (path, 0600), ==, 0);
      expect (fixture, files[k]);
      g_remove (path);
      if (mknod (path, S_IFCHR | 0600, makedev (1, 5)) == 0)                    /* /dev/zero, for those who may make one */
        {
          expect (fixture, files[k]);
          g_remove (path);
        }
      g_assert_cmpint (g_rename (aside, path), ==, 0);
      expect (fixture, other_name);                                             /* there twice */
      g_remove (other);
    }
  after = verify (fixture);
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (after), ==, 0);
}

/* --- other signatures ------------------------------------------------------------------------------------------------ */

static void
test_other_signature (Fixture *fixture, gconstpointer unused)
{
  static const char *const files[] = { "SHA256SUMS.sig", "statement.sig", "statement.dsse.json", "statement.tsq" };
  g_autoptr (AssayBundleVerdict) after = NULL;

  (void) unused;
  for (gsize k = 0; k < G_N_ELEMENTS (files); k++)
    {
      g_assert_true (run (fixture->room.directory, "cp -R out kept && cp another/signatures/*/%s out/signatures/*/", files[k]));
      after = verify_as (fixture, &(AssayBundleCheck) { .key = fixture->public_key });
      g_assert_cmpint (assay_bundle_verdict_get_exit_status (after), ==, 1);
      g_assert_true (g_str_has_prefix (((AssayBundleFinding *) after->findings->pdata[0])->file, ASSAY_BUNDLE_SIGNATURES "/"));
      g_clear_pointer (&after, assay_bundle_verdict_free);
      g_assert_true (run (fixture->room.directory, "rm -r out && mv kept out"));
    }
  g_assert_true (run (fixture->room.directory, "rm -r out/signatures && cp -R another/signatures out/"));
  after = verify_as (fixture, &(AssayBundleCheck) { .key = fixture->public_key });
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (after), ==, 1);
  g_assert_false (assay_bundle_verdict_is_known (after));
}

/* The whole bundle anew, with another statement, by somebody with a key of their own. */
static void
forge (Fixture *fixture, const char *directory)
{
  g_autoptr (AssayBundleDirectory) there = assay_bundle_directory_open (fixture->out, NULL);
  const GPtrArray *entries = assay_bundle_directory_list (there);
  g_autoptr (AssayBundle) bundle = assay_bundle_new ();
  g_autofree char *blocks = NULL, *sums = NULL;
  GError *error = NULL;

  for (guint k = 0; k < entries->len; k++)
    {
      const char *path = ((AssayBundleEntry *) entries->pdata[k])->path;
      g_autofree char *text = NULL, *file = path_of (fixture, path);
      g_autoptr (GBytes) bytes = NULL;
      char *at;
      gsize n;

      if (strcmp (path, ASSAY_BUNDLE_SUMS) == 0 || strcmp (path, ASSAY_BLOCKS_FILE) == 0 || g_str_has_prefix (path, ASSAY_BUNDLE_SIGNATURES "/"))
        continue;
      load (file, &text, &n);
      at = strcmp (path, "statement.json") == 0 ? strstr (text, "\"regulator\"") : NULL;
      if (at != NULL)
        memcpy (at, "\"guarantor\"", strlen ("\"guarantor\""));
      g_assert_true (at != NULL || strcmp (path, "statement.json") != 0);
      bytes = g_bytes_new (text, n);
      assay_bundle_add (bundle, path, bytes, &error);
      g_assert_no_error (error);
    }
  blocks = assay_blocks_of_bundle (bundle);
  assay_bundle_add_text (bundle, ASSAY_BLOCKS_FILE, blocks, &error);
  sums = assay_sums_of_bundle (bundle);
  assay_bundle_add_text (bundle, ASSAY_BUNDLE_SUMS, sums, &error);
  assay_bundle_sign (bundle, fixture->stranger, &error);
  assay_bundle_write (bundle, directory, &error);
  g_assert_no_error (error);
}

static void
test_signed_anew (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *forged = g_build_filename (fixture->room.directory, "forged", NULL);
  g_autoptr (AssayBundleVerdict) unknown = NULL, wrong = NULL;

  (void) unused;
  forge (fixture, forged);
  g_free (fixture->out);
  fixture->out = g_strdup (forged);
  unknown = verify (fixture);                           /* consistent in itself, and nobody that is known */
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (unknown), ==, 0);
  g_assert_false (assay_bundle_verdict_is_known (unknown));
  g_assert_cmpstr (((AssayBundleSigner *) unknown->signers->pdata[0])->fingerprint, ==, assay_signing_key_get_fingerprint (fixture->stranger));
  wrong = verify_as (fixture, &(AssayBundleCheck) { .key = fixture->public_key });
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (wrong), ==, 1);
  g_assert_false (assay_bundle_verdict_is_known (wrong));
  /* Nor do the true signer's old signatures beside the new ones help. */
  g_assert_true (run (fixture->room.directory, "cp -R out/signatures/* forged/signatures/"));
  g_clear_pointer (&wrong, assay_bundle_verdict_free);
  wrong = verify_as (fixture, &(AssayBundleCheck) { .key = fixture->public_key });
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (wrong), ==, 1);
  g_assert_false (assay_bundle_verdict_is_known (wrong));
}

/* --- no alteration --------------------------------------------------------------------------------------------------- */

static void
test_repacked (Fixture *fixture, gconstpointer unused)
{
  static const char *const ways[] = { "", "-f GZIP=1", "-l CONTI", "-f SHUF -f GZIP=9", "-L" };
  g_autofree char *program = g_find_program_in_path ("h5repack");

  (void) unused;
  if (program == NULL)
    {
      g_test_skip ("h5repack is not installed");
      return;
    }
  g_assert_true (run (fixture->room.directory, "cp out/" EVIDENCE " kept.h5"));
  for (gsize k = 0; k < G_N_ELEMENTS (ways); k++)
    for (int by_content = 0; by_content < 2; by_content++)
      {
        g_autoptr (AssayBundleVerdict) verdict = NULL;

        g_assert_true (run (fixture->room.directory, "rm out/" EVIDENCE "; h5repack %s kept.h5 out/" EVIDENCE, ways[k]));
        verdict = verify_as (fixture, &(AssayBundleCheck) { .key = fixture->public_key, .by_content = by_content });
        g_assert_cmpint (assay_bundle_verdict_get_exit_status (verdict), ==, 0);
        g_assert_true (verdict->is_rewritten);
      }
}

/* Bytes that hold no value: behind the end of what HDF5 uses. */
static void
test_slack (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = path_of (fixture, EVIDENCE), *bytes = NULL, *longer = NULL;
  g_autoptr (AssayBundleVerdict) strict = NULL, lenient = NULL;
  gsize n;

  (void) unused;
  load (path, &bytes, &n);
  longer = g_malloc0 (n + 1);
  memcpy (longer, bytes, n);
  save (path, longer, n + 1);
  strict = verify (fixture);
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (strict), ==, 1);
  g_assert_true (names (strict, EVIDENCE));
  lenient = verify_as (fixture, &(AssayBundleCheck) { .by_content = TRUE });
  g_assert_cmpint (assay_bundle_verdict_get_exit_status (lenient), ==, 0);
  g_assert_cmpuint (lenient->notes->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("ASSAY") == NULL)
    {
      g_print ("1..0 # SKIP the program is given by ASSAY\n");
      return 0;
    }
  ADD ("/bundle/a flipped bit anywhere is found, with its file, its bytes and, in a value, its rows", test_bits);
  ADD ("/bundle/an altered name in the list of digests is found, whichever file it was", test_names_in_list);
  ADD ("/bundle/files that are cut, gone, renamed, linked or no files are found", test_directory);
  ADD ("/bundle/signatures of another bundle do not hold for this one", test_other_signature);
  ADD ("/bundle/a statement that a stranger signed is the stranger's", test_signed_anew);
  ADD ("/bundle/repacked evidence is no alarm", test_repacked);
  ADD ("/bundle/bytes around the values matter, unless values alone are asked for", test_slack);
  return g_test_run ();
}
