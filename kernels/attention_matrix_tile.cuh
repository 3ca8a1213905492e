/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attention_matrix_tile.cuh: tiles of attention for the matrix units: factors rounded to bf16, sums in f32. What a Tiles of attention_tile.cuh is.
 *
 * A warp has 16 rows, and of their products with 8 columns a lane has rows l/4 and l/4 + 8, columns 2 (l%4) and the next one (matrix_unit.cuh). Weights go through
 * shared memory, rounded once more, since a lane does not have the ones it multiplies with. Rows of tiles are 16 bytes longer than they need be: then the eight
 * that a fragment is made of begin in different banks.
 * Numbers with tangents are two planes, one behind the other in each row of a tile: values, then tangents. A tangent's product is two of the units'; the values' is
 * left out by the compiler where nobody reads it.
 */
#pragma once

#include "attention_tile.cuh"

/* Rows of D numbers of bf16, aligned to 16 bytes, and their tangents, which are NULL where there are none. */
struct RoundedRows {
  const uint16_t *v, *r;
};

/* As many as leave a thread its registers: for adjoints it holds scores and their adjoints, of both planes. */
constexpr int
matrix_tile_columns (int planes, int D, int own)
{
  const int n = own == 1 ? planes * D : planes * planes * own * D;

  return n <= 128 ? 64 : n <= 512 ? 32 : 16;
}

static __device__ __forceinline__ float &value_part (float &x) { return x; }
static __device__ __forceinline__ float &value_part (Dual<float> &x) { return x.v; }
static __device__ __forceinline__ float &tangent_part (Dual<float> &x) { return x.d; }

template <class S, int D, int own>
struct MatrixTiles {
  typedef S Scalar;
  typedef uint16_t Number;
  typedef RoundedRows Source;
  static constexpr bool HAS_TANGENTS = BaseOf<S>::is_dual;
  static constexpr int PLANES = HAS_TANGENTS ? 2 : 1, STRIDE = PLANES * D + 8, ROWS = 64, COLUMNS = matrix_tile_columns (PLANES, D, own), LANES = 4;
  static constexpr int WEIGHTS_STRIDE = PLANES * COLUMNS + 8, THREADS = ROWS * 2, M = 2, N = COLUMNS / LANES, C = D / LANES;
  static constexpr size_t BYTES = sizeof (Number) * ((own * ROWS + COLUMNS) * STRIDE + ROWS * WEIGHTS_STRIDE) + sizeof (S) * 2 * COLUMNS;

  static_assert (BYTES <= ASSAY_TILE_SHARED && D % 16 == 0, "tiles fit");

  static __device__ int warp_row () { return (int) threadIdx.x / 32 * 16; }
  static __device__ int lane () { return threadIdx.x % LANES; }
  static __device__ int row (int m) { return warp_row () + (int) threadIdx.x % 32 / 4 + 8 * m; }
  static __device__ int column (int n) { return 8 * (n / 2) + 2 * lane () + n % 2; }
  static __device__ int channel (int c) { return column (c); }

  template <int rows>
  static __device__ __forceinline__ void
  fill (uint16_t *tile, const RoundedRows &from, int64_t first, int64_t stride, int64_t n, int64_t)
  {
#pragma unroll 4
    for (int k = threadIdx.x; k < rows * D / 8; k += THREADS)
      {
        const int r = k / (D / 8), d = k % (D / 8) * 8;
        const int64_t at = r < n ? first + r * stride + d : 0;

        copy_pack_async (tile + r * STRIDE + d, from.v + at, r < n);
        if constexpr (HAS_TANGENTS)
          copy_pack_async (tile + r * STRIDE + D + d, from.r != NULL ? from.r + at : from.v, r < n && from.r != NULL);
      }
  }

  /* Rows of this warp and 16 columns from k on, as factor A. */
  static __device__ __forceinline__ void
  load_rows (unsigned (&x)[4], const uint16_t *tile, int stride, int k)
  {
    const int l = threadIdx.x % 32;

    load_fragments (x, tile + (warp_row () + l % 16) * stride + k + l / 16 * 8);
  }

