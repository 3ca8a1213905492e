/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_attention.cu: softmax attention, causal, within a window, or full, with grouped key heads, by tiles; nothing of size T x T is ever held.
 *
 *   s = scale q k'    p = exp (s - lse)    y = p v
 *   dp = dy v'    ds = p (dp - delta), delta = sum dy y    dq = scale ds k    dk = scale ds' q    dv = p' dy
 *
 * A block has a tile of queries and meets the keys that they see, a tile at a time; for the adjoints of keys and values it has a tile of keys and meets the
 * queries that see them, which works scores out once more and needs no sum over blocks: every sum has the order of the positions. All over S, so that the
 * tangents are these with dual numbers; what they do not read of a value is not worked out.
 * What limits it is the arithmetic, not memory: see doc/device-kernels.md. Tiles that the mask empties are not met, and only tiles that it cuts are compared
 * with it. Source: Dao et al., arXiv 2205.14135, for the running softmax. The first rung: ladder/attention_plain.cuh.
 */
#include "attention.cuh"
#include "attention_matrix_tile.cuh"
#include "attention_tile.cuh"
#include "ladder/attention_plain.cuh"

#include <type_traits>

/* --- a pair of tiles ------------------------------------------------------------------------------------------------------- */

/* s of a pair of tiles, minus infinity where a query does not see a key. keys_own: keys are in the rows. */
template <class Shape, bool keys_own>
static __device__ __forceinline__ void
score_tiles (const AttentionSizes &s, const typename Shape::Number *own, const typename Shape::Number *other, int64_t row0, int64_t column0,
             typename Shape::Scalar (&score)[Shape::M][Shape::N])
{
  typedef typename Shape::Scalar S;

  Shape::multiply_rows (own, other, score);
#pragma unroll
  for (int m = 0; m < Shape::M; m++)
#pragma unroll
    for (int n = 0; n < Shape::N; n++)
      score[m][n] = score[m][n] * (Base<S>) s.scale;
  if (keys_own ? s.sees_all (column0, Shape::COLUMNS, row0, Shape::ROWS) : s.sees_all (row0, Shape::ROWS, column0, Shape::COLUMNS))
    return;
#pragma unroll
  for (int m = 0; m < Shape::M; m++)
#pragma unroll
    for (int n = 0; n < Shape::N; n++)
      {
        const int64_t r = row0 + Shape::row (m), c = column0 + Shape::column (n);

        if (!(keys_own ? s.sees (c, r) : s.sees (r, c)))
          score[m][n] = S (-(Base<S>) INFINITY);
      }
}

/* The largest and the sum over the threads that share a row; all of them get it. */
template <int lanes, class T>
static __device__ __forceinline__ T
row_max (T x)
{
#pragma unroll
  for (int other = lanes / 2; other > 0; other /= 2)
    {
      const T y = from_lane (x, other);

      x = y > x || y != y ? y : x;
    }
  return x;
}

template <int lanes, class S>
static __device__ __forceinline__ S
row_sum (S x)
{
#pragma unroll
  for (int other = lanes / 2; other > 0; other /= 2)
    x = x + from_lane (x, other);
  return x;
}

/* --- forward --------------------------------------------------------------------------------------------------------------- */

/* The softmax so far of one row: p = exp (s - top) with the largest score so far, and this thread's part of their sum. No derivative depends on top. */
template <class S>
struct Running {
  Base<S> top;
  S sum;
};

/* Scores become p; returns what earlier ones are worth now. */
template <int lanes, class S, int N>
static __device__ __forceinline__ Base<S>
weigh_row (Running<S> *row, S (&score)[N])
{
  Base<S> top = row->top, shift, shrink;

#pragma unroll
  for (int n = 0; n < N; n++)
    top = value_of (score[n]) > top || value_of (score[n]) != value_of (score[n]) ? value_of (score[n]) : top;
  top = row_max<lanes> (top);
  shift = top == -(Base<S>) INFINITY ? 0 : top;                                       /* nothing is seen so far      */
  shrink = exp_of (row->top - shift);
  row->sum = row->sum * shrink;
#pragma unroll
  for (int n = 0; n < N; n++)
    {
      score[n] = exp_of (score[n] - S (shift));
      row->sum = row->sum + score[n];
    }
  row->top = top;
  return shrink;
}

