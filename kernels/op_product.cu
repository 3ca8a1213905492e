/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_product.cu: linear and matmul: what is all matrix products (product.cu). A tangent is the sum of the products with one factor's tangent each. */
#include "op.cuh"

/* --- linear: y = x W' + b          x (N,I)   W (O,I)   b (O)   y (N,O) ------------------------------------------------------ */

template <class T>
struct CopyRow {
  int64_t O;
  In<T> b;
  Out<T> y;

  __device__ void operator() (int64_t i) const { y.put (i, b[i % O]); }
};

template <class T>
struct Column {
  int64_t O;
  const T *dy;

  __device__ T operator() (int64_t n, int64_t i) const { return dy[n * O + i]; }
};

/* The sizes of a call, and its products. */
template <class T>
struct Linear {
  const Scope &scope;
  const int64_t N, I, O;

  Linear (const Scope &s) : scope (s), N (count (s.call->in_shape[0]) / last (s.call->in_shape[0])), I (last (s.call->in_shape[0])), O (s.call->in_shape[1].dim[0]) {}

  /* rows: those of the result are examples or positions. */
  int run (AssayCudaProduct p, bool rows, const void *bias = NULL) const
  {
    p.compute = scope.call->compute;
    p.rows_are_free = rows;
    p.bias = bias;
    return multiply (scope, p);
  }
  /* y (+)= x W' (+ b) */
  int to_output (const void *x, const void *W, const void *b, bool accumulate, void *y) const
  {
    return run (product (false, true, N, O, I, (const T *) x, I, (const T *) W, I, accumulate, (T *) y, O), true, b);
  }
  /* dx (+)= dy W */
  int to_input (const void *dy, const void *W, bool accumulate, void *dx) const
  {
    return run (product (false, false, N, I, O, (const T *) dy, O, (const T *) W, I, accumulate, (T *) dx, I), true);
  }
  /* dW (+)= dy' x */
  int to_weight (const void *dy, const void *x, bool accumulate, void *dW) const
  {
    return run (product (true, false, O, I, N, (const T *) dy, O, (const T *) x, I, accumulate, (T *) dW, I), false);
  }
  int spread (const void *b, void *y) const
  {
    return run_elements (scope, "linear bias", N * O, CopyRow<T> { O, { (const T *) b, NULL }, { (T *) y } });
  }
  int sum (const void *dy, void *db) const
  {
    return run_columns<T> (scope, "linear bias backward", N, O, Adjoint<T> { (T *) db, is_fresh (scope, 2) }, Column<T> { O, (const T *) dy });
  }
};

namespace rules {
struct linear {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Linear<T> l (scope);

    return l.to_output (c->x[0], c->x[1], c->n_in > 2 ? c->x[2] : NULL, false, c->y[0]);
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Linear<T> l (scope);

    return (c->dx[0] == NULL || l.to_input (c->dy, c->x[1], !is_fresh (scope, 0), c->dx[0]))
           && (c->dx[1] == NULL || l.to_weight (c->dy, c->x[0], !is_fresh (scope, 1), c->dx[1])) && (c->n_in < 3 || l.sum (c->dy, c->dx[2]));
  }

  /* ry = rx W' + x rW' + rb */
  template <class T>
  static int
  tangent (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Linear<T> l (scope);
    const bool has_bias = c->n_in > 2 && c->rx[2] != NULL;

    const void *b = has_bias ? c->rx[2] : NULL;

    if (c->rx[0] == NULL && c->rx[1] == NULL)
      return has_bias ? l.spread (b, c->ry[0]) : clear (scope, c->ry[0], (size_t) (l.N * l.O) * sizeof (T));
    if (c->rx[0] == NULL)
      return l.to_output (c->x[0], c->rx[1], b, false, c->ry[0]);
    return l.to_output (c->rx[0], c->x[1], b, false, c->ry[0]) && (c->rx[1] == NULL || l.to_output (c->x[0], c->rx[1], NULL, true, c->ry[0]));
  }

