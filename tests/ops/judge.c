/* SPDX-License-Identifier: GPL-3.0-or-later */
/* judge.c: messages, comparisons and the errors that a stable rule may make. */
#include "judge.h"

#include "base/rng.h"
#include "tensor/compare.h"

#include <math.h>
#include <string.h>

const char *
trial_array_name (const Trial *t, TrialRole role, guint i)
{
  static char text[64];
  static const char *const marks[] = { "", "", "d", "d", "r", "r", "rd", "rd" };
  const char *const *names = role == TRIAL_X || role == TRIAL_DX || role == TRIAL_RX || role == TRIAL_RDX ? t->op->in_names : t->op->out_names;

  g_snprintf (text, sizeof text, "%s%s%s", marks[role], *marks[role] ? " " : "", names[i]);
  return text;
}

void
trial_fail (const Trial *t, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_error ("%s, case \"%s\", %s: %s", t->op->name, t->item->name, assay_dtype_name (t->dtype), text);
}

void
trial_check_close (const Trial *t, TrialRole role, guint i, const double *got, const double *expected, double bound)
{
  AssayComparison c = assay_compare (got, expected, trial_count (t, role, i));

  if (!(c.max_error <= bound))
    trial_fail (t, "%s[%" G_GSIZE_FORMAT "] is %.17g and should be %.17g: error %.3g, bound %.3g", trial_array_name (t, role, i), c.worst,
          got[c.worst], expected[c.worst], c.max_error, bound);
}

void
trial_check_same (const Trial *t, TrialRole role, guint i, const Trial *other, const char *what)
{
  g_autofree double *a = trial_read (t, role, i), *b = trial_read (other, role, i);

  for (gint64 k = 0; k < trial_count (t, role, i); k++)
    if (a[k] != b[k])
      trial_fail (t, "%s[%" G_GINT64_FORMAT "] is %.17g, and %.17g %s", trial_array_name (t, role, i), k, a[k], b[k], what);
}

double
trial_largest (const double *v, gint64 n)
{
  double m = 0;

  for (gint64 k = 0; k < n; k++)
    m = MAX (m, fabs (v[k]));
  return m;
}

/* Moves every number that a rule reads by one unit roundoff, up or down. */
static void
jitter (Trial *t, AssayRule rule, double roundoff, AssayRng *rng)
{
  for (TrialRole role = 0; role < TRIAL_N_ROLES; role++)
    for (guint i = 0; i < trial_count_arrays (t, role); i++)
      if (role != trial_written_by (rule) && trial_is_real (t, role, i) && t->at[role][i] != NULL)
        {
          g_autofree double *v = trial_read (t, role, i);

          for (gint64 k = 0; k < trial_count (t, role, i); k++)
            v[k] *= 1 + (assay_rng_u32 (rng) & 1 ? roundoff : -roundoff);
          trial_write (t, role, i, v);
        }
}

/* gamma_n, n the roundings that may meet in one entry of an array: the flops that the rule spends for each of its entries, the longest
 * sum it can share with its row, and 16 for the polynomial of an elementary function. */
double
trial_gamma (const Trial *t, AssayRule rule, guint i, double roundoff)
{
  double n = t->op->cost (rule, t->in, t->out, t->attr, 4).flops / trial_count (t, trial_written_by (rule), i) + 16;
  gint64 longest = 0;

  for (guint k = 0; k < t->n_in; k++)
    longest = MAX (longest, assay_shape_last (&t->in[k]));
  return assay_gamma ((gsize) n + longest, roundoff);
}

static double
largest_derivative (const Trial *t)
{
  static const TrialRole roles[] = { TRIAL_DY, TRIAL_RDY, TRIAL_RX };
  double m = 0;

  for (guint r = 0; r < G_N_ELEMENTS (roles); r++)
    for (guint i = 0; i < trial_count_arrays (t, roles[r]); i++)
      if (trial_is_real (t, roles[r], i))
        {
          g_autofree double *v = trial_read (t, roles[r], i);

          m = MAX (m, trial_largest (v, trial_count (t, roles[r], i)));
        }
  return m;
}

/* A stable rule returns the exact result for data moved by at most gamma_n, relatively. How far the result of an f64 trial goes when the
 * data move by one roundoff is measured here; gamma_n / u times that is errors[i], for each array that the rule writes. What cancels
 * whatever the data are, such as x minus the mean of x alone, is not seen so: gamma_n of the adjoints and tangents comes on top. */
void
trial_measure_errors (const Trial *f64, AssayRule rule, double roundoff, guint n_draws, double *errors)
{
  g_autoptr (Trial) t = trial_new (f64->op, f64->item, ASSAY_F64);
  TrialRole role = trial_written_by (rule);
  AssayRng rng = assay_rng_new (1, assay_rng_stream (f64->item->name, rule));

  for (guint i = 0; i < trial_count_arrays (t, role); i++)
    errors[i] = trial_gamma (t, rule, i, roundoff) * (rule == ASSAY_FWD ? 0 : largest_derivative (t));
  for (guint draw = 0; draw < n_draws; draw++)
    {
      for (TrialRole r = 0; r < TRIAL_N_ROLES; r++)
        trial_copy (t, f64, r);
      jitter (t, rule, roundoff, &rng);
      trial_run (t, rule);
      for (guint i = 0; i < trial_count_arrays (t, role); i++)
        if (trial_writes (t, rule, i))
          {
            g_autofree double *a = trial_read (t, role, i), *b = trial_read (f64, role, i);
            double moved = assay_compare (a, b, trial_count (t, role, i)).max_error;

            errors[i] = MAX (errors[i], trial_gamma (t, rule, i, roundoff) / roundoff * moved);
          }
    }
}

/* RELATIVE of each array's largest entry, and what its condition adds. The rule must have been run. */
void
trial_allow_errors (const Trial *f64, AssayRule rule, double relative, double *errors)
{
  TrialRole role = trial_written_by (rule);

  trial_measure_errors (f64, rule, U64, 2, errors);
  for (guint i = 0; i < trial_count_arrays (f64, role); i++)
    if (trial_writes (f64, rule, i))
      {
        g_autofree double *v = trial_read (f64, role, i);

        errors[i] += relative * trial_largest (v, trial_count (f64, role, i));
      }
}

/* A trial with all four rules run. */
Trial *
trial_new_run (const AssayOp *op, const AssayOpCase *item, AssayDtype dtype)
{
  Trial *t = trial_new (op, item, dtype);

  trial_run (t, ASSAY_FWD);
  trial_run (t, ASSAY_RFWD);
  trial_run (t, ASSAY_BWD);
  trial_run (t, ASSAY_RBWD);
  return t;
}
