/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-store-kill.c: a recorder is killed with SIGKILL at random moments; nothing that it acknowledged may be lost or altered.
 *
 * The program runs itself as the writer. The writer says through a pipe how many rows are committed; the test kills it, reads what was
 * acknowledged before, and opens the case as any reader would. ASSAY_TEST_LONG=1 makes 1,000 kills of it.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "store/verify.h"
#include "../store/store_test.h"

#define COLUMNS 300
#define ROWS 6000               /* of a whole recording */
#define STEP 61                 /* appended at a time */
#define PART_BYTES (256 * (COLUMNS * 2 + 8))

static const AssayArraySpec arrays[] = {
  { .path = "/taps/mlp", .type = ASSAY_STORE_F16, .rank = 2, .dims = { 0, COLUMNS }, .axes = { "token", "neuron" }, .bulk = TRUE },
  { .path = "/taps/loss", .type = ASSAY_STORE_F64, .rank = 1, .axes = { "token" } },
};

static float
at (gint64 r, gint64 c)
{
  return (float) ((r * 11 + c * 5) % 2039);
}

/* --- the writer ------------------------------------------------------------------------------------------------------ */

typedef struct {
  gint64 rows;                  /* of the recording, committed */
  gint64 notes;                 /* single objects, committed */
} Ack;

static void
say (int fd, Ack ack)
{
  if (write (fd, &ack, sizeof ack) != (ssize_t) sizeof ack)
    exit (3);
}

static void
put_note (AssayCase *cas, gint64 k)
{
  g_autofree char *name = g_strdup_printf ("note-%d", (int) k);

  assay_object_unref (put_numbers (cas, "metrics", name, (double) k, 4));
}

/* Records from where the case ends to ROWS, with a single object now and then; goes on where an earlier writer was killed. */
static int
write_case (const char *path, int fd)
{
  json_t *meta = json_pack ("{s:s,s:s}", "created_utc", "2026-01-02T03:04:05Z", "run_uuid", "0");
  float rows[STEP * COLUMNS];
  double losses[STEP];
  GError *error = NULL;
  AssayCase *cas = assay_case_open (path, ASSAY_CASE_WRITE, &error);
  AssayRecorder *recorder = cas != NULL ? assay_recorder_new (cas, "activations", "mlp", meta, arrays, 2, &error) : NULL;
  g_autoptr (AssayObject) object = NULL;
  Ack ack = { 0, 0 };

  if (recorder == NULL)
    goto failed;
  assay_recorder_set_limits (recorder, PART_BYTES, 1 << 18);
  for (g_autofree char *name = NULL;; ack.notes++)
    {
      g_free (name);
      name = g_strdup_printf ("note-%d", (int) ack.notes);
      if (!assay_case_has (cas, "metrics", name))
        break;
    }
  ack.rows = assay_recorder_get_committed (recorder);
  say (fd, ack);
  for (gint64 r = ack.rows; r < ROWS; r += STEP)
    {
      gint64 n = MIN (STEP, ROWS - r);

      for (gint64 i = 0; i < n; i++)
        {
          losses[i] = at (r + i, 0);
          for (gint64 c = 0; c < COLUMNS; c++)
            rows[i * COLUMNS + c] = at (r + i, c);
        }
      if (!assay_recorder_append (recorder, 0, ASSAY_STORE_F32, rows, n, &error)
          || !assay_recorder_append (recorder, 1, ASSAY_STORE_F64, losses, n, &error))
        goto failed;
      if (r / 700 != (r + STEP) / 700)
        put_note (cas, ack.notes++);
      ack.rows = assay_recorder_get_committed (recorder);
      say (fd, ack);
    }
  object = assay_recorder_finish (recorder, &error);
  if (object == NULL)
    goto failed;
  ack.rows = object->rows;
  say (fd, ack);
  assay_recorder_free (recorder);
  assay_case_free (cas);
  json_decref (meta);
  return 0;

failed:
  g_printerr ("%s\n", error->message);
  return 1;
}

/* --- the killer ------------------------------------------------------------------------------------------------------ */

static char *self;

static pid_t
start_writer (const char *path, int *acks)
{
  int fds[2];
  g_autofree char *fd = NULL;
  pid_t child;

  g_assert_cmpint (pipe (fds), ==, 0);
  fd = g_strdup_printf ("%d", fds[1]);
  child = fork ();
  if (child == 0)
    {
      close (fds[0]);
      execl (self, self, "--writer", path, fd, NULL);
      _exit (127);
    }
  close (fds[1]);
  *acks = fds[0];
  return child;
}

/* Until the writer has opened the case and says so, or has ended. */
static void
wait_for_ack (int fd)
{
  struct pollfd ready = { .fd = fd, .events = POLLIN };

  g_assert_cmpint (poll (&ready, 1, 60000), ==, 1);
}

