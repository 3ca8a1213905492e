/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_record.c: records activations at named taps, and gradients of single examples. */
#include "base/error.h"
#include "dataset/derive.h"
#include "job/subject.h"
#include "probes/units_store.h"
#include "probes/units_stream.h"
#include "run/record.h"

#include <string.h>

static const AssayParam params[] = {
  { "split", ASSAY_PARAM_STRING, .metavar = "SPLIT", .names = "split", .help = "examples to record (default: the split that the model was trained on)" },
  { "name", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "name of the recording (default: MODEL/SPLIT)" },
  ASSAY_SHARD_PARAM,
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

#define WAITED_MUCH 0.05        /* of the time: worth a note */

static const char *const outside_identity[] = { ASSAY_SHARD_OPTION, NULL };

static const AssayJobSection sections[] = {
  { NULL, NULL, "what is recorded", assay_record_params },
  { NULL, NULL, "the data of an imported model", assay_derive_params },
  { .params = NULL }
};

static const AssayJobSection *
get_sections (void)
{
  return sections;
}

static const AssayJobExample examples[] = {
  { "a hidden layer, and the gradients of all parameters", "assay record people.assay --model-name mlp --taps act1 --gradients '*'" },
  { "of each example what is at least a half", "assay record people.assay --model-name mlp --taps act1 --keep sparse --threshold 0.5 --name large" },
  { "a summary of every unit of a hidden layer, without the rows", "assay record people.assay --model-name mlp --taps act1 --keep summary --name brief" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  const char *split;
  const gint64 *examples;
  gint64 N;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_subject_free (state->subject);
  g_free (state);
}

static const AssayValues *
get_options (const AssayJob *job)
{
  return assay_job_get_table (job, assay_record_params);
}

static gboolean
wants (const AssayJob *job, const char *what)
{
  return assay_values_get_list (get_options (job), what)[0] != NULL;
}

static gboolean
keeps (const AssayJob *job, const char *what)
{
  return strcmp (assay_values_get_string (get_options (job), "keep"), what) == 0;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL)
    return FALSE;
  if (!wants (job, "taps") && !wants (job, "gradients"))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--taps or --gradients is needed; assay info %s model/%s lists the taps",
                   assay_case_get_path (context->cas), state->subject->object->name);
      return FALSE;
    }
  state->split = assay_values_get_string (assay_job_get_values (job), "split");
  if (state->split == NULL)
    state->split = state->subject->train_split;
  state->examples = assay_dataset_get_split (state->subject->dataset, state->split, &state->N, error);
  return state->examples != NULL;
}

static gint64
count_positions (const State *state)
{
  const AssayDataset *dataset = state->subject->dataset;
  gint64 n = 0;

  for (gint64 i = 0; i < state->N; i++)
    n += assay_dataset_get_kind (dataset) == ASSAY_DATASET_TOKENS ? assay_dataset_get_length (dataset, state->examples[i]) : 1;
  return n;
}

static gint64
count_rows (const AssayJob *job, const State *state)
{
  gint64 sample = assay_values_get_int (get_options (job), "sample"), rows = count_positions (state);

  return sample > 0 ? MIN (rows, sample) : rows;
}

/* Rows and bytes of what will be written: known from shapes. */
static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const State *state = context->state;
  double values = 0, width = strcmp (assay_values_get_string (get_options (job), "type"), "auto") == 0 ? 2 : 8;
  g_autoptr (GPtrArray) taps = NULL;

  if (wants (job, "taps"))
    {
      gint64 rows = count_rows (job, state);

      taps = assay_record_find_taps (state->subject->model, assay_values_get_list (get_options (job), "taps"), error);
      if (taps == NULL)
        return FALSE;
      for (guint k = 0; k < taps->len; k++)
        values += (double) ((AssayRecordTap *) taps->pdata[k])->C;
      if (keeps (job, "summary"))
        {
          gint64 top = assay_values_get_int (get_options (job), "top");

          assay_job_plan_add (plan, 0, (double) assay_units_stream_measure (taps, top), values * (3000 + 48 * (double) top),
                              "summarise %.0f units over %" G_GINT64_FORMAT " rows", values, rows);
        }
      else
        assay_job_plan_add (plan, 0, 64 << 20, values * width * (double) rows, "record %.0f activations of each of %" G_GINT64_FORMAT " rows", values, rows);
    }
  if (wants (job, "gradients"))
    {
      gboolean by_token = strcmp (assay_values_get_string (get_options (job), "gradient-rows"), "tokens") == 0;
      gint64 rows = by_token ? count_positions (state) : state->N;

      assay_job_plan_add (plan, 0, 64 << 20, 4.0 * (double) assay_model_get_n_params (state->subject->model) * (double) rows,
                          "record gradients of %" G_GINT64_FORMAT " %s (at most)", rows, by_token ? "targets" : "examples");
    }
  return TRUE;
}

