/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_scan.cu: the selective scan. The recurrence is walked by a thread for each state, and once more backwards for the states' adjoints; all else is a sum
 * over what those two leave behind. Shapes: x, step (B,T,I), a_log (I,S), write, read (B,T,S), skip (I), the states h (B,T,I,S).
 *
 *   A = -exp a_log    e_t = exp (d_t A)    h_t = e_t h_(t-1) + d_t w_t x_t    y_t = sum_s r_t h_t + D x_t
 *   dh_t = r_t dy_t + e_(t+1) dh_(t+1)
 *   dx_t = D dy_t + sum_s dh_t d_t w_t      dd_t = sum_s dh_t (A e_t h_(t-1) + w_t x_t)      da_log = A sum_bt dh_t d_t e_t h_(t-1)
 *   dw_t = sum_i dh_t d_t x_t               dr_t = sum_i dy_t h_t                            dD = sum_bt dy_t x_t
 */
#include "op.cuh"

enum { X, STEP, A_LOG, WRITE, READ, SKIP };

template <class S>
struct Scan {
  int64_t B, T, I, N;           /* N: states of a channel */
  In<S> x, d, a_log, w, r, skip;

  __device__ S A (int64_t i, int64_t s) const { return -exp_of (a_log[i * N + s]); }
  __device__ S e (int64_t row, int64_t i, int64_t s) const { return exp_of (d[row * I + i] * A (i, s)); }
};

template <class S>
static Scan<S>
get_scan (const Scope &scope)
{
  const AssayCudaShape &h = scope.call->out_shape[1];

  return { h.dim[0], h.dim[1], h.dim[2], h.dim[3], input<S> (scope, X), input<S> (scope, STEP), input<S> (scope, A_LOG), input<S> (scope, WRITE),
           input<S> (scope, READ), input<S> (scope, SKIP) };
}

/* State s of channel i of example b, through all positions. before: the same states, as they were just written, or their values beside their tangents. */
template <class S>
struct ScanStates {
  Scan<S> scan;
  In<S> before;
  Out<S> h;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t s = at % scan.N, i = at / scan.N % scan.I, b = at / (scan.N * scan.I);
    const S A = scan.A (i, s);
    S state = S (0);

    for (int64_t t = 0; t < scan.T; t++)
      {
        const int64_t row = b * scan.T + t, place = (row * scan.I + i) * scan.N + s;
        const S d = scan.d[row * scan.I + i], in = d * scan.x[row * scan.I + i] * scan.w[row * scan.N + s];

        state = t > 0 ? exp_of (d * A) * state + in : in;
        h.put (place, state);
        state = before[place];                                    /* the value that FWD rounded, also beside a tangent */
      }
  }
};

template <class S>
struct ScanOutput {
  Scan<S> scan;
  In<S> h;
  Out<S> y;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t i = at % scan.I, row = at / scan.I;
    S sum = scan.skip[i] * scan.x[at];

    for (int64_t s = 0; s < scan.N; s++)
      sum = sum + scan.r[row * scan.N + s] * h[at * scan.N + s];
    y.put (at, sum);
  }
};

/* Adjoints of the states and, of a dual, their tangents, each (B,T,I,S). */
template <class S>
struct StateAdjoints {
  Base<S> *v, *r;

  __device__ In<S> read () const { return { v, r }; }
};

static __device__ inline void keep (const StateAdjoints<float> &to, int64_t i, float x) { to.v[i] = x; }
static __device__ inline void keep (const StateAdjoints<double> &to, int64_t i, double x) { to.v[i] = x; }
template <class T>
static __device__ inline void
keep (const StateAdjoints<Dual<T>> &to, int64_t i, Dual<T> x)
{
  to.v[i] = x.v;
  to.r[i] = x.d;
}

template <class S>
struct ScanAdjoints {
  Scan<S> scan;
  In<S> dy;
  StateAdjoints<S> dh;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t s = at % scan.N, i = at / scan.N % scan.I, b = at / (scan.N * scan.I);
    const S A = scan.A (i, s);
    S carry = S (0);

    for (int64_t t = scan.T - 1; t >= 0; t--)
      {
        const int64_t row = b * scan.T + t;
        const S sum = carry + scan.r[row * scan.N + s] * dy[row * scan.I + i];

        keep (dh, (row * scan.I + i) * scan.N + s, sum);
        carry = exp_of (scan.d[row * scan.I + i] * A) * sum;
      }
  }
};

template <class S>
struct ScanInputs {
  Scan<S> scan;
  In<S> h, dh, dy;
  Adjoint<S> dx, dd;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t i = at % scan.I, row = at / scan.I;
    const bool is_first = row % scan.T == 0;
    const S d = scan.d[at], x = scan.x[at];
    S of_x = scan.skip[i] * dy[at], of_d = S (0);

