/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_units.c: what the units of recorded taps do: exact statistics, examples, what they read and write, what their ablation changes. */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "dataset/described.h"
#include "job/measure.h"
#include "job/subject.h"
#include "job/units_document.h"
#include "job/units_view.h"
#include "model/checkpoint.h"
#include "run/record.h"
#include "store/reader.h"

#include <stdlib.h>
#include <string.h>

#define RANKED 20               /* units of a tap that are listed in short */
#define MOST_LISTED 4096        /* units that a document lists in full */

static const AssayParam params[] = {
  { "recording", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "activations", .help = "recording of activations, rows or a summary of them (default: the newest)" },
  { "tap", ASSAY_PARAM_LIST, .metavar = "TAP", .names = "tap", .help = "tap whose units are measured; also a pattern (default: all taps of the recording)" },
  { "unit", ASSAY_PARAM_INT, .flags = ASSAY_PARAM_OPTIONAL, .min = 0, .max = 1e12, .help = "show everything about this unit of the tap" },
  { "effects", ASSAY_PARAM_INT, .def.i = 10, .min = 0, .max = 1e6, .help = "tokens, columns or units that are named at either end of what a unit reads and writes" },
  { .name = NULL }
};

static const char *const only_shown[] = { "unit", NULL };

static const AssayJobSection sections[] = {
  { NULL, NULL, "statistics and examples", assay_units_params },
  { NULL, NULL, "ablation: units replaced by their mean", assay_unit_ablation_params },
  { .params = NULL }
};

static const AssayJobSection *
get_sections (void)
{
  return sections;
}

static const AssayJobExample examples[] = {
  { "what the units of the newest recording do", "assay units people.assay" },
  { "one unit, ablated beside random others", "assay units people.assay --tap act1 --unit 3 --ablate 3" },
  { NULL, NULL }
};

typedef struct {
  AssayObject *recording, *model_object;        /* of a summary its newest tap */
  AssayReader *reader;          /* NULL: a summary was recorded */
  const char *name;             /* of the recording */
  gint64 rows;
  GPtrArray *taps;              /* names */
  AssayModel *model;
  AssayDataset *dataset;
  gint64 *examples;             /* (N) recorded, ascending */
  gint64 N;
  AssayUnitNames names;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_reader_free (state->reader);
  g_clear_pointer (&state->recording, assay_object_unref);
  g_clear_pointer (&state->model_object, assay_object_unref);
  g_clear_pointer (&state->taps, g_ptr_array_unref);
  assay_model_free (state->model);
  assay_dataset_unref (state->dataset);
  assay_mem_free (state->examples);
  g_free (state);
}

/* --- the recording --------------------------------------------------------------------------------------------------- */

/* The first tap of the newest model that sounds like a hidden layer, to show what could be recorded. NULL: there is no model. */
static char *
suggest_tap (AssayCase *cas)
{
  g_autoptr (AssayObject) object = assay_subject_find_newest (cas, "model");
  g_autoptr (AssayModel) model = object ? assay_checkpoint_load_object (cas, object, NULL) : NULL;
  g_autoptr (GPtrArray) taps = model ? assay_record_list_taps (model) : NULL;
  const char *found = NULL;

  for (guint k = 0; taps != NULL && k < taps->len && found == NULL; k++)
    found = strstr (taps->pdata[k], "act") ? taps->pdata[k] : NULL;
  if (found == NULL && taps != NULL && taps->len > 0)
    found = taps->pdata[0];
  return found ? g_strndup (found, strcspn (found, " ")) : NULL;          /* the shape follows the name */
}

static AssayObject *
refuse_without (AssayCase *cas, GError **error)
{
  g_autofree char *tap = suggest_tap (cas), *path = assay_job_quote_word (assay_case_get_path (cas));

  if (tap != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s holds no finished recording of activations; next: assay record %s --taps %s",
                 assay_case_get_path (cas), path, tap);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s holds no recording of activations, and no model to record; next: assay train %s",
                 assay_case_get_path (cas), path);
  return NULL;
}

static gboolean
is_summary (const AssayObject *object)
{
  return strcmp (object->kind, "summary") == 0;
}

/* A summary is one object for each tap, "RECORDING/TAP". */
static const char *
get_name (const AssayObject *object)
{
  return is_summary (object) ? assay_json_get_text (object->meta, "recording_name") : object->name;
}