static json_t *
describe_recording (const AssayObject *object)
{
  return json_pack ("{s:s, s:s, s:I, s:I, s:i}", "kind", object->kind, "name", object->name, "rows", (json_int_t) object->rows, "bytes",
                    (json_int_t) object->bytes, "parts", (int) object->n_parts);
}

/* Rows of a summary are not kept: what is said of it are those that it is of. */
static json_t *
describe_summary (const AssayObject *object)
{
  json_t *entry = describe_recording (object);

  json_object_set (entry, "rows", json_object_get (json_object_get (object->meta, "units"), "rows"));
  json_object_set (entry, "units", json_object_get (json_object_get (object->meta, "units"), "count"));
  return entry;
}

static gboolean
save_summary (AssayJobContext *context, const AssayRecording *recording, AssayUnits *units, json_t *list, GError **error)
{
  g_autofree char *name = g_strconcat (recording->name, "/", units->tap, NULL);
  json_t *meta = json_copy (recording->meta);
  AssayTapUnits *tap = assay_tap_units_new ();
  AssayObject *object;

  json_object_set_new (meta, "recording_name", json_string (recording->name));
  tap->units = units;
  object = assay_tap_units_save (tap, context->cas, "summary", name, meta, error);
  tap->units = NULL;                                              /* the stream's */
  assay_tap_units_free (tap);
  json_decref (meta);
  if (object == NULL)
    return FALSE;
  assay_job_add_output (context, object);
  json_array_append_new (list, describe_summary (object));
  return TRUE;
}

static gboolean
summarise (AssayJob *job, AssayJobContext *context, const AssayRecording *recording, json_t *list, GError **error)
{
  g_autoptr (AssayUnitsStream) stream = assay_units_stream_run (recording, assay_values_get_int (get_options (job), "top"), context->progress, error);

  if (stream == NULL)
    return FALSE;
  if (stream->waited > WAITED_MUCH * stream->took)
    assay_job_add_note (context, "the walk waited %.0f %% of its time for the summary: fewer --taps, or a processor more, end that",
                        100 * stream->waited / stream->took);
  for (guint k = 0; k < stream->taps->len; k++)
    if (!save_summary (context, recording, stream->taps->pdata[k], list, error))
      return FALSE;
  return TRUE;
}

/* The rows, and of each tap its entries. */
static gboolean
record_sparse (AssayJobContext *context, const AssayRecording *recording, json_t *list, GError **error)
{
  g_autofree char *prefix = g_strconcat (recording->name, "/", NULL);
  AssayObject *object = assay_record_sparse (recording, context->progress, error);
  g_autoptr (GPtrArray) entries = NULL;

  if (object == NULL)
    return FALSE;
  assay_job_add_output (context, object);
  json_array_append_new (list, describe_recording (object));
  entries = assay_case_list (context->cas, "sparse-entries", prefix);
  for (guint k = 0; k < entries->len; k++)
    json_array_append_new (list, describe_recording (entries->pdata[k]));
  return TRUE;
}

static json_t *
record (AssayJob *job, AssayJobContext *context, const AssayRecording *recording, GError **error)
{
  json_t *list = json_array ();
  AssayObject *object;

  if (wants (job, "taps") && keeps (job, "summary"))
    {
      if (!summarise (job, context, recording, list, error))
        goto failed;
    }
  else if (wants (job, "taps") && keeps (job, "sparse"))
    {
      if (!record_sparse (context, recording, list, error))
        goto failed;
    }
  else if (wants (job, "taps"))
    {
      object = assay_record_activations (recording, context->progress, error);
      if (object == NULL)
        goto failed;
      assay_job_add_output (context, object);
      json_array_append_new (list, describe_recording (object));
    }
  if (wants (job, "gradients"))
    {
      object = assay_record_gradients (recording, context->progress, error);
      if (object == NULL)
        goto failed;
      assay_job_add_output (context, object);
      json_array_append_new (list, describe_recording (object));
    }
  return list;

failed:
  json_decref (list);
  return NULL;
}

