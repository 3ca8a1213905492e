/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attention_plain.cuh: the first rung: a warp has a query, and meets the keys that it sees 32 at a time, a lane each; for the adjoints of keys and values a
 * warp has a key and meets its queries likewise. Every key is read from memory again by every query, and a number read takes part in one product; what the
 * tiles are held against. Usage: the op of the name attention_plain, which takes what attention takes.
 */
#pragma once

#include "../attention.cuh"

#define PARTS 8                 /* a lane sums so many channels of a head, 32 apart */

template <class S>
static __device__ S
dot (const In<S> &x, int64_t i, const In<S> &y, int64_t j, int64_t n)
{
  S sum = S (0);

  for (int64_t d = 0; d < n; d++)
    sum = sum + x[i + d] * y[j + d];
  return sum;
}

/* What the lanes of each warp tell the others: shared[warp][lane]. */
template <class S>
static __device__ inline void
tell (S (*shared)[32], S mine)
{
  __syncwarp ();
  shared[threadIdx.x / 32][threadIdx.x % 32] = mine;
  __syncwarp ();
}

/* y and lse of query (b,h,t): the largest score, then the sum, lane by lane and over the lanes, then the mean of the values. */
template <class S>
struct PlainAttentionForward {
  AttentionSizes s;
  AttentionTensors<S> in;
  Out<S> y, lse;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    __shared__ S weight[ASSAY_OP_THREADS / 32][32];
    const int64_t t = row % s.T, h = row / s.T % s.H, b = row / (s.T * s.H), q = s.query (b, t, h), first = s.first_key (t), end = s.end_keys (t);
    Base<S> top = -(Base<S>) INFINITY;
    S sum = S (0), shift, out[PARTS];

    for (int64_t j = first + lane; j < end; j += 32)
      {
        const Base<S> score = value_of (dot (in.q, q, in.k, s.key (b, j, h), s.D)) * (Base<S>) s.scale;

        top = score > top || score != score ? score : top;
      }
    top = warp_max (top);
    for (int64_t j = first + lane; j < end; j += 32)
      sum = sum + exp_of (dot (in.q, q, in.k, s.key (b, j, h), s.D) * S (s.scale) - S (top));
    shift = S (top) + log_of (warp_sum (sum));
    for (int part = 0; part < PARTS; part++)
      out[part] = S (0);
    for (int64_t at = first; at < end; at += 32)
      {
        tell (weight, at + lane < end ? exp_of (dot (in.q, q, in.k, s.key (b, at + lane, h), s.D) * S (s.scale) - shift) : S (0));
        for (int64_t j = at; j < end && j < at + 32; j++)
          for (int part = 0; part < PARTS; part++)
            if (32 * part + lane < s.D)
              out[part] = out[part] + weight[threadIdx.x / 32][j - at] * in.v[s.value (b, j, h) + 32 * part + lane];
      }
    for (int part = 0; part < PARTS; part++)
      if (32 * part + lane < s.D)
        y.put (s.result (b, t, h) + 32 * part + lane, out[part]);
    if (lane == 0)
      lse.put (row, shift);
  }
};

/* ds of the pair of query t and key j, and p. */
template <class S>
static __device__ S
score_adjoint (const AttentionSizes &s, const AttentionTensors<S> &in, int64_t b, int64_t h, int64_t t, int64_t j, S *p)
{
  const int64_t result = s.result (b, t, h);

  *p = exp_of (dot (in.q, s.query (b, t, h), in.k, s.key (b, j, h), s.D) * S (s.scale) - in.lse[(b * s.H + h) * s.T + t]);
  return *p * (dot (in.dy, result, in.v, s.value (b, j, h), s.D) - dot (in.dy, result, in.y, result, s.D));
}

template <class S>
struct PlainAttentionQueries {
  AttentionSizes s;
  AttentionTensors<S> in;
  Adjoint<S> dq;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    __shared__ S weight[ASSAY_OP_THREADS / 32][32];
    const int64_t t = row % s.T, h = row / s.T % s.H, b = row / (s.T * s.H), end = s.end_keys (t);
    S out[PARTS], p;