/* What was summarised of that tap, or of any where tap is NULL; the newest. */
static AssayObject *
find_summary (AssayCase *cas, const char *recording, const char *tap)
{
  g_autoptr (GPtrArray) all = assay_case_list (cas, "summary", recording);
  AssayObject *found = NULL;

  for (guint k = 0; k < all->len; k++)
    {
      AssayObject *object = all->pdata[k];
      const char *of = assay_json_get_text (json_object_get (object->meta, "units"), "tap");

      if (strcmp (get_name (object), recording) == 0 && (tap == NULL || strcmp (of, tap) == 0) && (found == NULL || object->sequence > found->sequence))
        found = object;
    }
  return found ? assay_object_ref (found) : NULL;
}

/* Recordings of rows, and of summaries. */
static GPtrArray *
list_recordings (AssayCase *cas)
{
  g_autoptr (GPtrArray) rows = assay_case_list (cas, "activations", NULL), summaries = assay_case_list (cas, "summary", NULL);
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_object_unref);

  for (guint k = 0; k < rows->len; k++)
    g_ptr_array_add (all, assay_object_ref (rows->pdata[k]));
  for (guint k = 0; k < summaries->len; k++)
    g_ptr_array_add (all, assay_object_ref (summaries->pdata[k]));
  return all;
}

static AssayObject *
find_recording (AssayJob *job, AssayJobContext *context, GError **error)
{
  const char *name = assay_values_get_string (assay_job_get_values (job), "recording");
  g_autoptr (GPtrArray) all = list_recordings (context->cas);
  g_autoptr (AssayObject) found = NULL;
  g_autoptr (GString) others = g_string_new (NULL);

  if (name != NULL)
    {
      found = assay_case_lookup (context->cas, "activations", name, NULL);
      if (found == NULL)
        found = find_summary (context->cas, name, NULL);
      if (found == NULL)
        found = assay_case_lookup (context->cas, "activations", name, error);
      if (found != NULL && !found->complete)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "recording %s was not finished; the same assay record goes on with it", name);
          return NULL;
        }
      return g_steal_pointer (&found);
    }
  for (guint k = 0; k < all->len; k++)
    {
      AssayObject *object = all->pdata[k];

      if (!object->complete || (found != NULL && object->sequence < found->sequence))
        continue;
      g_clear_pointer (&found, assay_object_unref);
      found = assay_object_ref (object);
    }
  if (found == NULL)
    return refuse_without (context->cas, error);
  for (guint k = 0; k < all->len; k++)
    {
      const AssayObject *object = all->pdata[k];
      const char *last = others->len > 0 && strrchr (others->str, ' ') ? strrchr (others->str, ' ') + 1 : others->str;

      if (object->complete && strcmp (get_name (object), get_name (found)) != 0 && strcmp (get_name (object), last) != 0)
        g_string_append_printf (others, "%s%s", others->len > 0 ? ", " : "", get_name (object));
    }
  if (others->len > 0)
    assay_job_add_note (context, "this is the newest recording, %s; --recording chooses another: %s", get_name (found), others->str);
  return g_steal_pointer (&found);
}

static GPtrArray *
list_taps (AssayCase *cas, const State *state)
{
  g_autoptr (GPtrArray) all = NULL;
  GPtrArray *taps;

  if (state->reader != NULL)
    return assay_units_list_taps (state->reader);
  all = assay_case_list (cas, "summary", state->name);
  taps = g_ptr_array_new_with_free_func (g_free);
  for (guint k = 0; k < all->len; k++)
    {
      const AssayObject *object = all->pdata[k];
      const char *tap = assay_json_get_text (json_object_get (object->meta, "units"), "tap");

      if (strcmp (get_name (object), state->name) == 0 && !g_ptr_array_find_with_equal_func (taps, tap, g_str_equal, NULL))
        g_ptr_array_add (taps, g_strdup (tap));
    }
  return taps;
}

static gboolean
refuse_tap (const State *state, GPtrArray *all, const char *pattern, GError **error)
{
  g_autofree char *names = NULL;

  if (state->reader != NULL)
    return assay_units_check_tap (state->reader, pattern, error);
  g_ptr_array_add (all, NULL);
  names = g_strjoinv (", ", (char **) all->pdata);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "summary %s: no tap %s; it has: %s", state->name, pattern, names);
  return FALSE;
}