static char *
dup_name (const AssayJob *job, const State *state)
{
  const char *given = assay_values_get_string (assay_job_get_values (job), "name");

  return given ? g_strdup (given) : g_strdup_printf ("%s/%s", state->subject->object->name, state->split);
}

/* Its meta is the caller's to release. */
static AssayRecording
describe (const AssayJob *job, const AssayJobContext *context, const char *name)
{
  const State *state = context->state;

  return (AssayRecording) { .model = state->subject->model, .dataset = state->subject->dataset, .examples = state->examples, .N = state->N,
                            .options = get_options (job), .backend = context->backend, .store = context->cas, .name = name,
                            .meta = json_pack ("{s:o, s:s}", "subject", assay_subject_to_json (state->subject), "split", state->split) };
}

typedef gboolean (*RecordShare) (const AssayRecording *recording, AssayRecordShare *share, AssayProgress *progress, GError **error);

static gboolean
share_one (RecordShare record, const AssayRecording *recording, AssayJobContext *context, AssayShare *share, GError **error)
{
  AssayRecordShare part = { .end = 0 };

  assay_shard_slice (&context->shard, recording->N, 1, &part.first, &part.end);
  if (!record (recording, &part, context->progress, error))
    {
      assay_record_share_clear (&part);
      return FALSE;
    }
  assay_share_add_recording (share, part.object, recording->N, part.rows->offset, part.is_last);
  assay_record_share_clear (&part);
  return TRUE;
}

static gboolean
share (AssayJob *job, AssayJobContext *context, AssayShare *share, GError **error)
{
  g_autofree char *name = dup_name (job, context->state);
  AssayRecording recording;
  gboolean fine;

  if (!keeps (job, "rows"))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "shard: a summary and sparse rows are made by one process; leave --shard out, or give --keep rows");
      return FALSE;
    }
  recording = describe (job, context, name);
  fine = (!wants (job, "taps") || share_one (assay_record_activations_share, &recording, context, share, error))
         && (!wants (job, "gradients") || share_one (assay_record_gradients_share, &recording, context, share, error));

  json_decref (recording.meta);
  return fine;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const State *state = context->state;
  g_autofree char *name = dup_name (job, state);
  AssayRecording recording = describe (job, context, name);
  json_t *list;

  list = record (job, context, &recording, error);
  json_decref (recording.meta);
  return list ? json_pack ("{s:s, s:s, s:I, s:o}", "model", state->subject->object->name, "split", state->split, "examples", (json_int_t) state->N,
                           "recordings", list)
              : NULL;
}

static void
view (const json_t *document, AssayView *view)
{
  g_autofree char *cas = assay_job_quote_word (json_string_value (json_object_get (document, "case")));
  gsize k;
  json_t *item;

  json_array_foreach (json_object_get (document, "recordings"), k, item)
    {
      const char *kind = json_string_value (json_object_get (item, "kind")), *name = json_string_value (json_object_get (item, "name"));
      g_autofree char *rows = assay_view_count (json_integer_value (json_object_get (item, "rows")));
      g_autofree char *bytes = assay_view_bytes (json_number_value (json_object_get (item, "bytes")));
      g_autofree char *object = g_strconcat (kind, "/", name, NULL), *quoted = assay_job_quote_word (object);

      if (json_is_integer (json_object_get (item, "units")))
        assay_view_add_text (view, "summarised %s: %" G_GINT64_FORMAT " units over %s rows, %s", object,
                             (gint64) json_integer_value (json_object_get (item, "units")), rows, bytes);
      else
        assay_view_add_text (view, "recorded %s: %s rows, %s\n  arrays: assay info %s %s", object, rows, bytes, cas, quoted);
    }
}

ASSAY_JOB_KIND_DEFINE (record) = {
  .name = "record", .group = ASSAY_JOB_GROUP_MODEL, .help = "record activations and gradients of single examples",
  .description = "Activations are recorded at taps, the named results of the model's graph (assay info CASE model/NAME lists them); gradients for "
                 "groups of parameters, chosen by name. Both kinds of pattern take * and ?. The files are plain HDF5 in tiles that read one example and one unit equally fast. With --keep summary no row is kept: each unit has its histogram, best rows, mean and variance, and assay units goes on from these. A recording that "
                 "was stopped goes on behind its last committed row; with --shard several processes record one together.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = get_sections,
  .outside_identity = outside_identity, .resolve = resolve, .plan = plan, .share = share, .run = run, .view = view,
};
