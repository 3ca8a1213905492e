/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_scan.cu: recurrences: the selective scan, RWKV's fading mean, its fading matrix and its token shift.
 *
 * The selective scan is walked by a thread for each state, and once more backwards for the states' adjoints; all else is a sum over what
 * those two leave behind. Shapes: x, step (B,T,I), a_log (I,S), write, read (B,T,S), skip (I), the states h (B,T,I,S).
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

template <class S>
struct ScanAdjoints {
  Scan<S> scan;
  In<S> dy;
  Scratch<S> dh;

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

        dh.put ((row * scan.I + i) * scan.N + s, sum);
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
scan_backward (const Scope &scope, const Scratch<S> &adjoints)
{
  const Scan<S> scan = get_scan<S> (scope);
  const int64_t rows = scan.B * scan.T;
  const In<S> h = saved<S> (scope, 1), dh = adjoints.read (), dy = seed<S> (scope);
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
    Scratch<S> adjoints;
    const int ok = scratch_alloc (scope, count (scope.call->out_shape[1]), &adjoints) && scan_backward<S> (scope, adjoints);

    scratch_release (scope, adjoints);
    return ok;
  }
};
}
ASSAY_CUDA_OP (selective_scan);

/* --- wkv: in every channel a mean of the values so far, weighted by keys and fading          k, v (B,T,C)   w, u (C) -------------
 *
 *   g_t = s (u + k_t - l_(t-1))          y_t = m_(t-1) + g_t (v_t - m_(t-1))          s (z) = 1 / (1 + e^-z),  d = e^w
 *   p_t = s (k_t - l_(t-1) + d)          m_t = m_(t-1) + p_t (v_t - m_(t-1))          l_t = log (e^(l_(t-1) - d) + e^(k_t))
 *
 * with y_0 = m_0 = v_0, l_0 = k_0: src/ops/op_wkv.inc has the adjoints. A thread walks a channel of an example. */

template <class S>
struct Wkv {
  int64_t T, C;
  In<S> k, v, w, u;
};

template <class S>
static Wkv<S>
get_wkv (const Scope &scope)
{
  const AssayCudaShape &k = scope.call->in_shape[0];

  return { k.dim[1], k.dim[2], input<S> (scope, 0), input<S> (scope, 1), input<S> (scope, 2), input<S> (scope, 3) };
}

/* log (e^a + e^b), from the greater */
template <class S>
static __device__ S
log_add (S a, S b)
{
  return value_of (a) > value_of (b) ? a + softplus_of (b - a) : b + softplus_of (a - b);
}

template <class S>
struct WkvForward {
  Wkv<S> n;
  Out<S> y, m, l;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t i = at % n.C, first = at / n.C * n.T * n.C + i;
    const S d = exp_of (n.w[i]);
    S mean = n.v[first], sum = n.k[first];

    y.put (first, mean);
    m.put (first, mean);
    l.put (first, sum);
    for (int64_t t = 1; t < n.T; t++)
      {
        const int64_t place = first + t * n.C;
        const S k = n.k[place], v = n.v[place], g = n.u[i] + k - sum, p = k - sum + d;

        y.put (place, sigmoid_of (-g) * mean + sigmoid_of (g) * v);
        mean = sigmoid_of (-p) * mean + sigmoid_of (p) * v;
        sum = log_add (sum - d, k);
        m.put (place, mean);
        l.put (place, sum);
      }
  }
};

/* of_w, of_u (B,C): what each example adds to dw and du. */
template <class S>
struct WkvBackward {
  Wkv<S> n;
  In<S> m, l, dy;
  Adjoint<S> dk, dv;
  Scratch<S> of_w, of_u;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t i = at % n.C, first = at / n.C * n.T * n.C + i;
    const S d = exp_of (n.w[i]);
    S L = S (0), M = S (0), dd = S (0), du = S (0);

