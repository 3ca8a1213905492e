/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_process.c: starting, watching and stopping the program. */
#include "gui/job_process.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "gui/job_form.h"
#include "gui/job_program.h"
#include "job/view.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define RECORDS "--jsonl"
#define POLL_MSEC 100
#define READ_AT_ONCE (256 * 1024)
#define MAX_LINE (64u << 20)
#define MAX_TEXT (16u << 20)

struct _AssayJobProcess {
  GObject parent_instance;
  char *command, *kind, *cas, *file, *utc, *words;
  GSubprocess *child;           /* NULL: started by an earlier window */
  gint64 pid;
  AssayJobState state;
  int fd, exit_status;
  GString *line;                /* of the file, not yet ended */
  GString *text;                /* that it gave out as it was made */
  guint source;
  AssayJobProgress progress;
  gint64 started;               /* monotonic; of this watch */
  json_t *document;
};

G_DEFINE_FINAL_TYPE (AssayJobProcess, assay_job_process, G_TYPE_OBJECT)

enum { CHANGED, ENDED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
assay_job_process_finalize (GObject *object)
{
  AssayJobProcess *self = ASSAY_JOB_PROCESS (object);

  if (self->source != 0)
    g_source_remove (self->source);
  if (self->fd >= 0)
    close (self->fd);
  g_clear_object (&self->child);
  g_string_free (self->line, TRUE);
  g_string_free (self->text, TRUE);
  g_free (self->command);
  g_free (self->kind);
  g_free (self->cas);
  g_free (self->file);
  g_free (self->utc);
  g_free (self->words);
  assay_job_progress_clear (&self->progress);
  json_decref (self->document);
  G_OBJECT_CLASS (assay_job_process_parent_class)->finalize (object);
}

static void
assay_job_process_class_init (AssayJobProcessClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_job_process_finalize;
  signals[CHANGED] = g_signal_new ("changed", ASSAY_TYPE_JOB_PROCESS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ENDED] = g_signal_new ("ended", ASSAY_TYPE_JOB_PROCESS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
assay_job_process_init (AssayJobProcess *self)
{
  self->fd = -1;
  self->exit_status = -1;
  self->line = g_string_new (NULL);
  self->text = g_string_new (NULL);
  assay_job_progress_init (&self->progress);
  self->utc = g_strdup ("");
  self->words = g_strdup (_("starting"));
  self->started = g_get_monotonic_time ();
}

/* --- what the records say ------------------------------------------------------------------------------------------ */

static void
set_words (AssayJobProcess *self, const char *text)
{
  g_free (self->words);
  self->words = assay_text_escape (text, FALSE);
}

/* The command as a person would type it: a record has the program's own path and the option that makes the records. */
static char *
clean_command (const char *command)
{
  const char *rest = strstr (command, " " RECORDS " ");

  return rest ? g_strconcat ("assay ", rest + strlen (" " RECORDS " "), NULL) : g_strdup (command);
}

/* Kind and case. A command that a later version does not understand any more still has its second word. */
static void
take_command (AssayJobProcess *self, const char *command)
{
  g_autoptr (AssayJobForm) form = NULL;
  g_auto (GStrv) words = NULL;

  g_free (self->command);
  self->command = clean_command (command);
  form = assay_job_form_parse (self->command, NULL);
  g_clear_pointer (&self->kind, g_free);
  g_clear_pointer (&self->cas, g_free);
  if (form != NULL)
    {
      self->kind = g_strdup (assay_job_form_get_kind (form)->name);
      self->cas = assay_job_form_get_case (form) ? g_canonicalize_filename (assay_job_form_get_case (form), NULL) : NULL;
    }
  else if (g_shell_parse_argv (self->command, NULL, &words, NULL))
    self->kind = g_strdup (words[1] ? words[1] : "");
  if (self->kind == NULL)
    self->kind = g_strdup ("");
}

static void
take_progress (AssayJobProcess *self, const json_t *record)
{
  g_autofree char *words = assay_job_progress_take (&self->progress, record);

  set_words (self, self->state == ASSAY_JOB_STOPPING ? _("saving, then stopping") : words);
}

/* How long it took: by this window's clock, or from its begin to its last record. */
static void
measure (AssayJobProcess *self)
{
  g_autoptr (GDateTime) began = g_date_time_new_from_iso8601 (self->utc, NULL);
  GStatBuf status;

  if (self->child != NULL)
    self->progress.seconds = 1e-6 * (double) (g_get_monotonic_time () - self->started);
  else if (began != NULL && g_stat (self->file, &status) == 0)
    self->progress.seconds = MAX (self->progress.seconds, (double) (status.st_mtime - g_date_time_to_unix (began)));
}

static void
finish (AssayJobProcess *self, AssayJobState state, const char *words)
{
  self->state = state;
  self->progress.remaining = NAN;
  if (state == ASSAY_JOB_DONE || state == ASSAY_JOB_FOUND)
    self->progress.fraction = 1;
  set_words (self, words);
  g_clear_handle_id (&self->source, g_source_remove);
}

static void
take_result (AssayJobProcess *self, const json_t *document)
{
  const char *finding = json_string_value (json_object_get (document, ASSAY_JOB_FINDING));
  g_autofree char *took = NULL, *words = NULL;

  measure (self);
  took = assay_view_seconds (self->progress.seconds);
  self->document = json_incref ((json_t *) document);
  self->exit_status = (int) json_integer_value (json_object_get (document, "exit_status"));
  finding = finding ? finding : json_string_value (json_object_get (document, ASSAY_JOB_INCOMPLETE));
  words = finding ? g_strdup (finding) : json_is_true (json_object_get (document, "from_store")) ? g_strdup (_("answered from the case"))
          : g_strdup_printf (_("done in %s"), took);
  finish (self, finding ? ASSAY_JOB_FOUND : ASSAY_JOB_DONE, words);
}

static void
take_error (AssayJobProcess *self, const json_t *document)
{
  const json_t *error = json_object_get (document, "error");
  const char *cause = assay_json_get_text (error, "cause");
  gboolean stopped;

  measure (self);
  self->document = json_incref ((json_t *) document);
  self->exit_status = (int) json_integer_value (json_object_get (document, "exit_status"));
  stopped = self->exit_status == 130 || self->exit_status == 5 || strcmp (cause, "interrupted") == 0;
  finish (self, stopped ? ASSAY_JOB_STOPPED : ASSAY_JOB_FAILED,
          stopped ? _("stopped; what is finished is kept, and resumed it goes on from there") : assay_json_get_text (error, "message"));
}

static void
take_line (AssayJobProcess *self, const char *line)
{
  json_t *record = json_loads (line, JSON_REJECT_DUPLICATES, NULL);
  const char *type = assay_json_get_text (record, "type");

  if (strcmp (type, "begin") == 0)
    {
      g_free (self->utc);
      self->utc = g_strdup (assay_json_get_text (record, "utc"));
      self->pid = json_integer_value (json_object_get (record, "pid"));
      if (self->command == NULL)
        take_command (self, assay_json_get_text (record, "command_line"));
    }
  else if (strcmp (type, "progress") == 0)
    take_progress (self, record);
  else if (strcmp (type, "text") == 0 && self->text->len < MAX_TEXT)
    g_string_append (self->text, assay_json_get_text (record, "text"));
  else if (strcmp (type, "result") == 0)
    take_result (self, json_object_get (record, "document"));
  else if (strcmp (type, "error") == 0)
    take_error (self, json_object_get (record, "document"));
  json_decref (record);
}

/* --- watching ------------------------------------------------------------------------------------------------------ */

/* Whether something was read. */
static gboolean
read_more (AssayJobProcess *self)
{
  g_autofree char *block = g_malloc (READ_AT_ONCE);
  gssize n = read (self->fd, block, READ_AT_ONCE);
  const char *from = block, *end = block + MAX (n, 0);

  for (const char *p; from < end && (p = memchr (from, '\n', (gsize) (end - from))) != NULL; from = p + 1)
    {
      g_string_append_len (self->line, from, p - from);
      take_line (self, self->line->str);
      g_string_truncate (self->line, 0);
    }
  if (self->line->len + (gsize) (end - from) <= MAX_LINE)
    g_string_append_len (self->line, from, end - from);
  return n > 0;
}

/* Of a process that an earlier window started only the number is known, which may be another one's by now. */
static gboolean
is_alive (const AssayJobProcess *self)
{
  g_autofree char *path = g_strdup_printf ("/proc/%" G_GINT64_FORMAT "/cmdline", self->pid), *words = NULL;
  gsize length;

  if (self->child != NULL)
    return g_subprocess_get_identifier (self->child) != NULL;
  return self->pid > 1 && g_file_get_contents (path, &words, &length, NULL) && memmem (words, length, RECORDS, strlen (RECORDS)) != NULL;
}

/* Killed, as when the machine is stopped, it can be resumed; a program that ended by itself and wrote nothing has a fault. */
static void
finish_without_word (AssayJobProcess *self)
{
  gboolean is_fault = self->child != NULL && (g_subprocess_get_if_exited (self->child) || g_subprocess_get_term_sig (self->child) == SIGSEGV
                                              || g_subprocess_get_term_sig (self->child) == SIGABRT);

  finish (self, is_fault ? ASSAY_JOB_FAILED : ASSAY_JOB_STOPPED,
          is_fault ? _("the program ended without a word, which is a fault of its own; what it had saved is kept")
                   : _("killed, or the machine was stopped; what it had saved is kept, and resumed it goes on from there"));
}

static gboolean
poll_file (gpointer data)
{
  g_autoptr (AssayJobProcess) self = g_object_ref (data);
  gboolean alive = is_alive (self);             /* asked first: what it wrote before it ended is read below */
  gboolean more = read_more (self);

  if (!alive && !more && !assay_job_process_is_over (self))
    finish_without_word (self);
  if (more || assay_job_process_is_over (self))
    g_signal_emit (self, signals[CHANGED], 0);
  if (!assay_job_process_is_over (self))
    return G_SOURCE_CONTINUE;
  self->source = 0;
  g_signal_emit (self, signals[ENDED], 0);
  return G_SOURCE_REMOVE;
}

static gboolean
watch (AssayJobProcess *self, GError **error)
{
  self->fd = open (self->file, O_RDONLY | O_CLOEXEC);
  if (self->fd < 0)
    {
      assay_error_set_errno (error, errno, "%s", self->file);
      return FALSE;
    }
  self->source = g_timeout_add (POLL_MSEC, poll_file, self);
  return TRUE;
}

/* --- starting ------------------------------------------------------------------------------------------------------ */

static void
leave_terminal (gpointer unused)
{
  (void) unused;
  setsid ();
}

AssayJobProcess *
assay_job_process_start (const char *command, guint threads, const char *folder, GError **error)
{
  g_autoptr (AssayJobProcess) self = g_object_new (ASSAY_TYPE_JOB_PROCESS, NULL);
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_auto (GStrv) arguments = assay_job_make_arguments (command, (const char *[]) { RECORDS, NULL }, error);
  g_autofree char *id = g_uuid_string_random (), *name = g_strconcat (id, ".jsonl", NULL), *number = g_strdup_printf ("%u", threads);

  if (arguments == NULL)
    return NULL;
  g_mkdir_with_parents (folder, 0700);
  self->file = g_build_filename (folder, name, NULL);
  take_command (self, command);
  g_subprocess_launcher_set_stdout_file_path (launcher, self->file);
  g_subprocess_launcher_set_child_setup (launcher, leave_terminal, NULL, NULL);
  if (threads > 0)
    g_subprocess_launcher_setenv (launcher, "ASSAY_THREADS", number, TRUE);
  self->child = g_subprocess_launcher_spawnv (launcher, (const char *const *) arguments, error);
  if (self->child == NULL)
    return NULL;
  self->pid = g_ascii_strtoll (g_subprocess_get_identifier (self->child), NULL, 10);
  return watch (self, error) ? g_steal_pointer (&self) : NULL;
}

AssayJobProcess *
assay_job_process_adopt (const char *file)
{
  g_autoptr (AssayJobProcess) self = g_object_new (ASSAY_TYPE_JOB_PROCESS, NULL);

  self->file = g_strdup (file);
  if (!watch (self, NULL))
    return NULL;
  while (read_more (self) && !assay_job_process_is_over (self))
    ;
  return self->command != NULL ? g_steal_pointer (&self) : NULL;
}

void
assay_job_process_stop (AssayJobProcess *self)
{
  if (self->state != ASSAY_JOB_RUNNING || !is_alive (self))
    return;
  self->state = ASSAY_JOB_STOPPING;
  set_words (self, _("saving, then stopping"));
  if (self->child != NULL)
    g_subprocess_send_signal (self->child, SIGINT);
  else
    kill ((pid_t) self->pid, SIGINT);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- looking at it ------------------------------------------------------------------------------------------------- */

const char *
assay_job_process_get_command (AssayJobProcess *self)
{
  return self->command;
}

const char *
assay_job_process_get_kind (AssayJobProcess *self)
{
  return self->kind;
}

const char *
assay_job_process_get_case (AssayJobProcess *self)
{
  return self->cas;
}

AssayJobState
assay_job_process_get_state (AssayJobProcess *self)
{
  return self->state;
}

gboolean
assay_job_process_is_over (AssayJobProcess *self)
{
  return self->state != ASSAY_JOB_RUNNING && self->state != ASSAY_JOB_STOPPING;
}

double
assay_job_process_get_fraction (AssayJobProcess *self)
{
  return self->progress.fraction;
}

const char *
assay_job_process_get_words (AssayJobProcess *self)
{
  return self->words;
}

double
assay_job_process_get_remaining (AssayJobProcess *self)
{
  return self->progress.remaining;
}

double
assay_job_process_get_seconds (AssayJobProcess *self)
{
  return self->progress.seconds;
}

const char *
assay_job_process_get_utc (AssayJobProcess *self)
{
  return self->utc;
}

const json_t *
assay_job_process_get_document (AssayJobProcess *self)
{
  return self->document;
}

const char *
assay_job_process_get_text (AssayJobProcess *self)
{
  return self->text->str;
}

int
assay_job_process_get_exit_status (AssayJobProcess *self)
{
  return self->exit_status;
}

const GPtrArray *
assay_job_process_get_stages (AssayJobProcess *self)
{
  return self->progress.stages;
}

const char *
assay_job_process_get_file (AssayJobProcess *self)
{
  return self->file;
}
