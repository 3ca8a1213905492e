/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attention_tile.cuh: products of tiles that lie in shared memory. A block keeps `own` tiles of its own rows there and meets the columns of others, a tile at a
 * time; weights (rows, columns) are what it makes of a pair of tiles. A shape of tiles is a type that says how many rows and columns there are, which of them,
 * and which channels, a thread has, and multiplies:
 *
 *   sum (rows, columns) = own (rows, D) other (columns, D)'          out (rows, D) += weights (rows, columns) other (columns, D)
 *
 * Eight neighbours of a warp share a row, and a thread has every (THREADS/8)th row and every eighth column: a number read from shared memory takes part in as
 * many products as the thread has rows, or columns. What is read is always a pack of 16 bytes; tiles have one more in each row, so that the rows that
 * a warp reads at once begin in different banks.
 */
#pragma once

#include "matrix_unit.cuh"
#include "op.cuh"

#define ASSAY_TILE_LANES 8                      /* threads that share a row */
#define ASSAY_TILE_SHARED ((size_t) 99 << 10)   /* bytes that a block may have on every processor since 8.0; the largest run two at once */

constexpr int
tile_rows (size_t width)
{
  return width <= 512 ? 64 : (int) ((size_t) 32768 / width);
}

/* `own` tiles of rows and one of columns, the weights, and two numbers for each column. */
constexpr size_t
tile_bytes (size_t number, int D, int own, int rows, int columns)
{
  return number * (size_t) ((own * rows + columns) * (D + (int) (16 / number)) + rows * (columns + ASSAY_TILE_LANES) + 2 * columns);
}

/* Fewer of longer numbers: a thread holds scores and their adjoints, and no more than the registers do. */
constexpr int
tile_columns (size_t number, int D, int own)
{
  int columns = number == 4 ? 64 : 32;

  while (columns > ASSAY_TILE_LANES && tile_bytes (number, D, own, tile_rows (number * (size_t) D), columns) > ASSAY_TILE_SHARED)
    columns /= 2;
  return columns;
}

template <class S>
struct alignas (16) TilePack {
  S x[16 / sizeof (S)];
};

template <class S>
static __device__ __forceinline__ TilePack<S>
read_pack (const S *at)
{
  return *(const TilePack<S> *) at;
}

/* Number i of x, or zero. What is stored in bf16 is widened on its way, which no copy that goes on by itself does. */
template <class T>
static __device__ __forceinline__ void
ask_for_number (T *to, const T *x, int64_t i, bool is_narrow, bool is_there)
{
  if (is_narrow)
    *to = is_there ? load_number (x, i, true) : T (0);
  else
    copy_number_async (to, x + (is_there ? i : 0), is_there);
}

template <class T>
static __device__ __forceinline__ void
ask_for (T *to, const In<T> &from, int64_t i, bool is_there)
{
  ask_for_number (to, from.v, i, from.narrow, is_there);
}

template <class T>
static __device__ __forceinline__ void
ask_for (Dual<T> *to, const In<Dual<T>> &from, int64_t i, bool is_there)
{
  const bool has_tangent = is_there && from.r != NULL;

  ask_for_number (&to->v, from.v, i, from.narrow, is_there);
  ask_for_number (&to->d, has_tangent ? from.r : from.v, i, from.narrow, has_tangent);
}

/* Tiles of D channels, the largest that fit: at most 64 rows and columns, fewer rows where they are long. */
template <class S, int D, int own>
struct Tiles {
  typedef S Scalar;
  typedef S Number;             /* in shared memory */
  typedef In<S> Source;
  static constexpr int PACK = 16 / sizeof (S), STRIDE = D + PACK;
  static constexpr int ROWS = tile_rows (sizeof (S) * D), COLUMNS = tile_columns (sizeof (S), D, own), LANES = ASSAY_TILE_LANES, WEIGHTS_STRIDE = COLUMNS + LANES;
  static constexpr int APART = ROWS < 16 ? ROWS : 16, THREADS = APART * LANES;
  static constexpr int M = ROWS / APART, N = COLUMNS / LANES, C = D / LANES;        /* of a thread: rows, columns, channels */
  static constexpr size_t BYTES = tile_bytes (sizeof (S), D, own, ROWS, COLUMNS);

