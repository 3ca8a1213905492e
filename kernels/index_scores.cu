/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_scores.cu: every row of a gradient index with every query of a batch: products of bytes, scaled block by block.
 *
 * What limits it: each row is read once from memory (12,288 bytes of it; a million rows take 3.7 ms at 3.3 TB/s), and 2 W N Q B operations of the matrix
 * units (2.5e12 for a hundred queries: 1.2 ms at 2e15/s). With many queries shared memory comes next: a warp of MT x NT products of 16 x 8 reads
 * (16 MT + 8 NT) x 32 bytes for them, so tiles are as large as the registers allow; then the second cache, out of which every group of rows reads all
 * queries again.
 * Dot products of blocks are exact integers; the floats that scale them are added in the order of the blocks, whatever the tile: the same bits from
 * every way, for any number of rows or queries beside.
 */
#include "platform.cuh"
#include "matrix_unit.cuh"
#include "ladder/index_scores_plain.cuh"

#define W ASSAY_CUDA_INDEX_BLOCK
#define CHUNKS (W / 16)                 /* 16-byte pieces of a block of coordinates */

static __device__ __forceinline__ float
add_scaled (float sum, float row, float query, int dot)
{
  return __fadd_rn (sum, __fmul_rn (row, __fmul_rn (query, __int2float_rn (dot))));
}

/* --- few queries: reading the rows is all the work ------------------------------------------------------------------------ */

#define PAIRS 4                         /* pairs of rows that a warp has under way, each 512 bytes in a row */
#define FEW_THREADS 256

/* Half a warp has a row, a lane 16 bytes of its block. */
template <int Q>
static __global__ void __launch_bounds__ (FEW_THREADS)
index_scores_dots (AssayCudaIndexRows rows, AssayCudaIndexQueries queries, float *scores)
{
  ASSAY_SHARED (shared);
  uint4 *codes = (uint4 *) shared;
  float *t = (float *) (codes + rows.n_blocks * Q * CHUNKS);
  const int lane = threadIdx.x % 32, half = lane / 16, place = lane % 16;
  const int64_t first = ((int64_t) blockIdx.x * (FEW_THREADS / 32) + threadIdx.x / 32) * 2 * PAIRS;
  float sum[PAIRS][Q];

  for (int k = threadIdx.x; k < rows.n_blocks * Q * CHUNKS; k += FEW_THREADS)
    codes[k] = ((const uint4 *) queries.codes)[k];
  for (int k = threadIdx.x; k < rows.n_blocks * Q; k += FEW_THREADS)
    t[k] = queries.scale[k];
  __syncthreads ();
  if (first >= rows.n)
    return;
#pragma unroll
  for (int p = 0; p < PAIRS; p++)
#pragma unroll
    for (int q = 0; q < Q; q++)
      sum[p][q] = 0;
#pragma unroll 2
  for (int b = 0; b < rows.n_blocks; b++)
    {
      const uint4 *at = (const uint4 *) rows.codes + (b * rows.stride + first) * CHUNKS + lane;
      uint4 x[PAIRS];
      float s[PAIRS];

#pragma unroll
      for (int p = 0; p < PAIRS; p++)
        x[p] = __ldcs (at + p * 2 * CHUNKS);
#pragma unroll
      for (int p = 0; p < PAIRS; p++)
        s[p] = __ldcs (rows.scale + b * rows.stride + first + 2 * p + half);
#pragma unroll
      for (int q = 0; q < Q; q++)
        {
          const uint4 d = codes[(b * Q + q) * CHUNKS + place];

#pragma unroll
          for (int p = 0; p < PAIRS; p++)
            {
              int dot = __dp4a ((int) x[p].x, (int) d.x, 0);

              dot = __dp4a ((int) x[p].y, (int) d.y, dot);
              dot = __dp4a ((int) x[p].z, (int) d.z, dot);
              dot = __dp4a ((int) x[p].w, (int) d.w, dot);
#pragma unroll
              for (int other = 8; other > 0; other /= 2)
                dot += __shfl_xor_sync (0xffffffffu, dot, other);
              sum[p][q] = add_scaled (sum[p][q], s[p], t[b * Q + q], dot);
            }
        }
    }
#pragma unroll
  for (int p = 0; p < PAIRS; p++)
    if (place == 0 && first + 2 * p + half < rows.n)
#pragma unroll
      for (int q = 0; q < Q; q++)
        scores[(first + 2 * p + half) * Q + q] = sum[p][q];
}

