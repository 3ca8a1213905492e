/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_convolution.cu: conv2d, causal_conv and the pools: a thread for each output, each input's adjoint and each weight's. All are linear in x and in the
 * weights, so that a dual number carries the whole tangent. */
#include "op.cuh"

/* --- conv2d: y[b,o,i,j] = bias_o + sum over c,u,v of w[o,c,u,v] x[b,c,i stride + u - padding,j stride + v - padding], within groups --- */

struct Conv2d {
  int64_t B, C, H, W, O, kh, kw, oh, ow, stride, padding, c, o;   /* c, o: input and output channels of a group */
};

static Conv2d
get_conv2d (const Scope &scope)
{
  const AssayCudaShape &x = scope.call->in_shape[0], &w = scope.call->in_shape[1], &y = scope.call->out_shape[0];
  const int64_t groups = (int64_t) scope.call->attr[2];

  return { x.dim[0], x.dim[1], x.dim[2], x.dim[3], w.dim[0], w.dim[2], w.dim[3], y.dim[2], y.dim[3], (int64_t) scope.call->attr[0],
           (int64_t) scope.call->attr[1], x.dim[1] / groups, w.dim[0] / groups };
}

template <class S>
struct Conv2dForward {
  Conv2d s;
  In<S> x, w, bias;
  Out<S> y;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t j = at % s.ow, i = at / s.ow % s.oh, o = at / (s.ow * s.oh) % s.O, b = at / (s.ow * s.oh * s.O), first = o / s.o * s.c;
    S sum = bias.v != NULL ? bias[o] : S (0);

    for (int64_t c = 0; c < s.c; c++)
      for (int64_t u = 0; u < s.kh; u++)
        for (int64_t v = 0; v < s.kw; v++)
          {
            const int64_t h = i * s.stride + u - s.padding, l = j * s.stride + v - s.padding;

            if (h >= 0 && h < s.H && l >= 0 && l < s.W)
              sum = sum + w[((o * s.c + c) * s.kh + u) * s.kw + v] * x[((b * s.C + first + c) * s.H + h) * s.W + l];
          }
    y.put (at, sum);
  }
};

template <class S>
struct Conv2dInput {
  Conv2d s;
  In<S> w, dy;
  Adjoint<S> dx;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t l = at % s.W, h = at / s.W % s.H, c = at / (s.W * s.H) % s.C, b = at / (s.W * s.H * s.C), first = c / s.c * s.o;
    S sum = S (0);

    for (int64_t o = first; o < first + s.o; o++)
      for (int64_t u = 0; u < s.kh; u++)
        for (int64_t v = 0; v < s.kw; v++)
          {
            const int64_t down = h + s.padding - u, right = l + s.padding - v, i = down / s.stride, j = right / s.stride;

            if (down >= 0 && down % s.stride == 0 && i < s.oh && right >= 0 && right % s.stride == 0 && j < s.ow)
              sum = sum + w[((o * s.c + c % s.c) * s.kh + u) * s.kw + v] * dy[((b * s.O + o) * s.oh + i) * s.ow + j];
          }
    dx.add (at, sum);
  }
};

/* Of weight k, what output n = (b,i,j) has to do with it. */
template <class S>
struct Conv2dWeight {
  Conv2d s;
  In<S> x, dy;

  __device__ S
  operator() (int64_t n, int64_t k) const
  {
    const int64_t j = n % s.ow, i = n / s.ow % s.oh, b = n / (s.ow * s.oh);
    const int64_t v = k % s.kw, u = k / s.kw % s.kh, c = k / (s.kw * s.kh) % s.c, o = k / (s.kw * s.kh * s.c);
    const int64_t h = i * s.stride + u - s.padding, l = j * s.stride + v - s.padding;

    if (h < 0 || h >= s.H || l < 0 || l >= s.W)
      return S (0);
    return dy[((b * s.O + o) * s.oh + i) * s.ow + j] * x[((b * s.C + o / s.o * s.c + c) * s.H + h) * s.W + l];
  }
};

template <class S>
struct Conv2dBias {
  Conv2d s;
  In<S> dy;

  __device__ S operator() (int64_t n, int64_t o) const { return dy[(n / (s.ow * s.oh) * s.O + o) * s.oh * s.ow + n % (s.ow * s.oh)]; }
};

namespace rules {
struct conv2d {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    const In<S> none = {}, bias = scope.call->n_in > 2 ? input<S> (scope, 2) : none;

    return run_elements (scope, "conv2d", count (scope.call->out_shape[0]),
                         Conv2dForward<S> { get_conv2d (scope), input<S> (scope, 0), input<S> (scope, 1), bias, output<S> (scope, 0) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const Conv2d s = get_conv2d (scope);
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return (dx.to == NULL
            || run_elements (scope, "conv2d backward", count (scope.call->in_shape[0]), Conv2dInput<S> { s, input<S> (scope, 1), seed<S> (scope), dx }))
           && run_columns (scope, "conv2d weight backward", s.B * s.oh * s.ow, count (scope.call->in_shape[1]), adjoint<S> (scope, 1),
                           Conv2dWeight<S> { s, input<S> (scope, 0), seed<S> (scope) })
           && (scope.call->n_in < 3
               || run_columns (scope, "conv2d bias backward", s.B * s.oh * s.ow, s.O, adjoint<S> (scope, 2), Conv2dBias<S> { s, seed<S> (scope) }));
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
