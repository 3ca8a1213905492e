/* SPDX-License-Identifier: GPL-3.0-or-later */
/* objective.c: micro-batches in a fixed order, through passes of one size and one for what is left over; of each length, where there are buckets. */
#include "run/objective.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/backend_vector.h"

#include <string.h>

#define KEEP_BYTES (1u << 30)           /* of all micro-batches' passes together */

struct _AssayObjective {
  AssayObjectiveSpec spec;
  gint64 B, P;
  guint n_batches;
  gboolean is_kept;
  guint n_sizes;                /* 1, or 2 with a last micro-batch that is smaller */
  AssayPass **passes;           /* kept: one per micro-batch; else (buckets,n_sizes) */
  guint n_passes;
  guint *bucket;                /* (n_batches) of the longest example of each micro-batch; zeros without buckets */
  void *weights;                /* (N) w_i / divisor, in dtype */
  const gint64 *examples;
  const void *theta;            /* of the last evaluation */
  double operations;
};

static AssayWalk
get_walk (const AssayObjectiveSpec *spec)
{
  return spec->products ? ASSAY_WALK_HESSIAN : ASSAY_WALK_GRADIENT;
}

static AssayWalkSpec
get_walk_spec (const AssayObjectiveSpec *spec)
{
  return (AssayWalkSpec) { .walk = get_walk (spec), .dtype = spec->dtype, .compute = spec->compute };
}

static gint64
get_size (const AssayObjective *o, guint batch)
{
  return MIN (o->B, o->spec.N - (gint64) batch * o->B);
}

static AssayPass *
get_pass (const AssayObjective *o, guint batch)
{
  return o->passes[o->is_kept ? batch : o->bucket[batch] * o->n_sizes + (get_size (o, batch) < o->B)];
}

static AssayPass *
make_pass (const AssayObjective *o, gint64 size, guint bucket, GError **error)
{
  const AssayObjectiveSpec *spec = &o->spec;
  const AssayWalkSpec walk = get_walk_spec (spec);

  return assay_pass_new_walk (spec->model, spec->dataset, &walk, size, spec->buckets ? spec->buckets->length[bucket] : 0, spec->backend, error);
}

static gboolean
make_passes (AssayObjective *o, GError **error)
{
  const AssayWalkSpec walk = get_walk_spec (&o->spec);
  guint64 bytes;
  gint64 rest = o->spec.N % o->B;

  if (!assay_pass_measure_walk (o->spec.model, &walk, o->B, o->spec.backend, &bytes, error))
    return FALSE;
  o->n_sizes = rest > 0 ? 2 : 1;
  o->is_kept = o->spec.buckets == NULL && (o->n_batches == 1 || (o->spec.keeps_examples && bytes <= KEEP_BYTES / o->n_batches));
  o->n_passes = o->is_kept ? o->n_batches : (o->spec.buckets ? o->spec.buckets->n : 1) * o->n_sizes;
  o->passes = g_new0 (AssayPass *, o->n_passes);
  for (guint k = 0; k < o->n_passes; k++)
    {
      gboolean is_rest = rest > 0 && (o->is_kept ? k == o->n_batches - 1 : k % o->n_sizes == 1);

      o->passes[k] = make_pass (o, is_rest ? rest : o->B, k / o->n_sizes, error);
      if (o->passes[k] == NULL)
        return FALSE;
    }
  return TRUE;
}

AssayObjective *
assay_objective_new (const AssayObjectiveSpec *spec, GError **error)
{
  g_autoptr (AssayObjective) o = g_new0 (AssayObjective, 1);

  g_return_val_if_fail (spec->N >= 1, NULL);
  o->spec = *spec;
  o->spec.dataset = assay_dataset_ref (spec->dataset);
  o->P = assay_model_get_n_params (spec->model);
  o->B = spec->micro_batch ? MIN (spec->micro_batch, spec->N)
                           : assay_pass_choose_batch (spec->model, get_walk (spec), spec->dtype, spec->N, NULL, error);
  if (o->B == 0)
    return NULL;
  o->n_batches = (spec->N + o->B - 1) / o->B;
  o->bucket = g_new0 (guint, o->n_batches);
  o->weights = assay_mem_alloc_array (spec->N, assay_dtype_width (spec->dtype), error);
  if (o->weights == NULL || !make_passes (o, error))
    return NULL;
  return g_steal_pointer (&o);
}

void
assay_objective_free (AssayObjective *o)
{
  if (o == NULL)
    return;
  for (guint k = 0; k < o->n_passes; k++)
    assay_pass_free (o->passes[k]);
  g_free (o->passes);
  g_free (o->bucket);
  assay_mem_free (o->weights);
  assay_dataset_unref (o->spec.dataset);
  g_free (o);
}

