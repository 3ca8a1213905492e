/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attention_matrix_tile.cuh: tiles of attention for the matrix units: factors rounded to bf16, sums in f32. What a Tiles of attention_tile.cuh is.
 *
 * A warp has 16 rows, and of their products with 8 columns a lane has rows l/4 and l/4 + 8, columns 2 (l%4) and the next one (matrix_unit.cuh). Weights go through
 * shared memory, rounded once more, since a lane does not have the ones it multiplies with. Rows of tiles are 16 bytes longer than they need be: then the eight
 * that a fragment is made of begin in different banks.
 */
#pragma once

#include "attention_tile.cuh"

template <int D, int own>
struct MatrixTiles {
  typedef float Scalar;
  typedef uint16_t Number;
  typedef const uint16_t *Source;       /* rows of D numbers, aligned to 16 bytes */
  static constexpr int STRIDE = D + 8, ROWS = 64, COLUMNS = own * D > 128 ? 32 : 64, LANES = 4, WEIGHTS_STRIDE = COLUMNS + 8, THREADS = ROWS * 2;
  static constexpr int M = 2, N = COLUMNS / LANES, C = D / LANES;
  static constexpr size_t BYTES = sizeof (Number) * ((own * ROWS + COLUMNS) * STRIDE + ROWS * WEIGHTS_STRIDE) + sizeof (float) * 2 * COLUMNS;

  static_assert (BYTES <= ASSAY_TILE_SHARED && D % 16 == 0, "tiles fit");

  static __device__ int warp_row () { return (int) threadIdx.x / 32 * 16; }
  static __device__ int lane () { return threadIdx.x % LANES; }
  static __device__ int row (int m) { return warp_row () + (int) threadIdx.x % 32 / 4 + 8 * m; }
  static __device__ int column (int n) { return 8 * (n / 2) + 2 * lane () + n % 2; }
  static __device__ int channel (int c) { return column (c); }

  template <int rows>
  static __device__ __forceinline__ void
  fill (uint16_t *tile, Source from, int64_t first, int64_t stride, int64_t n, int64_t)
  {
#pragma unroll 4
    for (int k = threadIdx.x; k < rows * D / 8; k += THREADS)
      {
        const int r = k / (D / 8), d = k % (D / 8) * 8;

        copy_pack_async (tile + r * STRIDE + d, from + (r < n ? first + r * stride + d : 0), r < n);
      }
  }

  /* Rows of this warp and 16 columns from k on, as factor A. */
  static __device__ __forceinline__ void
  load_rows (unsigned (&x)[4], const uint16_t *tile, int stride, int k)
  {
    const int l = threadIdx.x % 32;

    load_fragments (x, tile + (warp_row () + l % 16) * stride + k + l / 16 * 8);
  }

  static __device__ __forceinline__ void
  multiply_rows (const uint16_t *mine, const uint16_t *other, float (&sum)[M][N])
  {
    const int l = threadIdx.x % 32;

#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
      for (int n = 0; n < N; n++)
        sum[m][n] = 0;
#pragma unroll 2
    for (int d = 0; d < D; d += 16)
      {
        unsigned a[4], b[4];

        load_rows (a, mine, STRIDE, d);
#pragma unroll
        for (int n = 0; n < N; n += 4)                            /* 16 columns */
          {
            load_fragments (b, other + (4 * n + l % 8 + l / 16 * 8) * STRIDE + d + l / 8 % 2 * 8);
            multiply_bf16 (sum[0][n], sum[0][n + 1], sum[1][n], sum[1][n + 1], a, b[0], b[1]);
            multiply_bf16 (sum[0][n + 2], sum[0][n + 3], sum[1][n + 2], sum[1][n + 3], a, b[2], b[3]);
          }
      }
  }

  static __device__ __forceinline__ void
  write_weights (uint16_t *weights, const float (&of)[M][N])
  {
#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
      for (int n = 0; n < N; n += 2)
        *(unsigned *) (weights + row (m) * WEIGHTS_STRIDE + column (n)) = round_to_bf16 (of[m][n], of[m][n + 1]);
  }

  static __device__ __forceinline__ void
  multiply_weights (const uint16_t *weights, const uint16_t *other, float (&out)[M][C])
  {
    const int l = threadIdx.x % 32;

#pragma unroll 2
    for (int j = 0; j < COLUMNS; j += 16)
      {
        unsigned a[4], b[4];

        load_rows (a, weights, WEIGHTS_STRIDE, j);
#pragma unroll
        for (int c = 0; c < C; c += 4)                            /* 16 channels */
          {
            load_fragments_transposed (b, other + (j + l % 16) * STRIDE + 4 * c + l / 16 * 8);
            multiply_bf16 (out[0][c], out[0][c + 1], out[1][c], out[1][c + 1], a, b[0], b[1]);
            multiply_bf16 (out[0][c + 2], out[0][c + 3], out[1][c + 2], out[1][c + 3], a, b[2], b[3]);
          }
      }
  }
};
