/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_module.cu: what curvature factors and scores are made of, for modules whose gradient is D_b = sum over positions t of r_t c_t': second moments of the
 * sides, sums of D_b squared, and inner products of D_b with given matrices X_q. Called as forward rules by src/hessian/module_there.h.
 *
 * What is of one example has the same bits whatever others are in the call, and an inner product whatever other X_q. Products are formed as the call says
 * (compute); with BF16 the D_b and X_q of module_products are kept in bf16.
 */
#include "op.cuh"

#define FORMED_ELEMENTS ((int64_t) 1 << 26)     /* of the D_b that are formed at once */
#define TURNED_ELEMENTS ((int64_t) 1 << 28)     /* of the X_q c_t that are formed at once */
#define CHUNK 8192                              /* elements that an inner product is summed by, each chunk by itself: they keep all processors busy, and sums short */
#define PART 4096                               /* elements that a warp sums squares of */

#define ASSAY_CUDA_MODULE_RULE(op)                                                                                                       \
  static const AssayCudaOp registered_##op (#op, rules::op::forward<float>, rules::op::forward<double>, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)

static inline bool
is_bf16 (const Scope &scope)
{
  return scope.call->compute == ASSAY_CUDA_BF16;
}

static inline AssayCudaProduct
in_compute (const Scope &scope, AssayCudaProduct p)
{
  p.compute = scope.call->compute;
  return p;
}

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

#define STRIP 512               /* rows of a moment that are one product: from the diagonal on, what is left of it is mirrored */

/* sum += moment, whose part below the diagonal is that above it. */
template <class T>
struct AddMoment {
  int64_t n;
  const T *moment;
  double *sum;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t i = at / n, j = at % n;

    sum[at] += (double) moment[i <= j ? at : j * n + i];
  }
};

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
    int ok = scratch_alloc (scope, n * n, &moment);

    for (int64_t i = 0; ok && i < n; i += STRIP)
      {
        const int64_t rows = n - i < STRIP ? n - i : STRIP;

        ok = multiply (scope, in_compute (scope, product (true, false, rows, n - i, K, X + i, n, X + i, n, false, moment.v + i * n + i, n)));
      }
    ok = ok && run_elements (scope, "moment of a module", n * n, AddMoment<T> { n, moment.v, (double *) c->y[0] });
    scratch_release (scope, moment);
    return ok;
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_moment);

/* --- module_form: D_b <- sum over t of r_t c_t'          R (B,n,rows)   C (B,n,columns)   D (B,stride), (rows,columns) each ---------------- */

/* D <- those of the examples b .. b+count-1. */
template <class T>
static int
form (const Scope &scope, int64_t b, int64_t count, T *D, int64_t stride)
{
  const AssayCudaOpCall *c = scope.call;
  const int64_t n = c->in_shape[0].dim[1], rows = c->in_shape[0].dim[2], columns = c->in_shape[1].dim[2];
  const T *R = (const T *) c->x[0] + b * n * rows, *C = (const T *) c->x[1] + b * n * columns;

  AssayCudaProduct p = in_compute (scope, product (true, false, rows, columns, n, R, rows, C, columns, false, D, columns));

  p.batch = count;
  p.batch_is_free = true;
  p.apart_A = n * rows;
  p.apart_B = n * columns;
  p.apart_C = stride;
  return multiply (scope, p);
}

/* func (b, count, D) for examples b .. b+count-1 and their D (count,rows,columns), as many at once as there is room for. */
template <class T, class Func>
static int
each_formed (const Scope &scope, Func func)
{
  const AssayCudaOpCall *c = scope.call;
  const int64_t B = c->in_shape[0].dim[0], size = c->in_shape[0].dim[2] * c->in_shape[1].dim[2], fit = FORMED_ELEMENTS / size;
  const int64_t most = fit < 1 ? 1 : fit < B ? fit : B;
  Scratch<T> D;
  int ok = scratch_alloc (scope, most * size, &D);

  for (int64_t b = 0; ok && b < B; b += most)
    {
      const int64_t count = B - b < most ? B - b : most;

      ok = form (scope, b, count, D.v, size) && func (b, count, D.v);
    }
  scratch_release (scope, D);
  return ok;
}

