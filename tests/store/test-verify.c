/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-verify.c: each kind of damage is found and named, and nothing else is blamed. */
#include "store/verify.h"

#include "store_test.h"

static AssayVerification *
verify (Room *room)
{
  GError *error = NULL;
  AssayVerification *out = assay_case_verify (room->path, NULL, &error);

  g_assert_no_error (error);
  return out;
}

/* Exactly these findings, in the order found. */
static void
assert_findings (Room *room, guint n, const AssayFinding *want)
{
  g_autoptr (AssayVerification) out = verify (room);
  guint damaged = 0;

  for (guint i = 0; i < out->findings->len; i++)
    g_test_message ("%s", ((AssayFinding *) g_ptr_array_index (out->findings, i))->text);
  g_assert_cmpuint (out->findings->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      const AssayFinding *got = g_ptr_array_index (out->findings, i);

      g_assert_cmpint (got->level, ==, want[i].level);
      g_assert_cmpstr (got->what, ==, want[i].what);
      g_assert_cmpstr (got->file, ==, want[i].file);
      g_assert_cmpstr (got->name, ==, want[i].name);
      damaged += got->level == ASSAY_FINDING_DAMAGE;
    }
  g_assert_cmpuint (out->n_damaged, ==, damaged);
}

typedef struct {
  AssayObject *a, *b;
} Two;

/* A case of two objects, closed. */
static Two
make_two (Room *room)
{
  AssayCase *cas = new_case (room);
  Two two = { put_numbers (cas, "data", "a", 1, 400), put_numbers (cas, "scores", "b", 2, 400) };

  assay_case_free (cas);
  return two;
}

static void
clear_two (Two *two)
{
  assay_object_unref (two->a);
  assay_object_unref (two->b);
}

static void
test_whole (Room *room, gconstpointer unused)
{
  Two two = make_two (room);
  g_autoptr (AssayVerification) out = verify (room);

  (void) unused;
  g_assert_cmpuint (out->findings->len, ==, 0);
  g_assert_cmpuint (out->n_objects, ==, 2);
  g_assert_cmpuint (out->n_parts, ==, 2);
  g_assert_cmpuint (out->n_records, ==, 3);
  g_assert_cmpuint (out->bytes, ==, two.a->bytes + two.b->bytes);
  clear_two (&two);
}

static void
test_missing_and_altered (Room *room, gconstpointer unused)
{
  Two two = make_two (room);
  g_autofree char *a = path_in_case (room, two.a->parts[0]->file), *b = path_in_case (room, two.b->parts[0]->file), *bytes = NULL;
  AssayFinding want[] = { { ASSAY_FINDING_DAMAGE, "missing", (char *) two.a->parts[0]->file, NULL, (char *) "a", NULL },
                          { ASSAY_FINDING_DAMAGE, "sha256", (char *) two.b->parts[0]->file, NULL, (char *) "b", NULL } };
  gsize n;

  (void) unused;
  g_remove (a);
  load (b, &bytes, &n);
  bytes[n - 1] ^= 1;
  save (b, bytes, n);
  assert_findings (room, 2, want);
  save (b, bytes, n - 1);
  want[1].what = "size";
  assert_findings (room, 2, want);
  clear_two (&two);
}

static void
test_litter (Room *room, gconstpointer unused)
{
  Two two = make_two (room);
  g_autofree char *temporary = path_in_case (room, "shards/.tmp-1-2");
  g_autofree char *stranger = path_in_case (room, "shards/00000007-0123456789abcdef.h5");
  g_autoptr (AssayVerification) out = NULL;

  (void) unused;
  save (temporary, "x", 1);
  save (stranger, "x", 1);
  out = verify (room);
  g_assert_cmpuint (out->findings->len, ==, 2);
  g_assert_cmpuint (out->n_damaged, ==, 0);
  clear_two (&two);
}