  /* rdx = rdy W + dy rW        rdW = rdy' x + dy' rx */
  template <class T>
  static int
  tangent_backward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Linear<T> l (scope);

    return (c->rdx[0] == NULL
            || (l.to_input (c->rdy, c->x[1], !is_fresh (scope, 0), c->rdx[0]) && (c->rx[1] == NULL || l.to_input (c->dy, c->rx[1], true, c->rdx[0]))))
           && (c->rdx[1] == NULL
               || (l.to_weight (c->rdy, c->x[0], !is_fresh (scope, 1), c->rdx[1]) && (c->rx[0] == NULL || l.to_weight (c->dy, c->rx[0], true, c->rdx[1]))))
           && (c->n_in < 3 || l.sum (c->rdy, c->rdx[2]));
  }
};
}
ASSAY_CUDA_OP_PRODUCT (linear);

/* --- matmul: y = a b for each entry of the leading axes; with transpose-b, b is stored (N,K)          a (M,K)   b (K,N) ----- */

template <class T>
struct Matmul {
  const Scope &scope;
  int64_t M, N, K, batch;
  bool transposed;

  Matmul (const Scope &s) : scope (s)
  {
    const AssayCudaShape &a = s.call->in_shape[0], &b = s.call->in_shape[1];

    transposed = s.call->attr[0] != 0;
    M = a.dim[a.rank - 2];
    K = a.dim[a.rank - 1];
    N = b.dim[transposed ? a.rank - 2 : a.rank - 1];
    batch = count (a) / (M * K);
  }

  int to_output (const void *a, const void *b, bool accumulate, void *y) const
  {
    return multiply_each<T> (scope, batch, false, transposed, M, N, K, (const T *) a, K, M * K, (const T *) b, transposed ? K : N, K * N, accumulate, (T *) y, N, M * N);
  }
  /* da (+)= dy b' */
  int to_left (const void *dy, const void *b, bool accumulate, void *da) const
  {
    return multiply_each<T> (scope, batch, false, !transposed, M, K, N, (const T *) dy, N, M * N, (const T *) b, transposed ? K : N, K * N, accumulate, (T *) da, K, M * K);
  }
  /* db (+)= a' dy, or its transpose */
  int to_right (const void *a, const void *dy, bool accumulate, void *db) const
  {
    return transposed ? multiply_each<T> (scope, batch, true, false, N, K, M, (const T *) dy, N, M * N, (const T *) a, K, M * K, accumulate, (T *) db, K, K * N)
                      : multiply_each<T> (scope, batch, true, false, K, N, M, (const T *) a, K, M * K, (const T *) dy, N, M * N, accumulate, (T *) db, N, K * N);
  }
};

namespace rules {
struct matmul {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return Matmul<T> (scope).to_output (scope.call->x[0], scope.call->x[1], false, scope.call->y[0]);
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Matmul<T> m (scope);

    return (c->dx[0] == NULL || m.to_left (c->dy, c->x[1], !is_fresh (scope, 0), c->dx[0]))
           && (c->dx[1] == NULL || m.to_right (c->x[0], c->dy, !is_fresh (scope, 1), c->dx[1]));
  }

  /* ry = ra b + a rb */
  template <class T>
  static int
  tangent (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Matmul<T> m (scope);

    return m.to_output (c->rx[0], c->x[1], false, c->ry[0]) && m.to_output (c->x[0], c->rx[1], true, c->ry[0]);
  }

  /* rda = rdy b' + dy rb'        rdb = a' rdy + ra' dy */
  template <class T>
  static int
  tangent_backward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Matmul<T> m (scope);

    return (c->rdx[0] == NULL || (m.to_left (c->rdy, c->x[1], !is_fresh (scope, 0), c->rdx[0]) && m.to_left (c->dy, c->rx[1], true, c->rdx[0])))
           && (c->rdx[1] == NULL || (m.to_right (c->x[0], c->rdy, !is_fresh (scope, 1), c->rdx[1]) && m.to_right (c->rx[0], c->dy, true, c->rdx[1])));
  }
};
}
ASSAY_CUDA_OP_PRODUCT (matmul);
