// SPDX-License-Identifier: GPL-3.0-or-later
/* emulation.cc: blocks, threads, streams and libraries of emulation.h. */
#include "cusolverDn.h"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <vector>

#include <lapacke.h>
#include <setjmp.h>
#include <ucontext.h>

#if defined __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#define START_SWITCH(fake, bottom, size) __sanitizer_start_switch_fiber (fake, bottom, size)
#define FINISH_SWITCH(fake, bottom, size) __sanitizer_finish_switch_fiber (fake, bottom, size)
#else
#define START_SWITCH(fake, bottom, size) ((void) (fake), (void) (bottom), (void) (size))
#define FINISH_SWITCH(fake, bottom, size) ((void) (fake), (void) (bottom), (void) (size))
#endif

#define THREADS 1024
#define STACK ((size_t) 64 << 10)
#define SHARED ((size_t) 227 << 10)     /* of a block, as on the largest devices */

Index threadIdx, blockIdx, blockDim, gridDim;

/* --- threads of a block --------------------------------------------------------------------------------------------------- */

struct Copy { void *to; const void *from; size_t size, bytes; };   /* bytes of from, then zeros up to size */

struct Fiber {
  ucontext_t context;                   /* only for the first step onto a new stack: swapping them asks the kernel about signals every time */
  jmp_buf place;
  bool is_new = true;
  unsigned char *stack = nullptr;
  void *fake = nullptr;                 /* the address sanitizer's */
  bool is_done = true;
  std::deque<std::vector<Copy>> groups; /* asynchronous copies, oldest first; the last group is still open */
};

struct Barrier { unsigned arrived, generation; };

struct Warp {
  Barrier barrier;
  unsigned alive;
  const char *where;
  unsigned char slots[2][32][64];       /* in turn: who is ahead writes into the other one */
};

static Fiber fibers[THREADS];
static Warp warps[THREADS / 32];
static Barrier of_block;
static jmp_buf scheduler;
static void *scheduler_fake;
static const void *scheduler_stack;
static size_t scheduler_size;
static unsigned current, n_alive;
static bool has_moved;                  /* somebody did something since the scheduler last looked */
static const std::function<void ()> *body;
alignas (256) static unsigned char shared_memory[SHARED];

static void
stop (const char *what)
{
  fprintf (stderr, "emulation: block %u, thread %u: %s\n", blockIdx.x, current, what);
  abort ();
}

static void
yield (void)
{
  Fiber *fiber = &fibers[current];

  START_SWITCH (&fiber->fake, scheduler_stack, scheduler_size);
  if (_setjmp (fiber->place) == 0)
    _longjmp (scheduler, 1);
  FINISH_SWITCH (fiber->fake, &scheduler_stack, &scheduler_size);
}

static void
wait_at (Barrier *barrier, const unsigned *expected)
{
  const unsigned generation = barrier->generation;

  has_moved = true;
  if (++barrier->arrived == *expected)
    {
      barrier->arrived = 0;
      barrier->generation++;
    }
  else
    while (barrier->generation == generation)
      yield ();
}

/* A thread that is gone is not waited for. */
static void
leave (Barrier *barrier, unsigned expected)
{
  if (expected > 0 && barrier->arrived == expected)
    {
      barrier->arrived = 0;
      barrier->generation++;
    }
}

/* A fiber serves block after block: making one anew costs more than what most threads of a kernel do. */
static void
run_fiber (void)
{
  FINISH_SWITCH (nullptr, &scheduler_stack, &scheduler_size);
  for (;;)
    {
      (*body) ();
      fibers[current].is_done = has_moved = true;
      leave (&of_block, --n_alive);
      leave (&warps[current / 32].barrier, --warps[current / 32].alive);
      yield ();
    }
}

static void
make_fiber (Fiber *fiber)
{
  fiber->stack = (unsigned char *) malloc (STACK);
  getcontext (&fiber->context);
  fiber->context.uc_stack.ss_sp = fiber->stack;
  fiber->context.uc_stack.ss_size = STACK;
  fiber->context.uc_link = nullptr;
  makecontext (&fiber->context, run_fiber, 0);
}

