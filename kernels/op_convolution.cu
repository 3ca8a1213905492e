/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_convolution.cu: conv2d, causal_conv and the pools. All are linear in x and in the weights, so that a dual number carries the whole tangent.
 *
 * conv2d is three products of matrices by tiles, for results, inputs and weights; what a tile needs of the patches is gathered from the picture as it is filled.
 * The others have a thread for each output, each input's adjoint and each weight's. The first rung of conv2d: ladder/convolution_plain.cuh. */
#include "convolution.cuh"
#include "ladder/convolution_plain.cuh"

/* --- conv2d: a product of matrices whose left factor, patches of a picture, is never written down -------------------------------------------- */

#define CONVOLUTION_SLAB 16     /* terms of a sum that shared memory holds at a time */
#define CONVOLUTION_NARROW 16   /* channels up to which tiles are tall */

/* A sum for each of rows x columns, in each group; it may be cut into parts of `part` terms, which are then added in their order. */
struct ConvolutionProduct {
  int64_t groups, rows, columns, terms, parts, part;
};

/* A row or a term, decoded once for a whole tile: where it begins in the left factor, and in the right one, and its place in the picture. */
struct Spot {
  int64_t left, right;
  int32_t h, l;
};

#define CONVOLUTION_OUTSIDE (INT32_MIN / 2)     /* of a row behind the last: beyond any picture */

static inline ConvolutionProduct
get_product (int64_t groups, int64_t rows, int64_t columns, int64_t terms)
{
  return { groups, rows, columns, terms, 1, terms };
}

/* What a patch has there: zero beside the picture. */
template <class S>
static __device__ __forceinline__ S
pixel_of (const Conv2d &s, const In<S> &x, const Spot &row, const Spot &term)
{
  const int64_t h = row.h + term.h, l = row.l + term.l;

  return h >= 0 && h < s.H && l >= 0 && l < s.W ? x[row.left + term.left + h * s.W + l] : S (0);
}

/* y: rows (b,i,j), columns o, terms (c,u,v) */
template <class S>
struct Conv2dForward {
  typedef S Scalar;
  static const bool terms_follow = false;
  Conv2d s;
  ConvolutionProduct size;
  In<S> x, w, bias;
  Out<S> y;

  __device__ Spot
  row (int64_t m, int64_t g) const
  {
    const int64_t j = m % s.ow, i = m / s.ow % s.oh, b = m / (s.ow * s.oh);

    return { (b * s.C + g * s.c) * s.H * s.W, 0, m < size.rows ? (int32_t) (i * s.stride - s.padding) : CONVOLUTION_OUTSIDE, (int32_t) (j * s.stride - s.padding) };
  }
  __device__ Spot
  term (int64_t k, int64_t g) const
  {
    return { k / (s.kh * s.kw) * s.H * s.W, g * s.o * size.terms + k, (int32_t) (k / s.kw % s.kh), (int32_t) (k % s.kw) };
  }
  __device__ S left (const Spot &row, const Spot &term) const { return pixel_of (s, x, row, term); }
  __device__ S right (const Spot &term, int64_t n) const { return w[term.right + n * size.terms]; }
  __device__ void
  put (int64_t m, int64_t n, int64_t g, int64_t, S sum) const
  {
    const int64_t o = g * s.o + n, b = m / (s.ow * s.oh);

    y.put ((b * s.O + o) * s.oh * s.ow + m % (s.ow * s.oh), bias.v != NULL ? sum + bias[o] : sum);
  }
};

/* dx: rows (b,h,l), columns c, terms (o,u,v) */
template <class S>
struct Conv2dInput {
  typedef S Scalar;
  static const bool terms_follow = false;
  Conv2d s;
  ConvolutionProduct size;
  In<S> w, dy;
  Adjoint<S> dx;