namespace rules {
struct module_form {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t size = c->in_shape[0].dim[2] * c->in_shape[1].dim[2], stride = c->out_shape[0].dim[1];
    uint16_t *rounded = (uint16_t *) c->y[0];

    if (!is_bf16 (scope))
      return form (scope, 0, c->in_shape[0].dim[0], (T *) c->y[0], stride);
    return each_formed<float> (scope, [&] (int64_t b, int64_t count, const float *D) {
      return assay_cuda_round (scope.context, count, size, size, D, stride, rounded + b * stride, scope.failure);
    });
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_form);

/* --- module_squares: sum (of doubles) += sum over b of D_b^2          R (B,n,rows)   C (B,n,columns)   sum (rows,columns) ---------------- */

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
    const int64_t size = count (scope.call->out_shape[0]);
    double *sum = (double *) scope.call->y[0];

    return each_formed<T> (scope, [&] (int64_t, int64_t B, const T *D) { return run_elements (scope, "squares of a module", size, AddSquares<T> { B, size, D, sum }); });
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_squares);

/* --- module_forms: sum_b (of doubles) += sum over i of weight_i D_b,i^2          R (B,n,rows)   C (B,n,columns)   weight (rows,columns) of doubles, or nothing: 1
 *                   sum (B) ------------------------------------------------------------------------------------------------------------------ */

/* A warp has a part of an example. */
template <class T>
struct PartOfForm {
  int64_t size, parts;
  const T *D;
  const double *weight;
  double *part;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const int64_t first = row % parts * PART, end = first + PART < size ? first + PART : size;
    const T *d = D + row / parts * size;
    double sum = 0;

    for (int64_t i = first + lane; i < end; i += 32)
      sum += (double) d[i] * (double) d[i] * (weight != NULL ? weight[i] : 1);
    sum = warp_sum (sum);
    if (lane == 0)
      part[row] = sum;
  }
};

struct AddParts {
  int64_t parts;
  const double *part;
  double *sum;

  __device__ void
  operator() (int64_t b) const
  {
    double mine = 0;

    for (int64_t k = 0; k < parts; k++)
      mine += part[b * parts + k];
    sum[b] += mine;
  }
};

namespace rules {
struct module_forms {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t B = c->in_shape[0].dim[0], size = c->in_shape[0].dim[2] * c->in_shape[1].dim[2], parts = (size + PART - 1) / PART;
    double *sum = (double *) c->y[0];
    Scratch<double> part;
    int ok = scratch_alloc (scope, B * parts, &part)
             && each_formed<T> (scope, [&] (int64_t b, int64_t n, const T *D) {
                  return run_rows (scope, "squares of gradients", n * parts, PartOfForm<T> { size, parts, D, (const double *) c->x[2], part.v })
                         && run_elements (scope, "sums of squares", n, AddParts { parts, part.v, sum + b });
                });

    scratch_release (scope, part);
    return ok;
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_forms);

/* --- module_products: score_q,h (of doubles) += X_q . D_h          D (H,size)   X (Q,size)   score (Q,N) from a column on, and a second such table or nothing --- */

template <class T>
struct AddProducts {
  int64_t H, Q, stride, chunks, N;
  const T *product;             /* (chunks, H, stride) */
  double *score, *also;

