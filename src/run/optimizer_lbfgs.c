/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer_lbfgs.c: limited-memory BFGS with a strong Wolfe line search.
 *
 *   d = -B^-1 g by the two-loop recursion over the last m pairs s = theta' - theta, y = g' - g        theta <- theta + alpha d
 *
 * Source: Nocedal & Wright, Numerical Optimization, algorithms 7.4, 3.5 and 3.6; near the optimum, where the objective's
 * differences drown in rounding, its slopes decide (Hager & Zhang 2005, approximate Wolfe conditions).
 */
#include "run/optimizer.h"

#include "base/error.h"
#include "run/vector.h"

#include <math.h>
#include <string.h>

#define SUFFICIENT 1e-4         /* c1 */
#define CURVATURE 0.9           /* c2 */
#define TRIALS 40
#define NEAR 1e-6               /* decrement below which the differences of the objective say nothing */

enum { DIRECTION, START, START_GRADIENT, N_WORK };
enum { COUNT, RHO };            /* pairs so far, then 1 / y's of each slot */

typedef struct { double alpha, value, slope; } Point;

static gint64
get_history (const AssayValues *options)
{
  return assay_values_get_int (options, "history");
}

static void
size (const AssayValues *options, gint64 P, guint *n_state, guint *n_work, guint *n_scalars)
{
  (void) P;
  *n_state = 2 * get_history (options);
  *n_work = N_WORK;
  *n_scalars = RHO + get_history (options);
}

static double *
work (const AssayOptimizerStep *s, guint which)
{
  return (double *) s->work + which * s->P;
}

