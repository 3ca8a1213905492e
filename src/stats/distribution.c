/* SPDX-License-Identifier: GPL-3.0-or-later */
/* distribution.c: GSL's functions within the ranges where they are defined. */
#include "stats/distribution.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>

/* GSL ends the program on its errors unless told not to. */
static void
tame_gsl (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      gsl_set_error_handler_off ();
      g_once_init_leave (&once, 1);
    }
}

double
assay_normal_cdf (double z)
{
  return isnan (z) ? z : gsl_cdf_ugaussian_P (z);
}

double
assay_normal_quantile (double p)
{
  if (!(p >= 0 && p <= 1))
    return NAN;
  if (p == 0 || p == 1)
    return p == 0 ? -INFINITY : INFINITY;
  tame_gsl ();
  return gsl_cdf_ugaussian_Pinv (p);
}

double
assay_normal_two_sided (double z)
{
  return isnan (z) ? z : 2 * gsl_cdf_ugaussian_Q (fabs (z));
}

double
assay_student_quantile (double p, double degrees)
{
  if (!(p >= 0 && p <= 1) || !(degrees > 0))
    return NAN;
  if (p == 0 || p == 1)
    return p == 0 ? -INFINITY : INFINITY;
  if (isinf (degrees))
    return assay_normal_quantile (p);
  tame_gsl ();
  return gsl_cdf_tdist_Pinv (p, degrees);
}

double
assay_student_two_sided (double t, double degrees)
{
  if (isnan (t) || !(degrees > 0))
    return NAN;
  if (isinf (degrees))
    return assay_normal_two_sided (t);
  tame_gsl ();
  return isinf (t) ? 0 : 2 * gsl_cdf_tdist_Q (fabs (t), degrees);
}

double
assay_chi_square_upper (double x, double degrees)
{
  if (isnan (x) || !(degrees > 0))
    return NAN;
  tame_gsl ();
  return x <= 0 ? 1 : isinf (x) ? 0 : gsl_cdf_chisq_Q (x, degrees);
}

double
assay_normal_factor (double level)
{
  return level > 0 && level < 1 ? assay_normal_quantile (0.5 + level / 2) : NAN;
}
