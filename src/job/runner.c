/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runner.c: open, resolve, answer or run, keep. */
#include "job/runner.h"

#include "base/error.h"
#include "base/isa.h"
#include "config.h"
#include "job/provenance.h"
#include "store/reader.h"
#include "store/shard.h"

#include <stdlib.h>
#include <string.h>

#define JOB_KIND "job"
#define SUMMARY_PATH "/job/summary"

typedef struct {
  AssayJobContext context;
  const AssayJobOptions *options;
  gboolean is_part;             /* case and backend belong to the whole */
  char *identity;
} Session;

static void
session_clear (Session *session)
{
  AssayJobContext *context = &session->context;

  if (context->state != NULL && context->free_state != NULL)
    context->free_state (context->state);
  g_clear_pointer (&context->outputs, g_ptr_array_unref);
  g_clear_pointer (&context->notes, g_ptr_array_unref);
  json_decref (context->measured);
  if (!session->is_part)
    {
      assay_backend_free (context->backend);
      assay_case_free (context->cas);
    }
  g_free (session->identity);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Session, session_clear)

void
assay_job_outcome_free (AssayJobOutcome *outcome)
{
  if (outcome == NULL)
    return;
  json_decref (outcome->document);
  g_free (outcome->finding);
  g_free (outcome->incomplete);
  g_free (outcome);
}

/* A case where one is or can be; a dry run makes none. */
static AssayCase *
ensure_case (const char *path, gboolean dry, GError **error)
{
  g_autoptr (GError) fault = NULL;
  AssayCase *cas = assay_case_open (path, dry ? ASSAY_CASE_READ : ASSAY_CASE_WRITE, &fault);

  if (cas != NULL || !g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND))
    {
      if (cas == NULL)
        g_propagate_error (error, g_steal_pointer (&fault));
      return cas;
    }
  return dry ? NULL : assay_case_create (path, error);
}

static gboolean
open_case (Session *session, const AssayJob *job, gboolean dry, GError **error)
{
  const char *path = assay_job_get_case (job);
  AssayJobContext *context = &session->context;
  GError *fault = NULL;

  switch (assay_job_get_kind (job)->access)
    {
    case ASSAY_JOB_NO_CASE:
    case ASSAY_JOB_NAMES_CASE:
      return TRUE;
    case ASSAY_JOB_MAKES_CASE:
      if (path == NULL || dry)
        return TRUE;
      context->cas = assay_case_create (path, error);
      break;
    case ASSAY_JOB_ENSURES_CASE:
      context->cas = ensure_case (path, dry, &fault);
      if (context->cas == NULL && fault == NULL)
        return TRUE;
      break;
    case ASSAY_JOB_READS_CASE:
    case ASSAY_JOB_WRITES_CASE:
      if (path == NULL)
        return TRUE;
      context->cas = assay_case_open (path, dry || assay_job_get_kind (job)->access == ASSAY_JOB_READS_CASE ? ASSAY_CASE_READ
                                      : context->shard.count > 1 ? ASSAY_CASE_SHARE : ASSAY_CASE_WRITE, error);
      break;
    }
  if (fault != NULL)
    g_propagate_error (error, fault);
  if (context->cas == NULL)
    return FALSE;
  for (const char *const *note = assay_case_get_notes (context->cas); note != NULL && *note != NULL; note++)
    assay_job_add_note (context, "%s", *note);
  if (session->options->command_line != NULL)
    assay_case_set_command_line (context->cas, session->options->command_line);
  return TRUE;
}

static gboolean
resolve (Session *session, AssayJob *job, GError **error)
{
  const AssayJobKind *kind = assay_job_get_kind (job);

  if (kind->resolve != NULL && !kind->resolve (job, &session->context, error))
    return FALSE;
  if (!assay_job_check_inputs (job, error))
    return FALSE;
  session->identity = assay_job_get_identity (job);
  return TRUE;
}