    for (int64_t t = n.T - 1; t > 0; t--)
      {
        const int64_t place = first + t * n.C, before = place - n.C;
        const S k = n.k[place], x = n.v[place] - m[before], g = n.u[i] + k - l[before], p = k - l[before] + d;
        const S take = sigmoid_of (g), leave = sigmoid_of (-g), put = sigmoid_of (p), keep = sigmoid_of (-p);
        const S a = take * leave * x * dy[place], c = put * keep * x * M;

        if (dv.to != NULL)
          dv.add (place, take * dy[place] + put * M);
        if (dk.to != NULL)
          dk.add (place, a + c + put * L);
        du = du + a;
        dd = dd + c - keep * L;
        L = keep * L - a - c;
        M = leave * dy[place] + keep * M;
      }
    if (dv.to != NULL)
      dv.add (first, dy[first] + M);
    if (dk.to != NULL)
      dk.add (first, L);
    of_w.put (at, d * dd);
    of_u.put (at, du);
  }
};

/* A sum over examples, channel by channel. */
template <class S>
struct OfExamples {
  int64_t C;
  In<S> x;

  __device__ S operator() (int64_t b, int64_t i) const { return x[b * C + i]; }
};

namespace rules {
struct wkv {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaShape &k = scope.call->in_shape[0];

    return run_elements (scope, "wkv", k.dim[0] * k.dim[2],
                         WkvForward<S> { get_wkv<S> (scope), output<S> (scope, 0), output<S> (scope, 1), output<S> (scope, 2) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const int64_t B = scope.call->in_shape[0].dim[0], C = scope.call->in_shape[0].dim[2];
    Scratch<S> of_w, of_u = { NULL, NULL };
    const int ok = scratch_alloc (scope, B * C, &of_w) && scratch_alloc (scope, B * C, &of_u)
                   && run_elements (scope, "wkv backward", B * C,
                                    WkvBackward<S> { get_wkv<S> (scope), saved<S> (scope, 1), saved<S> (scope, 2), seed<S> (scope), adjoint<S> (scope, 0),
                                                     adjoint<S> (scope, 1), of_w, of_u })
                   && run_columns (scope, "wkv rates", B, C, adjoint<S> (scope, 2), OfExamples<S> { C, of_w.read () })
                   && run_columns (scope, "wkv bonus", B, C, adjoint<S> (scope, 3), OfExamples<S> { C, of_u.read () });

    scratch_release (scope, of_w);
    scratch_release (scope, of_u);
    return ok;
  }
};
}
ASSAY_CUDA_OP (wkv);

/* --- wkv_matrix: y_t = S_(t-1)' r_t + b (r_t.k_t) v_t,  S_t = f S_(t-1) + k_t v_t',  f = e^(-e^w), b = e^u ----------------------------
 * r, k, v, y (B,T,C)   w, u (H)   S (D,D) of each head. A thread has a row or a column of a matrix, all that it needs of it; src/ops/op_wkv_matrix.inc has the
 * adjoints: with Z = dS/df and G the adjoint of S behind a position, q = dy.v, a = r.k,
 *
 *   forwards     dr = S dy + b q k        df += r'Z dy      db += a q          Z <- f Z + S      S <- f S + k v'
 *   backwards    dk = G v + b q r         dv = G'k + b a dy                    G <- f G + r dy' */

template <class S>
struct Heads {
  int64_t T, H, D;
  In<S> r, k, v, w, u;

