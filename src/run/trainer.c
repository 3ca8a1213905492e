/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trainer.c: the training step. */
#include "run/trainer.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/backend_vector.h"
#include "run/schedule.h"

#include <math.h>
#include <string.h>

#define DEFAULT_BATCH 32
#define DEFAULT_EPOCHS 10
#define DEFAULT_STEPS 500       /* most of newton and lbfgs */
#define MOST_STEPS 1000000000

static const char *const dtypes[] = { "auto", "f32", "f64", NULL };

const AssayParam assay_train_params[] = {
  { .name = "optimizer", .type = ASSAY_PARAM_CHOICE, .def.s = "adamw", .choices = assay_optimizer_names,
    .help = "how parameters move; newton and lbfgs see all examples in every step and stop by themselves" },
  { .name = "learning-rate", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-3, .min = 0, .max = 1e6, .help = "rate after the warm-up (not newton, lbfgs)" },
  { .name = "schedule", .type = ASSAY_PARAM_CHOICE, .def.s = "constant", .choices = assay_schedule_names, .help = "how the rate falls" },
  { .name = "final-rate", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1, .help = "rate at the end of a falling schedule, as a share of learning-rate" },
  { .name = "warmup", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "steps", .help = "steps over which the rate rises" },
  { .name = "steps", .type = ASSAY_PARAM_INT, .min = 1, .max = MOST_STEPS, .flags = ASSAY_PARAM_OPTIONAL, .def.i = G_MININT64,
    .help = "optimizer steps (default: by epochs; for newton and lbfgs at most 500)" },
  { .name = "epochs", .type = ASSAY_PARAM_DOUBLE, .min = 1e-9, .max = 1e9, .flags = ASSAY_PARAM_OPTIONAL, .def.d = NAN,
    .help = "passes over the training examples (default 10)" },
  { .name = "batch", .type = ASSAY_PARAM_INT, .def.i = DEFAULT_BATCH, .min = 0, .max = 1e9, .unit = "examples", .help = "examples of a step; 0: all" },
  { .name = "micro-batch", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "examples",
    .help = "examples walked at once; 0: as many as fit into 256 MiB" },
  { .name = "length-buckets", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = ASSAY_LENGTH_BUCKETS_MOST,
    .help = "batches of sequences of like length, walked at one of so many lengths instead of the context, so that little is spent on padding; 0: all at the context" },
  { .name = "l2", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e9, .help = "l2/2 |theta|^2 is added to the objective, over all parameters" },
  { .name = "weight-decay", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e9, .help = "decoupled weight decay of adamw, on all parameters" },
  { .name = "momentum", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.9, .min = 0, .max = 1, .help = "of the optimizer momentum" },
  { .name = "beta1", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.9, .min = 0, .max = 1, .help = "adamw: decay of the mean gradient" },
  { .name = "beta2", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.999, .min = 0, .max = 1, .help = "adamw: decay of the mean squared gradient" },
  { .name = "eps", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-8, .min = 0, .max = 1, .help = "adamw: added to the root" },
  { .name = "eps-root", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1, .help = "adamw: added inside the root" },
  { .name = "clip", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e12, .help = "largest gradient norm of a step; 0: no limit (not newton, lbfgs)" },
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-13, .min = 0, .max = 1,
    .help = "newton, lbfgs: Newton decrement at which the optimum is reached" },
  { .name = "history", .type = ASSAY_PARAM_INT, .def.i = 10, .min = 1, .max = 64, .help = "lbfgs: steps remembered" },
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the first parameters and of the order of the batches" },
  { .name = "dtype", .type = ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = dtypes, .help = "precision; auto: f64 for newton and lbfgs, else f32" },
  { .name = "compute", .type = ASSAY_PARAM_CHOICE, .def.s = "full", .choices = assay_compute_names,
    .help = "products of linear layers, forwards and backwards, in a training in f32; bf16, tf32 (CUDA devices): of factors rounded to it, summed in f32; on a device bf16 is also what attention multiplies and what lies between operations is stored in" },
  { .name = "checkpoint-every", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "steps",
    .help = "steps between saved states; 0: by checkpoint-seconds" },
  { .name = "checkpoint-seconds", .type = ASSAY_PARAM_DOUBLE, .def.d = 30, .min = 0.1, .max = 1e6, .unit = "s", .help = "time between saved states" },
  { .name = "checkpoints", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 10000,
    .help = "evenly spaced parameters kept along the way, the last at the end, for methods that follow the training" },
  { .name = NULL }
};

