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

static gboolean
check_entries (const char *what, AssayDtype dtype, gint64 n, gconstpointer matrix, GError **error)
{
  for (gint64 i = 0; i < n * n; i++)
    if (!isfinite (dtype == ASSAY_F64 ? ((const double *) matrix)[i] : (double) ((const float *) matrix)[i]))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: not finite at row %" G_GINT64_FORMAT ", column %" G_GINT64_FORMAT, what, i % n,
                     i / n);
        return FALSE;
      }
  return TRUE;
}

gboolean
assay_dense_check_finite (const char *what, gint64 n, const double *matrix, GError **error)
{
  return check_entries (what, ASSAY_F64, n, matrix, error);
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

/* --- floats and doubles --------------------------------------------------------------------------------------------------- */

static double
get_unit (AssayDtype dtype)
{
  return dtype == ASSAY_F64 ? DBL_EPSILON / 2 : FLT_EPSILON / 2;
}

static gboolean
check_type (const char *name, AssayDtype dtype, gint64 n, const AssayBackend *device, GError **error)
{
  if (dtype != ASSAY_F32 && dtype != ASSAY_F64)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: f32 or f64 expected, %s found", name, assay_dtype_name (dtype));
      return FALSE;
    }
  if (device == NULL && n > MAX_N)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s: at most %d rows expected, %" G_GINT64_FORMAT " found", name, MAX_N, n);
      return FALSE;
    }
  return TRUE;
}

/* The device, or NULL where LAPACK does the work. */
static AssayBackend *
get_device (AssayBackend *backend)
{
  return backend != NULL && backend->kind != ASSAY_BACKEND_CPU ? backend : NULL;
}

/* x (n), a copy in doubles. */
static double *
dup_doubles (AssayDtype dtype, gint64 n, gconstpointer x, GError **error)
{
  double *copy = assay_mem_new (double, n, error);

  if (copy != NULL)
    assay_dtype_convert (dtype, x, ASSAY_F64, copy, n);
  return copy;
}

static gpointer
send (AssayBackend *device, gsize bytes, gconstpointer host, GError **error)
{
  gpointer buffer = device->alloc (device, bytes, error);

  if (buffer != NULL && !device->copy_in (device, buffer, host, bytes, error))
    {
      device->release (device, buffer);
      return NULL;
    }
  return buffer;
}

/* --- factorisation -------------------------------------------------------------------------------------------------------- */

static double
one_norm (gint64 n, AssayDtype dtype, gconstpointer matrix)
{
  double norm = 0;

  for (gint64 j = 0; j < n; j++)
    {
      double sum = 0;

      for (gint64 i = 0; i < n; i++)
        sum += fabs (dtype == ASSAY_F64 ? ((const double *) matrix)[j * n + i] : (double) ((const float *) matrix)[j * n + i]);
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

/* Each returns LAPACK's info: 0, or k > 0 when pivot k is zero (Cholesky: not positive), or < 0 when it refused; and sets reach. */
static int
factor_cholesky (AssayFactor *f)
{
  int info = LAPACKE_dpotrf (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n);

  return info != 0 ? info : LAPACKE_dpocon (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n, f->norm, &f->reciprocal_condition);
}

static int
factor_floats (AssayFactor *f)
{
  float reciprocal_condition = 0;
  int info = LAPACKE_spotrf (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n);

  if (info == 0)
    info = LAPACKE_spocon (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n, (float) f->norm, &reciprocal_condition);
  f->reciprocal_condition = reciprocal_condition;
  return info;
}

static void
reach_cholesky (AssayFactor *f)
{
  for (gint64 j = 0; j < f->n; j++)                               /* the original's diagonal was kept here */
    f->reach[j] = sqrt (f->reach[j]);
}

static int
factor_ldl (AssayFactor *f)
{
  const double *LDL = f->matrix;
  double largest = assay_f64_max (f->n * f->n, f->original);
  int info = LAPACKE_dsytrf (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n, f->pivots);

  if (info >= 0)
    f->n_negative = count_negative (f->n, LDL, f->pivots);
  for (gint64 j = 0; j < f->n && info >= 0; j++)
    {
      largest = MAX (largest, fabs (LDL[j * f->n + j]));
      if (f->pivots[j] < 0 && j + 1 < f->n)
        largest = MAX (largest, fabs (LDL[j * f->n + j + 1]));   /* of a block of two; else some of L, which only widens the bound */
    }
  for (gint64 j = 0; j < f->n; j++)
    f->reach[j] = (1 + 36 * (double) f->n) * largest;
  return info != 0 ? info
                   : LAPACKE_dsycon (LAPACK_COL_MAJOR, 'L', f->n, f->matrix, f->n, f->pivots, f->norm, &f->reciprocal_condition);
}

static int
factor_lu (AssayFactor *f)
{
  const double *LU = f->matrix;
  int info = LAPACKE_dgetrf (LAPACK_COL_MAJOR, f->n, f->n, f->matrix, f->n, f->pivots);

  f->n_negative = -1;
  for (gint64 j = 0; j < f->n; j++)
    {
      f->reach[j] = 0;
      for (gint64 i = 0; i <= j; i++)
        f->reach[j] += fabs (LU[j * f->n + i]);
    }
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
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s: factors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                 ": workspace not available; use conjugate gradients (cg)", f->name, f->n, f->n);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "%s: factors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                 ": LAPACK refused the matrix (info %d)", f->name, f->n, f->n, info);
  return FALSE;
}

static gboolean
refuse_indefinite (const AssayFactor *f, gint64 pivot, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: a positive definite matrix expected, and pivot %" G_GINT64_FORMAT
               " is not positive: add damping, or factor it in f64 on the CPU", f->name, pivot);
  return FALSE;
}

