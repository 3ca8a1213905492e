/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c: from a command line to a job, and from its outcome to output and exit status. Nothing is computed here. */
#include "base/error.h"
#include "base/json.h"
#include "base/isa.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/many_devices.h"
#include "cli/manual.h"
#include "cli/output.h"
#include "cli/progress_bar.h"
#include "cli/settings.h"
#include "cli/stream.h"
#include "cli/table.h"
#include "config.h"
#include "job/command.h"
#include "job/command_line.h"
#include "job/provenance.h"
#include "job/ranks.h"
#include "job/runner.h"
#include "store/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_JOB_FILE ((guint64) 64 << 20)

typedef enum { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_RECORDS } OutputForm;

static OutputForm
get_form (const AssayValues *globals)
{
  return assay_values_get_bool (globals, "jsonl") ? OUTPUT_RECORDS : assay_values_get_bool (globals, "json") ? OUTPUT_JSON : OUTPUT_TEXT;
}

static gboolean
print_document (OutputForm form, const json_t *document, GError **error)
{
  return form == OUTPUT_RECORDS ? assay_stream_end ("result", document, error) : assay_output_json (document, error);
}

/* Tells an error in the form asked for and gives the exit status. */
static int
fail (const char *command, OutputForm form, const GError *failure)
{
  int status = assay_error_exit_status (failure);
  g_autofree char *message = g_utf8_make_valid (failure->message, -1);
  json_t *document;

  assay_output_message (command, "%s", message);
  if (form == OUTPUT_TEXT)
    return status;
  document = json_pack ("{s:s, s:i, s:s?, s:i, s:{s:s, s:s, s:i}}", "schema", "assay.error", "version", 1, "command", command, "exit_status",
                        status, "error", "cause", assay_error_cause (failure), "message", message, "exit_status", status);
  if (form == OUTPUT_RECORDS)
    assay_stream_end ("error", document, NULL);
  else
    assay_output_json (document, NULL);
  json_decref (document);
  return status;
}

/* The command line may be at fault itself: whether JSON was asked for is seen without understanding it. */
static OutputForm
guess_form (int argc, char **argv)
{
  OutputForm form = OUTPUT_TEXT;

  for (int k = 1; k < argc && strcmp (argv[k], "--") != 0; k++)
    if (strcmp (argv[k], "--jsonl") == 0)
      return OUTPUT_RECORDS;
    else if (strcmp (argv[k], "--json") == 0)
      form = OUTPUT_JSON;
  return form;
}

/* --- version and documentation ------------------------------------------------------------------------------------- */

static gboolean
print_version (const AssayValues *globals, GError **error)
{
  json_t *build = assay_provenance_build (), *value;
  g_autoptr (GString) text = g_string_new ("assay (" PACKAGE_NAME ") " PACKAGE_VERSION "\n"
                                           "License GPL-3.0-or-later, with an additional permission to link the CUDA libraries (COPYING.CUDA).\n"
                                           "There is no warranty, to the extent permitted by law.\n");
  const char *key;
  gboolean ok;

  json_object_foreach (build, key, value)
    if (assay_values_get_bool (globals, "verbose"))
      {
        g_autofree char *shown = json_is_string (value) ? g_strdup (json_string_value (value)) : json_dumps (value, JSON_ENCODE_ANY);

        g_string_append_printf (text, "%-17s %s\n", key, shown);
      }
  json_object_set_new (build, "schema", json_string ("assay.version"));
  json_object_set_new (build, "schema_version", json_integer (1));
  ok = get_form (globals) != OUTPUT_TEXT ? print_document (get_form (globals), build, error) : assay_output_text (text->str, error);
  json_decref (build);
  return ok;
}

static gboolean
print_help (const AssayCommandLine *line, GError **error)
{
  g_autofree char *text = assay_help_text (line->command);
  json_t *document;
  gboolean ok;

  if (get_form (line->globals) == OUTPUT_TEXT)
    return assay_output_text (text, error);
  document = json_pack ("{s:s, s:i, s:s}", "schema", "assay.help", "version", 1, "text", text);
  ok = print_document (get_form (line->globals), document, error);
  json_decref (document);
  return ok;
}

