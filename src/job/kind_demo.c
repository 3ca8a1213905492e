/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_demo.c: the whole road once, on a model whose truth is known: train, certify, record, rank, retrain, compare. */
#include "base/error.h"
#include "dataset/dataset_store.h"
#include "dataset/derive.h"
#include "influence/score_store.h"
#include "job/architecture.h"
#include "job/cot_document.h"
#include "job/demo_findings.h"
#include "job/demo_parts.h"
#include "job/demo_view.h"
#include "job/measure.h"
#include "job/training_cost.h"

#include <math.h>
#include <string.h>

#define DEFAULT_CASE "demo.assay"
#define TOP_SHOWN 3             /* at either end of the ranking */
#define PLAN_BATCH 64

static const AssayParam params[] = {
  { "modulus", ASSAY_PARAM_INT, .def.i = 5, .min = 3, .max = 11, .help = "sums are taken modulo this; more is a larger training set" },
  { "width", ASSAY_PARAM_INT, .def.i = 32, .min = 8, .max = 256, .help = "size of the model's residual stream, a multiple of 4" },
  { "train-steps", ASSAY_PARAM_INT, .def.i = 3000, .min = 1, .max = 1e6, .unit = "steps", .help = "of each training" },
  { "group", ASSAY_PARAM_INT, .def.i = 64, .min = 1, .max = 1e6, .unit = "examples", .help = "how many training examples are named and left out" },
  { "controls", ASSAY_PARAM_INT, .def.i = 2, .min = 0, .max = 1000, .unit = "groups", .help = "random groups that are left out as well, for comparison" },
  { "seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 8e15, .help = "of the first parameters, the order of the batches and the random groups" },
  { "tries", ASSAY_PARAM_INT, .def.i = 4, .min = 1, .max = 100, .unit = "trainings", .help = "until a model is certified, each with the next seed" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "the whole demonstration, a few minutes", "assay demo" },
  { "a hurried one that proves nothing, in a directory of its own", "assay demo hurried.assay --modulus 3 --width 16 --train-steps 200 --group 8 --controls 1 --tries 1" },
  { NULL, NULL }
};

static gboolean
complete (AssayJob *job, GError **error)
{
  gint64 width = assay_values_get_int (assay_job_get_values (job), "width");

  if (assay_job_get_case (job) == NULL)
    assay_job_set_case (job, DEFAULT_CASE);
  if (width % 4 == 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "width: a multiple of 4 expected (there are 4 attention heads), %" G_GINT64_FORMAT " found", width);
  return FALSE;
}

/* A case that is not empty must be one of a demonstration with these data. */
static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  gint64 modulus = assay_values_get_int (assay_job_get_values (job), "modulus");
  g_autoptr (GPtrArray) objects = context->cas ? assay_case_list (context->cas, NULL, NULL) : NULL;
  g_autoptr (AssayObject) data = NULL;
  const json_t *found;

  if (objects == NULL || objects->len == 0)
    return TRUE;
  data = assay_case_lookup (context->cas, "data", ASSAY_DEMO_NAME, NULL);
  found = data ? json_object_get (json_object_get (data->meta, "options"), "modulus") : NULL;
  if (json_is_integer (found) && json_integer_value (found) == modulus)
    return TRUE;
  if (json_is_integer (found))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s holds a demonstration with --modulus %" G_GINT64_FORMAT "; give the same, or another directory: "
                 "assay demo OTHER.assay", assay_case_get_path (context->cas), (gint64) json_integer_value (found));
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s is a case of something else; the demonstration wants a directory of its own: assay demo OTHER.assay",
                 assay_case_get_path (context->cas));
  return FALSE;
}

/* --- plan ------------------------------------------------------------------------------------------------------------ */

/* Data and model as the parts will make them, to know their sizes. */
typedef struct {
  AssayTable *table;
  AssayDataset *dataset;
  AssayModel *model;
  const gint64 *train;
  gint64 n_train, n_edited;
} Sketch;

static void
sketch_clear (Sketch *sketch)
{
  assay_model_free (sketch->model);
  assay_dataset_unref (sketch->dataset);
  assay_table_unref (sketch->table);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sketch, sketch_clear)

