/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer_newton.c: Newton's method for convex models, its systems solved by conjugate gradients on exact Hessian-vector products.
 *
 *   H p = -g  to a relative residual that falls with the gradient        lambda = sqrt (-g' p)        theta <- theta + alpha p
 *
 * lambda is the Newton decrement: sqrt (N) lambda is the distance from the optimum in standard errors, whatever the units of the features.
 * Up to DENSE parameters the Hessian is assembled and factored as a preconditioner; what is solved is still the exact system.
 * Source: Nocedal & Wright, Numerical Optimization, algorithm 7.1 (line-search Newton-CG), with errors instead of a detour where the
 * curvature is negative: a model with such curvature is not convex.
 */
#include "run/optimizer.h"

#include "base/error.h"
#include "run/cholesky.h"
#include "run/vector.h"

#include <math.h>
#include <string.h>

#define DENSE 512               /* most parameters whose Hessian is assembled */
#define SUFFICIENT 1e-4         /* Armijo: share of the predicted decrease that must happen */
#define HALVINGS 50
#define FLAT 1e-13              /* curvature, relative to the largest seen in a solve, that is nothing but rounding */
#define SLIGHT 1e-3             /* decrement below which a step lowers the objective by less than a millionth of a nat */
#define NEAR 1e-7               /* decrement below which the differences of the objective say nothing */

enum { DIRECTION, TRIAL, RESIDUAL, PRECONDITIONED, SEARCH, PRODUCT, SCALE, FIRST_OF_DENSE };
enum { LAST_DECREMENT, FIRST_NORM, STEEPEST, N_SCALARS };

static void
size (const AssayValues *options, gint64 P, guint *n_state, guint *n_work, guint *n_scalars)
{
  (void) options;
  *n_state = 0;
  *n_work = FIRST_OF_DENSE + (P <= DENSE ? P : 0);
  *n_scalars = N_SCALARS;
}

static double *
work (const AssayOptimizerStep *s, guint which)
{
  return (double *) s->work + which * s->P;
}

static double
dot (const AssayOptimizerStep *s, const double *a, const double *b)
{
  return assay_vector_dot (s->backend->workers, ASSAY_F64, s->P, a, b);
}

static void
add (const AssayOptimizerStep *s, double alpha, const double *x, double *y)
{
  assay_vector_add (s->backend->workers, ASSAY_F64, s->P, alpha, x, y);
}

/* --- the system --------------------------------------------------------------------------------------------------------- */

static gboolean
is_dense (const AssayOptimizerStep *s)
{
  return s->precondition == NULL && s->P <= DENSE;
}

static gboolean
refuse_curvature (const AssayOptimizerStep *s, double curvature, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED, "newton: the objective curves downwards at step %" G_GINT64_FORMAT
               " (curvature %.3g): the model is not convex; use lbfgs or adamw", s->step, curvature);
  return FALSE;
}

static gboolean
assemble (AssayOptimizerStep *s, GError **error)
{
  double *unit = work (s, SEARCH), *H = work (s, FIRST_OF_DENSE), *scale = work (s, SCALE), smallest;

  memset (unit, 0, s->P * sizeof *unit);
  for (gint64 j = 0; j < s->P; j++)
    {
      unit[j] = 1;
      if (assay_progress_is_cancelled (s->progress, error)
          || !assay_objective_product (s->objective, unit, H + j * s->P, error))               /* row j = H e_j */
        return FALSE;
      unit[j] = 0;
    }
  smallest = assay_cholesky_factor (s->P, H, scale);
  for (gint64 j = 0; j < s->P; j++)
    s->scalars[STEEPEST] = MAX (s->scalars[STEEPEST], scale[j] * scale[j]);
  /* Later, where every example that a parameter sees may be predicted with near certainty, p (1 - p) has lost its digits and with it small pivots
   * their sign; from there on the curvature along each direction decides. */
  return s->step > 1 || smallest >= -sqrt (FLAT) || refuse_curvature (s, smallest, error);
}

static gboolean
precondition (AssayOptimizerStep *s, GError **error)
{
  const double *r = work (s, RESIDUAL);
  double *z = work (s, PRECONDITIONED);

  if (s->precondition != NULL)
    return s->precondition (s->precondition_data, r, z, error);
  if (is_dense (s))
    assay_cholesky_solve (s->P, work (s, FIRST_OF_DENSE), work (s, SCALE), r, z);
  else
    memcpy (z, r, s->P * sizeof *z);
  return TRUE;
}

/* Solves H p = -g into DIRECTION. Downwards is what curves so beside the steepest direction of all steps: where some columns separate some examples, the
 * curvature along them goes to zero while their weights go to infinity, and in the end rounding alone decides its sign; is_rounding says so. */