  static_assert (BYTES <= ASSAY_TILE_SHARED && C % PACK == 0 && COLUMNS % PACK == 0, "tiles fit");

  static __device__ int lane () { return threadIdx.x % LANES; }
  static __device__ int row (int m) { return (int) threadIdx.x / LANES + APART * m; }
  static __device__ int column (int n) { return lane () + LANES * n; }
  static __device__ int channel (int c) { return (lane () + LANES * (c / PACK)) * PACK + c % PACK; }

  /* Asks for the rows of a tile: n rows of `width` numbers that lie `stride` apart from `first` on, zeros where there are none. */
  template <int rows>
  static __device__ __forceinline__ void
  fill (S *tile, const In<S> &from, int64_t first, int64_t stride, int64_t n, int64_t width)
  {
#pragma unroll 4
    for (int k = threadIdx.x; k < rows * D; k += THREADS)
      {
        const int r = k / D, d = k % D;

        ask_for (tile + r * STRIDE + d, from, first + r * stride + d, r < n && d < width);
      }
  }

  static __device__ __forceinline__ void
  multiply_rows (const S *mine, const S *other, S (&sum)[M][N])
  {
#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
      for (int n = 0; n < N; n++)
        sum[m][n] = S (0);
#pragma unroll (own * M * C * sizeof (Base<S>) >= 512 ? 1 : 2)        /* where sums leave room for the packs of two */
    for (int d = 0; d < D; d += PACK)
      {
        TilePack<S> of_column[N];

#pragma unroll
        for (int n = 0; n < N; n++)
          of_column[n] = read_pack (other + column (n) * STRIDE + d);
#pragma unroll
        for (int m = 0; m < M; m++)
          {
            const TilePack<S> of_row = read_pack (mine + row (m) * STRIDE + d);

#pragma unroll
            for (int n = 0; n < N; n++)
#pragma unroll
              for (int k = 0; k < PACK; k++)
                sum[m][n] = add_product (sum[m][n], of_row.x[k], of_column[n].x[k]);
          }
      }
  }

  static __device__ __forceinline__ void
  write_weights (S *weights, const S (&of)[M][N])
  {
#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
      for (int n = 0; n < N; n++)
        weights[row (m) * WEIGHTS_STRIDE + column (n)] = of[m][n];
  }

  static __device__ __forceinline__ void
  multiply_weights (const S *weights, const S *other, S (&out)[M][C])
  {
#pragma unroll 1
    for (int j = 0; j < COLUMNS; j += PACK)
      {
        TilePack<S> weight[M];

#pragma unroll
        for (int m = 0; m < M; m++)
          weight[m] = read_pack (weights + row (m) * WEIGHTS_STRIDE + j);
#pragma unroll
        for (int k = 0; k < PACK; k++)
#pragma unroll
          for (int c = 0; c < C; c += PACK)
            {
              const TilePack<S> channels = read_pack (other + (j + k) * STRIDE + channel (c));

#pragma unroll
              for (int m = 0; m < M; m++)
#pragma unroll
                for (int e = 0; e < PACK; e++)
                  out[m][c + e] = add_product (out[m][c + e], weight[m].x[k], channels.x[e]);
            }
      }
  }
};

/* What this block's threads asked for, and what they wrote, is there for all of them. */
static __device__ __forceinline__ void
await_tiles (void)
{
  copy_commit ();
  copy_wait<0> ();
  __syncthreads ();
}

template <class Shape>
static __device__ __forceinline__ void
clear_channels (typename Shape::Scalar (&out)[Shape::M][Shape::C])
{
#pragma unroll
  for (int m = 0; m < Shape::M; m++)
#pragma unroll
    for (int c = 0; c < Shape::C; c++)
      out[m][c] = typename Shape::Scalar (0);
}
