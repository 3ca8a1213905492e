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
  In<T> dy;

  __device__ T operator() (int64_t n, int64_t i) const { return dy[n * O + i]; }
};

/* The sizes of a call, and its products, for the tangents of a block: those with the weight are one product where what they are of lies one behind another,
 * those with its tangents one batch. Both sum in ways that serve any number of tangents. */
template <class T>
struct Linear {
  const Scope &scope;
  const int64_t N, I, O, tangents;
  const bool narrow_x, narrow_W, narrow_b, narrow_y, narrow_dx;

  Linear (const Scope &s)
    : scope (s), N (count (s.call->in_shape[0]) / last (s.call->in_shape[0])), I (last (s.call->in_shape[0])), O (s.call->in_shape[1].dim[0]),
      tangents (s.call->n_tangents > 1 ? s.call->n_tangents : 1), narrow_x (is_narrow (s.call->narrow_x, 0)), narrow_W (is_narrow (s.call->narrow_x, 1)),
      narrow_b (is_narrow (s.call->narrow_x, 2)), narrow_y (is_narrow (s.call->narrow_y, 0)), narrow_dx (is_narrow (s.call->narrow_dx, 0)) {}

  static const void *at (const void *first, int64_t k, size_t apart) { return (const char *) first + (size_t) k * apart; }
  static void *at (void *first, int64_t k, size_t apart) { return (char *) first + (size_t) k * apart; }
  static size_t width (bool is_narrow) { return is_narrow ? sizeof (uint16_t) : sizeof (T); }
  static int64_t elements (size_t bytes, bool is_narrow) { return (int64_t) (bytes / width (is_narrow)); }

  /* C (M,N) (+)= op(A) op(B), and of each what it is stored in. */
  static AssayCudaProduct
  make (bool ta, bool tb, int64_t M, int64_t N, int64_t K, const void *A, bool narrow_A, const void *B, bool narrow_B, bool accumulate, void *C, bool narrow_C)
  {
    AssayCudaProduct p = product (ta, tb, M, N, K, (const T *) A, ta ? M : K, (const T *) B, tb ? K : N, accumulate, (T *) C, N);

    p.A_is_narrow = narrow_A;
    p.B_is_narrow = narrow_B;
    p.C_is_narrow = narrow_C;
    return p;
  }
  /* rows: those of the result are examples or positions. */
  int run (AssayCudaProduct p, bool rows, const void *bias = NULL) const
  {
    p.compute = scope.call->compute;
    p.rows_are_free = rows;
    p.bias = bias;
    p.bias_is_narrow = bias != NULL && narrow_b;
    return multiply (scope, p);
  }
  /* Of a product of one tangent: those of all. */
  int run_batch (AssayCudaProduct p, size_t apart_A, size_t apart_B, size_t apart_C, const void *bias, size_t apart_bias) const
  {
    p.batch = tangents;
    p.batch_is_free = true;
    p.apart_A = elements (apart_A, p.A_is_narrow);
    p.apart_B = elements (apart_B, p.B_is_narrow);
    p.apart_C = elements (apart_C, p.C_is_narrow);
    p.apart_bias = elements (apart_bias, narrow_b);
    return run (p, true, bias);
  }
  /* y = x W' (+ b) */
  int to_output (const void *x, const void *b, void *y) const
  {
    return run (make (false, true, N, O, I, x, narrow_x, scope.call->x[1], narrow_W, false, y, narrow_y), true, b);
  }
  /* y_k = x_k W' */
  int to_outputs (const void *x, size_t apart_x, void *y, size_t apart_y) const
  {
    const int64_t n = apart_x == (size_t) (N * I) * width (narrow_x) && apart_y == (size_t) (N * O) * width (narrow_y) ? tangents : 1;
    int ok = 1;

    for (int64_t k = 0; ok && k < tangents; k += n)
      ok = run (make (false, true, n * N, O, I, at (x, k, apart_x), narrow_x, scope.call->x[1], narrow_W, false, at (y, k, apart_y), narrow_y), true);
    return ok;
  }
  /* dx_k (+)= dy_k W */
  int to_inputs (const void *dy, size_t apart_dy, bool accumulate, void *dx, size_t apart_dx) const
  {
    const int64_t n = apart_dy == (size_t) (N * O) * width (narrow_y) && apart_dx == (size_t) (N * I) * width (narrow_dx) ? tangents : 1;
    int ok = 1;

    for (int64_t k = 0; ok && k < tangents; k += n)
      ok = run (make (false, false, n * N, I, O, at (dy, k, apart_dy), narrow_y, scope.call->x[1], narrow_W, accumulate, at (dx, k, apart_dx), narrow_dx), true);
    return ok;
  }
  /* ry_k (+)= x rW_k' + rb_k */
  int along_weights (const void *bias, size_t apart_bias, bool accumulate) const
  {
    const AssayCudaOpCall *c = scope.call;

    return run_batch (make (false, true, N, O, I, c->x[0], narrow_x, c->rx[1], narrow_W, accumulate, c->ry[0], narrow_y), 0, c->apart.rx[1], c->apart.ry[0], bias, apart_bias);
  }
  /* rdx_k += dy rW_k */
  int back_along_weights () const
  {
    const AssayCudaOpCall *c = scope.call;

    return run_batch (make (false, false, N, I, O, c->dy, narrow_y, c->rx[1], narrow_W, true, c->rdx[0], narrow_dx), 0, c->apart.rx[1], c->apart.rdx[0], NULL, 0);
  }
  /* dW (+)= dy' x */
  int to_weight (const void *dy, const void *x, bool accumulate, void *dW) const
  {
    return run (make (true, false, O, I, N, dy, narrow_y, x, narrow_x, accumulate, dW, is_narrow (scope.call->narrow_dx, 1)), false);
  }
  int spread (const void *b, void *y) const
  {
    return run_elements (scope, "linear bias", N * O, CopyRow<T> { O, { (const T *) b, NULL, narrow_b }, { (T *) y, narrow_y } });
  }
  int sum (const void *dy, void *db) const
  {
    return run_columns<T> (scope, "linear bias backward", N, O, Adjoint<T> { (T *) db, is_fresh (scope, 2) }, Column<T> { O, { (const T *) dy, NULL, narrow_y } });
  }
};