/* Errors: USAGE; those of the device. */
static AssayBackend *
open_backend (const AssayJobOptions *options, GError **error)
{
  const char *device = options->device ? options->device : "cpu", *number = g_str_has_prefix (device, "cuda:") ? device + strlen ("cuda:") : NULL;
  guint64 n = 0;

  if (strcmp (device, "cpu") == 0)
    return assay_backend_cpu_new (options->threads);
  if (number != NULL ? g_ascii_string_to_unsigned (number, 10, 0, 1024, &n, NULL) : strcmp (device, "cuda") == 0)
    return assay_backend_cuda_new (options->cuda_module, (guint) n, options->threads, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--device: cpu, cuda or cuda:N expected, %s found", device);
  return NULL;
}

/* The part of this process: of a rank its own. */
static gboolean
choose_shard (Session *session, const AssayJob *job, GError **error)
{
  const AssayJobKind *kind = assay_job_get_kind (job);
  AssayCollective *collective = session->options->collective;
  AssayShard *shard = &session->context.shard;

  if (kind->share != NULL && !assay_shard_of (assay_job_get_values (job), shard, error))
    return FALSE;
  if (collective == NULL)
    return TRUE;
  if (kind->share == NULL || shard->count > 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, kind->share == NULL ? "one process expected, %u ranks found: the work is not cut into parts; start one, or give --ranks none"
                   : "either parts (--" ASSAY_SHARD_OPTION ", an array of Slurm) or %u ranks expected, both found: each rank does a part of its own; leave --" ASSAY_SHARD_OPTION " out",
                   collective->size);
      return FALSE;
    }
  *shard = (AssayShard) { collective->rank, collective->size };
  session->context.collective = collective;
  return TRUE;
}

static gboolean
session_begin (Session *session, AssayJob *job, const AssayJobOptions *options, gboolean dry, GError **error)
{
  AssayJobContext *context = &session->context;

  session->options = options;
  context->outputs = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_object_unref);
  context->notes = g_ptr_array_new_with_free_func (g_free);
  context->progress = options->progress;
  context->is_forced = options->force;
  context->is_dry_run = dry;
  context->confirm = options->confirm;
  context->confirm_data = options->confirm_data;
  context->emit = options->emit;
  context->emit_data = options->emit_data;
  if ((context->backend = open_backend (options, error)) == NULL)
    return FALSE;
  return choose_shard (session, job, error) && open_case (session, job, dry, error) && resolve (session, job, error);
}

static char *
stored_name (const AssayJob *job, const Session *session)
{
  return g_strdup_printf ("%s/%.16s", assay_job_get_kind (job)->name, session->identity);
}

/* --- what the store knows ------------------------------------------------------------------------------------------ */

/* TRUE while every object that the job made is still what a look-up of its name gives. */
static gboolean
outputs_are_current (AssayCase *cas, const json_t *meta)
{
  const json_t *outputs = json_object_get (meta, "outputs");
  gsize k;
  json_t *output;

  json_array_foreach (outputs, k, output)
    {
      const char *kind = json_string_value (json_object_get (output, "kind")), *name = json_string_value (json_object_get (output, "name"));
      g_autoptr (AssayObject) object = kind && name && assay_case_has (cas, kind, name) ? assay_case_lookup (cas, kind, name, NULL) : NULL;

      if (object == NULL || (gint64) object->sequence != json_integer_value (json_object_get (output, "sequence")))
        return FALSE;
    }
  return TRUE;
}

/* The summary that an object of kind "job" keeps. */
static json_t *
read_summary (AssayReader *reader, GError **error)
{
  g_auto (GStrv) text = assay_reader_read_text (reader, SUMMARY_PATH, error);
  json_t *summary = text ? json_loads (text[0] ? text[0] : "", JSON_REJECT_DUPLICATES, NULL) : NULL;

  if (text != NULL && summary == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "job %s: its stored summary is no JSON; use --force to run it again",
                 assay_reader_get_object (reader)->name);
  return summary;
}

