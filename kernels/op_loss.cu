/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_loss.cu: softmax and the losses; a warp has a row of logits. Where an answer is nearly certain, differences that rounding would eat are taken from what
 * FWD saved instead, as in src/ops/op_xent.inc and op_log_odds.inc, whose formulas these are. */
#include "op.cuh"

/* --- softmax: p = exp x / sum exp x          x, p (N,V) ---------------------------------------------------------------------- */

template <class T>
struct SoftmaxForward {
  int64_t V;
  In<T> x;
  Out<T> p;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    T top = -(T) INFINITY, sum = 0;

    for (int64_t i = lane; i < V; i += 32)
      top = x[row * V + i] > top ? x[row * V + i] : top;
    top = warp_max (top);
    for (int64_t i = lane; i < V; i += 32)
      {
        const T e = exp_of (x[row * V + i] - top);

        p.put (row * V + i, e);
        sum += e;
      }
    sum = warp_sum (sum);
#pragma unroll 1                                                  /* several divisions at once spill */
    for (int64_t i = lane; i < V; i += 32)
      p.put (row * V + i, p.to[row * V + i] / sum);
  }
};

/* out (+)= p (q - sum p q): the tangent of p with q = rx, the adjoint of x with q = dp */
template <class S>
struct SoftmaxTurn {
  int64_t V;
  In<S> p, q;
  Adjoint<S> out;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    S m = S (0);

    for (int64_t i = lane; i < V; i += 32)
      m = m + p[row * V + i] * q[row * V + i];
    m = warp_sum (m);
    for (int64_t i = lane; i < V; i += 32)
      out.add (row * V + i, p[row * V + i] * (q[row * V + i] - m));
  }
};

namespace rules {
struct softmax {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const int64_t V = last (scope.call->in_shape[0]);

    return run_rows (scope, "softmax", count (scope.call->in_shape[0]) / V, SoftmaxForward<T> { V, input<T> (scope, 0), output<T> (scope, 0) });
  }

  template <class T>
  static int
  tangent (const Scope &scope)
  {
    const int64_t V = last (scope.call->in_shape[0]);

    return run_rows (scope, "softmax tangent", count (scope.call->in_shape[0]) / V,
                     SoftmaxTurn<T> { V, saved<T> (scope, 0), { (const T *) scope.call->rx[0], NULL }, { (T *) scope.call->ry[0], true } });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const int64_t V = last (scope.call->in_shape[0]);
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return dx.to == NULL
           || run_rows (scope, "softmax backward", count (scope.call->in_shape[0]) / V, SoftmaxTurn<S> { V, saved<S> (scope, 0), seed<S> (scope), dx });
  }
};
}
ASSAY_CUDA_OP_SAVED (softmax);

/* --- what losses of positions share: logits (N,V), rows n = (b,t), labels (N), weights (N) or none, values (B) --------------- */

template <class T>
struct Rows {
  int64_t V, per_example;
  const int32_t *label;
  const T *weight;

  /* Weight of position n, times the adjoint of its example. */
  template <class S>
  __device__ S
  share (const In<S> &dvalue, int64_t n) const
  {
    return weight != NULL ? dvalue[n / per_example] * S (weight[n]) : dvalue[n / per_example];
  }
};

template <class T>
static Rows<T>
get_rows (const Scope &scope)
{
  const AssayCudaOpCall *c = scope.call;
  const int64_t V = last (c->in_shape[0]);

  return { V, count (c->in_shape[0]) / V / c->in_shape[0].dim[0], indices (scope, 1), c->n_in > 2 ? (const T *) c->x[2] : NULL };
}

/* total_b = sum_t weight part, in the order of t */
template <class T>
struct Total {
  Rows<T> rows;
  const T *part;
  T *total;

  __device__ void
  operator() (int64_t b) const
  {
    T sum = 0;

    for (int64_t n = b * rows.per_example; n < (b + 1) * rows.per_example; n++)
      sum += rows.weight != NULL ? rows.weight[n] * part[n] : part[n];
    total[b] = sum;
  }
};

