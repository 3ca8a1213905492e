/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense.c: matrices of operators by columns, LAPACK's factorisations and eigenvectors, and what is checked about them. */
#include "hessian/dense.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"
#include "hessian/vector_f64.h"
#include "tensor/gemm.h"

#include <float.h>
#include <lapacke.h>
#include <string.h>

#define MAX_N 32766             /* LAPACK counts with 32 bits, and dsyevd's workspace is 2 n^2 + 6 n + 1 */
#define BLOCK 64                /* columns assembled together */

/* LAPACK here is OpenBLAS's; left alone it would use spinning threads of its own. */
extern void openblas_set_num_threads (int n);

static void
use_one_thread (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      openblas_set_num_threads (1);
      g_once_init_leave (&once, 1);
    }
}

/* --- assembly ------------------------------------------------------------------------------------------------------------- */

static gboolean
check_size (const AssayLinop *op, guint copies, guint64 memory_limit, GError **error)
{
  guint64 n = op->n, bytes = G_MAXUINT64;

  if (n > MAX_N)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s as a matrix: at most %d parameters expected, %" G_GUINT64_FORMAT
                   " found; use conjugate gradients (cg)", op->name, MAX_N, n);
      return FALSE;
    }
  if (!assay_size_mul (n * n * sizeof (double), copies, &bytes) || bytes > memory_limit)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s as a matrix: %" G_GUINT64_FORMAT " bytes needed (%u of %" G_GUINT64_FORMAT
                   " x %" G_GUINT64_FORMAT ") and %" G_GUINT64_FORMAT " allowed; use conjugate gradients (cg) or allow more", op->name, bytes,
                   copies, n, n, memory_limit);
      return FALSE;
    }
  return TRUE;
}

double *
assay_dense_assemble (AssayLinop *op, gint64 block, guint copies, guint64 memory_limit, AssayProgress *progress, GError **error)
{
  gint64 n = op->n;
  g_autoptr (AssayBuffer) matrix = NULL, units = NULL;

  block = CLAMP (block ? block : BLOCK, 1, MAX (n, 1));
  if (!check_size (op, copies, memory_limit, error))
    return NULL;
  matrix = assay_mem_alloc_array (n * n, sizeof (double), error);
  units = matrix ? assay_mem_alloc_array (block * n, sizeof (double), error) : NULL;
  if (units == NULL)
    return NULL;
  for (gint64 first = 0; first < n; first += block)
    {
      gint64 count = MIN (block, n - first);
      double *e = units;

      if (assay_progress_is_cancelled (progress, error))
        return NULL;
      for (gint64 j = 0; j < count; j++)
        e[j * n + first + j] = 1;
      if (!assay_linop_apply (op, count, e, (double *) matrix + first * n, error))
        return NULL;
      for (gint64 j = 0; j < count; j++)
        e[j * n + first + j] = 0;
      assay_progress_report (progress, "assembling the matrix", first + count, n, "columns", op->name);
    }
  return g_steal_pointer (&matrix);
}

gboolean
assay_dense_check_finite (const char *what, gint64 n, const double *matrix, GError **error)
{
  for (gint64 i = 0; i < n * n; i++)
    if (!isfinite (matrix[i]))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: not finite at row %" G_GINT64_FORMAT ", column %" G_GINT64_FORMAT, what, i % n,
                     i / n);
        return FALSE;
      }
  return TRUE;
}

double
assay_dense_symmetrise (gint64 n, double *matrix)
{
  double largest = assay_f64_max (n * n, matrix), difference = 0;

  for (gint64 j = 0; j < n; j++)
    for (gint64 i = 0; i < j; i++)
      {
        double a = matrix[i * n + j], b = matrix[j * n + i];

        difference = MAX (difference, fabs (a - b));
        matrix[i * n + j] = matrix[j * n + i] = a / 2 + b / 2;
      }
  return largest > 0 ? difference / largest : 0;
}

void
assay_dense_multiply (gint64 n, const double *matrix, gint64 K, const double *X, double *Y)
{
  assay_gemm_f64 (NULL, FALSE, FALSE, K, n, n, 1, X, n, matrix, n, FALSE, Y, n);
}

/* --- factorisation -------------------------------------------------------------------------------------------------------- */