template <int Q>
static int
launch_dots (AssayCudaContext *context, const AssayCudaIndexRows *rows, const AssayCudaIndexQueries *queries, float *scores, AssayCudaFailure *failure)
{
  auto kernel = index_scores_dots<Q>;
  const size_t shared = (size_t) rows->n_blocks * Q * (W + sizeof (float));
  const int64_t rows_of_block = FEW_THREADS / 32 * 2 * PAIRS;

  if (!assay_cuda_allow_shared (context, kernel, "index_scores_dots", shared, failure))
    return 0;
  ASSAY_LAUNCH (kernel, (unsigned) ((rows->n + rows_of_block - 1) / rows_of_block), FEW_THREADS, shared, context->stream, *rows, *queries, scores);
  return assay_cuda_check_launch (context, "index_scores_dots", failure);
}

/* --- many queries: the matrix units --------------------------------------------------------------------------------------- */

/* A block of coordinates of a group of rows and of the queries, as it lies in shared memory. Row r's piece c is at c ^ (r % 8): then the eight rows
 * that a fragment is made of lie in eight different groups of banks. */
template <int ROWS, int QUERIES>
struct Stage {
  uint4 rows[ROWS][CHUNKS];
  uint4 queries[QUERIES][CHUNKS];
  float row_scale[ROWS];
  float query_scale[QUERIES];
};

template <int ROWS, int QUERIES, int THREADS>
static __device__ __forceinline__ void
fetch (Stage<ROWS, QUERIES> *stage, const AssayCudaIndexRows &rows, const AssayCudaIndexQueries &queries, int b, int64_t first, int first_query)
{
  const uint4 *from_rows = (const uint4 *) rows.codes + (b * rows.stride + first) * CHUNKS;
  const uint4 *from_queries = (const uint4 *) queries.codes + ((int64_t) b * queries.stride + first_query) * CHUNKS;

  for (int k = threadIdx.x; k < ROWS * CHUNKS; k += THREADS)
    copy_async (&stage->rows[k / CHUNKS][k % CHUNKS ^ (k / CHUNKS % 8)], from_rows + k);
  for (int k = threadIdx.x; k < QUERIES * CHUNKS; k += THREADS)
    copy_async (&stage->queries[k / CHUNKS][k % CHUNKS ^ (k / CHUNKS % 8)], from_queries + k);
  for (int k = threadIdx.x; k < ROWS / 4; k += THREADS)
    copy_async (&stage->row_scale[4 * k], rows.scale + b * rows.stride + first + 4 * k);
  for (int k = threadIdx.x; k < QUERIES / 4; k += THREADS)
    copy_async (&stage->query_scale[4 * k], queries.scale + (int64_t) b * queries.stride + first_query + 4 * k);
}

/* dot += MT x NT products of a warp over a block of coordinates. */
template <int MT, int NT, class TheStage>
static __device__ __forceinline__ void
multiply_stage (const TheStage &stage, int row0, int query0, int (&dot)[MT][NT][4])
{
  const int lane = threadIdx.x % 32, a_swizzle = lane / 16 ^ lane % 8, b_swizzle = lane / 8 % 2 ^ lane % 8;
  const uint4 *a_row = stage.rows[row0 + lane % 16], *b_row = stage.queries[query0 + lane % 8];

#pragma unroll 4                                                 /* all of them would not leave room for the fragments */
  for (int k = 0; k < W / 32; k++)
    {
      unsigned a[MT][4];

#pragma unroll
      for (int m = 0; m < MT; m++)
        load_fragments (a[m], a_row + 16 * m * CHUNKS + (a_swizzle ^ 2 * k));
#pragma unroll
      for (int n = 0; n < NT; n += 2)                             /* two at once; of an odd number the last one is read twice */
        {
          const int next = n + 1 < NT ? lane / 16 : 0;
          unsigned b[4];

          load_fragments (b, b_row + 8 * (n + next) * CHUNKS + (b_swizzle ^ 2 * k));
#pragma unroll
          for (int m = 0; m < MT; m++)
            {
              multiply_bytes (dot[m][n], a[m], b[0], b[1]);
              if (n + 1 < NT)
                multiply_bytes (dot[m][n + 1 < NT ? n + 1 : n], a[m], b[2], b[3]);
            }
        }
    }
}

/* WM x WN warps, each with GROUPS times MT x NT products of 16 rows and 8 queries, STAGES blocks of coordinates under way. The integers of a group
 * are done with before the next one's are begun, which spares registers and reads the queries once more. */