namespace rules {
struct linear {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;

    return Linear<T> (scope).to_output (c->x[0], c->n_in > 2 ? c->x[2] : NULL, c->y[0]);
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Linear<T> l (scope);
    int ok = c->dx[0] == NULL || l.to_inputs (c->dy, c->apart.dy, !is_fresh (scope, 0), c->dx[0], c->apart.dx[0]);

    for (int64_t k = 0; ok && k < l.tangents; k++)
      {
        const void *dy = l.at (c->dy, k, c->apart.dy);

        ok = (c->dx[1] == NULL || l.to_weight (dy, c->x[0], !is_fresh (scope, 1), l.at (c->dx[1], k, c->apart.dx[1])))
             && (c->n_in < 3 || c->dx[2] == NULL || l.sum (dy, l.at (c->dx[2], k, c->apart.dx[2])));
      }
    return ok;
  }

  /* ry = rx W' + x rW' + rb, where the weight has no tangent */
  template <class T>
  static int
  tangent_of_input (const Scope &scope, const void *bias)
  {
    const AssayCudaOpCall *c = scope.call;
    const Linear<T> l (scope);
    int ok = 1;

    for (int64_t k = 0; ok && k < l.tangents; k++)
      {
        const void *b = bias != NULL ? l.at (bias, k, c->apart.rx[2]) : NULL;
        void *ry = l.at (c->ry[0], k, c->apart.ry[0]);

        ok = c->rx[0] != NULL ? l.to_output (l.at (c->rx[0], k, c->apart.rx[0]), b, ry) : b != NULL ? l.spread (b, ry) : clear (scope, ry, (size_t) (l.N * l.O) * l.width (l.narrow_y));
      }
    return ok;
  }

  /* ry = rx W' + x rW' + rb */
  template <class T>
  static int
  tangent (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Linear<T> l (scope);
    const void *bias = c->n_in > 2 ? c->rx[2] : NULL;

    if (c->rx[1] == NULL)
      return tangent_of_input<T> (scope, bias);
    return (c->rx[0] == NULL || l.to_outputs (c->rx[0], c->apart.rx[0], c->ry[0], c->apart.ry[0])) && l.along_weights (bias, c->apart.rx[2], c->rx[0] != NULL);
  }

  /* rdx = rdy W + dy rW        rdW = rdy' x + dy' rx */
  template <class T>
  static int
  tangent_backward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const Linear<T> l (scope);
    int ok = c->rdx[0] == NULL || (l.to_inputs (c->rdy, c->apart.rdy, !is_fresh (scope, 0), c->rdx[0], c->apart.rdx[0]) && (c->rx[1] == NULL || l.back_along_weights ()));

    for (int64_t k = 0; ok && k < l.tangents; k++)
      {
        const void *rdy = l.at (c->rdy, k, c->apart.rdy);
        void *rdW = c->rdx[1] != NULL ? l.at (c->rdx[1], k, c->apart.rdx[1]) : NULL;

        ok = (rdW == NULL
              || (l.to_weight (rdy, c->x[0], !is_fresh (scope, 1), rdW) && (c->rx[0] == NULL || l.to_weight (c->dy, l.at (c->rx[0], k, c->apart.rx[0]), true, rdW))))
             && (c->n_in < 3 || c->rdx[2] == NULL || l.sum (rdy, l.at (c->rdx[2], k, c->apart.rdx[2])));
      }
    return ok;
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