  __device__ Spot
  row (int64_t m, int64_t g) const
  {
    const int64_t l = m % s.W, h = m / s.W % s.H, b = m / (s.W * s.H);

    return { (b * s.O + g * s.o) * s.oh * s.ow, 0, m < size.rows ? (int32_t) (h + s.padding) : CONVOLUTION_OUTSIDE, (int32_t) (l + s.padding) };
  }
  __device__ Spot
  term (int64_t k, int64_t g) const
  {
    const int64_t patch = s.kh * s.kw, o = k / patch;

    return { o * s.oh * s.ow, (g * s.o + o) * s.c * patch + k % patch, (int32_t) (k / s.kw % s.kh), (int32_t) (k % s.kw) };
  }
  __device__ S
  left (const Spot &row, const Spot &term) const
  {
    const int32_t down = row.h - term.h, right = row.l - term.l, stride = (int32_t) s.stride;

    return down >= 0 && right >= 0 && down % stride == 0 && right % stride == 0 && down / stride < s.oh && right / stride < s.ow
           ? dy[row.left + term.left + down / stride * s.ow + right / stride] : S (0);
  }
  __device__ S right (const Spot &term, int64_t n) const { return w[term.right + n * s.kh * s.kw]; }
  __device__ void
  put (int64_t m, int64_t n, int64_t g, int64_t, S sum) const
  {
    const int64_t b = m / (s.W * s.H);

    dx.add ((b * s.C + g * s.c + n) * s.H * s.W + m % (s.W * s.H), sum);
  }
};

/* dw: rows (c,u,v), columns o, terms (b,i,j): few sums of many terms, so that they are cut */
template <class S>
struct Conv2dWeight {
  typedef S Scalar;
  static const bool terms_follow = true;
  Conv2d s;
  ConvolutionProduct size;
  In<S> x, dy;
  Base<S> *partial;             /* (parts, weights) */

  __device__ Spot
  row (int64_t m, int64_t g) const
  {
    return { (g * s.c + m / (s.kh * s.kw)) * s.H * s.W, 0, m < size.rows ? (int32_t) (m / s.kw % s.kh) : CONVOLUTION_OUTSIDE, (int32_t) (m % s.kw) };
  }
  __device__ Spot
  term (int64_t k, int64_t g) const
  {
    const int64_t pixels = s.oh * s.ow, b = k / pixels, j = k % s.ow, i = k / s.ow % s.oh;

    return { b * s.C * s.H * s.W, (b * s.O + g * s.o) * pixels + k % pixels, (int32_t) (i * s.stride - s.padding), (int32_t) (j * s.stride - s.padding) };
  }
  __device__ S left (const Spot &row, const Spot &term) const { return pixel_of (s, x, row, term); }
  __device__ S right (const Spot &term, int64_t n) const { return dy[term.right + n * s.oh * s.ow]; }
  __device__ void
  put (int64_t m, int64_t n, int64_t g, int64_t part, S sum) const
  {
    partial[(part * size.groups * size.columns + g * size.columns + n) * size.rows + m] = tangent_or_value (sum);
  }
};