/* Names and patterns, in the recording's order. */
static gboolean
find_taps (AssayJob *job, AssayCase *cas, State *state, GError **error)
{
  const char *const *wanted = assay_values_get_list (assay_job_get_values (job), "tap");
  g_autoptr (GPtrArray) all = list_taps (cas, state);

  state->taps = g_ptr_array_new_with_free_func (g_free);
  for (const char *const *pattern = wanted; *pattern != NULL; pattern++)
    {
      gboolean matches = FALSE;

      for (guint k = 0; k < all->len; k++)
        matches |= g_pattern_match_simple (*pattern, all->pdata[k]);
      if (!matches)
        return refuse_tap (state, all, *pattern, error);
    }
  for (guint k = 0; k < all->len; k++)
    {
      gboolean matches = *wanted == NULL;

      for (const char *const *pattern = wanted; *pattern != NULL; pattern++)
        matches |= g_pattern_match_simple (*pattern, all->pdata[k]);
      if (matches)
        g_ptr_array_add (state->taps, g_strdup (all->pdata[k]));
    }
  if (state->taps->len > 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "recording %s holds no tap", state->name);
  return FALSE;
}

/* --- what was recorded ----------------------------------------------------------------------------------------------- */

/* Model and data as the recording names them. */
static gboolean
load_subject (AssayJob *job, AssayJobContext *context, State *state, GError **error)
{
  const json_t *subject = json_object_get (state->recording->meta, "subject");
  gint64 sequence = json_integer_value (json_object_get (subject, "model_sequence"));
  AssayObject *data = NULL;
  AssayGraph *layout;

  if (subject == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "recording %s does not say what model it is of; record it with assay record", state->recording->name);
      return FALSE;
    }
  state->model_object = assay_case_lookup_sequence (context->cas, (guint64) sequence, error);
  state->model = state->model_object ? assay_checkpoint_load_object (context->cas, state->model_object, error) : NULL;
  if (state->model == NULL)
    return FALSE;
  state->dataset = assay_described_load (context->cas, json_object_get (subject, "data"), state->recording->name, &data, NULL, error);
  if (state->dataset == NULL)
    return FALSE;
  assay_job_add_input_object (job, "recording", state->recording);
  assay_job_add_input_object (job, "model", state->model_object);
  assay_job_add_input_object (job, "data", data);
  assay_object_unref (data);
  layout = assay_model_get_layout (state->model);
  state->names = (AssayUnitNames) { state->dataset, assay_dataset_get_kind (state->dataset) == ASSAY_DATASET_TOKENS,
                                    assay_graph_get_value (layout, assay_graph_get_logits (layout))->name };
  return TRUE;
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

/* A summary is of a whole split. */
static gboolean
find_split (State *state, GError **error)
{
  gint64 N;
  const gint64 *split = assay_dataset_get_split (state->dataset, assay_json_get_text (state->recording->meta, "split"), &N, error);

  state->examples = split ? assay_mem_new (gint64, MAX (N, 1), error) : NULL;
  if (state->examples == NULL)
    return FALSE;
  memcpy (state->examples, split, (gsize) N * sizeof *split);
  state->N = N;
  return TRUE;
}

static gboolean
find_examples (State *state, GError **error)
{
  gint64 rows = state->recording->rows;

  if (state->reader == NULL)
    return find_split (state, error);
  state->examples = assay_mem_new (gint64, MAX (rows, 1), error);
  if (state->examples == NULL || !assay_reader_read (state->reader, "/index/example", ASSAY_STORE_I64, state->examples, error))
    return FALSE;
  qsort (state->examples, (gsize) rows, sizeof *state->examples, ascending);
  for (gint64 i = 0; i < rows; i++)
    if (state->N == 0 || state->examples[state->N - 1] != state->examples[i])
      state->examples[state->N++] = state->examples[i];
  if (state->N > 0 && state->examples[0] >= 0 && state->examples[state->N - 1] < assay_dataset_get_n (state->dataset))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "recording %s: its examples are not those of its data", state->recording->name);
  return FALSE;
}

static const AssayValues *
get_ablation (const AssayJob *job)
{
  return assay_job_get_table (job, assay_unit_ablation_params);
}

static gint64
count_units (const State *state, AssayCase *cas, const char *tap)
{
  g_autofree char *path = g_strconcat ("/activations/", tap, NULL);
  AssayArrayInfo info;

  if (state->reader == NULL)
    {
      g_autoptr (AssayObject) summary = find_summary (cas, state->name, tap);

      return summary ? json_integer_value (json_object_get (json_object_get (summary->meta, "units"), "count")) : 0;
    }
  return assay_reader_describe (state->reader, path, &info, NULL) ? info.dims[1] : 0;
}