/* The last thing that was acknowledged, after the writer is gone. */
static Ack
read_acks (int fd, Ack last)
{
  Ack ack;

  while (read (fd, &ack, sizeof ack) == (ssize_t) sizeof ack)
    last = ack;
  close (fd);
  return last;
}

/* As any reader: no repair, a prefix that holds every acknowledged row, every value right. */
static void
check_case (Room *room, Ack acked)
{
  g_autoptr (AssayCase) cas = open_case (room, ASSAY_CASE_READ);
  g_autoptr (AssayObject) object = assay_case_lookup (cas, "activations", "mlp", NULL);
  g_autoptr (AssayVerification) verification = NULL;
  GError *error = NULL;

  g_assert_cmpint (object != NULL ? object->rows : 0, >=, acked.rows);
  if (object != NULL)
    {
      g_autoptr (AssayReader) reader = assay_reader_new (cas, object, &error);
      g_autofree float *rows = g_new (float, object->rows * COLUMNS);
      g_autofree double *losses = g_new (double, object->rows);

      g_assert_no_error (error);
      g_assert_true (assay_reader_read (reader, "/taps/mlp", ASSAY_STORE_F32, rows, &error));
      g_assert_true (assay_reader_read (reader, "/taps/loss", ASSAY_STORE_F64, losses, &error));
      for (gint64 r = 0; r < object->rows; r++)
        {
          g_assert_true (losses[r] == at (r, 0));
          for (gint64 c = 0; c < COLUMNS; c++)
            g_assert_true (rows[r * COLUMNS + c] == at (r, c));
        }
    }
  for (gint64 k = 0; k < acked.notes; k++)
    {
      g_autofree char *name = g_strdup_printf ("note-%d", (int) k);

      g_assert_cmpfloat (first_number (cas, "metrics", name), ==, (double) k);
    }
  verification = assay_case_verify (room->path, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (verification->n_damaged, ==, 0);
}

static void
finish_undisturbed (const char *path)
{
  int acks, status;
  pid_t child = start_writer (path, &acks);
  Ack last = read_acks (acks, (Ack) { 0, 0 });

  waitpid (child, &status, 0);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  g_assert_cmpint (last.rows, ==, ROWS);
}

/* The parts of the finished recording, as one text. */
static char *
list_parts (const char *path)
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (path, ASSAY_CASE_READ, &error);
  g_autoptr (AssayObject) object = assay_case_lookup (cas, "activations", "mlp", &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  g_assert_true (object->complete);
  for (guint i = 0; i < object->n_parts; i++)
    g_string_append_printf (text, "%s\n", object->parts[i]->sha256);
  return g_string_free (text, FALSE);
}

static void
test_kills (Room *room, gconstpointer unused)
{
  guint kills = g_getenv ("ASSAY_TEST_LONG") != NULL ? 1000 : 20, killed = 0, rounds = 0;
  AssayRng rng = assay_rng_new ((guint64) g_test_rand_int (), 0);
  g_autofree char *undisturbed = g_build_filename (room->directory, "undisturbed.assay", NULL), *want = NULL;
  GError *error = NULL;

  (void) unused;
  assay_case_free (assay_case_create (undisturbed, &error));
  g_assert_no_error (error);
  finish_undisturbed (undisturbed);
  want = list_parts (undisturbed);
  while (killed < kills)
    {
      Ack acked = { 0, 0 };
      gboolean ended = FALSE;
      g_autofree char *got = NULL;

      assay_case_free (new_case (room));
      while (!ended && killed < kills)
        {
          int acks, status;
          pid_t child = start_writer (room->path, &acks);

          /* Two of three die at work, one while it still opens and mends the case. */
          if (assay_rng_below (&rng, 3) > 0)
            wait_for_ack (acks);
          g_usleep ((gulong) assay_rng_below (&rng, 40000));
          kill (child, SIGKILL);
          waitpid (child, &status, 0);
          ended = WIFEXITED (status);
          g_assert_cmpint (ended ? WEXITSTATUS (status) : 0, ==, 0);
          killed += !ended;
          acked = read_acks (acks, acked);
          check_case (room, acked);
          g_test_message ("%" G_GINT64_FORMAT " rows and %" G_GINT64_FORMAT " objects acknowledged", acked.rows, acked.notes);
        }
      finish_undisturbed (room->path);
      got = list_parts (room->path);
      g_assert_cmpstr (got, ==, want);
      remove_tree (room->path);
      rounds++;
    }
  g_test_message ("%u kills in %u recordings", killed, rounds);
}

int
main (int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "--writer") == 0)
    return write_case (argv[2], atoi (argv[3]));
  self = g_file_read_link ("/proc/self/exe", NULL);
  g_test_init (&argc, &argv, NULL);
  ADD ("/store-kill/nothing acknowledged is lost, and the end has the bytes of an undisturbed run", test_kills);
  return g_test_run ();
}