/* A block has ROWS x COLUMNS sums, a thread 4 x 4 of them; terms come in their order, a slab at a time. */
template <class Product, int ROWS, int COLUMNS>
static __global__ void __launch_bounds__ (ROWS * COLUMNS / 16)
convolution_tiles (Product p)
{
  typedef typename Product::Scalar S;
  const int threads = ROWS * COLUMNS / 16, m = threadIdx.x / (COLUMNS / 4) * 4, n = threadIdx.x % (COLUMNS / 4) * 4;
  const int64_t down = (p.size.rows + ROWS - 1) / ROWS, across = (p.size.columns + COLUMNS - 1) / COLUMNS;
  __shared__ Spot rows[ROWS], terms[2][CONVOLUTION_SLAB];
  __shared__ S a[CONVOLUTION_SLAB][ROWS + 4], b[CONVOLUTION_SLAB][COLUMNS + 4];

  for (int64_t work = blockIdx.x; work < down * across * p.size.parts * p.size.groups; work += gridDim.x)
    {
      const int64_t column = work % across * COLUMNS, row = work / across % down * ROWS, part = work / (across * down) % p.size.parts;
      const int64_t group = work / (across * down * p.size.parts), first = part * p.size.part;
      const int64_t end = first + p.size.part < p.size.terms ? first + p.size.part : p.size.terms;
      const bool is_used = row + m < p.size.rows && column + n < p.size.columns;
      S sum[4][4];
      int slab = 0;

#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
          sum[i][j] = S (0);
      __syncthreads ();                                           /* the tile before is done with */
      for (int i = threadIdx.x; i < ROWS; i += threads)
        rows[i] = p.row (row + i, group);
      if (threadIdx.x < CONVOLUTION_SLAB)
        terms[0][threadIdx.x] = p.term (first + threadIdx.x, group);
      for (int64_t at = first; at < end; at += CONVOLUTION_SLAB, slab = 1 - slab)
        {
          __syncthreads ();                                       /* its terms are there, the slab before was used */
          for (int i = threadIdx.x; i < ROWS * CONVOLUTION_SLAB; i += threads)
            {
              const int k = Product::terms_follow ? i % CONVOLUTION_SLAB : i / ROWS, r = Product::terms_follow ? i / CONVOLUTION_SLAB : i % ROWS;

              a[k][r] = at + k < end ? p.left (rows[r], terms[slab][k]) : S (0);
            }
          for (int i = threadIdx.x; i < COLUMNS * CONVOLUTION_SLAB; i += threads)
            {
              const int k = i % CONVOLUTION_SLAB, c = i / CONVOLUTION_SLAB;

              b[k][c] = at + k < end && column + c < p.size.columns ? p.right (terms[slab][k], column + c) : S (0);
            }
          if (threadIdx.x < CONVOLUTION_SLAB)
            terms[1 - slab][threadIdx.x] = p.term (at + CONVOLUTION_SLAB + threadIdx.x, group);
          __syncthreads ();
          if (is_used)
#pragma unroll 4
            for (int k = 0; k < CONVOLUTION_SLAB; k++)
#pragma unroll
              for (int i = 0; i < 4; i++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                  sum[i][j] = add_product (sum[i][j], a[k][m + i], b[k][n + j]);
        }
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
          if (row + m + i < p.size.rows && column + n + j < p.size.columns)
            p.put (row + m + i, column + n + j, group, part, sum[i][j]);
    }
}

template <class Product>
static int
run_tiles (const Scope &scope, const char *name, Product p)
{
  const ConvolutionProduct &s = p.size;
  const bool is_narrow = s.columns <= CONVOLUTION_NARROW;
  const int64_t rows = is_narrow ? 128 : 64, columns = is_narrow ? 16 : 64;
  const unsigned blocks = blocks_for ((s.rows + rows - 1) / rows * ((s.columns + columns - 1) / columns) * s.parts * s.groups, 1);

  if (blocks == 0)
    return 1;
  if (is_narrow)
    ASSAY_LAUNCH ((convolution_tiles<Product, 128, 16>), blocks, 128, 0, scope.context->stream, p);
  else
    ASSAY_LAUNCH ((convolution_tiles<Product, 64, 64>), blocks, 256, 0, scope.context->stream, p);
  return assay_cuda_check_launch (scope.context, name, scope.failure);
}

/* Parts of at least a thousand terms, and at most 64 of them: what sums are made of is decided by the shapes. */
static ConvolutionProduct
get_weight_product (const Conv2d &s)
{
  ConvolutionProduct size = get_product (s.groups, s.c * s.kh * s.kw, s.o, s.B * s.oh * s.ow);

  size.part = size.terms / 64 > 1024 ? (size.terms + 63) / 64 : 1024;
  size.parts = (size.terms + size.part - 1) / size.part;
  return size;
}

template <class S>
static int
run_weight_backward (const Scope &scope, const Conv2d &s)
{
  const ConvolutionProduct size = get_weight_product (s);
  const int64_t n = count (scope.call->in_shape[1]);
  const Adjoint<S> dw = adjoint<S> (scope, 1);
  Scratch<Base<S>> partial;
  int ok;

  if (dw.to == NULL)
    return 1;
  ok = scratch_alloc (scope, size.parts * n, &partial)
       && run_tiles (scope, "conv2d weight backward", Conv2dWeight<S> { s, size, input<S> (scope, 0), seed<S> (scope), partial.v })
       && run_elements (scope, "conv2d weight backward, parts", n, SumParts<Base<S>> { size.parts, n, partial.v, { dw.to, dw.fresh } });
  scratch_release (scope, partial);
  return ok;
}

namespace rules {
struct conv2d {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    const Conv2d s = get_conv2d (scope);
    const In<S> none = {}, bias = scope.call->n_in > 2 ? input<S> (scope, 2) : none;

    return run_tiles (scope, "conv2d", Conv2dForward<S> { s, get_product (s.groups, s.B * s.oh * s.ow, s.o, s.c * s.kh * s.kw), input<S> (scope, 0), input<S> (scope, 1),
                                                          bias, output<S> (scope, 0) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const Conv2d s = get_conv2d (scope);
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return (dx.to == NULL
            || run_tiles (scope, "conv2d backward", Conv2dInput<S> { s, get_product (s.groups, s.B * s.H * s.W, s.c, s.o * s.kh * s.kw), input<S> (scope, 1),
                                                                     seed<S> (scope), dx }))
           && run_weight_backward<S> (scope, s) && run_bias_backward<S> (scope, s);
  }
};
}
ASSAY_CUDA_OP (conv2d);

/* --- causal_conv: y_tc = b_c + sum_k w_ck x_(t-K+1+k)c          x, y (B,T,C)   w (C,K)   b (C) ------------------------------- */

struct CausalConv { int64_t T, C, K; };

static CausalConv
get_causal_conv (const Scope &scope)
{
  return { scope.call->in_shape[0].dim[1], scope.call->in_shape[0].dim[2], scope.call->in_shape[1].dim[2] };
}

template <class S>
struct CausalConvForward {
  CausalConv s;
  In<S> x, w, bias;
  Out<S> y;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t c = at % s.C, t = at / s.C % s.T;
    S sum = bias.v != NULL ? bias[c] : S (0);

    for (int64_t k = t < s.K - 1 ? s.K - 1 - t : 0; k < s.K; k++)
      sum = sum + w[c * s.K + k] * x[at + (k - s.K + 1) * s.C];
    y.put (at, sum);
  }
};

template <class S>
struct CausalConvInput {
  CausalConv s;
  In<S> w, dy;
  Adjoint<S> dx;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t c = at % s.C, t = at / s.C % s.T;
    S sum = S (0);

    for (int64_t k = 0; k < s.K; k++)
      if (t + s.K - 1 - k < s.T)
        sum = sum + w[c * s.K + k] * dy[at + (s.K - 1 - k) * s.C];
    dx.add (at, sum);
  }
};

