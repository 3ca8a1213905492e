/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replay.c: forwards with kept states, backwards segment by segment. */
#include "run/replay.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/pass.h"

#include <math.h>
#include <string.h>

typedef struct {
  gint64 step;                  /* done before */
  void *theta;                  /* (P) */
  void *vectors;                /* (n_vectors,P) */
} State;

struct _AssayReplay {
  AssayTraining spec;           /* of the replayed model */
  const AssayTraining *training;
  const void *start;
  AssayDtype dtype;
  AssayModel *model;            /* moves with the trainer */
  AssayTrainer *trainer;
  gint64 P, T, spacing;
  guint n_vectors;
  gsize width;                  /* of the trainer's type */
  AssayBatchOrder *order;
  gint64 B;
  State *kept;                  /* every spacing-th */
  gint64 n_kept;
  State *segment;               /* (spacing + 1): states of the segment under way */
  AssayFeed *feed;              /* Hessian walks in dtype */
};

/* --- states --------------------------------------------------------------------------------------------------------- */

static gboolean
state_allocate (const AssayReplay *r, State *state, GError **error)
{
  if (state->theta != NULL)
    return TRUE;
  state->theta = assay_mem_alloc_array (r->P, r->width, error);
  state->vectors = state->theta ? assay_mem_alloc_array (MAX (1, r->n_vectors) * r->P, r->width, error) : NULL;
  return state->vectors != NULL;
}

static void
state_clear (State *state)
{
  assay_mem_free (state->theta);
  assay_mem_free (state->vectors);
}

static gboolean
take_state (const AssayReplay *r, State *state, GError **error)
{
  AssayTrainerState now = assay_trainer_get_state (r->trainer);

  if (!state_allocate (r, state, error) || !assay_trainer_fetch (r->trainer, error))
    return FALSE;
  state->step = now.step;
  memcpy (state->theta, now.theta, r->P * r->width);
  memcpy (state->vectors, now.vectors, r->n_vectors * r->P * r->width);
  return TRUE;
}

/* Goes back to a kept state. First-order optimizers keep nothing else that a step depends on. */
static void
give_state (const AssayReplay *r, const State *state)
{
  AssayTrainerState now = assay_trainer_get_state (r->trainer);

  memcpy (now.theta, state->theta, r->P * r->width);
  memcpy (now.vectors, state->vectors, r->n_vectors * r->P * r->width);
  now.step = state->step;
  now.reason = ASSAY_TRAIN_RUNNING;
  assay_trainer_resume (r->trainer, &now);
}

/* --- forwards --------------------------------------------------------------------------------------------------------- */

static gboolean
run_forwards (AssayReplay *r, AssayProgress *progress, GError **error)
{
  memcpy (assay_model_get_theta (r->model), r->start, r->P * r->width);
  assay_trainer_restart (r->trainer);
  for (gint64 t = 0; t < r->T; t++)
    {
      AssayTrainRow row;

      if (t % r->spacing == 0 && !take_state (r, &r->kept[t / r->spacing], error))
        return FALSE;
      if (assay_progress_is_cancelled (progress, error) || !assay_trainer_step (r->trainer, &row, error))
        return FALSE;
      assay_progress_report (progress, "replaying the training", t + 1, r->T, "steps", NULL);
    }
  if (memcmp (assay_model_get_theta (r->model), assay_model_get_theta (r->training->model), r->P * r->width) == 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "replay: the training ends in other parameters than the model has; train the model again "
               "on this machine");
  return FALSE;
}

static gboolean
open_trainer (AssayReplay *r, GError **error)
{
  r->spec = *r->training;
  r->model = assay_model_copy (r->training->model, assay_model_get_dtype (r->training->model), error);
  if (r->model == NULL)
    return FALSE;
  if (strcmp (assay_values_get_string (r->training->options, "compute"), assay_compute_names[ASSAY_COMPUTE_FULL]) != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "replay: a training with products in full expected, in %s found: what is rounded has no derivative; "
                   "train with compute full, or use a method that asks checkpoints alone (tracin, source)", assay_values_get_string (r->training->options, "compute"));
      return FALSE;
    }
  r->spec.model = r->model;
  r->trainer = assay_trainer_new (&r->spec, error);
  if (r->trainer == NULL)
    return FALSE;
  if (assay_trainer_is_whole_batch (r->trainer) || assay_trainer_get_optimizer (r->trainer)->reverse == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "replay: a training by sgd, momentum or adamw expected, %s found; for a training that ends in "
                   "the minimum the method cg says the same without its steps", assay_trainer_get_optimizer (r->trainer)->name);
      return FALSE;
    }
  return TRUE;
}

