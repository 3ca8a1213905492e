/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense.cu: eigenvectors and Cholesky factors by cuSOLVER's 64-bit interface, and how far the eigenvectors are from being some.
 *
 * cuSOLVER takes divide and conquer for one matrix (Xsyevd), Xsyevd again for each of several large ones, and XsyevBatched for several small ones.
 * (syevjBatched, which has returned wrong vectors, is not used.) Whether what comes back is right is measured here by products of the same precision:
 * the caller holds the numbers to its bounds.
 */
#include "platform.cuh"

#include <math.h>
#include <stdlib.h>

static cudaDataType
data_type (AssayCudaType type)
{
  return type == ASSAY_CUDA_F64 ? CUDA_R_64F : CUDA_R_32F;
}

static size_t
width (AssayCudaType type)
{
  return type == ASSAY_CUDA_F64 ? sizeof (double) : sizeof (float);
}

/* --- sums of squares ------------------------------------------------------------------------------------------------------ */

#define SQUARES_THREADS 256

/* A block's threads go over every SQUARES_THREADS-th of its entries, then add up in a tree: an order that only n decides. */
template <class T>
static __global__ void
squares (int64_t n, const T *X, const T *Y, const T *values, bool minus_identity, double *sums)
{
  __shared__ double part[SQUARES_THREADS];
  const int64_t step = (int64_t) gridDim.x * blockDim.x;
  double sum = 0;

  for (int64_t at = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; at < n * n; at += step)
    {
      const int64_t j = at / n, i = at % n;
      double x = (double) X[at];

      if (Y != NULL)
        x -= (double) values[j] * (double) Y[at];
      else if (minus_identity && i == j)
        x -= 1;
      sum += x * x;
    }
  part[threadIdx.x] = sum;
  __syncthreads ();
  for (int half = SQUARES_THREADS / 2; half > 0; half /= 2)
    {
      if ((int) threadIdx.x < half)
        part[threadIdx.x] += part[threadIdx.x + half];
      __syncthreads ();
    }
  if (threadIdx.x == 0)
    sums[blockIdx.x] = part[0];
}

int
assay_cuda_squares (AssayCudaContext *context, AssayCudaType type, int64_t n, const void *X, const void *Y, const void *values, bool minus_identity,
                    double *sum, AssayCudaFailure *failure)
{
  const int64_t blocks = n * n / (4 * SQUARES_THREADS) + 1;
  const unsigned grid = blocks < ASSAY_SQUARES_BLOCKS ? (unsigned) blocks : ASSAY_SQUARES_BLOCKS;
  double sums[ASSAY_SQUARES_BLOCKS];
  void *buffer;
  int ok;

  if (!assay_cuda_alloc (context, sizeof sums, &buffer, failure))
    return 0;
  if (type == ASSAY_CUDA_F64)
    {
      auto kernel = squares<double>;

      ASSAY_LAUNCH (kernel, grid, SQUARES_THREADS, 0, context->stream, n, (const double *) X, (const double *) Y, (const double *) values, minus_identity, (double *) buffer);
    }
  else
    {
      auto kernel = squares<float>;

      ASSAY_LAUNCH (kernel, grid, SQUARES_THREADS, 0, context->stream, n, (const float *) X, (const float *) Y, (const float *) values, minus_identity, (double *) buffer);
    }
  ok = assay_cuda_check_launch (context, "squares", failure) && assay_cuda_copy_out (context, sums, buffer, grid * sizeof *sums, failure);
  assay_cuda_release (context, buffer);
  if (!ok)
    return 0;
  *sum = 0;
  for (unsigned k = 0; k < grid; k++)
    *sum += sums[k];
  return 1;
}

/* --- eigenvectors --------------------------------------------------------------------------------------------------------- */

#define LARGE 512               /* rows from which each matrix of several has the device for itself */

/* What a decomposition works in; released together. */
typedef struct {
  void *copy, *product, *work, *info;   /* on the device */
  void *host;
  size_t work_bytes, host_bytes;
  int *infos;                           /* on the host, one a matrix */
} Scratch;

