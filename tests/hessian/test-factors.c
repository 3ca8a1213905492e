/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Factors against gradients of single examples and dense matrices, on every architecture. */
#include "../base/ring.h"
#include "world.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "hessian/curvature.h"
#include "hessian/factors_forms.h"
#include "hessian/gradient.h"
#include "hessian/module_pass.h"
#include "hessian/module_scores.h"
#include "tensor/compare.h"

#include <math.h>
#include <string.h>

static const AssayFactorsOptions empirical = { .is_empirical = TRUE };

static AssayFactors *
fit (const World *w, const AssayFactorsOptions *options)
{
  GError *error = NULL;
  AssayFactors *factors = assay_factors_fit (&w->point, options, NULL, &error);

  g_assert_no_error (error);
  return factors;
}

/* (N,P), one gradient walk for each example */
static double *
get_gradients (const World *w)
{
  double *rows = assay_mem_new (double, w->N * w->P, NULL);
  GError *error = NULL;

  assay_gradient_rows (&w->point, rows, NULL, &error);
  g_assert_no_error (error);
  return rows;
}

static double
get_vector (const AssayFactorsSide *side, gint64 k, gint64 i)
{
  return side->vectors ? side->vectors[k * side->n + i] : k == i;
}

/* (Q_S' D Q_A) by its definition */
static void
rotate (const AssayModuleFactors *of, const double *D, double *rotated)
{
  gint64 R = of->row.n, C = of->column.n;
  g_autofree double *half = g_new0 (double, R * C);

  for (gint64 i = 0; i < R; i++)
    for (gint64 k = 0; k < C; k++)
      for (gint64 j = 0; j < C; j++)
        half[i * C + k] += D[i * C + j] * get_vector (&of->column, k, j);
  for (gint64 o = 0; o < R; o++)
    for (gint64 k = 0; k < C; k++)
      {
        rotated[o * C + k] = 0;
        for (gint64 i = 0; i < R; i++)
          rotated[o * C + k] += get_vector (&of->row, o, i) * half[i * C + k];
      }
}

static void
assert_same (const double *a, const double *b, gsize n, double bound)
{
  g_assert_cmpfloat (assay_compare (a, b, n).relative, <=, bound);
}

static void
test_coverage (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 1);
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
  g_autofree double *x = world_draw (w, 3, 1), *y = g_new0 (double, w->P);
  gint64 n = 0;

  for (guint m = 0; m < modules->n; m++)
    {
      g_autofree double *D = g_new (double, modules->module[m].rows * modules->module[m].columns);

      n += modules->module[m].n_params;
      assay_module_read (&modules->module[m], x, D);
      assay_module_write (&modules->module[m], D, y);
      g_assert_true (assay_modules_find (modules, modules->module[m].name) == &modules->module[m]);
    }
  g_assert_cmpint (n, ==, w->P);
  g_assert_cmpmem (x, w->P * sizeof *x, y, w->P * sizeof *y);
  assay_mem_free (g_steal_pointer (&x));
}

static void
check_spectrum (const WorldCase *c, const AssayFactorsOptions *options)
{
  g_autoptr (World) w = world_new (c, 1);
  g_autoptr (AssayFactors) factors = fit (w, options);
  g_autoptr (AssayBuffer) rows = get_gradients (w);

  for (guint m = 0; m < factors->modules->n; m++)
    {
      const AssayModule *module = &factors->modules->module[m];
      gint64 size = module->rows * module->columns;
      g_autofree double *D = g_new (double, size), *rotated = g_new (double, size), *sum = g_new0 (double, size);

      for (gint64 i = 0; i < w->N; i++)
        {
          assay_module_read (module, (double *) rows + i * w->P, D);
          rotate (&factors->of[m], D, rotated);
          for (gint64 e = 0; e < size; e++)
            sum[e] += rotated[e] * rotated[e] / (double) w->N;
        }
      assert_same (factors->of[m].lambda, sum, size, 1e-13);
    }
}

static void
test_spectrum (gconstpointer data)
{
  const AssayFactorsOptions shampoo = { .basis = ASSAY_FACTORS_SHAMPOO, .is_empirical = TRUE };

  check_spectrum (data, &empirical);
  check_spectrum (data, &shampoo);
}

