/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_coordinates.c: which coordinates are kept, and queries in them. */
#include "influence/index_coordinates.h"

#include "base/error.h"
#include "base/mem.h"
#include "tensor/gemm_kernel.h"

#include <math.h>
#include <string.h>

#define SAMPLE 1024             /* examples that importance is judged by */

void
assay_index_coordinates_free (AssayIndexCoordinates *coordinates)
{
  if (coordinates == NULL)
    return;
  assay_mem_free (coordinates->slot);
  g_free (coordinates->first);
  g_free (coordinates->floor);
  g_free (coordinates);
}

static AssayIndexCoordinates *
coordinates_new (const AssayFactors *factors, gint64 D, GError **error)
{
  g_autoptr (AssayIndexCoordinates) coordinates = g_new0 (AssayIndexCoordinates, 1);
  gint64 first = 0;

  coordinates->factors = factors;
  coordinates->D = D;
  coordinates->first = g_new (gint64, factors->modules->n);
  coordinates->floor = g_new0 (double, factors->modules->n);
  for (guint m = 0; m < factors->modules->n; m++)
    {
      coordinates->first[m] = first;
      first += factors->modules->module[m].rows * factors->modules->module[m].columns;
    }
  coordinates->slot = assay_mem_alloc_array (first, sizeof *coordinates->slot, error);
  return coordinates->slot ? g_steal_pointer (&coordinates) : NULL;
}

/* --- importance ------------------------------------------------------------------------------------------------------------------ */

/* Mean squares of the examples' own gradients in the basis, (P); the factors come back as they were. */
static gboolean
measure_squares (AssayFactors *factors, const AssayPoint *point, double *squares, AssayProgress *progress, GError **error)
{
  const AssayModules *modules = factors->modules;
  const gint64 N = factors->N, step = MAX (1, point->n_examples / SAMPLE);
  const AssayFactorsOptions options = factors->options;
  const AssayDtype dtype = factors->dtype;
  g_autofree double **lambda = g_new (double *, modules->n);
  g_autofree gint64 *examples = g_new (gint64, point->n_examples / step);
  AssayPoint sample = *point;
  gboolean ok;

  sample.examples = examples;
  sample.n_examples = point->n_examples / step;
  for (gint64 i = 0; i < sample.n_examples; i++)
    examples[i] = point->examples[i * step];
  for (guint m = 0; m < modules->n; m++)
    {
      lambda[m] = factors->of[m].lambda;
      factors->of[m].lambda = squares;
      squares += modules->module[m].rows * modules->module[m].columns;
    }
  factors->options.is_empirical = TRUE;
  ok = assay_factors_fit_spectrum (factors, &sample, progress, error);
  for (guint m = 0; m < modules->n; m++)
    factors->of[m].lambda = lambda[m];
  factors->options = options;
  factors->N = N;
  factors->dtype = dtype;
  return ok;
}

/* A coordinate in the order of importance: ties by number. */
static int
compare_importance (gconstpointer a, gconstpointer b, gpointer data)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  const double *importance = data;

  return importance[x] != importance[y] ? (importance[x] > importance[y] ? -1 : 1) : (x > y) - (x < y);
}

/* Group of the coordinate that `rank` others come before. */
static guint
get_group (gint64 D, gint64 rank)
{
  guint group = 0;

  for (gint64 end = 2 * D; rank >= end && group + 1 < ASSAY_INDEX_GROUPS; end *= 2)
    group++;
  return group;
}

AssayIndexCoordinates *
assay_index_coordinates_choose (AssayFactors *factors, const AssayPoint *point, double l2, gint64 D, AssayProgress *progress, GError **error)
{
  const AssayModules *modules = factors->modules;
  g_autoptr (AssayIndexCoordinates) coordinates = coordinates_new (factors, MIN (D, modules->P), error);
  g_autoptr (AssayBuffer) importance = NULL, order = NULL;
  double *importance_of;
  gint64 *rank, n = 0;

  if (coordinates == NULL || (importance = assay_mem_alloc_array (modules->P, sizeof (double), error)) == NULL
      || (order = assay_mem_alloc_array (modules->P, sizeof (gint64), error)) == NULL
      || !measure_squares (factors, point, importance, progress, error))
    return NULL;
  importance_of = importance;
  rank = order;
  for (guint m = 0; m < modules->n; m++)
    {
      gint64 size = modules->module[m].rows * modules->module[m].columns;

      coordinates->floor[m] = l2 + ASSAY_INDEX_METRIC_DAMPING * assay_factors_get_mean (factors, ASSAY_SPECTRUM_FITTED, m);
      for (gint64 j = 0; j < size; j++, n++)
        {
          importance_of[n] /= assay_index_coordinates_metric (coordinates, m, j);
          rank[n] = n;
        }
    }
  g_qsort_with_data (rank, (gint) n, sizeof *rank, compare_importance, importance_of);
  for (gint64 r = 0; r < n; r++)
    {
      guint group = r < coordinates->D ? 0 : get_group (coordinates->D, r);

      coordinates->slot[rank[r]] = r < coordinates->D ? (gint32) r : -1 - (gint32) group;
      if (r >= coordinates->D)
        coordinates->n_groups = group + 1;
    }
  return g_steal_pointer (&coordinates);
}

