/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_norm.cu: LayerNorm and RMSNorm; a warp has a row. What a row leaves for the other rules is h, the normalised row, and s, what it was divided by. */
#include "op.cuh"

/* --- layernorm: h = (x - mean x) / s,  s = sqrt (var x + eps),  y = g h + b;  rmsnorm: the same without the mean and without b ------
 * x, y, h (N,G C)   g, b (G C)   s (N,G): each of the G groups of C channels is a row, with its part of gain and bias */

template <class T, bool has_mean>
struct NormForward {
  int64_t G, C;
  T eps;
  In<T> x, g, b;
  Out<T> y, h, s;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const int64_t first = row % G * C;
    T m = 0, v = 0, root;

    for (int64_t i = lane; has_mean && i < C; i += 32)
      m += x[row * C + i];
    m = has_mean ? warp_sum (m) / C : m;
    for (int64_t i = lane; i < C; i += 32)
      v += (x[row * C + i] - m) * (x[row * C + i] - m);
    root = sqrt_of (warp_sum (v) / C + eps);
#pragma unroll 1                                                  /* several divisions at once spill */
    for (int64_t i = lane; i < C; i += 32)
      {
        const T normal = (x[row * C + i] - m) / root, scaled = g[first + i] * normal;

        h.put (row * C + i, normal);
        y.put (row * C + i, has_mean ? scaled + b[first + i] : scaled);
      }
    if (lane == 0)
      s.put (row, root);
  }
};

template <class T, bool has_mean>
struct NormTangent {
  int64_t G, C;
  In<Dual<T>> g, b;
  In<T> h, s, rx;
  Out<T> ry, rh, rs;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const int64_t first = row % G * C;
    T m = 0, q = 0;

    for (int64_t i = lane; i < C; i += 32)
      {
        m += rx[row * C + i];                                                         /* m  = mean rx                */
        q += h[row * C + i] * rx[row * C + i];                                        /* rs = mean (h rx)            */
      }
    m = has_mean ? warp_sum (m) / C : T (0);
    q = warp_sum (q) / C;
    for (int64_t i = lane; i < C; i += 32)
      {
        const T normal = h[row * C + i], rnormal = (rx[row * C + i] - m - normal * q) / s[row];
        const T scaled = g[first + i].d * normal + g[first + i].v * rnormal;

        rh.put (row * C + i, rnormal);
        ry.put (row * C + i, has_mean ? scaled + b[first + i].d : scaled);
      }
    if (lane == 0)
      rs.put (row, q);
  }
};

/* dx = (u - mu - h mh) / s,  u = g dy,  mu = mean u,  mh = mean (u h); mu stays 0 where the mean is not taken out. */
template <class S, bool has_mean>
struct NormBackward {
  int64_t G, C;
  In<S> g, h, s, dy;
  Adjoint<S> dx;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const int64_t first = row % G * C;
    S mu = S (0), mh = S (0);

    for (int64_t i = lane; i < C; i += 32)
      {
        const S u = g[first + i] * dy[row * C + i];

        mu = has_mean ? mu + u : mu;
        mh = mh + u * h[row * C + i];
      }
    mu = has_mean ? warp_sum (mu) / S (C) : mu;
    mh = warp_sum (mh) / S (C);
    for (int64_t i = lane; i < C; i += 32)
      dx.add (row * C + i, (g[first + i] * dy[row * C + i] - mu - h[row * C + i] * mh) / s[row]);
  }
};

template <class S>
struct GainTerm {
  int64_t C;
  In<S> h, dy;

  __device__ S operator() (int64_t row, int64_t i) const { return dy[row * C + i] * h[row * C + i]; }
};

template <class S>
struct BiasTerm {
  int64_t C;
  In<S> dy;

  __device__ S operator() (int64_t row, int64_t i) const { return dy[row * C + i]; }
};

/* The gain's length says what a row is: RMSNorm may have several in the last axis, with the same gain. */
template <bool has_mean>
struct Norm {
  static int64_t groups (const Scope &scope) { return has_mean ? (int64_t) scope.call->attr[1] : 1; }
  static int64_t channels (const Scope &scope) { return last (scope.call->in_shape[1]) / groups (scope); }
  static int64_t rows (const Scope &scope) { return count (scope.call->in_shape[0]) / channels (scope); }

  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_rows (scope, "norm", rows (scope),
                     NormForward<T, has_mean> { groups (scope), channels (scope), (T) scope.call->attr[0], input<T> (scope, 0), input<T> (scope, 1),
                                                input<T> (scope, 2), output<T> (scope, 0), output<T> (scope, 1), output<T> (scope, 2) });
  }

  template <class T>
  static int
  tangent (const Scope &scope)
  {
    return run_rows (scope, "norm tangent", rows (scope),
                     NormTangent<T, has_mean> { groups (scope), channels (scope), input<Dual<T>> (scope, 1), input<Dual<T>> (scope, 2), saved<T> (scope, 1),
                                                saved<T> (scope, 2), input_tangent<T> (scope, 0), output_tangent<T> (scope, 0), output_tangent<T> (scope, 1),
                                                output_tangent<T> (scope, 2) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const int64_t all = last (scope.call->in_shape[1]), N = count (scope.call->in_shape[0]) / all;
    const Adjoint<S> dx = adjoint<S> (scope, 0);
    const In<S> g = input<S> (scope, 1), h = saved<S> (scope, 1), s = saved<S> (scope, 2), dy = seed<S> (scope);

    return (dx.to == NULL
            || run_rows (scope, "norm backward", rows (scope), NormBackward<S, has_mean> { groups (scope), channels (scope), g, h, s, dy, dx }))
           && run_columns (scope, "norm gain", N, all, adjoint<S> (scope, 1), GainTerm<S> { all, h, dy })
           && (!has_mean || run_columns (scope, "norm bias", N, all, adjoint<S> (scope, 2), BiasTerm<S> { all, dy }));
  }
};

namespace rules {
struct layernorm : Norm<true> {};
struct rmsnorm : Norm<false> {};
}
ASSAY_CUDA_OP_SAVED (layernorm);
ASSAY_CUDA_OP_SAVED (rmsnorm);