/* L = mean D D' and R = mean D' D / tr L, from single gradients. */
static void
test_second_moments (gconstpointer data)
{
  const AssayFactorsOptions shampoo = { .basis = ASSAY_FACTORS_SHAMPOO, .is_empirical = TRUE };
  g_autoptr (World) w = world_new (data, 2);
  g_autoptr (AssayFactors) factors = fit (w, &shampoo);
  g_autoptr (AssayBuffer) rows = get_gradients (w);

  for (guint m = 0; m < factors->modules->n; m++)
    {
      const AssayModule *module = &factors->modules->module[m];
      const AssayModuleFactors *of = &factors->of[m];
      gint64 R = module->rows, C = module->columns;
      g_autofree double *D = g_new (double, R * C), *left = g_new0 (double, R * R), *right = g_new0 (double, C * C);
      double trace = 0;

      for (gint64 i = 0; i < w->N; i++)
        {
          assay_module_read (module, (double *) rows + i * w->P, D);
          for (gint64 a = 0; a < R; a++)
            for (gint64 j = 0; j < C; j++)
              {
                for (gint64 b = 0; b < R; b++)
                  left[a * R + b] += D[a * C + j] * D[b * C + j] / (double) w->N;
                for (gint64 k = 0; k < C; k++)
                  right[j * C + k] += D[a * C + j] * D[a * C + k] / (double) w->N;
              }
        }
      for (gint64 a = 0; a < R; a++)
        trace += left[a * R + a];
      for (gint64 j = 0; j < C * C; j++)
        right[j] /= trace;
      for (gint64 a = 0; a < R && !of->row.is_dense; a++)
        left[a] = left[a * R + a];
      assert_same (of->row.moment, left, of->row.is_dense ? R * R : R, 1e-13);
      if (of->column.is_dense)
        assert_same (of->column.moment, right, C * C, 1e-13);
      /* The product has the block's trace. */
      g_assert_cmpfloat (fabs (assay_factors_get_mean (factors, ASSAY_SPECTRUM_KRONECKER, m)
                                 / assay_factors_get_mean (factors, ASSAY_SPECTRUM_FITTED, m) - 1), <=, 1e-12);
    }
}

static void
test_diagonal (gconstpointer data)
{
  const AssayFactorsOptions options = { .basis = ASSAY_FACTORS_IDENTITY, .is_empirical = TRUE };
  g_autoptr (World) w = world_new (data, 1);
  g_autoptr (AssayFactors) factors = fit (w, &options);
  g_autoptr (AssayBuffer) rows = get_gradients (w);
  g_autofree double *sum = g_new0 (double, w->P), *found = g_new0 (double, w->P);

  for (gint64 i = 0; i < w->N * w->P; i++)
    sum[i % w->P] += ((double *) rows)[i] * ((double *) rows)[i] / (double) w->N;
  for (guint m = 0; m < factors->modules->n; m++)
    assay_module_write (&factors->modules->module[m], factors->of[m].lambda, found);
  assert_same (found, sum, w->P, 1e-13);
}

/* The moments by their definition, from what one pass over all shows. */
typedef struct {
  const AssayFactors *factors;
  double **row, **column, *count;
} Moments;

static gboolean
add_moments (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  Moments *moments = data;
  const AssayModule *module = batch->module;
  const AssayModuleParts *parts = &batch->parts[0];

  (void) error;
  moments->count[batch->index] += (double) batch->counted[0];
  for (gint64 t = 0; t < batch->B * parts->use->positions && module->n_uses == 1; t++)
    {
      const double *r = (const double *) parts->row + t * module->rows, *c = (const double *) parts->column + t * module->columns;

      for (gint64 i = 0; parts->index == NULL && i < module->rows; i++)
        for (gint64 j = 0; j < module->rows; j++)
          moments->row[batch->index][i * module->rows + j] += r[i] * r[j];
      for (gint64 i = 0; i < module->columns; i++)
        for (gint64 j = 0; j < module->columns; j++)
          moments->column[batch->index][i * module->columns + j] += c[i] * c[j];
    }
  return TRUE;
}

static void
test_moments (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 1);
  g_autoptr (AssayFactors) factors = fit (w, &empirical);
  g_autoptr (AssayModulePass) pass = assay_module_pass_new (&w->point, factors->modules, FALSE, 0, NULL);
  guint n = factors->modules->n;
  Moments moments = { factors, g_new0 (double *, n), g_new0 (double *, n), g_new0 (double, n) };

  for (guint m = 0; m < n; m++)
    {
      moments.row[m] = g_new0 (double, factors->of[m].row.n * factors->of[m].row.n);
      moments.column[m] = g_new0 (double, factors->of[m].column.n * factors->of[m].column.n);
    }
  g_assert_true (assay_module_pass_run (pass, add_moments, &moments, "", NULL, NULL));
  for (guint m = 0; m < n; m++)
    {
      const AssayModuleFactors *of = &factors->of[m];

      for (gint64 i = 0; i < of->row.n * of->row.n; i++)
        moments.row[m][i] /= moments.count[m];
      for (gint64 i = 0; i < of->column.n * of->column.n; i++)
        moments.column[m][i] /= moments.count[m];
      if (factors->modules->module[m].n_uses == 1)
        {
          g_assert_cmpfloat (of->positions, ==, moments.count[m] / (double) w->N);
          if (of->row.is_dense)
            assert_same (of->row.moment, moments.row[m], of->row.n * of->row.n, 1e-13);
          if (of->column.is_dense)
            assert_same (of->column.moment, moments.column[m], of->column.n * of->column.n, 1e-13);
        }
      g_free (moments.row[m]);
      g_free (moments.column[m]);
    }
  g_free (moments.row);
  g_free (moments.column);
  g_free (moments.count);
}