template <class T>
static int
add_up (const Scope &scope, const void *part, void *total)
{
  return run_elements (scope, "loss of examples", scope.call->in_shape[0].dim[0], Total<T> { get_rows<T> (scope), (const T *) part, (T *) total });
}

static int64_t
count_rows (const Scope &scope)
{
  return count (scope.call->in_shape[0]) / last (scope.call->in_shape[0]);
}

/* --- xent: l = lse - x_y,  loss_b = sum_t w l ----------------------------------------------------------------------------- */

template <class T>
struct XentForward {
  Rows<T> rows;
  In<T> x;
  Out<T> l, lse;

  __device__ void
  operator() (int64_t n, int lane) const
  {
    T top = -(T) INFINITY, sum = 0;

    for (int64_t i = lane; i < rows.V; i += 32)
      top = x[n * rows.V + i] > top ? x[n * rows.V + i] : top;
    top = warp_max (top);
    for (int64_t i = lane; i < rows.V; i += 32)
      sum += exp_of (x[n * rows.V + i] - top);
    sum = log_of (warp_sum (sum));
    if (lane == 0)
      {
        lse.put (n, top + sum);
        l.put (n, (top - x[n * rows.V + rows.label[n]]) + sum);
      }
  }
};

/* sum over the row of p (rx - rx_y), to every lane */
template <class T>
static __device__ T
mean_tangent (const Rows<T> &rows, int64_t n, int lane, const In<T> &x, const In<T> &rx, T lse)
{
  const T target = rx[n * rows.V + rows.label[n]];
  T sum = 0;

  for (int64_t i = lane; i < rows.V; i += 32)
    sum += exp_of (x[n * rows.V + i] - lse) * (rx[n * rows.V + i] - target);
  return warp_sum (sum);
}

template <class T>
struct XentTangent {
  Rows<T> rows;
  In<T> x, lse, rx;
  T *rl, *rlse;

  __device__ void
  operator() (int64_t n, int lane) const
  {
    const T sum = mean_tangent (rows, n, lane, x, rx, lse[n]);

    if (lane == 0)
      {
        rlse[n] = sum + rx[n * rows.V + rows.label[n]];
        rl[n] = sum;
      }
  }
};

template <class S>
struct XentBackward {
  Rows<Base<S>> rows;
  In<S> x, l, lse, dloss;
  Adjoint<S> dx;

  __device__ void
  operator() (int64_t n, int lane) const
  {
    const S share = rows.share (dloss, n), shift = lse[n];

    for (int64_t i = lane; i < rows.V; i += 32)
      dx.add (n * rows.V + i, share * (i == rows.label[n] ? exp_of (-l[n]) - S (1) : exp_of (x[n * rows.V + i] - shift)));
  }
};

template <class T>
struct XentGaussNewton {
  Rows<T> rows;
  In<T> x, lse, dloss, rx;
  Adjoint<T> dx;

  __device__ void
  operator() (int64_t n, int lane) const
  {
    const T share = rows.share (dloss, n), shift = lse[n], target = rx[n * rows.V + rows.label[n]];
    const T mean = mean_tangent (rows, n, lane, x, rx, shift);      /* the tangent of lse, which a GGN walk need not have kept, is this plus target */

    for (int64_t i = lane; i < rows.V; i += 32)
      {
        const T p = exp_of (x[n * rows.V + i] - shift);

        dx.add (n * rows.V + i, share * p * (i == rows.label[n] ? -mean : rx[n * rows.V + i] - target - mean));
      }
  }
};

namespace rules {
struct xent {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_rows (scope, "xent", count_rows (scope), XentForward<T> { get_rows<T> (scope), input<T> (scope, 0), output<T> (scope, 1), output<T> (scope, 2) })
           && add_up<T> (scope, scope.call->y[1], scope.call->y[0]);
  }