/* The current thread. */
static void
resume (void)
{
  START_SWITCH (&scheduler_fake, fibers[current].stack, STACK);
  if (_setjmp (scheduler) == 0)
    {
      if (!fibers[current].is_new)
        _longjmp (fibers[current].place, 1);
      fibers[current].is_new = false;
      setcontext (&fibers[current].context);
    }
  FINISH_SWITCH (scheduler_fake, nullptr, nullptr);
}

/* Threads go in both orders in turn: what one writes and another reads without a barrier between is there in one of them only. */
static void
run_block (unsigned n, size_t shared, bool is_backwards)
{
  memset (shared_memory, 0xcd, shared);
  for (unsigned w = 0; w <= (n - 1) / 32; w++)
    {
      warps[w].barrier = {};
      warps[w].alive = 0;
    }
  of_block = {};
  n_alive = n;
  for (unsigned k = 0; k < n; k++)
    {
      Fiber *fiber = &fibers[k];

      fiber->is_done = false;
      if (fiber->groups.size () != 1 || !fiber->groups.front ().empty ())
        fiber->groups.assign (1, {});
      warps[k / 32].alive++;
      if (fiber->stack == nullptr)
        make_fiber (fiber);
    }
  while (n_alive > 0)
    {
      has_moved = false;
      for (unsigned k = 0; k < n; k++)
        {
          const unsigned next = is_backwards ? n - 1 - k : k;

          if (fibers[next].is_done)
            continue;
          current = threadIdx.x = next;
          resume ();
        }
      if (!has_moved)
        stop ("all threads that are left wait for each other");
    }
}

void
emulation_barrier (void)
{
  wait_at (&of_block, &n_alive);
}

const unsigned char *
emulation_exchange (const void *mine, size_t bytes, const char *where)
{
  Warp *warp = &warps[current / 32];
  const unsigned turn = warp->barrier.generation % 2;

  if (warp->barrier.arrived > 0 && warp->where != where)
    stop ("the lanes of a warp are at different instructions");
  warp->where = where;
  memcpy (warp->slots[turn][current % 32], mine, bytes);
  wait_at (&warp->barrier, &warp->alive);
  return warp->slots[turn][0];
}

unsigned char *
emulation_shared_memory (void)
{
  return shared_memory;
}

void
emulation_copy (void *shared, const void *global, size_t size, size_t bytes)
{
  if (((uintptr_t) shared | (uintptr_t) global) % size != 0)
    stop ("an asynchronous copy is not aligned to its size");
  if ((unsigned char *) shared < shared_memory || (unsigned char *) shared + size > shared_memory + SHARED)
    stop ("an asynchronous copy leaves shared memory");
  fibers[current].groups.back ().push_back ({ shared, global, size, bytes });
}

void
emulation_commit (void)
{
  fibers[current].groups.push_back ({});
}

void
emulation_wait (int left)
{
  std::deque<std::vector<Copy>> &groups = fibers[current].groups;

  while ((int) groups.size () > left + 1)
    {
      for (const Copy &copy : groups.front ())
        {
          memcpy (copy.to, copy.from, copy.bytes);
          memset ((unsigned char *) copy.to + copy.bytes, 0, copy.size - copy.bytes);
        }
      groups.pop_front ();
    }
}

/* --- failures ------------------------------------------------------------------------------------------------------------- */

static uint64_t n_calls, fail_at;
static int fail_with, sticky, n_devices = 1, last_error;
static int64_t n_live;
static bool is_spoilt;
static size_t memory = (size_t) 1 << 32, used;
static std::map<void *, size_t> sizes;

/* For whole commands, which nobody can call. */
static const struct Settings {
  Settings ()
  {
    const char *devices = getenv ("ASSAY_EMULATED_DEVICES");

    if (devices != nullptr)
      n_devices = atoi (devices);
  }
} settings;

void
emulation_fail_at (uint64_t k, int error)
{
  fail_at = k > 0 ? n_calls + k : 0;
  fail_with = error;
  sticky = 0;
  last_error = 0;
}

uint64_t emulation_get_calls (void) { return n_calls; }
void emulation_set_devices (int n) { n_devices = n; }
void emulation_set_memory (size_t bytes) { memory = bytes; }
int64_t emulation_get_live (void) { return n_live; }
void emulation_spoil (int spoil) { is_spoilt = spoil != 0; }