template <class S>
struct CausalConvWeight {
  CausalConv s;
  In<S> x, dy;

  __device__ S
  operator() (int64_t n, int64_t i) const
  {
    const int64_t c = i / s.K, back = i % s.K - s.K + 1;

    return n % s.T + back < 0 ? S (0) : dy[n * s.C + c] * x[(n + back) * s.C + c];
  }
};

template <class S>
struct CausalConvBias {
  CausalConv s;
  In<S> dy;

  __device__ S operator() (int64_t n, int64_t c) const { return dy[n * s.C + c]; }
};

namespace rules {
struct causal_conv {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    const In<S> none = {}, bias = scope.call->n_in > 2 ? input<S> (scope, 2) : none;

    return run_elements (scope, "causal_conv", count (scope.call->in_shape[0]),
                         CausalConvForward<S> { get_causal_conv (scope), input<S> (scope, 0), input<S> (scope, 1), bias, output<S> (scope, 0) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const CausalConv s = get_causal_conv (scope);
    const int64_t N = count (scope.call->in_shape[0]) / s.C;
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return (dx.to == NULL || run_elements (scope, "causal_conv backward", N * s.C, CausalConvInput<S> { s, input<S> (scope, 1), seed<S> (scope), dx }))
           && run_columns (scope, "causal_conv weight backward", N, s.C * s.K, adjoint<S> (scope, 1), CausalConvWeight<S> { s, input<S> (scope, 0), seed<S> (scope) })
           && (scope.call->n_in < 3
               || run_columns (scope, "causal_conv bias backward", N, s.C, adjoint<S> (scope, 2), CausalConvBias<S> { s, seed<S> (scope) }));
  }
};
}
ASSAY_CUDA_OP (causal_conv);

/* --- pools: windows of kernel x kernel pixels, stride apart          x (planes,H,W)   y (planes,oh,ow) ----------------------- */

struct Pool {
  int64_t H, W, oh, ow, kernel, stride;

  /* Where the window of output `at` begins in its plane. */
  __device__ int64_t corner (int64_t at) const { return at / ow % oh * stride * W + at % ow * stride; }
  __device__ int64_t plane (int64_t at) const { return at / (oh * ow) * H * W; }
};

static Pool
get_pool (const Scope &scope)
{
  const AssayCudaShape &x = scope.call->in_shape[0], &y = scope.call->out_shape[0];

  return { x.dim[2], x.dim[3], y.dim[2], y.dim[3], (int64_t) scope.call->attr[0], (int64_t) scope.call->attr[1] };
}

template <class T>
struct AvgPoolForward {
  Pool s;
  In<T> x;
  Out<T> y;

