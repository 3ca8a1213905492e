/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_module.cu: what curvature factors are made of, for modules whose gradient is D_b = sum over positions t of r_t c_t': second moments of the sides, and the
 * sums of D_b squared. Called as forward rules by src/hessian/module_there.h.
 */
#include "op.cuh"

#define SQUARED_ELEMENTS ((int64_t) 1 << 26)    /* of the D_b that are formed at once */

#define ASSAY_CUDA_MODULE_RULE(op)                                                                                                       \
  static const AssayCudaOp registered_##op (#op, rules::op::forward<float>, rules::op::forward<double>, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)

/* --- module_columns: c <- (x, 1), or zeros where masked          x (K,I)   masked (K) bytes, or nothing   c (K,C), C = I or I + 1 ------- */

template <class T>
struct Columns {
  int64_t I, C;
  const T *x;
  const unsigned char *masked;
  T *c;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t k = at / C, i = at % C;

    c[at] = masked != NULL && masked[k] ? T (0) : i < I ? x[k * I + i] : T (1);
  }
};

namespace rules {
struct module_columns {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t K = c->in_shape[0].dim[0], I = c->in_shape[0].dim[1], C = c->out_shape[0].dim[1];

    return run_elements (scope, "columns of a module", K * C, Columns<T> { I, C, (const T *) c->x[0], (const unsigned char *) c->x[1], (T *) c->y[0] });
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_columns);

/* --- module_moment: sum (of doubles) += X'X          X (K,n)   sum (n,n) --------------------------------------------------------------- */

namespace rules {
struct module_moment {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t K = c->in_shape[0].dim[0], n = c->in_shape[0].dim[1];
    const T *X = (const T *) c->x[0];
    Scratch<T> moment;
    int ok;

    if (!scratch_alloc (scope, n * n, &moment))
      return 0;
    ok = multiply (scope, product (true, false, n, n, K, X, n, X, n, false, moment.v, n))
         && run_elements (scope, "moment of a module", n * n, SumInDouble<T> { moment.v, (double *) c->y[0] });
    scratch_release (scope, moment);
    return ok;
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_moment);

/* --- module_squares: sum (of doubles) += sum over b of (R_b' C_b)^2          R (B,n,rows)   C (B,n,columns)   sum (rows,columns) --------- */

template <class T>
struct AddSquares {
  int64_t B, n;
  const T *D;
  double *sum;

  __device__ void
  operator() (int64_t i) const
  {
    double mine = sum[i];

    for (int64_t b = 0; b < B; b++)
      mine += (double) D[b * n + i] * (double) D[b * n + i];
    sum[i] = mine;
  }
};

namespace rules {
struct module_squares {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t B = c->in_shape[0].dim[0], n = c->in_shape[0].dim[1], rows = c->in_shape[0].dim[2], columns = c->in_shape[1].dim[2];
    const int64_t fit = SQUARED_ELEMENTS / (rows * columns), most = fit < 1 ? 1 : fit < B ? fit : B;
    const T *R = (const T *) c->x[0], *C = (const T *) c->x[1];
    Scratch<T> D;
    int ok = 1;

    if (!scratch_alloc (scope, most * rows * columns, &D))
      return 0;
    for (int64_t b = 0; ok && b < B; b += most)
      {
        const int64_t count = B - b < most ? B - b : most;

        ok = multiply_each (scope, count, true, false, rows, columns, n, R + b * n * rows, rows, n * rows, C + b * n * columns, columns, n * columns, false, D.v,
                            columns, rows * columns)
             && run_elements (scope, "squares of a module", rows * columns, AddSquares<T> { count, rows * columns, D.v, (double *) c->y[0] });
      }
    scratch_release (scope, D);
    return ok;
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_squares);

/* --- module_rotate: Y <- X Q          X (K,n)   Q (n,n) -------------------------------------------------------------------------------- */

namespace rules {
struct module_rotate {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t K = c->in_shape[0].dim[0], n = c->in_shape[0].dim[1];
    AssayCudaProduct p = product (false, false, K, n, n, (const T *) c->x[0], n, (const T *) c->x[1], n, false, (T *) c->y[0], n);

    p.rows_are_free = true;
    return multiply (scope, p);
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_rotate);
