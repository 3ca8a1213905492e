/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_train.c: trains a model on data of the case. */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "dataset/dataset_store.h"
#include "dataset/described.h"
#include "job/architecture.h"
#include "job/coefficients.h"
#include "job/measure.h"
#include "job/subject.h"
#include "job/train_view.h"
#include "job/training_cost.h"
#include "model/adapters.h"
#include "model/checkpoint.h"
#include "model/plan.h"
#include "run/evaluate.h"
#include "run/order_store.h"
#include "run/train.h"
#include "store/reader.h"

#include <math.h>
#include <string.h>

#define MAX_PARAMS_WITH_ERRORS 2000
#define BOUNDLESS 1e6           /* weights that no data of usual units ask for */
#define PLAN_BATCH 256
#define CURVE_POINTS 10

static const char *const error_choices[] = { "auto", "yes", "no", NULL };

static const AssayParam params[] = {
  { "model", ASSAY_PARAM_STRING, .def.s = "logistic", .metavar = "NAME", .names = "model",
    .help = "logistic, linear, an architecture, or a model of the case whose parameters are the start" },
  { "name", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "name of the trained model in the case (default: what --model says)" },
  { "data", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "data", .help = "data of the case (default: main, or the newest)" },
  { "train-split", ASSAY_PARAM_STRING, .def.s = "train", .metavar = "SPLIT", .names = "split", .help = "the split that is trained on" },
  { "order", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "order", .flags = ASSAY_PARAM_ADVANCED,
    .help = "order of the batches that was imported into the case (default: shuffled by the seed)" },
  { "lora-rank", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e5, .help = "train low-rank adapters of a model of the case, of this rank, and leave its own parameters as they are; 0: train all" },
  { "lora-alpha", ASSAY_PARAM_DOUBLE, .def.d = 16, .min = 0, .max = 1e6, .help = "adapters are multiplied with alpha / rank" },
  { "lora-modules", ASSAY_PARAM_STRING, .def.s = "*", .metavar = "PATTERNS", .help = "linear modules that get adapters: patterns of their names, as \"h.*.attn.*\", between commas" },
  { "std-errors", ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = error_choices,
    .help = "standard errors of the coefficients of a regression (auto: up to 2000 parameters)" },
  { .name = NULL }
};

/* When states are saved does not change what is trained. */
static const char *const outside_identity[] = { "checkpoint-every", "checkpoint-seconds", NULL };

static const AssayJobExample examples[] = {
  { "a logistic regression with chosen reference levels; its coefficients and their standard errors",
    "assay train people.assay --model logistic --target \"score in ('Medium', 'High')\" --terms age,group,priors --reference \"group=b\"" },
  { "a small transformer on generated sums", "assay train people.assay --model transformer --name sums --data dose --width 16 --steps 50" },
  { "only some of the rows", "assay train people.assay --name grown --target \"score in ('Medium', 'High')\" --filter \"age >= 25 and group != 'c'\" "
    "--terms age,priors" },
  { "a small network with checkpoints along the way",
    "assay train people.assay --model mlp --hidden 8 --target \"score in ('Medium', 'High')\" --terms age,group,priors --standardise --epochs 5 --checkpoints 3" },
  { NULL, NULL }
};

typedef struct {
  AssayObject *start;           /* the model whose parameters are the start, or NULL */
  AssayObject *data;
  AssayObject *order_object;    /* NULL: shuffled */
  AssayOrder *order;
  AssayTable *table;
  AssayDataset *dataset;
  AssayModel *model;
  const gint64 *train;
  gint64 n_train;
} State;

static void
state_free (gpointer pointer)
{
  State *state = pointer;

  assay_model_free (state->model);
  assay_dataset_unref (state->dataset);
  assay_table_unref (state->table);
  assay_order_free (state->order);
  g_clear_pointer (&state->order_object, assay_object_unref);
  g_clear_pointer (&state->data, assay_object_unref);
  g_clear_pointer (&state->start, assay_object_unref);
  g_free (state);
}