/* s and y of a slot. */
static double *
pair (const AssayOptimizerStep *s, gint64 slot, gboolean is_y)
{
  return (double *) s->state + (2 * slot + is_y) * s->P;
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

/* DIRECTION <- -B^-1 g */
static void
find_direction (AssayOptimizerStep *s)
{
  gint64 m = get_history (s->options), count = (gint64) s->scalars[COUNT], n = MIN (count, m);
  double *d = work (s, DIRECTION), *rho = s->scalars + RHO, alpha[64];

  memset (d, 0, s->P * sizeof *d);
  add (s, -1, s->gradient, d);
  for (gint64 k = 0; k < n; k++)                                  /* newest first */
    {
      gint64 slot = (count - 1 - k) % m;

      alpha[k] = rho[slot] * dot (s, pair (s, slot, FALSE), d);
      add (s, -alpha[k], pair (s, slot, TRUE), d);
    }
  if (n > 0)
    {
      gint64 newest = (count - 1) % m;
      const double *y = pair (s, newest, TRUE);

      assay_vector_scale (s->backend->workers, ASSAY_F64, s->P, 1 / (rho[newest] * dot (s, y, y)), d);
    }
  for (gint64 k = n; k-- > 0; )
    {
      gint64 slot = (count - 1 - k) % m;

      add (s, alpha[k] - rho[slot] * dot (s, pair (s, slot, TRUE), d), pair (s, slot, FALSE), d);
    }
}

/* theta <- start + alpha d, with objective and slope there. */
static gboolean
try (AssayOptimizerStep *s, double alpha, Point *point, GError **error)
{
  memcpy (s->theta, work (s, START), s->P * sizeof (double));
  add (s, alpha, work (s, DIRECTION), s->theta);
  if (!assay_objective_evaluate (s->objective, s->theta, s->gradient, &s->value, error))
    return FALSE;
  *point = (Point) { alpha, s->value.total, dot (s, s->gradient, work (s, DIRECTION)) };
  return TRUE;
}

/* Does the point lower the objective enough; does it in addition flatten the slope enough? */
static gboolean
is_lower (const Point *start, const Point *p, double decrement)
{
  if (decrement < NEAR * sqrt (1 + fabs (start->value)) && fabs (p->value - start->value) <= 1e-12 * (1 + fabs (start->value)))
    return p->slope <= (2 * SUFFICIENT - 1) * start->slope;       /* the slope instead of the difference */
  return p->value <= start->value + SUFFICIENT * p->alpha * start->slope;
}

static gboolean
is_flat (const Point *start, const Point *p)
{
  return fabs (p->slope) <= -CURVATURE * start->slope;
}

/* The minimum of the cubic through values and slopes at both ends, kept away from them. */
static double
interpolate (const Point *a, const Point *b)
{
  double d1 = a->slope + b->slope - 3 * (a->value - b->value) / (a->alpha - b->alpha);
  double root = d1 * d1 - a->slope * b->slope;
  double d2 = (b->alpha > a->alpha ? 1 : -1) * sqrt (MAX (0, root));
  double t = b->alpha - (b->alpha - a->alpha) * (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
  double low = MIN (a->alpha, b->alpha), high = MAX (a->alpha, b->alpha), margin = 0.1 * (high - low);

  return root >= 0 && isfinite (t) ? CLAMP (t, low + margin, high - margin) : (low + high) / 2;
}

static gboolean
search_line (AssayOptimizerStep *s, const Point *start, double alpha, gboolean *found, GError **error)
{
  Point low = *start, high = { 0 }, p;
  gboolean bracketed = FALSE;

  *found = FALSE;
  for (guint k = 0; k < TRIALS; k++)
    {
      if (!try (s, bracketed ? interpolate (&low, &high) : alpha, &p, error))
        return FALSE;
      if (!isfinite (p.value) || !is_lower (start, &p, s->decrement) || (low.alpha > 0 && p.value > low.value && !is_flat (start, &p)))
        {
          high = p;
          if (!isfinite (p.value))
            high = (Point) { p.alpha, low.value + fabs (start->slope) * p.alpha, fabs (start->slope) };  /* a wall */
          bracketed = TRUE;
        }
      else if (is_flat (start, &p))
        {
          *found = TRUE;
          return TRUE;
        }
      else if (bracketed ? p.slope * (high.alpha - low.alpha) >= 0 : p.slope >= 0)
        {
          high = low;
          low = p;
          bracketed = TRUE;
        }
      else
        {
          low = p;
          alpha = 2 * p.alpha;
        }
    }
  return try (s, 0, &p, error);
}

/* Keeps the pair of this step. A strong Wolfe step curves upwards; where rounding says otherwise, the memory begins again. */
static void
remember (AssayOptimizerStep *s)
{
  gint64 slot = (gint64) s->scalars[COUNT] % get_history (s->options);
  double *step = pair (s, slot, FALSE), *y = pair (s, slot, TRUE), sy;

  memcpy (step, s->theta, s->P * sizeof *step);
  add (s, -1, work (s, START), step);
  memcpy (y, s->gradient, s->P * sizeof *y);
  add (s, -1, work (s, START_GRADIENT), y);
  sy = dot (s, step, y);
  s->scalars[RHO + slot] = 1 / sy;
  s->scalars[COUNT] = sy > 0 ? s->scalars[COUNT] + 1 : 0;
}

static gboolean
step_lbfgs (AssayOptimizerStep *s, GError **error)
{
  Point start = { .value = s->value.total };
  gboolean found;

  find_direction (s);
  start.slope = dot (s, s->gradient, work (s, DIRECTION));
  s->decrement = sqrt (MAX (0, -start.slope));
  if (s->decrement <= assay_values_get_double (s->options, "tolerance"))
    {
      s->reason = ASSAY_TRAIN_CONVERGED;
      return TRUE;
    }
  memcpy (work (s, START), s->theta, s->P * sizeof (double));
  memcpy (work (s, START_GRADIENT), s->gradient, s->P * sizeof (double));
  if (!search_line (s, &start, s->scalars[COUNT] > 0 ? 1 : MIN (1, 1 / s->decrement), &found, error))
    return FALSE;
  if (found)
    {
      remember (s);
      return TRUE;
    }
  if (s->decrement < NEAR * sqrt (1 + fabs (start.value)))
    {
      s->reason = ASSAY_TRAIN_ROUNDING;
      return TRUE;
    }
  if (s->scalars[COUNT] > 0)                                      /* a spoilt memory: begin again with the gradient */
    {
      s->scalars[COUNT] = 0;
      return TRUE;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED, "lbfgs: no step against the gradient lowers the objective %.17g at step %"
               G_GINT64_FORMAT "; check the data for enormous values", start.value, s->step);
  return FALSE;
}

ASSAY_OPTIMIZER_DEFINE (lbfgs) = { .name = "lbfgs", .help = "limited-memory BFGS over all examples", .is_whole_batch = TRUE, .size = size,
                                   .step = step_lbfgs };
