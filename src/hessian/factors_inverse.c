/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_inverse.c: rotate, divide, rotate back. */
#include "hessian/factors_inverse.h"

#include "base/error.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

#define PRODUCT_ERROR 1e-12     /* two rotations there and back, in double */

const char *const assay_damping_modes[] = { "block", "global", "absolute", NULL };

struct _AssayFactorsInverse {
  const AssayFactors *factors;
  AssayFactorsSpectrum spectrum;
  AssayWorkers *workers;
  double *lambda;               /* (modules) */
  double smallest, largest;     /* eigenvalue of A */
  double *D, *work;             /* of the largest module */
  double *vector;               /* (P); NULL where the factors cover every parameter */
};

double
assay_factors_get_eigenvalue (const AssayFactors *factors, guint module, AssayFactorsSpectrum spectrum, gint64 row, gint64 column)
{
  const AssayModuleFactors *of = &factors->of[module];

  if (spectrum == ASSAY_SPECTRUM_FITTED)
    return of->lambda[row * of->column.n + column];
  /* A moment has no negative eigenvalues: what is below 0 is rounding. */
  return of->positions * MAX (0, of->row.values[row]) * MAX (0, of->column.values[column]);
}

double
assay_factors_get_mean (const AssayFactors *factors, AssayFactorsSpectrum spectrum, gint64 module)
{
  double sum = 0, n = 0;

  for (guint m = module < 0 ? 0 : (guint) module; m < (module < 0 ? factors->modules->n : (guint) module + 1); m++)
    {
      const AssayModule *of = &factors->modules->module[m];

      for (gint64 i = 0; i < of->rows; i++)
        for (gint64 j = 0; j < of->columns; j++)
          sum += assay_factors_get_eigenvalue (factors, m, spectrum, i, j);
      n += (double) of->n_params;
    }
  return sum / n;
}

static double
choose_lambda (const AssayFactors *factors, AssayFactorsSpectrum spectrum, const AssayFactorsDamping *damping, guint module, double global)
{
  switch (damping->mode)
    {
    case ASSAY_DAMPING_BLOCK:
      return damping->l2 + damping->value * assay_factors_get_mean (factors, spectrum, module);
    case ASSAY_DAMPING_GLOBAL:
      return damping->l2 + damping->value * global;
    default:
      return damping->l2 + damping->value;
    }
}

/* Smallest and largest eigenvalue of a module. */
static void
get_range (const AssayFactors *factors, AssayFactorsSpectrum spectrum, guint module, double *smallest, double *largest)
{
  const AssayModule *of = &factors->modules->module[module];

  *smallest = INFINITY;
  *largest = 0;
  for (gint64 i = 0; i < of->rows; i++)
    for (gint64 j = 0; j < of->columns; j++)
      {
        double value = assay_factors_get_eigenvalue (factors, module, spectrum, i, j);

        *smallest = MIN (*smallest, value);
        *largest = MAX (*largest, value);
      }
}

AssayFactorsInverse *
assay_factors_inverse_new (const AssayFactors *factors, AssayFactorsSpectrum spectrum, const AssayFactorsDamping *damping, AssayWorkers *workers,
                           GError **error)
{
  g_autoptr (AssayFactorsInverse) inverse = g_new0 (AssayFactorsInverse, 1);
  double global = damping->mode == ASSAY_DAMPING_GLOBAL ? assay_factors_get_mean (factors, spectrum, -1) : 0;
  gint64 size = 1;

  inverse->smallest = INFINITY;
  inverse->factors = factors;
  inverse->spectrum = spectrum;
  inverse->workers = workers;
  inverse->lambda = g_new0 (double, factors->modules->n);
  for (guint m = 0; m < factors->modules->n; m++)
    {
      const AssayModule *module = &factors->modules->module[m];
      double smallest, largest;

      size = MAX (size, module->rows * module->columns);
      inverse->lambda[m] = choose_lambda (factors, spectrum, damping, m, global);
      get_range (factors, spectrum, m, &smallest, &largest);
      inverse->smallest = MIN (inverse->smallest, smallest + inverse->lambda[m]);
      inverse->largest = MAX (inverse->largest, largest + inverse->lambda[m]);
      if (!(smallest + inverse->lambda[m] > 0))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                       "damping: %s has an eigenvalue of %g, and l2 and damping add %g to it: give a damping above 0", module->name, smallest,
                       inverse->lambda[m]);
          return NULL;
        }
    }
  if ((inverse->D = assay_mem_alloc_array (size, sizeof (double), error)) == NULL
      || (inverse->work = assay_mem_alloc_array (size, sizeof (double), error)) == NULL)
    return NULL;
  if (factors->modules->covered < factors->modules->P
      && (inverse->vector = assay_mem_alloc_array (factors->modules->P, sizeof (double), error)) == NULL)
    return NULL;
  if (inverse->vector != NULL)
    memset (inverse->vector, 0, factors->modules->P * sizeof (double));
  return g_steal_pointer (&inverse);
}