static gpointer
make_sections (gpointer unused)
{
  GArray *sections = g_array_new (TRUE, TRUE, sizeof (AssayJobSection));
  AssayJobSection first[] = {
    { NULL, NULL, "rows, target and terms", assay_derive_params },
    { NULL, NULL, "training", assay_train_params },
  };

  (void) unused;
  g_array_append_vals (sections, first, G_N_ELEMENTS (first));
  for (const AssayJobSection *s = assay_architecture_list (); s->params != NULL; s++)
    g_array_append_vals (sections, s, 1);
  return g_array_free (sections, FALSE);
}

static const AssayJobSection *
get_sections (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_sections, NULL);
}

static const char *
get_model (const AssayJob *job)
{
  return assay_values_get_string (assay_job_get_values (job), "model");
}

static const AssayValues *
get_training (const AssayJob *job)
{
  return assay_job_get_table (job, assay_train_params);
}

/* A regression has one minimum, and Newton's method finds it to rounding. */
static gboolean
complete (AssayJob *job, GError **error)
{
  static const char *const newton[] = { "newton", NULL };

  return !assay_architecture_is_convex (get_model (job)) || assay_job_set_default (job, "optimizer", newton, error);
}

/* --- inputs -------------------------------------------------------------------------------------------------------- */

static gboolean
no_such_model (const AssayJob *job, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (const AssayJobSection *s = assay_architecture_list (); s->params != NULL; s++)
    g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", s->value);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model \"%s\": one of %s, or a model of the case expected", get_model (job), names->str);
  return FALSE;
}

static gint64
get_seed (const AssayJob *job)
{
  return assay_values_get_int (get_training (job), "seed");
}

static gboolean
has_adapters (const AssayJob *job)
{
  return assay_values_get_int (assay_job_get_values (job), "lora-rank") > 0;
}

/* Fresh adapters of a model of the case. */
static AssayModel *
make_adapted (const AssayModel *base, const AssayObject *object, const AssayJob *job, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  json_auto_t *source = json_pack ("{s:s, s:I}", "model", object->name, "sequence", (json_int_t) object->sequence);
  g_autoptr (AssayAdapters) adapters = NULL;
  AssayModel *model;

  if (assay_model_get_adapters (base) != NULL || !assay_values_is_set (values, "name"))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, assay_model_get_adapters (base) != NULL ? "lora-rank: model %s has adapters already; leave the option out to train them further"
                   : "lora-rank: --name expected for what is trained, which stands beside model %s", object->name);
      return NULL;
    }
  adapters = assay_adapters_new (base, assay_values_get_int (values, "lora-rank"), assay_values_get_double (values, "lora-alpha"), assay_values_get_string (values, "lora-modules"),
                                 source, error);
  model = adapters ? assay_model_new_adapted (base, adapters, assay_train_get_dtype (get_training (job)), error) : NULL;
  if (model != NULL)
    assay_model_init (model, (guint64) get_seed (job));
  return model;
}

/* When --model names a model of the case, its parameters are the start. */
static gboolean
load_start (State *state, AssayJob *job, const AssayJobContext *context, GError **error)
{
  g_autoptr (AssayModel) model = NULL;

  if (assay_architecture_exists (get_model (job)) && has_adapters (job))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "lora-rank: a model of the case expected in --model, whose parameters stay as they are, the architecture %s found", get_model (job));
      return FALSE;
    }
  if (assay_architecture_exists (get_model (job)))
    return TRUE;
  if (!assay_case_has (context->cas, "model", get_model (job)))
    return no_such_model (job, error);
  state->start = assay_case_lookup (context->cas, "model", get_model (job), error);
  model = state->start ? assay_checkpoint_load_object (context->cas, state->start, error) : NULL;
  if (model == NULL)
    return FALSE;
  assay_job_add_input_object (job, "start", state->start);
  state->model = has_adapters (job) ? make_adapted (model, state->start, job, error) : assay_model_copy (model, assay_train_get_dtype (get_training (job)), error);
  return state->model != NULL;
}

static AssayTargetKind
wanted_target (const State *state, const AssayJob *job)
{
  return state->model ? assay_architecture_get_model_target (state->model) : assay_architecture_get_target (get_model (job));
}

