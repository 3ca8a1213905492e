/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check_derivatives.c: the rules of an op against the complex step and against the laws that derivatives obey.
 *
 * The complex step: with x + i h rx for x and h = 1e-30, Im f / h is the tangent of f to the last digit, because h^2 vanishes. It needs
 * only fwd and bwd, so it knows nothing of the hand-written rfwd and rbwd that it judges.
 */
#include "checks.h"

#include "judge.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* --- the oracle ------------------------------------------------------------------------------------------------------- */

void
check_value (const AssayOp *op, const AssayOpCase *item)
{
  g_autoptr (Trial) t = trial_new (op, item, ASSAY_F64), oracle = trial_new (op, item, ASSAY_C128);

  for (AssayRule rule = ASSAY_FWD; rule <= ASSAY_BWD; rule++)
    {
      TrialRole role = trial_written_by (rule);
      double errors[ASSAY_OP_MAX_IN];

      trial_run (t, rule);
      trial_run (oracle, rule);
      trial_allow_errors (t, rule, RELATIVE, errors);
      for (guint i = 0; i < trial_count_arrays (t, role); i++)
        if (trial_is_real (t, role, i))
          {
            g_autofree double *got = trial_read (t, role, i), *expected = trial_read (oracle, role, i);

            trial_check_close (t, role, i, got, expected, errors[i]);
          }
        else if (role == TRIAL_Y)
          trial_check_same (t, role, i, oracle, "in the oracle");
    }
}

/* The rule against Im / h of the rule it is the tangent of. */
static void
check_tangent (const AssayOp *op, const AssayOpCase *item, AssayRule rule)
{
  AssayRule primal = rule == ASSAY_RFWD ? ASSAY_FWD : ASSAY_BWD;
  TrialRole role = trial_written_by (rule), primal_role = trial_written_by (primal);
  g_autoptr (Trial) t = trial_new_run (op, item, ASSAY_F64), oracle = trial_new (op, item, ASSAY_C128);
  double errors[ASSAY_OP_MAX_IN];

  trial_allow_errors (t, rule, RELATIVE, errors);
  trial_perturb_imaginary (oracle, t);
  trial_run (oracle, ASSAY_FWD);
  if (primal == ASSAY_BWD)
    trial_run (oracle, ASSAY_BWD);
  for (guint i = 0; i < trial_count_arrays (t, role); i++)
    if (trial_is_real (t, role, i))
      {
        g_autofree double *got = trial_read (t, role, i), *expected = trial_read_derivative (oracle, primal_role, i);

        trial_check_close (t, role, i, got, expected, errors[i]);
      }
}

void
check_rfwd (const AssayOp *op, const AssayOpCase *item)
{
  check_tangent (op, item, ASSAY_RFWD);
}

void
check_rbwd (const AssayOp *op, const AssayOpCase *item)
{
  check_tangent (op, item, ASSAY_RBWD);
}

/* --- laws ------------------------------------------------------------------------------------------------------------- */

/* Sum over all arrays of <a, b>. *bound grows by sum |a|_1 errors of b. */
static double
inner_product (const Trial *t, TrialRole a, TrialRole b, const Trial *tb, const double *errors, double *bound)
{
  double sum = 0;

  for (guint i = 0; i < trial_count_arrays (t, a); i++)
    if (trial_is_real (t, a, i))
      {
        g_autofree double *u = trial_read (t, a, i), *v = trial_read (tb, b, i);

        for (gint64 k = 0; k < trial_count (t, a, i); k++)
          {
            sum += u[k] * v[k];
            *bound += fabs (u[k]) * errors[i];
          }
      }
  return sum;
}

void
check_adjoint (const AssayOp *op, const AssayOpCase *item)
{
  g_autoptr (Trial) t = trial_new_run (op, item, ASSAY_F64);
  double errors[ASSAY_OP_MAX_IN], bound = 0, forward, backward;

  trial_allow_errors (t, ASSAY_RFWD, RELATIVE, errors);
  forward = inner_product (t, TRIAL_DY, TRIAL_RY, t, errors, &bound);
  trial_allow_errors (t, ASSAY_BWD, RELATIVE, errors);
  backward = inner_product (t, TRIAL_RX, TRIAL_DX, t, errors, &bound);
  if (!(fabs (forward - backward) <= bound))
    trial_fail (t, "<dy, RFWD rx> is %.17g but <BWD dy, rx> is %.17g", forward, backward);
}

