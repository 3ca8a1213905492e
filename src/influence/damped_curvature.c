/* SPDX-License-Identifier: GPL-3.0-or-later */
/* damped_curvature.c: opens the operator, chooses the damping, says what bounds the spectrum. */
#include "influence/damped_curvature.h"

#include "base/mem.h"
#include "base/rng.h"
#include "hessian/vector_f64.h"
#include "influence/task.h"

#include <string.h>

#define POWER_STEPS 16
#define CONDITION 400

const char *const assay_damped_curvature_choices[] = { "gauss-newton", "hessian", NULL };

gboolean
assay_curvature_estimate_norm (AssayLinop *op, double *result, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBuffer) x = assay_mem_new (double, op->n, error), y = NULL;
  AssayRng rng = assay_rng_new (0, assay_rng_stream ("power method", 0));
  double *from = x, *to, size;

  if (x == NULL || (y = assay_mem_new (double, op->n, error)) == NULL)
    return FALSE;
  to = y;
  for (gint64 i = 0; i < op->n; i++)
    from[i] = assay_rng_normal (&rng);
  size = assay_f64_norm (op->n, from);
  for (guint step = 0; step < POWER_STEPS && size > 0; step++)
    {
      double *t = from;

      assay_f64_scale (op->n, 1 / size, from);
      if (assay_progress_is_cancelled (progress, error) || !assay_linop_apply (op, 1, from, to, error))
        return FALSE;
      size = assay_f64_norm (op->n, to);
      from = to;
      to = t;
    }
  *result = size;
  return TRUE;
}

void
assay_damped_curvature_clear (AssayDampedCurvature *self)
{
  g_clear_pointer (&self->damped, assay_linop_unref);
  g_clear_pointer (&self->curvature, assay_linop_unref);
}

static void
choose_damping (const AssayInfluenceTask *task, AssayDampedCurvature *c, double largest, GString *notes)
{
  if (c->is_convex && task->l2 > 0)
    {
      c->damping = 0;
      return;
    }
  c->damping = largest / CONDITION;
  g_string_append_printf (notes, "damping chosen: largest eigenvalue (about %.3g) / %d = %.3g\n", largest, CONDITION, c->damping);
}

gboolean
assay_damped_curvature_open (const AssayInfluenceTask *task, const char *curvature, double damping, GString *notes,
                             AssayDampedCurvature *out, AssayProgress *progress, GError **error)
{
  g_auto (AssayDampedCurvature) c = { .damping = damping, .is_convex = assay_model_is_affine (task->model) };
  AssayPoint point = assay_influence_task_get_train (task);
  double largest;

  c.curvature = assay_curvature_open (curvature, &point, error);
  if (c.curvature == NULL || !assay_curvature_estimate_norm (c.curvature, &largest, progress, error))
    return FALSE;
  if (c.is_convex)
    c.curvature->shift = MAX (c.curvature->shift, 0);             /* the operator cannot know that the model is affine */
  if (isnan (damping))
    choose_damping (task, &c, largest, notes);
  c.lambda = task->l2 + c.damping;
  c.norm = largest + c.lambda;
  c.damped = assay_linop_shift_new (c.curvature, c.lambda);
  c.lower_bound = c.damped->shift;
  *out = c;
  memset (&c, 0, sizeof c);
  return TRUE;
}
