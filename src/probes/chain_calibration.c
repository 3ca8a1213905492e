/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_calibration.c: one ridge fit for each set of features that occurs, in folds; intervals from the residuals of the nearest. */
#include "probes/chain_calibration.h"

#include "base/mem.h"
#include "hessian/dense.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_FOLDS ASSAY_CHAIN_CALIBRATION_N_FOLDS
#define TAIL 0.025
#define FEWEST 40               /* residuals that a 95 % interval needs: (m + 1) TAIL >= 1 */
#define SHARE 4                 /* the nearest n / SHARE, if that is more */

/* One calibration instance as a fit sees it. */
typedef struct { double score, residual; gint64 fold, instance; } Seen;

/* The fit on the features of `mask`. */
typedef struct {
  guint64 mask;
  guint d;                      /* features in it */
  double *weight;               /* (N_FOLDS + 1, d + 1): without each fold, then of all; for raw features, intercept last */
  Seen *seen;                   /* (n_seen) by score */
  gint64 n_seen;
} Fit;

struct _AssayChainCalibration {
  double *x, *truth;
  gint64 *fold, n;
  guint F;
  guint64 allowed;
  GPtrArray *fits;
};

static void
fit_free (gpointer data)
{
  Fit *fit = data;

  assay_mem_free (fit->weight);
  g_free (fit->seen);
  g_free (fit);
}

AssayChainCalibration *
assay_chain_calibration_new (const double *x, const double *truth, const gint64 *fold, gint64 n, guint F, const gboolean *use)
{
  AssayChainCalibration *c = g_new0 (AssayChainCalibration, 1);

  g_assert (F <= ASSAY_CHAIN_CALIBRATION_MOST_FEATURES);
  c->x = g_memdup2 (x, (gsize) n * F * sizeof *x);
  c->truth = g_memdup2 (truth, (gsize) n * sizeof *truth);
  c->fold = g_memdup2 (fold, (gsize) n * sizeof *fold);
  c->n = n;
  c->F = F;
  c->fits = g_ptr_array_new_with_free_func (fit_free);
  for (guint f = 0; f < F; f++)
    c->allowed |= use[f] ? G_GUINT64_CONSTANT (1) << f : 0;
  return c;
}

void
assay_chain_calibration_free (AssayChainCalibration *c)
{
  if (c == NULL)
    return;
  g_free (c->x);
  g_free (c->truth);
  g_free (c->fold);
  g_ptr_array_unref (c->fits);
  g_free (c);
}

static guint64
mask_of (const AssayChainCalibration *c, const double *x)
{
  guint64 mask = 0;

  for (guint f = 0; f < c->F; f++)
    if ((c->allowed >> f & 1) && isfinite (x[f]))
      mask |= G_GUINT64_CONSTANT (1) << f;
  return mask;
}

static gboolean
has_all (const AssayChainCalibration *c, gint64 i, guint64 mask)
{
  return (mask_of (c, c->x + i * c->F) & mask) == mask;
}

/* Features of the mask, one after another. */
static void
pick (const AssayChainCalibration *c, const double *x, guint64 mask, double *z)
{
  for (guint f = 0; f < c->F; f++)
    if (mask >> f & 1)
      *z++ = x[f];
}

/* Mean and standard deviation of the features, and the mean of the truth, over the instances that are not of `without`; returns how many. */
static gint64
take_moments (const AssayChainCalibration *c, const Fit *fit, gint64 without, double *mean, double *sd, double *level)
{
  guint d = fit->d;
  double z[ASSAY_CHAIN_CALIBRATION_MOST_FEATURES];
  gint64 n = 0;

  memset (mean, 0, d * sizeof *mean);
  memset (sd, 0, d * sizeof *sd);
  *level = 0;
  for (int pass = 0; pass < 2; pass++)
    for (gint64 i = 0; i < c->n; i++)
      {
        if (c->fold[i] == without || !has_all (c, i, fit->mask))
          continue;
        pick (c, c->x + i * c->F, fit->mask, z);
        n += pass == 0;
        *level += pass == 0 ? c->truth[i] : 0;
        for (guint a = 0; a < d; a++)
          if (pass == 0)
            mean[a] += z[a];
          else
            sd[a] += (z[a] - mean[a] / (double) n) * (z[a] - mean[a] / (double) n);
      }
  for (guint a = 0; a < d && n > 0; a++)
    {
      mean[a] /= (double) n;
      sd[a] = sqrt (sd[a] / (double) n);
    }
  *level /= (double) n;
  return n;
}

/* w (d+1) of all instances but one fold.                          (Z'Z + I) v = Z' (r - mean r),  w = v / sd */
static gboolean
fit_without (const AssayChainCalibration *c, const Fit *fit, gint64 without, double *w, GError **error)
{
  guint d = fit->d;
  double mean[ASSAY_CHAIN_CALIBRATION_MOST_FEATURES], sd[ASSAY_CHAIN_CALIBRATION_MOST_FEATURES], z[ASSAY_CHAIN_CALIBRATION_MOST_FEATURES], level;
  double *matrix = assay_mem_new (double, MAX (d, 1) * MAX (d, 1), error);
  g_autoptr (AssayFactor) factor = NULL;

  if (matrix == NULL)
    return FALSE;
  take_moments (c, fit, without, mean, sd, &level);
  memset (w, 0, (d + 1) * sizeof *w);
  for (gint64 i = 0; i < c->n; i++)
    {
      if (c->fold[i] == without || !has_all (c, i, fit->mask))
        continue;
      pick (c, c->x + i * c->F, fit->mask, z);
      for (guint a = 0; a < d; a++)
        z[a] = sd[a] > 0 ? (z[a] - mean[a]) / sd[a] : 0;
      for (guint a = 0; a < d; a++)
        {
          w[a] += z[a] * (c->truth[i] - level);
          for (guint b = 0; b < d; b++)
            matrix[a * d + b] += z[a] * z[b];
        }
    }
  for (guint a = 0; a < d; a++)
    matrix[a * d + a] += 1;
  if (d == 0)
    assay_mem_free (matrix);
  else
    {
      factor = assay_factor_new (NULL, "calibration of chains", ASSAY_F64, d, matrix, TRUE, error);
      if (factor == NULL || !assay_factor_solve (factor, 1, w, error))
        return FALSE;
    }
  w[d] = level;
  for (guint a = 0; a < d; a++)
    {
      w[a] = sd[a] > 0 ? w[a] / sd[a] : 0;
      w[d] -= w[a] * mean[a];
    }
  return TRUE;
}

