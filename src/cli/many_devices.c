/* SPDX-License-Identifier: GPL-3.0-or-later */
/* many_devices.c: starts the program once more for each device. */
#include "cli/many_devices.h"

#include "base/error.h"
#include "job/shard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREFIX "cuda:"
#define INCOMPLETE 5            /* a part that waits for the others of its stage */
#define MOST_STAGES 8

char **
assay_many_devices_parse (const char *text)
{
  g_auto (GStrv) numbers = text && g_str_has_prefix (text, PREFIX) && strchr (text, ',') ? g_strsplit (text + strlen (PREFIX), ",", -1) : NULL;
  guint n = numbers ? g_strv_length (numbers) : 0;
  char **devices = n > 0 ? g_new0 (char *, n + 1) : NULL;

  for (guint k = 0; k < n; k++)
    devices[k] = g_strconcat (PREFIX, numbers[k], NULL);
  return devices;
}

/* The words of the command without its own --device, for one part. Owns: the caller. */
static char **
dup_words (const char *quoted, const char *device, guint part, guint n, gboolean is_quiet, GError **error)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) own = g_ptr_array_new_with_free_func (g_free);

  if (!g_shell_parse_argv (quoted, NULL, &words, error))
    return NULL;
  g_ptr_array_add (own, g_strdup ("/proc/self/exe"));
  for (guint k = 1; words[k] != NULL; k++)
    if (strcmp (words[k], "--device") == 0 && words[k + 1] != NULL)
      k++;
    else if (!g_str_has_prefix (words[k], "--device="))
      g_ptr_array_add (own, g_strdup (words[k]));
  g_ptr_array_add (own, g_strdup_printf ("--device=%s", device));
  g_ptr_array_add (own, g_strdup_printf ("--" ASSAY_SHARD_OPTION "=%u/%u", part + 1, n));
  if (is_quiet)
    g_ptr_array_add (own, g_strdup ("--quiet"));
  g_ptr_array_add (own, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&own), FALSE);
}

/* Whoever starts them is not survived: they stop behind a checkpoint. */
static void
follow (gpointer data)
{
  (void) data;
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

/* Its answer is nobody's; the first one's progress is everybody's. */
static gboolean
start (const char *quoted, const char *device, guint part, guint n, gboolean is_quiet, GPid *pid, GError **error)
{
  g_auto (GStrv) words = dup_words (quoted, device, part, n, is_quiet || part > 0, error);

  return words != NULL && g_spawn_async (NULL, words, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_CHILD_INHERITS_STDERR, follow, NULL, pid, error);
}

static int
wait_for (GPid pid)
{
  int status;

  while (waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      return ASSAY_ERROR_IO;
  return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}

/* *worst <- the first exit status that is neither done nor waiting; *waits: some wait for a stage that others were still making. */
static gboolean
run_stage (const char *quoted, const char *const *devices, guint n, gboolean is_quiet, int *worst, gboolean *waits, GError **error)
{
  g_autofree GPid *pid = g_new0 (GPid, n);
  gboolean ok = TRUE;
  guint started = 0;

  *waits = FALSE;
  for (; started < n && ok; started += ok)
    ok = start (quoted, devices[started], started, n, is_quiet, &pid[started], error);
  for (guint k = 0; k < started; k++)
    {
      int status = wait_for (pid[k]);

      *waits |= status == INCOMPLETE;
      if (*worst == 0 && status != INCOMPLETE)
        *worst = status;
    }
  return ok;
}

int
assay_many_devices_run (const AssayCommandLine *line, const char *quoted, const char *const *devices, GError **error)
{
  const AssayJobKind *kind = assay_job_get_kind (line->job);
  guint n = g_strv_length ((char **) devices);
  gboolean waits = TRUE;
  int worst = 0;

  if (kind->share == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--device: one device expected for %s, %u found: its work is not cut into parts", kind->name, n);
      return -1;
    }
  if (assay_values_get_string (assay_job_get_values (line->job), ASSAY_SHARD_OPTION) != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--device: one device expected with --" ASSAY_SHARD_OPTION ", %u found: several take a part each", n);
      return -1;
    }
  for (guint stage = 0; worst == 0 && waits && stage < MOST_STAGES; stage++)
    if (!run_stage (quoted, devices, n, assay_values_get_bool (line->globals, "quiet") || assay_values_get_bool (line->globals, "jsonl"), &worst, &waits, error))
      return -1;
  return worst == 0 && waits ? INCOMPLETE : worst;
}
