/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lanczos.c: see lanczos.h. */
#include "hessian/lanczos.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/block.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"

#include <float.h>
#include <string.h>

void
assay_lanczos_free (AssayLanczos *lanczos)
{
  if (lanczos == NULL)
    return;
  assay_mem_free (lanczos->basis);
  assay_mem_free (lanczos->ritz);
  assay_mem_free (lanczos->rotation);
  g_free (lanczos);
}

double
assay_lanczos_get_error (const AssayLanczos *lanczos, gint64 j)
{
  return fabs (lanczos->last_beta * lanczos->rotation[j * lanczos->k + lanczos->k - 1]);
}

/* Fills basis (steps,n), whose first row is the start at unit norm, and T's diagonals; returns the steps made, or -1. */
static gint64
run_steps (AssayLinop *A, gint64 steps, double *basis, double *alpha, double *beta, double *w, double *scratch, AssayProgress *progress,
           GError **error)
{
  gint64 n = A->n;
  double norm = 0;

  for (gint64 j = 0; j < steps; j++)
    {
      double *q = basis + j * n;

      if (assay_progress_is_cancelled (progress, error) || !assay_linop_apply (A, 1, q, w, error))
        return -1;
      alpha[j] = assay_f64_dot (n, q, w);
      norm = MAX (norm, assay_f64_norm (n, w));
      if (!isfinite (alpha[j]))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "Lanczos: product %" G_GINT64_FORMAT " with %s is not finite", j + 1, A->name);
          return -1;
        }
      assay_block_project_out (n, j + 1, basis, 1, w, scratch);
      beta[j] = assay_f64_norm (n, w);
      assay_progress_report (progress, "Lanczos", j + 1, steps, "products", A->name);
      if (beta[j] <= (double) n * DBL_EPSILON * norm)             /* the space is invariant: what is left is rounding */
        {
          beta[j] = 0;
          return j + 1;
        }
      if (j + 1 < steps)
        for (gint64 i = 0; i < n; i++)
          basis[(j + 1) * n + i] = w[i] / beta[j];
    }
  return steps;
}

static gboolean
diagonalise (AssayLanczos *self, const double *alpha, const double *beta, GError **error)
{
  gint64 k = self->k;

  self->ritz = assay_mem_alloc_array (k, sizeof (double), error);
  self->rotation = self->ritz ? assay_mem_alloc_array (k * k, sizeof (double), error) : NULL;
  if (self->rotation == NULL)
    return FALSE;
  for (gint64 j = 0; j < k; j++)
    {
      self->rotation[j * k + j] = alpha[j];
      if (j + 1 < k)
        self->rotation[j * k + j + 1] = self->rotation[(j + 1) * k + j] = beta[j];
    }
  return assay_dense_eigen (NULL, "Lanczos matrix", ASSAY_F64, k, self->rotation, self->ritz, NULL, error);
}

AssayLanczos *
assay_lanczos_new (AssayLinop *A, gint64 steps, const double *start, gboolean keep_basis, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayLanczos) self = g_new0 (AssayLanczos, 1);
  g_autoptr (AssayBuffer) basis = NULL, work = NULL;
  double *alpha, *beta, *w;

  self->n = A->n;
  self->start_norm = assay_f64_norm (A->n, start);
  steps = MIN (steps, A->n);
  if (!A->is_symmetric || !(self->start_norm > 0) || !isfinite (self->start_norm))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "Lanczos: a symmetric operator and a start that is finite and not zero expected, %s of norm %g found",
                   A->is_symmetric ? "a start" : "an operator that is not symmetric and a start", self->start_norm);
      return NULL;
    }
  basis = assay_mem_alloc_array (steps * A->n, sizeof (double), error);
  work = basis ? assay_mem_alloc_array (A->n + 3 * steps, sizeof (double), error) : NULL;
  if (work == NULL)
    return NULL;
  w = work;
  alpha = w + A->n;
  beta = alpha + steps;
  for (gint64 i = 0; i < A->n; i++)
    ((double *) basis)[i] = start[i] / self->start_norm;
  self->k = run_steps (A, steps, basis, alpha, beta, w, beta + steps, progress, error);
  if (self->k < 0 || !diagonalise (self, alpha, beta, error))
    return NULL;
  self->last_beta = beta[self->k - 1];
  if (keep_basis)
    self->basis = g_steal_pointer (&basis);
  return g_steal_pointer (&self);
}