/* (C + lambda) A^-1 x = x for the matrix that the factors stand for, in its basis. */
static void
test_inverse (gconstpointer data)
{
  static const AssayFactorsDamping dampings[] = { { ASSAY_DAMPING_BLOCK, 0.1, 0 }, { ASSAY_DAMPING_GLOBAL, 0.1, 0.01 },
                                                  { ASSAY_DAMPING_ABSOLUTE, 0.03, 0.02 } };
  g_autoptr (World) w = world_new (data, 1);
  g_autoptr (AssayFactors) factors = fit (w, &empirical);
  g_autoptr (AssayBuffer) x = world_draw (w, 4, 2), y = world_draw (w, 5, 2);

  for (AssayFactorsSpectrum spectrum = ASSAY_SPECTRUM_FITTED; spectrum <= ASSAY_SPECTRUM_KRONECKER; spectrum++)
    for (gsize k = 0; k < G_N_ELEMENTS (dampings); k++)
      {
        AssayFactorsInverse *inverse = assay_factors_inverse_new (factors, spectrum, &dampings[k], NULL, NULL);
        g_autoptr (AssayLinop) op = assay_factors_inverse_to_linop (inverse);

        g_assert_true (assay_linop_apply (op, 2, x, y, NULL));
        g_assert_true (op->is_symmetric && op->shift > 0);
        for (guint m = 0; m < factors->modules->n; m++)
          {
            const AssayModule *module = &factors->modules->module[m];
            gint64 size = module->rows * module->columns;
            g_autofree double *D = g_new (double, size), *before = g_new (double, size), *after = g_new (double, size);

            assay_module_read (module, (double *) x + w->P, D);
            rotate (&factors->of[m], D, before);
            assay_module_read (module, (double *) y + w->P, D);
            rotate (&factors->of[m], D, after);
            for (gint64 e = 0; e < size; e++)
              after[e] *= assay_factors_get_eigenvalue (factors, m, spectrum, e / module->columns, e % module->columns)
                          + assay_factors_inverse_get_lambda (inverse, m);
            assert_same (after, before, size, 1e-12);
          }
      }
}

static void
test_scores (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 2);
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
  g_autoptr (AssayBuffer) rows = get_gradients (w), x = world_draw (w, 6, 3);
  g_autofree double *expected = g_new0 (double, 3 * w->N), *found = g_new (double, 3 * w->N), *sum = g_new0 (double, 3 * w->N);
  g_autofree double *by_module = g_new (double, 3 * w->N * modules->n);

  for (gint64 q = 0; q < 3; q++)
    for (gint64 i = 0; i < w->N; i++)
      for (gint64 p = 0; p < w->P; p++)
        expected[q * w->N + i] += ((double *) x)[q * w->P + p] * ((double *) rows)[i * w->P + p];
  for (AssayScoreRoute route = ASSAY_ROUTE_CHEAPER; route <= ASSAY_ROUTE_POSITIONS; route++)
    {
      g_assert_true (assay_module_scores (&w->point, modules, 3, x, route, found, by_module, NULL, NULL));
      assert_same (found, expected, 3 * w->N, 1e-12);
      memset (sum, 0, 3 * w->N * sizeof *sum);
      for (gint64 i = 0; i < 3 * w->N * modules->n; i++)
        sum[i % (3 * w->N)] += by_module[i];
      assert_same (sum, expected, 3 * w->N, 1e-12);
    }
  g_assert_true (assay_module_scores_along (&w->point, 3, x, found, NULL, NULL));
  assert_same (found, expected, 3 * w->N, 1e-12);
}

static void
test_norms (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 2);
  g_autoptr (AssayBuffer) rows = get_gradients (w);
  g_autofree double *expected = g_new0 (double, w->N), *found = g_new (double, w->N);

  for (gint64 i = 0; i < w->N * w->P; i++)
    expected[i / w->P] += ((double *) rows)[i] * ((double *) rows)[i];
  g_assert_true (assay_module_squared_norms (&w->point, found, NULL, NULL));
  assert_same (found, expected, w->N, 1e-12);
}

/* Bits do not depend on the crew or on the point's batch. */
static void
test_bits (gconstpointer data)
{
  const AssayFactorsOptions drawn = { .seed = 5 };

  for (AssayDtype dtype = ASSAY_F32; dtype <= ASSAY_F64; dtype++)
    {
      g_autoptr (World) first = world_new (data, 1);
      g_autoptr (AssayFactors) reference = NULL;
      g_autofree double *expected = g_new (double, first->N), *found = g_new (double, first->N);
      g_autoptr (AssayBuffer) x = world_draw (first, 7, 1);

      first->point.dtype = dtype;
      reference = fit (first, &drawn);
      g_assert_true (assay_module_scores (&first->point, reference->modules, 1, x, ASSAY_ROUTE_FORM, expected, NULL, NULL, NULL));
      for (guint threads = 2; threads <= 3; threads++)
        {
          g_autoptr (World) w = world_new (data, threads);
          g_autoptr (AssayFactors) factors = NULL;

          w->point.dtype = dtype;
          w->point.batch = threads;
          factors = fit (w, &drawn);
          for (guint m = 0; m < factors->modules->n; m++)
            {
              gsize bytes = factors->of[m].row.n * factors->of[m].column.n * sizeof (double);

              g_assert_cmpmem (factors->of[m].lambda, bytes, reference->of[m].lambda, bytes);
            }
          g_assert_true (assay_module_scores (&w->point, factors->modules, 1, x, ASSAY_ROUTE_FORM, found, NULL, NULL, NULL));
          g_assert_cmpmem (found, w->N * sizeof *found, expected, w->N * sizeof *expected);
        }
    }
}