struct _AssayTrainer {
  AssayTraining spec;
  const AssayOptimizer *optimizer;
  AssaySchedule schedule;
  gint64 B, done, n_steps;
  double clip;
  AssayBatchOrder *order;       /* NULL: whole batch */
  AssayLengthBuckets buckets;
  gint64 *places, *examples;    /* (B) of this step */
  double *weights;              /* (B), or NULL: ones */
  AssayObjective *objective;
  AssayOptimizerStep s;
  void *theta, *state;          /* (P) the model's and (n_state,P): those of s, or on a device the host's side of them */
  gboolean is_there;            /* s has vectors of the device: of first-order trainings */
  gboolean is_sent, is_fetched; /* there is what is here; here is what is there */
  guint n_state, n_scalars;
  gboolean is_current;          /* gradient and value are those of theta */
  double gradient_norm, operations;
};

AssayDtype
assay_train_get_dtype (const AssayValues *options)
{
  const char *dtype = assay_values_get_string (options, "dtype");
  const AssayOptimizer *optimizer = assay_optimizer_find (assay_values_get_string (options, "optimizer"));

  if (strcmp (dtype, "auto") == 0)
    return optimizer->is_whole_batch ? ASSAY_F64 : ASSAY_F32;
  return strcmp (dtype, "f64") == 0 ? ASSAY_F64 : ASSAY_F32;
}

static AssayCompute
get_compute (const AssayValues *options)
{
  const char *name = assay_values_get_string (options, "compute");
  AssayCompute compute = ASSAY_COMPUTE_FULL;

  while (strcmp (assay_compute_names[compute], name) != 0)
    compute++;
  return compute;
}

static gboolean
refuse (GError **error, const char *text)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "training: %s", text);
  return FALSE;
}

static gint64
get_batch (const AssayValues *options, gint64 N)
{
  gint64 batch = assay_values_get_int (options, "batch");

  return batch == 0 || assay_optimizer_find (assay_values_get_string (options, "optimizer"))->is_whole_batch ? N : MIN (batch, N);
}

gint64
assay_train_get_n_steps (const AssayValues *options, gint64 N, gint64 n_order)
{
  gint64 steps = assay_values_get_int (options, "steps");
  double epochs = assay_values_get_double (options, "epochs"), passes = DEFAULT_EPOCHS;

  if (steps != G_MININT64)
    return steps;
  if (assay_optimizer_find (assay_values_get_string (options, "optimizer"))->is_whole_batch)
    return DEFAULT_STEPS;
  if (n_order > 0 && isnan (epochs))
    return n_order / get_batch (options, N);
  if (!isnan (epochs))                                            /* given */
    passes = epochs;
  return (gint64) CLAMP (ceil (passes * (double) N / (double) get_batch (options, N) - 1e-9), 1, MOST_STEPS + 1);
}

static gboolean
choose_buckets (AssayTrainer *t, GError **error)
{
  const AssayTraining *spec = &t->spec;

  if (t->optimizer->is_whole_batch)
    return refuse (error, "newton and lbfgs see all examples in every step: length-buckets, which say who shares a batch, have no meaning for them");
  if (spec->order != NULL)
    return refuse (error, "length-buckets say which examples share a batch, and so does an order of batches: give one of them");
  if (assay_dataset_get_kind (spec->dataset) != ASSAY_DATASET_TOKENS || assay_model_get_block (spec->model)->data != ASSAY_DATA_TOKENS)
    return refuse (error, "length-buckets expect a model of token sequences; other examples have one size");
  if (assay_model_get_block (spec->model)->looks_ahead)
    return refuse (error, "length-buckets expect a model whose positions do not look ahead: an encoder sees the padding, so that what it learns would follow the length");
  t->buckets = assay_length_buckets_choose (spec->dataset, spec->train, spec->N, (guint) assay_values_get_int (spec->options, "length-buckets"));
  return TRUE;
}

