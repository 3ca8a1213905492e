/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nccl.h: the host's stand-in for the part of NCCL that kernels/ uses, between processes of one machine. The library is the module itself; with
 * ASSAY_EMULATED_NCCL=none in the environment there is none. */
#pragma once

#include <cuda_runtime.h>

#define ASSAY_NCCL_LIBRARY emulation_find_nccl ()
const char *emulation_find_nccl (void);

#define NCCL_UNIQUE_ID_BYTES 128
typedef enum { ncclSuccess = 0, ncclUnhandledCudaError = 1, ncclSystemError = 2, ncclInvalidArgument = 4, ncclRemoteError = 6 } ncclResult_t;
typedef enum { ncclUint8 = 1 } ncclDataType_t;
typedef struct { char internal[NCCL_UNIQUE_ID_BYTES]; } ncclUniqueId;
typedef struct ncclComm *ncclComm_t;

#define ASSAY_NCCL_API extern "C" __attribute__ ((visibility ("default")))
ASSAY_NCCL_API ncclResult_t ncclGetVersion (int *version);
ASSAY_NCCL_API const char *ncclGetErrorString (ncclResult_t result);
ASSAY_NCCL_API ncclResult_t ncclGetUniqueId (ncclUniqueId *id);
ASSAY_NCCL_API ncclResult_t ncclCommInitRank (ncclComm_t *comm, int size, ncclUniqueId id, int rank);
ASSAY_NCCL_API ncclResult_t ncclSend (const void *buffer, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream);
ASSAY_NCCL_API ncclResult_t ncclRecv (void *buffer, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream);
ASSAY_NCCL_API ncclResult_t ncclCommAbort (ncclComm_t comm);
