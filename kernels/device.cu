/* SPDX-License-Identifier: GPL-3.0-or-later */
/* device.cu: a device opened: its queue, its memory and what happens when it fails; and the table of everything that the module does.
 *
 * Memory is plain (cudaMalloc). What is released goes into the context's pool and is taken again by the next request of about its size, which needs no
 * wait: all work is in one queue. When the device has none left the pool is given back and the request tried once more.
 * What captured work takes out of the pool stays with it: a replay writes there.
 * Copies pass through two pinned buffers, one of which is filled while the other travels; those that go on beside the queue have a stream of their own, and each
 * its pinned memory, which the next ones take again.
 */
#include "platform.cuh"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- failures ------------------------------------------------------------------------------------------------------------- */

int
assay_cuda_fail (AssayCudaFailure *failure, AssayCudaCode code, const char *format, ...)
{
  va_list list;

  failure->code = code;
  va_start (list, format);
  vsnprintf (failure->message, sizeof failure->message, format, list);
  va_end (list);
  return 0;
}

int
assay_cuda_lose (AssayCudaContext *context, AssayCudaFailure *failure, const char *what, const char *name, const char *why)
{
  assay_cuda_fail (&context->first, ASSAY_CUDA_LOST, "CUDA device %d, %s: %s (%s); nothing computed on it since is used", context->device, what, why, name);
  context->is_lost = true;
  *failure = context->first;
  return 0;
}

int
assay_cuda_check (AssayCudaContext *context, cudaError_t status, const char *what, AssayCudaFailure *failure)
{
  if (status == cudaSuccess)
    return 1;
  cudaGetLastError ();                                            /* what is told here is not told again by the next call */
  if (status == cudaErrorMemoryAllocation)
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_MEMORY, "CUDA device %d, %s: out of memory", context->device, what);
  if (status == cudaErrorNoKernelImageForDevice)
    return assay_cuda_lose (context, failure, what, cudaGetErrorName (status), "this build has no code for the device; configure with CUDA_ARCHS for it");
  return assay_cuda_lose (context, failure, what, cudaGetErrorName (status), cudaGetErrorString (status));
}

int
assay_cuda_check_launch (AssayCudaContext *context, const char *kernel, AssayCudaFailure *failure)
{
  return assay_cuda_check (context, cudaGetLastError (), kernel, failure);
}

/* Of a library whose status 0 is success. */
static int
check_library (AssayCudaContext *context, const char *library, int status, int no_memory, const char *what, AssayCudaFailure *failure)
{
  char number[32];

  if (status == 0)
    return 1;
  if (status == no_memory)
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_MEMORY, "CUDA device %d, %s: out of memory", context->device, what);
  snprintf (number, sizeof number, "%s status %d", library, status);
  return assay_cuda_lose (context, failure, what, number, "the call failed");
}

int
assay_cuda_check_blas (AssayCudaContext *context, cublasStatus_t status, const char *what, AssayCudaFailure *failure)
{
  return check_library (context, "cuBLAS", (int) status, CUBLAS_STATUS_ALLOC_FAILED, what, failure);
}

int
assay_cuda_check_solver (AssayCudaContext *context, cusolverStatus_t status, const char *what, AssayCudaFailure *failure)
{
  return check_library (context, "cuSOLVER", (int) status, CUSOLVER_STATUS_ALLOC_FAILED, what, failure);
}

int
assay_cuda_enter (AssayCudaContext *context, AssayCudaFailure *failure)
{
  if (context->is_lost)
    {
      *failure = context->first;
      return 0;
    }
  return assay_cuda_check (context, cudaSetDevice (context->device), "cudaSetDevice", failure);
}

/* --- which devices -------------------------------------------------------------------------------------------------------- */

