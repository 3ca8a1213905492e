/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gradient.c: gradient and tangent walks over a point's examples, their results as doubles. */
#include "hessian/gradient.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/sweep.h"
#include "hessian/vector_f64.h"

#include <string.h>

/* The finite check of a whole result: the sum is finite only when every term is. */
static gboolean
is_finite (gint64 n, const double *x)
{
  double probe = 0;

  for (gint64 i = 0; i < n; i++)
    probe += x[i];
  return isfinite (probe);
}

/* --- gradients ------------------------------------------------------------------------------------------------------------ */

typedef struct {
  AssaySweep *sweep;
  AssayDtype dtype;
  gint64 P, B;
  void *weights;                /* (B), dtype */
  void *gradient;               /* (P), dtype */
  double *as_double;            /* (P) */
} Walker;

static void
walker_clear (Walker *w)
{
  assay_sweep_free (w->sweep);
  assay_mem_free (w->weights);
  assay_mem_free (w->gradient);
  assay_mem_free (w->as_double);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walker, walker_clear)

static gboolean
walker_init (Walker *w, const AssayPoint *point, gint64 batch, GError **error)
{
  AssayPoint at = *point;

  at.batch = batch;
  at.memory = 0;
  w->dtype = point->dtype;
  w->P = assay_model_get_n_params (point->model);
  w->sweep = assay_sweep_new (&at, ASSAY_WALK_GRADIENT, point->dtype, error);
  if (w->sweep == NULL)
    return FALSE;
  assay_sweep_get_range (w->sweep, 0, &w->B);
  w->weights = assay_mem_alloc_array (w->B, assay_dtype_width (w->dtype), error);
  w->gradient = w->weights ? assay_mem_alloc_array (w->P, assay_dtype_width (w->dtype), error) : NULL;
  w->as_double = w->gradient ? assay_mem_new (double, w->P, error) : NULL;
  return w->as_double != NULL;
}

/* as_double <- sum over the micro-batch of weight_i g_i; weight of all examples, or NULL: ones. */
static gboolean
walk (Walker *w, guint batch, const double *weight, double *loss, GError **error)
{
  gint64 n, first = assay_sweep_get_range (w->sweep, batch, &n);
  AssayExec *exec = assay_sweep_bind (w->sweep, batch, error);
  void *weights = weight ? w->weights : NULL;

  if (exec == NULL)
    return FALSE;
  if (weight != NULL)
    assay_dtype_convert (ASSAY_F64, weight + first, w->dtype, weights, n);
  if (!assay_exec_prepare (exec, assay_sweep_get_theta (w->sweep), weights, w->gradient, FALSE, error))
    return FALSE;
  assay_dtype_convert (w->dtype, w->gradient, ASSAY_F64, w->as_double, w->P);
  if (loss != NULL)
    assay_dtype_convert (w->dtype, assay_exec_get_loss (exec), ASSAY_F64, loss + first, n);
  if (is_finite (w->P, w->as_double) && (loss == NULL || is_finite (n, loss + first)))
    return TRUE;
  assay_sweep_locate_nan (w->sweep, batch, "gradient", weights, NULL, w->gradient, error);
  return FALSE;
}

gboolean
assay_gradient_weighted (const AssayPoint *point, const double *weight, double *gradient, double *loss, GError **error)
{
  g_auto (Walker) w = { 0 };

  if (!walker_init (&w, point, assay_point_for_sums (point).batch, error))
    return FALSE;
  memset (gradient, 0, w.P * sizeof *gradient);
  for (guint b = 0; b < assay_sweep_get_n_batches (w.sweep); b++)
    {
      if (!walk (&w, b, weight, loss, error))
        return FALSE;
      assay_f64_add (w.P, 1, w.as_double, gradient);
    }
  return TRUE;
}

gboolean
assay_gradient_mean (const AssayPoint *point, double *gradient, double *loss, GError **error)
{
  gint64 P = assay_model_get_n_params (point->model);

  if (!assay_gradient_weighted (point, NULL, gradient, loss, error))
    return FALSE;
  for (gint64 i = 0; i < P; i++)
    gradient[i] /= point->n_examples;
  return TRUE;
}