template <int WM, int WN, int GROUPS, int MT, int NT, int STAGES>
static __global__ void __launch_bounds__ (32 * WM * WN)
index_scores_matrix (AssayCudaIndexRows rows, AssayCudaIndexQueries queries, int first_query, float *scores)
{
  constexpr int ROWS = WM * GROUPS * MT * 16, QUERIES = WN * NT * 8, THREADS = 32 * WM * WN;
  typedef Stage<ROWS, QUERIES> TheStage;
  ASSAY_SHARED (shared);
  TheStage *stages = (TheStage *) shared;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, row0 = warp / WN * GROUPS * MT * 16, query0 = warp % WN * NT * 8;
  const int64_t first = (int64_t) blockIdx.x * ROWS;
  float sum[GROUPS * MT][NT][4];

#pragma unroll
  for (int m = 0; m < GROUPS * MT; m++)
#pragma unroll
    for (int n = 0; n < NT; n++)
#pragma unroll
      for (int k = 0; k < 4; k++)
        sum[m][n][k] = 0;
#pragma unroll
  for (int b = 0; b < STAGES - 1; b++)
    {
      if (b < rows.n_blocks)
        fetch<ROWS, QUERIES, THREADS> (&stages[b], rows, queries, b, first, first_query);
      copy_commit ();
    }
  for (int b = 0; b < rows.n_blocks; b++)
    {
      const TheStage *stage = &stages[b % STAGES];

      copy_wait<STAGES - 2> ();
      __syncthreads ();                                           /* block b is there for all, and b - 1 was used by all */
      if (b + STAGES - 1 < rows.n_blocks)
        fetch<ROWS, QUERIES, THREADS> (&stages[(b + STAGES - 1) % STAGES], rows, queries, b + STAGES - 1, first, first_query);
      copy_commit ();
#pragma unroll
      for (int g = 0; g < GROUPS; g++)
        {
          int dot[MT][NT][4];

#pragma unroll
          for (int m = 0; m < MT; m++)
#pragma unroll
            for (int n = 0; n < NT; n++)
#pragma unroll
              for (int k = 0; k < 4; k++)
                dot[m][n][k] = 0;
          multiply_stage<MT, NT> (*stage, row0 + 16 * MT * g, query0, dot);
#pragma unroll
          for (int m = 0; m < MT; m++)
            {
              const int row = row0 + 16 * (MT * g + m) + lane / 4;
              const float s[2] = { stage->row_scale[row], stage->row_scale[row + 8] };

#pragma unroll
              for (int n = 0; n < NT; n++)
#pragma unroll
                for (int k = 0; k < 4; k++)
                  sum[MT * g + m][n][k] = add_scaled (sum[MT * g + m][n][k], s[k / 2], stage->query_scale[query0 + 8 * n + 2 * (lane % 4) + k % 2], dot[m][n][k]);
            }
        }
    }
#pragma unroll
  for (int m = 0; m < GROUPS * MT; m++)
#pragma unroll
    for (int n = 0; n < NT; n++)
#pragma unroll
      for (int k = 0; k < 4; k++)
        {
          const int64_t row = first + row0 + 16 * m + lane / 4 + k / 2 * 8;
          const int query = first_query + query0 + 8 * n + 2 * (lane % 4) + k % 2;

          if (row < rows.n && query < queries.n)
            scores[row * queries.n + query] = sum[m][n][k];
        }
}

template <int WM, int WN, int GROUPS, int MT, int NT, int STAGES>
static int
launch_matrix (AssayCudaContext *context, const AssayCudaIndexRows *rows, const AssayCudaIndexQueries *queries, float *scores, AssayCudaFailure *failure)
{
  constexpr int ROWS = WM * GROUPS * MT * 16, QUERIES = WN * NT * 8;
  auto kernel = index_scores_matrix<WM, WN, GROUPS, MT, NT, STAGES>;
  const size_t shared = STAGES * sizeof (Stage<ROWS, QUERIES>);

  static_assert (ASSAY_CUDA_INDEX_ROWS % ROWS == 0, "rows are padded to whole groups");
  if (!assay_cuda_allow_shared (context, kernel, "index_scores_matrix", shared, failure))
    return 0;
  for (int query = 0; query < queries->n; query += QUERIES)
    {
      ASSAY_LAUNCH (kernel, (unsigned) ((rows->n + ROWS - 1) / ROWS), 32 * WM * WN, shared, context->stream, *rows, *queries, query, scores);
      if (!assay_cuda_check_launch (context, "index_scores_matrix", failure))
        return 0;
    }
  return 1;
}

