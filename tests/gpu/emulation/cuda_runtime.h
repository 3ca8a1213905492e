/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cuda_runtime.h: the host's stand-in for the part of CUDA's runtime that kernels/ uses. */
#pragma once

#include "emulation.h"

typedef enum {
  cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2, cudaErrorInsufficientDriver = 35, cudaErrorNoDevice = 100,
  cudaErrorInvalidDevice = 101, cudaErrorNoKernelImageForDevice = 209, cudaErrorLaunchFailure = 719, cudaErrorStreamCaptureUnsupported = 900
} cudaError_t;
typedef enum { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice } cudaMemcpyKind;
typedef enum { CUDA_R_32F, CUDA_R_64F, CUDA_R_16BF } cudaDataType;
enum { cudaFuncAttributeMaxDynamicSharedMemorySize };
enum { cudaStreamCaptureModeRelaxed = 2, cudaStreamNonBlocking = 1, cudaEventDefault = 0, cudaEventDisableTiming = 2 };

typedef EmulatedStream *cudaStream_t;
typedef struct EmulatedGraph *cudaGraph_t, *cudaGraphExec_t;
typedef struct EmulatedEvent *cudaEvent_t;
typedef struct { char bytes[16]; } cudaUUID_t;
struct cudaDeviceProp {
  char name[256];
  cudaUUID_t uuid;
  int major, minor, multiProcessorCount, l2CacheSize;
  size_t sharedMemPerBlockOptin;
};

const char *cudaGetErrorName   (cudaError_t error);
const char *cudaGetErrorString (cudaError_t error);
cudaError_t cudaGetLastError (void);
cudaError_t cudaSetDevice (int device);
cudaError_t cudaGetDeviceCount (int *n);
cudaError_t cudaDriverGetVersion (int *version);
cudaError_t cudaRuntimeGetVersion (int *version);
cudaError_t cudaGetDeviceProperties (cudaDeviceProp *properties, int device);
cudaError_t cudaMemGetInfo (size_t *available, size_t *total);
cudaError_t cudaMalloc (void **address, size_t bytes);
cudaError_t cudaFree (void *address);
cudaError_t cudaMallocHost (void **address, size_t bytes);
cudaError_t cudaFreeHost (void *address);
cudaError_t cudaStreamCreateWithFlags (cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy (cudaStream_t stream);
cudaError_t cudaStreamSynchronize (cudaStream_t stream);
cudaError_t cudaStreamWaitEvent (cudaStream_t stream, cudaEvent_t event, unsigned flags);
cudaError_t cudaEventCreateWithFlags (cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy (cudaEvent_t event);
cudaError_t cudaEventRecord (cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize (cudaEvent_t event);
cudaError_t cudaEventElapsedTime (float *milliseconds, cudaEvent_t from, cudaEvent_t to);
cudaError_t cudaStreamBeginCapture (cudaStream_t stream, int mode);
cudaError_t cudaStreamEndCapture (cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiate (cudaGraphExec_t *ready, cudaGraph_t graph, unsigned long long flags);
cudaError_t cudaGraphLaunch (cudaGraphExec_t ready, cudaStream_t stream);
cudaError_t cudaGraphDestroy (cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy (cudaGraphExec_t ready);
cudaError_t cudaMemsetAsync (void *address, int value, size_t bytes, cudaStream_t stream);
cudaError_t cudaMemcpyAsync (void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t emulation_set_attribute (int value);

template <class F>
static inline cudaError_t
cudaFuncSetAttribute (F, int, int value)
{
  return emulation_set_attribute (value);
}
