/* SPDX-License-Identifier: GPL-3.0-or-later */
/* emulation.h: enough of CUDA on the host that the kernels' own sources, and all that surrounds them, run in tests on any machine.
 *
 * Blocks go one after another; the threads of a block are fibers that change places at barriers, shuffles and the matrix units' instructions, so that a
 * barrier too few, a thread that leaves the others waiting and a lane that does something else are found (and end the program). Shared memory holds
 * rubbish at the start of a block; an asynchronous copy arrives when it is waited for and not before; what is put into a stream runs when somebody waits.
 * Thread rule: one thread of the host at a time.
 */
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static
#define __align__(n) __attribute__ ((aligned (n)))

struct uint4 { unsigned x, y, z, w; } __attribute__ ((aligned (16)));
struct Index { unsigned x, y, z; };

extern Index threadIdx, blockIdx, blockDim, gridDim;

/* --- blocks and threads --- */

void emulation_barrier      (void);
/* What every lane of the warp gave, lane by lane, 64 bytes each; `where` tells one instruction from another. */
const unsigned char *emulation_exchange (const void *mine, size_t bytes, const char *where);
unsigned char *emulation_shared_memory (void);
/* bytes from global, then zeros up to size. */
void emulation_copy         (void *shared, const void *global, size_t size, size_t bytes);
void emulation_commit       (void);
void emulation_wait         (int left);

#define __syncthreads emulation_barrier
#define ASSAY_SHARED(name) unsigned char *name = emulation_shared_memory ()

template <class T>
static inline T
__shfl_xor_sync (unsigned, T x, int other)
{
  const unsigned char *all = emulation_exchange (&x, sizeof x, "shuffle");
  T got;

  memcpy (&got, all + 64 * (threadIdx.x % 32 ^ (unsigned) other), sizeof got);
  return got;
}

static inline unsigned
__ballot_sync (unsigned, int said)
{
  const unsigned char *all = emulation_exchange (&said, sizeof said, "ballot");
  unsigned bits = 0;

  for (unsigned lane = 0; lane < 32; lane++)
    {
      int x;

      memcpy (&x, all + 64 * lane, sizeof x);
      bits |= (unsigned) (x != 0) << lane;
    }
  return bits;
}

static inline void
__syncwarp (void)
{
  const int nothing = 0;

  emulation_exchange (&nothing, sizeof nothing, "warp barrier");
}

static inline int __ffs (int x) { return __builtin_ffs (x); }

static inline int
__dp4a (int a, int b, int c)
{
  for (int k = 0; k < 32; k += 8)
    c += (int8_t) (a >> k) * (int8_t) (b >> k);
  return c;
}

/* The file is compiled without contraction: each is rounded. */
static inline float __fmul_rn (float a, float b) { return a * b; }
static inline float __fadd_rn (float a, float b) { return a + b; }
static inline float __int2float_rn (int a) { return (float) a; }
static inline double __dmul_rn (double a, double b) { return a * b; }
static inline double __dadd_rn (double a, double b) { return a + b; }
static inline double __dsub_rn (double a, double b) { return a - b; }
static inline float __double2float_ru (double a) { return (double) (float) a < a ? std::nextafter ((float) a, INFINITY) : (float) a; }
static inline float __double2float_rd (double a) { return -__double2float_ru (-a); }
static inline int __popc (unsigned x) { return __builtin_popcount (x); }
template <class T> static inline T __ldcs (const T *x) { return *x; }

/* Fibers change places elsewhere. */
template <class T>
static inline T
atomicAdd (T *to, T x)
{
  const T before = *to;

  *to += x;
  return before;
}

/* --- kernels/matrix_unit.cuh --- */

static inline void copy_async (void *shared, const void *global) { emulation_copy (shared, global, 16, 16); }
template <class T> static inline void copy_number_async (T *shared, const T *global, bool is_there) { emulation_copy (shared, global, sizeof (T), is_there ? sizeof (T) : 0); }
static inline void copy_pack_async (void *shared, const void *global, bool is_there) { emulation_copy (shared, global, 16, is_there ? 16 : 0); }
static inline void copy_commit (void) { emulation_commit (); }
template <int N> static inline void copy_wait (void) { emulation_wait (N); }

static inline void
load_fragments (unsigned (&x)[4], const void *shared)
{
  const unsigned char *all = emulation_exchange (&shared, sizeof shared, "fragments");
  const unsigned lane = threadIdx.x % 32;

  for (unsigned piece = 0; piece < 4; piece++)
    {
      const unsigned char *row;

      memcpy (&row, all + 64 * (8 * piece + lane / 4), sizeof row);
      memcpy (&x[piece], row + 4 * (lane % 4), 4);
    }
}