static void
free_scratch (AssayCudaContext *context, Scratch *s)
{
  assay_cuda_release (context, s->copy);
  assay_cuda_release (context, s->product);
  assay_cuda_release (context, s->work);
  assay_cuda_release (context, s->info);
  free (s->host);
  free (s->infos);
}

static int
get_work (AssayCudaContext *context, Scratch *s, int64_t batch, AssayCudaFailure *failure)
{
  s->host = s->host_bytes > 0 ? malloc (s->host_bytes) : NULL;
  s->infos = (int *) calloc ((size_t) batch, sizeof *s->infos);
  if (s->infos == NULL || (s->host_bytes > 0 && s->host == NULL))
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_MEMORY, "decomposition: out of memory");
  return assay_cuda_alloc (context, s->work_bytes, &s->work, failure) && assay_cuda_alloc (context, (size_t) batch * sizeof (int), &s->info, failure);
}

static int
decompose_each (AssayCudaContext *c, AssayCudaType type, int64_t batch, int64_t n, void *matrix, void *values, Scratch *s, AssayCudaFailure *failure)
{
  const cudaDataType t = data_type (type);

  if (!assay_cuda_check_solver (c, cusolverDnXsyevd_bufferSize (c->solver, c->parameters, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_LOWER, n, t, matrix, n, t, values, t,
                                                                &s->work_bytes, &s->host_bytes), "size of Xsyevd", failure)
      || !get_work (c, s, batch, failure))
    return 0;
  for (int64_t k = 0; k < batch; k++)
    if (!assay_cuda_check_solver (c, cusolverDnXsyevd (c->solver, c->parameters, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_LOWER, n, t, (char *) matrix + k * n * n * width (type), n,
                                                       t, (char *) values + k * n * width (type), t, s->work, s->work_bytes, s->host, s->host_bytes, (int *) s->info + k), "Xsyevd", failure))
      return 0;
  return 1;
}

static int
decompose_together (AssayCudaContext *c, AssayCudaType type, int64_t batch, int64_t n, void *matrix, void *values, Scratch *s, AssayCudaFailure *failure)
{
  const cudaDataType t = data_type (type);

  return assay_cuda_check_solver (c, cusolverDnXsyevBatched_bufferSize (c->solver, c->parameters, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_LOWER, n, t, matrix, n, t, values, t,
                                                                        &s->work_bytes, &s->host_bytes, batch), "size of XsyevBatched", failure)
         && get_work (c, s, batch, failure)
         && assay_cuda_check_solver (c, cusolverDnXsyevBatched (c->solver, c->parameters, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_LOWER, n, t, matrix, n, t, values, t, s->work,
                                                                s->work_bytes, s->host, s->host_bytes, (int *) s->info, batch), "XsyevBatched", failure);
}

static int
look_at_infos (AssayCudaContext *context, const char *what, int64_t batch, Scratch *s, AssayCudaFailure *failure)
{
  if (!assay_cuda_copy_out (context, s->infos, s->info, (size_t) batch * sizeof (int), failure))
    return 0;
  for (int64_t k = 0; k < batch; k++)
    if (s->infos[k] != 0)
      return assay_cuda_fail (failure, ASSAY_CUDA_NOT_CONVERGED, "%s: cuSOLVER did not end (matrix %lld, info %d)", what, (long long) k, s->infos[k]);
  return 1;
}

static int
measure (AssayCudaContext *c, AssayCudaType type, int64_t n, const void *A, const void *Q, const void *values, void *product, double *residual, double *orthogonality,
         AssayCudaFailure *failure)
{
  double norm, difference, off;

  if (!assay_cuda_gemm (c, type, 0, 0, n, n, n, 1, Q, n, A, n, 0, product, n, failure)             /* row j: A q_j */
      || !assay_cuda_squares (c, type, n, A, NULL, NULL, false, &norm, failure) || !assay_cuda_squares (c, type, n, product, Q, values, false, &difference, failure)
      || !assay_cuda_gemm (c, type, 0, 1, n, n, n, 1, Q, n, Q, n, 0, product, n, failure) || !assay_cuda_squares (c, type, n, product, NULL, NULL, true, &off, failure))
    return 0;
  *residual = norm > 0 ? sqrt (difference / norm) : sqrt (difference);
  *orthogonality = sqrt (off);
  return 1;
}