void
check_symmetry (const AssayOp *op, const AssayOpCase *item)
{
  g_autoptr (Trial) u = trial_new (op, item, ASSAY_F64), v = trial_new (op, item, ASSAY_F64);
  Trial *both[] = { u, v };
  double errors[2][ASSAY_OP_MAX_IN], bound = 0, uv, vu;

  for (guint i = 0; i < v->n_in; i++)
    if (trial_is_real (v, TRIAL_RX, i))
      trial_draw (v, TRIAL_RX, i, 1);
  for (guint k = 0; k < 2; k++)
    {
      trial_run (both[k], ASSAY_FWD);
      trial_run (both[k], ASSAY_RFWD);
      trial_zero (both[k], TRIAL_RDY);
      trial_run (both[k], ASSAY_RBWD);
      trial_allow_errors (both[k], ASSAY_RBWD, SYMMETRY, errors[k]);
    }
  uv = inner_product (u, TRIAL_RX, TRIAL_RDX, v, errors[1], &bound);
  vu = inner_product (v, TRIAL_RX, TRIAL_RDX, u, errors[0], &bound);
  if (!(fabs (uv - vu) <= bound))
    trial_fail (u, "<u, H v> is %.17g but <v, H u> is %.17g", uv, vu);
}

/* |f(x + e rx) - f(x) - e RFWD rx|, the largest over all outputs, and the size of what it is the difference of. */
static double
get_remainder (const Trial *t, double e, double *size)
{
  g_autoptr (Trial) moved = trial_new (t->op, t->item, t->dtype);
  double remainder = 0;

  *size = 0;
  trial_copy (moved, t, TRIAL_X);
  for (guint i = 0; i < t->n_in; i++)
    if (trial_is_real (t, TRIAL_X, i))
      {
        g_autofree double *x = trial_read (t, TRIAL_X, i), *rx = trial_read (t, TRIAL_RX, i);

        for (gint64 k = 0; k < trial_count (t, TRIAL_X, i); k++)
          x[k] += e * rx[k];
        trial_write (moved, TRIAL_X, i, x);
      }
  trial_run (moved, ASSAY_FWD);
  for (guint j = 0; j < t->op->n_out; j++)
    if (trial_is_real (t, TRIAL_Y, j))
      {
        g_autofree double *y = trial_read (t, TRIAL_Y, j), *ry = trial_read (t, TRIAL_RY, j), *z = trial_read (moved, TRIAL_Y, j);

        for (gint64 k = 0; k < trial_count (t, TRIAL_Y, j); k++)
          {
            remainder = MAX (remainder, fabs (z[k] - y[k] - e * ry[k]));
            *size = MAX (*size, fabs (y[k]) + fabs (z[k]) + fabs (e * ry[k]));
          }
      }
  return remainder;
}

/* The step is quartered until the remainder falls to a sixteenth twice running. A wrong tangent leaves a part of first order, which
 * falls to a quarter only; where the function is linear the remainder is rounding from the start. */
void
check_taylor (const AssayOp *op, const AssayOpCase *item)
{
  g_autoptr (Trial) t = trial_new_run (op, item, ASSAY_F64);
  double size, before = get_remainder (t, 0x1p-4, &size);
  guint good = 0;

  if (op->flags & ASSAY_OP_PIECEWISE)
    return;
  if (before <= RELATIVE * size)
    return;
  if (op->flags & ASSAY_OP_LINEAR)
    trial_fail (t, "declared linear, but f(x + rx/16) - f(x) - RFWD rx/16 is %.3g", before);
  for (double e = 0x1p-6; e > 0x1p-26 && good < 2; e /= 4)
    {
      double now = get_remainder (t, e, &size);

      good = now > before / 18 && now < before / 14 ? good + 1 : 0;
      before = now;
    }
  if (good < 2)
    trial_fail (t, "the remainder of the tangent does not fall as the square of the step");
}

