/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrices.c: see matrices.h. */
#include "matrices.h"

#include "base/mem.h"

#include <math.h>
#include <stdarg.h>

void
fill_normal (guint64 seed, gint64 n, double *x)
{
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("test", 0));

  for (gint64 i = 0; i < n; i++)
    x[i] = assay_rng_normal (&rng);
}

/* A <- (I - 2 u u') A (I - 2 u u') with |u| = 1: A - 2 u w' - 2 w u' + 4 (u'w) u u', w = A u. */
static void
reflect (gint64 n, double *A, const double *u)
{
  g_autofree double *w = g_new0 (double, n);
  double uw = 0;

  for (gint64 i = 0; i < n; i++)
    for (gint64 j = 0; j < n; j++)
      w[i] += A[i * n + j] * u[j];
  for (gint64 i = 0; i < n; i++)
    uw += u[i] * w[i];
  for (gint64 i = 0; i < n; i++)
    for (gint64 j = 0; j <= i; j++)
      {
        A[i * n + j] += -2 * (u[i] * w[j] + w[i] * u[j]) + 4 * uw * u[i] * u[j];
        A[j * n + i] = A[i * n + j];
      }
}

double *
make_spectrum (guint64 seed, gint64 n, const double *values)
{
  double *A = assay_mem_new (double, n * n, NULL);
  g_autofree double *u = g_new (double, n);

  for (gint64 i = 0; i < n; i++)
    A[i * n + i] = values[i];
  for (guint64 k = 0; k < 3; k++)
    {
      double norm = 0;

      fill_normal (seed * 3 + k, n, u);
      for (gint64 i = 0; i < n; i++)
        norm += u[i] * u[i];
      for (gint64 i = 0; i < n; i++)
        u[i] /= sqrt (norm);
      reflect (n, A, u);
    }
  return A;
}

double *
make_hilbert (gint64 n)
{
  double *A = assay_mem_new (double, n * n, NULL);

  for (gint64 i = 0; i < n; i++)
    for (gint64 j = 0; j < n; j++)
      A[i * n + j] = 1.0 / (double) (i + j + 1);
  return A;
}

typedef struct {
  AssayLinop base;
  AssayLinop *A;
  guint64 after;
} NanLinop;

static gboolean
apply_nan (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  NanLinop *self = (NanLinop *) op;

  if (!assay_linop_apply (self->A, K, X, Y, error))
    return FALSE;
  if (op->n_applied > self->after)
    Y[op->n / 2] = NAN;
  return TRUE;
}

static void
finalize_nan (AssayLinop *op)
{
  assay_linop_unref (((NanLinop *) op)->A);
}

AssayLinop *
make_nan_linop (AssayLinop *A, guint64 after)
{
  AssayLinop prototype = { .name = "broken", .n = A->n, .is_symmetric = TRUE, .shift = A->shift, .apply = apply_nan,
                           .finalize = finalize_nan };
  NanLinop *self = assay_linop_alloc (sizeof *self, &prototype);

  self->A = assay_linop_ref (A);
  self->after = after;
  return &self->base;
}

AssayValues *
make_options (const AssaySolver *solver, ...)
{
  AssayValues *options = assay_values_new (solver->params);
  const char *setting;
  va_list args;

  va_start (args, solver);
  while ((setting = va_arg (args, const char *)) != NULL)
    {
      g_auto (GStrv) parts = g_strsplit (setting, "=", 2);
      GError *error = NULL;

      assay_values_set_text (options, parts[0], parts[1], &error);
      g_assert_no_error (error);
    }
  va_end (args);
  return options;
}

AssayLinop *
make_coarse_linop (gint64 n, const double *matrix, double **rounded)
{
  *rounded = assay_mem_new (double, n * n, NULL);
  for (gint64 i = 0; i < n * n; i++)
    {
      float value = (float) matrix[i];
      guint32 bits;

      memcpy (&bits, &value, sizeof bits);
      bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
      memcpy (&value, &bits, sizeof value);
      (*rounded)[i] = (double) value;
    }
  return assay_linop_dense_new (n, *rounded, TRUE, -INFINITY);
}