  /* Sums n .. n+3 of both rows += a b. */
  template <int columns>
  static __device__ __forceinline__ void
  add_values (S (&sum)[M][columns], int n, const unsigned (&a)[4], const unsigned (&b)[4])
  {
    multiply_bf16 (value_part (sum[0][n]), value_part (sum[0][n + 1]), value_part (sum[1][n]), value_part (sum[1][n + 1]), a, b[0], b[1]);
    multiply_bf16 (value_part (sum[0][n + 2]), value_part (sum[0][n + 3]), value_part (sum[1][n + 2]), value_part (sum[1][n + 3]), a, b[2], b[3]);
  }

  template <int columns>
  static __device__ __forceinline__ void
  add_tangents (S (&sum)[M][columns], int n, const unsigned (&a)[4], const unsigned (&b)[4])
  {
    multiply_bf16 (tangent_part (sum[0][n]), tangent_part (sum[0][n + 1]), tangent_part (sum[1][n]), tangent_part (sum[1][n + 1]), a, b[0], b[1]);
    multiply_bf16 (tangent_part (sum[0][n + 2]), tangent_part (sum[0][n + 3]), tangent_part (sum[1][n + 2]), tangent_part (sum[1][n + 3]), a, b[2], b[3]);
  }

  static __device__ __forceinline__ void
  multiply_rows (const uint16_t *mine, const uint16_t *other, S (&sum)[M][N])
  {
    const int l = threadIdx.x % 32;

#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
      for (int n = 0; n < N; n++)
        sum[m][n] = S (0);
#pragma unroll 2
    for (int d = 0; d < D; d += 16)
      {
        unsigned a[PLANES][4], b[PLANES][4];

#pragma unroll
        for (int plane = 0; plane < PLANES; plane++)
          load_rows (a[plane], mine + plane * D, STRIDE, d);
#pragma unroll
        for (int n = 0; n < N; n += 4)                            /* 16 columns */
          {
#pragma unroll
            for (int plane = 0; plane < PLANES; plane++)
              load_fragments (b[plane], other + (4 * n + l % 8 + l / 16 * 8) * STRIDE + plane * D + d + l / 8 % 2 * 8);
            add_values (sum, n, a[0], b[0]);
            if constexpr (HAS_TANGENTS)
              {
                add_tangents (sum, n, a[0], b[1]);
                add_tangents (sum, n, a[1], b[0]);
              }
          }
      }
  }

  static __device__ __forceinline__ void
  write_weights (uint16_t *weights, S (&of)[M][N])
  {
#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
      for (int n = 0; n < N; n += 2)
        {
          *(unsigned *) (weights + row (m) * WEIGHTS_STRIDE + column (n)) = round_to_bf16 (value_part (of[m][n]), value_part (of[m][n + 1]));
          if constexpr (HAS_TANGENTS)
            *(unsigned *) (weights + row (m) * WEIGHTS_STRIDE + COLUMNS + column (n)) = round_to_bf16 (tangent_part (of[m][n]), tangent_part (of[m][n + 1]));
        }
  }

  static __device__ __forceinline__ void
  multiply_weights (const uint16_t *weights, const uint16_t *other, S (&out)[M][C])
  {
    const int l = threadIdx.x % 32;

#pragma unroll 2
    for (int j = 0; j < COLUMNS; j += 16)
      {
        unsigned a[PLANES][4], b[PLANES][4];

#pragma unroll
        for (int plane = 0; plane < PLANES; plane++)
          load_rows (a[plane], weights + plane * COLUMNS, WEIGHTS_STRIDE, j);
#pragma unroll
        for (int c = 0; c < C; c += 4)                            /* 16 channels */
          {
#pragma unroll
            for (int plane = 0; plane < PLANES; plane++)
              load_fragments_transposed (b[plane], other + (j + l % 16) * STRIDE + plane * D + 4 * c + l / 16 * 8);
            add_values (out, c, a[0], b[0]);
            if constexpr (HAS_TANGENTS)
              {
                add_tangents (out, c, a[0], b[1]);
                add_tangents (out, c, a[1], b[0]);
              }
          }
      }
  }
};
