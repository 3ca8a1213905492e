/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_complex_step.c: the oracle: H v = Im grad (theta + i h v) / h, exact to rounding for h so small that h^2 vanishes. It uses the
 * first-order rules alone, in complex doubles: a second-order rule that is wrong cannot be wrong in the same way here. Cost of a
 * product: a gradient in complex doubles, about 20 times that of a double one.
 * Source: Squire & Trapp, Using complex variables to estimate derivatives (1998); Lyness & Moler 1967.
 */
#include "hessian/linop_walk.h"

#include "base/mem.h"

#include <math.h>

#define STEP 1e-30

/* Complex vectors as pairs of doubles: real part, imaginary part. */
typedef struct {
  AssayWalkLinop base;
  double *gradient;             /* (P) pairs */
} ComplexStep;

static gboolean
begin_complex_step (AssayWalkLinop *base, guint batch, GError **error)
{
  base->exec = assay_sweep_bind (base->sweep, batch, error);
  return base->exec != NULL;
}

static gboolean
multiply_complex_step (AssayWalkLinop *base, guint batch, gint64 n, const void *directions, GError **error)
{
  ComplexStep *self = (ComplexStep *) base;
  double *theta = assay_sweep_get_theta (base->sweep), *product = base->products;
  const double *v = directions;

  (void) batch;
  g_return_val_if_fail (n == 1, FALSE);                           /* its sweep is not widened */
  for (gint64 i = 0; i < base->base.n; i++)
    theta[2 * i + 1] = STEP * v[i];                                                                 /* theta + i h v */
  if (!assay_exec_prepare (base->exec, theta, NULL, self->gradient, FALSE, error))
    return FALSE;
  for (gint64 i = 0; i < base->base.n; i++)
    product[i] = self->gradient[2 * i + 1] / STEP;
  return TRUE;
}

static void
locate_nan_complex_step (AssayWalkLinop *base, guint batch, const void *direction, GError **error)
{
  (void) direction;                                               /* theta holds it */
  assay_sweep_locate_nan (base->sweep, batch, base->base.name, NULL, NULL, ((ComplexStep *) base)->gradient, error);
}

static void
finalize_complex_step (AssayWalkLinop *base)
{
  assay_mem_free (((ComplexStep *) base)->gradient);
}

static AssayLinop *
open_complex_step (const AssayPoint *point, GError **error)
{
  g_autoptr (AssayLinop) op = assay_walk_linop_new (sizeof (ComplexStep), point, ASSAY_WALK_GRADIENT, ASSAY_C128, "complex-step Hessian",
                                                    -INFINITY, error);
  ComplexStep *self = (ComplexStep *) op;

  if (op == NULL)
    return NULL;
  op->product_error = 1e-12;                                      /* of f64, whatever the point's type */
  self->base.begin = begin_complex_step;
  self->base.multiply = multiply_complex_step;
  self->base.locate_nan = locate_nan_complex_step;
  self->base.finalize = finalize_complex_step;
  self->gradient = assay_mem_alloc_array (op->n, assay_dtype_width (ASSAY_C128), error);
  return self->gradient ? g_steal_pointer (&op) : NULL;
}

ASSAY_CURVATURE_DEFINE (complex_step) = { .name = "complex-step", .help = "the exact Hessian by the complex-step oracle; slow, for audits",
                                          .open = open_complex_step };