    for (int part = 0; part < PARTS; part++)
      out[part] = S (0);
    for (int64_t at = s.first_key (t); at < end; at += 32)
      {
        tell (weight, at + lane < end ? score_adjoint (s, in, b, h, t, at + lane, &p) : S (0));
        for (int64_t j = at; j < end && j < at + 32; j++)
          for (int part = 0; part < PARTS; part++)
            if (32 * part + lane < s.D)
              out[part] = out[part] + weight[threadIdx.x / 32][j - at] * in.k[s.key (b, j, h) + 32 * part + lane];
      }
    for (int part = 0; part < PARTS; part++)
      if (32 * part + lane < s.D)
        dq.add (s.query (b, t, h) + 32 * part + lane, S (s.scale) * out[part]);
  }
};

/* dk and dv of key head g at position j: over the query heads that read it, and their queries in order. */
template <class S>
struct PlainAttentionKeys {
  AttentionSizes s;
  AttentionTensors<S> in;
  Adjoint<S> dk, dv;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    __shared__ S of_score[ASSAY_OP_THREADS / 32][32], weight[ASSAY_OP_THREADS / 32][32];
    const int64_t j = row % s.T, g = row / s.T % s.G, b = row / (s.T * s.G), group = s.H / s.G, end = s.end_queries (j);
    S of_key[PARTS], of_value[PARTS];

    for (int part = 0; part < PARTS; part++)
      of_key[part] = of_value[part] = S (0);
    for (int64_t h = g * group; h < (g + 1) * group; h++)
      for (int64_t at = s.first_query (j); at < end; at += 32)
        {
          S p = S (0), ds = at + lane < end ? score_adjoint (s, in, b, h, at + lane, j, &p) : S (0);

          tell (of_score, ds);
          tell (weight, p);
          for (int64_t t = at; t < end && t < at + 32; t++)
            for (int part = 0; part < PARTS; part++)
              if (32 * part + lane < s.D)
                {
                  of_key[part] = of_key[part] + of_score[threadIdx.x / 32][t - at] * in.q[s.query (b, t, h) + 32 * part + lane];
                  of_value[part] = of_value[part] + weight[threadIdx.x / 32][t - at] * in.dy[s.result (b, t, h) + 32 * part + lane];
                }
        }
    for (int part = 0; part < PARTS; part++)
      if (32 * part + lane < s.D)
        {
          if (dk.to != NULL)
            dk.add (s.key (b, j, g * group) + 32 * part + lane, S (s.scale) * of_key[part]);
          if (dv.to != NULL)
            dv.add (s.value (b, j, g * group) + 32 * part + lane, of_value[part]);
        }
  }
};

namespace rules {
struct attention_plain {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    const AttentionSizes s = get_attention_sizes (scope);

    return check_attention_head (scope, s)
           && run_rows (scope, "attention_plain", s.B * s.H * s.T, PlainAttentionForward<S> { s, get_attention_tensors<S> (scope), output<S> (scope, 0), output<S> (scope, 1) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const AttentionSizes s = get_attention_sizes (scope);
    const bool packed = scope.call->n_in == 1;
    const Adjoint<S> dq = adjoint<S> (scope, 0), dk = adjoint<S> (scope, packed ? 0 : 1), dv = adjoint<S> (scope, packed ? 0 : 2);
    const AttentionTensors<S> in = get_attention_tensors<S> (scope);

    return check_attention_head (scope, s) && (dq.to == NULL || run_rows (scope, "attention_plain queries", s.B * s.H * s.T, PlainAttentionQueries<S> { s, in, dq }))
           && ((dk.to == NULL && dv.to == NULL) || run_rows (scope, "attention_plain keys", s.B * s.G * s.T, PlainAttentionKeys<S> { s, in, dk, dv }));
  }
};
}
ASSAY_CUDA_OP (attention_plain);