/* Patterns and states are no results of the graph: nothing can be put in their place. */
static gboolean
can_ablate (const State *state, const char *tap)
{
  AssayGraph *layout = assay_model_get_layout (state->model);
  guint value = assay_graph_find (layout, tap);

  return value != ASSAY_NO_VALUE && assay_graph_get_value (layout, value)->role == ASSAY_VALUE_RESULT;
}

/* The units that are named must be there, and the tap must be the model's. */
static gboolean
check_units (AssayJob *job, AssayCase *cas, const State *state, GError **error)
{
  gint64 unit = assay_values_get_int (assay_job_get_values (job), "unit");

  if (unit >= 0 && state->taps->len > 1)
    {
      g_autofree char *all = NULL;

      g_ptr_array_add (state->taps, NULL);
      all = g_strjoinv (", ", (char **) state->taps->pdata);
      g_ptr_array_set_size (state->taps, (gint) state->taps->len - 1);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--unit %" G_GINT64_FORMAT ": of which tap? Give --tap, one of: %s", unit, all);
      return FALSE;
    }
  for (guint k = 0; k < state->taps->len; k++)
    {
      const char *tap = state->taps->pdata[k];
      const AssayAblation spec = { .model = state->model, .tap = tap, .C = count_units (state, cas, tap) };

      if (unit >= spec.C)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "--unit: tap %s has units 0 to %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " asked for", tap,
                       spec.C - 1, unit);
          return FALSE;
        }
      if (can_ablate (state, tap) && !assay_ablation_check (&spec, error))
        return FALSE;
      if (!assay_unit_ablation_check (get_ablation (job), tap, spec.C, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  state->recording = find_recording (job, context, error);
  if (state->recording == NULL)
    return FALSE;
  state->name = get_name (state->recording);
  state->rows = is_summary (state->recording) ? json_integer_value (json_object_get (json_object_get (state->recording->meta, "units"), "rows"))
                                              : state->recording->rows;
  if (!is_summary (state->recording) && (state->reader = assay_reader_new (context->cas, state->recording, error)) == NULL)
    return FALSE;
  return find_taps (job, context->cas, state, error) && load_subject (job, context, state, error) && find_examples (state, error)
         && check_units (job, context->cas, state, error);
}

/* --- plan ------------------------------------------------------------------------------------------------------------ */

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const State *state = context->state;
  const AssayValues *options = assay_job_get_table (job, assay_units_params);
  double kept = (double) (2 * assay_values_get_int (options, "top")
                          + assay_values_get_int (options, "bands") * assay_values_get_int (options, "band-examples"));

  if (context->is_dry_run
      && !assay_measure_rate (plan, state->model, state->dataset, state->examples, state->N, 1, context->backend, error))
    return FALSE;
  for (guint k = 0; k < state->taps->len; k++)
    {
      const char *tap = state->taps->pdata[k];
      gint64 C = count_units (state, context->cas, tap);
      AssayUnitAblationCost cost = assay_unit_ablation_measure (state->model, get_ablation (job), state->N, C);

      assay_job_plan_add (plan, 0, (double) ASSAY_UNITS_MEMORY, (double) C * (3000 + 24 * kept),
                          "measure %" G_GINT64_FORMAT " units of %s over %" G_GINT64_FORMAT " rows", C, tap, state->rows);
      if (cost.n_sets > 0 && can_ablate (state, tap))
        assay_job_plan_add (plan, cost.flops, 0, 24.0 * (double) cost.n_sets * (double) cost.N,
                            "walk %" G_GINT64_FORMAT " examples at most %" G_GINT64_FORMAT " times, with units of %s replaced", cost.N, cost.n_sets, tap);
    }
  return TRUE;
}

/* --- run ------------------------------------------------------------------------------------------------------------- */

static gboolean
find_sides (AssayJob *job, AssayJobContext *context, AssayTapUnits *tap, GError **error)
{
  const State *state = context->state;
  guint k = (guint) assay_values_get_int (assay_job_get_values (job), "effects");
  g_autoptr (AssayUnitDirections) d = NULL;

  if (!can_ablate (state, tap->units->tap))
    return TRUE;
  d = assay_unit_directions_new (state->model, tap->units->tap, error);
  if (d == NULL)
    return FALSE;
  for (guint r = 0; r < d->n_reads; r++)
    if ((tap->side[ASSAY_TAP_READS + r] = assay_unit_effects_find (d, &d->reads[r], k, context->backend->workers, context->progress, error)) == NULL)
      return FALSE;
  tap->side[ASSAY_TAP_WRITES] = assay_unit_effects_find (d, &d->writes, k, context->backend->workers, context->progress, error);
  return tap->side[ASSAY_TAP_WRITES] != NULL;
}