void
check_zero_tangent (const AssayOp *op, const AssayOpCase *item)
{
  static const AssayDtype dtypes[] = { ASSAY_F32, ASSAY_F64 };

  for (guint d = 0; d < G_N_ELEMENTS (dtypes); d++)
    {
      g_autoptr (Trial) t = trial_new (op, item, dtypes[d]);

      trial_run (t, ASSAY_FWD);
      trial_zero (t, TRIAL_RX);
      trial_zero (t, TRIAL_RDY);
      trial_run (t, ASSAY_RFWD);
      trial_run (t, ASSAY_RBWD);
      for (AssayRule rule = ASSAY_RFWD; rule <= ASSAY_RBWD; rule++)
        for (guint i = 0; i < trial_count_arrays (t, trial_written_by (rule)); i++)
          if (trial_writes (t, rule, i))
            {
              TrialRole role = trial_written_by (rule);
              g_autofree double *v = trial_read (t, role, i);

              if (trial_largest (v, trial_count (t, role, i)) != 0)
                trial_fail (t, "%s of a zero tangent is not zero", trial_array_name (t, role, i));
            }
    }
}

/* --- float32 ---------------------------------------------------------------------------------------------------------- */

/* The f32 result is that of moved data, rounded: gamma_n of the result itself comes on top of what the condition allows. Saved values
 * come from the f64 rules, rounded, so that each rule answers for itself alone. */
void
check_f32 (const AssayOp *op, const AssayOpCase *item)
{
  g_autoptr (Trial) f32 = trial_new (op, item, ASSAY_F32), f64 = trial_new (op, item, ASSAY_F64);
  AssayRule last = op->flags & ASSAY_OP_LOSS ? ASSAY_GGN : ASSAY_RBWD;

  for (AssayRule rule = ASSAY_FWD; rule <= last; rule++)
    {
      TrialRole role = trial_written_by (rule);
      double errors[ASSAY_OP_MAX_IN];

      trial_run (f64, rule);
      trial_run (f32, rule);
      trial_measure_errors (f64, rule, U32, 4, errors);
      for (guint i = 0; i < trial_count_arrays (f32, role); i++)
        if (trial_writes (f32, rule, i))
          {
            g_autofree double *got = trial_read (f32, role, i), *expected = trial_read (f64, role, i);
            double rounding = trial_gamma (f32, rule, i, U32) * trial_largest (expected, trial_count (f32, role, i));

            trial_check_close (f32, role, i, got, expected, errors[i] + rounding + FLT_MIN);
          }
      trial_copy (f32, f64, role);                                /* rounds; then both go on from the same */
      trial_copy (f64, f32, role);
    }
}

/* --- losses ----------------------------------------------------------------------------------------------------------- */

/* The Hessian of a loss in its logits: RBWD with a tangent in input 0 alone and none in the adjoint, which the complex step vouches for. */
void
check_gauss_newton (const AssayOp *op, const AssayOpCase *item)
{
  g_autoptr (Trial) t = trial_new (op, item, ASSAY_F64);
  g_autofree double *ggn = NULL, *hvp = NULL, *rx = NULL;
  gint64 n = trial_count (t, TRIAL_X, 0);
  double curvature = 0, bound = 0, errors[ASSAY_OP_MAX_IN];

  if (!(op->flags & ASSAY_OP_LOSS))
    return;
  trial_absolute (t, TRIAL_DY, 0);
  for (guint i = 0; i < t->n_in; i++)
    if (op->data_in >> i & 1)
      trial_absolute (t, TRIAL_X, i);                             /* weights are not negative; a target may be anything */
  trial_run (t, ASSAY_FWD);
  trial_run (t, ASSAY_RFWD);
  trial_zero (t, TRIAL_RDY);
  trial_run (t, ASSAY_RBWD);
  trial_run (t, ASSAY_GGN);
  rx = trial_read (t, TRIAL_RX, 0);
  ggn = trial_read (t, TRIAL_DX, 0);
  hvp = trial_read (t, TRIAL_RDX, 0);
  trial_allow_errors (t, ASSAY_GGN, RELATIVE, errors);
  trial_check_close (t, TRIAL_DX, 0, ggn, hvp, errors[0]);
  for (gint64 k = 0; k < n; k++)
    {
      curvature += rx[k] * ggn[k];
      bound += fabs (rx[k]) * errors[0];
    }
  if (!(op->flags & ASSAY_OP_MEASURE) && !(curvature >= -bound))
    trial_fail (t, "<rx, GGN rx> is %.3g: the loss is not convex in its logits", curvature);
}