gboolean
assay_gradient_each (const AssayPoint *point, AssayGradientFunc func, gpointer data, AssayProgress *progress, GError **error)
{
  g_auto (Walker) w = { 0 };
  gint64 N = point->n_examples;
  g_autoptr (AssayBuffer) loss = assay_mem_alloc_array (MAX (N, 1), sizeof (double), error);

  if (loss == NULL || !walker_init (&w, point, 1, error))
    return FALSE;
  for (gint64 i = 0; i < N; i++)
    {
      if (assay_progress_is_cancelled (progress, error) || !walk (&w, i, NULL, loss, error)
          || !func (i, ((double *) loss)[i], w.as_double, data, error))
        return FALSE;
      assay_progress_report (progress, "gradients", i + 1, N, "examples", NULL);
    }
  return TRUE;
}

typedef struct {
  gint64 P;
  double *out;
} Sink;

static gboolean
take_row (gint64 i, double loss, const double *gradient, gpointer data, GError **error)
{
  Sink *sink = data;

  (void) loss;
  (void) error;
  memcpy (sink->out + i * sink->P, gradient, sink->P * sizeof *gradient);
  return TRUE;
}

static gboolean
take_norm (gint64 i, double loss, const double *gradient, gpointer data, GError **error)
{
  Sink *sink = data;

  (void) loss;
  (void) error;
  sink->out[i] = assay_f64_dot (sink->P, gradient, gradient);
  return TRUE;
}

gboolean
assay_gradient_rows (const AssayPoint *point, double *gradients, AssayProgress *progress, GError **error)
{
  Sink sink = { assay_model_get_n_params (point->model), gradients };

  return assay_gradient_each (point, take_row, &sink, progress, error);
}

gboolean
assay_gradient_squared_norms (const AssayPoint *point, double *squared_norm, AssayProgress *progress, GError **error)
{
  Sink sink = { assay_model_get_n_params (point->model), squared_norm };

  return assay_gradient_each (point, take_norm, &sink, progress, error);
}

/* --- directional derivatives ---------------------------------------------------------------------------------------------- */

typedef struct {
  AssayDtype dtype;
  gint64 N, P, K, T;            /* T numbers of each example: its positions, or 1 */
  gboolean tokens;
  char *rounded;                /* (K,P), dtype: directions scaled by powers of two into the range of f32 */
  double *scale;                /* (K) */
} Directions;

static void
round_directions (Directions *d, const double *directions)
{
  for (gint64 k = 0; k < d->K; k++)
    {
      const double *x = directions + k * d->P;
      void *rounded = d->rounded + k * d->P * assay_dtype_width (d->dtype);

      d->scale[k] = assay_f64_unit_scale (d->P, x);
      if (d->dtype == ASSAY_F32)
        for (gint64 i = 0; i < d->P; i++)
          ((float *) rounded)[i] = (float) (x[i] * d->scale[k]);
      else
        for (gint64 i = 0; i < d->P; i++)
          ((double *) rounded)[i] = x[i] * d->scale[k];
    }
}

/* Derivatives of one micro-batch along all directions. */
static gboolean
along_batch (const Directions *d, AssaySweep *sweep, guint batch, double *derivative, GError **error)
{
  gint64 n, first = assay_sweep_get_range (sweep, batch, &n), block = assay_sweep_get_block (sweep);
  AssayExec *exec = assay_sweep_prepare (sweep, batch, error);
  AssayGraph *graph = exec ? assay_exec_get_graph (exec) : NULL;

  if (exec == NULL)
    return FALSE;
  for (gint64 k = 0; k < d->K; k++)
    {
      const void *direction = d->rounded + k * d->P * assay_dtype_width (d->dtype);
      double *out = derivative + (k * d->N + first) * d->T;

      if (k % block == 0 && !assay_exec_apply_block (exec, MIN (block, d->K - k), direction, NULL, FALSE, error))
        return FALSE;
      assay_dtype_convert (d->dtype, assay_exec_get_tangent (exec, k % block, d->tokens ? assay_graph_get_token_loss (graph) : assay_graph_get_loss (graph)), ASSAY_F64, out, n * d->T);
      assay_f64_scale (n * d->T, 1 / d->scale[k], out);
      if (!is_finite (n * d->T, out))
        {
          assay_sweep_locate_nan (sweep, batch, "directional derivative", NULL, direction, NULL, error);
          return FALSE;
        }
    }
  return TRUE;
}

