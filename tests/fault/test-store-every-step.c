/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-store-every-step.c: the k-th system call of a small job kills the process, writes half of what it should, or fails; for every k.
 *
 * The linker leads the store's calls through the functions below (local.mk, --wrap). Each run is a child of its own; the parent never
 * starts the store's thread. What the child had acknowledged lies in shared memory and survives it. ASSAY_TEST_LONG=1 tries every k, the
 * short form every few.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/verify.h"
#include "../store/store_test.h"

/* --- faults ---------------------------------------------------------------------------------------------------------- */

typedef enum { COUNT, KILL_BEFORE, KILL_AFTER, TORN_WRITE, FAIL_ONCE_EIO, FAIL_ONCE_ENOSPC, FAIL_ALWAYS_ENOSPC } Fault;

static const char *const fault_names[] = { "count", "kill before", "kill after", "torn write", "EIO once", "ENOSPC once",
                                           "ENOSPC for ever" };

typedef struct {
  gint   calls;                 /* so far */
  gint   objects;               /* acknowledged */
  gint64 rows;                  /* acknowledged */
  gint   failed;                /* an error was reported */
  gint   code;
} Shared;

static Shared *shared;
static Fault fault;
static gint fault_at;           /* 0: no fault */

static void
die (void)
{
  kill (getpid (), SIGKILL);
}

/* TRUE when this call must fail; errno is set. */
static gboolean
meet_fault (void)
{
  gint k = g_atomic_int_add (&shared->calls, 1) + 1;

  if (fault_at == 0 || k < fault_at)
    return FALSE;
  if (k == fault_at && fault == KILL_BEFORE)
    die ();
  if ((k == fault_at && (fault == FAIL_ONCE_EIO || fault == FAIL_ONCE_ENOSPC)) || fault == FAIL_ALWAYS_ENOSPC)
    {
      errno = fault == FAIL_ONCE_EIO ? EIO : ENOSPC;
      return TRUE;
    }
  return FALSE;
}

static void
after_call (void)
{
  if (fault == KILL_AFTER && fault_at > 0 && g_atomic_int_get (&shared->calls) == fault_at)
    die ();
}

#define WRAP(type, name, parameters, arguments) \
  type __real_##name parameters; \
  type __wrap_##name parameters; \
  type __wrap_##name parameters \
  { \
    type result; \
    if (meet_fault ()) \
      return (type) -1; \
    result = __real_##name arguments; \
    after_call (); \
    return result; \
  }

WRAP (int, fsync, (int fd), (fd))
WRAP (int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP (int, rename, (const char *from, const char *to), (from, to))
WRAP (int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))

ssize_t __real_write (int fd, const void *bytes, size_t n);
ssize_t __wrap_write (int fd, const void *bytes, size_t n);
ssize_t
__wrap_write (int fd, const void *bytes, size_t n)
{
  ssize_t result;

  if (meet_fault ())
    return -1;
  if (fault == TORN_WRITE && fault_at > 0 && g_atomic_int_get (&shared->calls) == fault_at)
    {
      if (__real_write (fd, bytes, n / 2) >= 0)
        die ();
    }
  result = __real_write (fd, bytes, n);
  after_call ();
  return result;
}

int __real_open (const char *path, int flags, ...);
int __wrap_open (const char *path, int flags, ...);
int
__wrap_open (const char *path, int flags, ...)
{
  va_list args;
  mode_t mode = 0;
  int result;

  va_start (args, flags);
  if ((flags & O_CREAT) != 0)
    mode = (mode_t) va_arg (args, int);
  va_end (args);
  /* A disk that is full refuses new files, not the reading of old ones. */
  if ((flags & O_ACCMODE) != O_RDONLY && meet_fault ())
    return -1;
  result = __real_open (path, flags, mode);
  if ((flags & O_ACCMODE) != O_RDONLY)
    after_call ();
  return result;
}

/* --- the job --------------------------------------------------------------------------------------------------------- */

#define OBJECTS 3
#define ROWS 700
#define COLUMNS 40

static const AssayArraySpec recorded = { .path = "/r/x", .type = ASSAY_STORE_F64, .rank = 2, .dims = { 0, COLUMNS },
                                         .axes = { "row", "column" }, .bulk = TRUE };

static gboolean
put_object (AssayCase *cas, int k, GError **error)
{
  g_autofree char *name = g_strdup_printf ("object-%d", k);
  double value = k;
  g_autoptr (AssayShardWriter) w = NULL;
  g_autoptr (AssayObject) object = NULL;

  if (assay_case_has (cas, "data", name))
    return TRUE;
  w = assay_shard_writer_new (cas, "data", name, NULL, error);
  if (w == NULL || !assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/data/value", .type = ASSAY_STORE_F64, .rank = 1,
                                            .dims = { 1 } }, ASSAY_STORE_F64, &value, error))
    return FALSE;
  object = assay_shard_writer_commit (w, error);
  return object != NULL;
}

static gboolean
record (AssayCase *cas, GError **error)
{
  g_autoptr (AssayRecorder) recorder = assay_recorder_new (cas, "metrics", "m", NULL, &recorded, 1, error);
  g_autoptr (AssayObject) object = NULL;