static gboolean
ablate (AssayJob *job, AssayJobContext *context, AssayTapUnits *tap, const char *name, GError **error)
{
  const State *state = context->state;
  const AssayAblation spec = { .model = state->model, .dataset = state->dataset, .examples = state->examples, .N = state->N,
                               .backend = context->backend, .store = context->cas, .name = name };

  if (!assay_unit_ablation_is_wanted (get_ablation (job)))
    return TRUE;
  if (!can_ablate (state, tap->units->tap))
    {
      assay_job_add_note (context, "%s: patterns and states are worked out beside the walk; nothing is ablated", tap->units->tap);
      return TRUE;
    }
  tap->ablations = assay_unit_ablation_run (tap->units, &spec, get_ablation (job), context->progress, error);
  return tap->ablations != NULL;
}

static AssayUnits *
measure (AssayJob *job, AssayJobContext *context, const char *name_of_tap, GError **error)
{
  const State *state = context->state;
  g_autoptr (AssayObject) summary = NULL;
  g_autoptr (AssayTapUnits) tap = NULL;

  if (state->reader != NULL)
    return assay_units_measure (state->reader, name_of_tap, assay_job_get_table (job, assay_units_params), ASSAY_UNITS_MEMORY, context->backend->workers,
                                context->progress, error);
  summary = find_summary (context->cas, state->name, name_of_tap);
  tap = summary ? assay_tap_units_load (context->cas, summary, error) : NULL;
  return tap ? g_steal_pointer (&tap->units) : NULL;
}

/* One tap, from the recording to the object of the case. */
static json_t *
measure_tap (AssayJob *job, AssayJobContext *context, const char *name_of_tap, GError **error)
{
  const State *state = context->state;
  g_autofree char *name = g_strconcat (state->name, "/", name_of_tap, NULL), *identity = assay_job_get_identity (job);
  g_autoptr (AssayTapUnits) tap = assay_tap_units_new ();
  AssayObject *object;
  json_t *meta;

  tap->units = measure (job, context, name_of_tap, error);
  if (tap->units == NULL || !find_sides (job, context, tap, error) || !ablate (job, context, tap, name, error))
    return NULL;
  meta = json_pack ("{s:s, s:s, s:I, s:O}", "job", identity, "recording", state->name, "recording_sequence",
                    (json_int_t) state->recording->sequence, "subject", json_object_get (state->recording->meta, "subject"));
  object = assay_tap_units_save (tap, context->cas, "units", name, meta, error);
  json_decref (meta);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return json_pack ("{s:s, s:s}", "tap", name_of_tap, "units_object", name);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const State *state = context->state;
  json_t *taps = json_array ();

  for (guint k = 0; k < state->taps->len; k++)
    {
      json_t *tap = measure_tap (job, context, state->taps->pdata[k], error);

      if (tap == NULL)
        {
          json_decref (taps);
          return NULL;
        }
      json_array_append_new (taps, tap);
    }
  return json_pack ("{s:s, s:s, s:s?, s:s, s:I, s:I, s:o}", "recording", state->name, "model", state->model_object->name, "split",
                    json_string_value (json_object_get (state->recording->meta, "split")), "data",
                    assay_json_get_text (json_object_get (json_object_get (state->recording->meta, "subject"), "data"), "name"), "rows",
                    (json_int_t) state->rows, "examples", (json_int_t) state->N, "taps", taps);
}

/* --- result ---------------------------------------------------------------------------------------------------------- */

/* What every number of the input or image weighs for the unit, where it reads the input. */
static void
add_map (const State *state, const char *name_of_tap, gint64 unit, json_t *page)
{
  g_autoptr (AssayUnitDirections) d = assay_unit_directions_new (state->model, name_of_tap, NULL);
  AssayShape shape = assay_dataset_get_shape (state->dataset);
  g_autofree double *weight = NULL;
  json_t *map, *dims;

  if (d == NULL || d->reads[0].kind != ASSAY_SIDE_INPUT || shape.rank != 3 || assay_shape_count (&shape) != d->reads[0].n)
    return;
  weight = g_new (double, d->reads[0].n);
  if (!assay_unit_side_compute (d, &d->reads[0], unit, 1, NULL, weight, NULL))
    return;
  map = json_array ();
  dims = json_array ();
  for (guint k = 0; k < shape.rank; k++)
    json_array_append_new (dims, json_integer (shape.dim[k]));
  for (gint64 i = 0; i < d->reads[0].n; i++)
    json_array_append_new (map, assay_json_number (weight[i]));
  json_object_set_new (page, "input_map", json_pack ("{s:o, s:o}", "shape", dims, "weights", map));
}