AssayReplay *
assay_replay_new (const AssayTraining *training, const void *start, AssayDtype dtype, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayReplay) r = g_new0 (AssayReplay, 1);
  gint64 batch;

  r->training = training;
  r->start = start;
  r->dtype = dtype;
  if (!open_trainer (r, error))
    return NULL;
  r->P = assay_model_get_n_params (r->model);
  r->width = assay_dtype_width (assay_model_get_dtype (r->model));
  r->T = assay_trainer_get_n_steps (r->trainer);
  r->B = assay_trainer_get_batch (r->trainer);
  r->n_vectors = assay_trainer_get_state (r->trainer).n_vectors;
  r->spacing = MAX (1, (gint64) ceil (sqrt ((double) r->T)));
  r->n_kept = (r->T + r->spacing - 1) / r->spacing;
  r->kept = g_new0 (State, r->n_kept);
  r->segment = g_new0 (State, r->spacing + 1);
  r->order = assay_trainer_make_order (r->trainer, error);
  batch = r->order ? assay_pass_choose_batch (r->model, ASSAY_WALK_HESSIAN, dtype, r->B, NULL, error) : 0;
  if (batch == 0
      || (r->feed = assay_feed_new (r->model, training->dataset, ASSAY_WALK_HESSIAN, dtype, batch, training->backend, NULL, error)) == NULL
      || !run_forwards (r, progress, error))
    return NULL;
  assay_feed_set_buckets (r->feed, assay_trainer_get_buckets (r->trainer));
  return g_steal_pointer (&r);
}

void
assay_replay_free (AssayReplay *r)
{
  if (r == NULL)
    return;
  for (gint64 k = 0; r->kept != NULL && k < r->n_kept; k++)
    state_clear (&r->kept[k]);
  for (gint64 k = 0; r->segment != NULL && k <= r->spacing; k++)
    state_clear (&r->segment[k]);
  g_free (r->kept);
  g_free (r->segment);
  assay_feed_free (r->feed);
  assay_batch_order_free (r->order);
  assay_trainer_free (r->trainer);
  assay_model_free (r->model);
  g_free (r);
}

gint64
assay_replay_get_n_steps (const AssayReplay *r)
{
  return r->T;
}

/* --- backwards -------------------------------------------------------------------------------------------------------- */

typedef struct {
  gint64 K;
  double *adjoint;              /* (K,P) of theta */
  double *vectors;              /* (K,n_vectors,P) of the optimizer's state */
  double *direction;            /* (K,P): adjoint of the step's gradient */
  double *product;              /* (K,P) */
  double *gradient, *seen;      /* (P) of the step's objective; the same after clipping */
  double *derivative;           /* (K,N) */
  gint64 *places, *examples;    /* (B) */
  void *theta, *rounded, *result, *weight;      /* (P), (P), (P), (B) in the walks' type */
  gboolean is_prepared;         /* the step's one micro-batch is ready for products */
} Reverse;