  template <class T>
  static int
  tangent (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;

    return run_rows (scope, "xent tangent", count_rows (scope),
                     XentTangent<T> { get_rows<T> (scope), input<T> (scope, 0), saved<T> (scope, 2), input_tangent<T> (scope, 0), (T *) c->ry[1], (T *) c->ry[2] })
           && add_up<T> (scope, c->ry[1], c->ry[0]);
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return dx.to == NULL
           || run_rows (scope, "xent backward", count_rows (scope),
                        XentBackward<S> { get_rows<Base<S>> (scope), input<S> (scope, 0), saved<S> (scope, 1), saved<S> (scope, 2), seed<S> (scope), dx });
  }

  template <class T>
  static int
  gauss_newton (const Scope &scope)
  {
    const Adjoint<T> dx = adjoint<T> (scope, 0);

    return dx.to == NULL
           || run_rows (scope, "xent Gauss-Newton", count_rows (scope),
                        XentGaussNewton<T> { get_rows<T> (scope), input<T> (scope, 0), saved<T> (scope, 2), seed<T> (scope), input_tangent<T> (scope, 0), dx });
  }
};
}
ASSAY_CUDA_OP_LOSS_SAVED (xent);

/* --- log_odds: l = x_y - lse over all answers, or over all others than y; of one logit z: a = (2 y - 1) z, or - log (1 + exp (-a)) --- */

template <class T>
struct LogOddsForward {
  Rows<T> rows;
  bool others;
  In<T> x;
  Out<T> l, lse;

  __device__ void
  operator() (int64_t n, int lane) const
  {
    const int64_t y = rows.label[n];
    T top = -(T) INFINITY, sum = 0;

    if (rows.V == 1)
      {
        const T a = (T) (2 * y - 1) * x[n];

        if (lane == 0)
          {
            l.put (n, others ? a : -softplus_of (-a));
            lse.put (n, 0);
          }
        return;
      }
    for (int64_t i = lane; i < rows.V; i += 32)
      top = (!others || i != y) && x[n * rows.V + i] > top ? x[n * rows.V + i] : top;
    top = warp_max (top);
    for (int64_t i = lane; i < rows.V; i += 32)
      sum += others && i == y ? T (0) : exp_of (x[n * rows.V + i] - top);
    sum = log_of (warp_sum (sum));
    if (lane == 0)
      {
        lse.put (n, top + sum);
        l.put (n, (x[n * rows.V + y] - top) - sum);
      }
  }
};

/* rl of a row, to every lane */
template <class T>
static __device__ T
log_odds_tangent (const Rows<T> &rows, int64_t n, int lane, bool others, const In<T> &x, const T *rx, T lse)
{
  const int64_t y = rows.label[n];
  T sum = 0;

  if (rows.V == 1)
    return (T) (2 * y - 1) * (others ? T (1) : sigmoid_of ((T) (1 - 2 * y) * x[n])) * rx[n];
  for (int64_t i = lane; i < rows.V; i += 32)
    sum += i == y ? T (0) : exp_of (x[n * rows.V + i] - lse) * (rx[n * rows.V + i] - rx[n * rows.V + y]);
  return -warp_sum (sum);
}

template <class T>
struct LogOddsTangent {
  Rows<T> rows;
  bool others;
  In<T> x, lse;
  const T *rx;
  T *rl, *rlse;

  __device__ void
  operator() (int64_t n, int lane) const
  {
    const T sum = log_odds_tangent (rows, n, lane, others, x, rx, lse[n]);

    if (lane == 0)
      {
        rl[n] = sum;
        rlse[n] = rows.V == 1 ? T (0) : rx[n * rows.V + rows.label[n]] - sum;
      }
  }
};

template <class S>
struct LogOddsBackward {
  Rows<Base<S>> rows;
  bool others;
  In<S> x, l, lse, dvalue;
  Adjoint<S> dx;

