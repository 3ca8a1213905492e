/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-journal.c: chain, torn tails at every length, flipped bytes, restarted writers. */
#include "store/journal.h"

#include <unistd.h>

#include "store_test.h"

#define RECORDS 5

typedef struct {
  GPtrArray *texts;             /* the "text" of each record that has one */
  guint64    ends[64];
  guint      n;
} Seen;

static gboolean
see (const AssayJournalRecord *record, gpointer data, GError **error)
{
  Seen *seen = data;
  const char *text = json_string_value (json_object_get (record->payload, "text"));

  (void) error;
  seen->ends[seen->n++] = record->end;
  if (text != NULL)
    g_ptr_array_add (seen->texts, g_strdup (text));
  return TRUE;
}

static gboolean
walk (const char *directory, Seen *seen, AssayJournalEnd *end, GError **error)
{
  memset (seen, 0, sizeof *seen);
  seen->texts = g_ptr_array_new_with_free_func (g_free);
  return assay_journal_walk (directory, NULL, see, seen, end, NULL, error);
}

static AssayJournalWriter *
begin (const char *directory, const AssayJournalEnd *end)
{
  json_t *open = json_pack ("{s:s}", "action", "open");
  GError *error = NULL;
  AssayJournalWriter *writer = assay_journal_writer_new (directory, end, open, &error);

  g_assert_no_error (error);
  json_decref (open);
  return writer;
}

static void
append (AssayJournalWriter *writer, const char *text)
{
  json_t *payload = json_pack ("{s:s}", "text", text);
  GError *error = NULL;
  gboolean undone;

  assay_journal_writer_append (writer, payload, &undone, &error);
  g_assert_no_error (error);
  json_decref (payload);
}

static const char *const texts[RECORDS] = { "first", "second \"quoted\"", "third: \303\244\303\266", "", "fifth" };

/* RECORDS records behind the open record in file 1. */
static void
write_records (const char *directory)
{
  AssayJournalEnd none = { 0 };
  g_autoptr (AssayJournalWriter) writer = begin (directory, &none);

  for (int i = 0; i < RECORDS; i++)
    append (writer, texts[i]);
}

static void
assert_prefix (const Seen *seen, guint n)
{
  g_assert_cmpuint (seen->texts->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpstr (g_ptr_array_index (seen->texts, i), ==, texts[i]);
}

static void
test_round_trip (Room *room, gconstpointer unused)
{
  Seen seen;
  AssayJournalEnd end;
  GError *error = NULL;

  (void) unused;
  write_records (room->directory);
  walk (room->directory, &seen, &end, &error);
  g_assert_no_error (error);
  assert_prefix (&seen, RECORDS);
  g_assert_cmpuint (end.file, ==, 1);
  g_assert_cmpuint (end.torn_bytes, ==, 0);
  g_ptr_array_unref (seen.texts);
}

/* Cut anywhere, the journal holds exactly the records that were whole. */
static void
test_torn (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "00000001.journal", NULL), *bytes = NULL;
  gsize n;
  Seen whole;

  (void) unused;
  write_records (room->directory);
  walk (room->directory, &whole, NULL, NULL);
  load (path, &bytes, &n);
  for (gsize cut = 0; cut < n; cut++)
    {
      Seen seen;
      AssayJournalEnd end;
      GError *error = NULL;
      guint good = 0;

      save (path, bytes, cut);
      walk (room->directory, &seen, &end, &error);
      g_assert_no_error (error);
      while (good < whole.n && whole.ends[good] <= cut)
        good++;
      g_assert_cmpuint (seen.n, ==, good);
      assert_prefix (&seen, good > 0 ? good - 1 : 0);
      g_assert_cmpuint (end.torn_bytes, ==, cut - (good > 0 ? whole.ends[good - 1] : 0));
      g_assert_false (end.whole_but_bad);
      g_ptr_array_unref (seen.texts);
    }
  g_ptr_array_unref (whole.texts);
}

