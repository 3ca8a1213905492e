/* SPDX-License-Identifier: GPL-3.0-or-later */
/* isolated.c: a child process with nothing but a pipe, and what it says. */
#include "store/isolated.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "store/file.h"
#include "store/io_thread.h"
#include "store/proof.h"

#define CPU_SECONDS 120
#define WALL_SECONDS 300
#define SPARE_MEMORY ((rlim_t) 1 << 30)         /* beside what the parent has, and some copies of the file */
#define MAX_ANSWER_BYTES ((gsize) 512 << 20)
#define PIPE_FD 3

typedef struct {
  GBytes     *bytes;
  const char *label;
  GByteArray *answer;           /* '+' and the tree as text, or '-' and why not */
  int         status;           /* as waitpid gives it */
  gboolean    was_late;
} Isolated;

/* --- the child ------------------------------------------------------------------------------------------------------- */

static void
limit (int what, rlim_t value)
{
  setrlimit (what, &(struct rlimit) { value, value });
}

/* Address space in use, by the kernel's count. */
static rlim_t
address_space (void)
{
  FILE *file = fopen ("/proc/self/statm", "re");
  unsigned long pages = 0;

  if (file == NULL)
    return RLIM_INFINITY;
  if (fscanf (file, "%lu", &pages) != 1)
    pages = 0;
  fclose (file);
  return pages > 0 ? (rlim_t) pages * (rlim_t) sysconf (_SC_PAGESIZE) : RLIM_INFINITY;
}

/* Leaves the pipe, at PIPE_FD, and nothing else. */
static void
give_up_everything (int pipe_fd, gsize n_bytes)
{
  rlim_t space = address_space ();
  int out = fcntl (pipe_fd, F_DUPFD, PIPE_FD + 1), null = open ("/dev/null", O_RDWR);

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl (PR_SET_DUMPABLE, 0);
  for (int fd = 0; fd < PIPE_FD && null >= 0; fd++)
    dup2 (null, fd);
  dup2 (out, PIPE_FD);
  syscall (SYS_close_range, PIPE_FD + 1, ~0u, 0);
  limit (RLIMIT_CORE, 0);
  limit (RLIMIT_FSIZE, 0);
  limit (RLIMIT_CPU, CPU_SECONDS);
  if (space != RLIM_INFINITY)
    limit (RLIMIT_AS, space + SPARE_MEMORY + 16 * (rlim_t) n_bytes);
  limit (RLIMIT_NOFILE, 0);             /* what is open stays open, nothing more is */
}

static void
serve_child (const Isolated *task, int pipe_fd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayProver) prover = NULL;
  g_autofree char *text = NULL;

  give_up_everything (pipe_fd, g_bytes_get_size (task->bytes));
  prover = assay_prover_new_for_bytes (task->bytes, task->label, NULL, &error);
  text = prover != NULL ? assay_content_tree_to_text (assay_prover_get_tree (prover)) : g_strdup (error->message);
  if (assay_file_write_all (PIPE_FD, "answer", prover != NULL ? "+" : "-", 1, NULL))
    assay_file_write_all (PIPE_FD, "answer", text, strlen (text), NULL);
  /* Ends the child, not the program: nothing of the parent's is flushed, freed or unlocked here. */
  syscall (SYS_exit_group, 0);
}

/* --- the parent ------------------------------------------------------------------------------------------------------ */

/* Until the child closes the pipe or its time is over. */
static void
listen (Isolated *task, int fd)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) WALL_SECONDS * G_USEC_PER_SEC;
  guint8 step[65536];

  for (;;)
    {
      gint64 left = (deadline - g_get_monotonic_time ()) / 1000;
      struct pollfd ready = { fd, POLLIN, 0 };
      int polled = poll (&ready, 1, (int) MAX (left, 0));
      ssize_t n;

      if (polled < 0 && errno == EINTR)
        continue;
      if (polled <= 0 || task->answer->len > MAX_ANSWER_BYTES)
        {
          task->was_late = TRUE;
          return;
        }
      n = read (fd, step, sizeof step);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return;
      g_byte_array_append (task->answer, step, (guint) n);
    }
}

static gboolean
ask (gpointer data, GError **error)
{
  Isolated *task = data;
  int ends[2];
  pid_t child;

  if (pipe2 (ends, O_CLOEXEC) < 0)
    {
      assay_error_set_errno (error, errno, "%s: no pipe to the process that is to read it", task->label);
      return FALSE;
    }
  child = fork ();
  if (child == 0)
    serve_child (task, ends[1]);
  close (ends[1]);
  if (child < 0)
    assay_error_set_errno (error, errno, "%s: no process to read it", task->label);
  else
    {
      listen (task, ends[0]);
      if (task->was_late)
        kill (child, SIGKILL);
      while (waitpid (child, &task->status, 0) < 0 && errno == EINTR)
        ;
    }
  close (ends[0]);
  return child > 0;
}

static AssayContentNode *
refuse (const Isolated *task, const char *why, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s: %s", task->label, why);
  return NULL;
}

static AssayContentNode *
understand (const Isolated *task, GError **error)
{
  const char *answer = (const char *) task->answer->data;
  gsize n = task->answer->len;

  if (task->was_late)
    return refuse (task, "reading it took longer than it may", error);
  if (WIFSIGNALED (task->status) && (WTERMSIG (task->status) == SIGKILL || WTERMSIG (task->status) == SIGXCPU))
    return refuse (task, "reading it took more time or memory than it may", error);
  if (!WIFEXITED (task->status) || WEXITSTATUS (task->status) != 0 || n == 0)
    return refuse (task, "HDF5 crashed while it was read: this is no file that was written by it", error);
  if (answer[0] == '+')
    return assay_content_tree_parse (answer + 1, n - 1, task->label, error);
  {
    g_autofree char *text = g_utf8_make_valid (answer + 1, (gssize) n - 1);

    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, text);        /* which names the file */
    return NULL;
  }
}

AssayContentNode *
assay_content_tree_read_isolated (GBytes *bytes, const char *label, GError **error)
{
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  Isolated task = { .bytes = bytes, .label = label, .answer = answer };

  return assay_store_call (ask, &task, error) ? understand (&task, error) : NULL;
}