/* sum p v / sum p. Its tangent needs the value of the result and not of the sum, which is then never worked out. */
template <class T> static __device__ __forceinline__ T divide (T out, T sum, T) { return out / sum; }
template <class T>
static __device__ __forceinline__ Dual<T>
divide (Dual<T> out, Dual<T> sum, Dual<T> y)
{
  return Dual<T> (y.v, (out.d - y.v * sum.d) / sum.v);
}

template <class T> static __device__ __forceinline__ T result_of (const In<T> &, int64_t) { return T (0); }
template <class T> static __device__ __forceinline__ Dual<T> result_of (const In<Dual<T>> &y, int64_t i) { return Dual<T> (load_number (y.v, i, y.narrow)); }

template <class Shape, class S = typename Shape::Scalar>
static __global__ void __launch_bounds__ (Shape::THREADS, 2)
attention_forward (AttentionSizes s, AttentionRows<typename Shape::Source> rows, In<S> saved_y, Out<S> y, Out<S> lse)
{
  typedef typename Shape::Number Number;
  ASSAY_SHARED (shared);
  Number *query = (Number *) shared, *other = query + Shape::ROWS * Shape::STRIDE, *weights = other + Shape::COLUMNS * Shape::STRIDE;
  const int64_t n_tiles = (s.T + Shape::ROWS - 1) / Shape::ROWS;

  for (int64_t work = blockIdx.x; work < s.B * s.H * n_tiles; work += gridDim.x)
    {
      const int64_t t = (n_tiles - 1 - work % n_tiles) * Shape::ROWS, h = work / n_tiles % s.H, b = work / (n_tiles * s.H);
      const int64_t left = s.T - t, end = s.end_keys (left < Shape::ROWS ? s.T - 1 : t + Shape::ROWS - 1);
      Running<S> running[Shape::M];
      S out[Shape::M][Shape::C];

      __syncthreads ();
      Shape::template fill<Shape::ROWS> (query, rows.q, rows.s.query (b, t, h), rows.s.stride[0], left, s.D);
      clear_channels<Shape> (out);
#pragma unroll
      for (int m = 0; m < Shape::M; m++)
        running[m] = { -(Base<S>) INFINITY, S (0) };
      for (int64_t j = s.first_key (t) / Shape::COLUMNS * Shape::COLUMNS; j < end; j += Shape::COLUMNS)
        {
          S score[Shape::M][Shape::N];

          __syncthreads ();                                       /* the values before were used by all */
          Shape::template fill<Shape::COLUMNS> (other, rows.k, rows.s.key (b, j, h), rows.s.stride[1], s.T - j, s.D);
          await_tiles ();
          score_tiles<Shape, false> (s, query, other, t, j, score);
          __syncthreads ();                                       /* so were the keys */
          Shape::template fill<Shape::COLUMNS> (other, rows.v, rows.s.value (b, j, h), rows.s.stride[2], s.T - j, s.D);
#pragma unroll
          for (int m = 0; m < Shape::M; m++)
            {
              const Base<S> shrink = weigh_row<Shape::LANES> (&running[m], score[m]);

#pragma unroll
              for (int c = 0; c < Shape::C; c++)
                out[m][c] = out[m][c] * shrink;
            }
          Shape::write_weights (weights, score);
          await_tiles ();
          Shape::multiply_weights (weights, other, out);
        }
#pragma unroll
      for (int m = 0; m < Shape::M; m++)
        {
          const S sum = row_sum<Shape::LANES> (running[m].sum);
          const int64_t result = s.result (b, t + Shape::row (m), h);

          if (Shape::row (m) >= left)
            continue;
#pragma unroll
          for (int c = 0; c < Shape::C; c++)
            if (Shape::channel (c) < s.D)
              y.put (result + Shape::channel (c), divide (out[m][c], sum, result_of (saved_y, result + Shape::channel (c))));
          if (Shape::lane () == 0)
            lse.put (s.row (b, t + Shape::row (m), h), S (running[m].top) + log_of (sum));
        }
    }
}

/* --- backward -------------------------------------------------------------------------------------------------------------- */