static gboolean
read_options (AssayTrainer *t, GError **error)
{
  const AssayValues *o = t->spec.options;
  gint64 batch = assay_values_get_int (o, "batch");
  gboolean has_epochs = !isnan (assay_values_get_double (o, "epochs"));
  const char *schedule = assay_values_get_string (o, "schedule");
  guint kind = 0;

  t->optimizer = assay_optimizer_find (assay_values_get_string (o, "optimizer"));
  t->clip = assay_values_get_double (o, "clip");
  if (assay_values_get_int (o, "steps") != G_MININT64 && has_epochs)
    return refuse (error, "either steps or epochs can be given, not both");
  if (t->spec.N < 1)
    return refuse (error, "there is no training example; check the split and the filter");
  if (t->optimizer->is_whole_batch && assay_values_get_int (o, "checkpoints") > 0)
    return refuse (error, "checkpoints along the way need an optimizer with a fixed number of steps (sgd, momentum, adamw)");
  if (t->optimizer->is_whole_batch && (has_epochs || (batch != DEFAULT_BATCH && batch != 0)))
    return refuse (error, "newton and lbfgs see all examples in every step: batch and epochs have no meaning for them; give steps to limit them");
  if (t->optimizer->is_whole_batch && t->s.dtype != ASSAY_F64)
    return refuse (error, "newton and lbfgs work in f64: give dtype f64 or auto");
  if (get_compute (o) != ASSAY_COMPUTE_FULL && t->s.dtype != ASSAY_F32)
    return refuse (error, "products in bf16 or tf32 are of a training in f32: give dtype f32 and an optimizer that works in it (sgd, momentum, adamw)");
  t->B = get_batch (o, t->spec.N);
  t->n_steps = assay_train_get_n_steps (o, t->spec.N, t->spec.n_order);
  if (t->spec.order != NULL && t->optimizer->is_whole_batch)
    return refuse (error, "newton and lbfgs see all examples in every step: an order of batches has no meaning for them");
  if (t->spec.order != NULL && t->n_steps > t->spec.n_order / t->B)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "training: the order of the batches holds %" G_GINT64_FORMAT " steps of %" G_GINT64_FORMAT
                   " examples, %" G_GINT64_FORMAT " were asked for; give fewer steps", t->spec.n_order / t->B, t->B, t->n_steps);
      return FALSE;
    }
  if (assay_values_get_int (o, "length-buckets") > 0 && !choose_buckets (t, error))
    return FALSE;
  if (t->n_steps > MOST_STEPS)
    return refuse (error, "these epochs are more than 1e9 steps");
  while (strcmp (assay_schedule_names[kind], schedule) != 0)
    kind++;
  t->schedule = (AssaySchedule) { .kind = kind, .peak = assay_values_get_double (o, "learning-rate"),
                                  .final_fraction = assay_values_get_double (o, "final-rate"),
                                  .warmup = assay_values_get_int (o, "warmup"), .steps = t->n_steps };
  return TRUE;
}

static gsize
count_bytes (const AssayTrainer *t, guint n_vectors)
{
  return (gsize) n_vectors * (gsize) t->s.P * assay_dtype_width (t->s.dtype);
}

static gboolean
allocate_there (AssayTrainer *t, GError **error)
{
  AssayBackend *backend = t->spec.backend;

  return (t->s.theta = backend->alloc (backend, count_bytes (t, 1), error)) != NULL
         && (t->s.gradient = backend->alloc (backend, count_bytes (t, 1), error)) != NULL
         && (t->s.state = backend->alloc (backend, MAX (1, count_bytes (t, t->n_state)), error)) != NULL;
}