static void
test_single_precision (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 1);
  g_autoptr (AssayFactors) wide = fit (w, &empirical), narrow = NULL;

  w->point.dtype = ASSAY_F32;
  narrow = fit (w, &empirical);
  for (guint m = 0; m < wide->modules->n; m++)
    {
      const double of_wide = assay_factors_get_mean (wide, ASSAY_SPECTRUM_FITTED, m);

      if (of_wide > 0)
        g_assert_cmpfloat (fabs (assay_factors_get_mean (narrow, ASSAY_SPECTRUM_FITTED, m) / of_wide - 1), <=, 1e-4);
    }
}

/* The mean over many draws is the diagonal of the Gauss-Newton matrix. A draw's entry is at most about 30 times its mean here, so that 400
 * draws are within 5 standard errors when within 5 sqrt (30 / 400) of the largest. */
static void
test_draws (gconstpointer data)
{
  const AssayFactorsOptions first = { .basis = ASSAY_FACTORS_IDENTITY };
  g_autoptr (World) w = world_new (data, 1);
  g_autoptr (AssayFactors) factors = assay_factors_new (w->model, &first, NULL);
  g_autoptr (AssayLinop) G = assay_curvature_open ("gauss-newton", &w->point, NULL);
  g_autofree double *mean = g_new0 (double, w->P), *found = g_new0 (double, w->P), *diagonal = g_new0 (double, w->P), *e = g_new0 (double, w->P);
  double total = 0, expected = 0;
  guint draws = 400;

  for (guint k = 0; k < draws; k++)
    {
      factors->options.seed = k;
      g_assert_true (assay_factors_fit_spectrum (factors, &w->point, NULL, NULL));
      for (guint m = 0; m < factors->modules->n; m++)
        assay_module_write (&factors->modules->module[m], factors->of[m].lambda, found);
      for (gint64 p = 0; p < w->P; p++)
        mean[p] += found[p] / draws;
    }
  for (gint64 p = 0; p < w->P; p++)
    {
      e[p] = 1;
      g_assert_true (assay_linop_apply (G, 1, e, found, NULL));
      diagonal[p] = found[p];
      e[p] = 0;
      total += mean[p];
      expected += diagonal[p];
    }
  g_assert_cmpfloat (fabs (total / expected - 1), <=, 0.1);
  g_assert_cmpfloat (assay_compare (mean, diagonal, w->P).relative, <=, 5 * sqrt (30.0 / draws));
}

/* --- single rules ----------------------------------------------------------------------------------------------------------- */

static const WorldCase *
find_case (const char *name)
{
  for (const WorldCase *c = world_cases; c->name != NULL; c++)
    if (strcmp (c->name, name) == 0)
      return c;
  g_assert_not_reached ();
}

static void
test_frequencies (void)
{
  g_autoptr (World) w = world_new (find_case ("transformer, llama, mean over tokens"), 1);
  g_autoptr (AssayFactors) factors = fit (w, &empirical);
  const AssayModule *module = assay_modules_find (factors->modules, "model.embed_tokens");
  const AssayFactorsSide *A = &factors->of[module - factors->modules->module].row;
  gint32 token[6];
  g_autofree double *count = g_new0 (double, A->n);

  g_assert_false (A->is_dense);
  for (gint64 i = 0; i < w->N; i++)
    {
      AssayBatch batch = { .dtype = ASSAY_F64, .token = token };

      assay_dataset_fill (w->dataset, &w->examples[i], 1, &batch);
      for (guint t = 0; t < 6; t++)
        count[token[t]] += 1;
    }
  for (gint64 v = 0; v < A->n; v++)
    g_assert_cmpfloat (A->moment[v], ==, count[v] * (1 / (6.0 * (double) w->N)));
}

static void
test_tied (void)
{
  g_autoptr (World) w = world_new (find_case ("transformer, gpt2"), 1);
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
  const AssayModule *wte = assay_modules_find (modules, "wte"), *wpe = assay_modules_find (modules, "wpe"), *norm = assay_modules_find (modules, "ln_f");

  g_assert_cmpstr (wte->kind, ==, "tied head");
  g_assert_cmpuint (wte->n_uses, ==, 2);
  g_assert_cmpstr (wpe->kind, ==, "position embedding");
  g_assert_cmpstr (norm->kind, ==, "norm");
  g_assert_cmpint (norm->rows, ==, 16);
  g_assert_cmpint (norm->columns, ==, 1);
}