template <class S>
struct AttentionDelta {
  AttentionSizes s;
  In<S> y, dy;
  Scratch<S> delta;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const int64_t result = s.result (row / (s.T * s.H), row % s.T, row / s.T % s.H);
    S sum = S (0);

    for (int64_t d = lane; d < s.D; d += 32)
      sum = add_product (sum, dy[result + d], y[result + d]);
    sum = warp_sum (sum);
    if (lane == 0)
      delta.put (row, sum);
  }
};

template <class Shape, class S = typename Shape::Scalar>
static __global__ void __launch_bounds__ (Shape::THREADS, 2)
attention_queries (AttentionSizes s, AttentionRows<typename Shape::Source> rows, In<S> lse, In<S> delta, Adjoint<S> dq)
{
  typedef typename Shape::Number Number;
  ASSAY_SHARED (shared);
  Number *query = (Number *) shared, *dy = query + Shape::ROWS * Shape::STRIDE, *other = dy + Shape::ROWS * Shape::STRIDE, *weights = other + Shape::COLUMNS * Shape::STRIDE;
  const int64_t n_tiles = (s.T + Shape::ROWS - 1) / Shape::ROWS;

  for (int64_t work = blockIdx.x; work < s.B * s.H * n_tiles; work += gridDim.x)
    {
      const int64_t t = (n_tiles - 1 - work % n_tiles) * Shape::ROWS, h = work / n_tiles % s.H, b = work / (n_tiles * s.H);
      const int64_t left = s.T - t, end = s.end_keys (left < Shape::ROWS ? s.T - 1 : t + Shape::ROWS - 1);
      S of_lse[Shape::M], of_delta[Shape::M], out[Shape::M][Shape::C];

      __syncthreads ();
      Shape::template fill<Shape::ROWS> (query, rows.q, rows.s.query (b, t, h), rows.s.stride[0], left, s.D);
      Shape::template fill<Shape::ROWS> (dy, rows.dy, rows.s.result (b, t, h), rows.s.result_stride (), left, s.D);
      clear_channels<Shape> (out);
#pragma unroll
      for (int m = 0; m < Shape::M; m++)
        {
          const int64_t row = s.row (b, t + Shape::row (m), h);

          of_lse[m] = Shape::row (m) < left ? lse[row] : S (0);
          of_delta[m] = Shape::row (m) < left ? delta[row] : S (0);
        }
      for (int64_t j = s.first_key (t) / Shape::COLUMNS * Shape::COLUMNS; j < end; j += Shape::COLUMNS)
        {
          S score[Shape::M][Shape::N], dp[Shape::M][Shape::N];

          __syncthreads ();                                       /* the keys before were used by all */
          Shape::template fill<Shape::COLUMNS> (other, rows.v, rows.s.value (b, j, h), rows.s.stride[2], s.T - j, s.D);
          await_tiles ();
          Shape::multiply_rows (dy, other, dp);
          __syncthreads ();                                       /* so were the values */
          Shape::template fill<Shape::COLUMNS> (other, rows.k, rows.s.key (b, j, h), rows.s.stride[1], s.T - j, s.D);
          await_tiles ();
          score_tiles<Shape, false> (s, query, other, t, j, score);
#pragma unroll
          for (int m = 0; m < Shape::M; m++)
#pragma unroll
            for (int n = 0; n < Shape::N; n++)
              score[m][n] = exp_of (score[m][n] - of_lse[m]) * (dp[m][n] - of_delta[m]);
          Shape::write_weights (weights, score);
          __syncwarp ();                                          /* a row's weights are its own threads' */
          Shape::multiply_weights (weights, other, out);
        }
#pragma unroll
      for (int m = 0; m < Shape::M; m++)
#pragma unroll
        for (int c = 0; c < Shape::C; c++)
          if (Shape::row (m) < left && Shape::channel (c) < s.D)
            dq.add (s.query (b, t + Shape::row (m), h) + Shape::channel (c), out[m][c] * (Base<S>) s.scale);
    }
}