static gboolean
load_data (State *state, AssayJob *job, const AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);

  state->data = assay_subject_find_data (context->cas, assay_values_get_string (values, "data"), error);
  if (state->data == NULL)
    return FALSE;
  assay_job_add_input_object (job, "data", state->data);
  state->table = assay_table_load (context->cas, state->data->name, error);
  if (state->table == NULL)
    return FALSE;
  state->dataset = assay_dataset_derive (state->table, assay_job_get_table (job, assay_derive_params), wanted_target (state, job), error);
  if (state->dataset == NULL)
    return FALSE;
  state->train = assay_dataset_get_split (state->dataset, assay_values_get_string (values, "train-split"), &state->n_train, error);
  return state->train != NULL;
}

static gboolean
make_model (State *state, AssayJob *job, GError **error)
{
  if (state->model != NULL)
    return TRUE;
  state->model = assay_architecture_new (get_model (job), assay_job_get_section (job, "model"), state->dataset,
                                         assay_train_get_dtype (get_training (job)), error);
  if (state->model == NULL)
    return FALSE;
  assay_model_init (state->model, (guint64) get_seed (job));
  return TRUE;
}

static gboolean
load_order (State *state, AssayJob *job, const AssayJobContext *context, GError **error)
{
  const char *name = assay_values_get_string (assay_job_get_values (job), "order");

  if (name == NULL)
    return TRUE;
  state->order_object = assay_case_lookup (context->cas, "order", name, error);
  if (state->order_object == NULL)
    return FALSE;
  assay_job_add_input_object (job, "order", state->order_object);
  state->order = assay_order_load (context->cas, state->order_object, error);
  return state->order != NULL;
}

static gint64
get_n_order (const State *state)
{
  return state->order ? state->order->n : 0;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  return load_start (state, job, context, error) && load_data (state, job, context, error) && load_order (state, job, context, error)
         && make_model (state, job, error);
}

/* --- plan ---------------------------------------------------------------------------------------------------------- */

/* bytes: of a walk's buffers. */
static void
add_training_step (const State *state, const AssayJob *job, double bytes, AssayJobPlan *plan)
{
  const AssayValues *options = get_training (job);
  const AssayTraining training = { .model = state->model, .dataset = state->dataset, .train = state->train, .N = state->n_train, .options = options,
                                   .n_order = get_n_order (state) };
  const AssayOptimizer *optimizer = assay_optimizer_find (assay_values_get_string (options, "optimizer"));
  gint64 N = state->n_train, batch = assay_values_get_int (options, "batch"), steps = assay_train_get_n_steps (options, N, get_n_order (state));
  double P = (double) assay_model_get_n_params (state->model), flops = assay_training_cost (&training, FALSE);
  double memory = bytes + 6 * P * (double) assay_dtype_width (assay_model_get_dtype (state->model));

  if (optimizer->is_whole_batch)
    assay_job_plan_add (plan, flops, memory, 8 * P, "train on %" G_GINT64_FORMAT " examples by %s until converged (about %d steps)", N,
                        optimizer->name, ASSAY_TRAINING_COST_STEPS);
  else
    assay_job_plan_add (plan, flops, memory, 8 * P, "train %" G_GINT64_FORMAT " steps of %" G_GINT64_FORMAT " examples by %s", steps,
                        batch > 0 ? MIN (batch, N) : N, optimizer->name);
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const State *state = context->state;
  gint64 B = MIN (PLAN_BATCH, state->n_train);
  g_autoptr (AssayGraph) graph = NULL;
  g_autoptr (AssayPlan) walk = NULL;

  if (state->n_train == 0)
    return TRUE;                                                  /* refused, in words, by the training itself */
  graph = assay_model_build (state->model, B, error);
  if (graph == NULL)
    return FALSE;
  walk = assay_plan_new (graph, ASSAY_WALK_GRADIENT, assay_model_get_dtype (state->model), NULL);
  if (context->is_dry_run
      && !assay_measure_rate (plan, state->model, state->dataset, state->train, state->n_train, B, context->backend, error))
    return FALSE;
  add_training_step (state, job, (double) assay_plan_get_bytes (walk), plan);
  return TRUE;
}

/* --- run ----------------------------------------------------------------------------------------------------------- */

static const char *
reason_name (AssayTrainReason reason)
{
  switch (reason)
    {
    case ASSAY_TRAIN_RUNNING:
      return "unfinished";
    case ASSAY_TRAIN_STEPS_DONE:
      return "all steps done";
    case ASSAY_TRAIN_CONVERGED:
      return "converged";
    case ASSAY_TRAIN_ROUNDING:
      return "converged to rounding";
    }
  g_assert_not_reached ();
}

