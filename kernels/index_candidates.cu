/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_candidates.cu: which rows of a gradient index may be among the k largest scores of a query, so that these rows alone leave the device. Called as forward
 * rules by src/influence/device_index.c.
 *
 * Scores (index_scores.cu) lie within bounds that are products of a row's features with a query's weights. The largest lower ends of every 32 rows give a
 * threshold: the k-th largest of them cannot be above the k-th largest of all. Rows whose upper end is below it are none of the k.
 * Every bound is added up in the order of its features and rounded as src/influence/index_search.c does: the same bits. Which rows are listed, in which order,
 * hangs on nothing but the numbers.
 * What limits it: beside the scores themselves 2 F products a row and a query, F about 2 blocks.
 */
#include "op.cuh"

#include <math.h>
#include <string.h>

#define W ASSAY_CUDA_INDEX_BLOCK
#define UNDERFLOW_MARGIN 1e-30f         /* ASSAY_INDEX_UNDERFLOW of src/influence/index_kernel.h */
#define UNIT 0x1p-53
#define ROWS 32                         /* with one largest lower end */
#define THREADS 256
#define WARPS (THREADS / 32)
#define EACH 16                         /* queries of a warp */
#define MOST (WARPS * EACH)             /* queries at once */
#define SLAB 32                         /* features in shared memory */

#define ASSAY_CUDA_INDEX_RULE(op) \
  static const AssayCudaOp registered_##op (#op, rules::op::forward, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)

/* --- index_scores: scores (N,Q) of rows codes (B,stride,W), scale (B,stride) and queries (B,Q,W), (B,Q) ------------------------------- */

struct PadCodes {
  int64_t Q, stride;
  const uint4 *from;
  uint4 *to;

  __device__ void
  operator() (int64_t i) const
  {
    const int64_t piece = i % (W / 16), q = i / (W / 16) % stride, b = i / (W / 16) / stride;

    to[i] = q < Q ? from[(b * Q + q) * (W / 16) + piece] : uint4 { 0, 0, 0, 0 };
  }
};

struct PadScale {
  int64_t Q, stride;
  const float *from;
  float *to;

  __device__ void operator() (int64_t i) const { to[i] = i % stride < Q ? from[i / stride * Q + i % stride] : 0; }
};

namespace rules {
struct index_scores {
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t B = c->in_shape[0].dim[0], Q = c->out_shape[0].dim[1], stride = assay_cuda_index_stride ((int32_t) Q);
    const AssayCudaIndexRows rows = { c->out_shape[0].dim[0], c->in_shape[0].dim[1], (int32_t) B, (const int8_t *) c->x[0], (const float *) c->x[1] };
    void *codes = NULL, *scale = NULL;
    int ok = assay_cuda_alloc (scope.context, (size_t) (B * stride * W), &codes, scope.failure)
             && assay_cuda_alloc (scope.context, (size_t) (B * stride) * sizeof (float), &scale, scope.failure);

    if (ok)
      {
        const AssayCudaIndexQueries queries = { (int32_t) Q, (int32_t) stride, (const int8_t *) codes, (const float *) scale };

        ok = run_elements (scope, "queries of an index", B * stride * (W / 16), PadCodes { Q, stride, (const uint4 *) c->x[2], (uint4 *) codes })
             && run_elements (scope, "queries of an index", B * stride, PadScale { Q, stride, (const float *) c->x[3], (float *) scale })
             && assay_cuda_index_scores (scope.context, ASSAY_CUDA_INDEX_AUTO, &rows, &queries, (float *) c->y[0], scope.failure);
      }
    assay_cuda_release (scope.context, codes);
    assay_cuda_release (scope.context, scale);
    return ok;
  }
};
}
ASSAY_CUDA_INDEX_RULE (index_scores);

/* --- index_ends: upper ends (Q,N), rounded up, and the largest lower end of every 32 rows (Q,tiles), rounded down, of scores (N,Q) with features (N,F) and
 *     weights (F,Q padded to fours)          attribute: whether scores count with their sign --------------------------------------------- */

struct __align__ (16) Four { float v[4]; };

