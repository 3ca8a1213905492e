/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_sketch.cu: gradients projected from both sides, for modules whose gradient is D_b = sum over positions t of r_t c_t': both sides times their signs, and
 * the sums of the outer products of what that leaves. And the gradients of norms, which are no matrices. Called as forward rules by src/influence/device_sketch.c and
 * src/hessian/module_norm.c.
 *
 * What limits it: a side of n numbers is read once, and 2 k products are done for each of them: k / 2 FLOP a byte in f32. Results of an example depend on nothing
 * but its own positions.
 */
#include "op.cuh"

#define ASSAY_CUDA_SKETCH_RULE(op)                                                                                                       \
  static const AssayCudaOp registered_##op (#op, rules::op::forward<float>, rules::op::forward<double>, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)

/* --- sketch_side: Y (+)= scale X S, where S has a row more than X has columns with that row added         X (K,n)   S (n or n + 1,k)
 *     Y (K,k), its rows so far apart as out_shape has numbers   attributes: scale, whether Y is added to ------------------------------ */

namespace rules {
struct sketch_side {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t K = c->in_shape[0].dim[0], n = c->in_shape[0].dim[1], k = c->in_shape[1].dim[1];
    const T *S = (const T *) c->x[1];
    AssayCudaProduct p = product (false, false, K, k, n, (const T *) c->x[0], n, S, k, c->attr[1] != 0, (T *) c->y[0], c->out_shape[0].dim[1]);

    p.rows_are_free = true;
    p.alpha = c->attr[0];
    p.bias = c->in_shape[1].dim[0] > n ? S + n * k : NULL;
    /* Signs lose nothing by it, and sides are read once; bf16 would first be written. */
    p.compute = c->compute == ASSAY_CUDA_FULL ? ASSAY_CUDA_FULL : ASSAY_CUDA_TF32;
    return multiply (scope, p);
  }
};
}
ASSAY_CUDA_SKETCH_RULE (sketch_side);

/* --- sketch_outer: G_b (+)= scale sum over t of l_bt r_bt'         l (B,n,ko), or (1,n,ko) for all b   r (B,n,ki)
 *     G (ko,ki), so far apart as out_shape (B,F) says   attributes: scale, whether G is added to -------------------------------------- */

namespace rules {
struct sketch_outer {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const AssayCudaShape &l = c->in_shape[0], &r = c->in_shape[1];
    const int64_t n = l.dim[1], ko = l.dim[2], ki = r.dim[2];
    AssayCudaProduct p = product (true, false, ko, ki, n, (const T *) c->x[0], ko, (const T *) c->x[1], ki, c->attr[1] != 0, (T *) c->y[0], ki);

    p.batch = r.dim[0];
    p.batch_is_free = true;
    p.apart_A = l.dim[0] == 1 ? 0 : n * ko;
    p.apart_B = n * ki;
    p.apart_C = c->out_shape[0].dim[1];
    p.alpha = c->attr[0];
    return multiply (scope, p);
  }
};
}
ASSAY_CUDA_SKETCH_RULE (sketch_outer);

/* --- module_norm: r_b <- (sum over t of dy_bt h_bt, sum over t of dy_bt)         dy, h (B,T,C)   r (B,C or 2 C) ------------------------ */

#define GROUPS 8

/* A block has 32 channels of an example; each of its warps adds up every eighth position, then the warps' sums are added in their order. */
template <class T>
static __global__ void __launch_bounds__ (32 * GROUPS)
sum_norm (int64_t tiles, int64_t positions, int64_t C, int64_t rows, const T *dy, const T *h, T *r)
{
  __shared__ T gain[GROUPS][32], bias[GROUPS][32];
  const int group = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int64_t b = blockIdx.x / tiles, i = blockIdx.x % tiles * 32 + lane;
  T sums[2] = { 0, 0 };

  if (i < C)
    for (int64_t t = group; t < positions; t += GROUPS)
      {
        const int64_t at = (b * positions + t) * C + i;

        sums[0] += dy[at] * h[at];
        sums[1] += dy[at];
      }
  gain[group][lane] = sums[0];
  bias[group][lane] = sums[1];
  __syncthreads ();
  if (group > 0 || i >= C)
    return;
  for (int g = 1; g < GROUPS; g++)
    {
      sums[0] += gain[g][lane];
      sums[1] += bias[g][lane];
    }
  r[b * rows + i] = sums[0];
  if (rows > C)
    r[b * rows + C + i] = sums[1];
}

namespace rules {
struct module_norm {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t B = c->in_shape[0].dim[0], positions = c->in_shape[0].dim[1], C = c->in_shape[0].dim[2], tiles = (C + 31) / 32;

    ASSAY_LAUNCH (sum_norm<T>, (unsigned) (B * tiles), 32 * GROUPS, 0, scope.context->stream, tiles, positions, C, c->out_shape[0].dim[1], (const T *) c->x[0],
                  (const T *) c->x[1], (T *) c->y[0]);
    return assay_cuda_check_launch (scope.context, "gradient of a norm", scope.failure);
  }
};
}
ASSAY_CUDA_SKETCH_RULE (module_norm);