void
assay_objective_set_examples (AssayObjective *o, const gint64 *examples, const double *weights, double divisor)
{
  o->examples = examples;
  o->theta = NULL;
  for (gint64 i = 0; i < o->spec.N; i++)
    {
      double w = (weights ? weights[i] : 1) / divisor;

      if (o->spec.dtype == ASSAY_F32)
        ((float *) o->weights)[i] = (float) w;
      else
        ((double *) o->weights)[i] = w;
    }
  if (o->is_kept)
    for (guint k = 0; k < o->n_batches; k++)
      assay_pass_bind (o->passes[k], examples + (gint64) k * o->B);
  if (o->spec.buckets != NULL)
    for (guint k = 0; k < o->n_batches; k++)
      o->bucket[k] = assay_length_buckets_find (o->spec.buckets, o->spec.dataset, examples + (gint64) k * o->B, get_size (o, k));
}

static double
sum_losses (const AssayObjective *o, guint batch)
{
  const AssayPass *pass = get_pass (o, batch);
  gint64 first = (gint64) batch * o->B;
  double sum = 0;

  for (gint64 b = 0; b < get_size (o, batch); b++)
    sum += assay_pass_get_loss (pass, b) * (o->spec.dtype == ASSAY_F32 ? (double) ((const float *) o->weights)[first + b]
                                                                       : ((const double *) o->weights)[first + b]);
  return sum;
}

/* Binds a micro-batch where its data are not kept, and prepares it. */
static gboolean
prepare (AssayObjective *o, guint batch, const void *theta, void *gradient, GError **error)
{
  AssayPass *pass = get_pass (o, batch);
  gint64 first = (gint64) batch * o->B;

  if (!o->is_kept)
    assay_pass_bind (pass, o->examples + first);
  o->operations += assay_exec_get_cost (assay_pass_get_exec (pass), FALSE).flops;
  return assay_exec_prepare (assay_pass_get_exec (pass), theta, (char *) o->weights + first * assay_dtype_width (o->spec.dtype),
                             gradient, batch > 0, error);
}

gboolean
assay_objective_evaluate (AssayObjective *o, const void *theta, void *gradient, AssayObjectiveValue *value, GError **error)
{
  AssayBackend *backend = o->spec.backend;
  double square;

  value->data = 0;
  for (guint k = 0; k < o->n_batches; k++)
    {
      if (!prepare (o, k, theta, gradient, error))
        return FALSE;
      value->data += sum_losses (o, k);
    }
  o->theta = theta;
  value->total = value->data;
  if (o->spec.l2 != 0)
    {
      if (!assay_backend_vector_dot (backend, o->spec.dtype, o->P, theta, theta, &square, error)
          || !assay_backend_vector_add (backend, o->spec.dtype, o->P, o->spec.l2, theta, gradient, error))
        return FALSE;
      value->total += o->spec.l2 / 2 * square;
    }
  return TRUE;
}

gboolean
assay_objective_product (AssayObjective *o, const void *direction, void *product, GError **error)
{
  g_return_val_if_fail (o->spec.products && o->theta != NULL, FALSE);
  for (guint k = 0; k < o->n_batches; k++)
    {
      if (!o->is_kept && !prepare (o, k, o->theta, NULL, error))
        return FALSE;
      if (!assay_exec_apply (assay_pass_get_exec (get_pass (o, k)), direction, product, k > 0, error))
        return FALSE;
      o->operations += assay_exec_get_cost (assay_pass_get_exec (get_pass (o, k)), TRUE).flops;
    }
  return o->spec.l2 == 0 || assay_backend_vector_add (o->spec.backend, o->spec.dtype, o->P, o->spec.l2, direction, product, error);
}

double
assay_objective_get_operations (const AssayObjective *o)
{
  return o->operations;
}

gboolean
assay_objective_check (AssayObjective *o, const void *theta, void *gradient, GError **error)
{
  for (guint k = 0; k < o->n_batches; k++)
    {
      AssayExec *exec = assay_pass_get_exec (get_pass (o, k));
      GError *fault = NULL;
      gboolean fine;

      assay_exec_set_check (exec, TRUE);
      fine = prepare (o, k, theta, gradient, &fault);
      assay_exec_set_check (exec, FALSE);
      if (!fine)
        {
          gint64 b = assay_exec_get_fault (exec);

          if (b >= 0)
            {
              g_autofree char *example = assay_dataset_describe (o->spec.dataset, o->examples[(gint64) k * o->B + b]);

              g_prefix_error (&fault, "%s: ", example);
            }
          g_propagate_error (error, fault);
          return FALSE;
        }
    }
  return TRUE;
}