static inline void
load_fragments_transposed (unsigned (&x)[4], const void *shared)
{
  const unsigned char *all = emulation_exchange (&shared, sizeof shared, "transposed fragments");
  const unsigned lane = threadIdx.x % 32;

  for (unsigned piece = 0; piece < 4; piece++)
    for (unsigned half = 0; half < 2; half++)
      {
        const unsigned char *row;

        memcpy (&row, all + 64 * (8 * piece + 2 * (lane % 4) + half), sizeof row);
        memcpy ((unsigned char *) &x[piece] + 2 * half, row + 2 * (lane / 4), 2);
      }
}

static inline unsigned
round_to_bf16 (float low, float high)
{
  unsigned bits[2];

  memcpy (&bits[0], &low, 4);
  memcpy (&bits[1], &high, 4);
  for (unsigned &x : bits)
    x = (x & 0x7fffffff) > 0x7f800000 ? 0x7fff : (x + 0x7fff + (x >> 16 & 1)) >> 16;
  return bits[0] | bits[1] << 16;
}

/* The unit does not say in which order it adds; here it is that of k. */
static inline void
multiply_bf16 (float &c0, float &c1, float &c2, float &c3, const unsigned (&a)[4], unsigned b0, unsigned b1)
{
  const unsigned mine[6] = { a[0], a[1], a[2], a[3], b0, b1 };
  const unsigned char *all = emulation_exchange (mine, sizeof mine, "product of bf16");
  const unsigned lane = threadIdx.x % 32;
  float *c[] = { &c0, &c1, &c2, &c3 };

  for (unsigned e = 0; e < 4; e++)
    {
      const unsigned row = lane / 4 + e / 2 * 8, column = 2 * (lane % 4) + e % 2;

      for (unsigned k = 0; k < 16; k++)
        {
          unsigned char x[4] = { 0 }, y[4] = { 0 };
          float factor[2];

          memcpy (x + 2, all + 64 * (row % 8 * 4 + k % 8 / 2) + 4 * (row / 8 + 2 * (k / 8)) + 2 * (k % 2), 2);
          memcpy (y + 2, all + 64 * (column * 4 + k % 8 / 2) + 4 * (4 + k / 8) + 2 * (k % 2), 2);
          memcpy (&factor[0], x, 4);
          memcpy (&factor[1], y, 4);
          *c[e] += factor[0] * factor[1];
        }
    }
}

static inline void
multiply_bytes (int (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1)
{
  const unsigned mine[6] = { a[0], a[1], a[2], a[3], b0, b1 };
  const unsigned char *all = emulation_exchange (mine, sizeof mine, "product of bytes");
  const unsigned lane = threadIdx.x % 32;

  for (unsigned e = 0; e < 4; e++)
    {
      const unsigned row = lane / 4 + e / 2 * 8, column = 2 * (lane % 4) + e % 2;

      for (unsigned k = 0; k < 32; k += 4)
        {
          int x, y;

          memcpy (&x, all + 64 * (row % 8 * 4 + k % 16 / 4) + 4 * (row / 8 + 2 * (k / 16)), 4);
          memcpy (&y, all + 64 * (column * 4 + k % 16 / 4) + 4 * (4 + k / 16), 4);
          c[e] = __dp4a (x, y, c[e]);
        }
    }
}

/* --- launches --- */

struct EmulatedStream;
void emulation_launch (EmulatedStream *stream, unsigned grid, unsigned block, size_t shared, std::function<void ()> body);

#define ASSAY_LAUNCH(kernel, grid, block, shared, stream, ...) emulation_launch (stream, grid, block, shared, emulation_bind (kernel, __VA_ARGS__))

/* Arguments by value, as a launch takes them. */
template <class F, class... A>
static inline std::function<void ()>
emulation_bind (F kernel, A... arguments)
{
  return [=] { kernel (arguments...); };
}

/* --- how a test makes it fail --- */

#pragma GCC visibility push(default)
extern "C" {
/* The k-th call from now on (1: the next one) fails: with error 2 it is out of memory, else every later call fails too. 0: none does. */
void     emulation_fail_at   (uint64_t k, int error);
uint64_t emulation_get_calls (void);
/* Devices; -1: no driver. */
void     emulation_set_devices (int n);
/* Bytes of device memory. */
void     emulation_set_memory (size_t bytes);
/* From now on eigenvectors and solutions have an error of a thousandth in one entry. */
void     emulation_spoil (int spoil);
/* From now on cuBLASLt has no way to make a product. */
void     emulation_refuse_products (int refuse);
/* From now on captured work cannot be made ready; how often some was replayed. */
void     emulation_refuse_captures (int refuse);
uint64_t emulation_get_replays (void);
/* Everything made and not destroyed: buffers, streams, events, handles. */
int64_t  emulation_get_live (void);
}
#pragma GCC visibility pop
