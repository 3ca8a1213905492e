/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectrum.c: see spectrum.h. */
#include "hessian/spectrum.h"

#include "base/mem.h"
#include "base/rng.h"
#include "hessian/lanczos.h"

#include <math.h>

void
assay_spectrum_free (AssaySpectrum *spectrum)
{
  if (spectrum == NULL)
    return;
  g_free (spectrum->length);
  g_free (spectrum->ritz);
  g_free (spectrum->weight);
  g_free (spectrum);
}

static void
fill_signs (guint64 seed, gint64 probe, gint64 n, double *v)
{
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("spectrum", (guint64) probe));

  for (gint64 i = 0; i < n; i += 32)
    {
      guint32 bits = assay_rng_u32 (&rng);

      for (gint64 j = i; j < MIN (i + 32, n); j++)
        v[j] = (bits >> (j - i)) & 1 ? 1 : -1;
    }
}

static void
take_extremes (AssaySpectrum *self, const AssayLanczos *run)
{
  double reach_below = assay_lanczos_get_error (run, 0), reach_above = assay_lanczos_get_error (run, run->k - 1);

  if (run->ritz[0] < self->smallest)
    {
      self->smallest = run->ritz[0];
      self->smallest_reach = reach_below;
    }
  if (run->ritz[run->k - 1] > self->largest)
    {
      self->largest = run->ritz[run->k - 1];
      self->largest_reach = reach_above;
    }
}

static gboolean
run_probe (AssaySpectrum *self, AssayLinop *A, gint64 probe, const double *v, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayLanczos) run = assay_lanczos_new (A, self->steps, v, FALSE, progress, error);

  if (run == NULL)
    return FALSE;
  self->length[probe] = run->k;
  self->products += run->k;
  for (gint64 j = 0; j < run->k; j++)
    {
      double tau = run->rotation[j * run->k];

      self->ritz[probe * self->steps + j] = run->ritz[j];
      self->weight[probe * self->steps + j] = tau * tau;
    }
  take_extremes (self, run);
  return TRUE;
}

AssaySpectrum *
assay_spectrum_new (AssayLinop *A, gint64 probes, gint64 steps, guint64 seed, AssayProgress *progress, GError **error)
{
  g_autoptr (AssaySpectrum) self = g_new0 (AssaySpectrum, 1);
  g_autoptr (AssayBuffer) v = assay_mem_alloc_array (A->n, sizeof (double), error);

  if (v == NULL)
    return NULL;
  self->n = A->n;
  self->probes = probes;
  self->steps = MIN (steps, A->n);
  self->smallest = INFINITY;
  self->largest = -INFINITY;
  self->length = g_new0 (gint64, probes);
  self->ritz = g_new0 (double, probes * self->steps);
  self->weight = g_new0 (double, probes * self->steps);
  for (gint64 probe = 0; probe < probes; probe++)
    {
      fill_signs (seed, probe, A->n, v);
      if (!run_probe (self, A, probe, v, progress, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

/* --- what is read off it --------------------------------------------------------------------------------------------------- */

/* value(probe) of each, to mean and standard error. */
static AssaySpectrumEstimate
summarise (const AssaySpectrum *self, double (*of_probe) (const AssaySpectrum *self, gint64 probe, gpointer data), gpointer data)
{
  double sum = 0, squares = 0, mean;

  for (gint64 probe = 0; probe < self->probes; probe++)
    sum += of_probe (self, probe, data);
  mean = sum / (double) self->probes;
  for (gint64 probe = 0; probe < self->probes; probe++)
    {
      double d = of_probe (self, probe, data) - mean;

      squares += d * d;
    }
  return (AssaySpectrumEstimate) { mean, self->probes > 1 ? sqrt (squares / (double) (self->probes - 1) / (double) self->probes) : NAN };
}

typedef struct {
  double (*f) (double theta, gpointer data);
  gpointer data;
} Function;

static double
trace_of_probe (const AssaySpectrum *self, gint64 probe, gpointer data)
{
  const Function *function = data;
  double sum = 0;

  for (gint64 j = probe * self->steps; j < probe * self->steps + self->length[probe]; j++)
    sum += self->weight[j] * function->f (self->ritz[j], function->data);
  return sum * (double) self->n;
}

AssaySpectrumEstimate
assay_spectrum_trace (const AssaySpectrum *self, double (*f) (double theta, gpointer data), gpointer data)
{
  Function function = { f, data };

  return summarise (self, trace_of_probe, &function);
}

static double
itself (double theta, gpointer data)
{
  (void) data;
  return theta;
}

AssaySpectrumEstimate
assay_spectrum_sum (const AssaySpectrum *self)
{
  return assay_spectrum_trace (self, itself, NULL);
}

static double
kept_share (double theta, gpointer data)
{
  double lambda = *(const double *) data;

  return theta > 0 ? theta / (theta + lambda) : 0;
}

AssaySpectrumEstimate
assay_spectrum_effective_dimension (const AssaySpectrum *self, double lambda)
{
  return assay_spectrum_trace (self, kept_share, &lambda);
}

static double
is_within (double theta, gpointer data)
{
  const double *ends = data;

  return theta >= ends[0] && theta < ends[1];
}

AssaySpectrumEstimate
assay_spectrum_count (const AssaySpectrum *self, double lo, double hi)
{
  double ends[2] = { lo, hi };

  return assay_spectrum_trace (self, is_within, ends);
}

static double
extreme_of_probe (const AssaySpectrum *self, gint64 probe, gpointer data)
{
  return self->ritz[probe * self->steps + (data != NULL ? self->length[probe] - 1 : 0)];
}

AssaySpectrumEstimate
assay_spectrum_extreme (const AssaySpectrum *self, gboolean largest)
{
  return summarise (self, extreme_of_probe, largest ? (gpointer) self : NULL);
}