  __device__ void
  operator() (int64_t i) const
  {
    const int64_t h = i / Q, q = i % Q;
    double sum = 0;

    for (int64_t k = 0; k < chunks; k++)
      sum += (double) product[(k * H + h) * stride + q];
    score[q * N + h] += sum;
    if (also != NULL)
      also[q * N + h] += sum;
  }
};

namespace rules {
struct module_products {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t H = c->in_shape[0].dim[0], size = c->in_shape[0].dim[1], Q = c->in_shape[1].dim[0], N = c->out_shape[0].dim[1];
    const int64_t whole = size / CHUNK, rest = size % CHUNK, chunks = whole + (rest > 0), stride = (Q + 7) / 8 * 8;
    Scratch<T> to;
    int ok = scratch_alloc (scope, chunks * H * stride, &to) && multiply_chunks (scope, 0, whole, CHUNK, to.v, stride)
             && multiply_chunks (scope, whole * CHUNK, rest > 0, rest, to.v + whole * H * stride, stride)
             && run_elements (scope, "scores of gradients", H * Q, AddProducts<T> { H, Q, stride, chunks, N, to.v, (double *) c->y[0], (double *) c->y[1] });

    scratch_release (scope, to);
    return ok;
  }

  /* to (chunks,H,stride) <- the products over each chunk of D and X from element `first` on. */
  template <class T>
  static int
  multiply_chunks (const Scope &scope, int64_t first, int64_t chunks, int64_t chunk, T *to, int64_t stride)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t H = c->in_shape[0].dim[0], size = c->in_shape[0].dim[1], Q = c->in_shape[1].dim[0];
    const size_t from = (size_t) first * (is_bf16 (scope) ? sizeof (uint16_t) : sizeof (T));
    AssayCudaProduct p = in_compute (scope, product (false, true, H, Q, chunk, (const T *) ((const char *) c->x[0] + from), size,
                                                     (const T *) ((const char *) c->x[1] + from), size, false, to, stride));

    p.batch = chunks;
    p.batch_is_free = p.rows_are_free = p.columns_are_free = true;
    p.A_is_narrow = p.B_is_narrow = is_bf16 (scope);
    p.apart_A = p.apart_B = chunk;
    p.apart_C = H * stride;
    return multiply (scope, p);
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_products);

/* --- module_positions: score_q,b (of doubles) += sum over t of r_t' X_q c_t          R (B,n,rows)   C (B,n,columns)   X (Q,stride), (rows,columns) each
 *                       score (Q,N) from a column on, and a second such table or nothing ------------------------------------------------------------ */

/* A warp has a position of an example. */
template <class T>
struct PartOfPosition {
  int64_t K, rows;
  const T *R, *Y;               /* (K,rows), (Q,K,rows) */
  double *part;                 /* (Q,K) */

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const T *r = R + row % K * rows, *y = Y + row * rows;
    double sum = 0;

    for (int64_t o = lane; o < rows; o += 32)
      sum += (double) r[o] * (double) y[o];
    sum = warp_sum (sum);
    if (lane == 0)
      part[row] = sum;
  }
};

struct AddPositions {
  int64_t B, n, N;
  const double *part;
  double *score, *also;

  __device__ void
  operator() (int64_t i) const
  {
    const int64_t q = i / B, b = i % B;
    double sum = 0;

    for (int64_t t = 0; t < n; t++)
      sum += part[i * n + t];
    score[q * N + b] += sum;
    if (also != NULL)
      also[q * N + b] += sum;
  }
};

namespace rules {
struct module_positions {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t B = c->in_shape[0].dim[0], n = c->in_shape[0].dim[1], K = B * n, rows = c->in_shape[0].dim[2], columns = c->in_shape[1].dim[2];
    const int64_t Q = c->in_shape[2].dim[0], stride = c->in_shape[2].dim[1], N = c->out_shape[0].dim[1], fit = TURNED_ELEMENTS / (K * rows);
    const int64_t most = fit < 1 ? 1 : fit < Q ? fit : Q;
    const T *R = (const T *) c->x[0], *C = (const T *) c->x[1], *X = (const T *) c->x[2];
    double *score = (double *) c->y[0], *also = (double *) c->y[1];
    Scratch<T> Y = { NULL, NULL };
    Scratch<double> part = { NULL, NULL };
    int ok = scratch_alloc (scope, most * K * rows, &Y) && scratch_alloc (scope, most * K, &part);