static gboolean
allocate (AssayTrainer *t, GError **error)
{
  gsize width = assay_dtype_width (t->s.dtype);
  guint n_work;

  t->optimizer->size (t->spec.options, t->s.P, &t->n_state, &n_work, &t->n_scalars);
  if (!t->optimizer->is_whole_batch)
    {
      t->order = assay_trainer_make_order (t, error);
      if (t->order == NULL)
        return FALSE;
    }
  t->places = assay_mem_new (gint64, t->B, error);
  t->examples = t->places ? assay_mem_new (gint64, t->B, error) : NULL;
  t->weights = t->examples ? assay_mem_new (double, t->B, error) : NULL;
  t->state = t->weights ? assay_mem_alloc_array ((guint64) t->n_state * t->s.P, width, error) : NULL;
  t->s.scalars = t->state ? assay_mem_new (double, t->n_scalars, error) : NULL;
  if (t->s.scalars == NULL)
    return FALSE;
  if (t->is_there)
    return allocate_there (t, error);
  t->s.theta = t->theta;
  t->s.state = t->state;
  t->s.gradient = assay_mem_alloc_array (t->s.P, width, error);
  t->s.work = t->s.gradient ? assay_mem_alloc_array ((guint64) n_work * t->s.P, width, error) : NULL;
  return t->s.work != NULL;
}

AssayTrainer *
assay_trainer_new (const AssayTraining *training, GError **error)
{
  g_autoptr (AssayTrainer) t = g_new0 (AssayTrainer, 1);
  AssayObjectiveSpec objective = { .model = training->model, .dataset = training->dataset, .backend = training->backend,
                                   .micro_batch = assay_values_get_int (training->options, "micro-batch"),
                                   .l2 = assay_values_get_double (training->options, "l2"), .compute = get_compute (training->options) };

  t->spec = *training;
  t->s = (AssayOptimizerStep) { .options = training->options, .backend = training->backend,
                                .dtype = assay_train_get_dtype (training->options), .P = assay_model_get_n_params (training->model),
                                .precondition = training->precondition, .precondition_data = training->precondition_data };
  t->theta = assay_model_get_theta (training->model);
  if (!read_options (t, error))
    return NULL;
  t->is_there = training->backend->owns != NULL && !t->optimizer->is_whole_batch;
  if (assay_model_get_dtype (training->model) != t->s.dtype)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "training: the options compute in %s, the model holds %s parameters; convert it or "
                   "give dtype", assay_dtype_name (t->s.dtype), assay_dtype_name (assay_model_get_dtype (training->model)));
      return NULL;
    }
  if (!allocate (t, error))
    return NULL;
  objective.dtype = t->s.dtype;
  objective.N = t->B;
  objective.keeps_examples = t->optimizer->is_whole_batch;
  objective.products = t->optimizer->needs_products;
  objective.buckets = assay_trainer_get_buckets (t);
  t->s.objective = t->objective = assay_objective_new (&objective, error);
  if (t->objective == NULL)
    return NULL;
  assay_trainer_restart (t);
  return g_steal_pointer (&t);
}

void
assay_trainer_restart (AssayTrainer *t)
{
  memset (t->state, 0, count_bytes (t, t->n_state));
  t->is_sent = FALSE;
  t->is_fetched = TRUE;
  memset (t->s.scalars, 0, t->n_scalars * sizeof *t->s.scalars);
  t->done = 0;
  t->operations = 0;
  t->is_current = FALSE;
  t->s.reason = ASSAY_TRAIN_RUNNING;
  t->s.decrement = NAN;
  if (t->optimizer->is_whole_batch)
    assay_objective_set_examples (t->objective, t->spec.train, t->spec.weight, (double) t->spec.N);
}

void
assay_trainer_free (AssayTrainer *t)
{
  if (t == NULL)
    return;
  assay_objective_free (t->objective);
  assay_batch_order_free (t->order);
  assay_mem_free (t->places);
  assay_mem_free (t->examples);
  assay_mem_free (t->weights);
  assay_mem_free (t->state);
  if (t->is_there)
    {
      AssayBackend *backend = t->spec.backend;

      backend->release (backend, t->s.theta);
      backend->release (backend, t->s.gradient);
      backend->release (backend, t->s.state);
    }
  else
    assay_mem_free (t->s.gradient);
  assay_mem_free (t->s.work);
  assay_mem_free (t->s.scalars);
  g_free (t);
}

