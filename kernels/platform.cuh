/* SPDX-License-Identifier: GPL-3.0-or-later */
/* platform.cuh: what the kernels' files share: how a kernel is launched and how a failure is told. The same sources compile for the host, where tests
 * walk blocks and threads one by one (tests/gpu/emulation).
 */
#pragma once

#include "launch.h"

#include <cuda_runtime.h>
#include <cublasLt.h>
#include <cusolverDn.h>

#ifndef ASSAY_EMULATED
#define ASSAY_LAUNCH(kernel, grid, block, shared, stream, ...) kernel<<<grid, block, shared, stream>>> (__VA_ARGS__)
#define ASSAY_SHARED(name) extern __shared__ __align__ (128) unsigned char name[]
#endif

#define ASSAY_STAGING ((size_t) 8 << 20)        /* bytes of each of the two pinned buffers */

struct AssayBlockOfMemory {
  void *address;
  size_t bytes;
  bool is_free;
  const AssayCudaCaptured *owner;       /* whose replays use it; NULL: nobody's */
  AssayBlockOfMemory *next;
};

struct AssayProductWay;
struct ncclComm;

struct AssayCudaContext {
  int device;
  size_t shared;                /* most bytes of shared memory that a block may have */
  cudaStream_t stream;
  cublasLtHandle_t blas;
  AssayProductWay *ways;        /* how products are made: product.cu */
  void *workspace;              /* theirs; NULL until one wants it */
  cusolverDnHandle_t solver;
  cusolverDnParams_t parameters;
  cudaEvent_t mark[2], staged[2];
  void *staging[2];
  cudaStream_t copies;          /* that go on beside the queue */
  cudaEvent_t computed;         /* what the last of them is of */
  AssayCudaCopy *copy;          /* all there are */
  AssayBlockOfMemory *memory;
  AssayCudaCaptured *capture;   /* under way */
  struct ncclComm *ranks;       /* NULL: alone */
  bool is_lost;
  AssayCudaFailure first;       /* why it is lost */
};

/* Each returns 1, or 0 with the failure: out of memory leaves the context whole, everything else loses it. */
int assay_cuda_fail         (AssayCudaFailure *failure, AssayCudaCode code, const char *format, ...);
int assay_cuda_lose         (AssayCudaContext *context, AssayCudaFailure *failure, const char *what, const char *name, const char *why);
int assay_cuda_check        (AssayCudaContext *context, cudaError_t status, const char *what, AssayCudaFailure *failure);
int assay_cuda_check_blas   (AssayCudaContext *context, cublasStatus_t status, const char *what, AssayCudaFailure *failure);
int assay_cuda_check_solver (AssayCudaContext *context, cusolverStatus_t status, const char *what, AssayCudaFailure *failure);
/* Of the launch just made. */
int assay_cuda_check_launch (AssayCudaContext *context, const char *kernel, AssayCudaFailure *failure);
/* Before any work: whether the context is not lost, made current on this thread. */
int assay_cuda_enter        (AssayCudaContext *context, AssayCudaFailure *failure);

/* Lets a block of this kernel have so many bytes of shared memory. */
template <class F>
static inline int
assay_cuda_allow_shared (AssayCudaContext *context, F kernel, const char *name, size_t shared, AssayCudaFailure *failure)
{
  if (shared > context->shared)
    return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "%s: %zu bytes of shared memory are needed, the device has %zu", name, shared, context->shared);
  return assay_cuda_check (context, cudaFuncSetAttribute (kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int) shared), name, failure);
}

int  assay_cuda_alloc    (AssayCudaContext *context, size_t bytes, void **buffer, AssayCudaFailure *failure);
void assay_cuda_release  (AssayCudaContext *context, void *buffer);
int  assay_cuda_copy_in  (AssayCudaContext *context, void *buffer, const void *host, size_t bytes, AssayCudaFailure *failure);
int  assay_cuda_copy_out (AssayCudaContext *context, void *host, const void *buffer, size_t bytes, AssayCudaFailure *failure);