/* Some points of the log: steps done before, loss of the batch then, rate; as in /metrics. */
static json_t *
sample_curve (const AssayJobContext *context, const char *name, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (context->cas, "metrics", name, error);
  gint64 rows = reader ? assay_reader_get_object (reader)->rows : 0, n = MIN (rows, CURVE_POINTS);
  json_t *curve = json_array ();

  if (reader == NULL)
    g_clear_pointer (&curve, json_decref);
  for (gint64 k = 0; curve != NULL && k < n; k++)
    {
      gint64 row = n > 1 ? k * (rows - 1) / (n - 1) : 0, one = 1;
      double loss, rate;

      if (!assay_reader_read_box (reader, "/metrics/loss", &row, &one, ASSAY_STORE_F64, &loss, error)
          || !assay_reader_read_box (reader, "/metrics/rate", &row, &one, ASSAY_STORE_F64, &rate, error))
        g_clear_pointer (&curve, json_decref);
      else
        json_array_append_new (curve, json_pack ("{s:I, s:o, s:o}", "step", (json_int_t) row, "loss", assay_json_number (loss),
                                                 "rate", assay_json_number (rate)));
    }
  return curve;
}

static json_t *
describe_dataset (const State *state)
{
  const GArray *drops = assay_dataset_get_drops (state->dataset);
  const GPtrArray *classes = assay_dataset_get_class_names (state->dataset);
  AssayShape shape = assay_dataset_get_shape (state->dataset);
  g_autofree char *shape_text = assay_shape_to_string (&shape);
  json_t *dropped = json_array (), *names = json_array ();

  for (guint k = 0; k < drops->len; k++)
    {
      const AssayDrop *drop = &g_array_index (drops, AssayDrop, k);

      json_array_append_new (dropped, json_pack ("{s:s, s:I}", "reason", drop->reason, "rows", (json_int_t) drop->n_rows));
    }
  for (guint k = 0; classes != NULL && k < classes->len; k++)
    json_array_append_new (names, json_string (classes->pdata[k]));
  return json_pack ("{s:s, s:I, s:I, s:s, s:o, s:o}", "name", state->data->name, "examples", (json_int_t) assay_dataset_get_n (state->dataset),
                    "train_examples", (json_int_t) state->n_train, "shape", shape_text, "classes", names, "dropped", dropped);
}

/* Loss and accuracy on every split that has examples. */
static json_t *
evaluate_splits (const State *state, AssayJobContext *context, GError **error)
{
  json_t *splits = json_array ();
  gint64 clock = g_get_monotonic_time (), total = 0;

  for (guint k = 0; splits != NULL && k < assay_dataset_get_n_splits (state->dataset); k++)
    {
      const char *name = assay_dataset_get_split_name (state->dataset, k);
      gint64 n;
      const gint64 *list = assay_dataset_get_split (state->dataset, name, &n, error);
      AssayEvaluation e;

      if (n == 0)
        continue;
      total += n;
      if (!assay_evaluate (state->model, state->dataset, list, n, 0, context->backend, NULL, &e, context->progress, error))
        g_clear_pointer (&splits, json_decref);
      else
        json_array_append_new (splits, json_pack ("{s:s, s:I, s:o, s:o, s:I}", "name", name, "examples", (json_int_t) n, "loss",
                                                  assay_json_number (e.loss), "accuracy", assay_json_number (e.accuracy),
                                                  "predictions", (json_int_t) e.n_predictions));
    }
  assay_job_add_measured (context, "evaluation_examples", (double) total);
  assay_job_add_measured (context, "evaluation_seconds", 1e-6 * (double) (g_get_monotonic_time () - clock));
  return splits;
}

/* Estimates and standard errors speak of the minimum; a training by steps may end short of it. */
static void
note_unfinished (json_t *summary)
{
  const char *reason = json_string_value (json_object_get (summary, "reason"));

  if (strcmp (reason, reason_name (ASSAY_TRAIN_STEPS_DONE)) != 0)
    return;
  json_array_append_new (json_object_get (summary, "notes"),
                         json_string ("the steps ended before a minimum was certain: estimates and standard errors are of the point where they "
                                      "ended; more --steps or --optimizer newton lead to the minimum"));
}