/* A data set of 4 examples whose last positions have no weight; what stands there is given. */
static AssayFactors *
fit_masked (gint32 filler, double *scores)
{
  g_autoptr (World) w = world_new (find_case ("transformer, gpt2"), 1);
  gint32 token[24], target[24];
  float weight[24];
  const gint64 examples[] = { 0, 1, 2, 3 };
  g_autoptr (AssayDataset) dataset = NULL;
  AssayPoint point = w->point;
  AssayFactors *factors;
  g_autoptr (AssayBuffer) x = world_draw (w, 8, 1);

  for (gint32 i = 0; i < 24; i++)
    {
      weight[i] = i % 6 < 4;
      token[i] = i % 6 < 4 ? (i * 7 + i / 6) % 11 : filler;
      target[i] = i % 6 < 4 ? (i * 5 + 1) % 11 : filler;
    }
  dataset = assay_dataset_new_from_token_arrays (4, 6, 11, token, target, weight, "train", 0, NULL, NULL);
  point.dataset = dataset;
  point.examples = examples;
  point.n_examples = 4;
  factors = assay_factors_fit (&point, &(AssayFactorsOptions) { .seed = 3 }, NULL, NULL);
  g_assert_true (assay_module_scores (&point, factors->modules, 1, x, ASSAY_ROUTE_CHEAPER, scores, NULL, NULL, NULL));
  return factors;
}

static void
test_masked (void)
{
  double scores[2][4];
  g_autoptr (AssayFactors) a = fit_masked (0, scores[0]), b = fit_masked (9, scores[1]);

  for (guint m = 0; m < a->modules->n; m++)
    {
      gsize row = a->of[m].row.n * sizeof (double), column = a->of[m].column.n * sizeof (double), lambda = a->of[m].row.n * column;

      g_assert_cmpmem (a->of[m].lambda, lambda, b->of[m].lambda, lambda);
      g_assert_cmpmem (a->of[m].row.values, row, b->of[m].row.values, row);
      g_assert_cmpmem (a->of[m].column.values, column, b->of[m].column.values, column);
      if (strcmp (a->modules->module[m].kind, "linear") == 0)
        g_assert_cmpfloat (a->of[m].positions, ==, 4);
    }
  g_assert_cmpmem (scores[0], sizeof scores[0], scores[1], sizeof scores[1]);
}

/* Where positions see those behind them nothing is masked: what stands at positions without weight is in every gradient. */
static void
test_seen_without_weight (void)
{
  g_autoptr (World) w = world_new (find_case ("encoder"), 1);
  gint32 token[24], target[24];
  float weight[24];
  const gint64 examples[] = { 0, 1, 2, 3 };
  g_autoptr (AssayDataset) dataset = NULL;
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
  g_autoptr (AssayBuffer) x = world_draw (w, 8, 1), rows = assay_mem_new (double, 4 * w->P, NULL);
  double expected[4] = { 0 }, found[4];

  for (gint32 i = 0; i < 24; i++)
    {
      weight[i] = i % 6 < 4;
      token[i] = (i * 7 + i / 6) % 11;
      target[i] = (i * 5 + 1) % 11;
    }
  dataset = assay_dataset_new_from_token_arrays (4, 6, 11, token, target, weight, "train", 0, NULL, NULL);
  w->point.dataset = dataset;
  w->point.examples = examples;
  w->point.n_examples = 4;
  g_assert_true (assay_gradient_rows (&w->point, rows, NULL, NULL));
  for (gint64 i = 0; i < 4 * w->P; i++)
    expected[i / w->P] += ((double *) rows)[i] * ((double *) x)[i % w->P];
  g_assert_true (assay_module_scores (&w->point, modules, 1, x, ASSAY_ROUTE_CHEAPER, found, NULL, NULL, NULL));
  assert_same (found, expected, 4, 1e-12);
}