static gboolean
factor_symmetric (AssayFactor *f, GError **error)
{
  int info = factor_cholesky (f);

  f->kind = ASSAY_FACTOR_CHOLESKY;
  if (info == 0)
    reach_cholesky (f);
  if (info <= 0)
    return take_info (f, info, error);
  memcpy (f->matrix, f->original, f->n * f->n * sizeof (double));
  f->kind = ASSAY_FACTOR_LDL;
  f->pivots = g_new0 (int, f->n);
  return take_info (f, factor_ldl (f), error);
}

static gboolean
factor_here (AssayFactor *f, gboolean is_symmetric, GError **error)
{
  use_one_thread ();
  if (f->dtype == ASSAY_F32)
    {
      int info = factor_floats (f);

      if (info == 0)
        reach_cholesky (f);
      return info > 0 ? refuse_indefinite (f, info, error) : take_info (f, info, error);
    }
  if (is_symmetric)
    return factor_symmetric (f, error);
  f->kind = ASSAY_FACTOR_LU;
  f->pivots = g_new0 (int, f->n);
  return take_info (f, factor_lu (f), error);
}

/* Both matrices move to the device. */
static gboolean
factor_there (AssayFactor *f, GError **error)
{
  gsize bytes = (gsize) (f->n * f->n) * assay_dtype_width (f->dtype);
  gpointer matrix = send (f->backend, bytes, f->matrix, error), original = matrix ? send (f->backend, bytes, f->original, error) : NULL;
  gint64 pivot;

  assay_mem_free (f->matrix);
  assay_mem_free (f->original);
  f->matrix = matrix;
  f->original = original;
  f->reciprocal_condition = NAN;
  if (original == NULL || !f->backend->factor (f->backend, f->dtype, f->n, matrix, &pivot, error))
    return FALSE;
  if (pivot > 0)
    return refuse_indefinite (f, pivot, error);
  reach_cholesky (f);
  return TRUE;
}

AssayFactor *
assay_factor_new (AssayBackend *backend, const char *name, AssayDtype dtype, gint64 n, gpointer matrix, gboolean is_symmetric, GError **error)
{
  g_autoptr (AssayFactor) f = g_new0 (AssayFactor, 1);
  AssayBackend *device = get_device (backend);
  gsize width = assay_dtype_width (dtype);

  f->n = n;
  f->name = g_strdup (name);
  f->dtype = dtype;
  f->matrix = matrix;
  if (!check_type (name, dtype, n, device, error) || !check_entries (name, dtype, n, matrix, error))
    return NULL;
  if (!is_symmetric && (device != NULL || dtype == ASSAY_F32))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: a symmetric matrix expected; factor it in f64 on the CPU", name);
      return NULL;
    }
  f->norm = one_norm (n, dtype, matrix);
  f->original = assay_mem_alloc_array (n * n, width, error);
  f->reach = f->original ? assay_mem_new (double, n, error) : NULL;
  if (f->reach == NULL)
    return NULL;
  memcpy (f->original, matrix, n * n * width);
  for (gint64 j = 0; j < n; j++)
    assay_dtype_convert (dtype, (const char *) matrix + (j * n + j) * width, ASSAY_F64, f->reach + j, 1);
  f->backend = device;
  if (!(device != NULL ? factor_there (f, error) : factor_here (f, is_symmetric, error)))
    return NULL;
  return g_steal_pointer (&f);
}

void
assay_factor_free (AssayFactor *f)
{
  if (f == NULL)
    return;
  if (f->backend != NULL)
    {
      f->backend->release (f->backend, f->matrix);
      f->backend->release (f->backend, f->original);
    }
  else
    {
      assay_mem_free (f->matrix);
      assay_mem_free (f->original);
    }
  assay_mem_free (f->reach);
  g_free (f->pivots);
  g_free (f->name);
  g_free (f);
}