AssayIndexCoordinates *
assay_index_coordinates_restore (const AssayFactors *factors, gint64 D, const gint32 *slot, const double *floor, GError **error)
{
  const gint64 P = factors->modules->P;
  g_autoptr (AssayIndexCoordinates) coordinates = coordinates_new (factors, D, error);
  g_autoptr (AssayBuffer) seen = NULL;
  gint64 kept = 0;

  if (coordinates == NULL || (seen = assay_mem_alloc_array (MAX (D, 1), 1, error)) == NULL)
    return NULL;
  memcpy (coordinates->slot, slot, P * sizeof *slot);
  memcpy (coordinates->floor, floor, factors->modules->n * sizeof *floor);
  for (gint64 j = 0; j < P; j++)
    if (slot[j] >= 0 && slot[j] < D && !((guint8 *) seen)[slot[j]])
      {
        ((guint8 *) seen)[slot[j]] = 1;
        kept++;
      }
    else if (slot[j] < 0 && slot[j] >= -ASSAY_INDEX_GROUPS)
      coordinates->n_groups = MAX (coordinates->n_groups, (guint) -slot[j]);
    else
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "gradient index: coordinate %" G_GINT64_FORMAT " has place %d: a place below %" G_GINT64_FORMAT
                     " that no other has, or a group, expected", j, slot[j], D);
        return NULL;
      }
  if (kept == D)
    return g_steal_pointer (&coordinates);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "gradient index: %" G_GINT64_FORMAT " coordinates with a place expected, found %" G_GINT64_FORMAT, D, kept);
  return NULL;
}

/* --- rounding -------------------------------------------------------------------------------------------------------------------- */

/* A product of K terms by runs: relative to the product of the norms. */
static double
count_roundings (double K)
{
  return MIN (K, ASSAY_GEMM_RUN_MOST) + ceil (K / ASSAY_GEMM_RUN_LEAST);
}

/* The same on a device, in any order: pieces of a gradient's product (module_products of kernels/op_module.cu) are added up in double. */
static double
count_roundings_there (double K)
{
  return MIN (K, 8192) + ceil (K / 8192);
}

/* The scoring pass forms D from n positions and multiplies R C numbers, or multiplies C, then R, then adds n; vectors are rounded once. z is made
 * in double from the same r and c: two rotations and n positions, whose error in norm has the roots of the sizes in it. Where every element of an
 * error vector is below x its norm is below sqrt (size) x. */
static double
bound_rounding (const AssayModule *module, AssayDtype dtype, gboolean is_there)
{
  double R = (double) module->rows, C = (double) module->columns, n = 0, scoring, rotating;

  for (guint u = 0; u < module->n_uses; u++)
    n += (double) module->uses[u].positions;
  scoring = n + (is_there ? count_roundings_there (R * C) + C : count_roundings (R * C) + count_roundings (C)) + R + C + 16;
  rotating = n + (count_roundings (R) + 1) * sqrt (R) + (count_roundings (C) + 1) * sqrt (C) + 16;
  /* The query's own rotations there and back, in double, double the second part; a margin of 1.01 stands for products of roundings. */
  return 1.01 * (scoring * (dtype == ASSAY_F32 ? 0x1p-24 : 0x1p-53) + 3 * rotating * 0x1p-53);
}

double
assay_index_coordinates_rounding (const AssayModule *module, AssayDtype dtype)
{
  return bound_rounding (module, dtype, FALSE);
}

double
assay_index_coordinates_excess (const AssayModules *modules, AssayDtype dtype)
{
  double most = 1;

  for (guint m = 0; m < modules->n; m++)
    most = MAX (most, bound_rounding (&modules->module[m], dtype, TRUE) / bound_rounding (&modules->module[m], dtype, FALSE));
  return most;
}

/* --- queries --------------------------------------------------------------------------------------------------------------------- */

void
assay_index_coordinates_rotate (const AssayIndexCoordinates *coordinates, AssayWorkers *workers, gint64 K, const double *gradients, double *rotated, double *work)
{
  const AssayModules *modules = coordinates->factors->modules;

  for (gint64 k = 0; k < K; k++)
    for (guint m = 0; m < modules->n; m++)
      {
        double *D = rotated + k * modules->P + coordinates->first[m];

        assay_module_read (&modules->module[m], gradients + k * modules->P, D);
        assay_factors_rotate (&coordinates->factors->of[m], TRUE, workers, D, work);
      }
}

AssayIndexQuery
assay_index_coordinates_damp (const AssayIndexCoordinates *coordinates, AssayFactorsSpectrum spectrum, const AssayFactorsInverse *inverse, const double *rotated,
                              double *kept, double *left_out)
{
  const AssayFactors *factors = coordinates->factors;
  const double N = (double) factors->N;
  double squares[ASSAY_INDEX_GROUPS] = { 0 }, all = 0;

  for (guint m = 0; m < factors->modules->n; m++)
    {
      const gint32 *slot = coordinates->slot + coordinates->first[m];
      const double *w = rotated + coordinates->first[m], lambda = assay_factors_inverse_get_lambda (inverse, m);
      const gint64 columns = factors->of[m].column.n;

      for (gint64 i = 0; i < factors->of[m].row.n; i++)
        for (gint64 j = 0; j < columns; j++)
          {
            const gint64 place = i * columns + j;
            const double V = w[place] / (assay_factors_get_eigenvalue (factors, m, spectrum, i, j) + lambda) / N;
            const double v = V * sqrt (assay_index_coordinates_metric (coordinates, m, place));

            all += V * V;
            if (slot[place] >= 0)
              kept[slot[place]] = v;
            else
              squares[-1 - slot[place]] += v * v;
          }
    }
  /* Sums and roots of P numbers in double are within P 2^-53 of the true ones, relative. */
  for (guint g = 0; g < coordinates->n_groups; g++)
    left_out[g] = sqrt (squares[g]) * (1 + 1e-6);
  return (AssayIndexQuery) { kept, left_out, sqrt (all) * (1 + 1e-6) };
}