/* Moments and Lambda of two points are means of theirs; of the same point twice they are its own. Sums of two doubles and a half: rounding alone. */
static void
test_mean (void)
{
  g_autoptr (World) w = world_new (find_case ("mlp with relu"), 1);
  AssayPoint points[2] = { w->point, w->point };
  g_autoptr (AssayBuffer) moved = assay_mem_alloc_array (w->P, sizeof (double), NULL);
  const AssayFactorsOptions diagonal = { .basis = ASSAY_FACTORS_IDENTITY, .is_empirical = TRUE };
  g_autoptr (AssayFactors) one = fit (w, &empirical), twice = assay_factors_fit_mean (points, 2, &empirical, NULL, NULL);
  g_autoptr (AssayFactors) here = NULL, there = NULL, between = NULL, moments = NULL;

  g_assert_cmpint (twice->N, ==, 2 * one->N);
  for (guint m = 0; m < one->modules->n; m++)
    for (gint64 i = 0; i < one->of[m].row.n * one->of[m].row.n; i++)
      g_assert_cmpfloat_with_epsilon (twice->of[m].row.moment[i], one->of[m].row.moment[i], 1e-14 * one->of[m].row.values[one->of[m].row.n - 1]);
  assay_point_read_theta (&w->point, ASSAY_F64, moved);
  for (gint64 p = 0; p < w->P; p++)
    ((double *) (gpointer) moved)[p] *= 1.25;
  points[1].theta = (const double *) (gconstpointer) moved;
  here = assay_factors_fit (&points[0], &diagonal, NULL, NULL);
  there = assay_factors_fit (&points[1], &diagonal, NULL, NULL);
  between = assay_factors_fit_mean (points, 2, &diagonal, NULL, NULL);
  moments = assay_factors_fit_mean (points, 2, &empirical, NULL, NULL);
  for (guint m = 0; m < here->modules->n; m++)
    {
      double trace = 0, expected = 0;

      for (gint64 i = 0; i < here->of[m].row.n * here->of[m].column.n; i++)
        {
          double mean = (here->of[m].lambda[i] + there->of[m].lambda[i]) / 2;

          g_assert_cmpfloat_with_epsilon (between->of[m].lambda[i], mean, 1e-14 * (1 + mean));
          trace += moments->of[m].lambda[i];
          expected += mean;
        }
      g_assert_cmpfloat_with_epsilon (trace, expected, 1e-12 * expected);       /* no basis changes a trace */
    }
}

/* The mean over three points that differ: as many terms of each sum, and more. */
static AssayFactors *
fit_at_three (World *w, const AssayFactorsSummer *summer, GError **error)
{
  const AssayFactorsOptions drawn = { .seed = 5 };
  AssayPoint points[3] = { w->point, w->point, w->point };
  g_autoptr (AssayBuffer) moved = assay_mem_alloc_array (2 * w->P, sizeof (double), NULL);
  AssayFactors *factors;

  for (guint k = 1; k < 3; k++)
    {
      double *theta = (double *) (gpointer) moved + (k - 1) * w->P;

      assay_point_read_theta (&w->point, ASSAY_F64, theta);
      for (gint64 p = 0; p < w->P; p++)
        theta[p] *= 1 + 0.3 * k;
      points[k].theta = theta;
    }
  return assay_factors_fit_share (points, 3, &drawn, summer, &factors, NULL, error) ? factors : NULL;
}

typedef struct {
  const AssayFactors *expected;
  gboolean stops;               /* the last rank is stopped before it begins */
} Together;

static void
fit_as_rank (AssayCollective *self, gpointer data)
{
  const Together *together = data;
  const AssayFactorsSummer summer = assay_factors_summer_of_ranks (self);
  g_autoptr (World) w = world_new (find_case ("mlp with relu"), 1 + self->rank % 2);
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayFactors) factors = NULL;

  if (together->stops && self->rank == self->size - 1)
    {
      g_assert_false (assay_collective_agree (self, g_error_new_literal (ASSAY_ERROR, ASSAY_ERROR_TERMINATED, "stopped"), &error));
      return;
    }
  factors = fit_at_three (w, &summer, &error);
  if (together->stops)
    {
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_TERMINATED);
      return;
    }
  g_assert_no_error (error);
  for (guint m = 0; m < factors->modules->n; m++)
    {
      const AssayModuleFactors *of = &factors->of[m], *expected = &together->expected->of[m];
      const gsize R = (gsize) of->row.n, C = (gsize) of->column.n;

      g_assert_cmpmem (of->lambda, R * C * sizeof (double), expected->lambda, R * C * sizeof (double));
      g_assert_cmpmem (of->row.moment, R * R * sizeof (double), expected->row.moment, R * R * sizeof (double));
      g_assert_cmpmem (of->column.vectors, C * C * sizeof (double), expected->column.vectors, C * C * sizeof (double));
    }
}

static void
test_together (void)
{
  g_autoptr (World) w = world_new (find_case ("mlp with relu"), 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayFactors) alone = fit_at_three (w, NULL, &error);
  Together together = { .expected = alone };

  g_assert_no_error (error);
  for (guint size = 2; size <= 4; size++)
    ring_run (size, fit_as_rank, &together);
  together.stops = TRUE;
  ring_run (3, fit_as_rank, &together);
}

static void
test_groups (void)
{
  static const char *const names[] = { "conv1.group0", "conv1.group1", "conv2.group0", "conv2.group1", "conv2.group2", "conv2.group3", "fc1" };
  g_autoptr (World) w = world_new (find_case ("cnn, groups"), 1);
  g_autoptr (AssayModules) modules = assay_modules_new (w->point.model, NULL);

  g_assert_cmpuint (modules->n, ==, G_N_ELEMENTS (names));
  for (guint m = 0; m < modules->n; m++)
    {
      g_assert_nonnull (assay_modules_find (modules, names[m]));
      g_assert_cmpint (modules->module[m].rows, ==, m < 2 ? 2 : m < 6 ? 1 : 3);
    }
}