static __global__ void __launch_bounds__ (THREADS)
find_ends (int64_t N, int Q, int64_t F, bool is_signed, const float *scores, const float *features, const float *weights, float *upper, float *tops)
{
  __shared__ float feature[ROWS][SLAB + 1], score[ROWS][MOST + 1];
  const int lane = threadIdx.x % 32, first_query = threadIdx.x / 32 * EACH, padded = (Q + 3) / 4 * 4;
  const int64_t first = (int64_t) blockIdx.x * ROWS, row = first + lane, n = N - first < ROWS ? N - first : ROWS;
  float bound[EACH];

#pragma unroll
  for (int e = 0; e < EACH; e++)
    bound[e] = UNDERFLOW_MARGIN;
  for (int64_t i = threadIdx.x; i < n * Q; i += THREADS)
    score[i / Q][i % Q] = scores[first * Q + i];
  for (int64_t at = 0; at < F; at += SLAB)
    {
      const int slab = (int) (F - at < SLAB ? F - at : SLAB);

      for (int i = threadIdx.x; i < ROWS * SLAB; i += THREADS)
        feature[i / SLAB][i % SLAB] = i / SLAB < n && i % SLAB < slab ? features[(first + i / SLAB) * F + at + i % SLAB] : 0;
      __syncthreads ();
      for (int f = 0; f < slab; f++)
        {
          const float x = feature[lane][f];

#pragma unroll
          for (int e = 0; e < EACH; e += 4)
            if (first_query + e < padded)
              {
                const Four w = *(const Four *) (weights + (at + f) * padded + first_query + e);

#pragma unroll
                for (int k = 0; k < 4; k++)
                  bound[e + k] = __fadd_rn (bound[e + k], __fmul_rn (x, w.v[k]));
              }
        }
      __syncthreads ();
    }
#pragma unroll
  for (int e = 0; e < EACH; e++)
    if (first_query + e < Q)
      {
        const int q = first_query + e;
        const double sum = lane < n ? (double) score[lane][q] : 0, key = is_signed ? sum : fabs (sum);
        const double below = __dsub_rn (key, (double) bound[e]), above = __dadd_rn (key, (double) bound[e]);
        float top = __double2float_rd (__dsub_rn (below, __dmul_rn (fabs (below), 2 * UNIT)));

        if (lane >= n || top != top)
          top = -INFINITY;
        for (int other = 16; other > 0; other /= 2)
          top = fmaxf (top, __shfl_xor_sync (0xffffffffu, top, other));
        if (lane == 0)
          tops[q * (int64_t) gridDim.x + blockIdx.x] = top;
        if (lane < n)
          upper[q * N + row] = __double2float_ru (__dadd_rn (above, __dmul_rn (fabs (above), 2 * UNIT)));
      }
}

static int64_t
count_tiles (int64_t N)
{
  return (N + ROWS - 1) / ROWS;
}

namespace rules {
struct index_ends {
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t N = c->in_shape[0].dim[0], Q = c->in_shape[0].dim[1], F = c->in_shape[1].dim[1];

    if (Q > MOST)
      return assay_cuda_fail (scope.failure, ASSAY_CUDA_BAD_CALL, "index_ends: %lld queries at once, at most %d expected", (long long) Q, MOST);
    ASSAY_LAUNCH (find_ends, (unsigned) count_tiles (N), THREADS, 0, scope.context->stream, N, (int) Q, F, c->attr[0] != 0, (const float *) c->x[0],
                  (const float *) c->x[1], (const float *) c->x[2], (float *) c->y[0], (float *) c->y[1]);
    return assay_cuda_check_launch (scope.context, "ends of scores", scope.failure);
  }
};
}
ASSAY_CUDA_INDEX_RULE (index_ends);

/* --- index_threshold: the k-th largest (Q) of tops (Q,tiles); minus infinity where there are fewer          attribute: k ------------------ */

/* Ascending as the floats are. */
static __device__ inline uint32_t
to_ordered (float x)
{
  uint32_t bits;

  memcpy (&bits, &x, sizeof bits);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

static __device__ inline float
from_ordered (uint32_t bits)
{
  float x;

  bits = bits >> 31 ? bits & 0x7fffffffu : ~bits;
  memcpy (&x, &bits, sizeof x);
  return x;
}

static __device__ inline int
sum_of_block (int mine, int *part)
{
  int sum = 0;

  for (int other = 16; other > 0; other /= 2)
    mine += __shfl_xor_sync (0xffffffffu, mine, other);
  if (threadIdx.x % 32 == 0)
    part[threadIdx.x / 32] = mine;
  __syncthreads ();
  for (int w = 0; w < WARPS; w++)
    sum += part[w];
  __syncthreads ();
  return sum;
}

/* Bit by bit from the top: it is set where k are at least as large. */
static __global__ void __launch_bounds__ (THREADS)
find_threshold (int64_t tiles, int64_t k, const float *tops, float *threshold)
{
  __shared__ int part[WARPS];
  const float *mine = tops + blockIdx.x * tiles;
  uint32_t found = 0;

  for (int bit = 31; bit >= 0; bit--)
    {
      const uint32_t trial = found | 1u << bit;
      int count = 0;

      for (int64_t i = threadIdx.x; i < tiles; i += THREADS)
        count += to_ordered (mine[i]) >= trial;
      if (sum_of_block (count, part) >= k)
        found = trial;
    }
  if (threadIdx.x == 0)
    threshold[blockIdx.x] = tiles < k ? -INFINITY : from_ordered (found);
}

namespace rules {
struct index_threshold {
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;

    ASSAY_LAUNCH (find_threshold, (unsigned) c->in_shape[0].dim[0], THREADS, 0, scope.context->stream, c->in_shape[0].dim[1], (int64_t) c->attr[0],
                  (const float *) c->x[0], (float *) c->y[0]);
    return assay_cuda_check_launch (scope.context, "threshold of scores", scope.failure);
  }
};
}
ASSAY_CUDA_INDEX_RULE (index_threshold);

