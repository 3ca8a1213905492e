/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convolution_plain.cuh: the first rung: a thread for each output and each input's adjoint, a column of warps for each weight's. Every number is read from
 * memory again by every product that it takes part in, and many small pictures leave a weight's few columns to do all the work.
 * Usage: the op of the name conv2d_plain, which takes what conv2d takes.
 */
#pragma once

#include "../convolution.cuh"

template <class S>
struct PlainConv2dForward {
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
struct PlainConv2dInput {
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
struct PlainConv2dWeight {
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

namespace rules {
struct conv2d_plain {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    const In<S> none = {}, bias = scope.call->n_in > 2 ? input<S> (scope, 2) : none;

    return run_elements (scope, "conv2d_plain", count (scope.call->out_shape[0]),
                         PlainConv2dForward<S> { get_conv2d (scope), input<S> (scope, 0), input<S> (scope, 1), bias, output<S> (scope, 0) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const Conv2d s = get_conv2d (scope);
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return (dx.to == NULL
            || run_elements (scope, "conv2d_plain backward", count (scope.call->in_shape[0]), PlainConv2dInput<S> { s, input<S> (scope, 1), seed<S> (scope), dx }))
           && run_columns (scope, "conv2d_plain weight backward", s.B * s.oh * s.ow, count (scope.call->in_shape[1]), adjoint<S> (scope, 1),
                           PlainConv2dWeight<S> { s, input<S> (scope, 0), seed<S> (scope) })
           && run_bias_backward<S> (scope, s);
  }
};
}
ASSAY_CUDA_OP (conv2d_plain);
