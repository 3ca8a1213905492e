/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop.c: reference counts, and the operators that are made of other operators or of a matrix. */
#include "hessian/linop.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/vector_f64.h"

#include <float.h>
#include <string.h>

AssayLinop *
assay_linop_ref (AssayLinop *op)
{
  g_atomic_ref_count_inc (&op->refs);
  return op;
}

void
assay_linop_unref (AssayLinop *op)
{
  if (op == NULL || !g_atomic_ref_count_dec (&op->refs))
    return;
  if (op->finalize != NULL)
    op->finalize (op);
  assay_linop_unref (op->coarse);
  g_free (op);
}

gboolean
assay_linop_apply (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  op->n_applied += K;
  return op->apply (op, K, X, Y, error);
}

gboolean
assay_linop_apply_coarse (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  return assay_linop_apply (op->coarse ? op->coarse : op, K, X, Y, error);
}

void
assay_linop_set_coarse (AssayLinop *op, AssayLinop *coarse)
{
  g_return_if_fail (coarse->n == op->n && op->coarse == NULL);
  op->coarse = assay_linop_ref (coarse);
}

gpointer
assay_linop_alloc (gsize size, const AssayLinop *prototype)
{
  AssayLinop *op = g_malloc0 (size);

  *op = *prototype;
  op->n_applied = 0;
  g_atomic_ref_count_init (&op->refs);
  return op;
}

/* --- A + lambda I, c A ---------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayLinop base;
  AssayLinop *A;
  double a, shift;                                                /* a A + shift I */
} Affine;

static gboolean
apply_affine (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  Affine *self = (Affine *) op;

  if (!assay_linop_apply (self->A, K, X, Y, error))
    return FALSE;
  for (gint64 i = 0; i < K * op->n; i++)
    Y[i] = self->a * Y[i] + self->shift * X[i];
  return TRUE;
}

static void
finalize_affine (AssayLinop *op)
{
  assay_linop_unref (((Affine *) op)->A);
}

static AssayLinop *
affine_new (AssayLinop *A, double a, double shift, const char *name, double lower_bound)
{
  AssayLinop prototype = { .name = name, .n = A->n, .is_symmetric = A->is_symmetric, .shift = lower_bound,
                           .product_error = A->product_error + 2 * DBL_EPSILON, .apply = apply_affine, .finalize = finalize_affine };
  Affine *self = assay_linop_alloc (sizeof *self, &prototype);

  self->A = assay_linop_ref (A);
  self->a = a;
  self->shift = shift;
  return &self->base;
}

AssayLinop *
assay_linop_shift_new (AssayLinop *A, double lambda)
{
  return affine_new (A, 1, lambda, A->name, A->shift + lambda);
}

AssayLinop *
assay_linop_scale_new (AssayLinop *A, double c)
{
  return affine_new (A, c, 0, A->name, c > 0 ? c * A->shift : c == 0 ? 0 : -INFINITY);
}

/* --- S A S with a diagonal S ------------------------------------------------------------------------------------------------ */

typedef struct {
  AssayLinop base;
  AssayLinop *A;
  double *scale;                                                  /* (n) */
  double *scaled;                                                 /* S x (n) */
} Congruence;

static gboolean
apply_congruence (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  Congruence *self = (Congruence *) op;

  for (gint64 k = 0; k < K; k++)
    {
      for (gint64 i = 0; i < op->n; i++)
        self->scaled[i] = self->scale[i] * X[k * op->n + i];
      if (!assay_linop_apply (self->A, 1, self->scaled, Y + k * op->n, error))
        return FALSE;
      for (gint64 i = 0; i < op->n; i++)
        Y[k * op->n + i] *= self->scale[i];
    }
  return TRUE;
}

static void
finalize_congruence (AssayLinop *op)
{
  Congruence *self = (Congruence *) op;

  assay_linop_unref (self->A);
  assay_mem_free (self->scale);
  assay_mem_free (self->scaled);
}

AssayLinop *
assay_linop_congruence_new (AssayLinop *A, const double *scale, double lower_bound, GError **error)
{
  AssayLinop prototype = { .name = A->name, .n = A->n, .is_symmetric = A->is_symmetric, .shift = lower_bound, .product_error = A->product_error,
                           .apply = apply_congruence, .finalize = finalize_congruence };
  g_autoptr (AssayBuffer) copy = assay_mem_new (double, A->n, error), scaled = NULL;
  Congruence *self;

  if (copy == NULL || (scaled = assay_mem_new (double, A->n, error)) == NULL)
    return NULL;
  memcpy (copy, scale, A->n * sizeof *scale);
  self = assay_linop_alloc (sizeof *self, &prototype);
  self->A = assay_linop_ref (A);
  self->scale = g_steal_pointer (&copy);
  self->scaled = g_steal_pointer (&scaled);
  return &self->base;
}

/* --- A + B ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayLinop base;
  AssayLinop *A, *B;
  double *other;                                                  /* B x (n) */
} Sum;

