/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cublas_v2.h: the host's stand-in for the part of cuBLAS that kernels/ uses. */
#pragma once

#include "cuda_runtime.h"

typedef enum { CUBLAS_STATUS_SUCCESS = 0, CUBLAS_STATUS_ALLOC_FAILED = 3, CUBLAS_STATUS_EXECUTION_FAILED = 13 } cublasStatus_t;
typedef enum { CUBLAS_OP_N, CUBLAS_OP_T } cublasOperation_t;
typedef enum { CUBLAS_FILL_MODE_LOWER } cublasFillMode_t;
typedef enum { CUBLAS_PEDANTIC_MATH = 2 } cublasMath_t;
typedef struct EmulatedHandle *cublasHandle_t;

cublasStatus_t cublasCreate (cublasHandle_t *handle);
cublasStatus_t cublasDestroy (cublasHandle_t handle);
cublasStatus_t cublasSetStream (cublasHandle_t handle, cudaStream_t stream);
cublasStatus_t cublasSetMathMode (cublasHandle_t handle, cublasMath_t mode);
cublasStatus_t cublasSgemm_64 (cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k, const float *alpha,
                               const float *A, int64_t lda, const float *B, int64_t ldb, const float *beta, float *C, int64_t ldc);
cublasStatus_t cublasDgemm_64 (cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k, const double *alpha,
                               const double *A, int64_t lda, const double *B, int64_t ldb, const double *beta, double *C, int64_t ldc);
cublasStatus_t cublasSgemmStridedBatched_64 (cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k, const float *alpha,
                                             const float *A, int64_t lda, long long apart_a, const float *B, int64_t ldb, long long apart_b, const float *beta,
                                             float *C, int64_t ldc, long long apart_c, int64_t batch);
cublasStatus_t cublasDgemmStridedBatched_64 (cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k, const double *alpha,
                                             const double *A, int64_t lda, long long apart_a, const double *B, int64_t ldb, long long apart_b, const double *beta,
                                             double *C, int64_t ldc, long long apart_c, int64_t batch);