static gboolean
solve (AssayOptimizerStep *s, gboolean *is_rounding, GError **error)
{
  double *p = work (s, DIRECTION), *r = work (s, RESIDUAL), *z = work (s, PRECONDITIONED);
  double *d = work (s, SEARCH), *Hd = work (s, PRODUCT), rho, first, enough, steepest = 0;

  if (is_dense (s) && !assemble (s, error))
    return FALSE;
  memset (p, 0, s->P * sizeof *p);
  memset (r, 0, s->P * sizeof *r);
  add (s, -1, s->gradient, r);
  if (!precondition (s, error))
    return FALSE;
  memcpy (d, z, s->P * sizeof *d);
  rho = dot (s, r, z);
  first = sqrt (MAX (0, rho));
  enough = first > 0 ? CLAMP (s->step == 1 ? 1 : first / s->scalars[FIRST_NORM], 1e-10, 0.1) * first : 0;
  for (gint64 k = 0; k < 10 * s->P + 100 && sqrt (MAX (0, rho)) > enough; k++)
    {
      double curvature, length = dot (s, d, d), alpha, next;

      if (assay_progress_is_cancelled (s->progress, error) || !assay_objective_product (s->objective, d, Hd, error))
        return FALSE;
      curvature = dot (s, d, Hd);
      steepest = MAX (steepest, fabs (curvature) / length);
      s->scalars[STEEPEST] = MAX (s->scalars[STEEPEST], steepest);
      if (curvature < -sqrt (FLAT) * s->scalars[STEEPEST] * length)
        return refuse_curvature (s, curvature / length, error);
      *is_rounding |= curvature < 0;
      if (curvature <= FLAT * steepest * length)
        {
          if (k == 0)
            add (s, 1, d, p);
          break;
        }
      alpha = rho / curvature;
      add (s, alpha, d, p);                                                                    /* p <- p + alpha d */
      add (s, -alpha, Hd, r);                                                                  /* r <- r - alpha H d */
      if (!precondition (s, error))
        return FALSE;
      next = dot (s, r, z);
      assay_vector_scale (s->backend->workers, ASSAY_F64, s->P, next / rho, d);
      add (s, 1, z, d);                                                                        /* d <- z + beta d */
      rho = next;
    }
  if (s->step == 1)
    s->scalars[FIRST_NORM] = first;
  return TRUE;
}

/* --- the step ----------------------------------------------------------------------------------------------------------- */

/* theta <- theta + alpha p, and everything at the new theta. */
static gboolean
move (AssayOptimizerStep *s, double alpha, GError **error)
{
  add (s, alpha, work (s, DIRECTION), s->theta);
  return assay_objective_evaluate (s->objective, s->theta, s->gradient, &s->value, error);
}

/* Halves alpha until the objective falls enough; where its differences are rounding, until the slope does. */
static gboolean
search_line (AssayOptimizerStep *s, gboolean *found, GError **error)
{
  double slope = -s->decrement * s->decrement, start = s->value.total, alpha = 1;
  double *theta = work (s, TRIAL);

  memcpy (theta, s->theta, s->P * sizeof *theta);
  *found = FALSE;
  for (guint k = 0; k < HALVINGS; k++, alpha /= 2)
    {
      if (!move (s, alpha, error))
        return FALSE;
      if (s->value.total <= start + SUFFICIENT * alpha * slope
          || (s->decrement < NEAR * sqrt (1 + fabs (start)) && fabs (dot (s, s->gradient, work (s, DIRECTION))) <= -0.5 * slope))
        {
          *found = TRUE;
          return TRUE;
        }
      memcpy (s->theta, theta, s->P * sizeof *theta);
    }
  return assay_objective_evaluate (s->objective, s->theta, s->gradient, &s->value, error);
}

static gboolean
step_newton (AssayOptimizerStep *s, GError **error)
{
  double last = s->scalars[LAST_DECREMENT];
  gboolean found, is_rounding = FALSE;

  if (!solve (s, &is_rounding, error))
    return FALSE;
  s->decrement = sqrt (MAX (0, -dot (s, s->gradient, work (s, DIRECTION))));
  s->scalars[LAST_DECREMENT] = s->decrement;
  if (s->decrement <= assay_values_get_double (s->options, "tolerance"))
    {
      s->reason = ASSAY_TRAIN_CONVERGED;
      return move (s, 1, error);
    }
  if (s->step > 1 && s->decrement > last / 2 && s->decrement < (is_rounding ? SLIGHT : NEAR))
    {
      s->reason = ASSAY_TRAIN_ROUNDING;
      return TRUE;
    }
  if (!search_line (s, &found, error))
    return FALSE;
  if (found)
    return TRUE;
  if (s->decrement < NEAR * sqrt (1 + fabs (s->value.total)))
    {
      s->reason = ASSAY_TRAIN_ROUNDING;
      return TRUE;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED, "newton: no step along the Newton direction lowers the objective %.17g at step %"
               G_GINT64_FORMAT " (decrement %.3g); check the data for enormous values", s->value.total, s->step, s->decrement);
  return FALSE;
}

ASSAY_OPTIMIZER_DEFINE (newton) = { .name = "newton", .help = "Newton's method with exact Hessian products, for convex models",
                                    .is_whole_batch = TRUE, .needs_products = TRUE, .size = size, .step = step_newton };