static double
apply (const AssayChainCalibration *c, const Fit *fit, gint64 without, const double *x)
{
  const double *w = fit->weight + without * (fit->d + 1);
  double z[ASSAY_CHAIN_CALIBRATION_MOST_FEATURES], score = w[fit->d];

  pick (c, x, fit->mask, z);
  for (guint a = 0; a < fit->d; a++)
    score += w[a] * z[a];
  return score;
}

static int
by_score (const void *a, const void *b)
{
  const Seen *x = a, *y = b;

  if (x->score != y->score)
    return x->score < y->score ? -1 : 1;
  return x->instance < y->instance ? -1 : x->instance > y->instance;
}

static Fit *
find_fit (AssayChainCalibration *c, guint64 mask, GError **error)
{
  Fit *fit;

  for (guint k = 0; k < c->fits->len; k++)
    if (((Fit *) c->fits->pdata[k])->mask == mask)
      return c->fits->pdata[k];
  fit = g_new0 (Fit, 1);
  g_ptr_array_add (c->fits, fit);
  fit->mask = mask;
  for (guint64 rest = mask; rest != 0; rest &= rest - 1)
    fit->d++;
  fit->seen = g_new (Seen, c->n);
  fit->weight = assay_mem_new (double, (N_FOLDS + 1) * (fit->d + 1), error);
  for (gint64 without = 0; fit->weight != NULL && without <= N_FOLDS; without++)
    if (!fit_without (c, fit, without, fit->weight + without * (fit->d + 1), error))
      g_clear_pointer (&fit->weight, assay_mem_free);
  if (fit->weight == NULL)
    {
      g_ptr_array_remove (c->fits, fit);
      return NULL;
    }
  for (gint64 i = 0; i < c->n; i++)
    if (has_all (c, i, mask))
      {
        double score = apply (c, fit, c->fold[i], c->x + i * c->F);

        fit->seen[fit->n_seen++] = (Seen) { score, c->truth[i] - score, c->fold[i], i };
      }
  qsort (fit->seen, (gsize) fit->n_seen, sizeof (Seen), by_score);
  return fit;
}

static int
by_value (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Residuals of the nearest scores, of other folds; returns how many. */
static gint64
gather (const Fit *fit, double score, gint64 fold, double *residual)
{
  gint64 most = MAX (FEWEST, fit->n_seen / SHARE), n = 0, up = 0, down;

  while (up < fit->n_seen && fit->seen[up].score < score)
    up++;
  down = up - 1;
  while (n < most && (down >= 0 || up < fit->n_seen))
    {
      gboolean go_down = up >= fit->n_seen || (down >= 0 && score - fit->seen[down].score <= fit->seen[up].score - score);
      const Seen *seen = &fit->seen[go_down ? down-- : up++];

      if (seen->fold != fold)
        residual[n++] = seen->residual;
    }
  return n;
}

gboolean
assay_chain_calibration_judge (AssayChainCalibration *c, const double *x, gint64 fold, AssayUse *use, GError **error)
{
  guint64 mask = mask_of (c, x);
  g_autofree double *residual = NULL;
  const Fit *fit;
  gint64 n;

  *use = (AssayUse) { NAN, NAN, NAN, NAN };
  if (mask == 0)
    return TRUE;
  fit = find_fit (c, mask, error);
  if (fit == NULL)
    return FALSE;
  residual = g_new (double, fit->n_seen + 1);
  use->score = apply (c, fit, fold >= 0 ? fold : N_FOLDS, x);
  use->estimate = CLAMP (use->score, 0, 1);
  n = gather (fit, use->score, fold, residual);
  qsort (residual, (gsize) n, sizeof *residual, by_value);
  if (n < FEWEST)                                                 /* too few to know */
    {
      use->lo = 0;
      use->hi = 1;
      return TRUE;
    }
  use->lo = CLAMP (use->score + residual[(gint64) floor ((double) (n + 1) * TAIL) - 1], 0, 1);
  use->hi = CLAMP (use->score + residual[(gint64) ceil ((double) (n + 1) * (1 - TAIL)) - 1], 0, 1);
  use->lo = fmin (use->lo, use->estimate);
  use->hi = fmax (use->hi, use->estimate);
  return TRUE;
}

const char *
assay_use_verdict (const AssayUse *use)
{
  if (!isfinite (use->estimate) || use->hi - use->lo > ASSAY_USE_WIDEST)
    return "cannot tell";
  if (use->hi <= ASSAY_USE_DECORATIVE_HI)
    return "decorative";
  return use->lo >= ASSAY_USE_USED_LO ? "used" : "partly used";
}