/* `assay documentation man|completion|examples`: for the build of the installed documentation. */
static gboolean
print_documentation (int argc, char **argv, GError **error)
{
  const char *what = argc == 3 ? argv[2] : "";
  const char *epoch = g_getenv ("SOURCE_DATE_EPOCH");
  gint64 now = epoch ? g_ascii_strtoll (epoch, NULL, 10) : g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (now);
  g_autofree char *date = time ? g_date_time_format (time, "%B %-e, %Y") : g_strdup (""), *text = NULL;

  if (strcmp (what, "man") == 0)
    text = assay_manual_page (date);
  else if (strcmp (what, "completion") == 0)
    text = assay_manual_completion ();
  else if (strcmp (what, "examples") == 0)
    text = assay_manual_examples ();
  else
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "man, completion or examples expected");
      return FALSE;
    }
  return assay_output_text (text, error);
}

/* --- jobs ---------------------------------------------------------------------------------------------------------- */

/* For `run`: the job of the file takes the place of the command's own. */
static gboolean
load_job_file (AssayCommandLine *line, GError **error)
{
  const char *path = assay_values_get_string (assay_job_get_values (line->job), "spec");
  g_autoptr (GBytes) bytes = assay_file_read (path, MAX_JOB_FILE, error);
  json_error_t fault;
  json_t *document;
  AssayJob *job;

  if (bytes == NULL)
    return FALSE;
  document = json_loadb (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), JSON_REJECT_DUPLICATES, &fault);
  if (document == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %d: JSON expected: %s", path, fault.line, assay_json_show_fault (&fault));
      return FALSE;
    }
  job = assay_job_from_json (document, path, error);
  json_decref (document);
  if (job == NULL)
    return FALSE;
  assay_job_free (line->job);
  line->job = job;
  return TRUE;
}

