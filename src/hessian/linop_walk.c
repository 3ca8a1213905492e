/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_walk.c: directions rounded, micro-batches multiplied in order, products summed in double. */
#include "hessian/linop_walk.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/vector_f64.h"

#include <string.h>

static gboolean
check_direction (const char *name, gint64 P, const double *x, GError **error)
{
  for (gint64 i = 0; i < P; i++)
    if (!isfinite (x[i]))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: a finite direction expected, element %" G_GINT64_FORMAT " is %g", name, i, x[i]);
        return FALSE;
      }
  return TRUE;
}

static double
get_scale (const AssayWalkLinop *self, const double *x)
{
  return self->rounded ? assay_f64_unit_scale (self->base.n, x) : 1;
}

/* One pass over a vector of parameters, shared out to the crew. */
typedef struct {
  const AssayWalkLinop *op;
  const double *x;
  double *y;
  double scale, N;
  gint is_finite;               /* set by any block */
} Pass;

static void
round_block (gint64 first, gint64 end, gpointer data)
{
  Pass *pass = data;

  if (pass->op->dtype == ASSAY_F32)
    for (gint64 i = first; i < end; i++)
      ((float *) pass->op->rounded)[i] = (float) (pass->x[i] * pass->scale);
  else
    for (gint64 i = first; i < end; i++)
      ((double *) pass->op->rounded)[i] = pass->x[i] * pass->scale;
}

static const void *
round_direction (AssayWalkLinop *self, const double *x)
{
  Pass pass = { .op = self, .x = x };

  if (self->rounded == NULL)
    return x;
  pass.scale = get_scale (self, x);
  assay_vector_run (self->crew, self->base.n, round_block, &pass);
  return self->rounded;
}

static void
add_block (gint64 first, gint64 end, gpointer data)
{
  Pass *pass = data;
  double probe = 0;                                               /* finite only when every term is */

  for (gint64 i = first; i < end; i++)
    {
      double term = pass->op->dtype == ASSAY_F32 ? (double) ((const float *) pass->op->product)[i] : ((const double *) pass->op->product)[i];

      probe += term;
      pass->y[i] += term;
    }
  if (!isfinite (probe))
    g_atomic_int_set (&pass->is_finite, FALSE);
}

/* sum <- sum + product. FALSE when the product is not finite. */
static gboolean
add_product (const AssayWalkLinop *self, double *sum)
{
  Pass pass = { .op = self, .y = sum, .is_finite = TRUE };

  assay_vector_run (self->crew, self->base.n, add_block, &pass);
  return pass.is_finite;
}

static void
divide_block (gint64 first, gint64 end, gpointer data)
{
  Pass *pass = data;

  for (gint64 i = first; i < end; i++)
    pass->y[i] = pass->y[i] / pass->scale / pass->N;
}

static gboolean
apply_batch (AssayWalkLinop *self, guint batch, gint64 K, const double *X, double *Y, GError **error)
{
  gint64 P = self->base.n;

  if (!self->begin (self, batch, error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    {
      const void *direction = round_direction (self, X + k * P);

      if (!self->multiply (self, batch, direction, error))
        return FALSE;
      if (!add_product (self, Y + k * P))
        {
          self->locate_nan (self, batch, direction, error);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
apply_walk (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  AssayWalkLinop *self = (AssayWalkLinop *) op;
  gint64 P = op->n;

  if (!check_direction (op->name, K * P, X, error))
    return FALSE;
  memset (Y, 0, K * P * sizeof *Y);
  for (guint b = 0; b < assay_sweep_get_n_batches (self->sweep); b++)
    if (!apply_batch (self, b, K, X, Y, error))
      return FALSE;
  for (gint64 k = 0; k < K; k++)
    {
      Pass pass = { .op = self, .y = Y + k * P, .scale = get_scale (self, X + k * P), .N = (double) assay_sweep_get_n (self->sweep) };

      assay_vector_run (self->crew, P, divide_block, &pass);
    }
  return TRUE;
}

static void
finalize_walk (AssayLinop *op)
{
  AssayWalkLinop *self = (AssayWalkLinop *) op;

  if (self->finalize != NULL)
    self->finalize (self);
  assay_sweep_free (self->sweep);
  assay_mem_free (self->rounded);
  assay_mem_free (self->product);
}

/* --- an operator whose walk has an apply phase ---------------------------------------------------------------------------- */

static gboolean
begin_prepared (AssayWalkLinop *self, guint batch, GError **error)
{
  self->exec = assay_sweep_prepare (self->sweep, batch, error);
  return self->exec != NULL;
}

static gboolean
multiply_by_walk (AssayWalkLinop *self, guint batch, const void *direction, GError **error)
{
  (void) batch;
  return assay_exec_apply (self->exec, direction, self->product, FALSE, error);
}

static void
locate_nan_in_walk (AssayWalkLinop *self, guint batch, const void *direction, GError **error)
{
  assay_sweep_locate_nan (self->sweep, batch, self->base.name, NULL, direction, self->product, error);
}

gpointer
assay_walk_linop_new (gsize size, const AssayPoint *point, AssayWalk walk, AssayDtype dtype, const char *name, double lower_bound,
                      GError **error)
{
  AssayLinop prototype = { .name = name, .n = assay_model_get_n_params (point->model), .is_symmetric = TRUE, .shift = lower_bound,
                           .product_error = assay_point_get_product_error (point), .apply = apply_walk, .finalize = finalize_walk };
  g_autoptr (AssayLinop) op = assay_linop_alloc (size, &prototype);
  AssayWalkLinop *self = (AssayWalkLinop *) op;
  AssayPoint sums = assay_point_for_sums (point);

  self->crew = point->backend->workers;
  self->begin = begin_prepared;
  self->multiply = multiply_by_walk;
  self->locate_nan = locate_nan_in_walk;
  self->dtype = dtype == ASSAY_F32 ? ASSAY_F32 : ASSAY_F64;
  self->sweep = assay_sweep_new (&sums, walk, dtype, error);
  if (self->sweep == NULL)
    return NULL;
  self->product = assay_mem_alloc_array (op->n, assay_dtype_width (self->dtype), error);
  if (self->product == NULL)
    return NULL;
  if (dtype != ASSAY_F64)
    {
      self->rounded = assay_mem_alloc_array (op->n, assay_dtype_width (self->dtype), error);
      if (self->rounded == NULL)
        return NULL;
    }
  return g_steal_pointer (&op);
}