static gboolean
sketch_open (Sketch *sketch, const AssayJob *import, const AssayJob *train, GError **error)
{
  const AssayValues *options = assay_job_get_section (import, "what");
  AssayOrganism organism;

  if (!assay_organism_init (&organism, assay_organism_find ("dose"), options, error) || (sketch->table = assay_organism_generate (&organism, options, error)) == NULL
      || (sketch->dataset = assay_dataset_derive (sketch->table, assay_job_get_table (train, assay_derive_params), ASSAY_TARGET_AUTO, error)) == NULL
      || (sketch->train = assay_dataset_get_split (sketch->dataset, "train", &sketch->n_train, error)) == NULL
      || assay_dataset_get_split (sketch->dataset, "edited", &sketch->n_edited, error) == NULL)
    return FALSE;
  sketch->model = assay_architecture_new ("transformer", assay_job_get_section (train, "model"), sketch->dataset,
                                          assay_train_get_dtype (assay_job_get_table (train, assay_train_params)), error);
  return sketch->model != NULL;
}

static void
add_influence (const Sketch *sketch, const AssayJob *influence, const AssayJobContext *context, AssayJobPlan *plan)
{
  AssayInfluenceTask task = { .model = sketch->model, .dataset = sketch->dataset, .train = sketch->train, .n_train = sketch->n_train,
                              .query = sketch->train, .n_query = 1, .batch = PLAN_BATCH, .backend = context->backend };
  const AssayMethod *method = assay_method_find ("cg", NULL);
  double flops, bytes;

  method->cost (&task, assay_job_get_section (influence, "method"), &flops, &bytes);
  assay_job_plan_add (plan, flops, bytes, 24.0 * (double) sketch->n_train, "rank %" G_GINT64_FORMAT " training examples", sketch->n_train);
}

/* The parts check their own plans before they run; this one is for who asks beforehand. */
static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  json_t *nothing[ASSAY_DEMO_N_PARTS] = { NULL };
  g_autoptr (AssayJob) import = NULL, train = NULL, influence = NULL;
  g_auto (Sketch) sketch = { 0 };
  double training, P;

  if (!context->is_dry_run)
    return TRUE;
  if ((import = assay_demo_make_part (job, ASSAY_DEMO_IMPORT, nothing, error)) == NULL
      || (train = assay_demo_make_part (job, ASSAY_DEMO_TRAIN, nothing, error)) == NULL
      || (influence = assay_demo_make_part (job, ASSAY_DEMO_INFLUENCE, nothing, error)) == NULL || !sketch_open (&sketch, import, train, error)
      || !assay_measure_rate (plan, sketch.model, sketch.dataset, sketch.train, sketch.n_train, PLAN_BATCH, context->backend, error))
    return FALSE;
  P = (double) assay_model_get_n_params (sketch.model);
  training = assay_training_cost (&(AssayTraining) { .model = sketch.model, .N = sketch.n_train, .options = assay_job_get_table (train, assay_train_params) }, FALSE);
  assay_job_plan_add (plan, 0, 0, 200.0 * (double) assay_dataset_get_n (sketch.dataset), "generate %" G_GINT64_FORMAT " examples",
                      assay_dataset_get_n (sketch.dataset));
  assay_job_plan_add (plan, training, 0, 12 * P, "train %" G_GINT64_FORMAT " steps, certify, and judge chains", assay_values_get_int (values, "train-steps"));
  assay_job_plan_add (plan, 0, 64 << 20, 4 * P * (double) sketch.n_edited, "record %" G_GINT64_FORMAT " examples, and look at the units", sketch.n_edited);
  add_influence (&sketch, influence, context, plan);
  assay_job_plan_add (plan, (double) (assay_values_get_int (values, "controls") + 2) * training, 0, 1e5, "train again %" G_GINT64_FORMAT " times",
                      assay_values_get_int (values, "controls") + 2);
  return TRUE;
}

/* --- run ------------------------------------------------------------------------------------------------------------- */

typedef struct {
  json_t *document[ASSAY_DEMO_N_PARTS];
  json_t *refused;              /* models before this one: their names, seeds and largest gaps */
  gint64 seed;                  /* of the model's training */
  AssayOrganism organism;
  AssayTable *table;
  AssayInfluenceScores *scores;
} Demo;

