/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calibration.c: bins, draws, and a logistic regression of one variable. */
#include "stats/calibration.h"

#include "base/rng.h"
#include "stats/bootstrap.h"
#include "stats/distribution.h"

#include <math.h>
#include <stdlib.h>

#define MAX_STEPS 100

typedef struct {
  const double *probability;
  const guint8 *outcome;
  gint64 N, B;
  gint64 *bin;                  /* (N) */
  double *sum;                  /* (B) scratch: of p - y */
} Sample;

gint64
assay_calibration_bin (double probability, gint64 B)
{
  gint64 b = CLAMP ((gint64) (probability * (double) B), 0, B - 1);

  while (b > 0 && probability < (double) b / (double) B)
    b--;
  while (b + 1 < B && probability >= (double) (b + 1) / (double) B)
    b++;
  return b;
}

/* sum_b |sum over the bin of p - y| / N, which is the definition with n_b cancelled. */
static double
error_of_sums (const Sample *s)
{
  double error = 0;

  for (gint64 b = 0; b < s->B; b++)
    error += fabs (s->sum[b]);
  return error / (double) s->N;
}

static double
error_of_rows (const gint64 *rows, gint64 n, gpointer data)
{
  Sample *s = data;

  for (gint64 b = 0; b < s->B; b++)
    s->sum[b] = 0;
  for (gint64 k = 0; k < n; k++)
    s->sum[s->bin[rows[k]]] += s->probability[rows[k]] - s->outcome[rows[k]];
  return error_of_sums (s);
}

/* Outcomes drawn with the probabilities themselves: a function of (seed, draw). */
static double
error_of_luck (Sample *s, guint64 seed, guint draw)
{
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("calibrated outcomes", draw));

  for (gint64 b = 0; b < s->B; b++)
    s->sum[b] = 0;
  for (gint64 i = 0; i < s->N; i++)
    s->sum[s->bin[i]] += s->probability[i] - (assay_rng_uniform (&rng) < s->probability[i]);
  return error_of_sums (s);
}