int assay_cuda_gemm   (AssayCudaContext *context, AssayCudaType type, int ta, int tb, int64_t M, int64_t N, int64_t K, double alpha, const void *A,
                       int64_t lda, const void *B, int64_t ldb, double beta, void *C, int64_t ldc, AssayCudaFailure *failure);

/* Of each of `batch` products, whose matrices lie so many elements apart: C (M,N) <- alpha op(A) op(B) + beta C (+ bias), row-major. */
typedef struct {
  AssayCudaType type;           /* of all matrices */
  AssayCudaCompute compute;
  bool ta, tb;
  bool rows_are_free, batch_is_free;    /* a row of C has the same bits whatever M, or `batch`, is */
  int64_t batch, M, N, K;
  double alpha, beta;
  const void *A, *B, *bias;     /* bias (N), added to every row, or NULL */
  void *C;
  int64_t lda, ldb, ldc, apart_A, apart_B, apart_C, apart_bias;
  bool columns_are_free;        /* an element of C has the same bits whatever N is; ldc at least the next multiple of 8 */
  bool A_is_narrow, B_is_narrow;        /* with BF16: in bf16 already */
  bool C_is_narrow, bias_is_narrow;     /* with BF16: stored in bf16, of sums in f32 */
} AssayCudaProduct;

int  assay_cuda_multiply       (AssayCudaContext *context, const AssayCudaProduct *product, AssayCudaFailure *failure);
/* The same by a kernel of our own alone: the simplest, and where cuBLASLt has no way. */
int  assay_cuda_multiply_plain (AssayCudaContext *context, const AssayCudaProduct *product, AssayCudaFailure *failure);
/* y (rows,columns), in rows of stride bf16 apart, <- x, in rows of ld floats, to nearest even. */
int  assay_cuda_round          (AssayCudaContext *context, int64_t rows, int64_t columns, int64_t ld, const float *x, int64_t stride, uint16_t *y, AssayCudaFailure *failure);
void assay_cuda_free_ways      (AssayCudaContext *context);
/* Before work is captured that may want it. */
int  assay_cuda_get_workspace  (AssayCudaContext *context, AssayCudaFailure *failure);
int assay_cuda_eigen  (AssayCudaContext *context, AssayCudaEigenWay way, AssayCudaType type, int64_t batch, int64_t n, void *matrix, void *values,
                       double *residual, double *orthogonality, AssayCudaFailure *failure);
int assay_cuda_factor (AssayCudaContext *context, AssayCudaType type, int64_t n, void *matrix, int64_t *pivot, AssayCudaFailure *failure);
int assay_cuda_solve  (AssayCudaContext *context, AssayCudaType type, int64_t n, int64_t K, const void *factor, void *X, AssayCudaFailure *failure);
int assay_cuda_index_scores (AssayCudaContext *context, AssayCudaIndexWay way, const AssayCudaIndexRows *rows, const AssayCudaIndexQueries *queries,
                             float *scores, AssayCudaFailure *failure);

/* ranks.cu. The version of NCCL; 0: none. */
int  assay_cuda_find_nccl     (void);
int  assay_cuda_make_ranks_id (uint8_t *id, AssayCudaFailure *failure);
int  assay_cuda_join          (AssayCudaContext *context, const uint8_t *id, int rank, int size, AssayCudaFailure *failure);
int  assay_cuda_send          (AssayCudaContext *context, int to, const void *buffer, size_t bytes, AssayCudaFailure *failure);
int  assay_cuda_receive       (AssayCudaContext *context, int from, void *buffer, size_t bytes, AssayCudaFailure *failure);
void assay_cuda_leave         (AssayCudaContext *context);

int assay_cuda_run_op (AssayCudaContext *context, const char *op, const AssayCudaOpCall *call, AssayCudaFailure *failure);

/* *sum <- the sum of squares of the n^2 entries of X, of X - I (minus_identity), or of X[j][i] - values[j] Y[j][i] (Y not NULL).
 * In double, in an order fixed by n. */
#define ASSAY_SQUARES_BLOCKS 256
int assay_cuda_squares (AssayCudaContext *context, AssayCudaType type, int64_t n, const void *X, const void *Y, const void *values, bool minus_identity,
                        double *sum, AssayCudaFailure *failure);