/* Channels by channels: 256 / 32 of the scan, 256 / 31 of a convolution without a bias. */
static void
test_channels (void)
{
  static const struct { const char *name; gint64 rows; } parts[] = {
    { "layers.0.mixer.channels0", 8 * 32 }, { "layers.0.mixer.channels1", 32 }, { "layers.0.mixer.conv1d.channels0", 8 * 31 }, { "layers.0.mixer.conv1d.channels1", 31 },
  };
  static const WorldCase wide = { "mamba, many states", "mamba",
    "{\"vocabulary\": 11, \"context\": 5, \"width\": 3, \"layers\": 1, \"inner\": 9, \"state\": 31, \"kernel\": 31, \"conv-bias\": false, \"token-reduction\": \"mean\"}" };
  g_autoptr (World) w = world_new (&wide, 1);
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (parts); k++)
    {
      const AssayModule *module = assay_modules_find (modules, parts[k].name);

      g_assert_nonnull (module);
      g_assert_cmpstr (module->kind, ==, k < 2 ? "selective scan" : "causal convolution");
      g_assert_cmpint (module->rows, ==, parts[k].rows);
      g_assert_cmpint (module->columns, ==, 1);
    }
  test_coverage (&wide);
  test_diagonal (&wide);
  test_scores (&wide);
}

/* A head that is tied to the embedding and has a bias: one matrix, whose last column only the head fills. */
static void
test_tied_bias (void)
{
  g_autoptr (World) w = world_new (find_case ("encoder"), 1);
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
  const AssayModule *table = assay_modules_find (modules, "embeddings.word_embeddings"), *types = assay_modules_find (modules, "embeddings.token_type_embeddings");

  g_assert_cmpstr (table->kind, ==, "tied head");
  g_assert_cmpuint (table->n_uses, ==, 2);
  g_assert_cmpint (table->rows, ==, 11);
  g_assert_cmpint (table->columns, ==, 7);
  g_assert_cmpint (table->n_params, ==, 77);
  g_assert_cmpstr (types->kind, ==, "embedding");
  g_assert_cmpint (types->rows, ==, 2);
}

static void
test_nothing_to_divide_by (void)
{
  g_autoptr (World) w = world_new (find_case ("mlp with relu"), 1);
  g_autoptr (AssayFactors) factors = fit (w, &empirical);
  const AssayFactorsDamping none = { ASSAY_DAMPING_ABSOLUTE, 0, 0 };
  g_autoptr (GError) error = NULL;

  factors->of[0].lambda[3] = 0;
  g_assert_null (assay_factors_inverse_new (factors, ASSAY_SPECTRUM_FITTED, &none, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "damping"));
}

static void
test_route (void)
{
  AssayModuleUse use = { .positions = 64 };
  AssayModule module = { .rows = 192, .columns = 65, .n_uses = 1, .uses = &use };

  g_assert_cmpint (assay_module_choose_route (&module, 20, NULL), ==, ASSAY_ROUTE_FORM);
  g_assert_cmpint (assay_module_choose_route (&module, 1, NULL), ==, ASSAY_ROUTE_POSITIONS);
  use.row_is_index = TRUE;
  module.rows = 50000;
  g_assert_cmpint (assay_module_choose_route (&module, 20, NULL), ==, ASSAY_ROUTE_POSITIONS);
}

static void
test_cost (void)
{
  g_autoptr (World) w = world_new (find_case ("transformer, gpt2"), 1);
  const AssayFactorsOptions options = { 0 };
  double flops, bytes, more;

  g_assert_true (assay_factors_get_cost (w->model, &options, ASSAY_F32, 10, &flops, &bytes, NULL));
  g_assert_true (assay_factors_get_cost (w->model, &options, ASSAY_F32, 1000, &more, &bytes, NULL));
  g_assert_cmpfloat (flops, >, 0);
  g_assert_cmpfloat (more, >, 20 * flops);
  g_assert_cmpfloat (bytes, >=, 8.0 * (double) w->P);
}

/* g' A^-1 g of one example by its definition: a sum without cancellation. */
static double
sum_form (const AssayFactors *factors, const AssayFactorsInverse *inverse, AssayFactorsSpectrum spectrum, const double *g)
{
  double form = 0;

  for (guint m = 0; m < factors->modules->n; m++)
    {
      const AssayModule *module = &factors->modules->module[m];
      gint64 size = module->rows * module->columns;
      g_autofree double *D = g_new (double, size), *turned = g_new (double, size);

      assay_module_read (module, g, D);
      rotate (&factors->of[m], D, turned);
      for (gint64 e = 0; e < size; e++)
        form += turned[e] * turned[e]
                / (assay_factors_get_eigenvalue (factors, m, spectrum, e / module->columns, e % module->columns) + assay_factors_inverse_get_lambda (inverse, m));
    }
  return form;
}