/* Values without a redactable text are checked in full; the file of the text by its bytes, where damage is still seen. */
static void
test_no_salt (Room *room, gconstpointer unused)
{
  AssayCase *cas = new_case (room);
  g_autoptr (AssayObject) numbers = put_numbers (cas, "data", "a", 1, 400);
  GError *error = NULL;
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, "data", "names", NULL, &error);
  g_autoptr (AssayObject) names = NULL;
  const char *texts[] = { "Ada", "Emmy" };
  g_autofree char *salt = path_in_case (room, "salt.key"), *shard = NULL, *bytes = NULL;
  gsize n;

  (void) unused;
  g_assert_no_error (error);
  assay_shard_writer_put_text (writer, &(AssayArraySpec) { .path = "/h/id", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { 2 },
                               .axes = { "example" }, .redactable = TRUE }, texts, &error);
  g_assert_no_error (error);
  names = assay_shard_writer_commit (writer, &error);
  g_assert_no_error (error);
  assay_case_free (cas);
  g_assert_cmpint (g_remove (salt), ==, 0);
  assert_findings (room, 1, (AssayFinding[]) { { ASSAY_FINDING_NOTE, "no-salt", (char *) "salt.key", NULL, NULL, NULL } });
  shard = path_in_case (room, names->parts[0]->file);
  load (shard, &bytes, &n);
  bytes[n - 1] ^= 1;
  save (shard, bytes, n);
  assert_findings (room, 1, (AssayFinding[]) { { ASSAY_FINDING_DAMAGE, "sha256", (char *) names->parts[0]->file, (char *) "data", (char *) "names", NULL } });
}

static void
test_torn_journal (Room *room, gconstpointer unused)
{
  Two two = make_two (room);
  g_autofree char *journal = path_in_case (room, "journal/00000001.journal"), *bytes = NULL;
  AssayFinding want[] = { { ASSAY_FINDING_NOTE, "journal-torn", (char *) "journal/00000001.journal", NULL, NULL, NULL },
                          { ASSAY_FINDING_NOTE, "not-in-journal", (char *) two.b->parts[0]->file, NULL, NULL, NULL } };
  gsize n;

  (void) unused;
  load (journal, &bytes, &n);
  save (journal, bytes, n - 5);
  assert_findings (room, 2, want);
  bytes[n - 60] ^= 1;                   /* full length, wrong checksum: no killed writer leaves that */
  save (journal, bytes, n);
  want[0].level = ASSAY_FINDING_DAMAGE;
  want[0].what = "journal-damaged";
  assert_findings (room, 2, want);
  clear_two (&two);
}

/* The record in the middle is lost; what it spoke of is no longer spoken of, all else still verifies. */
static void
test_damaged_journal (Room *room, gconstpointer unused)
{
  Two two = make_two (room);
  g_autofree char *journal = path_in_case (room, "journal/00000001.journal"), *bytes = NULL;
  AssayFinding want[] = { { ASSAY_FINDING_DAMAGE, "journal-damaged", (char *) "journal/00000001.journal", NULL, NULL, NULL },
                          { ASSAY_FINDING_NOTE, "not-in-journal", (char *) two.a->parts[0]->file, NULL, NULL, NULL } };
  gsize n;

  (void) unused;
  load (journal, &bytes, &n);
  ((char *) memmem (bytes, n, two.a->parts[0]->sha256, 64))[0] ^= 1;
  save (journal, bytes, n);
  assert_findings (room, 2, want);
  clear_two (&two);
}

static void
test_no_case (Room *room, gconstpointer unused)
{
  GError *error = NULL;

  (void) unused;
  g_assert_null (assay_case_verify (room->path, NULL, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "is not an Assay case", NULL);
}

static void
test_cancel (Room *room, gconstpointer unused)
{
  Two two = make_two (room);
  g_autoptr (AssayProgress) progress = assay_progress_new (NULL, NULL);
  GError *error = NULL;

  (void) unused;
  assay_progress_cancel (progress, ASSAY_ERROR_INTERRUPTED);
  g_assert_null (assay_case_verify (room->path, progress, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
  g_clear_error (&error);
  clear_two (&two);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/verify/a whole case has no findings", test_whole);
  ADD ("/verify/missing, altered and cut shards are named", test_missing_and_altered);
  ADD ("/verify/litter is a note, not damage", test_litter);
  ADD ("/verify/without the salt it says what was not checked", test_no_salt);
  ADD ("/verify/a torn tail is a note, a full but bad last record damage", test_torn_journal);
  ADD ("/verify/a damaged record is named and the rest still checked", test_damaged_journal);
  ADD ("/verify/no case is an error", test_no_case);
  ADD ("/verify/it stops when asked", test_cancel);
  return g_test_run ();
}