static int
check_found (cudaError_t status, int device, const char *what, AssayCudaFailure *failure)
{
  int driver = 0, runtime = 0;

  if (status == cudaSuccess)
    return 1;
  cudaGetLastError ();
  cudaDriverGetVersion (&driver);
  cudaRuntimeGetVersion (&runtime);
  if (status == cudaErrorInsufficientDriver && driver == 0)
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_DEVICE, "no NVIDIA driver is loaded");
  if (status == cudaErrorInsufficientDriver)
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_DEVICE, "the driver is for CUDA %d.%d, %d.%d or newer expected: install a newer driver", driver / 1000,
                            driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
  if (status == cudaErrorMemoryAllocation)                        /* others have it all: even a context takes some */
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_MEMORY, "CUDA device %d, %s: out of memory", device, what);
  return assay_cuda_fail (failure, ASSAY_CUDA_NO_DEVICE, "device %d, %s: %s (%s)", device, what, cudaGetErrorString (status), cudaGetErrorName (status));
}

static int
describe_device (int device, AssayCudaDevice *found, AssayCudaFailure *failure)
{
  AssayCudaDevice d = {};
  cudaDeviceProp properties;
  int n;

  if (!check_found (cudaGetDeviceCount (&n), device, "cudaGetDeviceCount", failure))
    return 0;
  if (device < 0 || device >= n)
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_DEVICE, "device %d: %d found, counted from 0", device, n);
  if (!check_found (cudaGetDeviceProperties (&properties, device), device, "cudaGetDeviceProperties", failure)
      || !check_found (cudaDriverGetVersion (&d.driver), device, "cudaDriverGetVersion", failure)
      || !check_found (cudaRuntimeGetVersion (&d.runtime), device, "cudaRuntimeGetVersion", failure) || !check_found (cudaSetDevice (device), device, "cudaSetDevice", failure)
      || !check_found (cudaMemGetInfo (&d.available, &d.memory), device, "cudaMemGetInfo", failure))
    return 0;
  snprintf (d.name, sizeof d.name, "%.*s", (int) sizeof d.name - 1, properties.name);
  d.major = properties.major;
  d.minor = properties.minor;
  d.processors = properties.multiProcessorCount;
  d.level_two = (size_t) properties.l2CacheSize;
  d.shared = properties.sharedMemPerBlockOptin;
  static_assert (sizeof properties.uuid == sizeof d.card, "a card's number");
  memcpy (d.card, &properties.uuid, sizeof d.card);
  d.nccl = assay_cuda_find_nccl ();
  *found = d;
  return 1;
}

/* --- open and close ------------------------------------------------------------------------------------------------------- */

struct AssayCudaCopy {
  void *host;
  size_t bytes;                 /* that there is room for */
  cudaEvent_t arrived;
  bool is_free;
  AssayCudaCopy *next;
};

/* Nothing can be done about what fails here. */
static void
close_context (AssayCudaContext *context)
{
  AssayBlockOfMemory *next;
  AssayCudaCopy *next_copy;

  if (context == NULL)
    return;
  cudaSetDevice (context->device);
  assay_cuda_leave (context);
  for (AssayBlockOfMemory *block = context->memory; block != NULL; block = next)
    {
      next = block->next;
      cudaFree (block->address);
      free (block);
    }
  if (context->parameters != NULL)
    cusolverDnDestroyParams (context->parameters);
  if (context->solver != NULL)
    cusolverDnDestroy (context->solver);
  assay_cuda_free_ways (context);
  if (context->blas != NULL)
    cublasLtDestroy (context->blas);
  for (int k = 0; k < 2; k++)
    {
      if (context->mark[k] != NULL)
        cudaEventDestroy (context->mark[k]);
      if (context->staged[k] != NULL)
        cudaEventDestroy (context->staged[k]);
      if (context->staging[k] != NULL)
        cudaFreeHost (context->staging[k]);
    }
  if (context->computed != NULL)
    cudaEventDestroy (context->computed);
  if (context->copies != NULL)
    cudaStreamDestroy (context->copies);
  for (AssayCudaCopy *copy = context->copy; copy != NULL; copy = next_copy)
    {
      next_copy = copy->next;
      if (copy->host != NULL)
        cudaFreeHost (copy->host);
      if (copy->arrived != NULL)
        cudaEventDestroy (copy->arrived);
      free (copy);
    }
  if (context->stream != NULL)
    cudaStreamDestroy (context->stream);
  cudaGetLastError ();
  free (context);
}