/* dk and dv of a tile of keys: over the query heads that read it, and their queries in order. */
template <class Shape, class S = typename Shape::Scalar>
static __global__ void __launch_bounds__ (Shape::THREADS, 2)
attention_keys (AttentionSizes s, AttentionRows<typename Shape::Source> rows, In<S> lse, In<S> delta, Adjoint<S> dk, Adjoint<S> dv)
{
  typedef typename Shape::Number Number;
  ASSAY_SHARED (shared);
  Number *key = (Number *) shared, *value = key + Shape::ROWS * Shape::STRIDE, *other = value + Shape::ROWS * Shape::STRIDE, *weights = other + Shape::COLUMNS * Shape::STRIDE;
  S *of_lse = (S *) (weights + Shape::ROWS * Shape::WEIGHTS_STRIDE), *of_delta = of_lse + Shape::COLUMNS;
  const int64_t n_tiles = (s.T + Shape::ROWS - 1) / Shape::ROWS, group = s.H / s.G;

  for (int64_t work = blockIdx.x; work < s.B * s.G * n_tiles; work += gridDim.x)
    {
      const int64_t j = work % n_tiles * Shape::ROWS, g = work / n_tiles % s.G, b = work / (n_tiles * s.G);
      const int64_t left = s.T - j, end = s.end_queries (left < Shape::ROWS ? s.T - 1 : j + Shape::ROWS - 1);
      const int64_t first_key = s.key (b, j, g * group), first_value = s.value (b, j, g * group);
      S of_key[Shape::M][Shape::C], of_value[Shape::M][Shape::C];

      __syncthreads ();
      Shape::template fill<Shape::ROWS> (key, rows.k, rows.s.key (b, j, g * group), rows.s.stride[1], left, s.D);
      Shape::template fill<Shape::ROWS> (value, rows.v, rows.s.value (b, j, g * group), rows.s.stride[2], left, s.D);
      clear_channels<Shape> (of_key);
      clear_channels<Shape> (of_value);
      for (int64_t h = g * group; h < (g + 1) * group; h++)
        for (int64_t t = s.first_query (j) / Shape::COLUMNS * Shape::COLUMNS; t < end; t += Shape::COLUMNS)
          {
            S p[Shape::M][Shape::N], ds[Shape::M][Shape::N];

            __syncthreads ();                                     /* the queries before were used by all */
            Shape::template fill<Shape::COLUMNS> (other, rows.q, rows.s.query (b, t, h), rows.s.stride[0], s.T - t, s.D);
            for (int c = threadIdx.x; c < Shape::COLUMNS; c += Shape::THREADS)
              {
                of_lse[c] = t + c < s.T ? lse[s.row (b, t + c, h)] : S (0);
                of_delta[c] = t + c < s.T ? delta[s.row (b, t + c, h)] : S (0);
              }
            await_tiles ();
            score_tiles<Shape, true> (s, key, other, j, t, p);
#pragma unroll
            for (int m = 0; m < Shape::M; m++)
#pragma unroll
              for (int n = 0; n < Shape::N; n++)
                p[m][n] = exp_of (p[m][n] - of_lse[Shape::column (n)]);
            Shape::write_weights (weights, p);
            __syncthreads ();
            Shape::template fill<Shape::COLUMNS> (other, rows.dy, rows.s.result (b, t, h), rows.s.result_stride (), s.T - t, s.D);
            await_tiles ();
            Shape::multiply_rows (value, other, ds);
            Shape::multiply_weights (weights, other, of_value);
#pragma unroll
            for (int m = 0; m < Shape::M; m++)
#pragma unroll
              for (int n = 0; n < Shape::N; n++)
                ds[m][n] = p[m][n] * (ds[m][n] - of_delta[Shape::column (n)]);
            __syncthreads ();                                     /* the adjoints, and p, were used by all */
            Shape::template fill<Shape::COLUMNS> (other, rows.q, rows.s.query (b, t, h), rows.s.stride[0], s.T - t, s.D);
            Shape::write_weights (weights, ds);
            await_tiles ();
            Shape::multiply_weights (weights, other, of_key);
          }
#pragma unroll
      for (int m = 0; m < Shape::M; m++)
#pragma unroll
        for (int c = 0; c < Shape::C; c++)
          if (Shape::row (m) < left && Shape::channel (c) < s.D)
            {
              if (dk.to != NULL)
                dk.add (first_key + Shape::row (m) * s.stride[1] + Shape::channel (c), of_key[m][c] * (Base<S>) s.scale);
              if (dv.to != NULL)
                dv.add (first_value + Shape::row (m) * s.stride[2] + Shape::channel (c), of_value[m][c]);
            }
    }
}