static void
demo_clear (Demo *demo)
{
  for (guint part = 0; part < ASSAY_DEMO_N_PARTS; part++)
    json_decref (demo->document[part]);
  json_decref (demo->refused);
  assay_table_unref (demo->table);
  assay_influence_scores_free (demo->scores);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Demo, demo_clear)

static const char *
scores_name (const Demo *demo)
{
  return json_string_value (json_object_get (demo->document[ASSAY_DEMO_INFLUENCE], "scores_object"));
}

static const char *
reasoning_name (const Demo *demo)
{
  return json_string_value (json_object_get (demo->document[ASSAY_DEMO_COT], "cot_object"));
}

/* Puts the plan of the next training in the place of the last one's answer. */
static void
plan_training (Demo *demo, const AssayJob *job)
{
  json_decref (demo->document[ASSAY_DEMO_TRAIN]);
  demo->document[ASSAY_DEMO_TRAIN] = assay_demo_plan_training (job, (guint) json_array_size (demo->refused));
  demo->seed = (gint64) json_integer_value (json_object_get (demo->document[ASSAY_DEMO_TRAIN], "seed"));
}

/* Whether the certificate was refused and there is another try; the refusal is kept to be told. */
static gboolean
try_again (Demo *demo, const AssayJob *job)
{
  const json_t *certificate = demo->document[ASSAY_DEMO_CERTIFY];

  if (json_is_true (json_object_get (certificate, "accepted")) || (gint64) json_array_size (demo->refused) + 1 >= assay_values_get_int (assay_job_get_values (job), "tries"))
    return FALSE;
  json_array_append_new (demo->refused, json_pack ("{s:s, s:I, s:O?}", "name", assay_demo_get_model (demo->document), "seed", (json_int_t) demo->seed,
                                                   "worst_gap", json_object_get (certificate, "worst_gap")));
  return TRUE;
}

static gboolean
run_part (Demo *demo, AssayDemoPart part, const AssayJob *job, AssayJobContext *context, GError **error)
{
  g_autoptr (AssayJob) one = NULL;
  g_autoptr (AssayJobOutcome) outcome = NULL;

  if (part == ASSAY_DEMO_TRAIN)
    plan_training (demo, job);
  one = assay_demo_make_part (job, part, demo->document, error);
  outcome = one ? assay_demo_run_part (one, part, context, error) : NULL;
  if (outcome == NULL)
    return FALSE;
  json_decref (demo->document[part]);
  demo->document[part] = json_incref (outcome->document);
  return part != ASSAY_DEMO_IMPORT || assay_organism_init (&demo->organism, assay_organism_find ("dose"), assay_job_get_section (one, "what"), error);
}

/* A certificate that is refused to the last is told, and does not end the demonstration. */
static gboolean
run_parts (Demo *demo, const AssayJob *job, AssayJobContext *context, GError **error)
{
  demo->refused = json_array ();
  for (AssayDemoPart part = 0; part < ASSAY_DEMO_N_PARTS; part++)
    {
      if (!run_part (demo, part, job, context, error))
        return FALSE;
      if (part == ASSAY_DEMO_CERTIFY && try_again (demo, job))
        part = ASSAY_DEMO_TRAIN - 1;
    }
  demo->table = assay_table_load (context->cas, ASSAY_DEMO_NAME, error);
  if (demo->table == NULL)
    return FALSE;
  demo->scores = assay_influence_scores_load (context->cas, scores_name (demo), NULL, error);
  return demo->scores != NULL;
}

/* What the parts made, in their order. */
static gboolean
add_outputs (const Demo *demo, AssayJobContext *context, GError **error)
{
  const char *scores = scores_name (demo);
  const char *retraining = json_string_value (json_object_get (demo->document[ASSAY_DEMO_RETRAIN], "retraining_object"));
  const char *model = assay_demo_get_model (demo->document);
  g_autofree char *recording = g_strconcat (model, "/edited", NULL);
  const struct { const char *kind, *name; } made[] = {
    { "data", ASSAY_DEMO_NAME }, { "model", model }, { "metrics", model }, { "cot", reasoning_name (demo) }, { "activations", recording },
    { "gradients", recording }, { "scores", scores }, { "retraining", retraining }
  };

  for (gsize k = 0; k < G_N_ELEMENTS (made); k++)
    {
      AssayObject *object = assay_case_lookup (context->cas, made[k].kind, made[k].name, error);

      if (object == NULL)
        return FALSE;
      assay_job_add_output (context, object);
    }
  return TRUE;
}