/* For whole commands: ASSAY_EMULATION_FAIL=K:ERROR fails call K with that number of an error, ASSAY_EMULATION_CALLS=FILE has how many there were. */
static void
tell_calls (void)
{
  FILE *file = fopen (getenv ("ASSAY_EMULATION_CALLS"), "w");

  if (file != nullptr)
    {
      fprintf (file, "%llu\n", (unsigned long long) n_calls);
      fclose (file);
    }
}

__attribute__ ((constructor)) static void
read_environment (void)
{
  const char *text = getenv ("ASSAY_EMULATION_FAIL");
  unsigned long long k;
  int error;

  if (text != nullptr && sscanf (text, "%llu:%d", &k, &error) == 2)
    emulation_fail_at (k, error);
  if (getenv ("ASSAY_EMULATION_CALLS") != nullptr)
    atexit (tell_calls);
}

static cudaError_t
call (void)
{
  if (sticky != 0)
    return (cudaError_t) (last_error = sticky);
  if (++n_calls != fail_at)
    return cudaSuccess;
  if (fail_with != cudaErrorMemoryAllocation)
    sticky = fail_with;
  return (cudaError_t) (last_error = fail_with);
}

static cublasStatus_t
call_blas (void)
{
  const cudaError_t error = call ();

  return error == cudaSuccess ? CUBLAS_STATUS_SUCCESS : error == cudaErrorMemoryAllocation ? CUBLAS_STATUS_ALLOC_FAILED : CUBLAS_STATUS_EXECUTION_FAILED;
}

static cusolverStatus_t
call_solver (void)
{
  const cudaError_t error = call ();

  return error == cudaSuccess ? CUSOLVER_STATUS_SUCCESS : error == cudaErrorMemoryAllocation ? CUSOLVER_STATUS_ALLOC_FAILED : CUSOLVER_STATUS_EXECUTION_FAILED;
}

#define CHECK(kind) do { auto failed = kind (); if (failed != 0) return failed; } while (0)

const char *
cudaGetErrorName (cudaError_t error)
{
  return error == cudaErrorNoDevice ? "cudaErrorNoDevice" : error == cudaErrorLaunchFailure ? "cudaErrorLaunchFailure" : "cudaError";
}

const char *
cudaGetErrorString (cudaError_t error)
{
  return error == cudaErrorNoDevice ? "no CUDA-capable device is detected" : error == cudaErrorLaunchFailure ? "unspecified launch failure" : "emulated failure";
}

cudaError_t
cudaGetLastError (void)
{
  const int error = last_error;

  last_error = sticky;
  return (cudaError_t) error;
}

/* --- devices and memory --------------------------------------------------------------------------------------------------- */

cudaError_t
cudaGetDeviceCount (int *n)
{
  CHECK (call);
  if (n_devices <= 0)
    return (cudaError_t) (last_error = n_devices < 0 ? cudaErrorInsufficientDriver : cudaErrorNoDevice);
  *n = n_devices;
  return cudaSuccess;
}

cudaError_t cudaSetDevice (int device) { CHECK (call); return device < n_devices ? cudaSuccess : cudaErrorInvalidDevice; }
cudaError_t cudaDriverGetVersion (int *version) { CHECK (call); *version = n_devices < 0 ? 0 : 13000; return cudaSuccess; }
cudaError_t cudaRuntimeGetVersion (int *version) { CHECK (call); *version = 13000; return cudaSuccess; }
cudaError_t cudaMemGetInfo (size_t *available, size_t *total) { CHECK (call); *available = memory - used; *total = memory; return cudaSuccess; }
cudaError_t emulation_set_attribute (int value) { CHECK (call); return value <= (int) SHARED ? cudaSuccess : cudaErrorInvalidValue; }

cudaError_t
cudaGetDeviceProperties (cudaDeviceProp *properties, int device)
{
  CHECK (call);
  *properties = { "emulated device", { { (char) (device + 1) } }, 9, 0, 1, 1 << 20, SHARED };
  return cudaSuccess;
}

static void run_all (void);

