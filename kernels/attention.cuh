/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attention.cuh: what every kernel of attention is about: where the rows of a head lie, and which keys a query sees.
 *
 *   inputs  either  qkv (B,T,(H+2G)D), rows of H query, G key and G value heads one after another
 *           or      q (B,T,H D)   k (B,T,G D)   v (B,T,G D)
 *   output  y (B,T,H D)          saved  lse (B,H,T), the logarithm of the softmax's denominator
 */
#pragma once

#include "op.cuh"

struct AttentionSizes {
  int64_t B, T, H, G, D;
  int64_t stride[3], first[3];  /* of query, key and value: of a row, and of head 0 within it */
  double scale;
  bool causal;
  int64_t window;               /* positions that a query sees; T: all before it */

  __device__ int64_t query (int64_t b, int64_t t, int64_t h) const { return (b * T + t) * stride[0] + first[0] + h * D; }
  __device__ int64_t key (int64_t b, int64_t t, int64_t h) const { return (b * T + t) * stride[1] + first[1] + h / (H / G) * D; }
  __device__ int64_t value (int64_t b, int64_t t, int64_t h) const { return (b * T + t) * stride[2] + first[2] + h / (H / G) * D; }
  __device__ int64_t result (int64_t b, int64_t t, int64_t h) const { return ((b * T + t) * H + h) * D; }
  __device__ int64_t result_stride () const { return H * D; }
  __device__ int64_t row (int64_t b, int64_t t, int64_t h) const { return (b * H + h) * T + t; }
  __device__ int64_t first_key (int64_t t) const { return causal && t >= window ? t - window + 1 : 0; }
  __device__ int64_t end_keys (int64_t t) const { return causal && t < T ? t + 1 : T; }
  __device__ int64_t first_query (int64_t j) const { return causal ? j : 0; }
  __device__ int64_t end_queries (int64_t j) const { return causal && j + window < T ? j + window : T; }
  __device__ bool sees (int64_t t, int64_t j) const { return t < T && j >= first_key (t) && j < end_keys (t); }
  /* Whether each of n queries from t on sees all of m keys from j on. */
  __device__ bool
  sees_all (int64_t t, int64_t n, int64_t j, int64_t m) const
  {
    return t + n <= T && j >= first_key (t + n - 1) && j + m <= end_keys (t);
  }
};

static inline AttentionSizes
get_attention_sizes (const Scope &scope)
{
  const AssayCudaShape &in = scope.call->in_shape[0];
  const double *attr = scope.call->attr;
  const bool packed = scope.call->n_in == 1;
  AttentionSizes s = {};

  s.B = in.dim[0];
  s.T = in.dim[1];
  s.H = (int64_t) attr[0];
  s.G = attr[1] > 0 ? (int64_t) attr[1] : s.H;
  s.D = in.dim[2] / (packed ? s.H + 2 * s.G : s.H);
  s.causal = attr[2] != 0;
  s.scale = attr[3] > 0 ? attr[3] : 1 / sqrt ((double) s.D);
  s.window = s.causal && attr[4] > 0 ? (int64_t) attr[4] : s.T;
  for (int role = 0; role < 3; role++)
    s.stride[role] = packed ? in.dim[2] : (role == 0 ? s.H : s.G) * s.D;
  s.first[1] = packed ? s.H * s.D : 0;
  s.first[2] = packed ? (s.H + s.G) * s.D : 0;
  return s;
}

template <class S>
struct AttentionTensors {
  In<S> q, k, v, y, lse, dy;
};

template <class S>
static inline AttentionTensors<S>
get_attention_tensors (const Scope &scope)
{
  const bool packed = scope.call->n_in == 1;

  return { input<S> (scope, 0), input<S> (scope, packed ? 0 : 1), input<S> (scope, packed ? 0 : 2), saved<S> (scope, 0), saved<S> (scope, 1), seed<S> (scope) };
}

/* What tiles are filled with, where it lies. */
template <class Source>
struct AttentionRows {
  AttentionSizes s;
  Source q, k, v, dy;
};

#define ASSAY_WIDEST_HEAD 256

static inline int
check_attention_head (const Scope &scope, const AttentionSizes &s)
{
  return s.D <= ASSAY_WIDEST_HEAD
         || assay_cuda_fail (scope.failure, ASSAY_CUDA_BAD_CALL, "attention: heads of at most %d channels expected, %lld found", ASSAY_WIDEST_HEAD,
                             (long long) s.D);
}