  __device__ void
  operator() (int64_t at) const
  {
    T sum = 0;

    for (int64_t u = 0; u < s.kernel; u++)
      for (int64_t v = 0; v < s.kernel; v++)
        sum += x[s.plane (at) + s.corner (at) + u * s.W + v];
    y.put (at, sum / (T) (s.kernel * s.kernel));
  }
};

/* dx[k] += sum of share dy[o] over the windows o that have k in them, or that it wins, in their order */
template <class T>
struct PoolBackward {
  Pool s;
  T share;
  const int32_t *winner;        /* NULL: all have their share */
  const T *dy;
  Adjoint<T> dx;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t w = at % s.W, h = at / s.W % s.H, first = at / (s.W * s.H) * s.oh * s.ow;
    T sum = 0;

    for (int64_t i = h < s.kernel ? 0 : (h - s.kernel) / s.stride + 1; i < s.oh && i * s.stride <= h; i++)
      for (int64_t j = w < s.kernel ? 0 : (w - s.kernel) / s.stride + 1; j < s.ow && j * s.stride <= w; j++)
        if (winner == NULL || winner[first + i * s.ow + j] == h * s.W + w)
          sum += share * dy[first + i * s.ow + j];
    dx.add (at, sum);
  }
};

/* The first largest; a NaN wins. */
template <class T>
struct MaxPoolForward {
  Pool s;
  In<T> x;
  Out<T> y;
  int32_t *winner;

  __device__ void
  operator() (int64_t at) const
  {
    int64_t best = s.corner (at);

    for (int64_t u = 0; u < s.kernel; u++)
      for (int64_t v = 0; v < s.kernel; v++)
        {
          const int64_t k = s.corner (at) + u * s.W + v;
          const T value = x[s.plane (at) + k];

          best = value > x[s.plane (at) + best] || value != value ? k : best;
        }
    y.put (at, x[s.plane (at) + best]);
    winner[at] = (int32_t) best;
  }
};

template <class T>
struct MaxPoolTangent {
  Pool s;
  const int32_t *winner;
  const T *rx;
  T *ry;

  __device__ void operator() (int64_t at) const { ry[at] = rx[s.plane (at) + winner[at]]; }
};

template <class T>
static int
run_pool_backward (const Scope &scope, const char *name, const int32_t *winner, const void *dy, void *dx)
{
  const Pool s = get_pool (scope);

  return dx == NULL
         || run_elements (scope, name, count (scope.call->in_shape[0]),
                          PoolBackward<T> { s, winner != NULL ? T (1) : 1 / (T) (s.kernel * s.kernel), winner, (const T *) dy,
                                            { (T *) dx, is_fresh (scope, 0) } });
}

namespace rules {
struct avg_pool {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_elements (scope, "avg_pool", count (scope.call->out_shape[0]), AvgPoolForward<T> { get_pool (scope), input<T> (scope, 0), output<T> (scope, 0) });
  }

  template <class T> static int backward (const Scope &scope) { return run_pool_backward<T> (scope, "avg_pool backward", NULL, scope.call->dy, scope.call->dx[0]); }
};

struct max_pool {
  static const int32_t *winner (const Scope &scope) { return (const int32_t *) scope.call->y[1]; }

  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_elements (scope, "max_pool", count (scope.call->out_shape[0]),
                         MaxPoolForward<T> { get_pool (scope), input<T> (scope, 0), output<T> (scope, 0), (int32_t *) scope.call->y[1] });
  }

  template <class T>
  static int
  tangent (const Scope &scope)
  {
    return run_elements (scope, "max_pool tangent", count (scope.call->out_shape[0]),
                         MaxPoolTangent<T> { get_pool (scope), winner (scope), (const T *) scope.call->rx[0], (T *) scope.call->ry[0] });
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    return run_pool_backward<T> (scope, "max_pool backward", winner (scope), scope.call->dy, scope.call->dx[0]);
  }

  template <class T>
  static int
  tangent_backward (const Scope &scope)
  {
    return run_pool_backward<T> (scope, "max_pool backward", winner (scope), scope.call->rdy, scope.call->rdx[0]);
  }
};
}
ASSAY_CUDA_OP_LINEAR (avg_pool);
ASSAY_CUDA_OP_PRODUCT (max_pool);