/* To where the walks are, once for all micro-batches, where there is room; else each walk brings its own. */
static gboolean
send_directions (Directions *d, AssayBackend *backend, gpointer *there, GError **error)
{
  const gsize bytes = (gsize) (d->K * d->P) * assay_dtype_width (d->dtype);
  GError *fault = NULL;

  *there = backend->owns != NULL ? backend->alloc (backend, bytes, &fault) : NULL;
  if (*there == NULL && (fault == NULL || g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY)))
    {
      g_clear_error (&fault);
      return TRUE;
    }
  if (*there == NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  if (!backend->copy_in (backend, *there, d->rounded, bytes, error))
    return FALSE;
  d->rounded = *there;
  return TRUE;
}

static gboolean
along_all (const Directions *d, AssaySweep *sweep, double *derivative, AssayProgress *progress, GError **error)
{
  for (guint b = 0; b < assay_sweep_get_n_batches (sweep); b++)
    {
      gint64 n, first = assay_sweep_get_range (sweep, b, &n);

      if (assay_progress_is_cancelled (progress, error) || !along_batch (d, sweep, b, derivative, error))
        return FALSE;
      assay_progress_report (progress, "scoring examples", first + n, d->N, "examples", NULL);
    }
  return TRUE;
}

static gboolean
along (const AssayPoint *point, gboolean tokens, gint64 T, gint64 K, const double *directions, double *derivative,
       AssayProgress *progress, GError **error)
{
  AssayPoint at = *point;
  Directions d = { .dtype = point->dtype, .N = point->n_examples, .P = assay_model_get_n_params (point->model), .K = K, .T = T,
                   .tokens = tokens };
  g_autoptr (AssayBuffer) rounded = assay_mem_alloc_array (K * d.P, assay_dtype_width (d.dtype), error);
  g_autofree double *scale = g_new (double, K);
  g_autoptr (AssaySweep) sweep = NULL;
  gpointer there;
  gboolean ok;

  at.memory = 0;                                                  /* every micro-batch is met once */
  sweep = rounded ? assay_sweep_new (&at, ASSAY_WALK_TANGENT, d.dtype, error) : NULL;
  if (sweep == NULL || !assay_sweep_widen (sweep, K, point->memory, error))
    return FALSE;
  d.rounded = rounded;
  d.scale = scale;
  round_directions (&d, directions);
  ok = send_directions (&d, point->backend, &there, error) && along_all (&d, sweep, derivative, progress, error);
  if (there != NULL)
    point->backend->release (point->backend, there);
  return ok;
}

gboolean
assay_gradient_along (const AssayPoint *point, gint64 K, const double *directions, double *derivative, AssayProgress *progress, GError **error)
{
  return along (point, FALSE, 1, K, directions, derivative, progress, error);
}

gboolean
assay_gradient_along_tokens (const AssayPoint *point, gint64 K, const double *directions, double *derivative, AssayProgress *progress,
                             GError **error)
{
  AssayGraph *layout = assay_model_get_layout (point->model);
  guint token_loss = assay_graph_get_token_loss (layout);
  AssayShape shape;

  if (assay_model_get_block (point->model)->data != ASSAY_DATA_TOKENS || token_loss == ASSAY_NO_VALUE)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "derivatives per position: a model of token sequences expected, this one's loss has "
                   "no positions");
      return FALSE;
    }
  shape = assay_graph_get_value (layout, token_loss)->shape;      /* of one example */
  return along (point, TRUE, assay_shape_count (&shape), K, directions, derivative, progress, error);
}