static gboolean
send (AssayTrainer *t, GError **error)
{
  AssayBackend *backend = t->spec.backend;

  if (t->is_there && !t->is_sent)
    t->is_sent = backend->copy_in (backend, t->s.theta, t->theta, count_bytes (t, 1), error)
                 && backend->copy_in (backend, t->s.state, t->state, count_bytes (t, t->n_state), error);
  return !t->is_there || t->is_sent;
}

gboolean
assay_trainer_fetch (AssayTrainer *t, GError **error)
{
  AssayBackend *backend = t->spec.backend;

  if (t->is_there && !t->is_fetched)
    t->is_fetched = backend->copy_out (backend, t->theta, t->s.theta, count_bytes (t, 1), error)
                    && backend->copy_out (backend, t->state, t->s.state, count_bytes (t, t->n_state), error);
  return t->is_fetched;
}

static void
take_batch (AssayTrainer *t)
{
  assay_batch_order_get (t->order, t->done, t->places);
  for (gint64 b = 0; b < t->B; b++)
    {
      t->examples[b] = t->spec.train[t->places[b]];
      t->weights[b] = t->spec.weight ? t->spec.weight[t->places[b]] : 1;
    }
  assay_objective_set_examples (t->objective, t->examples, t->weights, (double) t->B);
}

/* Says where the first number that is not finite is. */
static gboolean
find_fault (AssayTrainer *t, GError **error)
{
  if (assay_objective_check (t->objective, t->s.theta, t->s.gradient, error))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "training step %" G_GINT64_FORMAT ": every tensor is finite but the sum over the batch "
                 "is not (loss %g); lower the learning rate", t->done + 1, t->s.value.total);
  else
    g_prefix_error (error, "training step %" G_GINT64_FORMAT ": ", t->done + 1);
  return FALSE;
}

gboolean
assay_trainer_step (AssayTrainer *t, AssayTrainRow *row, GError **error)
{
  double operations = assay_objective_get_operations (t->objective);

  if (!send (t, error))
    return FALSE;
  if (t->order != NULL)
    take_batch (t);
  if (!t->is_current && !assay_objective_evaluate (t->objective, t->s.theta, t->s.gradient, &t->s.value, error))
    return FALSE;
  if (t->order == NULL && t->done > 0 && !t->is_current)          /* a continued run looks again at where it stopped: the step before counted that */
    operations = assay_objective_get_operations (t->objective);
  if (!assay_backend_vector_norm (t->spec.backend, t->s.dtype, t->s.P, t->s.gradient, &t->gradient_norm, error))
    return FALSE;
  if (!isfinite (t->s.value.total) || !isfinite (t->gradient_norm))
    return find_fault (t, error);
  if (t->order != NULL && t->clip > 0 && t->gradient_norm > t->clip
      && !assay_backend_vector_scale (t->spec.backend, t->s.dtype, t->s.P, t->clip / t->gradient_norm, t->s.gradient, error))
    return FALSE;
  t->s.step = t->done + 1;
  t->s.rate = assay_trainer_get_rate (t, t->s.step);
  *row = (AssayTrainRow) { .step = t->s.step, .loss = t->s.value.data, .rate = t->s.rate, .gradient_norm = t->gradient_norm };
  t->is_current = t->optimizer->is_whole_batch;
  t->is_fetched = !t->is_there;
  if (!t->optimizer->step (&t->s, error))
    return FALSE;
  t->done++;
  t->operations += assay_objective_get_operations (t->objective) - operations;
  if (t->s.reason == ASSAY_TRAIN_RUNNING && t->done >= t->n_steps)
    t->s.reason = ASSAY_TRAIN_STEPS_DONE;
  return t->s.reason == ASSAY_TRAIN_RUNNING || assay_trainer_fetch (t, error);
}