/* A flipped bit is damage, named with its offset, or it lies in the last record, which is then ignored and not altered. */
static void
test_flipped (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "00000001.journal", NULL), *bytes = NULL;
  gsize n;
  Seen whole;

  (void) unused;
  write_records (room->directory);
  walk (room->directory, &whole, NULL, NULL);
  load (path, &bytes, &n);
  for (gsize at = 0; at < n; at++)
    for (int bit = 0; bit < 8; bit += 7)
      {
        Seen seen;
        AssayJournalEnd end;
        GError *error = NULL;
        gboolean ok;

        bytes[at] ^= (char) (1 << bit);
        save (path, bytes, n);
        bytes[at] ^= (char) (1 << bit);
        ok = walk (room->directory, &seen, &end, &error);
        if (at < whole.ends[whole.n - 2])
          {
            g_assert_false (ok);
            expect_error (&error, ASSAY_ERROR_DAMAGED, "00000001.journal, byte ", NULL);
          }
        else
          {
            g_assert_no_error (error);
            assert_prefix (&seen, RECORDS - 1);
            g_assert_cmpuint (end.torn_bytes, ==, n - whole.ends[whole.n - 2]);
          }
        g_ptr_array_unref (seen.texts);
      }
  g_ptr_array_unref (whole.texts);
}

static void
test_damage_list (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "00000001.journal", NULL), *bytes = NULL;
  g_autoptr (GPtrArray) damage = g_ptr_array_new_with_free_func (g_free);
  gsize n;
  Seen whole, seen = { .texts = g_ptr_array_new_with_free_func (g_free) };
  GError *error = NULL;

  (void) unused;
  write_records (room->directory);
  walk (room->directory, &whole, NULL, NULL);
  load (path, &bytes, &n);
  bytes[whole.ends[1] + 9] ^= 4;                /* inside "second" */
  save (path, bytes, n);
  assay_journal_walk (room->directory, NULL, see, &seen, NULL, damage, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (damage->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (damage, 0), "00000001.journal, byte "));
  g_assert_cmpuint (seen.texts->len, ==, RECORDS - 1);
  g_assert_cmpstr (g_ptr_array_index (seen.texts, 1), ==, texts[2]);
  g_ptr_array_unref (seen.texts);
  g_ptr_array_unref (whole.texts);
}

/* A second writer begins its own file behind a torn tail; the chain runs through both. */
static void
test_restart (Room *room, gconstpointer unused)
{
  g_autofree char *first = g_build_filename (room->directory, "00000001.journal", NULL), *bytes = NULL;
  gsize n;
  Seen seen;
  AssayJournalEnd end;
  GError *error = NULL;

  (void) unused;
  write_records (room->directory);
  load (first, &bytes, &n);
  save (first, bytes, n - 3);
  walk (room->directory, &seen, &end, &error);
  g_ptr_array_unref (seen.texts);
  {
    g_autoptr (AssayJournalWriter) writer = begin (room->directory, &end);

    append (writer, texts[RECORDS - 1]);
  }
  walk (room->directory, &seen, &end, &error);
  g_assert_no_error (error);
  assert_prefix (&seen, RECORDS);
  g_assert_cmpuint (end.file, ==, 2);
  g_ptr_array_unref (seen.texts);

  save (first, bytes, n - 3 - 80);              /* now a record that the second file follows is gone */
  g_assert_false (walk (room->directory, &seen, &end, &error));
  expect_error (&error, ASSAY_ERROR_DAMAGED, "00000002.journal, byte 16", "missing or altered");
  g_ptr_array_unref (seen.texts);
  g_remove (first);
  g_assert_false (walk (room->directory, &seen, &end, &error));
  expect_error (&error, ASSAY_ERROR_DAMAGED, "00000002.journal", "first one found");
  g_ptr_array_unref (seen.texts);
}

static void
test_resume_walk (Room *room, gconstpointer unused)
{
  AssayJournalEnd none = { 0 }, end, later;
  g_autoptr (AssayJournalWriter) writer = begin (room->directory, &none);
  Seen seen;
  GError *error = NULL;

  (void) unused;
  append (writer, texts[0]);
  walk (room->directory, &seen, &end, &error);
  append (writer, texts[1]);
  append (writer, texts[2]);
  assay_journal_walk (room->directory, &end, see, &seen, &later, NULL, &error);
  g_assert_no_error (error);
  assert_prefix (&seen, 3);
  assay_journal_walk (room->directory, &later, see, &seen, &later, NULL, &error);
  assert_prefix (&seen, 3);
  g_ptr_array_unref (seen.texts);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/journal/records come back in order", test_round_trip);
  ADD ("/journal/cut at every length keeps every whole record", test_torn);
  ADD ("/journal/every flipped byte is damage or an ignored tail", test_flipped);
  ADD ("/journal/a tolerant walk names the damage and goes on behind it", test_damage_list);
  ADD ("/journal/a restarted writer continues the chain in a new file", test_restart);
  ADD ("/journal/a walk goes on where the last one ended", test_resume_walk);
  return g_test_run ();
}