json_t *
assay_job_read_summary (AssayCase *cas, AssayObject *object, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_new (cas, object, error);

  return reader ? read_summary (reader, error) : NULL;
}

/* *summary stays NULL when the store has no answer. */
static gboolean
load_summary (const AssayJob *job, const Session *session, json_t **summary, GError **error)
{
  g_autofree char *name = stored_name (job, session);
  g_autoptr (AssayReader) reader = NULL;
  const char *identity;

  if (!assay_case_has (session->context.cas, JOB_KIND, name))
    return TRUE;
  reader = assay_reader_open (session->context.cas, JOB_KIND, name, error);
  if (reader == NULL)
    return FALSE;
  identity = json_string_value (json_object_get (assay_reader_get_meta (reader), "identity"));
  if (g_strcmp0 (identity, session->identity) != 0 || !outputs_are_current (session->context.cas, assay_reader_get_meta (reader)))
    return TRUE;
  *summary = read_summary (reader, error);
  return *summary != NULL;
}

static json_t *
outputs_to_json (const GPtrArray *outputs)
{
  json_t *list = json_array ();

  for (guint k = 0; k < outputs->len; k++)
    {
      const AssayObject *object = outputs->pdata[k];

      json_array_append_new (list, json_pack ("{s:s, s:s, s:I}", "kind", object->kind, "name", object->name, "sequence",
                                              (json_int_t) object->sequence));
    }
  return list;
}

static gboolean
store_summary (const AssayJob *job, const Session *session, const json_t *summary, const AssayProvenanceStart *start, GError **error)
{
  const AssayJobContext *context = &session->context;
  g_autofree char *name = stored_name (job, session);
  char *text = json_dumps (summary, JSON_SORT_KEYS | JSON_REAL_PRECISION (17));
  json_t *meta = json_pack ("{s:s, s:o, s:o, s:o}", "identity", session->identity, "job", assay_job_to_json (job), "provenance",
                            assay_provenance_run (start, context->backend, session->options->command_line, context->measured),
                            "outputs", outputs_to_json (context->outputs));
  AssayArraySpec spec = { .path = SUMMARY_PATH, .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { 1 }, .axes = { "document" },
                          .long_name = "summary of the job", .description = "JSON text", .redactable = TRUE };
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (context->cas, JOB_KIND, name, meta, error);
  g_autoptr (AssayObject) object = NULL;

  if (writer != NULL && assay_shard_writer_put_text (writer, &spec, (const char *const[]) { text }, error))
    object = assay_shard_writer_commit (writer, error);
  free (text);
  json_decref (meta);
  return object != NULL;
}

/* --- running ------------------------------------------------------------------------------------------------------- */

/* Remarks of the summary, which are kept, then those of this call. */
static json_t *
collect_notes (const json_t *document, const GPtrArray *more)
{
  const json_t *kept = json_object_get (document, "notes");
  json_t *notes = json_is_array (kept) ? json_deep_copy (kept) : json_array ();

  for (guint k = 0; k < more->len; k++)
    json_array_append_new (notes, json_string (more->pdata[k]));
  return notes;
}

static void
add_header (json_t *document, const AssayJob *job, const Session *session)
{
  g_autofree char *schema = g_strconcat ("assay.", assay_job_get_kind (job)->name, NULL);

  json_object_set_new (document, "schema", json_string (schema));
  json_object_set_new (document, "version", json_integer (1));
  json_object_set_new (document, "program", json_string (PACKAGE_NAME " " PACKAGE_VERSION));
  json_object_set_new (document, "identity", json_string (session->identity));
  json_object_set_new (document, "case", assay_job_get_case (job) ? json_string (assay_job_get_case (job)) : json_null ());
  json_object_set_new (document, "notes", collect_notes (document, session->context.notes));
}