/* --- which one ------------------------------------------------------------------------------------------------------------ */

static int
launch_plain (AssayCudaContext *context, const AssayCudaIndexRows *rows, const AssayCudaIndexQueries *queries, float *scores, AssayCudaFailure *failure)
{
  ASSAY_LAUNCH (index_scores_plain, (unsigned) ((rows->n * queries->n + 255) / 256), 256, 0, context->stream, *rows, *queries, scores);
  return assay_cuda_check_launch (context, "index_scores_plain", failure);
}

static int
are_sizes_sound (const AssayCudaIndexRows *rows, const AssayCudaIndexQueries *queries, AssayCudaFailure *failure)
{
  if (rows->n < 0 || rows->stride < rows->n || rows->stride % ASSAY_CUDA_INDEX_ROWS != 0 || rows->n_blocks < 1 || queries->n < 1
      || queries->stride != assay_cuda_index_stride (queries->n))
    return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "index_scores: %lld rows in %lld, %d blocks, %d queries in %d: rows in a multiple of %d expected, and %d queries in %d",
                            (long long) rows->n, (long long) rows->stride, rows->n_blocks, queries->n, queries->stride, ASSAY_CUDA_INDEX_ROWS, queries->n,
                            assay_cuda_index_stride (queries->n));
  return 1;
}

#define TALLEST ((size_t) 190 << 10)    /* bytes of shared memory of the tiles for many queries; processors that have less take small ones */

static AssayCudaIndexWay
choose (const AssayCudaContext *context, const AssayCudaIndexRows *rows, const AssayCudaIndexQueries *queries)
{
  if (queries->n > 64 && context->shared < TALLEST)
    return ASSAY_CUDA_INDEX_MATRIX_SMALL;
  if (queries->n > ASSAY_CUDA_INDEX_FEW)
    return ASSAY_CUDA_INDEX_MATRIX;
  return (size_t) rows->n_blocks * queries->n * (W + sizeof (float)) <= context->shared ? ASSAY_CUDA_INDEX_DOTS : ASSAY_CUDA_INDEX_PLAIN;
}

int
assay_cuda_index_scores (AssayCudaContext *context, AssayCudaIndexWay way, const AssayCudaIndexRows *rows, const AssayCudaIndexQueries *queries,
                         float *scores, AssayCudaFailure *failure)
{
  const int n = queries->n;

  if (!assay_cuda_enter (context, failure) || !are_sizes_sound (rows, queries, failure))
    return 0;
  if (rows->n == 0)
    return 1;
  if (way == ASSAY_CUDA_INDEX_AUTO)
    way = choose (context, rows, queries);
  switch (way)
    {
    case ASSAY_CUDA_INDEX_PLAIN:
      return launch_plain (context, rows, queries, scores, failure);
    case ASSAY_CUDA_INDEX_DOTS:
      switch (n)
        {
        case 1: return launch_dots<1> (context, rows, queries, scores, failure);
        case 2: return launch_dots<2> (context, rows, queries, scores, failure);
        case 3: return launch_dots<3> (context, rows, queries, scores, failure);
        case 4: return launch_dots<4> (context, rows, queries, scores, failure);
        }
      break;
    case ASSAY_CUDA_INDEX_MATRIX:
      if (n > 64)
        return launch_matrix<4, 2, 1, 2, 7, 3> (context, rows, queries, scores, failure);
      if (n > 32)
        return launch_matrix<4, 2, 1, 2, 4, 2> (context, rows, queries, scores, failure);
      if (n > 8)
        return launch_matrix<8, 1, 1, 1, 4, 2> (context, rows, queries, scores, failure);
      if (n > ASSAY_CUDA_INDEX_FEW)
        return launch_matrix<8, 1, 1, 1, 1, 2> (context, rows, queries, scores, failure);
      break;
    case ASSAY_CUDA_INDEX_MATRIX_WIDE:
      if (n > 64)
        return launch_matrix<8, 2, 1, 1, 7, 3> (context, rows, queries, scores, failure);
      break;
    case ASSAY_CUDA_INDEX_MATRIX_TALL:
      if (n > 64)
        return launch_matrix<8, 2, 2, 1, 7, 2> (context, rows, queries, scores, failure);
      break;
    case ASSAY_CUDA_INDEX_MATRIX_SMALL:
      if (n > 64)
        return launch_matrix<4, 2, 1, 1, 7, 2> (context, rows, queries, scores, failure);
      break;
    default:
      break;
    }
  return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "index_scores: no kernel of way %d takes %d queries", (int) way, n);
}