    for (int64_t s = 0; s < scan.N; s++)
      {
        const S g = dh[at * scan.N + s], w = scan.w[row * scan.N + s];

        of_x = of_x + g * d * w;
        of_d = of_d + g * (is_first ? w * x : scan.A (i, s) * scan.e (row, i, s) * h[(at - scan.I) * scan.N + s] + w * x);
      }
    if (dx.to != NULL)
      dx.add (at, of_x);
    if (dd.to != NULL)
      dd.add (at, of_d);
  }
};

template <class S>
struct ScanDecay {
  Scan<S> scan;
  In<S> h, dh;

  __device__ S
  operator() (int64_t row, int64_t k) const
  {
    const int64_t s = k % scan.N, i = k / scan.N, at = row * scan.I + i;

    if (row % scan.T == 0)
      return S (0);
    return scan.A (i, s) * dh[at * scan.N + s] * scan.d[at] * scan.e (row, i, s) * h[(at - scan.I) * scan.N + s];
  }
};

template <class S>
struct ScanSkip {
  Scan<S> scan;
  In<S> dy;

  __device__ S operator() (int64_t row, int64_t i) const { return dy[row * scan.I + i] * scan.x[row * scan.I + i]; }
};

/* A warp for each (b,t,s): sums over channels. */
template <class S>
struct ScanWriteRead {
  Scan<S> scan;
  In<S> h, dh, dy;
  Adjoint<S> dw, dr;

  __device__ void
  operator() (int64_t at, int lane) const
  {
    const int64_t s = at % scan.N, row = at / scan.N;
    S of_w = S (0), of_r = S (0);

    for (int64_t i = lane; i < scan.I; i += 32)
      {
        const int64_t place = (row * scan.I + i) * scan.N + s;

        of_w = of_w + dh[place] * scan.d[row * scan.I + i] * scan.x[row * scan.I + i];
        of_r = of_r + dy[row * scan.I + i] * h[place];
      }
    of_w = warp_sum (of_w);
    of_r = warp_sum (of_r);
    if (lane == 0 && dw.to != NULL)
      dw.add (at, of_w);
    if (lane == 0 && dr.to != NULL)
      dr.add (at, of_r);
  }
};

template <class S>
static int
scan_backward (const Scope &scope, StateAdjoints<S> adjoints)
{
  const Scan<S> scan = get_scan<S> (scope);
  const int64_t rows = scan.B * scan.T;
  const In<S> h = saved<S> (scope, 1), dh = { adjoints.v, adjoints.r }, dy = seed<S> (scope);
  const Adjoint<S> dx = adjoint<S> (scope, X), dd = adjoint<S> (scope, STEP), dw = adjoint<S> (scope, WRITE), dr = adjoint<S> (scope, READ);

  return run_elements (scope, "selective_scan adjoints", scan.B * scan.I * scan.N, ScanAdjoints<S> { scan, dy, adjoints })
         && ((dx.to == NULL && dd.to == NULL) || run_elements (scope, "selective_scan backward", rows * scan.I, ScanInputs<S> { scan, h, dh, dy, dx, dd }))
         && run_columns (scope, "selective_scan decay", rows, scan.I * scan.N, adjoint<S> (scope, A_LOG), ScanDecay<S> { scan, h, dh })
         && run_columns (scope, "selective_scan skip", rows, scan.I, adjoint<S> (scope, SKIP), ScanSkip<S> { scan, dy })
         && ((dw.to == NULL && dr.to == NULL) || run_rows (scope, "selective_scan reads", rows * scan.N, ScanWriteRead<S> { scan, h, dh, dy, dw, dr }));
}

namespace rules {
struct selective_scan {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    const Scan<S> scan = get_scan<S> (scope);

    return run_elements (scope, "selective_scan", scan.B * scan.I * scan.N, ScanStates<S> { scan, saved<S> (scope, 1), output<S> (scope, 1) })
           && run_elements (scope, "selective_scan output", scan.B * scan.T * scan.I, ScanOutput<S> { scan, saved<S> (scope, 1), output<S> (scope, 0) });
  }

  /* The states' adjoints are held for the length of the rule. */
  template <class S>
  static int
  backward (const Scope &scope)
  {
    const size_t bytes = (size_t) count (scope.call->out_shape[1]) * sizeof (Base<S>);
    StateAdjoints<S> adjoints = { NULL, NULL };
    int ok = assay_cuda_alloc (scope.context, bytes, (void **) &adjoints.v, scope.failure)
             && (!BaseOf<S>::is_dual || assay_cuda_alloc (scope.context, bytes, (void **) &adjoints.r, scope.failure)) && scan_backward<S> (scope, adjoints);

    assay_cuda_release (scope.context, adjoints.v);
    assay_cuda_release (scope.context, adjoints.r);
    return ok;
  }
};
}
ASSAY_CUDA_OP (selective_scan);
