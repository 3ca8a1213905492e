/* SPDX-License-Identifier: GPL-3.0-or-later */
/* damped_curvature.c: opens the operator, chooses the damping, says what bounds the spectrum. */
#include "influence/damped_curvature.h"

#include "base/mem.h"
#include "base/rng.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

#define POWER_STEPS 16
#define FEW_POWER_STEPS 4       /* where the norm only has to be right within a factor of two, for what rounding may hide */
#define CONDITION 400
#define SMALL_MODEL 256         /* parameters up to which the whole spectrum is looked at to learn its lower end */

const char *const assay_damped_curvature_choices[] = { "gauss-newton", "hessian", "complex-step", NULL };

static gboolean
estimate_norm (AssayLinop *op, guint steps, double *result, AssayProgress *progress, GError **error)
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
  for (guint step = 0; step < steps && size > 0; step++)
    {
      double *t = from;

      assay_f64_scale (op->n, 1 / size, from);
      if (assay_progress_is_cancelled (progress, error) || !assay_linop_apply (op, 1, from, to, error))
        return FALSE;
      size = assay_f64_norm (op->n, to);
      from = to;
      to = t;
      assay_progress_report (progress, "power method", step + 1, steps, "products", NULL);
    }
  *result = size;
  return TRUE;
}

gboolean
assay_curvature_estimate_norm (AssayLinop *op, double *result, AssayProgress *progress, GError **error)
{
  return estimate_norm (op, POWER_STEPS, result, progress, error);
}

void
assay_damped_curvature_clear (AssayDampedCurvature *self)
{
  g_clear_pointer (&self->damped, assay_linop_unref);
  g_clear_pointer (&self->scale, assay_mem_free);
  g_clear_pointer (&self->curvature, assay_linop_unref);
}

/* A matrix C (n,n) of a small convex model in coordinates where the diagonal of C + lambda I is about 1: S, and the lower bound of the
 * spectrum of S (C + lambda I) S: its least eigenvalue, less what assembly and LAPACK may have rounded. */
static gboolean
equilibrate (const AssayLinop *op, const double *C, double lambda, double *scale, double *lower_bound, double *norm, GError **error)
{
  gint64 n = op->n;
  g_autoptr (AssayBuffer) matrix = assay_mem_new (double, n * n, error), values = NULL;
  double *A = matrix, *eigenvalues, least_scale = INFINITY;

  if (matrix == NULL || (values = assay_mem_new (double, n, error)) == NULL)
    return FALSE;
  eigenvalues = values;
  for (gint64 i = 0; i < n; i++)
    {
      double diagonal = C[i * n + i] + lambda;

      scale[i] = diagonal > 0 ? ldexp (1, -(int) lrint (log2 (diagonal) / 2)) : 1;
      least_scale = MIN (least_scale, scale[i]);
    }
  for (gint64 i = 0; i < n; i++)
    for (gint64 j = 0; j < n; j++)
      A[i * n + j] = scale[i] * scale[j] * (C[i * n + j] + (i == j ? lambda : 0));
  if (!assay_dense_eigen (NULL, op->name, ASSAY_F64, n, A, eigenvalues, NULL, error))
    return FALSE;
  *norm = eigenvalues[n - 1];
  *lower_bound = eigenvalues[0] - (10 * (double) n * 0x1p-53 + op->product_error * sqrt ((double) n)) * *norm;
  *lower_bound = MAX (*lower_bound, lambda * least_scale * least_scale);                            /* C is at least 0 */
  return TRUE;
}

static void
choose_damping (AssayDampedCurvature *c, double largest, GString *notes)
{
  c->damping = largest / CONDITION;
  g_string_append_printf (notes, "damping chosen: largest eigenvalue (about %.3g) / %d = %.3g\n", largest, CONDITION, c->damping);
}