  if (recorder == NULL)
    return FALSE;
  assay_recorder_set_limits (recorder, 256 * COLUMNS * 8, 1 << 16);
  for (gint64 r = assay_recorder_get_committed (recorder); r < ROWS; r++)
    {
      double row[COLUMNS];

      for (int c = 0; c < COLUMNS; c++)
        row[c] = (double) (r * COLUMNS + c);
      if (!assay_recorder_append (recorder, 0, ASSAY_STORE_F64, row, 1, error))
        return FALSE;
      shared->rows = MAX (shared->rows, assay_recorder_get_committed (recorder));
    }
  object = assay_recorder_finish (recorder, error);
  if (object == NULL)
    return FALSE;
  shared->rows = object->rows;
  return TRUE;
}

static gboolean
has_marker (const char *path)
{
  g_autofree char *marker = g_build_filename (path, "assay-case.json", NULL);

  return g_file_test (marker, G_FILE_TEST_EXISTS);
}

/* Begins or goes on with the job. */
static gboolean
work (const char *path, GError **error)
{
  g_autoptr (AssayCase) cas = has_marker (path) ? assay_case_open (path, ASSAY_CASE_WRITE, error) : assay_case_create (path, error);
  g_autoptr (AssayObject) done = NULL;

  if (cas == NULL)
    return FALSE;
  for (int k = 0; k < OBJECTS; k++)
    {
      if (!put_object (cas, k, error))
        return FALSE;
      shared->objects = MAX (shared->objects, k + 1);
    }
  done = assay_case_lookup (cas, "metrics", "m", NULL);
  if (done == NULL || !done->complete)
    return record (cas, error);
  shared->rows = done->rows;            /* finished by a run that did not live to say so */
  return TRUE;
}

/* --- children -------------------------------------------------------------------------------------------------------- */

/* The job in a child with that fault. Returns its wait status. */
static int
run_job (const char *path, Fault kind, gint at)
{
  pid_t child;
  int status;

  shared->calls = shared->failed = 0;
  child = fork ();
  if (child == 0)
    {
      GError *error = NULL;

      fault = kind;
      fault_at = at;
      if (!work (path, &error))
        {
          shared->failed = 1;
          shared->code = error->domain == ASSAY_ERROR ? error->code : -1;
        }
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return status;
}

/* Everything acknowledged is there and right, no repair needed, nothing damaged. */
static void
assert_promises (const char *path)
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = NULL;
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (AssayVerification) verification = NULL;

  if (!has_marker (path))
    {
      g_assert_cmpint (shared->objects, ==, 0);
      return;
    }
  cas = assay_case_open (path, ASSAY_CASE_READ, &error);
  g_assert_no_error (error);
  for (int k = 0; k < shared->objects; k++)
    {
      g_autofree char *name = g_strdup_printf ("object-%d", k);

      g_assert_cmpfloat (first_number (cas, "data", name), ==, k);
    }
  object = assay_case_lookup (cas, "metrics", "m", NULL);
  g_assert_cmpint (object != NULL ? object->rows : 0, >=, shared->rows);
  if (object != NULL)
    {
      g_autoptr (AssayReader) reader = assay_reader_new (cas, object, &error);
      g_autofree double *rows = g_new (double, object->rows * COLUMNS + 1);

      g_assert_no_error (error);
      g_assert_true (assay_reader_read (reader, "/r/x", ASSAY_STORE_F64, rows, &error));
      for (gint64 i = 0; i < object->rows * COLUMNS; i++)
        g_assert_true (rows[i] == (double) i);
    }
  verification = assay_case_verify (path, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (verification->n_damaged, ==, 0);
}

static void
check_in_child (const char *path)
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      assert_promises (path);
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static void
try_one (Room *room, Fault kind, gint at)
{
  int status;

  shared->objects = 0;
  shared->rows = 0;
  status = run_job (room->path, kind, at);
  if (kind < FAIL_ONCE_EIO)
    g_assert_true (WIFSIGNALED (status) ? WTERMSIG (status) == SIGKILL : kind == TORN_WRITE);   /* not every call is a write */
  else
    {
      g_assert_true (WIFEXITED (status));
      if (shared->failed)
        g_assert_true (shared->code == (kind == FAIL_ONCE_EIO ? ASSAY_ERROR_IO : ASSAY_ERROR_NO_SPACE));
    }
  check_in_child (room->path);
  status = run_job (room->path, COUNT, 0);              /* the rerun completes */
  g_assert_true (WIFEXITED (status) && !shared->failed);
  g_assert_cmpint (shared->rows, ==, ROWS);
  check_in_child (room->path);
  remove_tree (room->path);
}

static void
test_fault (Room *room, gconstpointer data)
{
  Fault kind = (Fault) GPOINTER_TO_INT (data);
  gint n, step, status;

  shared->objects = 0;
  shared->rows = 0;
  status = run_job (room->path, COUNT, 0);
  g_assert_true (WIFEXITED (status) && !shared->failed);
  n = shared->calls;
  remove_tree (room->path);
  step = g_getenv ("ASSAY_TEST_LONG") != NULL ? 1 : 7;
  g_test_message ("%s: %d calls", fault_names[kind], n);
  g_assert_cmpint (n, >, 50);
  for (gint at = 1 + (gint) kind; at <= n; at += step)
    try_one (room, kind, at);
}

int
main (int argc, char **argv)
{
  shared = mmap (NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  g_test_init (&argc, &argv, NULL);
  for (int kind = KILL_BEFORE; kind <= FAIL_ALWAYS_ENOSPC; kind++)
    {
      g_autofree char *sentence = g_strdup_printf ("/every-step/%s at every call keeps the promises", fault_names[kind]);

      g_test_add (sentence, Room, GINT_TO_POINTER (kind), room_enter, test_fault, room_leave);
    }
  return g_test_run ();
}
