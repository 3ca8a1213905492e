/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_vector.cu: what is done to flat vectors of parameters: sums over micro-batches, updates, and the steps of optimizers. Each is called as a forward rule
 * on (n) vectors; src/run/backend_vector.h is the other side. An optimizer's step is a struct here and its file there.
 */
#include "op.cuh"

#define DOT_BLOCKS 1024         /* partial sums, whatever the device: the order is fixed by n */

/* Rules that are only ever run forwards. */
#define ASSAY_CUDA_VECTOR(op)                                                                                                            \
  static const AssayCudaOp registered_##op (#op, rules::op::forward<float>, rules::op::forward<double>, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)

static inline int64_t
length (const Scope &scope)
{
  return count (scope.call->in_shape[0]);
}

/* --- y <- alpha x (of doubles),  y (in bf16) <- x,  y <- x,  y (of doubles) <- y + x,  y <- y + alpha x,  y <- alpha y --------------------------------- */

template <class T>
struct RoundVector {
  double alpha;
  const double *x;
  T *y;

  __device__ void operator() (int64_t i) const { y[i] = (T) (x[i] * alpha); }
};

template <class T>
struct CopyVector {
  const T *x;
  T *y;

  __device__ void operator() (int64_t i) const { y[i] = x[i]; }
};

struct Same { __device__ float operator() (float x) const { return x; } };

template <class T>
struct AddVector {
  T alpha;
  const T *x;
  T *y;

  __device__ void operator() (int64_t i) const { y[i] += alpha * x[i]; }
};

template <class T>
struct ScaleVector {
  T alpha;
  T *y;

  __device__ void operator() (int64_t i) const { y[i] *= alpha; }
};

namespace rules {
struct vector_round {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_elements (scope, "vector rounded", length (scope), RoundVector<T> { scope.call->attr[0], (const double *) scope.call->x[0], (T *) scope.call->y[0] });
  }
};
struct vector_to_bf16 {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_map (scope, "vector rounded to bf16", length (scope), Out<float> { (float *) scope.call->y[0], true }, Same {}, In<float> { (const float *) scope.call->x[0], NULL });
  }
};
struct vector_copy {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_elements (scope, "vector copied", length (scope), CopyVector<T> { (const T *) scope.call->x[0], (T *) scope.call->y[0] });
  }
};
struct vector_sum {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_elements (scope, "vector summed", length (scope), SumInDouble<T> { (const T *) scope.call->x[0], (double *) scope.call->y[0] });
  }
};
struct vector_add {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_elements (scope, "vector added", length (scope), AddVector<T> { (T) scope.call->attr[0], (const T *) scope.call->x[0], (T *) scope.call->y[0] });
  }
};
struct vector_scale {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_elements (scope, "vector scaled", length (scope), ScaleVector<T> { (T) scope.call->attr[0], (T *) scope.call->y[0] });
  }
};
}
ASSAY_CUDA_VECTOR (vector_round);
static const AssayCudaOp registered_vector_to_bf16 ("vector_to_bf16", rules::vector_to_bf16::forward<float>, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
ASSAY_CUDA_VECTOR (vector_copy);
ASSAY_CUDA_VECTOR (vector_sum);
ASSAY_CUDA_VECTOR (vector_add);
ASSAY_CUDA_VECTOR (vector_scale);

/* --- sum <- a'b, in double --------------------------------------------------------------------------------------------------- */

/* Warp k of all adds up every DOT_BLOCKS-th piece of 32. */
template <class T>
struct DotParts {
  int64_t n;
  const T *a, *b;
  double *part;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    double sum = 0;

    for (int64_t i = row * 32 + lane; i < n; i += DOT_BLOCKS * 32)
      sum += (double) a[i] * (double) b[i];
    sum = warp_sum (sum);
    if (lane == 0)
      part[row] = sum;
  }
};

struct DotTotal {
  const double *part;
  double *sum;

  __device__ void
  operator() (int64_t, int lane) const
  {
    double mine = 0;

    for (int k = lane; k < DOT_BLOCKS; k += 32)
      mine += part[k];
    mine = warp_sum (mine);
    if (lane == 0)
      *sum = mine;
  }
};

namespace rules {
struct vector_dot {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    Scratch<double> part;
    int ok;

    if (!scratch_alloc (scope, DOT_BLOCKS, &part))
      return 0;
    ok = run_rows (scope, "dot product", DOT_BLOCKS, DotParts<T> { length (scope), (const T *) c->x[0], (const T *) c->x[1], part.v })
         && run_rows (scope, "dot product summed", 1, DotTotal { part.v, (double *) c->y[0] });
    scratch_release (scope, part);
    return ok;
  }
};
}
ASSAY_CUDA_VECTOR (vector_dot);

/* --- adamw: attributes b1, b2, eta / c1, 1 / c2, eps, eps_root, eta gamma    x: gradient    y: theta, m, u ------------------- */

template <class T>
struct AdamW {
  T b1, b2, a1, a2, per_c1, per_c2, eps, eps_root, decay;
  const T *g;
  T *theta, *m, *u;

  __device__ void
  operator() (int64_t i) const
  {
    m[i] = b1 * m[i] + a1 * g[i];
    u[i] = b2 * u[i] + a2 * g[i] * g[i];
    theta[i] -= per_c1 * m[i] / (sqrt_of (u[i] * per_c2 + eps_root) + eps) + decay * theta[i];
  }
};

namespace rules {
struct step_adamw {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const double *a = c->attr;

    return run_elements (scope, "adamw", length (scope),
                         AdamW<T> { (T) a[0], (T) a[1], (T) (1 - a[0]), (T) (1 - a[1]), (T) a[2], (T) a[3], (T) a[4], (T) a[5], (T) a[6],
                                    (const T *) c->x[0], (T *) c->y[0], (T *) c->y[1], (T *) c->y[2] });
  }
};
}
ASSAY_CUDA_VECTOR (step_adamw);