/* forms against the definition, and against the matrix of the inverse, whose entries are off by 1e-12 of its norm, 1 / lambda, at most. */
static void
check_forms (gconstpointer c, AssayFactorsBasis basis, AssayFactorsSpectrum spectrum)
{
  const AssayFactorsOptions options = { .basis = basis, .is_empirical = TRUE };
  const AssayFactorsDamping damping = { ASSAY_DAMPING_ABSOLUTE, 0.03, 0.02 };
  g_autoptr (World) w = world_new (c, 1), crew = world_new (c, 3);
  g_autoptr (AssayFactors) factors = fit (w, &options);
  AssayFactorsInverse *inverse = assay_factors_inverse_new (factors, spectrum, &damping, NULL, NULL);
  g_autoptr (AssayLinop) op = assay_factors_inverse_to_linop (inverse);
  g_autoptr (AssayBuffer) rows = get_gradients (w), matrix = assay_dense_assemble (op, 8, 1, (guint64) 1 << 30, NULL, NULL),
                          product = assay_mem_new (double, w->P, NULL);
  g_autofree double *forms = g_new (double, w->N), *again = g_new (double, w->N);

  g_assert_nonnull (matrix);
  g_assert_true (assay_factors_forms (inverse, spectrum, &w->point, forms, NULL, NULL));
  g_assert_true (assay_factors_forms (inverse, spectrum, &crew->point, again, NULL, NULL));
  g_assert_cmpmem (forms, w->N * sizeof *forms, again, w->N * sizeof *again);
  for (gint64 i = 0; i < w->N; i++)
    {
      const double *g = (const double *) rows + i * w->P;
      double by_matrix = 0, square = 0;

      assay_dense_multiply (w->P, matrix, 1, g, product);
      for (gint64 p = 0; p < w->P; p++)
        {
          by_matrix += g[p] * ((double *) product)[p];
          square += g[p] * g[p];
        }
      g_assert_cmpfloat (fabs (forms[i] / sum_form (factors, inverse, spectrum, g) - 1), <=, 1e-12);
      g_assert_cmpfloat (fabs (forms[i] - by_matrix), <=, 1e-12 * square / (damping.value + damping.l2));
    }
}

static void
test_forms (gconstpointer data)
{
  check_forms (data, ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_FITTED);
  check_forms (data, ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_KRONECKER);
  check_forms (data, ASSAY_FACTORS_SHAMPOO, ASSAY_SPECTRUM_FITTED);
  check_forms (data, ASSAY_FACTORS_IDENTITY, ASSAY_SPECTRUM_FITTED);
}

int
main (int argc, char **argv)
{
  static const struct { const char *what; void (*run) (gconstpointer); } each[] = {
    { "every parameter is in one module", test_coverage },
    { "Lambda is the diagonal of the Fisher matrix in the basis", test_spectrum },
    { "without a basis it is the diagonal itself", test_diagonal },
    { "moments are means over positions", test_moments },
    { "second moments of whole gradients are theirs", test_second_moments },
    { "the inverse undoes the damped matrix", test_inverse },
    { "forms of the examples' own gradients are those of the inverse's matrix", test_forms },
    { "scores are inner products by either route", test_scores },
    { "squared norms are the gradients' own", test_norms },
    { "any crew and batch gives the same bits", test_bits },
    { "single precision is near", test_single_precision },
  };

  g_test_init (&argc, &argv, NULL);
  for (const WorldCase *c = world_cases; c->name != NULL; c++)
    for (gsize k = 0; k < G_N_ELEMENTS (each); k++)
      {
        g_autofree char *path = g_strdup_printf ("/factors/%s/%s", c->name, each[k].what);

        g_test_add_data_func (path, c, each[k].run);
      }
  g_test_add_data_func ("/factors/drawn classes have the Gauss-Newton matrix as their mean", find_case ("mlp"), test_draws);
  g_test_add_data_func ("/factors/drawn sides of a logistic loss too", find_case ("logistic regression"), test_draws);
  g_test_add_data_func ("/factors/drawn reals of a squared loss too", find_case ("least squares"), test_draws);
  g_test_add_data_func ("/factors/weighted tokens too", find_case ("transformer, llama, mean over tokens"), test_draws);
  g_test_add_data_func ("/factors/masked-LM answers too", find_case ("encoder"), test_draws);
  g_test_add_func ("/factors/a convolution's groups are blocks of their own", test_groups);
  g_test_add_func ("/factors/of several points are means over them", test_mean);
  g_test_add_func ("/factors/ranks together have the bits of one process", test_together);
  g_test_add_func ("/factors/an embedding's factor is the frequency of its tokens", test_frequencies);
  g_test_add_func ("/factors/a head tied to the embedding is one module with two uses", test_tied);
  g_test_add_func ("/factors/a bias beside a tied head is its last column", test_tied_bias);
  g_test_add_func ("/factors/channels are blocks of 256 parameters", test_channels);
  g_test_add_func ("/factors/masked positions change no bit", test_masked);
  g_test_add_func ("/factors/an encoder sees positions without weight", test_seen_without_weight);
  g_test_add_func ("/factors/an eigenvalue of 0 needs a damping", test_nothing_to_divide_by);
  g_test_add_func ("/factors/routes are chosen by flops", test_route);
  g_test_add_func ("/factors/cost grows with the examples", test_cost);
  return g_test_run ();
}