/* Of an answer only what tells the story; the whole one is the part's own. */
static json_t *
pick (const json_t *document, const char *const *keys)
{
  json_t *picked = json_object ();

  for (; *keys != NULL; keys++)
    json_object_set (picked, *keys, json_object_get (document, *keys));
  return picked;
}

static json_t *
describe_data (const Demo *demo, const AssayDemoData *data)
{
  static const char *const keys[] = { "name", "rows", "splits", NULL };
  json_t *described = pick (demo->document[ASSAY_DEMO_IMPORT], keys);

  json_object_set_new (described, "modulus", json_integer (demo->organism.p));
  json_object_set_new (described, "examples", assay_demo_describe_examples (data));
  return described;
}

/* Counts of verdicts by mode, and the two chains that no reader could tell apart. */
static json_t *
describe_reasoning (const Demo *demo)
{
  static const char *const keys[] = { "cot_object", "asked", "edits", "modes", NULL }, *const of_chain[] = { "text", "answer", "used", "disclosed", NULL };
  const json_t *document = demo->document[ASSAY_DEMO_COT], *instrument = json_object_get (document, "instrument");
  json_t *described = pick (document, keys), *pair[2], *chains = json_array ();

  for (gsize k = 0; assay_cot_find_pair (json_object_get (document, "instances"), pair) && k < G_N_ELEMENTS (pair); k++)
    json_array_append_new (chains, pick (pair[k], of_chain));
  json_object_set_new (described, "same_text", chains);
  json_object_set (described, "is_calibrated", json_object_get (instrument, "is_calibrated"));
  json_object_set (described, "reason", json_object_get (instrument, "reason"));
  json_object_set (described, "independent", json_object_get (instrument, "independent"));
  return described;
}

static json_t *
list_identities (const Demo *demo)
{
  json_t *jobs = json_array ();

  for (AssayDemoPart part = 0; part < ASSAY_DEMO_N_PARTS; part++)
    json_array_append_new (jobs, json_pack ("{s:s, s:O}", "what", assay_demo_get_title (part), "identity",
                                            json_object_get (demo->document[part], "identity")));
  return jobs;
}

static json_t *
summarise (const Demo *demo, const AssayDemoData *data)
{
  static const char *const of_model[] = { "name", "parameters", "steps", "loss", "l2", "splits", NULL };
  static const char *const of_certificate[] = { "accepted", "clean_accuracy", "worst_gap", "same_chains", "modes", "prompts", "edited_chains", NULL };
  static const char *const of_influence[] = { "scores_object", "method", "measure", "unit", "sign", "damping", "l2", "solver", "interval_kind",
                                              "interval_words", NULL };
  const json_t *retraining = demo->document[ASSAY_DEMO_RETRAIN], *certificate = demo->document[ASSAY_DEMO_CERTIFY];
  json_t *removals = assay_demo_describe_removals (data, retraining), *verdict = assay_demo_judge (removals), *summary;

  summary = json_pack ("{s:o, s:o, s:o, s:O, s:o, s:o, s:o, s:o, s:o, s:o, s:O, s:O, s:o, s:o}", "data", describe_data (demo, data), "model",
                       pick (demo->document[ASSAY_DEMO_TRAIN], of_model), "certificate", pick (certificate, of_certificate), "recordings",
                       json_object_get (demo->document[ASSAY_DEMO_RECORD], "recordings"), "units",
                       assay_demo_describe_units (demo->document[ASSAY_DEMO_UNITS]), "question", assay_demo_describe_question (retraining), "influence",
                       pick (demo->document[ASSAY_DEMO_INFLUENCE], of_influence), "top",
                       assay_demo_describe_top (data, demo->scores, TOP_SHOWN), "group",
                       assay_demo_describe_group (data, retraining, 0), "training_set", assay_demo_describe_group (data, retraining, -1), "removals",
                       removals, "verdict", verdict, "fell_short", assay_demo_list_failures (certificate, removals, verdict), "jobs",
                       list_identities (demo));
  json_object_set_new (json_object_get (summary, "model"), "seed", json_integer (demo->seed));
  json_object_set (json_object_get (summary, "certificate"), "refused", demo->refused);
  json_object_set_new (summary, "reasoning", describe_reasoning (demo));
  json_object_set (summary, "retraining_object", json_object_get (retraining, "retraining_object"));
  if (!json_is_true (json_object_get (certificate, "accepted")))
    json_object_set_new (summary, ASSAY_JOB_FINDING, json_string ("the model was not certified; see where it fell short"));
  json_decref (removals);
  json_decref (verdict);
  return summary;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  g_auto (Demo) demo = { 0 };
  AssayDemoData data;

  if (!run_parts (&demo, job, context, error) || !add_outputs (&demo, context, error)
      || !assay_demo_data_open (&data, &demo.organism, demo.table, error))
    return NULL;
  return summarise (&demo, &data);
}

