/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_fisher.c: the empirical Fisher (1/N) sum_i g_i g_i', without forming any g_i: a tangent walk gives every g_i'x of a
 * micro-batch, then a gradient walk with those numbers as weights gives sum_i (g_i'x) g_i. Cost of a product, in forward walks: 4 with
 * the tangents' primals kept, 5 without.
 */
#include "hessian/linop_walk.h"

typedef struct {
  AssayWalkLinop base;          /* its sweep: the tangents */
  AssaySweep *gradients;
  AssayExec *gradient;          /* of the micro-batch under way */
} Fisher;

static gboolean
begin_fisher (AssayWalkLinop *base, guint batch, GError **error)
{
  Fisher *self = (Fisher *) base;

  base->exec = assay_sweep_prepare (base->sweep, batch, error);
  self->gradient = base->exec ? assay_sweep_bind (self->gradients, batch, error) : NULL;
  return self->gradient != NULL;
}

static gboolean
multiply_fisher (AssayWalkLinop *base, guint batch, gint64 n, const void *directions, GError **error)
{
  Fisher *self = (Fisher *) base;
  const void *theta = assay_sweep_get_theta (self->gradients);
  const guint loss = assay_graph_get_loss (assay_exec_get_graph (base->exec));

  (void) batch;
  if (!assay_exec_apply_block (base->exec, n, directions, NULL, FALSE, error))
    return FALSE;
  for (gint64 k = 0; k < n; k++)
    {
      const void *weights = assay_exec_get_tangent (base->exec, k, loss);                           /* g_i'x */
      char *product = (char *) base->products + (gsize) (k * base->base.n) * assay_dtype_width (base->dtype);

      if (!assay_exec_prepare (self->gradient, theta, weights, product, FALSE, error))              /* sum_i (g_i'x) g_i */
        return FALSE;
    }
  return TRUE;
}

/* What is wrong with a loss is wrong with its gradient, so the gradient's walk names it; weights that are not finite show there too. */
static void
locate_nan_fisher (AssayWalkLinop *base, guint batch, const void *direction, GError **error)
{
  Fisher *self = (Fisher *) base;

  if (!assay_exec_apply (base->exec, direction, NULL, FALSE, error))        /* alone: it may have been one of a block */
    return;
  assay_sweep_locate_nan (self->gradients, batch, base->base.name, assay_exec_get_loss_tangent (base->exec), NULL, base->products, error);
}

static void
finalize_fisher (AssayWalkLinop *base)
{
  assay_sweep_free (((Fisher *) base)->gradients);
}

static AssayLinop *
open_fisher (const AssayPoint *point, GError **error)
{
  g_autoptr (AssayLinop) op = assay_walk_linop_new (sizeof (Fisher), point, ASSAY_WALK_TANGENT, point->dtype, "Fisher", 0, error);
  Fisher *self = (Fisher *) op;
  AssayPoint sums = assay_point_for_sums (point);

  if (op == NULL)
    return NULL;
  self->base.begin = begin_fisher;
  self->base.multiply = multiply_fisher;
  self->base.locate_nan = locate_nan_fisher;
  self->base.finalize = finalize_fisher;
  self->gradients = assay_sweep_new (&sums, ASSAY_WALK_GRADIENT, point->dtype, error);
  return self->gradients ? g_steal_pointer (&op) : NULL;
}

ASSAY_CURVATURE_DEFINE (fisher) = { .name = "fisher", .help = "the empirical Fisher, from gradients at the true labels; positive semi-definite",
                                    .is_semidefinite = TRUE, .open = open_fisher };