  __device__ void
  operator() (int64_t n, int lane) const
  {
    const int64_t y = rows.label[n];
    const S share = rows.share (dvalue, n), shift = lse[n];

    if (rows.V == 1)
      {
        if (lane == 0)
          dx.add (n, share * S (2 * y - 1) * (others ? S (1) : sigmoid_of (S (1 - 2 * y) * x[n])));
        return;
      }
    for (int64_t i = lane; i < rows.V; i += 32)
      dx.add (n * rows.V + i, i != y ? -(share * exp_of (x[n * rows.V + i] - shift)) : others ? share : share * (S (1) - exp_of (l[n])));
  }
};

template <class T>
struct LogOddsGaussNewton {
  Rows<T> rows;
  bool others;
  In<T> x, l, lse, dvalue;
  const T *rx;
  Adjoint<T> dx;

  __device__ void
  operator() (int64_t n, int lane) const
  {
    const int64_t y = rows.label[n];
    const T share = rows.share (dvalue, n), shift = lse[n], rl = log_odds_tangent (rows, n, lane, others, x, rx, shift);

    if (rows.V == 1)
      {
        if (lane == 0)
          dx.add (n, others ? T (0) : -share * sigmoid_of (x[n]) * sigmoid_of (-x[n]) * rx[n]);
        return;
      }
    for (int64_t i = lane; i < rows.V; i += 32)
      if (i != y)
        dx.add (n * rows.V + i, -share * exp_of (x[n * rows.V + i] - shift) * (rx[n * rows.V + i] - (rx[n * rows.V + y] - rl)));
      else
        dx.add (n * rows.V + i, others ? T (0) : -share * exp_of (l[n]) * rl);
  }
};

namespace rules {
struct log_odds {
  static bool others (const Scope &scope) { return scope.call->attr[0] != 0; }

  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_rows (scope, "log_odds", count_rows (scope),
                     LogOddsForward<T> { get_rows<T> (scope), others (scope), input<T> (scope, 0), output<T> (scope, 1), output<T> (scope, 2) })
           && add_up<T> (scope, scope.call->y[1], scope.call->y[0]);
  }

  template <class T>
  static int
  tangent (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;

    return run_rows (scope, "log_odds tangent", count_rows (scope),
                     LogOddsTangent<T> { get_rows<T> (scope), others (scope), input<T> (scope, 0), saved<T> (scope, 2), (const T *) c->rx[0], (T *) c->ry[1],
                                         (T *) c->ry[2] })
           && add_up<T> (scope, c->ry[1], c->ry[0]);
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return dx.to == NULL
           || run_rows (scope, "log_odds backward", count_rows (scope),
                        LogOddsBackward<S> { get_rows<Base<S>> (scope), others (scope), input<S> (scope, 0), saved<S> (scope, 1), saved<S> (scope, 2),
                                             seed<S> (scope), dx });
  }

  template <class T>
  static int
  gauss_newton (const Scope &scope)
  {
    const Adjoint<T> dx = adjoint<T> (scope, 0);

    return dx.to == NULL
           || run_rows (scope, "log_odds Gauss-Newton", count_rows (scope),
                        LogOddsGaussNewton<T> { get_rows<T> (scope), others (scope), input<T> (scope, 0), saved<T> (scope, 1), saved<T> (scope, 2),
                                                seed<T> (scope), (const T *) scope.call->rx[0], dx });
  }
};
}
ASSAY_CUDA_OP_LOSS_SAVED (log_odds);

/* --- squared_loss: sum_i (x_bi - t_bi)^2 / 2          x, t (B,D) ------------------------------------------------------------- */

template <class S>
struct SquaredForward {
  int64_t D;
  In<S> x;
  In<Base<S>> t;
  Out<S> loss;

  __device__ void
  operator() (int64_t b, int lane) const
  {
    S sum = S (0);

    for (int64_t i = b * D + lane; i < (b + 1) * D; i += 32)
      sum = sum + (x[i] - S (t[i])) * (x[i] - S (t[i])) / S (2);
    sum = warp_sum (sum);
    if (lane == 0)
      loss.put (b, sum);
  }
};