static int
set_up (AssayCudaContext *c, AssayCudaFailure *failure)
{
  if (!assay_cuda_enter (c, failure) || !assay_cuda_check (c, cudaStreamCreateWithFlags (&c->stream, cudaStreamNonBlocking), "cudaStreamCreate", failure)
      || !assay_cuda_check (c, cudaStreamCreateWithFlags (&c->copies, cudaStreamNonBlocking), "cudaStreamCreate", failure)
      || !assay_cuda_check (c, cudaEventCreateWithFlags (&c->computed, cudaEventDisableTiming), "cudaEventCreate", failure))
    return 0;
  for (int k = 0; k < 2; k++)
    if (!assay_cuda_check (c, cudaEventCreateWithFlags (&c->mark[k], cudaEventDefault), "cudaEventCreate", failure)
        || !assay_cuda_check (c, cudaEventCreateWithFlags (&c->staged[k], cudaEventDisableTiming), "cudaEventCreate", failure)
        || !assay_cuda_check (c, cudaMallocHost (&c->staging[k], ASSAY_STAGING), "pinned buffers", failure))
      return 0;
  return assay_cuda_check_blas (c, cublasLtCreate (&c->blas), "cublasLtCreate", failure)
         && assay_cuda_check_solver (c, cusolverDnCreate (&c->solver), "cusolverDnCreate", failure)
         && assay_cuda_check_solver (c, cusolverDnSetStream (c->solver, c->stream), "cusolverDnSetStream", failure)
         && assay_cuda_check_solver (c, cusolverDnCreateParams (&c->parameters), "cusolverDnCreateParams", failure);
}

static int
open_context (int device, AssayCudaContext **context, AssayCudaFailure *failure)
{
  AssayCudaDevice found;
  AssayCudaContext *c;

  if (!describe_device (device, &found, failure))
    return 0;
  if (found.major < 8)
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_DEVICE, "device %d, %s: compute capability 8.0 or higher expected, %d.%d found", device, found.name, found.major, found.minor);
  c = (AssayCudaContext *) calloc (1, sizeof *c);
  if (c == NULL)
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_MEMORY, "device %d: out of memory", device);
  c->device = device;
  c->shared = found.shared;
  if (!set_up (c, failure))
    {
      close_context (c);
      return 0;
    }
  *context = c;
  return 1;
}

/* --- memory --------------------------------------------------------------------------------------------------------------- */

/* Few sizes, so that blocks serve again: powers of two up to a megabyte, then whole ones. */
static size_t
round_up (size_t bytes)
{
  const size_t large = (size_t) 1 << 20;
  size_t size = 512;

  if (bytes > large)
    return bytes > SIZE_MAX - large ? bytes : (bytes + large - 1) / large * large;
  while (size < bytes)
    size *= 2;
  return size;
}

static int
trim (AssayCudaContext *context, AssayCudaFailure *failure)
{
  AssayBlockOfMemory **at = &context->memory;

  if (!assay_cuda_enter (context, failure))
    return 0;
  while (*at != NULL)
    if ((*at)->is_free && (*at)->owner == NULL)
      {
        AssayBlockOfMemory *block = *at;

        *at = block->next;
        if (!assay_cuda_check (context, cudaFree (block->address), "cudaFree", failure))
          {
            free (block);
            return 0;
          }
        free (block);
      }
    else
      at = &(*at)->next;
  return 1;
}

static AssayBlockOfMemory *
get_new_block (AssayCudaContext *context, size_t bytes, AssayCudaFailure *failure)
{
  AssayBlockOfMemory *block = (AssayBlockOfMemory *) calloc (1, sizeof *block);
  char what[64];
  cudaError_t status;

  if (block == NULL)
    {
      assay_cuda_fail (failure, ASSAY_CUDA_NO_MEMORY, "out of memory");
      return NULL;
    }
  snprintf (what, sizeof what, "%zu bytes", bytes);
  status = cudaMalloc (&block->address, bytes);
  if (status == cudaErrorMemoryAllocation)
    {
      cudaGetLastError ();
      if (!trim (context, failure))
        {
          free (block);
          return NULL;
        }
      status = cudaMalloc (&block->address, bytes);
    }
  if (!assay_cuda_check (context, status, what, failure))
    {
      free (block);
      return NULL;
    }
  block->bytes = bytes;
  block->next = context->memory;
  context->memory = block;
  return block;
}