/* X <- A^-1 X and R <- A X with that. */
static void
solve_here (const AssayFactor *f, gint64 K, gpointer X, gpointer R)
{
  if (f->dtype == ASSAY_F32)
    {
      LAPACKE_spotrs (LAPACK_COL_MAJOR, 'L', f->n, K, f->matrix, f->n, X, f->n);
      assay_gemm_f32 (NULL, FALSE, FALSE, K, f->n, f->n, 1, X, f->n, f->original, f->n, FALSE, R, f->n);
      return;
    }
  switch (f->kind)
    {
    case ASSAY_FACTOR_CHOLESKY:
      LAPACKE_dpotrs (LAPACK_COL_MAJOR, 'L', f->n, K, f->matrix, f->n, X, f->n);
      break;
    case ASSAY_FACTOR_LDL:
      LAPACKE_dsytrs (LAPACK_COL_MAJOR, 'L', f->n, K, f->matrix, f->n, f->pivots, X, f->n);
      break;
    case ASSAY_FACTOR_LU:
      LAPACKE_dgetrs (LAPACK_COL_MAJOR, 'N', f->n, K, f->matrix, f->n, f->pivots, X, f->n);
      break;
    }
  assay_dense_multiply (f->n, f->original, K, X, R);
}

static gboolean
solve_there (const AssayFactor *f, gint64 K, gpointer X, gpointer R, GError **error)
{
  AssayBackend *device = f->backend;
  gsize bytes = (gsize) (K * f->n) * assay_dtype_width (f->dtype);
  gpointer x = send (device, bytes, X, error), r = x ? device->alloc (device, bytes, error) : NULL;
  gboolean ok = r != NULL && device->solve (device, f->dtype, f->n, K, f->matrix, x, error)
                && device->gemm (device, f->dtype, FALSE, FALSE, K, f->n, f->n, 1, x, f->n, f->original, f->n, FALSE, r, f->n, error)
                && device->copy_out (device, X, x, bytes, error) && device->copy_out (device, R, r, bytes, error);

  device->release (device, x);
  device->release (device, r);
  return ok;
}

/* |b - A x|_i <= c n u (|M||x| + |b|)_i; Ax (n) in doubles. */
static gboolean
check_solution (const AssayFactor *f, gint64 k, const double *b, const double *x, const double *Ax, GError **error)
{
  double unit = (4 * (double) f->n + 8) * get_unit (f->dtype), least = f->dtype == ASSAY_F64 ? DBL_MIN : FLT_MIN, reach = 0;

  for (gint64 j = 0; j < f->n; j++)
    reach += f->reach[j] * fabs (x[j]);
  for (gint64 i = 0; i < f->n; i++)
    {
      double across = f->kind == ASSAY_FACTOR_CHOLESKY ? f->reach[i] * reach : reach, bound = unit * (across + fabs (b[i])) + (double) f->n * least * (1 + reach);

      if (!isfinite (Ax[i]))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: solution %" G_GINT64_FORMAT " is not finite at %" G_GINT64_FORMAT, f->name, k, i);
          return FALSE;
        }
      if (!(fabs (b[i] - Ax[i]) <= bound))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "%s: solution %" G_GINT64_FORMAT ", row %" G_GINT64_FORMAT
                       ": a residual of at most %.1e expected, %.1e found", f->name, k, i, bound, fabs (b[i] - Ax[i]));
          return FALSE;
        }
    }
  return TRUE;
}

/* K right-hand sides at most, whose check takes b, x and A x of each in doubles. */
#define TOGETHER 256

