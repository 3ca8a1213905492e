/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_cot.c: was the written reasoning used? A battery of probes on chains, fused by a calibration on a certified model. */
#include "base/error.h"
#include "base/json.h"
#include "dataset/derive.h"
#include "job/cot_document.h"
#include "job/cot_reference.h"
#include "job/cot_view.h"
#include "job/measure.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  { "split", ASSAY_PARAM_STRING, .def.s = "test", .metavar = "SPLIT", .names = "split", .help = "the chains to judge" },
  { "example", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example",
    .help = "single chains in place of a split; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  { "most", ASSAY_PARAM_INT, .def.i = 1000, .min = 1, .max = 1e7, .unit = "chains", .help = "at most so many of a split: all modes of prompts taken in even steps" },
  { "probe", ASSAY_PARAM_LIST, .metavar = "NAME", .help = "only this probe; may be repeated (default: all)" },
  { "budget", ASSAY_PARAM_INT, .def.i = 4, .min = 2, .max = 1e6, .unit = "edits", .help = "edits that a probe draws for a chain, where it draws them, and as many for its control" },
  { "seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the edits and the folds" },
  { "calibrate-on", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "model",
    .help = "certified model that verdicts rest on (default: this model if it is certified, else the newest certified one of its shape)" },
  { "instance", ASSAY_PARAM_INT, .flags = ASSAY_PARAM_OPTIONAL, .min = 0, .max = 9e15, .metavar = "K", .help = "show this chain with its curves and every edit" },
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

static const char *const outside_identity[] = { "instance", NULL };

static const AssayJobExample examples[] = {
  { "what it takes to judge the chains of the model of generated sums", "assay cot people.assay --model-name sums --dry-run" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  AssayOrganism organism;
  AssayCotReferenceCase *reference;
  GPtrArray *probes;            /* AssayProbe, NULL at the end */
  GArray *examples;             /* gint64: those asked about, then those that only calibrate */
  gint64 asked;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_cot_reference_free (state->reference);
  g_clear_pointer (&state->probes, g_ptr_array_unref);
  g_clear_pointer (&state->examples, g_array_unref);
  assay_subject_free (state->subject);
  g_free (state);
}

/* --- what is asked ---------------------------------------------------------------------------------------------------- */

/* In the order of the registry, whatever the order they were asked for in. */
static gboolean
choose_probes (State *state, const AssayValues *values, GError **error)
{
  const char *const *names = assay_values_get_list (values, "probe");

  state->probes = g_ptr_array_new ();
  for (const char *const *name = names; *name != NULL; name++)
    if (assay_probe_find (*name, error) == NULL)
      return FALSE;
  for (const AssayProbe *const *probe = assay_probe_list (); *probe != NULL; probe++)
    if (names[0] == NULL || g_strv_contains (names, (*probe)->name))
      g_ptr_array_add (state->probes, (gpointer) *probe);
  g_ptr_array_add (state->probes, NULL);
  return TRUE;
}

/* A model that is calibrated on itself needs its own split of all modes, whatever is asked about. */
static gboolean
choose_examples (State *state, const AssayValues *values, GError **error)
{
  const char *const *references = assay_values_get_list (values, "example");
  AssayDataset *dataset = state->subject->dataset;
  g_autoptr (GArray) own = NULL;
  g_autoptr (GHashTable) there = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  state->examples = references[0] != NULL ? assay_subject_find_examples (dataset, references, error)
                    : assay_cot_choose_examples (dataset, assay_values_get_string (values, "split"), assay_values_get_int (values, "most"), error);
  if (state->examples == NULL)
    return FALSE;
  state->asked = state->examples->len;
  if (state->reference->certificate == NULL || state->reference->other != NULL)
    return TRUE;
  own = assay_cot_choose_examples (dataset, "test", assay_values_get_int (values, "most"), error);
  if (own == NULL)
    return FALSE;
  for (gint64 i = 0; i < state->asked; i++)
    g_hash_table_add (there, g_memdup2 (&g_array_index (state->examples, gint64, i), sizeof (gint64)));
  for (guint i = 0; i < own->len; i++)
    if (!g_hash_table_contains (there, &g_array_index (own, gint64, i)))
      g_array_append_val (state->examples, g_array_index (own, gint64, i));
  return TRUE;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  if (!choose_probes (state, values, error))
    return FALSE;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL || !assay_organism_init_from_table (&state->organism, state->subject->table, state->subject->data->name, error))
    return FALSE;
  state->reference = assay_cot_reference_find (context->cas, state->subject, assay_values_get_string (values, "calibrate-on"), error);
  if (state->reference == NULL || !choose_examples (state, values, error))
    return FALSE;
  if (state->reference->job != NULL)
    assay_job_add_input_object (job, "certificate", state->reference->job);
  if (state->reference->other != NULL)
    assay_job_add_input_object (job, "calibration-model", state->reference->other->object);
  return TRUE;
}

static double
estimate_flops (const State *state, AssayModel *model, const AssayOrganism *organism, gint64 n, gint64 budget)
{
  AssayChainLayout layout;

  assay_chain_layout_init (&layout, organism);
  return 2.0 * (double) assay_model_get_n_params (model) * (double) n
         * assay_battery_estimate_tokens (&layout, (const AssayProbe *const *) state->probes->pdata, 2, budget);
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  State *state = context->state;
  AssaySubject *subject = state->subject;
  gint64 n = state->examples->len, budget = assay_values_get_int (values, "budget");

  if (context->is_dry_run && !assay_measure_rate (plan, subject->model, subject->dataset, subject->train, subject->n_train, 256, context->backend, error))
    return FALSE;
  assay_job_plan_add (plan, estimate_flops (state, subject->model, &state->organism, n, budget), 64 << 20, 8e3 * (double) n,
                      "put %u probes to %" G_GINT64_FORMAT " chains", state->probes->len - 1, n);
  if (state->reference->other != NULL)
    assay_job_plan_add (plan, estimate_flops (state, state->reference->other->model, &state->reference->other->organism, assay_values_get_int (values, "most"),
                                              budget),
                        64 << 20, 0, "and to the certified model %s", state->reference->other->object->name);
  return TRUE;
}

/* --- running ---------------------------------------------------------------------------------------------------------- */

static AssayBattery *
run_battery (const State *state, const AssayValues *values, AssayModel *model, AssayDataset *dataset, const AssayOrganism *organism, const GArray *examples,
             AssayChainReader **reader, AssayJobContext *context, GError **error)
{
  AssayChainLayout layout;
  AssayChainTask *task;

  assay_chain_layout_init (&layout, organism);
  *reader = assay_chain_reader_new (model, &layout, 0, context->backend, error);
  task = *reader ? assay_cot_make_task (dataset, organism, *reader, examples, (guint64) assay_values_get_int (values, "seed"),
                                        assay_values_get_int (values, "budget"), error)
                 : NULL;
  return task ? assay_battery_run (task, (const AssayProbe *const *) state->probes->pdata, context->progress, error) : NULL;
}

/* A model that calibrates itself learns from unedited chains alone: of an edited one it is not known what was certified. */
static void
forget_edited (AssayDataset *dataset, const GArray *examples, double *truth)
{
  const AssayColumn *step = assay_table_peek_column (assay_dataset_get_table (dataset), "step");

  for (guint i = 0; step != NULL && i < examples->len; i++)
    if (step->number[assay_dataset_get_row (dataset, g_array_index (examples, gint64, i))] > 0)
      truth[i] = (double) NAN;
}

/* The certified model's own battery, where it is another model. */
static AssayCot *
judge (const State *state, const AssayValues *values, const AssayBattery *battery, AssayJobContext *context, GError **error)
{
  const AssayCotReferenceCase *reference = state->reference;
  AssayDataset *dataset = reference->other ? reference->other->dataset : state->subject->dataset;
  g_autoptr (AssayChainReader) reader = NULL;
  g_autoptr (AssayBattery) other = NULL;
  g_autoptr (GArray) examples = NULL;
  g_autofree double *rate = NULL, *truth = NULL;

  if (reference->certificate == NULL)
    return assay_cot_judge (battery, NULL, error);
  examples = reference->other ? assay_cot_choose_examples (dataset, "test", assay_values_get_int (values, "most"), error) : g_array_ref (state->examples);
  if (examples == NULL
      || (reference->other && (other = run_battery (state, values, reference->other->model, dataset, &reference->other->organism, examples, &reader, context,
                                                    error)) == NULL))
    return NULL;
  rate = assay_cot_list_rates (dataset, examples);
  truth = assay_cot_list_truth (reference->certificate, rate, examples->len);
  forget_edited (dataset, examples, truth);
  return assay_cot_judge (battery, &(AssayCotReference) { other ? other : battery, truth, rate }, error);
}

/* What is said of the certificate. */
static json_t *
describe_certificate (const State *state)
{
  static const char *const kept[] = { "model", "data", "organism", "clean_accuracy", "worst_gap", "modes", "edited_chains", NULL };
  const AssayCotReferenceCase *reference = state->reference;
  json_t *document;

  if (reference->certificate == NULL)
    return NULL;
  document = json_object ();
  for (const char *const *key = kept; *key != NULL; key++)
    json_object_set (document, *key, json_object_get (reference->certificate, *key));
  json_object_set_new (document, "job", json_string (reference->job->name));
  json_object_set (document, "identity", json_object_get (reference->job->meta, "identity"));
  json_object_set_new (document, "of_this_model", json_boolean (reference->other == NULL));
  json_object_set_new (document, "same_family",
                       json_boolean (reference->other == NULL || reference->other->organism.family == state->organism.family));
  return document;
}

/* How the verdicts part the modes of the judged data themselves: the same as the instrument's own curve only where it was calibrated on them. */
static json_t *
compare_modes (const AssayCot *cot, const double *rate, gint64 asked, AssayCotFusion fusion)
{
  g_autofree double *score = g_new (double, asked + 1);
  AssayOperatingCurve curve;

  for (gint64 i = 0; i < asked; i++)
    score[i] = cot->use[fusion][i].score;
  assay_operating_curve (score, rate, asked, FALSE, &curve);
  return assay_operating_curve_to_json (&curve);
}

static json_t *
summarise (const State *state, const AssayValues *values, const AssayBattery *battery, const AssayCot *cot, const AssayCotRecord *record, const char *name)
{
  g_autofree double *rate = assay_cot_list_rates (state->subject->dataset, state->examples);
  json_t *certificate = describe_certificate (state), *summary;

  summary = json_pack ("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "model", state->subject->object->name, "data", state->subject->data->name,
                       "organism", state->organism.family->name, "cot_object", name, "asked", (json_int_t) state->asked, "measured", (json_int_t) record->n,
                       "edits", (json_int_t) record->E, "budget", (json_int_t) assay_values_get_int (values, "budget"), "tokens",
                       (json_int_t) assay_chain_reader_get_tokens (battery->task->reader), "instrument",
                       assay_cot_describe_instrument (battery, cot, certificate, state->reference->reason), "modes",
                       assay_cot_describe_modes (record, &state->organism, rate, state->asked));
  if (cot->is_calibrated)
    json_object_set_new (summary, "by_mode", json_pack ("{s:o, s:o}", "fused", compare_modes (cot, rate, state->asked, ASSAY_COT_ALL), "independent",
                                                        compare_modes (cot, rate, state->asked, ASSAY_COT_INDEPENDENT)));
  json_decref (certificate);
  return summary;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const State *state = context->state;
  g_autofree char *identity = assay_job_get_identity (job), *name = g_strdup_printf ("%s/%.16s", state->subject->object->name, identity);
  g_autoptr (AssayChainReader) reader = NULL;
  g_autoptr (AssayBattery) battery = run_battery (state, values, state->subject->model, state->subject->dataset, &state->organism, state->examples, &reader,
                                                  context, error);
  g_autoptr (AssayCot) cot = battery ? judge (state, values, battery, context, error) : NULL;
  g_autoptr (AssayCotRecord) record = cot ? assay_cot_record_new (battery, cot, (const gint64 *) (gpointer) state->examples->data) : NULL;
  AssayObject *object;
  json_t *meta;

  if (record == NULL)
    return NULL;
  meta = json_pack ("{s:o, s:I, s:I, s:I}", "subject", assay_subject_to_json (state->subject), "asked", (json_int_t) state->asked, "budget",
                    (json_int_t) assay_values_get_int (values, "budget"), "seed", (json_int_t) assay_values_get_int (values, "seed"));
  object = assay_cot_record_save (record, context->cas, name, meta, error);
  json_decref (meta);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return summarise (state, values, battery, cot, record, name);
}

/* --- the answer ------------------------------------------------------------------------------------------------------- */

static json_t *
list_instances (const State *state, const AssayCotRecord *record, gint64 asked)
{
  json_t *list = json_array ();

  for (gint64 i = 0; i < MIN (asked, record->n); i++)
    json_array_append_new (list, assay_cot_describe_instance (record, &state->organism, i,
                                                              assay_subject_describe_example (state->subject->dataset, record->example[i])));
  return list;
}

static json_t *
result (AssayJob *job, AssayJobContext *context, const json_t *summary, GError **error)
{
  const State *state = context->state;
  gint64 shown = assay_values_get_int (assay_job_get_values (job), "instance"), asked = json_integer_value (json_object_get (summary, "asked"));
  g_autoptr (AssayCotRecord) record = assay_cot_record_load (context->cas, assay_json_get_text (summary, "cot_object"), error);
  json_t *document;

  if (record == NULL)
    return NULL;
  if (assay_values_is_set (assay_job_get_values (job), "instance") && shown >= asked)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "instance %" G_GINT64_FORMAT ": chains 0 to %" G_GINT64_FORMAT " were judged", shown, asked - 1);
      return NULL;
    }
  document = json_deep_copy (summary);
  json_object_set_new (document, "instances", list_instances (state, record, asked));
  if (assay_values_is_set (assay_job_get_values (job), "instance"))
    json_object_set_new (document, "shown", assay_cot_describe_whole (record, &state->organism, shown,
                                                                      assay_subject_describe_example (state->subject->dataset, record->example[shown])));
  return document;
}

ASSAY_JOB_KIND_DEFINE (cot) = {
  .name = "cot", .group = ASSAY_JOB_GROUP_QUESTION, .help = "judge whether written chains of reasoning were used for the answers behind them",
  .description = "For models trained on data of assay import CASE dose or pointer. Each probe changes the chain, or the states and the attention at its positions, "
                 "and says how much the probability of the answer moves; beside it stands a control, the same kind of change made to the prompt. What the numbers "
                 "mean is learnt on a model whose use of its chain was certified (assay certify): each chain gets an estimate of the share of its answer that "
                 "follows the chain, with a 95 % interval, and a word: decorative (the interval ends at or below 0.2), used (it begins at or above 0.8), cannot "
                 "tell (it is wider than 0.3, or no certificate fits), else partly used. A second estimate leaves out the probes that repeat the certificate's own "
                 "intervention.\n\n"
                 "Whether the causes of an answer are disclosed is another question; it is not tested here.\n\n"
                 "Every edit is kept, token for token, in an object of kind cot; doc/reasoning.md defines every number.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = assay_subject_sections,
  .outside_identity = outside_identity, .resolve = resolve, .plan = plan, .run = run, .result = result, .view = assay_cot_view,
};