/* --- index_mark: a bit (Q,tiles of 32) for each upper end (Q,N) that is not below threshold (Q), and how many there are (Q) ---------------- */

struct Mark {
  int64_t N, tiles;
  const float *upper, *threshold;
  uint32_t *bits;

  /* Not below, rather than above: an end that is not a number excludes nothing. */
  __device__ void
  operator() (int64_t word, int lane) const
  {
    const int64_t q = word / tiles, row = word % tiles * ROWS + lane;
    const unsigned said = __ballot_sync (0xffffffffu, row < N && !(upper[q * N + row] < threshold[q]));

    if (lane == 0)
      bits[word] = said;
  }
};

static __global__ void __launch_bounds__ (THREADS)
count_marks (int64_t tiles, const uint32_t *bits, int32_t *counts)
{
  __shared__ int part[WARPS];
  int count = 0;

  for (int64_t i = threadIdx.x; i < tiles; i += THREADS)
    count += __popc (bits[blockIdx.x * tiles + i]);
  count = sum_of_block (count, part);
  if (threadIdx.x == 0)
    counts[blockIdx.x] = count;
}

namespace rules {
struct index_mark {
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t Q = c->in_shape[0].dim[0], N = c->in_shape[0].dim[1], tiles = count_tiles (N);
    uint32_t *bits = (uint32_t *) c->y[0];

    if (!run_rows (scope, "rows that are left", Q * tiles, Mark { N, tiles, (const float *) c->x[0], (const float *) c->x[1], bits }))
      return 0;
    ASSAY_LAUNCH (count_marks, (unsigned) Q, THREADS, 0, scope.context->stream, tiles, bits, (int32_t *) c->y[1]);
    return assay_cuda_check_launch (scope.context, "rows that are left", scope.failure);
  }
};
}
ASSAY_CUDA_INDEX_RULE (index_mark);

/* --- index_list: the marked rows (Q,tiles) of query q, ascending, at first[q] .. first[q+1]-1 (Q+1); where there is no room, none. Beside each its score (N,Q)
 *     and bound, of features (N,F) and weights (F,Q padded to fours) --------------------------------------------------------------------- */

static __global__ void __launch_bounds__ (THREADS)
list_rows (int64_t tiles, const uint32_t *bits, const int64_t *first, int32_t *rows)
{
  __shared__ int counts[THREADS];
  int64_t at = first[blockIdx.x];

  if (first[blockIdx.x + 1] == at)
    return;
  for (int64_t base = 0; base < tiles; base += THREADS)
    {
      const int64_t tile = base + threadIdx.x;
      uint32_t word = tile < tiles ? bits[blockIdx.x * tiles + tile] : 0;
      int64_t to = at;

      counts[threadIdx.x] = __popc (word);
      __syncthreads ();
      for (int t = 0; t < THREADS; t++)
        {
          to += t < (int) threadIdx.x ? counts[t] : 0;
          at += counts[t];
        }
      for (; word != 0; word &= word - 1)
        rows[to++] = (int32_t) (tile * ROWS + __ffs ((int) word) - 1);
      __syncthreads ();
    }
}

struct Candidates {
  int64_t Q, F, padded;
  const float *scores, *features, *weights;
  const int64_t *first;
  const int32_t *rows;
  float *sums, *bounds;

  __device__ void
  operator() (int64_t i) const
  {
    const int64_t row = rows[i];
    float bound = UNDERFLOW_MARGIN;
    int64_t q = 0;

    while (first[q + 1] <= i)
      q++;
    for (int64_t f = 0; f < F; f++)
      bound = __fadd_rn (bound, __fmul_rn (features[row * F + f], weights[f * padded + q]));
    sums[i] = scores[row * Q + q];
    bounds[i] = bound;
  }
};

namespace rules {
struct index_list {
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t N = c->in_shape[0].dim[0], Q = c->in_shape[0].dim[1], F = c->in_shape[1].dim[1], total = c->out_shape[0].dim[0];
    int32_t *rows = (int32_t *) c->y[0];

    ASSAY_LAUNCH (list_rows, (unsigned) Q, THREADS, 0, scope.context->stream, count_tiles (N), (const uint32_t *) c->x[3], (const int64_t *) c->x[4], rows);
    return assay_cuda_check_launch (scope.context, "list of rows", scope.failure)
           && run_elements (scope, "scores of the rows that are left", total,
                            Candidates { Q, F, (Q + 3) / 4 * 4, (const float *) c->x[0], (const float *) c->x[1], (const float *) c->x[2], (const int64_t *) c->x[4], rows,
                                         (float *) c->y[1], (float *) c->y[2] });
  }
};
}
ASSAY_CUDA_INDEX_RULE (index_list);