static gboolean
solve_some (const AssayFactor *f, gint64 first, gint64 K, gpointer X, gpointer R, double *b, double *one, GError **error)
{
  gsize width = assay_dtype_width (f->dtype);
  double *x = one, *Ax = one + f->n;

  assay_dtype_convert (f->dtype, X, ASSAY_F64, b, K * f->n);
  if (f->backend == NULL)
    solve_here (f, K, X, R);
  else if (!solve_there (f, K, X, R, error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    {
      assay_dtype_convert (f->dtype, (const char *) X + k * f->n * width, ASSAY_F64, x, f->n);
      assay_dtype_convert (f->dtype, (const char *) R + k * f->n * width, ASSAY_F64, Ax, f->n);
      if (!check_solution (f, first + k, b + k * f->n, x, Ax, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
assay_factor_solve (const AssayFactor *f, gint64 K, gpointer X, GError **error)
{
  gsize width = assay_dtype_width (f->dtype);
  gint64 most = MIN (K, TOGETHER);
  g_autoptr (AssayBuffer) R = NULL, b = NULL;

  if (f->is_singular)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED, "%s: the matrix is singular: add damping", f->name);
      return FALSE;
    }
  R = assay_mem_alloc_array (most * f->n, width, error);
  b = R ? assay_mem_new (double, (most + 2) * f->n, error) : NULL;
  if (b == NULL)
    return FALSE;
  for (gint64 first = 0; first < K; first += most)
    if (!solve_some (f, first, MIN (most, K - first), (char *) X + first * f->n * width, R, b, (double *) b + most * f->n, error))
      return FALSE;
  return TRUE;
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

static gboolean
decompose_here (const char *name, AssayDtype dtype, gint64 n, gpointer matrix, gpointer values, AssayEigenCheck *check, GError **error)
{
  g_autoptr (AssayBuffer) A = dup_doubles (dtype, n * n, matrix, error), Q = NULL, work = NULL;
  int info;

  if (A == NULL)
    return FALSE;
  use_one_thread ();
  info = dtype == ASSAY_F64 ? LAPACKE_dsyevd (LAPACK_COL_MAJOR, 'V', 'L', n, matrix, n, values)
                            : LAPACKE_ssyevd (LAPACK_COL_MAJOR, 'V', 'L', n, matrix, n, values);
  if (info == LAPACK_WORK_MEMORY_ERROR)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s: eigenvectors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                   ": workspace not available", name, n, n);
      return FALSE;
    }
  if (info != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "%s: eigenvectors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                   ": LAPACK's syevd did not end (info %d)", name, n, n, info);
      return FALSE;
    }
  work = assay_mem_new (double, n * n, error);
  if (work == NULL)
    return FALSE;
  if (dtype == ASSAY_F64)
    *check = check_eigen (n, A, matrix, values, work);
  else
    {
      Q = assay_mem_new (double, n * n + n, error);
      if (Q == NULL)
        return FALSE;
      assay_dtype_convert (dtype, matrix, ASSAY_F64, Q, n * n);
      assay_dtype_convert (dtype, values, ASSAY_F64, (double *) Q + n * n, n);
      *check = check_eigen (n, A, Q, (double *) Q + n * n, work);
    }
  return TRUE;
}

static gboolean
decompose_there (AssayBackend *device, AssayDtype dtype, gint64 n, gpointer matrix, gpointer values, AssayEigenCheck *check, GError **error)
{
  gsize width = assay_dtype_width (dtype);
  gpointer A = send (device, (gsize) (n * n) * width, matrix, error), w = A ? device->alloc (device, (gsize) n * width, error) : NULL;
  gboolean ok = w != NULL && device->eigen (device, dtype, n, A, w, &check->residual, &check->orthogonality, error)
                && device->copy_out (device, matrix, A, (gsize) (n * n) * width, error) && device->copy_out (device, values, w, (gsize) n * width, error);

  device->release (device, A);
  device->release (device, w);
  return ok;
}

/* In floats too: a sign is exact. */
static gboolean
fix_all_signs (AssayDtype dtype, gint64 n, gpointer matrix, GError **error)
{
  g_autoptr (AssayBuffer) Q = NULL;

  if (dtype == ASSAY_F64)
    {
      fix_signs (n, matrix);
      return TRUE;
    }
  Q = dup_doubles (dtype, n * n, matrix, error);
  if (Q == NULL)
    return FALSE;
  fix_signs (n, Q);
  assay_dtype_convert (ASSAY_F64, Q, dtype, matrix, n * n);
  return TRUE;
}

gboolean
assay_dense_eigen (AssayBackend *backend, const char *name, AssayDtype dtype, gint64 n, gpointer matrix, gpointer values, AssayEigenCheck *check,
                   GError **error)
{
  AssayBackend *device = get_device (backend);
  AssayEigenCheck found;
  double bound;

  if (!check_type (name, dtype, n, device, error) || !check_entries (name, dtype, n, matrix, error)
      || !(device != NULL ? decompose_there (device, dtype, n, matrix, values, &found, error) : decompose_here (name, dtype, n, matrix, values, &found, error)))
    return FALSE;
  bound = 10 * (double) n * get_unit (dtype);
  if (check != NULL)
    *check = found;
  if (!(found.residual <= bound) || !(found.orthogonality <= bound))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "%s: eigenvectors of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                   ": at most %.1e expected, ||AQ - QL|| / ||A|| = %.1e and ||Q'Q - I|| = %.1e found", name, n, n, bound, found.residual,
                   found.orthogonality);
      return FALSE;
    }
  return fix_all_signs (dtype, n, matrix, error);
}

gboolean
assay_tridiagonal_eigenvalues (gint64 k, double *diagonal, double *off_diagonal)
{
  return LAPACKE_dsterf (k, diagonal, off_diagonal) == 0;
}