/* Without a penalty a separated regression has no minimum: its weights grow until rounding stops them, and unseen examples pay for it. Those
 * with named terms have it said of each term (identifiability.h). */
static gboolean
note_boundless (json_t *summary, const State *state, AssayTrainReason reason, GError **error)
{
  gint64 P = assay_model_get_n_params (state->model);
  g_autoptr (AssayBuffer) theta = NULL;
  g_autofree char *note = NULL;
  double largest = 0;

  if (reason != ASSAY_TRAIN_ROUNDING || assay_coefficients_exist (state->model, state->dataset))
    return TRUE;
  theta = assay_mem_new (double, P, error);
  if (theta == NULL)
    return FALSE;
  assay_model_read_theta (state->model, theta);
  for (gint64 k = 0; k < P; k++)
    largest = MAX (largest, fabs (((const double *) theta)[k]));
  if (largest < BOUNDLESS)
    return TRUE;
  note = g_strdup_printf ("weights as large as %.1g: some inputs separate some examples, and what separates has no best weight; "
                          "train with --l2, 1e-4 for instance", largest);
  json_array_append_new (json_object_get (summary, "notes"), json_string (note));
  return TRUE;
}

/* Mean loss over the training split. */
static double
training_loss (const json_t *summary, const char *split)
{
  gsize k;
  json_t *row;

  json_array_foreach (json_object_get (summary, "splits"), k, row)
    if (strcmp (json_string_value (json_object_get (row, "name")), split) == 0 && json_is_number (json_object_get (row, "loss")))
      return json_number_value (json_object_get (row, "loss"));
  return NAN;
}

static gboolean
add_coefficients (json_t *summary, const State *state, const AssayJob *job, AssayJobContext *context, GError **error)
{
  const char *choice = assay_values_get_string (assay_job_get_values (job), "std-errors");
  AssayRegression regression = { .model = state->model, .dataset = state->dataset, .train = state->train, .n_train = state->n_train,
                                 .l2 = assay_values_get_double (get_training (job), "l2"), .backend = context->backend,
                                 .loss = training_loss (summary, assay_values_get_string (assay_job_get_values (job), "train-split")) };
  gboolean small = assay_model_get_n_params (state->model) <= MAX_PARAMS_WITH_ERRORS;
  json_t *table;

  if (!assay_coefficients_exist (state->model, state->dataset))
    return TRUE;
  table = assay_coefficients_to_json (&regression, strcmp (choice, "yes") == 0 || (strcmp (choice, "auto") == 0 && small),
                                      json_object_get (summary, "notes"), context->progress, error);
  if (table == NULL)
    return FALSE;
  json_object_update (summary, table);
  json_decref (table);
  note_unfinished (summary);
  return TRUE;
}

/* At which lengths sequences were walked, and what that spared. */
static char *
describe_buckets (const State *state, guint n)
{
  AssayLengthBuckets buckets = assay_length_buckets_choose (state->dataset, state->train, state->n_train, n);
  double tokens = 0, walked = 0, context = (double) (state->n_train * assay_model_get_context (state->model));

  for (gint64 i = 0; i < state->n_train; i++)
    {
      tokens += (double) assay_dataset_get_length (state->dataset, state->train[i]);
      walked += (double) buckets.length[assay_length_buckets_find (&buckets, state->dataset, state->train + i, 1)];
    }
  return g_strdup_printf ("length buckets: %u, of %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " tokens; %.1f %% of their positions are padding, %.1f %% at the context",
                          buckets.n, buckets.length[0], buckets.length[buckets.n - 1], 100 * (1 - tokens / walked), 100 * (1 - tokens / context));
}

static json_t *
collect_notes (const State *state, const AssayValues *options)
{
  gint64 n_buckets = assay_values_get_int (options, "length-buckets");
  const GPtrArray *notes = assay_dataset_get_notes (state->dataset);
  json_t *list = json_array ();

  for (guint k = 0; k < notes->len; k++)
    json_array_append_new (list, json_string (notes->pdata[k]));
  if (n_buckets > 0)
    {
      g_autofree char *note = describe_buckets (state, (guint) n_buckets);

      json_array_append_new (list, json_string (note));
    }
  return list;
}