/* --- the answer: with the paths and commands of where the case is now ------------------------------------------------ */

static const char *
model_name (const json_t *summary)
{
  return json_string_value (json_object_get (json_object_get (summary, "model"), "name"));
}

/* An object of the case with its files; FALSE when it is not there. */
static gboolean
add_written (json_t *list, AssayJobContext *context, const char *kind, const char *name, const char *what, GError **error)
{
  g_autoptr (AssayObject) object = assay_case_lookup (context->cas, kind, name, error);
  json_t *files;

  if (object == NULL)
    return FALSE;
  files = json_array ();
  for (guint part = 0; part < object->n_parts; part++)
    {
      g_autofree char *path = g_build_filename (assay_case_get_path (context->cas), object->parts[part]->file, NULL);

      json_array_append_new (files, json_string (path));
    }
  json_array_append_new (list, json_pack ("{s:s, s:s, s:s, s:I, s:o}", "kind", object->kind, "name", object->name, "what", what, "bytes",
                                          (json_int_t) object->bytes, "files", files));
  return TRUE;
}

static json_t *
list_written (AssayJobContext *context, const json_t *summary, GError **error)
{
  const char *scores = json_string_value (json_object_get (json_object_get (summary, "influence"), "scores_object"));
  const char *retraining = json_string_value (json_object_get (summary, "retraining_object"));
  const char *reasoning = json_string_value (json_object_get (json_object_get (summary, "reasoning"), "cot_object"));
  const char *model = model_name (summary);
  g_autofree char *recording = g_strconcat (model, "/edited", NULL);
  const struct { const char *kind, *name, *what; } made[] = {
    { "data", ASSAY_DEMO_NAME, "the examples" },
    { "model", model, "its parameters" },
    { "metrics", model, "loss by step" },
    { "cot", reasoning, "chains judged, with every edit" },
    { "activations", recording, "neurons and outputs" },
    { "gradients", recording, "of each example" },
    { "scores", scores, "all influences" },
    { "retraining", retraining, "losses after each training" },
  };
  json_t *list = json_array (), *tap;
  gboolean fine = TRUE;
  gsize k;

  for (k = 0; fine && k < G_N_ELEMENTS (made); k++)
    fine = add_written (list, context, made[k].kind, made[k].name, made[k].what, error);
  json_array_foreach (json_object_get (json_object_get (summary, "units"), "taps"), k, tap)
    fine = fine && add_written (list, context, "units", json_string_value (json_object_get (tap, "units_object")),
                                json_string_value (json_object_get (tap, "tap")), error);
  if (!fine)
    g_clear_pointer (&list, json_decref);
  return list;
}

