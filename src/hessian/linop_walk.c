/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_walk.c: directions rounded, micro-batches multiplied in order, products summed in double. */
#include "hessian/linop_walk.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/vector_f64.h"
#include "run/backend_vector.h"

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
  return self->is_rounded ? assay_f64_unit_scale (self->base.n, x) : 1;
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
  const void *product = pass->op->products;
  double probe = 0;                                               /* finite only when every term is */

  for (gint64 i = first; i < end; i++)
    {
      double term = pass->op->dtype == ASSAY_F32 ? (double) ((const float *) product)[i] : ((const double *) product)[i];

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

      if (!self->multiply (self, batch, 1, direction, error))
        return FALSE;
      if (!add_product (self, Y + k * P))
        {
          self->locate_nan (self, batch, direction, error);
          return FALSE;
        }
    }
  return TRUE;
}

/* --- on a device ---------------------------------------------------------------------------------------------------------- */

static void
leave_room (AssayWalkLinop *self)
{
  AssayBackend *backend = self->backend;

  backend->release (backend, self->directions);
  backend->release (backend, self->sums);
  backend->release (backend, self->under_way);
  backend->release (backend, self->products);
  self->directions = self->sums = self->under_way = self->products = NULL;
  self->n_there = 0;
}

/* For n vectors, of which a block is under way. */
static gboolean
take_room (AssayWalkLinop *self, gint64 n, GError **error)
{
  AssayBackend *backend = self->backend;
  const gsize each = (gsize) self->base.n * sizeof (double), rounded = (gsize) self->base.n * assay_dtype_width (self->dtype);
  const gsize block = (gsize) MIN (n, ASSAY_SWEEP_BLOCK);

  if (self->wide == NULL && (self->wide = backend->alloc (backend, each, error)) == NULL)
    return FALSE;
  if ((self->sums = backend->alloc (backend, (gsize) n * each, error)) == NULL
      || (self->directions = backend->alloc (backend, (gsize) n * rounded, error)) == NULL
      || (self->under_way = backend->alloc (backend, block * rounded, error)) == NULL
      || (self->products = backend->alloc (backend, block * rounded, error)) == NULL)
    {
      leave_room (self);
      return FALSE;
    }
  self->n_there = n;
  return TRUE;
}

/* Room for K vectors, or for as many as there are, then walks for as many of them at once: each has a sum of its own, so that their number changes no bits. */
static gboolean
make_room (AssayWalkLinop *self, gint64 K, GError **error)
{
  if (K <= self->asked)
    return TRUE;
  self->asked = 0;
  leave_room (self);
  for (gint64 n = K; self->n_there == 0; n = (n + 1) / 2)
    {
      GError *fault = NULL;

      if (take_room (self, n, &fault))
        break;
      if (n == 1 || !g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY))
        {
          g_propagate_error (error, fault);
          return FALSE;
        }
      g_error_free (fault);
    }
  if (!assay_sweep_widen (self->sweep, self->n_there, self->memory, error))
    return FALSE;
  self->block = MIN (assay_sweep_get_block (self->sweep), self->n_there);
  self->asked = K;
  return TRUE;
}

/* Vector k of those that lie one behind another from `first` on, in the walks' type. */
static void *
get_vector (const AssayWalkLinop *self, const void *first, gint64 k)
{
  return (char *) first + (gsize) (k * self->base.n) * assay_dtype_width (self->dtype);
}

/* Directions (K,P) rounded to the walks' type, there; zero sums. */
static gboolean
send_directions (AssayWalkLinop *self, gint64 K, const double *X, GError **error)
{
  AssayBackend *backend = self->backend;
  gint64 P = self->base.n;
  const void *wide = self->wide;

  for (gint64 k = 0; k < K; k++)
    {
      double scale = get_scale (self, X + k * P);
      void *direction = get_vector (self, self->directions, k);

      if (!backend->copy_in (backend, self->wide, X + k * P, (gsize) P * sizeof (double), error)
          || !assay_backend_vector_run (backend, "vector_round", self->dtype, P, &scale, 1, &wide, 1, &direction, error))
        return FALSE;
    }
  return backend->zero (backend, self->sums, (gsize) (K * P) * sizeof (double), error);
}

static gboolean
is_finite (gint64 n, const double *x)
{
  double probe = 0;

  for (gint64 i = 0; i < n; i++)
    probe += 0 * x[i];                                            /* NaN where x is not finite */
  return probe == 0;
}