void
assay_factors_inverse_free (AssayFactorsInverse *inverse)
{
  if (inverse == NULL)
    return;
  g_free (inverse->lambda);
  assay_mem_free (inverse->D);
  assay_mem_free (inverse->work);
  assay_mem_free (inverse->vector);
  g_free (inverse);
}

const AssayFactors *
assay_factors_inverse_get_factors (const AssayFactorsInverse *inverse)
{
  return inverse->factors;
}

double
assay_factors_inverse_get_lambda (const AssayFactorsInverse *inverse, guint module)
{
  return inverse->lambda[module];
}

double
assay_factors_inverse_get_divisor (const AssayFactorsInverse *inverse, guint module, gint64 row, gint64 column)
{
  return assay_factors_get_eigenvalue (inverse->factors, module, inverse->spectrum, row, column) + inverse->lambda[module];
}

double
assay_factors_inverse_get_smallest (const AssayFactorsInverse *inverse)
{
  return inverse->smallest;
}

void
assay_factors_inverse_apply_module (AssayFactorsInverse *inverse, guint module, const double *D, double *X)
{
  const AssayModuleFactors *of = &inverse->factors->of[module];
  gint64 rows = of->row.n, columns = of->column.n;

  if (X != D)
    memcpy (X, D, rows * columns * sizeof *X);
  assay_factors_rotate (of, TRUE, inverse->workers, X, inverse->work);
  for (gint64 i = 0; i < rows; i++)
    for (gint64 j = 0; j < columns; j++)
      X[i * columns + j] /= assay_factors_inverse_get_divisor (inverse, module, i, j);
  assay_factors_rotate (of, FALSE, inverse->workers, X, inverse->work);
}

void
assay_factors_inverse_apply (AssayFactorsInverse *inverse, gint64 K, const double *X, double *Y)
{
  const AssayModules *modules = inverse->factors->modules;

  for (gint64 k = 0; k < K; k++)
    {
      double *out = inverse->vector ? inverse->vector : Y + k * modules->P;

      for (guint m = 0; m < modules->n; m++)
        {
          assay_module_read (&modules->module[m], X + k * modules->P, inverse->D);
          assay_factors_inverse_apply_module (inverse, m, inverse->D, inverse->D);
          assay_module_write (&modules->module[m], inverse->D, out);
        }
      if (inverse->vector != NULL)              /* 0 where no module covers */
        memcpy (Y + k * modules->P, out, modules->P * sizeof *Y);
    }
}

/* --- as an operator --------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayLinop base;
  AssayFactorsInverse *inverse;
} InverseLinop;

static gboolean
apply_linop (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  (void) error;
  assay_factors_inverse_apply (((InverseLinop *) op)->inverse, K, X, Y);
  return TRUE;
}

static void
finalize_linop (AssayLinop *op)
{
  assay_factors_inverse_free (((InverseLinop *) op)->inverse);
}

AssayLinop *
assay_factors_inverse_to_linop (AssayFactorsInverse *inverse)
{
  const AssayLinop prototype = { .name = "inverse of Kronecker factors", .n = inverse->factors->modules->P, .is_symmetric = TRUE,
                                 .shift = 1 / inverse->largest, .product_error = PRODUCT_ERROR, .apply = apply_linop,
                                 .finalize = finalize_linop };
  InverseLinop *op = assay_linop_alloc (sizeof *op, &prototype);

  op->inverse = inverse;
  return &op->base;
}