/* Takes the document. */
static AssayJobOutcome *
outcome_new (json_t *document, gboolean from_store)
{
  AssayJobOutcome *outcome = g_new0 (AssayJobOutcome, 1);

  outcome->document = document;
  outcome->from_store = from_store;
  outcome->finding = g_strdup (json_string_value (json_object_get (document, ASSAY_JOB_FINDING)));
  outcome->incomplete = g_strdup (json_string_value (json_object_get (document, ASSAY_JOB_INCOMPLETE)));
  outcome->exit_status = outcome->finding != NULL ? 1 : outcome->incomplete != NULL ? 5 : 0;
  json_object_set_new (document, "from_store", json_boolean (from_store));
  json_object_set_new (document, "exit_status", json_integer (outcome->exit_status));
  return outcome;
}

static AssayJobOutcome *
make_outcome (AssayJob *job, Session *session, const json_t *summary, gboolean from_store, GError **error)
{
  const AssayJobKind *kind = assay_job_get_kind (job);
  json_t *document = kind->result ? kind->result (job, &session->context, summary, error) : json_deep_copy (summary);

  if (document == NULL)
    return NULL;
  add_header (document, job, session);
  return outcome_new (document, from_store);
}

/* Planned before it starts, so that a job that cannot fit says so at once. */
static gboolean
check_plan (AssayJob *job, Session *session, GError **error)
{
  g_autoptr (AssayJobPlan) plan = assay_job_plan_new ();
  const AssayJobKind *kind = assay_job_get_kind (job);

  return kind->plan == NULL || (kind->plan (job, &session->context, plan, error) && assay_job_plan_check (plan, error));
}

static json_t *
run_and_keep (AssayJob *job, Session *session, GError **error)
{
  const AssayJobKind *kind = assay_job_get_kind (job);
  AssayProvenanceStart start = assay_provenance_start ();
  json_t *summary;

  if (!check_plan (job, session, error))
    return NULL;
  summary = kind->run (job, &session->context, error);
  if (summary != NULL && kind->is_stored
      && !store_summary (job, session, summary, &start, error))
    g_clear_pointer (&summary, json_decref);
  return summary;
}

/* --- parts --------------------------------------------------------------------------------------------------------- */

/* The part of a job that this process does. *part is its outcome, or stays NULL where this is the process that completes the job. */
static gboolean
run_share (AssayJob *job, Session *session, AssayJobOutcome **part, GError **error)
{
  AssayJobContext *context = &session->context;
  g_autoptr (AssayShare) share = assay_share_new (&context->shard);
  g_autofree char *status = NULL;
  json_t *document, *missing;

  if (!check_plan (job, session, error) || !assay_job_get_kind (job)->share (job, context, share, error))
    return FALSE;
  if (share->is_last && share->next_stage == NULL && assay_share_count_missing (share) == 0)
    return TRUE;
  status = assay_share_describe (share);
  missing = json_array ();
  for (gint64 i = 0; i < share->shard.count; i++)
    if (share->missing[i])
      json_array_append_new (missing, json_integer (i + 1));
  document = json_pack ("{s:{s:I, s:I, s:I, s:o, s:s}}", ASSAY_JOB_PARTS, "part", (json_int_t) context->shard.index + 1, "of",
                        (json_int_t) context->shard.count, "here", (json_int_t) (context->shard.count - assay_share_count_missing (share)), "missing", missing,
                        "status", status);
  if (share->next_stage != NULL)
    json_object_set_new (document, ASSAY_JOB_INCOMPLETE, json_string (status));
  add_header (document, job, session);
  *part = outcome_new (document, FALSE);
  return TRUE;
}

/* What all ranks must have in common: eigenvectors that each computes have the same bits only then. */
static gboolean
check_ranks (const Session *session, const AssayJob *job, GError **error)
{
  AssayCollective *collective = session->context.collective;
  g_autofree char *named = g_strdup_printf ("%s of %s, %s%s", assay_job_get_kind (job)->name, assay_job_get_case (job), session->identity,
                                            session->options->force ? " by force" : "");

  return assay_collective_require_same (collective, "program", PACKAGE_VERSION, error)
         && assay_collective_require_same (collective, "instruction set (--isa)", assay_isa_get_name (), error)
         && assay_collective_require_same (collective, "device (--device)", session->context.backend->name, error)
         && assay_collective_require_same (collective, "command", named, error);
}