static gboolean
confirm (const char *question, gpointer data)
{
  const AssayValues *globals = data;
  char answer[8] = "";

  if (assay_values_get_bool (globals, "yes"))
    return TRUE;
  if (!isatty (STDIN_FILENO) || !isatty (STDERR_FILENO))
    return FALSE;
  assay_output_message (NULL, "%s [y/N]", question);
  return fgets (answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static void
print_plan (const json_t *document, AssayView *view)
{
  const json_t *plan = json_object_get (document, "plan"), *device = json_object_get (document, "device");
  gsize k;
  json_t *step;

  if (json_is_true (json_object_get (document, "from_store")))
    assay_view_add_text (view, "the case has the answer already; --force would run the job again");
  if (json_array_size (json_object_get (plan, "steps")) == 0)
    {
      assay_view_add_text (view, "no steps to plan: what this command takes is not known beforehand, or not worth saying");
      return;
    }
  assay_view_begin_table (view, "step|>operations|>memory|>disk|>time");
  json_array_foreach (json_object_get (plan, "steps"), k, step)
    {
      const json_t *seconds = json_object_get (step, "seconds");
      g_autofree char *memory = assay_view_bytes (json_number_value (json_object_get (step, "memory_bytes")));
      g_autofree char *disk = assay_view_bytes (json_number_value (json_object_get (step, "disk_bytes")));
      g_autofree char *time = json_is_null (seconds) ? g_strdup ("-") : assay_view_seconds (json_number_value (seconds));

      assay_view_add_cell (view, json_string_value (json_object_get (step, "what")));
      assay_view_add_cell_number (view, json_number_value (json_object_get (step, "flops")), 3);
      assay_view_add_cell (view, memory);
      assay_view_add_cell (view, disk);
      assay_view_add_cell (view, time);
    }
  if (device != NULL)
    {
      g_autofree char *free_bytes = assay_view_bytes (json_number_value (json_object_get (device, "free_bytes")));

      assay_view_add_text (view, "on %s, with %s free; what does not fit there is walked in smaller parts", json_string_value (json_object_get (device, "card")), free_bytes);
    }
  if (json_is_string (json_object_get (plan, "rate_basis")))
    assay_view_add_text (view, "times rest on %s", json_string_value (json_object_get (plan, "rate_basis")));
}

static void
print_parts (const json_t *document, AssayView *view)
{
  const json_t *parts = json_object_get (document, ASSAY_JOB_PARTS);

  assay_view_add_text (view, "part %lld of %lld is done: %s", (long long) json_integer_value (json_object_get (parts, "part")),
                       (long long) json_integer_value (json_object_get (parts, "of")), json_string_value (json_object_get (parts, "status")));
}

static void
print_notes (const AssayCommandLine *line, const AssayJobOutcome *outcome)
{
  gsize k;
  json_t *note;

  if (assay_values_get_bool (line->globals, "quiet"))
    return;
  json_array_foreach (json_object_get (outcome->document, "notes"), k, note)
    assay_output_message (NULL, "note: %s", json_string_value (note));
  if (outcome->from_store && !assay_values_get_bool (line->globals, "dry-run"))
    assay_output_message (NULL, "note: this job was done before; the answer is from the case (--force runs it again)");
  if (assay_values_get_bool (line->globals, "verbose"))
    assay_output_message (NULL, "note: job %s", json_string_value (json_object_get (outcome->document, "identity")));
}

static gboolean
print_outcome (const AssayCommandLine *line, const AssayJobOutcome *outcome, GError **error)
{
  const AssayJobKind *kind = assay_job_get_kind (line->job);
  g_autoptr (AssayView) view = assay_view_new ();
  g_autofree char *text = NULL;

  print_notes (line, outcome);
  if (get_form (line->globals) != OUTPUT_TEXT)
    return print_document (get_form (line->globals), outcome->document, error);
  if (kind->streams_text && !assay_values_get_bool (line->globals, "dry-run"))
    return !isatty (STDOUT_FILENO) || assay_output_text ("\n", error);
  if (assay_values_get_bool (line->globals, "dry-run"))
    print_plan (outcome->document, view);
  else if (json_object_get (outcome->document, ASSAY_JOB_PARTS) != NULL)
    print_parts (outcome->document, view);
  else
    kind->view (outcome->document, view);
  text = assay_table_render_view (view);
  return assay_output_text (text, error);
}

/* As it is for a file or a program; on a terminal what is no text must not steer it. */
static void
emit (const char *text, gsize n, gpointer data)
{
  g_autofree char *shown = isatty (STDOUT_FILENO) ? assay_text_escape_bytes (text, n, TRUE) : g_strndup (text, n);

  assay_progress_bar_yield (data);
  assay_output_text (shown, NULL);
}

/* Who takes text as it is made: nobody does where one document is all that is printed. */
static void
choose_emit (AssayJobOptions *options, const AssayValues *globals, AssayProgressBar *bar, AssayStream *stream)
{
  if (stream != NULL)
    {
      options->emit = assay_stream_emit;
      options->emit_data = stream;
    }
  else if (get_form (globals) == OUTPUT_TEXT)
    {
      options->emit = emit;
      options->emit_data = bar;
    }
}

/* has_answer: other processes have just made it. */
static AssayJobOutcome *
run_job (const AssayCommandLine *line, const char *device, gboolean has_answer, AssayCollective *ranks, const char *quoted, GError **error)
{
  const AssayValues *globals = line->globals;
  const gboolean speaks = assay_collective_is_first (ranks);
  g_autoptr (AssayStream) stream = speaks && get_form (globals) == OUTPUT_RECORDS ? assay_stream_new (quoted) : NULL;
  g_autoptr (AssayProgressBar) bar = assay_progress_bar_new (!speaks || stream != NULL || assay_values_get_bool (globals, "quiet"));
  AssayProgress *progress = stream != NULL ? assay_progress_new (assay_stream_report, stream) : assay_progress_new (assay_progress_bar_report, bar);
  AssayJobOptions options = { .threads = assay_values_get_int (globals, "threads"), .force = assay_values_get_bool (globals, "force") && !has_answer,
                              .device = device, .cuda_module = assay_values_get_string (globals, "cuda-module"),
                              .confirm = confirm, .confirm_data = (gpointer) globals, .command_line = quoted, .progress = progress, .collective = ranks };

  choose_emit (&options, globals, bar, stream);
  assay_interrupt_install (progress);   /* which keeps the progress for as long as the program runs */
  if (assay_values_get_bool (globals, "dry-run"))
    return assay_job_dry_run (line->job, &options, error);
  return assay_job_run (line->job, &options, error);
}

/* One of several devices for each rank of a machine, in turn; without ranks a process is started for each, and the first one's looks the answer up. */
static int
choose_device (const AssayCommandLine *line, AssayCollective *ranks, const char *quoted, char **devices, const char **device, GError **error)
{
  *device = devices ? devices[ranks ? ranks->here % g_strv_length (devices) : 0] : assay_values_get_string (line->globals, "device");
  if (devices == NULL || ranks != NULL || assay_values_get_bool (line->globals, "dry-run"))
    return 0;
  return assay_many_devices_run (line, quoted, (const char *const *) devices, error);
}

/* What the first rank has to say is said by it. */
static gboolean
tell (const AssayCommandLine *line, AssayJobOutcome *outcome, gboolean was_made_now, GError **error)
{
  if (was_made_now)                                               /* for this command, if by other processes */
    {
      outcome->from_store = FALSE;
      json_object_set_new (outcome->document, "from_store", json_false ());
    }
  if (!print_outcome (line, outcome, error))
    return FALSE;
  if (outcome->exit_status != 0)
    assay_output_message (line->command->name, "%s", outcome->finding != NULL ? outcome->finding : outcome->incomplete);
  return TRUE;
}

/* What comes before a job can begin. */
static gboolean
prepare (AssayCommandLine *line, GError **error)
{
  const char *isa = assay_values_get_string (line->globals, "isa");

  return (isa == NULL || assay_isa_set (isa, error)) && assay_job_freeze (line->job, error)
         && (line->command != &assay_command_run || load_job_file (line, error));
}

/* The exit status, or -1 with an error. */
static int
execute (AssayCommandLine *line, AssayCollective *ranks, const char *quoted, GError **error)
{
  const gboolean is_silent = !assay_collective_is_first (ranks);
  g_autoptr (AssayJobOutcome) outcome = NULL;
  g_auto (GStrv) devices = NULL;
  GError *fault = NULL;
  const char *device;
  int status;

  prepare (line, &fault);
  if (!assay_collective_agree (ranks, fault, error))
    return -1;
  devices = assay_many_devices_parse (assay_values_get_string (line->globals, "device"));
  if ((status = choose_device (line, ranks, quoted, devices, &device, error)) != 0)
    return status;
  if (is_silent && assay_values_get_bool (line->globals, "dry-run"))
    return 0;
  outcome = run_job (line, device, devices != NULL && ranks == NULL, ranks, quoted, error);
  if (outcome == NULL || (!is_silent && !tell (line, outcome, devices != NULL && ranks == NULL, error)))
    return -1;
  return outcome->exit_status;
}

static int
dispatch (AssayCommandLine *line, AssayCollective **ranks, const char *quoted, GError **error)
{
  if (!assay_settings_apply (line, error))
    return -1;
  if (assay_values_get_bool (line->globals, "version"))
    return print_version (line->globals, error) ? 0 : -1;
  if (assay_values_get_bool (line->globals, "help"))
    return print_help (line, error) ? 0 : -1;
  if (line->command == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "a command is needed; assay --help lists them");
      return -1;
    }
  if (!assay_ranks_open (line->globals, ranks, error))
    return -1;
  return execute (line, *ranks, quoted, error);
}

/* All ranks have the same error, but those that fell out. */
static gboolean
is_ours_to_tell (const AssayCollective *ranks)
{
  return assay_collective_is_first (ranks) || ranks->is_broken;
}

int
main (int argc, char **argv)
{
  AssayCollective *ranks = NULL;
  g_auto (AssayCommandLine) line = { 0 };
  g_autofree char *quoted = assay_command_line_quote (argc, (const char *const *) argv);
  g_autoptr (GError) failure = NULL;
  int status = -1;

  assay_output_prepare ();
  if (argc > 1 && strcmp (argv[1], "documentation") == 0)
    status = print_documentation (argc, argv, &failure) ? 0 : -1;
  else
    {
      if (argc > 1 && strcmp (argv[1], "help") == 0)              /* assay help COMMAND = assay --help COMMAND */
        argv[1] = (char *) "--help";
      if (assay_command_line_parse (&line, argc, (const char *const *) argv, &failure))
        status = dispatch (&line, &ranks, quoted, &failure);
    }
  if (status < 0)
    status = is_ours_to_tell (ranks) ? fail (line.command ? line.command->name : NULL, guess_form (argc, argv), failure) : assay_error_exit_status (failure);
  assay_collective_end (ranks, status);
  return status;
}