/* The smallest free block that is large enough and less than twice too large; while work is captured, one that it has had already or that is nobody's. */
static AssayBlockOfMemory *
find_block (AssayCudaContext *context, size_t bytes)
{
  AssayBlockOfMemory *best = NULL;

  for (AssayBlockOfMemory *block = context->memory; block != NULL; block = block->next)
    if (block->is_free && (block->owner == NULL || block->owner == context->capture) && block->bytes >= bytes && block->bytes / 2 < bytes && (best == NULL || block->bytes < best->bytes))
      best = block;
  return best;
}

/* Not zeroed. */
int
assay_cuda_alloc (AssayCudaContext *context, size_t bytes, void **buffer, AssayCudaFailure *failure)
{
  AssayBlockOfMemory *block;

  if (!assay_cuda_enter (context, failure))
    return 0;
  bytes = round_up (bytes);
  block = find_block (context, bytes);
  if (block == NULL && (block = get_new_block (context, bytes, failure)) == NULL)
    return 0;
  block->is_free = false;
  block->owner = context->capture;
  *buffer = block->address;
  return 1;
}

void
assay_cuda_release (AssayCudaContext *context, void *buffer)
{
  for (AssayBlockOfMemory *block = context->memory; block != NULL; block = block->next)
    if (block->address == buffer)
      block->is_free = true;
}

static int
owns (AssayCudaContext *context, const void *address)
{
  for (const AssayBlockOfMemory *block = context->memory; block != NULL; block = block->next)
    if (!block->is_free && (const char *) address >= (const char *) block->address && (const char *) address < (const char *) block->address + block->bytes)
      return 1;
  return 0;
}

static int
zero (AssayCudaContext *context, void *buffer, size_t bytes, AssayCudaFailure *failure)
{
  return assay_cuda_enter (context, failure) && assay_cuda_check (context, cudaMemsetAsync (buffer, 0, bytes, context->stream), "cudaMemset", failure);
}

static int
alloc_zeros (AssayCudaContext *context, size_t bytes, void **buffer, AssayCudaFailure *failure)
{
  void *got;

  if (!assay_cuda_alloc (context, bytes, &got, failure))
    return 0;
  if (!zero (context, got, bytes, failure))
    {
      assay_cuda_release (context, got);
      return 0;
    }
  *buffer = got;
  return 1;
}

/* What failed half way, as for want of memory, may be on its way through the pinned buffers, whatever their events say: nobody fills them before it is through. */
static int
settle (AssayCudaContext *context)
{
  cudaStreamSynchronize (context->stream);
  cudaGetLastError ();
  return 0;
}

/* Returns when the host's bytes may change, not when they have arrived. */
int
assay_cuda_copy_in (AssayCudaContext *context, void *buffer, const void *host, size_t bytes, AssayCudaFailure *failure)
{
  if (!assay_cuda_enter (context, failure))
    return 0;
  for (size_t at = 0, piece = 0; at < bytes; at += ASSAY_STAGING, piece++)
    {
      const size_t n = bytes - at < ASSAY_STAGING ? bytes - at : ASSAY_STAGING;
      const int k = piece % 2;

      if (!assay_cuda_check (context, cudaEventSynchronize (context->staged[k]), "copy to the device", failure))
        return settle (context);
      memcpy (context->staging[k], (const char *) host + at, n);
      if (!assay_cuda_check (context, cudaMemcpyAsync ((char *) buffer + at, context->staging[k], n, cudaMemcpyHostToDevice, context->stream), "copy to the device", failure)
          || !assay_cuda_check (context, cudaEventRecord (context->staged[k], context->stream), "copy to the device", failure))
        return settle (context);
    }
  return 1;
}