/* The first rank completes what all have done: its summary, or NULL with an error. */
static json_t *
complete (AssayJob *job, Session *session, GError **error)
{
  return assay_case_refresh (session->context.cas, error) ? run_and_keep (job, session, error) : NULL;
}

/* Every rank does its part; the first looks before and completes the job behind. */
static AssayJobOutcome *
answer_together (AssayJob *job, Session *session, GError **error)
{
  AssayCollective *collective = session->context.collective;
  const gboolean is_first = assay_collective_is_first (collective);
  g_autoptr (AssayShare) share = assay_share_new (&session->context.shard);
  AssayJobOutcome *outcome = NULL;
  json_t *summary = NULL;
  GError *fault = NULL;
  gboolean from_store;
  int status;

  if (is_first && assay_job_get_kind (job)->is_stored && !session->options->force)
    load_summary (job, session, &summary, &fault);
  from_store = summary != NULL;
  if (!assay_collective_agree (collective, fault, error) || !assay_collective_broadcast (collective, 0, &from_store, sizeof from_store, error))
    {
      json_decref (summary);
      return NULL;
    }
  if (!from_store)
    {
      fault = NULL;
      if (check_plan (job, session, &fault))
        assay_job_get_kind (job)->share (job, &session->context, share, &fault);
      if (!assay_collective_agree (collective, fault, error))
        return NULL;
    }
  fault = NULL;
  if (is_first && (summary != NULL || (summary = complete (job, session, &fault)) != NULL))
    outcome = make_outcome (job, session, summary, from_store, &fault);
  json_decref (summary);
  status = outcome ? outcome->exit_status : 0;
  if (!assay_collective_agree (collective, fault, error) || !assay_collective_broadcast (collective, 0, &status, sizeof status, error))
    {
      assay_job_outcome_free (outcome);
      return NULL;
    }
  if (outcome == NULL)
    outcome = g_new0 (AssayJobOutcome, 1);
  outcome->exit_status = status;
  return outcome;
}

static AssayJobOutcome *
answer_or_run (AssayJob *job, Session *session, GError **error)
{
  AssayJobOutcome *outcome;
  json_t *summary = NULL;
  gboolean from_store;

  if (assay_job_get_kind (job)->is_stored && !session->options->force && !load_summary (job, session, &summary, error))
    return NULL;
  from_store = summary != NULL;
  if (summary == NULL && session->context.shard.count > 1)
    {
      AssayJobOutcome *part = NULL;

      if (!run_share (job, session, &part, error) || part != NULL)
        return part;
    }
  if (summary == NULL)
    summary = run_and_keep (job, session, error);
  if (summary == NULL)
    return NULL;
  outcome = make_outcome (job, session, summary, from_store, error);
  json_decref (summary);
  return outcome;
}

AssayJobOutcome *
assay_job_run (AssayJob *job, const AssayJobOptions *options, GError **error)
{
  g_auto (Session) session = { 0 };
  GError *fault = NULL;

  session_begin (&session, job, options, FALSE, &fault);
  if (!assay_collective_agree (options->collective, fault, error))
    return NULL;
  if (options->collective == NULL)
    return answer_or_run (job, &session, error);
  return check_ranks (&session, job, error) ? answer_together (job, &session, error) : NULL;
}

/* A session on the case, the workers and the threads of another. */
static void
session_begin_part (Session *session, const AssayJobOptions *options, const AssayJobContext *whole)
{
  session->is_part = TRUE;
  session->options = options;
  session->context = (AssayJobContext) {
    .cas = whole->cas, .backend = whole->backend, .progress = options->progress, .confirm = whole->confirm, .confirm_data = whole->confirm_data,
    .outputs = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_object_unref), .notes = g_ptr_array_new_with_free_func (g_free),
  };
}