static void
reverse_clear (Reverse *v)
{
  void *owned[] = { v->vectors, v->direction, v->product, v->gradient, v->seen, v->places, v->examples, v->theta, v->rounded, v->result, v->weight };

  for (gsize k = 0; k < G_N_ELEMENTS (owned); k++)
    assay_mem_free (owned[k]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reverse, reverse_clear)

static gboolean
reverse_init (Reverse *v, const AssayReplay *r, gint64 K, double *adjoint, double *derivative, GError **error)
{
  gsize width = assay_dtype_width (r->dtype);

  v->K = K;
  v->adjoint = adjoint;
  v->derivative = derivative;
  memset (derivative, 0, K * r->spec.N * sizeof *derivative);
  return (v->vectors = assay_mem_new (double, K * MAX (1, r->n_vectors) * r->P, error)) != NULL
         && (v->direction = assay_mem_new (double, K * r->P, error)) != NULL && (v->product = assay_mem_new (double, K * r->P, error)) != NULL
         && (v->gradient = assay_mem_new (double, r->P, error)) != NULL
         && (v->seen = assay_mem_new (double, r->P, error)) != NULL && (v->places = assay_mem_new (gint64, r->B, error)) != NULL
         && (v->examples = assay_mem_new (gint64, r->B, error)) != NULL && (v->theta = assay_mem_alloc_array (r->P, width, error)) != NULL
         && (v->rounded = assay_mem_alloc_array (r->P, width, error)) != NULL
         && (v->result = assay_mem_alloc_array (r->P, width, error)) != NULL
         && (v->weight = assay_mem_alloc_array (r->B, width, error)) != NULL;
}

/* In f32 a direction is scaled to unit size, so that neither its product nor the derivatives leave the type's range. */
static double
round_direction (const AssayReplay *r, const double *x, void *rounded)
{
  double largest = 0, scale = 1;

  if (r->dtype == ASSAY_F64)
    {
      memcpy (rounded, x, r->P * sizeof *x);
      return 1;
    }
  for (gint64 p = 0; p < r->P; p++)
    largest = MAX (largest, fabs (x[p]));
  if (largest > 0 && isfinite (largest))
    scale = ldexp (1, -ilogb (largest));
  for (gint64 p = 0; p < r->P; p++)
    ((float *) rounded)[p] = (float) (x[p] * scale);
  return scale;
}

static void
add_result (const AssayReplay *r, double factor, const void *result, double *sum)
{
  if (r->dtype == ASSAY_F32)
    for (gint64 p = 0; p < r->P; p++)
      sum[p] += factor * (double) ((const float *) result)[p];
  else
    for (gint64 p = 0; p < r->P; p++)
      sum[p] += factor * ((const double *) result)[p];
}

static double
get_weight (const AssayReplay *r, gint64 place)
{
  return r->spec.weight ? r->spec.weight[place] : 1;
}

/* Calls work for each micro-batch of the step's examples, prepared: gradient and everything that products need. */
typedef gboolean (*MicroBatchFunc) (const AssayReplay *r, Reverse *v, AssayExec *exec, gint64 first, gint64 n, GError **error);

static gboolean
each_micro_batch (const AssayReplay *r, Reverse *v, MicroBatchFunc work, GError **error)
{
  for (gint64 first = 0, n; first < r->B; first += n)
    {
      AssayPass *pass;
      AssayExec *exec;

      n = MIN (r->B - first, assay_feed_get_batch (r->feed));
      pass = assay_feed_bind (r->feed, v->examples + first, n, error);
      exec = pass ? assay_pass_get_exec (pass) : NULL;
      for (gint64 b = 0; b < n; b++)
        {
          double w = get_weight (r, v->places[first + b]) / (double) r->B;

          assay_dtype_convert (ASSAY_F64, &w, r->dtype, (char *) v->weight + b * assay_dtype_width (r->dtype), 1);
        }
      if (exec == NULL || (!v->is_prepared && !assay_exec_prepare (exec, v->theta, v->weight, v->result, FALSE, error))
          || !work (r, v, exec, first, n, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_gradient (const AssayReplay *r, Reverse *v, AssayExec *exec, gint64 first, gint64 n, GError **error)
{
  (void) exec;
  (void) first;
  (void) n;
  (void) error;
  add_result (r, 1, v->result, v->gradient);
  return TRUE;
}

/* derivative_i <- derivative_i + (1/B) R l_i,   product <- product + R grad, along each direction. */
static gboolean
add_products (const AssayReplay *r, Reverse *v, AssayExec *exec, gint64 first, gint64 n, GError **error)
{
  for (gint64 k = 0; k < v->K; k++)
    {
      double scale = round_direction (r, v->direction + k * r->P, v->rounded);
      const void *tangent;

      if (!assay_exec_apply (exec, v->rounded, v->result, FALSE, error))
        return FALSE;
      add_result (r, 1 / scale, v->result, v->product + k * r->P);
      tangent = assay_exec_get_loss_tangent (exec);
      for (gint64 b = 0; b < n; b++)
        {
          double rl;

          assay_dtype_convert (r->dtype, (const char *) tangent + b * assay_dtype_width (r->dtype), ASSAY_F64, &rl, 1);
          v->derivative[k * r->spec.N + v->places[first + b]] += rl / scale / (double) r->B;
        }
    }
  return TRUE;
}

/* seen <- g min (1, c / |g|): what the optimizer was given. Returns |g|^2 where that is not g itself, else 0. */
static double
clip_gradient (const AssayReplay *r, Reverse *v)
{
  double clip = assay_values_get_double (r->spec.options, "clip"), square = 0;

  for (gint64 p = 0; p < r->P; p++)
    square += v->gradient[p] * v->gradient[p];
  memcpy (v->seen, v->gradient, r->P * sizeof (double));
  if (clip <= 0 || square <= clip * clip)
    return 0;
  for (gint64 p = 0; p < r->P; p++)
    v->seen[p] *= clip / sqrt (square);
  return square;
}

/* direction <- J' direction with J, symmetric, the Jacobian of g min (1, c / |g|) in g; square: |g|^2. */
static void
reverse_clip (const AssayReplay *r, Reverse *v, double square)
{
  double factor = assay_values_get_double (r->spec.options, "clip") / sqrt (square);

  for (gint64 k = 0; k < v->K; k++)
    {
      double *d = v->direction + k * r->P, along = 0;

      for (gint64 p = 0; p < r->P; p++)
        along += v->gradient[p] * d[p];
      for (gint64 p = 0; p < r->P; p++)
        d[p] = factor * (d[p] - along / square * v->gradient[p]);
    }
}

static gboolean
is_finite (gint64 n, const double *x)
{
  double probe = 0;

  for (gint64 i = 0; i < n; i++)
    probe += x[i];
  return isfinite (probe);
}

/* Takes the adjoints from behind a step to before it. */
static gboolean
reverse_step (const AssayReplay *r, Reverse *v, const State *before, const State *after, GError **error)
{
  const AssayOptimizer *optimizer = assay_trainer_get_optimizer (r->trainer);
  double l2 = assay_values_get_double (r->spec.options, "l2"), clipped;

  assay_batch_order_get (r->order, before->step, v->places);
  for (gint64 b = 0; b < r->B; b++)
    v->examples[b] = r->spec.train[v->places[b]];
  assay_dtype_convert (assay_model_get_dtype (r->model), before->theta, r->dtype, v->theta, r->P);
  memset (v->gradient, 0, r->P * sizeof (double));
  v->is_prepared = FALSE;
  if (!each_micro_batch (r, v, add_gradient, error))
    return FALSE;
  add_result (r, l2, v->theta, v->gradient);
  clipped = clip_gradient (r, v);
  for (gint64 k = 0; k < v->K; k++)
    optimizer->reverse (&(AssayOptimizerReverse) {
      .options = r->spec.options, .dtype = assay_model_get_dtype (r->model), .P = r->P, .step = after->step,
      .rate = assay_trainer_get_rate (r->trainer, after->step), .gradient = v->seen, .state = after->vectors,
      .theta_adjoint = v->adjoint + k * r->P, .state_adjoint = v->vectors + k * r->n_vectors * r->P, .direction = v->direction + k * r->P });
  if (clipped > 0)
    reverse_clip (r, v, clipped);
  memset (v->product, 0, v->K * r->P * sizeof (double));
  v->is_prepared = r->B <= assay_feed_get_batch (r->feed);
  if (!each_micro_batch (r, v, add_products, error))
    return FALSE;
  for (gint64 i = 0; i < v->K * r->P; i++)
    v->adjoint[i] += v->product[i] + l2 * v->direction[i];
  if (is_finite (v->K * r->P, v->adjoint))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "replay: the derivative grows beyond all numbers at step %" G_GINT64_FORMAT "; this training is "
               "not smooth in its data: smaller steps or a larger eps-root make it so", after->step);
  return FALSE;
}

gboolean
assay_replay_reverse (AssayReplay *r, gint64 K, double *adjoint, double *derivative, AssayProgress *progress, GError **error)
{
  g_auto (Reverse) v = { 0 };

  if (!reverse_init (&v, r, K, adjoint, derivative, error))
    return FALSE;
  for (gint64 s = r->n_kept; s-- > 0; )
    {
      gint64 n = MIN (r->spacing, r->T - s * r->spacing);

      give_state (r, &r->kept[s]);
      for (gint64 t = 0; t <= n; t++)
        {
          AssayTrainRow row;

          if (!take_state (r, &r->segment[t], error) || (t < n && !assay_trainer_step (r->trainer, &row, error)))
            return FALSE;
        }
      for (gint64 t = n; t-- > 0; )
        {
          if (assay_progress_is_cancelled (progress, error) || !reverse_step (r, &v, &r->segment[t], &r->segment[t + 1], error))
            return FALSE;
          assay_progress_report (progress, "walking the training backwards", r->T - r->segment[t].step, r->T, "steps", NULL);
        }
    }
  return TRUE;
}