int
assay_cuda_copy_out (AssayCudaContext *context, void *host, const void *buffer, size_t bytes, AssayCudaFailure *failure)
{
  const size_t pieces = (bytes + ASSAY_STAGING - 1) / ASSAY_STAGING;

  if (!assay_cuda_enter (context, failure))
    return 0;
  for (size_t piece = 0; piece <= pieces; piece++)
    {
      if (piece < pieces)                                         /* on its way, while the one before is taken out */
        {
          const size_t at = piece * ASSAY_STAGING, n = bytes - at < ASSAY_STAGING ? bytes - at : ASSAY_STAGING;

          if (!assay_cuda_check (context, cudaMemcpyAsync (context->staging[piece % 2], (const char *) buffer + at, n, cudaMemcpyDeviceToHost, context->stream),
                                 "copy from the device", failure)
              || !assay_cuda_check (context, cudaEventRecord (context->staged[piece % 2], context->stream), "copy from the device", failure))
            return settle (context);
        }
      if (piece > 0)
        {
          const size_t at = (piece - 1) * ASSAY_STAGING, n = bytes - at < ASSAY_STAGING ? bytes - at : ASSAY_STAGING;

          if (!assay_cuda_check (context, cudaEventSynchronize (context->staged[(piece - 1) % 2]), "copy from the device", failure))
            return settle (context);
          memcpy ((char *) host + at, context->staging[(piece - 1) % 2], n);
        }
    }
  return 1;
}

/* --- copies beside the queue ------------------------------------------------------------------------------------------------ */

/* One that nobody has, with room for so many bytes; NULL with the failure. */
static AssayCudaCopy *
take_copy (AssayCudaContext *context, size_t bytes, AssayCudaFailure *failure)
{
  AssayCudaCopy *copy = context->copy;

  while (copy != NULL && !copy->is_free)
    copy = copy->next;
  if (copy == NULL)
    {
      copy = (AssayCudaCopy *) calloc (1, sizeof *copy);
      if (copy == NULL)
        {
          assay_cuda_fail (failure, ASSAY_CUDA_NO_MEMORY, "out of memory");
          return NULL;
        }
      copy->is_free = true;
      copy->next = context->copy;
      context->copy = copy;
    }
  if (copy->arrived == NULL && !assay_cuda_check (context, cudaEventCreateWithFlags (&copy->arrived, cudaEventDisableTiming), "cudaEventCreate", failure))
    return NULL;
  if (copy->host != NULL && copy->bytes >= bytes)
    return copy;
  if (copy->host != NULL)
    cudaFreeHost (copy->host);
  copy->host = NULL;
  copy->bytes = round_up (bytes);
  return assay_cuda_check (context, cudaMallocHost (&copy->host, copy->bytes), "pinned memory for a copy", failure) ? copy : NULL;
}

static void
copy_out_drop (AssayCudaContext *context, AssayCudaCopy *copy)
{
  if (copy == NULL)
    return;
  cudaStreamSynchronize (context->copies);
  cudaGetLastError ();
  copy->is_free = true;
}

static int
copy_out_begin (AssayCudaContext *context, const void *buffer, size_t bytes, AssayCudaCopy **begun, AssayCudaFailure *failure)
{
  AssayCudaCopy *copy;

  if (!assay_cuda_enter (context, failure) || (copy = take_copy (context, bytes, failure)) == NULL)
    return 0;
  copy->is_free = false;
  if (!assay_cuda_check (context, cudaEventRecord (context->computed, context->stream), "copy beside the queue", failure)
      || !assay_cuda_check (context, cudaStreamWaitEvent (context->copies, context->computed, 0), "copy beside the queue", failure)
      || !assay_cuda_check (context, cudaMemcpyAsync (copy->host, buffer, bytes, cudaMemcpyDeviceToHost, context->copies), "copy beside the queue", failure)
      || !assay_cuda_check (context, cudaEventRecord (copy->arrived, context->copies), "copy beside the queue", failure))
    {
      copy_out_drop (context, copy);
      return 0;
    }
  *begun = copy;
  return 1;
}

static int
copy_out_end (AssayCudaContext *context, AssayCudaCopy *copy, const void **host, AssayCudaFailure *failure)
{
  if (!assay_cuda_enter (context, failure) || !assay_cuda_check (context, cudaEventSynchronize (copy->arrived), "copy beside the queue", failure))
    return 0;
  *host = copy->host;
  return 1;
}

static int
sync (AssayCudaContext *context, AssayCudaFailure *failure)
{
  return assay_cuda_enter (context, failure) && assay_cuda_check (context, cudaStreamSynchronize (context->stream), "wait for the device", failure);
}