/* After a sum was not finite: the micro-batch whose product is not. */
static gboolean
locate_nan_there (AssayWalkLinop *self, const void *direction, GError **error)
{
  for (guint b = 0; b < assay_sweep_get_n_batches (self->sweep); b++)
    {
      double norm;

      if (!self->begin (self, b, error) || !self->multiply (self, b, 1, direction, error)
          || !assay_backend_vector_norm (self->backend, self->dtype, self->base.n, self->products, &norm, error))
        return FALSE;
      if (!isfinite (norm) || b + 1 == assay_sweep_get_n_batches (self->sweep))
        {
          self->locate_nan (self, b, direction, error);
          return FALSE;
        }
    }
  return FALSE;
}

/* sums first .. first + n - 1 += products of a micro-batch. */
static gboolean
add_block_there (AssayWalkLinop *self, guint batch, gint64 first, gint64 n, GError **error)
{
  const gint64 P = self->base.n;
  const void *directions = get_vector (self, self->directions, first), *products = self->products;
  void *sums = self->sums + first * P;

  return assay_backend_vector_run (self->backend, "vector_copy", self->dtype, n * P, NULL, 1, &directions, 1, &self->under_way, error)
         && self->multiply (self, batch, n, self->under_way, error)
         && assay_backend_vector_run (self->backend, "vector_sum", self->dtype, n * P, NULL, 1, &products, 1, &sums, error);
}

/* Y (K,P) <- sums over all micro-batches. */
static gboolean
sum_there (AssayWalkLinop *self, gint64 K, const double *X, double *Y, GError **error)
{
  AssayBackend *backend = self->backend;
  gint64 P = self->base.n;

  if (!send_directions (self, K, X, error))
    return FALSE;
  for (guint b = 0; b < assay_sweep_get_n_batches (self->sweep); b++)
    {
      if (!self->begin (self, b, error))
        return FALSE;
      for (gint64 k = 0; k < K; k += self->block)
        if (!add_block_there (self, b, k, MIN (self->block, K - k), error))
          return FALSE;
    }
  if (!backend->copy_out (backend, Y, self->sums, (gsize) (K * P) * sizeof (double), error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    if (!is_finite (P, Y + k * P))
      return locate_nan_there (self, get_vector (self, self->directions, k), error);
  return TRUE;
}

static gboolean
sum_here (AssayWalkLinop *self, gint64 K, const double *X, double *Y, GError **error)
{
  memset (Y, 0, K * self->base.n * sizeof *Y);
  for (guint b = 0; b < assay_sweep_get_n_batches (self->sweep); b++)
    if (!apply_batch (self, b, K, X, Y, error))
      return FALSE;
  return TRUE;
}

static gboolean
apply_walk (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  AssayWalkLinop *self = (AssayWalkLinop *) op;
  gint64 P = op->n;

  if (!check_direction (op->name, K * P, X, error))
    return FALSE;
  if (self->backend->owns == NULL ? !sum_here (self, K, X, Y, error) : !make_room (self, K, error))
    return FALSE;
  for (gint64 k = 0; self->backend->owns != NULL && k < K; k += self->n_there)
    if (!sum_there (self, MIN (self->n_there, K - k), X + k * P, Y + k * P, error))
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
  if (self->backend->owns != NULL)
    {
      leave_room (self);
      self->backend->release (self->backend, self->wide);
    }
  self->backend->release (self->backend, self->products);
}

/* --- an operator whose walk has an apply phase ---------------------------------------------------------------------------- */

static gboolean
begin_prepared (AssayWalkLinop *self, guint batch, GError **error)
{
  self->exec = assay_sweep_prepare (self->sweep, batch, error);
  return self->exec != NULL;
}

static gboolean
multiply_by_walk (AssayWalkLinop *self, guint batch, gint64 n, const void *directions, GError **error)
{
  (void) batch;
  return assay_exec_apply_block (self->exec, n, directions, self->products, FALSE, error);
}

static void
locate_nan_in_walk (AssayWalkLinop *self, guint batch, const void *direction, GError **error)
{
  assay_sweep_locate_nan (self->sweep, batch, self->base.name, NULL, direction, self->products, error);
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

  self->backend = point->backend;
  self->crew = point->backend->workers;
  self->begin = begin_prepared;
  self->multiply = multiply_by_walk;
  self->locate_nan = locate_nan_in_walk;
  self->dtype = dtype == ASSAY_F32 ? ASSAY_F32 : ASSAY_F64;
  self->sweep = assay_sweep_new (&sums, walk, dtype, error);
  if (self->sweep == NULL)
    return NULL;
  self->memory = point->memory;
  self->is_rounded = dtype != ASSAY_F64;
  if (point->backend->owns == NULL
      && ((self->products = assay_mem_alloc_array (op->n, assay_dtype_width (self->dtype), error)) == NULL
          || (self->is_rounded && (self->rounded = assay_mem_alloc_array (op->n, assay_dtype_width (self->dtype), error)) == NULL)))
    return NULL;
  return g_steal_pointer (&op);
}