template <class S>
struct SquaredBackward {
  int64_t D;
  In<S> x, dloss;
  In<Base<S>> t;
  Adjoint<S> dx;

  __device__ void operator() (int64_t i) const { dx.add (i, dloss[i / D] * (x[i] - S (t[i]))); }
};

/* dx += dloss rx */
template <class T>
struct SquaredGaussNewton {
  int64_t D;
  const T *rx;
  In<T> dloss;
  Adjoint<T> dx;

  __device__ void operator() (int64_t i) const { dx.add (i, dloss[i / D] * rx[i]); }
};

namespace rules {
struct squared_loss {
  static int64_t width (const Scope &scope) { return count (scope.call->in_shape[0]) / scope.call->in_shape[0].dim[0]; }

  template <class S>
  static int
  forward (const Scope &scope)
  {
    return run_rows (scope, "squared_loss", scope.call->in_shape[0].dim[0],
                     SquaredForward<S> { width (scope), input<S> (scope, 0), input<Base<S>> (scope, 1), output<S> (scope, 0) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return dx.to == NULL
           || run_elements (scope, "squared_loss backward", count (scope.call->in_shape[0]),
                            SquaredBackward<S> { width (scope), input<S> (scope, 0), seed<S> (scope), input<Base<S>> (scope, 1), dx });
  }

  template <class T>
  static int
  gauss_newton (const Scope &scope)
  {
    const Adjoint<T> dx = adjoint<T> (scope, 0);

    return dx.to == NULL
           || run_elements (scope, "squared_loss Gauss-Newton", count (scope.call->in_shape[0]),
                            SquaredGaussNewton<T> { width (scope), (const T *) scope.call->rx[0], seed<T> (scope), dx });
  }
};
}
ASSAY_CUDA_OP_LOSS (squared_loss);

/* --- logistic_loss: log (1 + exp s),  s = (1 - 2 y) z          all of (B) ---------------------------------------------------- */

template <class S>
struct LogisticForward {
  In<S> z;
  const int32_t *y;
  Out<S> loss;

  __device__ void operator() (int64_t b) const { loss.put (b, softplus_of (S (1 - 2 * y[b]) * z[b])); }
};

template <class S>
struct LogisticBackward {
  In<S> z, dloss;
  const int32_t *y;
  Adjoint<S> dz;

  __device__ void operator() (int64_t b) const { dz.add (b, dloss[b] * S (1 - 2 * y[b]) * sigmoid_of (S (1 - 2 * y[b]) * z[b])); }
};

/* dz += dloss q (1 - q) rz */
template <class T>
struct LogisticGaussNewton {
  In<T> z, dloss;
  const T *rz;
  Adjoint<T> dz;

  __device__ void operator() (int64_t b) const { dz.add (b, dloss[b] * sigmoid_of (z[b]) * sigmoid_of (-z[b]) * rz[b]); }
};

namespace rules {
struct logistic_loss {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    return run_elements (scope, "logistic_loss", scope.call->in_shape[0].dim[0], LogisticForward<S> { input<S> (scope, 0), indices (scope, 1), output<S> (scope, 0) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const Adjoint<S> dz = adjoint<S> (scope, 0);

    return dz.to == NULL
           || run_elements (scope, "logistic_loss backward", scope.call->in_shape[0].dim[0],
                            LogisticBackward<S> { input<S> (scope, 0), seed<S> (scope), indices (scope, 1), dz });
  }

  template <class T>
  static int
  gauss_newton (const Scope &scope)
  {
    const Adjoint<T> dz = adjoint<T> (scope, 0);

    return dz.to == NULL
           || run_elements (scope, "logistic_loss Gauss-Newton", scope.call->in_shape[0].dim[0],
                            LogisticGaussNewton<T> { input<T> (scope, 0), seed<T> (scope), (const T *) scope.call->rx[0], dz });
  }
};
}
ASSAY_CUDA_OP_LOSS (logistic_loss);