    for (int64_t q = 0; ok && q < Q; q += most)
      {
        const int64_t count = Q - q < most ? Q - q : most;
        AssayCudaProduct p = in_compute (scope, product (false, true, K, rows, columns, C, columns, X + q * stride, columns, false, Y.v, rows));

        p.batch = count;
        p.batch_is_free = p.rows_are_free = true;
        p.apart_B = stride;
        p.apart_C = K * rows;
        ok = multiply (scope, p) && run_rows (scope, "scores of positions", count * K, PartOfPosition<T> { K, rows, R, Y.v, part.v })
             && run_elements (scope, "scores by position", count * B, AddPositions { B, n, N, part.v, score + q * N, also != NULL ? also + q * N : NULL });
      }
    scratch_release (scope, Y);
    scratch_release (scope, part);
    return ok;
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_positions);

/* --- module_rotate: Y <- X Q          X (K,n)   Q (n,n) -------------------------------------------------------------------------------- */

namespace rules {
struct module_rotate {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t K = c->in_shape[0].dim[0], n = c->in_shape[0].dim[1];
    AssayCudaProduct p = in_compute (scope, product (false, false, K, n, n, (const T *) c->x[0], n, (const T *) c->x[1], n, false, (T *) c->y[0], n));

    p.rows_are_free = true;
    return multiply (scope, p);
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_rotate);

/* --- module_weigh: X_b <- Q_S (W . Z_b) Q_A', W entry by entry          Z, X (B,rows,columns)   W (rows,columns) of doubles
 *                   Q_S (rows,rows), Q_A (columns,columns), or nothing: the identity --------------------------------------------------------- */

template <class T>
struct Weigh {
  int64_t size;
  const T *Z;
  const double *W;
  T *to;

  __device__ void operator() (int64_t i) const { to[i] = (T) ((double) Z[i] * W[i % size]); }
};

namespace rules {
struct module_weigh {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t B = c->in_shape[0].dim[0], rows = c->in_shape[0].dim[1], columns = c->in_shape[0].dim[2], size = rows * columns;
    const T *Q_S = (const T *) c->x[2], *Q_A = (const T *) c->x[3];
    T *X = (T *) c->y[0];
    Scratch<T> weighed = { NULL, NULL }, turned = { NULL, NULL };
    T *after_weights, *after_columns;
    int ok;

    if ((Q_S == NULL && Q_A == NULL ? 0 : !scratch_alloc (scope, B * size, &weighed)) || (Q_S != NULL && Q_A != NULL && !scratch_alloc (scope, B * size, &turned)))
      return 0;
    after_weights = weighed.v != NULL ? weighed.v : X;
    after_columns = Q_A == NULL ? after_weights : Q_S == NULL ? X : turned.v;
    ok = run_elements (scope, "gradients weighed", B * size, Weigh<T> { size, (const T *) c->x[0], (const double *) c->x[1], after_weights });
    if (ok && Q_A != NULL)
      {
        AssayCudaProduct p = in_compute (scope, product (false, true, B * rows, columns, columns, (const T *) after_weights, columns, Q_A, columns, false, after_columns, columns));

        p.rows_are_free = true;
        ok = multiply (scope, p);
      }
    if (ok && Q_S != NULL)
      {
        AssayCudaProduct p = in_compute (scope, product (false, false, rows, columns, rows, Q_S, rows, (const T *) after_columns, columns, false, X, columns));

        p.batch = B;
        p.batch_is_free = true;
        p.apart_B = p.apart_C = size;
        ok = multiply (scope, p);
      }
    scratch_release (scope, weighed);
    scratch_release (scope, turned);
    return ok;
  }
};
}
ASSAY_CUDA_MODULE_RULE (module_weigh);