static gboolean
add_tap (const AssayJob *job, AssayJobContext *context, json_t *entry, gboolean list, json_t *document, GError **error)
{
  const State *state = context->state;
  gint64 unit = assay_values_get_int (assay_job_get_values (job), "unit");
  g_autoptr (AssayObject) object = assay_case_lookup (context->cas, "units", assay_json_get_text (entry, "units_object"), error);
  g_autoptr (AssayTapUnits) tap = object ? assay_tap_units_load (context->cas, object, error) : NULL;
  json_t *described;

  if (tap == NULL)
    return FALSE;
  described = assay_units_document_tap (tap, &state->names, RANKED);
  json_object_update (entry, described);
  json_decref (described);
  for (gint64 u = 0; list && u < tap->units->C; u++)
    json_array_append_new (json_object_get (document, "units"), assay_units_document_unit (tap, &state->names, u, FALSE));
  if (unit >= 0)
    {
      json_t *page = assay_units_document_unit (tap, &state->names, unit, TRUE);

      add_map (state, tap->units->tap, unit, page);
      json_object_set_new (document, "page", page);
    }
  return TRUE;
}

static json_t *
result (AssayJob *job, AssayJobContext *context, const json_t *summary, GError **error)
{
  const State *state = context->state;
  json_t *document = json_deep_copy (summary), *probabilities = json_array (), *entry;
  gint64 units = 0;
  gsize k;

  if (json_is_true (json_object_get (state->recording->meta, "imported")))
    assay_job_add_note (context, "the recording %s was imported, not computed here", state->name);
  if (state->reader == NULL)
    assay_job_add_note (context, "of %s a summary was recorded: quantiles, draws from bands and similar units are not known; assay record --keep rows has them",
                        state->name);
  for (guint t = 0; t < state->taps->len; t++)
    units += count_units (state, context->cas, state->taps->pdata[t]);
  for (guint q = 0; q < ASSAY_UNIT_N_QUANTILES; q++)
    json_array_append_new (probabilities, json_real (assay_unit_quantiles[q]));
  json_object_set_new (document, "quantile_probabilities", probabilities);
  json_object_set_new (document, "histogram_edges", assay_units_document_edges ());
  json_object_set_new (document, "units", state->taps->len == 1 || units <= MOST_LISTED ? json_array () : json_null ());
  json_object_set_new (document, "page", json_null ());
  if (!json_is_array (json_object_get (document, "units")))
    assay_job_add_note (context, "the taps have %" G_GINT64_FORMAT " units: those of one --tap are listed in full", units);
  json_array_foreach (json_object_get (document, "taps"), k, entry)
    if (g_ptr_array_find_with_equal_func (state->taps, assay_json_get_text (entry, "tap"), g_str_equal, NULL)
        && !add_tap (job, context, entry, json_is_array (json_object_get (document, "units")), document, error))
      {
        json_decref (document);
        return NULL;
      }
  return document;
}

ASSAY_JOB_KIND_DEFINE (units) = {
  .name = "units", .group = ASSAY_JOB_GROUP_QUESTION, .help = "find out what each recorded neuron does",
  .description = "Over the taps of a recording of activations, for each unit: an exact histogram and exact quantiles, mean and variance, the examples with "
                 "its largest and smallest activations, examples drawn from equal shares of its activations other than 0, how often it is active at all, whether it is "
                 "dead, constant, the same as another or nearly so; and by the model's weights which tokens, columns or units it reads and writes.\n\n"
                 "Units are replaced by their mean over the recording, one at a time, and the change of the loss, of the target's logit and of the share of "
                 "right answers is set beside that by random other units of the tap. Without that a unit is only described.\n\n"
                 "The numbers are the same bits for any number of threads and any order in which the rows were recorded. An interrupted ablation goes on behind what is "
                 "finished.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = get_sections,
  .outside_identity = only_shown, .resolve = resolve, .plan = plan, .run = run, .result = result, .view = assay_units_view,
};