  __device__ int64_t place (int64_t head, int64_t t) const { return ((head / H * T + t) * H + head % H) * D; }
  __device__ S fade (int64_t h) const { return exp_of (-exp_of (w[h])); }
  __device__ S bonus (int64_t h) const { return exp_of (u[h]); }
};

template <class S>
static Heads<S>
get_heads (const Scope &scope)
{
  const AssayCudaShape &r = scope.call->in_shape[0];
  const int64_t H = scope.call->in_shape[3].dim[0];

  return { r.dim[1], H, r.dim[2] / H, input<S> (scope, 0), input<S> (scope, 1), input<S> (scope, 2), input<S> (scope, 3), input<S> (scope, 4) };
}

/* sum over i of x[first + i] y[second + i], n of them */
template <class S>
static __device__ S
inner (In<S> x, int64_t first, In<S> y, int64_t second, int64_t n)
{
  S sum = S (0);

  for (int64_t i = 0; i < n; i++)
    sum = sum + x[first + i] * y[second + i];
  return sum;
}

/* Of vector `at` of n numbers: its product with x, before it becomes f times itself plus scale y. */
template <class S>
static __device__ S
read_and_fade (const Scratch<S> &M, int64_t at, int64_t n, In<S> x, int64_t first, S f, S scale, In<S> y, int64_t second)
{
  S sum = S (0);

  for (int64_t i = 0; i < n; i++)
    {
      const S m = M.get (at * n + i);

      sum = sum + m * x[first + i];
      M.put (at * n + i, f * m + scale * y[second + i]);
    }
  return sum;
}

template <class S>
static __device__ void
make_zero (const Scratch<S> &M, int64_t at, int64_t n)
{
  for (int64_t i = 0; i < n; i++)
    M.put (at * n + i, S (0));
}

/* A row or a column of a matrix, walked in either direction: out_i (+)= M_i.read + b (other.read) x_i, then M_i <- f M_i + x_i other. Out of S and with
 * x = v, other = k, read = r that is y; out of G it is dk with r, dy, v and dv with dy, r, k. */
template <class S>
struct HeadsWalk {
  Heads<S> n;
  In<S> x, other, read;
  bool is_backwards;
  Scratch<S> M;
  Adjoint<S> out;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t i = at % n.D, head = at / n.D;
    const S f = n.fade (head % n.H), b = n.bonus (head % n.H);

    make_zero (M, at, n.D);
    for (int64_t step = 0; step < n.T; step++)
      {
        const int64_t place = n.place (head, is_backwards ? n.T - 1 - step : step);
        const S mine = x[place + i];

        out.add (place + i, read_and_fade (M, at, n.D, read, place, f, mine, other, place) + b * inner (other, place, read, place, n.D) * mine);
      }
  }
};

/* Row i of S and Z: dr, and what the row adds to dw and du, each (B H D). */
template <class S>
struct HeadsReceptance {
  Heads<S> n;
  In<S> dy;
  Scratch<S> M, Z, of_w, of_u;
  Adjoint<S> dr;

  __device__ void
  operator() (int64_t at) const
  {
    const int64_t i = at % n.D, head = at / n.D;
    const S rate = exp_of (n.w[head % n.H]), f = n.fade (head % n.H), b = n.bonus (head % n.H);
    S df = S (0), db = S (0);

    make_zero (M, at, n.D);
    make_zero (Z, at, n.D);
    for (int64_t t = 0; t < n.T; t++)
      {
        const int64_t place = n.place (head, t);
        const S q = inner (dy, place, n.v, place, n.D), k = n.k[place + i], r = n.r[place + i];
        S of_z = S (0), of_s = S (0);

        for (int64_t j = 0; j < n.D; j++)
          {
            const S m = M.get (at * n.D + j), z = Z.get (at * n.D + j);

            of_z = of_z + z * dy[place + j];
            of_s = of_s + m * dy[place + j];
            Z.put (at * n.D + j, f * z + m);
            M.put (at * n.D + j, f * m + k * n.v[place + j]);
          }
        if (dr.to != NULL)
          dr.add (place + i, of_s + b * q * k);
        df = df + r * of_z;
        db = db + r * k * q;
      }
    of_w.put (at, -(f * rate) * df);
    of_u.put (at, b * db);
  }
};

/* Row n = (b,i) of what heads have of an example. */
template <class S>
struct OfHeads {
  int64_t H, D;
  In<S> x;

  __device__ S operator() (int64_t n, int64_t h) const { return x[(n / D * H + h) * D + n % D]; }
};