static double
one_norm (gint64 n, const double *matrix)
{
  double norm = 0;

  for (gint64 j = 0; j < n; j++)
    {
      double sum = 0;

      for (gint64 i = 0; i < n; i++)
        sum += fabs (matrix[j * n + i]);
      norm = MAX (norm, sum);
    }
  return norm;
}

/* Sylvester's law: A and D have the same inertia. D's blocks are 1 x 1, or 2 x 2 where a pivot is negative and given twice. */
static gint64
count_negative (gint64 n, const double *LDL, const int *pivots)
{
  gint64 negative = 0;

  for (gint64 k = 0; k < n; k++)
    {
      double a = LDL[k * n + k];

      if (pivots[k] > 0)
        negative += a < 0;
      else
        {
          double c = LDL[(k + 1) * n + k + 1], e = LDL[k * n + k + 1];

          negative += a * c - e * e < 0 ? 1 : a + c < 0 ? 2 : 0;
          k++;
        }
    }
  return negative;
}

/* Each returns LAPACK's info: 0, or k > 0 when pivot k is zero (Cholesky: not positive), or < 0 when it refused. */
static int
factor_cholesky (AssayFactor *f)
{
  int info = LAPACKE_dpotrf (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n);

  return info != 0 ? info : LAPACKE_dpocon (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n, f->norm, &f->reciprocal_condition);
}

static int
factor_ldl (AssayFactor *f)
{
  int info = LAPACKE_dsytrf (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n, f->pivots);

  if (info >= 0)
    f->n_negative = count_negative (f->n, f->matrix, f->pivots);
  return info != 0 ? info
                   : LAPACKE_dsycon (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n, f->pivots, f->norm, &f->reciprocal_condition);
}

static int
factor_lu (AssayFactor *f)
{
  int info = LAPACKE_dgetrf (LAPACK_COL_MAJOR, f->n, f->n, f->matrix, f->n, f->pivots);

  f->n_negative = -1;
  return info != 0 ? info : LAPACKE_dgecon (LAPACK_COL_MAJOR, '1', f->n, f->matrix, f->n, f->norm, &f->reciprocal_condition);
}

/* Singular is a result, a refusal an error. */
static gboolean
take_info (AssayFactor *f, int info, GError **error)
{
  f->is_singular = info > 0;
  if (info >= 0)
    return TRUE;
  if (info == LAPACK_WORK_MEMORY_ERROR)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "factors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                 ": workspace not available; use conjugate gradients (cg)", f->n, f->n);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "factors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                 ": LAPACK refused the matrix (info %d)", f->n, f->n, info);
  return FALSE;
}

static gboolean
factor_symmetric (AssayFactor *f, GError **error)
{
  gint64 n = f->n;
  g_autoptr (AssayBuffer) copy = assay_mem_alloc_array (n * n, sizeof (double), error);
  int info;

  if (copy == NULL)
    return FALSE;
  memcpy (copy, f->matrix, n * n * sizeof (double));
  f->kind = ASSAY_FACTOR_CHOLESKY;
  info = factor_cholesky (f);
  if (info <= 0)
    return take_info (f, info, error);
  assay_mem_free (f->matrix);
  f->matrix = g_steal_pointer (&copy);
  f->kind = ASSAY_FACTOR_LDL;
  f->pivots = g_new0 (int, n);
  return take_info (f, factor_ldl (f), error);
}

AssayFactor *
assay_factor_new (gint64 n, double *matrix, gboolean is_symmetric, GError **error)
{
  g_autoptr (AssayFactor) f = g_new0 (AssayFactor, 1);

  f->n = n;
  f->matrix = matrix;
  if (!assay_dense_check_finite ("matrix to factor", n, matrix, error))
    return NULL;
  use_one_thread ();
  f->norm = one_norm (n, matrix);
  if (is_symmetric)
    {
      if (!factor_symmetric (f, error))
        return NULL;
    }
  else
    {
      f->kind = ASSAY_FACTOR_LU;
      f->pivots = g_new0 (int, n);
      if (!take_info (f, factor_lu (f), error))
        return NULL;
    }
  return g_steal_pointer (&f);
}

void
assay_factor_free (AssayFactor *f)
{
  if (f == NULL)
    return;
  assay_mem_free (f->matrix);
  g_free (f->pivots);
  g_free (f);
}