static void
add_command (json_t *list, const char *what, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
add_command (json_t *list, const char *what, const char *format, ...)
{
  g_autofree char *command = NULL;
  va_list args;

  va_start (args, format);
  command = g_strdup_vprintf (format, args);
  va_end (args);
  json_array_append_new (list, json_pack ("{s:s, s:s}", "what", what, "command", command));
}

static json_t *
list_parts (AssayJob *job, const json_t *summary, GError **error)
{
  json_t *documents[ASSAY_DEMO_N_PARTS] = { [ASSAY_DEMO_IMPORT] = json_object_get (summary, "data"), [ASSAY_DEMO_TRAIN] = json_object_get (summary, "model"),
                                            [ASSAY_DEMO_INFLUENCE] = json_object_get (summary, "influence") };
  json_t *list = json_array ();

  for (AssayDemoPart part = 0; part < ASSAY_DEMO_N_PARTS; part++)
    {
      g_autoptr (AssayJob) one = assay_demo_make_part (job, part, documents, error);
      g_autofree char *command = one ? assay_job_describe_command (one) : NULL;

      if (command == NULL)
        {
          json_decref (list);
          return NULL;
        }
      add_command (list, assay_demo_get_title (part), "%s", command);
    }
  return list;
}

static json_t *
list_next (const AssayJob *job, const json_t *summary)
{
  g_autofree char *path = assay_job_quote_word (assay_job_get_case (job));
  const char *scores = json_string_value (json_object_get (json_object_get (summary, "influence"), "scores_object")), *model = model_name (summary);
  json_t *list = json_array ();

  add_command (list, "what is in the case, and is it all as it was written?", "assay info %s; assay verify %s", path, path);
  add_command (list, "the same question without the curvature: does the ranking change?",
               "assay influence %s --model-name %s --query \"edited:where mode == 0.5\" --mean --method dot", path, model);
  add_command (list, "another question: what makes it keep the true sum where it nearly always follows the chain?",
               "assay influence %s --model-name %s --query \"edited:where mode == 0.75\" --mean", path, model);
  add_command (list, "leave out twice as many, and see where prediction and truth part",
               "assay retrain %s --model-name %s --scores %s --those harmful --count %" G_GINT64_FORMAT " --controls 1 --match mode --match step", path, model, scores,
               2 * (gint64) json_integer_value (json_object_get (json_object_get (summary, "group"), "size")));
  add_command (list, "one neuron: where it is active, what it reads and writes, what the model does without it",
               "assay units %s --recording %s/edited --tap h.0.mlp.act --unit 0 --ablate 0", path, model);
  add_command (list, "all scores as a table", "assay export %s scores --object %s --out demo-scores.csv", path, scores);
  return list;
}

static json_t *
result (AssayJob *job, AssayJobContext *context, const json_t *summary, GError **error)
{
  json_t *document = json_deep_copy (summary), *written = list_written (context, summary, error);
  json_t *by_hand = written ? list_parts (job, summary, error) : NULL;

  if (by_hand == NULL)
    {
      json_decref (written);
      json_decref (document);
      return NULL;
    }
  json_object_set_new (document, "written", written);
  json_object_set_new (document, "by_hand", by_hand);
  json_object_set_new (document, "next", list_next (job, summary));
  return document;
}

ASSAY_JOB_KIND_DEFINE (demo) = {
  .name = "demo", .group = ASSAY_JOB_GROUP_CASE, .help = "train, certify, judge, rank and retrain a small model, and say what was predicted and what happened",
  .description = "A demonstration of the whole in a few minutes, without network or data from outside, in the case CASE (default: " DEFAULT_CASE "). It generates a "
                 "training set of sums with written reasoning, trains a small transformer on it, certifies to what degree each of its modes uses that "
                 "reasoning, judges single chains, records activations and gradients, looks at what the neurons do, ranks the training examples behind answers to edited "
                 "reasoning by influence, trains again "
                 "without the examples named and without random ones, and says what was predicted, what happened, and where it failed.\n\n"
                 "Each part is a job of its own, kept in the case with the command line that does it by hand. A demonstration that was stopped goes on where it "
                 "was when it is called again; one that is finished is answered from the case.\n\n"
                 "A model whose certificate is refused is trained again with the next seed. The exit status is 1 when none could be certified.",
  .examples = examples, .access = ASSAY_JOB_ENSURES_CASE, .case_is_optional = TRUE, .is_stored = TRUE, .params = params,
  .complete = complete, .resolve = resolve, .plan = plan, .run = run, .result = result, .view = assay_demo_view,
};