cudaError_t
cudaMalloc (void **address, size_t bytes)
{
  CHECK (call);
  if (used > memory || bytes > memory - used || (*address = aligned_alloc (256, (bytes + 255) / 256 * 256)) == nullptr)
    return (cudaError_t) (last_error = cudaErrorMemoryAllocation);
  memset (*address, 0xcd, bytes);
  sizes[*address] = bytes;
  used += bytes;
  n_live++;
  return cudaSuccess;
}

/* What is destroyed is so in any case, as when a lost device is given up. */
cudaError_t
cudaFree (void *address)
{
  if (sticky == 0)
    run_all ();
  used -= sizes[address];
  sizes.erase (address);
  free (address);
  n_live--;
  return call ();
}

cudaError_t
cudaMallocHost (void **address, size_t bytes)
{
  CHECK (call);
  *address = malloc (bytes);
  n_live++;
  return cudaSuccess;
}

cudaError_t
cudaFreeHost (void *address)
{
  if (sticky == 0)
    run_all ();
  free (address);
  n_live--;
  return call ();
}

/* --- streams -------------------------------------------------------------------------------------------------------------- */

struct EmulatedGraph { std::vector<std::function<void ()>> work; };

struct EmulatedStream {
  std::deque<std::function<void ()>> queue;
  EmulatedGraph *capture = nullptr;
  uint64_t put = 0, done = 0;
};

struct EmulatedEvent {
  EmulatedStream *stream = nullptr;
  uint64_t after = 0;           /* so many things of the stream are done */
};

static std::deque<EmulatedStream *> streams;
static bool refuses_captures;
static uint64_t n_replays;

void emulation_refuse_captures (int refuse) { refuses_captures = refuse != 0; }
uint64_t emulation_get_replays (void) { return n_replays; }

static void
run_until (EmulatedStream *stream, uint64_t done)
{
  while (stream->done < done)
    {
      std::function<void ()> next = stream->queue.front ();

      stream->queue.pop_front ();
      stream->done++;
      next ();
    }
}

static void
run_all (void)
{
  for (EmulatedStream *stream : streams)
    run_until (stream, stream->put);
}

static void
put (EmulatedStream *stream, std::function<void ()> what)
{
  if (stream->capture != nullptr)
    {
      stream->capture->work.push_back (what);
      return;
    }
  stream->queue.push_back (what);
  stream->put++;
}

cudaError_t cudaStreamCreateWithFlags (cudaStream_t *stream, unsigned) { CHECK (call); *stream = new EmulatedStream; streams.push_back (*stream); n_live++; return cudaSuccess; }
cudaError_t cudaStreamSynchronize (cudaStream_t stream) { CHECK (call); if (stream->capture != nullptr) return (cudaError_t) (last_error = cudaErrorStreamCaptureUnsupported); run_until (stream, stream->put); return cudaSuccess; }
cudaError_t cudaEventCreateWithFlags (cudaEvent_t *event, unsigned) { CHECK (call); *event = new EmulatedEvent; n_live++; return cudaSuccess; }
cudaError_t cudaEventDestroy (cudaEvent_t event) { delete event; n_live--; return call (); }
cudaError_t cudaEventRecord (cudaEvent_t event, cudaStream_t stream) { CHECK (call); event->stream = stream; event->after = stream->put; return cudaSuccess; }
cudaError_t cudaEventElapsedTime (float *milliseconds, cudaEvent_t, cudaEvent_t) { CHECK (call); *milliseconds = 1; return cudaSuccess; }

cudaError_t cudaStreamBeginCapture (cudaStream_t stream, int) { CHECK (call); stream->capture = new EmulatedGraph; n_live++; return cudaSuccess; }