void
assay_trainer_set_progress (AssayTrainer *t, AssayProgress *progress)
{
  t->s.progress = progress;
}

gboolean
assay_trainer_is_done (const AssayTrainer *t)
{
  return t->s.reason != ASSAY_TRAIN_RUNNING;
}

gint64
assay_trainer_get_step (const AssayTrainer *t)
{
  return t->done;
}

gint64
assay_trainer_get_n_steps (const AssayTrainer *t)
{
  return t->n_steps;
}

gboolean
assay_trainer_is_whole_batch (const AssayTrainer *t)
{
  return t->optimizer->is_whole_batch;
}

const AssayOptimizer *
assay_trainer_get_optimizer (const AssayTrainer *t)
{
  return t->optimizer;
}

gint64
assay_trainer_get_batch (const AssayTrainer *t)
{
  return t->B;
}

static gboolean
group_by_length (const AssayTrainer *t, AssayBatchOrder *order, GError **error)
{
  g_autofree guint8 *bucket = g_new (guint8, t->spec.N);

  for (gint64 i = 0; i < t->spec.N; i++)
    bucket[i] = (guint8) assay_length_buckets_find (&t->buckets, t->spec.dataset, t->spec.train + i, 1);
  return assay_batch_order_group (order, bucket, t->buckets.n, error);
}

const AssayLengthBuckets *
assay_trainer_get_buckets (const AssayTrainer *t)
{
  return t->buckets.n > 0 ? &t->buckets : NULL;
}

AssayBatchOrder *
assay_trainer_make_order (const AssayTrainer *t, GError **error)
{
  g_autoptr (AssayBatchOrder) order = NULL;

  if (t->spec.order != NULL)
    return assay_batch_order_new_given (t->spec.order, t->spec.n_order, t->spec.N, t->B, error);
  order = assay_batch_order_new (t->spec.N, t->B, (guint64) assay_values_get_int (t->spec.options, "seed"), error);
  return order != NULL && (t->buckets.n == 0 || group_by_length (t, order, error)) ? g_steal_pointer (&order) : NULL;
}

double
assay_trainer_get_rate (const AssayTrainer *t, gint64 step)
{
  return t->optimizer->is_whole_batch ? 1 : assay_schedule_get_rate (&t->schedule, step - 1);
}

gboolean
assay_trainer_get_result (AssayTrainer *t, AssayTrainResult *result, GError **error)
{
  if (t->optimizer->is_whole_batch && !t->is_current)             /* continued behind its last step */
    {
      if (!assay_objective_evaluate (t->objective, t->s.theta, t->s.gradient, &t->s.value, error))
        return FALSE;
      t->is_current = TRUE;
    }
  if (t->is_current && !assay_backend_vector_norm (t->spec.backend, t->s.dtype, t->s.P, t->s.gradient, &t->gradient_norm, error))
    return FALSE;
  *result = (AssayTrainResult) { .reason = t->s.reason, .steps = t->done, .loss = t->s.value.data, .objective = t->s.value.total,
                                 .gradient_norm = t->gradient_norm, .decrement = t->s.decrement, .operations = t->operations,
                                 .seconds = NAN };
  return TRUE;
}

AssayTrainerState
assay_trainer_get_state (AssayTrainer *t)
{
  return (AssayTrainerState) { .step = t->done, .reason = t->s.reason, .dtype = t->s.dtype, .P = t->s.P, .n_vectors = t->n_state,
                               .n_scalars = t->n_scalars, .theta = t->theta, .vectors = t->state, .scalars = t->s.scalars,
                               .last = { t->s.value.data, t->gradient_norm, t->s.decrement, t->operations } };
}

void
assay_trainer_resume (AssayTrainer *t, const AssayTrainerState *state)
{
  t->done = state->step;
  t->s.reason = state->reason;
  t->s.value.data = state->last[0];
  t->gradient_norm = state->last[1];
  t->s.decrement = state->last[2];
  t->is_sent = FALSE;
  t->is_fetched = TRUE;
  t->operations = state->last[3];
  t->is_current = FALSE;
}