static gboolean
apply_sum (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  Sum *self = (Sum *) op;

  if (!assay_linop_apply (self->A, K, X, Y, error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    {
      if (!assay_linop_apply (self->B, 1, X + k * op->n, self->other, error))
        return FALSE;
      assay_f64_add (op->n, 1, self->other, Y + k * op->n);
    }
  return TRUE;
}

static void
finalize_sum (AssayLinop *op)
{
  Sum *self = (Sum *) op;

  assay_linop_unref (self->A);
  assay_linop_unref (self->B);
  assay_mem_free (self->other);
}

AssayLinop *
assay_linop_sum_new (AssayLinop *A, AssayLinop *B, GError **error)
{
  AssayLinop prototype = { .name = "sum", .n = A->n, .is_symmetric = A->is_symmetric && B->is_symmetric, .shift = A->shift + B->shift,
                           .product_error = MAX (A->product_error, B->product_error) + DBL_EPSILON, .apply = apply_sum,
                           .finalize = finalize_sum };
  double *other;
  Sum *self;

  if (A->n != B->n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "sum of operators: equal sizes expected, %s has %" G_GINT64_FORMAT
                   " and %s has %" G_GINT64_FORMAT, A->name, A->n, B->name, B->n);
      return NULL;
    }
  other = assay_mem_new (double, A->n, error);
  if (other == NULL)
    return NULL;
  self = assay_linop_alloc (sizeof *self, &prototype);
  self->A = assay_linop_ref (A);
  self->B = assay_linop_ref (B);
  self->other = other;
  return &self->base;
}

/* --- S' A S --------------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayLinop base;
  AssayLinop *A;
  AssaySlice *slices;
  guint n_slices;
  double *wide;                                                   /* S x, then A S x: (2,A->n) */
} Restricted;

static gboolean
apply_restricted (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  Restricted *self = (Restricted *) op;
  double *Sx = self->wide, *ASx = self->wide + self->A->n;

  for (gint64 k = 0; k < K; k++)
    {
      const double *x = X + k * op->n;
      double *y = Y + k * op->n;

      for (guint s = 0; s < self->n_slices; x += self->slices[s++].count)
        memcpy (Sx + self->slices[s].first, x, self->slices[s].count * sizeof *x);
      if (!assay_linop_apply (self->A, 1, Sx, ASx, error))
        return FALSE;
      for (guint s = 0; s < self->n_slices; y += self->slices[s++].count)
        memcpy (y, ASx + self->slices[s].first, self->slices[s].count * sizeof *y);
    }
  return TRUE;
}

static void
finalize_restricted (AssayLinop *op)
{
  Restricted *self = (Restricted *) op;

  assay_linop_unref (self->A);
  assay_mem_free (self->wide);
  g_free (self->slices);
}

/* FALSE when slice s leaves 0 .. n-1, is empty, or meets an earlier one. */
static gboolean
check_slice (const AssayLinop *A, const AssaySlice *slices, guint s, GError **error)
{
  const AssaySlice *a = &slices[s];

  if (a->first < 0 || a->count < 1 || a->first > A->n - a->count)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "group of coordinates: slice %u, %" G_GINT64_FORMAT " from %" G_GINT64_FORMAT
                   ", does not lie in 0 .. %" G_GINT64_FORMAT, s, a->count, a->first, A->n - 1);
      return FALSE;
    }
  for (guint o = 0; o < s; o++)
    if (slices[o].first < a->first + a->count && a->first < slices[o].first + slices[o].count)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "group of coordinates: slices %u and %u hold the same coordinate", o, s);
        return FALSE;
      }
  return TRUE;
}

AssayLinop *
assay_linop_restrict_new (AssayLinop *A, const AssaySlice *slices, guint n_slices, GError **error)
{
  /* A principal part of a symmetric matrix has its spectrum inside the whole's; a symmetric part is all that holds without. */
  AssayLinop prototype = { .name = A->name, .is_symmetric = A->is_symmetric, .shift = A->is_symmetric ? A->shift : -INFINITY,
                           .product_error = A->product_error, .apply = apply_restricted, .finalize = finalize_restricted };
  Restricted *self;
  double *wide;

  for (guint s = 0; s < n_slices; s++)
    {
      if (!check_slice (A, slices, s, error))
        return NULL;
      prototype.n += slices[s].count;
    }
  if (n_slices == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "group of coordinates: one slice at least expected, none given");
      return NULL;
    }
  wide = assay_mem_alloc_array (2 * A->n, sizeof (double), error);
  if (wide == NULL)
    return NULL;
  self = assay_linop_alloc (sizeof *self, &prototype);
  self->A = assay_linop_ref (A);
  self->slices = g_memdup2 (slices, n_slices * sizeof *slices);
  self->n_slices = n_slices;
  self->wide = wide;                                              /* zero outside the slices, for good */
  return &self->base;
}

/* --- a matrix ------------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayLinop base;
  const double *matrix;
} Dense;

static gboolean
apply_dense (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  const double *matrix = ((Dense *) op)->matrix;

  (void) error;
  for (gint64 k = 0; k < K; k++)
    for (gint64 i = 0; i < op->n; i++)
      Y[k * op->n + i] = assay_f64_dot (op->n, matrix + i * op->n, X + k * op->n);
  return TRUE;
}

AssayLinop *
assay_linop_dense_new (gint64 n, const double *matrix, gboolean is_symmetric, double lower_bound)
{
  /* gamma_n in the norm of |A|, which is at most sqrt (n) times that of A. */
  AssayLinop prototype = { .name = "matrix", .n = n, .is_symmetric = is_symmetric, .shift = lower_bound,
                           .product_error = n * sqrt (n) * DBL_EPSILON / 2, .apply = apply_dense };
  Dense *self = assay_linop_alloc (sizeof *self, &prototype);

  self->matrix = matrix;
  return &self->base;
}