template <class S>
static int
heads_backward (const Scope &scope, const Scratch<S> &M, const Scratch<S> &Z, const Scratch<S> &of_w, const Scratch<S> &of_u)
{
  const Heads<S> n = get_heads<S> (scope);
  const int64_t B = scope.call->in_shape[0].dim[0], rows = B * n.H * n.D;
  const Adjoint<S> dr = adjoint<S> (scope, 0), dk = adjoint<S> (scope, 1), dv = adjoint<S> (scope, 2);
  const In<S> dy = seed<S> (scope);

  return run_elements (scope, "wkv_matrix receptance", rows, HeadsReceptance<S> { n, dy, M, Z, of_w, of_u, dr })
         && (dk.to == NULL || run_elements (scope, "wkv_matrix keys", rows, HeadsWalk<S> { n, n.r, dy, n.v, true, M, dk }))
         && (dv.to == NULL || run_elements (scope, "wkv_matrix values", rows, HeadsWalk<S> { n, dy, n.r, n.k, true, M, dv }))
         && run_columns (scope, "wkv_matrix rates", B * n.D, n.H, adjoint<S> (scope, 3), OfHeads<S> { n.H, n.D, of_w.read () })
         && run_columns (scope, "wkv_matrix bonus", B * n.D, n.H, adjoint<S> (scope, 4), OfHeads<S> { n.H, n.D, of_u.read () });
}

namespace rules {
struct wkv_matrix {
  static int64_t rows (const Scope &scope) { return scope.call->in_shape[0].dim[0] * scope.call->in_shape[0].dim[2]; }
  static int64_t entries (const Scope &scope) { return rows (scope) * (scope.call->in_shape[0].dim[2] / scope.call->in_shape[3].dim[0]); }

  template <class S>
  static int
  forward (const Scope &scope)
  {
    const Heads<S> n = get_heads<S> (scope);
    Scratch<S> M;
    const int ok = scratch_alloc (scope, entries (scope), &M)
                   && run_elements (scope, "wkv_matrix", rows (scope), HeadsWalk<S> { n, n.v, n.k, n.r, false, M, { output<S> (scope, 0).to, true } });

    scratch_release (scope, M);
    return ok;
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    Scratch<S> scratch[4] = {};
    int ok = 1;

    for (int k = 0; ok && k < 4; k++)
      ok = scratch_alloc (scope, k < 2 ? entries (scope) : rows (scope), &scratch[k]);
    ok = ok && heads_backward<S> (scope, scratch[0], scratch[1], scratch[2], scratch[3]);
    for (int k = 0; k < 4; k++)
      scratch_release (scope, scratch[k]);
    return ok;
  }
};
}
ASSAY_CUDA_OP (wkv_matrix);

/* --- token_shift: y_t = m x_t + (1 - m) x_(t-1)          x, y (B,T,C)   m (C)   x_(-1) = 0 ---------------------------------------- */

template <class S>
struct ShiftForward {
  int64_t T, C;
  In<S> x, m;
  Out<S> y;

  __device__ void
  operator() (int64_t at) const
  {
    const S mix = m[at % C], before = at / C % T > 0 ? x[at - C] : S (0);

    y.put (at, mix * x[at] + (S (1) - mix) * before);
  }
};

template <class S>
struct ShiftInput {
  int64_t T, C;
  In<S> m, dy;
  Adjoint<S> dx;

  __device__ void
  operator() (int64_t at) const
  {
    const S mix = m[at % C], next = at / C % T < T - 1 ? dy[at + C] : S (0);

    dx.add (at, mix * dy[at] + (S (1) - mix) * next);
  }
};

template <class S>
struct ShiftMix {
  int64_t T, C;
  In<S> x, dy;

  __device__ S operator() (int64_t n, int64_t i) const { return dy[n * C + i] * (x[n * C + i] - (n % T > 0 ? x[(n - 1) * C + i] : S (0))); }
};

namespace rules {
struct token_shift {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaShape &x = scope.call->in_shape[0];

    return run_elements (scope, "token_shift", count (x), ShiftForward<S> { x.dim[1], x.dim[2], input<S> (scope, 0), input<S> (scope, 1), output<S> (scope, 0) });
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const AssayCudaShape &x = scope.call->in_shape[0];
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return (dx.to == NULL || run_elements (scope, "token_shift backward", count (x), ShiftInput<S> { x.dim[1], x.dim[2], input<S> (scope, 1), seed<S> (scope), dx }))
           && run_columns (scope, "token_shift mix", x.dim[0] * x.dim[1], x.dim[2], adjoint<S> (scope, 1),
                           ShiftMix<S> { x.dim[1], x.dim[2], input<S> (scope, 0), seed<S> (scope) });
  }
};
}
ASSAY_CUDA_OP (token_shift);
