/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convolution.cuh: the sizes of a two-dimensional convolution.
 *
 *   y[b,o,i,j] = bias_o + sum over c,u,v of w[o,c,u,v] x[b,c,i stride + u - padding,j stride + v - padding], within groups of channels
 *
 *   x (B,C,H,W)   w (O,C/groups,kh,kw)   bias (O), optional   y (B,O,oh,ow)
 */
#pragma once

#include "op.cuh"

struct Conv2d {
  int64_t B, C, H, W, O, kh, kw, oh, ow, stride, padding, groups, c, o;         /* c, o: input and output channels of a group */
};

static inline Conv2d
get_conv2d (const Scope &scope)
{
  const AssayCudaShape &x = scope.call->in_shape[0], &w = scope.call->in_shape[1], &y = scope.call->out_shape[0];
  const int64_t groups = (int64_t) scope.call->attr[2];

  return { x.dim[0], x.dim[1], x.dim[2], x.dim[3], w.dim[0], w.dim[2], w.dim[3], y.dim[2], y.dim[3], (int64_t) scope.call->attr[0],
           (int64_t) scope.call->attr[1], groups, x.dim[1] / groups, w.dim[0] / groups };
}

/* What output n = (b,i,j) has to do with the bias of channel o. */
template <class S>
struct Conv2dBias {
  Conv2d s;
  In<S> dy;

  __device__ S operator() (int64_t n, int64_t o) const { return dy[(n / (s.ow * s.oh) * s.O + o) * s.oh * s.ow + n % (s.ow * s.oh)]; }
};

template <class S>
static int
run_bias_backward (const Scope &scope, const Conv2d &s)
{
  return scope.call->n_in < 3
         || run_columns (scope, "conv2d bias backward", s.B * s.oh * s.ow, s.O, adjoint<S> (scope, 2), Conv2dBias<S> { s, seed<S> (scope) });
}