AssayJobOutcome *
assay_job_run_part (AssayJob *part, const AssayJobContext *whole, AssayProgress *progress, GError **error)
{
  g_autofree char *by_hand = assay_job_describe_command (part);
  AssayJobOptions options = { .command_line = by_hand, .progress = progress };
  g_auto (Session) session = { 0 };

  session_begin_part (&session, &options, whole);
  return resolve (&session, part, error) ? answer_or_run (part, &session, error) : NULL;
}

/* A stored job that finds its inputs anew. */
static AssayJob *
load_unpinned (const AssayObject *object, const json_t *shown, GError **error)
{
  json_t *meta = json_deep_copy (object->meta), *spec = json_object_get (meta, "job");
  AssayJob *job;

  json_object_del (spec, "inputs");
  if (shown != NULL)
    json_object_update (json_object_get (spec, "parameters"), (json_t *) shown);
  job = assay_job_from_json (meta, object->name, error);
  json_decref (meta);
  return job;
}

/* What a job found today against what it was made from. */
static gboolean
inputs_are_same (const AssayJob *job, const AssayObject *object, GError **error)
{
  const json_t *before = json_object_get (json_object_get (object->meta, "job"), "inputs");
  json_t *now = assay_job_to_json (job);
  gboolean same = json_equal ((json_t *) before, json_object_get (now, "inputs"));

  json_decref (now);
  if (!same)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "job %s: the data or the model that it was made from are others now", object->name);
  return same;
}

AssayJobOutcome *
assay_job_recall (AssayObject *object, const json_t *shown, const AssayJobContext *whole, char **command, GError **error)
{
  AssayJobOptions options = { .progress = whole->progress };
  g_auto (Session) session = { 0 };
  g_autoptr (AssayJob) job = load_unpinned (object, shown, error);
  g_autoptr (AssayReader) reader = NULL;
  g_autofree char *name = NULL;
  AssayJobOutcome *outcome;
  json_t *summary;

  if (job == NULL)
    return NULL;
  name = g_path_get_basename (assay_case_get_path (whole->cas));   /* wherever it lies today */
  assay_job_set_case (job, name);
  *command = assay_job_describe_command (job);
  assay_job_set_case (job, assay_case_get_path (whole->cas));
  if (!outputs_are_current (whole->cas, object->meta))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "job %s: something newer has taken the name of what it made", object->name);
      return NULL;
    }
  session_begin_part (&session, &options, whole);
  if (!resolve (&session, job, error) || !inputs_are_same (job, object, error))
    return NULL;
  reader = assay_reader_new (whole->cas, object, error);
  summary = reader ? read_summary (reader, error) : NULL;
  if (summary == NULL)
    return NULL;
  outcome = make_outcome (job, &session, summary, TRUE, error);
  json_decref (summary);
  return outcome;
}

AssayJobOutcome *
assay_job_dry_run (AssayJob *job, const AssayJobOptions *options, GError **error)
{
  g_auto (Session) session = { 0 };
  g_autoptr (AssayJobPlan) plan = assay_job_plan_new ();
  const AssayJobKind *kind = assay_job_get_kind (job);
  json_t *summary = NULL, *document;
  gboolean from_store;

  if (!session_begin (&session, job, options, TRUE, error))
    return NULL;
  if (kind->plan != NULL && !kind->plan (job, &session.context, plan, error))
    return NULL;
  if (kind->is_stored && session.context.cas != NULL && !options->force && !load_summary (job, &session, &summary, error))
    return NULL;
  from_store = summary != NULL;
  json_decref (summary);
  document = json_pack ("{s:o, s:o}", "job", assay_job_to_json (job), "plan", assay_job_plan_to_json (plan));
  add_header (document, job, &session);
  if (session.context.backend->card[0] != '\0')
    json_object_set_new (document, "device", json_pack ("{s:s, s:I}", "card", session.context.backend->card, "free_bytes", (json_int_t) session.context.backend->memory));
  json_object_set_new (document, "schema", json_string ("assay.plan"));
  return outcome_new (document, from_store);
}