/* Of a small convex model: coordinates and bound, and the damping where none was asked for and none is needed. */
static gboolean
look_at_spectrum (const AssayInfluenceTask *task, AssayDampedCurvature *c, double largest, GString *notes, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBuffer) matrix = assay_dense_assemble (c->curvature, 0, 4, G_MAXUINT64, progress, error);
  gboolean is_open = isnan (c->damping);

  c->scale = matrix ? assay_mem_new (double, c->curvature->n, error) : NULL;
  if (c->scale == NULL)
    return FALSE;
  assay_dense_symmetrise (c->curvature->n, matrix);
  if (is_open)
    c->damping = 0;
  if (!equilibrate (c->curvature, matrix, task->l2 + c->damping, c->scale, &c->lower_bound, &c->norm, error))
    return FALSE;
  if (!is_open || c->lower_bound > 0)
    return TRUE;
  choose_damping (c, largest, notes);
  return equilibrate (c->curvature, matrix, task->l2 + c->damping, c->scale, &c->lower_bound, &c->norm, error);
}

gboolean
assay_damped_curvature_open (const AssayInfluenceTask *task, const char *curvature, double damping, GString *notes,
                             AssayDampedCurvature *out, AssayProgress *progress, GError **error)
{
  g_auto (AssayDampedCurvature) c = { .damping = damping, .is_convex = assay_model_is_affine (task->model) };
  AssayPoint point = assay_influence_task_get_curvature (task);
  double largest;

  c.curvature = assay_curvature_open (curvature, &point, error);
  if (c.curvature == NULL || !estimate_norm (c.curvature, isnan (damping) ? POWER_STEPS : FEW_POWER_STEPS, &largest, progress, error))
    return FALSE;
  if (c.is_convex)
    c.curvature->shift = MAX (c.curvature->shift, 0);             /* the operator cannot know that the model is affine */
  if (c.is_convex && c.curvature->n <= SMALL_MODEL)
    {
      g_autoptr (AssayLinop) raw = NULL;

      if (!look_at_spectrum (task, &c, largest, notes, progress, error))
        return FALSE;
      c.lambda = task->l2 + c.damping;
      raw = assay_linop_shift_new (c.curvature, c.lambda);
      c.damped = assay_linop_congruence_new (raw, c.scale, c.lower_bound, error);
      if (c.damped == NULL)
        return FALSE;
    }
  else
    {
      if (isnan (damping) && c.is_convex && task->l2 > 0)
        c.damping = 0;
      else if (isnan (damping))
        choose_damping (&c, largest, notes);
      c.lambda = task->l2 + c.damping;
      c.norm = largest + c.lambda;
      c.damped = assay_linop_shift_new (c.curvature, c.lambda);
      c.lower_bound = c.damped->shift;
    }
  *out = c;
  memset (&c, 0, sizeof c);
  return TRUE;
}

gboolean
assay_damped_curvature_add_coarse (AssayDampedCurvature *self, const AssayInfluenceTask *task, const char *curvature, AssayCompute compute, GError **error)
{
  AssayPoint point = assay_influence_task_get_curvature (task);
  g_autoptr (AssayLinop) rounded = NULL, shifted = NULL, coarse = NULL;

  point.compute = compute;
  if ((rounded = assay_curvature_open (curvature, &point, error)) == NULL)
    return FALSE;
  shifted = assay_linop_shift_new (rounded, self->lambda);
  coarse = self->scale ? assay_linop_congruence_new (shifted, self->scale, -INFINITY, error) : assay_linop_ref (shifted);
  if (coarse == NULL)
    return FALSE;
  assay_linop_set_coarse (self->damped, coarse);
  return TRUE;
}

void
assay_damped_curvature_scale (const AssayDampedCurvature *self, gint64 K, double *X)
{
  gint64 P = self->damped->n;

  for (gint64 k = 0; k < K && self->scale != NULL; k++)
    for (gint64 i = 0; i < P; i++)
      X[k * P + i] *= self->scale[i];
}