void
assay_factor_solve (const AssayFactor *f, gint64 K, double *X)
{
  g_return_if_fail (!f->is_singular);
  switch (f->kind)
    {
    case ASSAY_FACTOR_CHOLESKY:
      LAPACKE_dpotrs (LAPACK_COL_MAJOR, 'L', f->n, K, f->matrix, f->n, X, f->n);
      return;
    case ASSAY_FACTOR_LDL:
      LAPACKE_dsytrs (LAPACK_COL_MAJOR, 'L', f->n, K, f->matrix, f->n, f->pivots, X, f->n);
      return;
    case ASSAY_FACTOR_LU:
      LAPACKE_dgetrs (LAPACK_COL_MAJOR, 'N', f->n, K, f->matrix, f->n, f->pivots, X, f->n);
      return;
    }
}

/* --- eigenvectors --------------------------------------------------------------------------------------------------------- */

static void
fix_signs (gint64 n, double *Q)
{
  for (gint64 j = 0; j < n; j++)
    {
      double *q = Q + j * n;
      gint64 largest = 0;

      for (gint64 i = 1; i < n; i++)
        if (fabs (q[i]) > fabs (q[largest]))
          largest = i;
      if (q[largest] < 0)
        assay_f64_scale (n, -1, q);
    }
}

/* ||A Q - Q L|| / ||A|| and ||Q'Q - I||, Frobenius; work (n,n). */
static AssayEigenCheck
check_eigen (gint64 n, const double *A, const double *Q, const double *values, double *work)
{
  AssayEigenCheck check;
  double norm = assay_f64_norm (n * n, A);

  assay_dense_multiply (n, A, n, Q, work);                                                          /* row j: A q_j */
  for (gint64 j = 0; j < n; j++)
    assay_f64_add (n, -values[j], Q + j * n, work + j * n);
  check.residual = assay_f64_norm (n * n, work);
  if (norm > 0)
    check.residual /= norm;
  assay_gemm_f64 (NULL, FALSE, TRUE, n, n, n, 1, Q, n, Q, n, FALSE, work, n);
  for (gint64 j = 0; j < n; j++)
    work[j * n + j] -= 1;
  check.orthogonality = assay_f64_norm (n * n, work);
  return check;
}

gboolean
assay_dense_eigen (gint64 n, double *matrix, double *values, AssayEigenCheck *check, GError **error)
{
  g_autoptr (AssayBuffer) A = NULL, work = NULL;
  double bound = 10 * n * DBL_EPSILON / 2;
  AssayEigenCheck found;
  int info;

  if (n > MAX_N)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "eigenvectors: at most %d rows expected, %" G_GINT64_FORMAT " found", MAX_N, n);
      return FALSE;
    }
  if (!assay_dense_check_finite ("matrix to diagonalise", n, matrix, error))
    return FALSE;
  A = assay_mem_alloc_array (n * n, sizeof (double), error);
  if (A == NULL)
    return FALSE;
  memcpy (A, matrix, n * n * sizeof (double));
  use_one_thread ();
  info = LAPACKE_dsyevd (LAPACK_COL_MAJOR, 'V', 'L', n, matrix, n, values);
  if (info == LAPACK_WORK_MEMORY_ERROR)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "eigenvectors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                   ": workspace not available", n, n);
      return FALSE;
    }
  if (info != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "eigenvectors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                   ": LAPACK's dsyevd did not end (info %d)", n, n, info);
      return FALSE;
    }
  fix_signs (n, matrix);
  work = assay_mem_alloc_array (n * n, sizeof (double), error);
  if (work == NULL)
    return FALSE;
  found = check_eigen (n, A, matrix, values, work);
  if (check != NULL)
    *check = found;
  if (!(found.residual <= bound) || !(found.orthogonality <= bound))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "eigenvectors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                   ": at most %.1e expected, ||AQ - QL|| / ||A|| = %.1e and ||Q'Q - I|| = %.1e found", n, n, bound, found.residual,
                   found.orthogonality);
      return FALSE;
    }
  return TRUE;
}

gboolean
assay_tridiagonal_eigenvalues (gint64 k, double *diagonal, double *off_diagonal)
{
  return LAPACKE_dsterf (k, diagonal, off_diagonal) == 0;
}