/* Lists what the training committed under its name. */
static gboolean
add_outputs (AssayJobContext *context, const char *name, GError **error)
{
  static const char *const kinds[] = { "model", "metrics" };

  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      AssayObject *object = assay_case_lookup (context->cas, kinds[k], name, error);

      if (object == NULL)
        return FALSE;
      assay_job_add_output (context, object);
    }
  return TRUE;
}

/* What rebuilds data set and first parameters, kept with the model. */
static json_t *
make_meta (const State *state, const AssayJob *job)
{
  json_t *start = state->start && !has_adapters (job) ? json_pack ("{s:s, s:I}", "model", state->start->name, "sequence", (json_int_t) state->start->sequence)
                               : json_pack ("{s:I}", "seed", (json_int_t) get_seed (job));

  json_t *meta = json_pack ("{s:s, s:o, s:o}", "kind", get_model (job), "start", start, "data",
                            assay_described_new (state->data, assay_job_get_table (job, assay_derive_params), wanted_target (state, job),
                                                 assay_values_get_string (assay_job_get_values (job), "train-split")));

  if (state->order_object != NULL)
    json_object_set_new (meta, "order", json_pack ("{s:s, s:I}", "name", state->order_object->name, "sequence",
                                                   (json_int_t) state->order_object->sequence));
  return meta;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = context->state;
  const AssayValues *values = assay_job_get_values (job);
  const char *given = assay_values_get_string (values, "name"), *name = given ? given : get_model (job);
  AssayTraining training = { .model = state->model, .dataset = state->dataset, .train = state->train, .N = state->n_train,
                             .options = get_training (job), .backend = context->backend, .n_order = get_n_order (state),
                             .order = state->order ? state->order->place : NULL };
  json_t *meta = make_meta (state, job);
  AssayTrainPlace place = { .store = context->cas, .name = name, .meta = meta };
  AssayTrainResult result;
  gboolean trained = assay_train (&training, &place, &result, context->progress, error);
  json_t *summary, *curve, *splits;

  json_decref (meta);
  if (trained)
    assay_job_add_measured (context, "training_seconds", result.seconds);
  if (!trained || !add_outputs (context, name, error) || (splits = evaluate_splits (state, context, error)) == NULL)
    return NULL;
  curve = sample_curve (context, name, error);
  if (curve == NULL)
    {
      json_decref (splits);
      return NULL;
    }
  summary = json_pack ("{s:s, s:o, s:I, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", name, "model",
                       assay_model_get_spec (state->model), "parameters", (json_int_t) assay_model_get_n_params (state->model), "optimizer",
                       assay_values_get_string (training.options, "optimizer"), "reason", reason_name (result.reason), "steps",
                       (json_int_t) result.steps, "loss", assay_json_number (result.loss), "objective",
                       assay_json_number (result.objective), "gradient_norm", assay_json_number (result.gradient_norm), "operations",
                       assay_json_number (result.operations), "l2",
                       json_real (assay_values_get_double (training.options, "l2")), "data",
                       describe_dataset (state), "curve", curve, "splits", splits, "notes", collect_notes (state, training.options));
  if (!note_boundless (summary, state, result.reason, error) || !add_coefficients (summary, state, job, context, error))
    g_clear_pointer (&summary, json_decref);
  return summary;
}

ASSAY_JOB_KIND_DEFINE (train) = {
  .name = "train", .group = ASSAY_JOB_GROUP_MODEL, .help = "train a model on data of the case",
  .description = "A training is a function of model, data and options alone: neither the number of threads nor an interruption changes a bit. It saves "
                 "its state as it goes; the same command goes on where it was stopped.\n\n"
                 "Regressions (logistic, linear) are minimised to rounding by Newton's method unless --optimizer says otherwise; with named terms "
                 "their coefficients are listed with standard errors from the inverse Hessian of the total loss. Indices of examples count "
                 "from 0 over the rows kept by --filter.\n\n"
                 "A NaN or infinity ends the training and is named: tensor, example, step.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = get_sections,
  .outside_identity = outside_identity, .complete = complete, .resolve = resolve, .plan = plan, .run = run, .view = assay_train_view,
};