/* --- factors rounded to bf16 ------------------------------------------------------------------------------------------------ */

/* Two channels of heads that lie side by side, `wide` channels each, zeros behind the last. */
struct RoundHeads {
  In<float> x;
  int64_t heads, D, wide, stride, first;
  unsigned *to;

  __device__ void
  operator() (int64_t i) const
  {
    const int64_t d = i % (wide / 2) * 2, head = i / (wide / 2) % heads, at = i / (wide / 2 * heads) * stride + first + head * D + d;

    to[i] = round_to_bf16 (d < D ? x[at] : 0, d + 1 < D ? x[at + 1] : 0);
  }
};

/* The values of what is read, or its tangents. */
static In<float> plane_of (const In<float> &x, int) { return x; }
static In<float> plane_of (const In<Dual<float>> &x, int plane) { return { plane == 0 ? x.v : x.r, NULL, x.narrow }; }

static RoundedRows rows_of (const In<float> &x) { return { (const uint16_t *) x.v, NULL }; }
static RoundedRows rows_of (const In<Dual<float>> &x) { return { (const uint16_t *) x.v, (const uint16_t *) x.r }; }

/* Whether rows are in memory as tiles of `wide` channels take them. */
template <class S>
static bool
are_rounded (const AttentionSizes &s, const AttentionTensors<S> &in, int wide, bool has_adjoint)
{
  return s.D == wide && in.q.narrow && in.k.narrow && in.v.narrow && (!has_adjoint || in.dy.narrow);
}

/* q, k, v and, where it is asked for, dy, with their tangents, rounded once for all tiles; the memory is released by the caller, also after a failure. */
template <class S>
static int
round_heads (const Scope &scope, const AttentionSizes &s, const AttentionTensors<S> &in, int wide, bool has_adjoint, void **memory, AttentionRows<RoundedRows> *rows)
{
  const int planes = BaseOf<S>::is_dual ? 2 : 1;
  const In<S> from[] = { in.q, in.k, in.v, in.dy };
  const int64_t heads[] = { s.H, s.G, s.G, has_adjoint ? s.H : 0 }, stride[] = { s.stride[0], s.stride[1], s.stride[2], s.H * s.D };
  const int64_t first[] = { s.first[0], s.first[1], s.first[2], 0 };
  RoundedRows *const to[] = { &rows->q, &rows->k, &rows->v, &rows->dy };
  uint16_t *next;

  if (!assay_cuda_alloc (scope.context, (size_t) (planes * s.B * s.T * (s.H + 2 * s.G + heads[3]) * wide) * sizeof *next, memory, scope.failure))
    return 0;
  next = (uint16_t *) *memory;
  rows->s = s;
  rows->s.D = wide;
  for (int k = 0; k < 4; k++)
    {
      const int64_t n = s.B * s.T * heads[k] * wide;

      *to[k] = { NULL, NULL };
      for (int plane = 0; plane < planes; plane++)
        {
          const In<float> x = plane_of (from[k], plane);

          if (x.v == NULL)
            continue;
          if (!run_elements (scope, "attention rounded", n / 2, RoundHeads { x, heads[k], s.D, wide, stride[k], first[k], (unsigned *) next }))
            return 0;
          (plane == 0 ? to[k]->v : to[k]->r) = next;
          next += n;
        }
      if (k < 3)
        {
          rows->s.stride[k] = heads[k] * wide;
          rows->s.first[k] = 0;
        }
    }
  return 1;
}

/* --- launches -------------------------------------------------------------------------------------------------------------- */

/* One block for each tile of T positions of n heads. */
template <class Shape, class Kernel, class... A>
static int
launch_tiles (const Scope &scope, const char *name, Kernel kernel, int64_t n, int64_t T, A... arguments)
{
  if (n * T == 0)
    return 1;
  if (!assay_cuda_allow_shared (scope.context, kernel, name, Shape::BYTES, scope.failure))
    return 0;
  ASSAY_LAUNCH (kernel, blocks_for (n * ((T + Shape::ROWS - 1) / Shape::ROWS), 1), Shape::THREADS, Shape::BYTES, scope.context->stream, arguments...);
  return assay_cuda_check_launch (scope.context, name, scope.failure);
}