/* A stream leaves its capture whatever happens. */
cudaError_t
cudaStreamEndCapture (cudaStream_t stream, cudaGraph_t *graph)
{
  *graph = stream->capture;
  stream->capture = nullptr;
  CHECK (call);
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy (cudaGraph_t graph) { delete graph; n_live--; return call (); }
cudaError_t cudaGraphExecDestroy (cudaGraphExec_t ready) { return cudaGraphDestroy (ready); }

cudaError_t
cudaGraphInstantiate (cudaGraphExec_t *ready, cudaGraph_t graph, unsigned long long)
{
  CHECK (call);
  if (refuses_captures)
    return (cudaError_t) (last_error = cudaErrorStreamCaptureUnsupported);
  *ready = new EmulatedGraph (*graph);
  n_live++;
  return cudaSuccess;
}

cudaError_t
cudaGraphLaunch (cudaGraphExec_t ready, cudaStream_t stream)
{
  const std::vector<std::function<void ()>> work = ready->work;

  CHECK (call);
  put (stream, [=] {
    for (const std::function<void ()> &one : work)
      one ();
  });
  n_replays++;
  return cudaSuccess;
}

cudaError_t
cudaStreamDestroy (cudaStream_t stream)
{
  for (size_t k = 0; k < streams.size (); k++)
    if (streams[k] == stream)
      streams.erase (streams.begin () + (long) k--);
  delete stream;
  n_live--;
  return call ();
}

cudaError_t
cudaEventSynchronize (cudaEvent_t event)
{
  CHECK (call);
  if (event->stream != nullptr)
    run_until (event->stream, event->after);
  return cudaSuccess;
}

/* What the event says now, whatever becomes of it. */
cudaError_t
cudaStreamWaitEvent (cudaStream_t stream, cudaEvent_t event, unsigned)
{
  EmulatedStream *other = event->stream;
  const uint64_t after = event->after;

  CHECK (call);
  put (stream, [=] {
    if (other != nullptr)
      run_until (other, after);
  });
  return cudaSuccess;
}

cudaError_t
cudaMemsetAsync (void *address, int value, size_t bytes, cudaStream_t stream)
{
  CHECK (call);
  put (stream, [=] { memset (address, value, bytes); });
  return cudaSuccess;
}

cudaError_t
cudaMemcpyAsync (void *to, const void *from, size_t bytes, cudaMemcpyKind, cudaStream_t stream)
{
  CHECK (call);
  put (stream, [=] { memcpy (to, from, bytes); });
  return cudaSuccess;
}

void
emulation_launch (EmulatedStream *stream, unsigned grid, unsigned block, size_t shared, std::function<void ()> what)
{
  if (call () != cudaSuccess)
    return;
  if (grid == 0 || block == 0 || block > THREADS || shared > SHARED)
    {
      last_error = cudaErrorInvalidValue;
      return;
    }
  put (stream, [=] {
    static unsigned n_launches;

    n_launches++;
    gridDim = { grid, 1, 1 };
    blockDim = { block, 1, 1 };
    body = &what;
    for (unsigned k = 0; k < grid; k++)
      {
        blockIdx = { k, 0, 0 };
        run_block (block, shared, (k + n_launches) % 2 == 0);
      }
  });
}

/* --- libraries ------------------------------------------------------------------------------------------------------------ */

struct EmulatedHandle { EmulatedStream *stream = nullptr; };

cublasStatus_t cublasLtCreate (cublasLtHandle_t *handle) { CHECK (call_blas); *handle = new EmulatedHandle; n_live++; return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasLtDestroy (cublasLtHandle_t handle) { delete handle; n_live--; return call_blas (); }
cusolverStatus_t cusolverDnCreate (cusolverDnHandle_t *handle) { CHECK (call_solver); *handle = new EmulatedHandle; n_live++; return CUSOLVER_STATUS_SUCCESS; }
cusolverStatus_t cusolverDnDestroy (cusolverDnHandle_t handle) { delete handle; n_live--; return call_solver (); }
cusolverStatus_t cusolverDnSetStream (cusolverDnHandle_t handle, cudaStream_t stream) { CHECK (call_solver); handle->stream = stream; return CUSOLVER_STATUS_SUCCESS; }
cusolverStatus_t cusolverDnCreateParams (cusolverDnParams_t *p) { return cusolverDnCreate (p); }
cusolverStatus_t cusolverDnDestroyParams (cusolverDnParams_t p) { return cusolverDnDestroy (p); }

/* --- cuBLASLt --- */

static bool refuses_products;

void emulation_refuse_products (int refuse) { refuses_products = refuse != 0; }

cublasStatus_t cublasLtMatmulDescInit (cublasLtMatmulDesc_t product, cublasComputeType_t compute, cudaDataType) { *product = { compute, { 0, 0 }, nullptr, 0 }; return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasLtMatmulPreferenceInit (cublasLtMatmulPreference_t preference) { *preference = { ~0u, { 256, 256, 256, 256 } }; return CUBLAS_STATUS_SUCCESS; }

cublasStatus_t
cublasLtMatmulDescSetAttribute (cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t which, const void *value, size_t bytes)
{
  if (which == CUBLASLT_MATMUL_DESC_TRANSA || which == CUBLASLT_MATMUL_DESC_TRANSB)
    memcpy (&product->trans[which == CUBLASLT_MATMUL_DESC_TRANSB], value, bytes);
  else if (which == CUBLASLT_MATMUL_DESC_BIAS_POINTER)
    memcpy (&product->bias, value, bytes);
  else if (which == CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE)
    memcpy (&product->apart, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatrixLayoutInit (cublasLtMatrixLayout_t layout, cudaDataType type, uint64_t rows, uint64_t columns, int64_t ld)
{
  *layout = { type, rows, columns, ld, 0, 1 };
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatrixLayoutSetAttribute (cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t which, const void *value, size_t bytes)
{
  memcpy (which == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT ? (void *) &layout->batch : (void *) &layout->apart, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulPreferenceSetAttribute (cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t which, const void *value, size_t bytes)
{
  if (which == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK)
    memcpy (&preference->reductions, value, bytes);
  else if (which != CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES)
    memcpy (&preference->alignment[which - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES], value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

/* Numbers of 16 bits in rows that begin anywhere, which the real one has slow ways for, where it has any. */
static bool
is_unaligned (cublasLtMatrixLayout_t matrix, uint32_t alignment)
{
  return matrix->type == CUDA_R_16BF && alignment < 16;
}

cublasStatus_t
cublasLtMatmulAlgoGetHeuristic (cublasLtHandle_t, cublasLtMatmulDesc_t product, cublasLtMatrixLayout_t A, cublasLtMatrixLayout_t B, cublasLtMatrixLayout_t,
                                cublasLtMatrixLayout_t D, cublasLtMatmulPreference_t preference, int, cublasLtMatmulHeuristicResult_t *found, int *n)
{
  const uint64_t k = product->trans[0] ? A->rows : A->columns;

  CHECK (call_blas);
  *n = 0;
  if (refuses_products || is_unaligned (A, preference->alignment[0]) || is_unaligned (B, preference->alignment[1]) || is_unaligned (D, preference->alignment[3])
      || (D->type == CUDA_R_64F && product->bias != nullptr))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  *n = 1;
  found->state = CUBLAS_STATUS_SUCCESS;
  found->algo.lanes = (D->columns >= 64 ? 1 : D->columns >= 8 ? 2 : 4) * (D->rows >= 16 ? 1 : D->rows >= 2 ? 2 : 4);
  found->algo.parts = preference->reductions != CUBLASLT_REDUCTION_SCHEME_NONE && k > 4 * D->rows ? 2 : 1;
  memcpy (found->algo.alignment, preference->alignment, sizeof preference->alignment);
  found->workspaceSize = found->algo.parts > 1 ? D->rows * D->columns * 4 : 0;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulAlgoCheck (cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                         const cublasLtMatmulAlgo_t *algo, cublasLtMatmulHeuristicResult_t *found)
{
  found->algo = *algo;
  found->workspaceSize = 0;
  return call_blas ();
}

static double from_storage (const double *x, int64_t i, cublasComputeType_t) { return x[i]; }
static float from_storage (const uint16_t *x, int64_t i, cublasComputeType_t)
{
  const uint32_t bits = (uint32_t) x[i] << 16;
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}
static float
from_storage (const float *x, int64_t i, cublasComputeType_t compute)
{
  uint32_t bits;
  float value = x[i];

  if (compute != CUBLAS_COMPUTE_32F_FAST_TF32 || value != value)
    return value;
  memcpy (&bits, &value, sizeof bits);
  bits = (bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static double to_double_or_float (double x) { return x; }
static float to_double_or_float (float x) { return x; }
static float to_double_or_float (uint16_t x) { return from_storage (&x, 0, CUBLAS_COMPUTE_32F); }
static void put_number (double *to, double x) { *to = x; }
static void put_number (float *to, float x) { *to = x; }
static void put_number (uint16_t *to, float x) { *to = (uint16_t) round_to_bf16 (x, 0); }

/* By columns. Lanes are summed each by itself, then one after the other, within each part of the sum. */
template <class X, class T, class Y>
static void
multiply (cublasLtMatmulDescOpaque_t p, cublasLtMatmulAlgo_t algo, T alpha, const X *A, cublasLtMatrixLayoutOpaque_t a, const X *B, cublasLtMatrixLayoutOpaque_t b,
          T beta, Y *C, cublasLtMatrixLayoutOpaque_t c)
{
  const int64_t k = (int64_t) (p.trans[0] == CUBLAS_OP_T ? a.rows : a.columns), piece = (k + (int64_t) algo.parts - 1) / (int64_t) algo.parts;

  for (int64_t e = 0; e < c.batch; e++)
    for (int64_t j = 0; j < (int64_t) c.columns; j++)
      for (int64_t i = 0; i < (int64_t) c.rows; i++)
        {
          Y *to = C + e * c.apart + j * c.ld + i;
          T total = 0;

          for (int64_t first = 0; first < k; first += piece)
            {
              T lane[16] = { 0 };

              for (int64_t l = first; l < k && l < first + piece; l++)
                lane[l % (int64_t) algo.lanes] += from_storage (A + e * a.apart, p.trans[0] == CUBLAS_OP_T ? i * a.ld + l : l * a.ld + i, p.compute)
                                                  * from_storage (B + e * b.apart, p.trans[1] == CUBLAS_OP_T ? l * b.ld + j : j * b.ld + l, p.compute);
              for (uint64_t l = 0; l < algo.lanes; l++)
                total += lane[l];
            }
          put_number (to, alpha * total + (beta != 0 ? beta * to_double_or_float (*to) : 0) + (p.bias != nullptr ? to_double_or_float (((const Y *) p.bias)[e * p.apart + i]) : 0));
        }
}

cublasStatus_t
cublasLtMatmul (cublasLtHandle_t, cublasLtMatmulDesc_t product, const void *alpha, const void *A, cublasLtMatrixLayout_t layout_A, const void *B,
                cublasLtMatrixLayout_t layout_B, const void *beta, const void *, cublasLtMatrixLayout_t, void *D, cublasLtMatrixLayout_t layout_D,
                const cublasLtMatmulAlgo_t *algo, void *, size_t, cudaStream_t stream)
{
  const cublasLtMatmulDescOpaque_t p = *product;
  const cublasLtMatrixLayoutOpaque_t a = *layout_A, b = *layout_B, d = *layout_D;
  const cublasLtMatmulAlgo_t how = *algo;
  const void *of[] = { A, B, D, D };

  CHECK (call_blas);
  for (int k = 0; k < 4; k++)
    if ((uintptr_t) of[k] % how.alignment[k] != 0)
      {
        fprintf (stderr, "emulation: a product's matrix %d is not aligned as its way was told\n", k);
        abort ();
      }
  if (d.type == CUDA_R_64F)
    {
      const double x = *(const double *) alpha, y = *(const double *) beta;

      put (stream, [=] { multiply (p, how, x, (const double *) A, a, (const double *) B, b, y, (double *) D, d); });
    }
  else
    {
      const float x = *(const float *) alpha, y = *(const float *) beta;

      if (a.type == CUDA_R_16BF && d.type == CUDA_R_16BF)
        put (stream, [=] { multiply (p, how, x, (const uint16_t *) A, a, (const uint16_t *) B, b, y, (uint16_t *) D, d); });
      else if (a.type == CUDA_R_16BF)
        put (stream, [=] { multiply (p, how, x, (const uint16_t *) A, a, (const uint16_t *) B, b, y, (float *) D, d); });
      else
        put (stream, [=] { multiply (p, how, x, (const float *) A, a, (const float *) B, b, y, (float *) D, d); });
    }
  return CUBLAS_STATUS_SUCCESS;
}

/* --- cuSOLVER --- */

static cusolverStatus_t
give_sizes (size_t *device, size_t *host)
{
  CHECK (call_solver);
  *device = 4096;
  *host = 64;
  return CUSOLVER_STATUS_SUCCESS;
}

static void
spoil (cudaDataType type, void *x)
{
  if (is_spoilt && type == CUDA_R_64F)
    *(double *) x += 1e-3;
  else if (is_spoilt)
    *(float *) x += 1e-3f;
}

static int
syevd (cudaDataType type, int64_t n, void *A, int64_t lda, void *values)
{
  const int info = type == CUDA_R_64F ? LAPACKE_dsyevd (LAPACK_COL_MAJOR, 'V', 'L', (int) n, (double *) A, (int) lda, (double *) values)
                                      : LAPACKE_ssyevd (LAPACK_COL_MAJOR, 'V', 'L', (int) n, (float *) A, (int) lda, (float *) values);

  spoil (type, A);
  return info;
}

cusolverStatus_t
cusolverDnXsyevd_bufferSize (cusolverDnHandle_t, cusolverDnParams_t, cusolverEigMode_t, cublasFillMode_t, int64_t, cudaDataType, const void *, int64_t, cudaDataType,
                             const void *, cudaDataType, size_t *device, size_t *host)
{
  return give_sizes (device, host);
}

cusolverStatus_t
cusolverDnXsyevd (cusolverDnHandle_t handle, cusolverDnParams_t, cusolverEigMode_t, cublasFillMode_t, int64_t n, cudaDataType type, void *A, int64_t lda, cudaDataType,
                  void *values, cudaDataType, void *, size_t, void *, size_t, int *info)
{
  CHECK (call_solver);
  put (handle->stream, [=] { *info = syevd (type, n, A, lda, values); });
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t
cusolverDnXsyevBatched_bufferSize (cusolverDnHandle_t, cusolverDnParams_t, cusolverEigMode_t, cublasFillMode_t, int64_t, cudaDataType, const void *, int64_t,
                                   cudaDataType, const void *, cudaDataType, size_t *device, size_t *host, int64_t)
{
  return give_sizes (device, host);
}

cusolverStatus_t
cusolverDnXsyevBatched (cusolverDnHandle_t handle, cusolverDnParams_t, cusolverEigMode_t, cublasFillMode_t, int64_t n, cudaDataType type, void *A, int64_t lda,
                        cudaDataType, void *values, cudaDataType, void *, size_t, void *, size_t, int *info, int64_t batch)
{
  const size_t width = type == CUDA_R_64F ? 8 : 4;

  CHECK (call_solver);
  put (handle->stream, [=] {
    for (int64_t k = 0; k < batch; k++)
      info[k] = syevd (type, n, (char *) A + (size_t) (k * lda * n) * width, lda, (char *) values + (size_t) (k * n) * width);
  });
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t
cusolverDnXpotrf_bufferSize (cusolverDnHandle_t, cusolverDnParams_t, cublasFillMode_t, int64_t, cudaDataType, const void *, int64_t, cudaDataType, size_t *device,
                             size_t *host)
{
  return give_sizes (device, host);
}

cusolverStatus_t
cusolverDnXpotrf (cusolverDnHandle_t handle, cusolverDnParams_t, cublasFillMode_t, int64_t n, cudaDataType type, void *A, int64_t lda, cudaDataType, void *, size_t,
                  void *, size_t, int *info)
{
  CHECK (call_solver);
  put (handle->stream, [=] {
    *info = type == CUDA_R_64F ? LAPACKE_dpotrf (LAPACK_COL_MAJOR, 'L', (int) n, (double *) A, (int) lda)
                               : LAPACKE_spotrf (LAPACK_COL_MAJOR, 'L', (int) n, (float *) A, (int) lda);
  });
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t
cusolverDnXpotrs (cusolverDnHandle_t handle, cusolverDnParams_t, cublasFillMode_t, int64_t n, int64_t K, cudaDataType type, const void *A, int64_t lda, cudaDataType,
                  void *B, int64_t ldb, int *info)
{
  CHECK (call_solver);
  put (handle->stream, [=] {
    *info = type == CUDA_R_64F ? LAPACKE_dpotrs (LAPACK_COL_MAJOR, 'L', (int) n, (int) K, (const double *) A, (int) lda, (double *) B, (int) ldb)
                               : LAPACKE_spotrs (LAPACK_COL_MAJOR, 'L', (int) n, (int) K, (const float *) A, (int) lda, (float *) B, (int) ldb);
    spoil (type, B);
  });
  return CUSOLVER_STATUS_SUCCESS;
}