static int
set_mark (AssayCudaContext *context, int which, AssayCudaFailure *failure)
{
  return assay_cuda_enter (context, failure) && assay_cuda_check (context, cudaEventRecord (context->mark[which != 0], context->stream), "cudaEventRecord", failure);
}

static int
get_elapsed (AssayCudaContext *context, double *milliseconds, AssayCudaFailure *failure)
{
  float found;

  if (!assay_cuda_enter (context, failure) || !assay_cuda_check (context, cudaEventSynchronize (context->mark[1]), "wait for the device", failure)
      || !assay_cuda_check (context, cudaEventElapsedTime (&found, context->mark[0], context->mark[1]), "cudaEventElapsedTime", failure))
    return 0;
  *milliseconds = found;
  return 1;
}

/* --- captured work ---------------------------------------------------------------------------------------------------------- */

struct AssayCudaCaptured {
  cudaGraph_t graph;
  cudaGraphExec_t ready;
};

static void
drop (AssayCudaContext *context, AssayCudaCaptured *captured)
{
  if (captured == NULL)
    return;
  for (AssayBlockOfMemory *block = context->memory; block != NULL; block = block->next)
    if (block->owner == captured)
      block->owner = NULL;
  if (captured->ready != NULL)
    cudaGraphExecDestroy (captured->ready);
  if (captured->graph != NULL)
    cudaGraphDestroy (captured->graph);
  cudaGetLastError ();
  free (captured);
}

static int
capture_begin (AssayCudaContext *context, AssayCudaFailure *failure)
{
  AssayCudaCaptured *captured;

  if (!assay_cuda_enter (context, failure) || !assay_cuda_get_workspace (context, failure))
    return 0;
  captured = (AssayCudaCaptured *) calloc (1, sizeof *captured);
  if (captured == NULL)
    return assay_cuda_fail (failure, ASSAY_CUDA_NO_MEMORY, "out of memory");
  if (!assay_cuda_check (context, cudaStreamBeginCapture (context->stream, cudaStreamCaptureModeRelaxed), "capture", failure))
    {
      free (captured);
      return 0;
    }
  context->capture = captured;
  return 1;
}

/* What cannot be captured, or made ready, is no failure of the device: it is done launch by launch, as it was. */
static int
capture_end (AssayCudaContext *context, AssayCudaCaptured **result, AssayCudaFailure *failure)
{
  AssayCudaCaptured *captured = context->capture;
  cudaError_t status;

  *result = NULL;
  context->capture = NULL;
  if (captured == NULL)
    return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "capture: nothing is captured");
  status = cudaStreamEndCapture (context->stream, &captured->graph);
  if (status == cudaSuccess && !context->is_lost)
    status = cudaGraphInstantiate (&captured->ready, captured->graph, 0);
  if (status != cudaSuccess || context->is_lost)
    {
      drop (context, captured);
      return assay_cuda_enter (context, failure);
    }
  *result = captured;
  return 1;
}

static int
replay (AssayCudaContext *context, AssayCudaCaptured *captured, AssayCudaFailure *failure)
{
  return assay_cuda_enter (context, failure) && assay_cuda_check (context, cudaGraphLaunch (captured->ready, context->stream), "captured work", failure);
}

static const AssayCudaTable table = {
  ASSAY_CUDA_ABI, sizeof (AssayCudaTable), describe_device, open_context, close_context,
  alloc_zeros, assay_cuda_release, trim, owns, zero, assay_cuda_copy_in, assay_cuda_copy_out, copy_out_begin, copy_out_end,
  copy_out_drop, sync, set_mark, get_elapsed,
  assay_cuda_gemm, assay_cuda_eigen, assay_cuda_factor, assay_cuda_solve, assay_cuda_index_scores,
  assay_cuda_run_op, capture_begin, capture_end, replay, drop,
  assay_cuda_make_ranks_id, assay_cuda_join, assay_cuda_send, assay_cuda_receive
};

extern "C" __attribute__ ((visibility ("default"))) const AssayCudaTable *
assay_cuda_get_table (void)
{
  return &table;
}