static int
ascending (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
measure_error (AssayCalibration *c, Sample *s, double level, guint64 seed)
{
  double draws[ASSAY_CALIBRATION_DRAWS];
  AssayEstimate e = assay_bootstrap (s->N, ASSAY_CALIBRATION_DRAWS, level, seed, error_of_rows, s, NULL);

  c->error = (AssayEstimate) { e.value, fmax (0, 2 * e.value - e.hi), fmax (e.value, 2 * e.value - e.lo), level };
  for (guint draw = 0; draw < ASSAY_CALIBRATION_DRAWS; draw++)
    {
      draws[draw] = error_of_luck (s, seed, draw);
      c->error_by_luck += draws[draw] / ASSAY_CALIBRATION_DRAWS;
    }
  qsort (draws, ASSAY_CALIBRATION_DRAWS, sizeof *draws, ascending);
  c->error_by_luck_95 = assay_quantile_sorted (draws, ASSAY_CALIBRATION_DRAWS, 0.95);
}

static void
count_bins (AssayCalibration *c, const Sample *s, double level)
{
  for (gint64 b = 0; b < c->B; b++)
    c->bin[b] = (AssayCalibrationBin) { .from = (double) b / (double) c->B, .to = (double) (b + 1) / (double) c->B };
  for (gint64 i = 0; i < s->N; i++)
    {
      AssayCalibrationBin *bin = &c->bin[s->bin[i]];

      bin->n++;
      bin->positives += s->outcome[i];
      bin->mean_probability += s->probability[i];
    }
  for (gint64 b = 0; b < c->B; b++)
    {
      c->bin[b].mean_probability /= (double) c->bin[b].n;          /* 0 / 0: an empty bin has none */
      c->bin[b].observed = assay_estimate_proportion (c->bin[b].positives, c->bin[b].n, level);
    }
}

static void
measure_excess (AssayCalibration *c, const Sample *s, double level)
{
  g_autofree double *d = g_new (double, s->N);

  for (gint64 i = 0; i < s->N; i++)
    d[i] = s->probability[i] - s->outcome[i];
  c->excess = assay_estimate_mean (d, s->N, level);
}

/* --- the line ------------------------------------------------------------------------------------------------------------ */

/* Do all cases of one outcome lie on one side of all cases of the other? Then the likelihood rises for ever. */
static gboolean
are_separated (const double *x, const guint8 *y, gint64 N)
{
  double least[2] = { INFINITY, INFINITY }, most[2] = { -INFINITY, -INFINITY };

  for (gint64 i = 0; i < N; i++)
    {
      least[y[i]] = fmin (least[y[i]], x[i]);
      most[y[i]] = fmax (most[y[i]], x[i]);
    }
  return most[0] <= least[1] || most[1] <= least[0];
}

/* Log odds of the cases, or NULL with the reason. */
static double *
find_log_odds (const Sample *s, const char **reason)
{
  g_autofree double *x = g_new (double, s->N);
  gint64 positives = 0;
  gboolean varies = FALSE;

  for (gint64 i = 0; i < s->N; i++)
    {
      positives += s->outcome[i];
      varies = varies || s->probability[i] != s->probability[0];
      x[i] = log (s->probability[i]) - log1p (-s->probability[i]);
      if (!isfinite (x[i]))
        {
          *reason = "a probability of exactly 0 or 1 has no log odds";
          return NULL;
        }
    }
  *reason = !varies ? "every probability is the same"
            : positives == 0 || positives == s->N ? "every outcome is the same"
            : are_separated (x, s->outcome, s->N) ? "the probabilities separate the outcomes, so that no slope is likeliest" : NULL;
  return *reason ? NULL : g_steal_pointer (&x);
}

typedef struct { double gradient[2], hessian[3], likelihood; } Moments;  /* hessian: aa, ab, bb */

static Moments
take_moments (const double *x, const guint8 *y, gint64 N, const double *at)
{
  Moments m = { { 0 }, { 0 }, 0 };

  for (gint64 i = 0; i < N; i++)
    {
      double z = at[0] + at[1] * x[i], p = 1 / (1 + exp (-z)), w = p * (1 - p);

      m.gradient[0] += y[i] - p;
      m.gradient[1] += (y[i] - p) * x[i];
      m.hessian[0] += w;
      m.hessian[1] += w * x[i];
      m.hessian[2] += w * x[i] * x[i];
      m.likelihood -= log1p (exp (-fabs (z))) + fmax (y[i] ? -z : z, 0);
    }
  return m;
}

/* Newton's method with halved steps, from the line of a calibrated score. */
static gboolean
fit_line (const double *x, const guint8 *y, gint64 N, double *at, Moments *m)
{
  *m = take_moments (x, y, N, at);
  for (guint step = 0; step < MAX_STEPS; step++)
    {
      double det = m->hessian[0] * m->hessian[2] - m->hessian[1] * m->hessian[1], d[2], decrement;

      if (!(det > 0))
        return FALSE;
      d[0] = (m->hessian[2] * m->gradient[0] - m->hessian[1] * m->gradient[1]) / det;
      d[1] = (m->hessian[0] * m->gradient[1] - m->hessian[1] * m->gradient[0]) / det;
      decrement = d[0] * m->gradient[0] + d[1] * m->gradient[1];
      if (decrement <= 1e-20 * (1 + fabs (m->likelihood)))
        return TRUE;
      for (double length = 1;; length /= 2)
        {
          double next[2] = { at[0] + length * d[0], at[1] + length * d[1] };
          Moments there = take_moments (x, y, N, next);

          if (there.likelihood > m->likelihood)
            {
              at[0] = next[0];
              at[1] = next[1];
              *m = there;
              break;
            }
          if (length < 1e-9)                                      /* rounding hides what is left to gain */
            return decrement <= 1e-9 * (1 + fabs (m->likelihood));
        }
    }
  return FALSE;
}

static AssayEstimate
wald (double value, double variance, double level)
{
  double half = assay_normal_factor (level) * sqrt (variance);

  return (AssayEstimate) { value, value - half, value + half, level };
}

static void
measure_line (AssayCalibration *c, const Sample *s, double level)
{
  g_autofree double *x = find_log_odds (s, &c->line_reason);
  double at[2] = { 0, 1 }, det;
  Moments m;

  c->intercept = c->slope = (AssayEstimate) { NAN, NAN, NAN, level };
  if (x == NULL)
    return;
  if (!fit_line (x, s->outcome, s->N, at, &m))
    {
      c->line_reason = "the fit did not converge";
      return;
    }
  det = m.hessian[0] * m.hessian[2] - m.hessian[1] * m.hessian[1];
  c->intercept = wald (at[0], m.hessian[2] / det, level);
  c->slope = wald (at[1], m.hessian[0] / det, level);
}

/* --- all together -------------------------------------------------------------------------------------------------------- */

AssayCalibration *
assay_calibration_new (const double *probability, const guint8 *outcome, gint64 N, gint64 B, double level, guint64 seed)
{
  AssayCalibration *c;
  g_autofree gint64 *bin = NULL;
  g_autofree double *sum = NULL;
  Sample s;

  if (N < 1 || B < 1)
    return NULL;
  for (gint64 i = 0; i < N; i++)
    if (!(probability[i] >= 0 && probability[i] <= 1))
      return NULL;
  bin = g_new (gint64, N);
  sum = g_new (double, B);
  for (gint64 i = 0; i < N; i++)
    bin[i] = assay_calibration_bin (probability[i], B);
  s = (Sample) { probability, outcome, N, B, bin, sum };
  c = g_new0 (AssayCalibration, 1);
  c->N = N;
  c->B = B;
  c->bin = g_new0 (AssayCalibrationBin, B);
  count_bins (c, &s, level);
  measure_error (c, &s, level, seed);
  measure_excess (c, &s, level);
  measure_line (c, &s, level);
  return c;
}

void
assay_calibration_free (AssayCalibration *c)
{
  if (c == NULL)
    return;
  g_free (c->bin);
  g_free (c);
}

AssayEstimate
assay_estimate_brier (const double *probability, const guint8 *outcome, gint64 N, double level)
{
  g_autofree double *square = g_new (double, MAX (N, 1));
  AssayEstimate e;

  for (gint64 i = 0; i < N; i++)
    square[i] = (probability[i] - outcome[i]) * (probability[i] - outcome[i]);
  e = assay_estimate_mean (square, N, level);
  e.lo = isnan (e.lo) ? e.lo : fmax (0, e.lo);
  e.hi = isnan (e.hi) ? e.hi : fmin (1, e.hi);
  return e;
}

AssayEstimate
assay_estimate_log_loss (const double *probability, const guint8 *outcome, gint64 N, double level)
{
  g_autofree double *loss = g_new (double, MAX (N, 1));
  AssayEstimate e;

  for (gint64 i = 0; i < N; i++)
    loss[i] = outcome[i] ? -log (probability[i]) : -log1p (-probability[i]);
  e = assay_estimate_mean (loss, N, level);
  if (isinf (e.value))
    e.lo = e.hi = NAN;
  else if (e.lo < 0)
    e.lo = 0;
  return e;
}
