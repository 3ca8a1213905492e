/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_statistics.cu: what units did, counted where a walk left it: of each channel a histogram and sums, as whole numbers, so that no order shows. Called as a
 * forward rule by src/probes/units_there.c.
 *
 * What limits it: a number is read once, 4 bytes of f32, for one addition to shared memory and about 30 operations on whole numbers; a block writes each count
 * that is not 0 once.
 */
#include "stored.cuh"

#define STRIP 32                /* channels of a block: of a lane each, whose counts are a bank of shared memory */
#define WARPS 8
#define BINS 256
#define ZERO_BIN 127
#define ROWS 1024               /* of a block */

/* --- count_units: count_c,b += rows whose number, rounded to f16, is in bin b; sum_c += what the numbers add up to         x (N,C)   at (n) of 64 bits
 *     count (C,256), sum (C,4) of 64 bits: of numbers in units of 2^-24, of squares in units of 2^-48, 2^-28 and 2^-8, as src/probes/unit_kernel.h has them -- */

/* As src/probes/unit_histogram.c: a quarter of an octave each. */
static __device__ inline int
find_bin (uint16_t stored)
{
  const uint32_t bits = bits_of ((float) AsF16::number (stored & 0x7fff));
  const int quarter = (int) (bits >> 21) - 4 * 127 + 62, most = stored & 0x8000 ? 125 : 126;
  const int clamped = quarter < -1 ? -1 : quarter > most ? most : quarter;

  return bits == 0 ? ZERO_BIN : stored & 0x8000 ? ZERO_BIN - 2 - clamped : ZERO_BIN + 2 + clamped;
}

/* A float16 is m 2^(shift - 24), m of 11 bits and shift from 0 to 29. */
static __device__ inline void
add_up (uint16_t stored, int64_t (&sum)[4])
{
  const int exponent = stored >> 10 & 31, shift = exponent - (exponent > 0), third = shift / 10;
  const int64_t m = (stored & 1023) | (exponent > 0) << 10, value = m << shift, square = m * m << 2 * (shift - 10 * third);

  sum[0] += stored & 0x8000 ? -value : value;
  sum[1] += third == 0 ? square : 0;
  sum[2] += third == 1 ? square : 0;
  sum[3] += third == 2 ? square : 0;
}

template <class T>
static __global__ void __launch_bounds__ (32 * WARPS)
count_units (int64_t strips, int64_t n, int64_t C, const T *x, const int64_t *at, unsigned long long *count, unsigned long long *sum)
{
  __shared__ unsigned bin[BINS][STRIP];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int64_t channel = blockIdx.x % strips * STRIP + lane, first = blockIdx.x / strips * ROWS, end = first + ROWS < n ? first + ROWS : n;
  int64_t mine[4] = { 0, 0, 0, 0 };

  for (int b = warp; b < BINS; b += WARPS)
    bin[b][lane] = 0;
  __syncthreads ();
  for (int64_t row = first + warp; channel < C && row < end; row += WARPS)
    {
      const uint16_t stored = AsF16::of (x[at[row] * C + channel]);

      atomicAdd (&bin[find_bin (stored)][lane], 1u);
      add_up (stored, mine);
    }
  for (int k = 0; channel < C && k < 4; k++)
    atomicAdd (&sum[channel * 4 + k], (unsigned long long) mine[k]);
  __syncthreads ();
  for (int i = threadIdx.x; i < BINS * STRIP; i += 32 * WARPS)
    {
      const int64_t c = blockIdx.x % strips * STRIP + i / BINS;
      const unsigned counted = bin[i % BINS][i / BINS];

      if (counted > 0)
        atomicAdd (&count[c * BINS + i % BINS], (unsigned long long) counted);
    }
}

namespace rules {
struct count_units {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t n = c->in_shape[1].dim[0], C = c->in_shape[0].dim[1], strips = (C + STRIP - 1) / STRIP;

    ASSAY_LAUNCH (::count_units<T>, (unsigned) (strips * ((n + ROWS - 1) / ROWS)), 32 * WARPS, 0, scope.context->stream, strips, n, C, (const T *) c->x[0],
                  (const int64_t *) c->x[1], (unsigned long long *) c->y[0], (unsigned long long *) c->y[1]);
    return assay_cuda_check_launch (scope.context, "counts of units", scope.failure);
  }
};
}
static const AssayCudaOp registered_count_units ("count_units", rules::count_units::forward<float>, rules::count_units::forward<double>, NULL, NULL, NULL, NULL, NULL,
                                                 NULL, NULL, NULL);