int
assay_cuda_eigen (AssayCudaContext *context, AssayCudaEigenWay way, AssayCudaType type, int64_t batch, int64_t n, void *matrix, void *values, double *residual,
                  double *orthogonality, AssayCudaFailure *failure)
{
  const size_t bytes = (size_t) (n * n) * width (type);
  Scratch s = {};
  int ok;

  if (!assay_cuda_enter (context, failure))
    return 0;
  if (batch < 1 || n < 1)
    return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "eigenvectors: %lld matrices of %lld rows", (long long) batch, (long long) n);
  if (way == ASSAY_CUDA_EIGEN_AUTO)
    way = batch == 1 || n >= LARGE ? ASSAY_CUDA_EIGEN_EACH : ASSAY_CUDA_EIGEN_TOGETHER;
  ok = assay_cuda_alloc (context, (size_t) batch * bytes, &s.copy, failure) && assay_cuda_alloc (context, bytes, &s.product, failure)
       && assay_cuda_check (context, cudaMemcpyAsync (s.copy, matrix, (size_t) batch * bytes, cudaMemcpyDeviceToDevice, context->stream), "copy on the device", failure)
       && (way == ASSAY_CUDA_EIGEN_EACH ? decompose_each : decompose_together) (context, type, batch, n, matrix, values, &s, failure)
       && look_at_infos (context, "eigenvectors", batch, &s, failure);
  for (int64_t k = 0; ok && k < batch; k++)
    ok = measure (context, type, n, (char *) s.copy + k * bytes, (char *) matrix + k * bytes, (char *) values + k * n * width (type), s.product, residual + k, orthogonality + k, failure);
  free_scratch (context, &s);
  return ok;
}

/* --- Cholesky ------------------------------------------------------------------------------------------------------------- */

int
assay_cuda_factor (AssayCudaContext *c, AssayCudaType type, int64_t n, void *matrix, int64_t *pivot, AssayCudaFailure *failure)
{
  const cudaDataType t = data_type (type);
  Scratch s = {};
  int ok;

  if (!assay_cuda_enter (c, failure))
    return 0;
  ok = assay_cuda_check_solver (c, cusolverDnXpotrf_bufferSize (c->solver, c->parameters, CUBLAS_FILL_MODE_LOWER, n, t, matrix, n, t, &s.work_bytes, &s.host_bytes), "size of Xpotrf",
                                failure)
       && get_work (c, &s, 1, failure)
       && assay_cuda_check_solver (c, cusolverDnXpotrf (c->solver, c->parameters, CUBLAS_FILL_MODE_LOWER, n, t, matrix, n, t, s.work, s.work_bytes, s.host, s.host_bytes, (int *) s.info),
                                   "Xpotrf", failure)
       && assay_cuda_copy_out (c, s.infos, s.info, sizeof (int), failure);
  if (ok && s.infos[0] < 0)
    ok = assay_cuda_fail (failure, ASSAY_CUDA_NOT_CONVERGED, "Cholesky factor: cuSOLVER refused the matrix (info %d)", s.infos[0]);
  if (ok)
    *pivot = s.infos[0];
  free_scratch (c, &s);
  return ok;
}

int
assay_cuda_solve (AssayCudaContext *c, AssayCudaType type, int64_t n, int64_t K, const void *factor, void *X, AssayCudaFailure *failure)
{
  const cudaDataType t = data_type (type);
  Scratch s = {};
  int ok;

  if (!assay_cuda_enter (c, failure))
    return 0;
  ok = get_work (c, &s, 1, failure)
       && assay_cuda_check_solver (c, cusolverDnXpotrs (c->solver, c->parameters, CUBLAS_FILL_MODE_LOWER, n, K, t, factor, n, t, X, n, (int *) s.info), "Xpotrs", failure)
       && look_at_infos (c, "Cholesky solve", 1, &s, failure);
  free_scratch (c, &s);
  return ok;
}
