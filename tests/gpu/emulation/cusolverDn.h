/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cusolverDn.h: the host's stand-in for the part of cuSOLVER that kernels/ uses, with LAPACK behind it. */
#pragma once

#include "cublasLt.h"

typedef enum { CUSOLVER_STATUS_SUCCESS = 0, CUSOLVER_STATUS_ALLOC_FAILED = 2, CUSOLVER_STATUS_EXECUTION_FAILED = 6 } cusolverStatus_t;
typedef enum { CUSOLVER_EIG_MODE_VECTOR = 1 } cusolverEigMode_t;
typedef struct EmulatedHandle *cusolverDnHandle_t;
typedef struct EmulatedHandle *cusolverDnParams_t;

cusolverStatus_t cusolverDnCreate (cusolverDnHandle_t *handle);
cusolverStatus_t cusolverDnDestroy (cusolverDnHandle_t handle);
cusolverStatus_t cusolverDnSetStream (cusolverDnHandle_t handle, cudaStream_t stream);
cusolverStatus_t cusolverDnCreateParams (cusolverDnParams_t *parameters);
cusolverStatus_t cusolverDnDestroyParams (cusolverDnParams_t parameters);
cusolverStatus_t cusolverDnXsyevd_bufferSize (cusolverDnHandle_t, cusolverDnParams_t, cusolverEigMode_t, cublasFillMode_t, int64_t n, cudaDataType, const void *A,
                                              int64_t lda, cudaDataType, const void *values, cudaDataType, size_t *device, size_t *host);
cusolverStatus_t cusolverDnXsyevd (cusolverDnHandle_t, cusolverDnParams_t, cusolverEigMode_t, cublasFillMode_t, int64_t n, cudaDataType, void *A, int64_t lda,
                                   cudaDataType, void *values, cudaDataType, void *work, size_t device, void *host_work, size_t host, int *info);
cusolverStatus_t cusolverDnXsyevBatched_bufferSize (cusolverDnHandle_t, cusolverDnParams_t, cusolverEigMode_t, cublasFillMode_t, int64_t n, cudaDataType,
                                                    const void *A, int64_t lda, cudaDataType, const void *values, cudaDataType, size_t *device, size_t *host,
                                                    int64_t batch);
cusolverStatus_t cusolverDnXsyevBatched (cusolverDnHandle_t, cusolverDnParams_t, cusolverEigMode_t, cublasFillMode_t, int64_t n, cudaDataType, void *A, int64_t lda,
                                         cudaDataType, void *values, cudaDataType, void *work, size_t device, void *host_work, size_t host, int *info,
                                         int64_t batch);
cusolverStatus_t cusolverDnXpotrf_bufferSize (cusolverDnHandle_t, cusolverDnParams_t, cublasFillMode_t, int64_t n, cudaDataType, const void *A, int64_t lda,
                                              cudaDataType, size_t *device, size_t *host);
cusolverStatus_t cusolverDnXpotrf (cusolverDnHandle_t, cusolverDnParams_t, cublasFillMode_t, int64_t n, cudaDataType, void *A, int64_t lda, cudaDataType, void *work,
                                   size_t device, void *host_work, size_t host, int *info);
cusolverStatus_t cusolverDnXpotrs (cusolverDnHandle_t, cusolverDnParams_t, cublasFillMode_t, int64_t n, int64_t K, cudaDataType, const void *A, int64_t lda,
                                   cudaDataType, void *B, int64_t ldb, int *info);