template <class Shape, class S>
static int
launch_forward (const Scope &scope, const AttentionSizes &s, const AttentionRows<typename Shape::Source> &rows, const AttentionTensors<S> &in)
{
  return launch_tiles<Shape> (scope, "attention forward", attention_forward<Shape>, s.B * s.H, s.T, s, rows, in.y, output<S> (scope, 0), output<S> (scope, 1));
}

template <class Shape, class S>
static int
launch_backward (const Scope &scope, const AttentionSizes &s, const AttentionRows<typename Shape::Source> &rows, const AttentionTensors<S> &in)
{
  const bool packed = scope.call->n_in == 1;
  const Adjoint<S> dq = adjoint<S> (scope, 0), dk = adjoint<S> (scope, packed ? 0 : 1), dv = adjoint<S> (scope, packed ? 0 : 2);
  Scratch<S> delta;
  const int ok = scratch_alloc (scope, s.B * s.H * s.T, &delta)
                 && run_rows (scope, "attention delta", s.B * s.H * s.T, AttentionDelta<S> { s, in.y, in.dy, delta })
                 && (dq.to == NULL || launch_tiles<Shape> (scope, "attention queries", attention_queries<Shape>, s.B * s.H, s.T, s, rows, in.lse, delta.read (), dq))
                 && ((dk.to == NULL && dv.to == NULL)
                     || launch_tiles<Shape> (scope, "attention keys", attention_keys<Shape>, s.B * s.G, s.T, s, rows, in.lse, delta.read (), dk, dv));

  scratch_release (scope, delta);
  return ok;
}

/* By tiles of D channels. */
template <class S, int D, bool is_backward>
static int
run_tiles (const Scope &scope, const AttentionSizes &s)
{
  const AttentionTensors<S> in = get_attention_tensors<S> (scope);
  const AttentionRows<In<S>> rows = { s, in.q, in.k, in.v, in.dy };

  return is_backward ? launch_backward<Tiles<S, D, 2>> (scope, s, rows, in) : launch_forward<Tiles<S, D, 1>> (scope, s, rows, in);
}

/* The same on the matrix units. */
template <class S, int D, bool is_backward>
static int
run_matrix_tiles (const Scope &scope, const AttentionSizes &s)
{
  const AttentionTensors<S> in = get_attention_tensors<S> (scope);
  AttentionRows<RoundedRows> rows = { s, rows_of (in.q), rows_of (in.k), rows_of (in.v), rows_of (in.dy) };
  void *memory = NULL;
  const int ok = (are_rounded (s, in, D, is_backward) || round_heads (scope, s, in, D, is_backward, &memory, &rows))
                 && (is_backward ? launch_backward<MatrixTiles<S, D, 2>> (scope, s, rows, in) : launch_forward<MatrixTiles<S, D, 1>> (scope, s, rows, in));

  assay_cuda_release (scope.context, memory);
  return ok;
}

/* Rounded factors where the call asks for them and a head's sums fit the registers; what is longer keeps the factors as they are. */
template <class S, bool is_backward>
static int
run_attention (const Scope &scope)
{
  const AttentionSizes s = get_attention_sizes (scope);

  if constexpr (std::is_same<Base<S>, float>::value)
    if (scope.call->compute == ASSAY_CUDA_BF16 && s.D <= 128)
      return s.D <= 32 ? run_matrix_tiles<S, 32, is_backward> (scope, s)
             : s.D <= 64 ? run_matrix_tiles<S, 64, is_backward> (scope, s) : run_matrix_tiles<S, 128, is_backward> (scope, s);
  return check_attention_head (scope, s)
         && (s.D <= 32 ? run_tiles<S, 32, is_backward> (scope, s)
             : s.D <= 64 ? run_tiles<S, 64, is_backward> (scope, s)
             : s.D <= 128 ? run_tiles<S, 128, is_backward> (scope, s) : run_tiles<S, ASSAY_WIDEST_HEAD, is_backward> (scope, s));
}

namespace rules {
struct attention {
  template <class S> static int forward (const Scope &scope) { return run_attention<S, false> (scope); }
  template <class S> static int backward (const Scope &scope) { return run_attention<S, true> (scope); }
};
}
ASSAY_CUDA_OP (attention);
