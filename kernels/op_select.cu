/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_select.cu: ops that pick and place: rows of a table, a part of the channels, positions, single entries. All are linear. */
#include "op.cuh"

/* --- embedding, gather: y_n = table_{id_n}          table (V,C)   id (N)   y (N,C) ------------------------------------------ */

template <class T>
struct SelectForward {
  int64_t C;
  In<T> table;
  const int32_t *id;
  Out<T> y;

  __device__ void operator() (int64_t i) const { y.put (i, table[id[i / C] * C + i % C]); }
};

#define CHANNELS 8              /* of a lane at once */

/* dtable_v = sum over n with id_n = v of dy_n, in the order of n: the warp of the first n that has an id adds all that have it, some channels at a time. */
template <class T>
struct SelectBackward {
  int64_t N, C;
  const int32_t *id;
  In<T> dy;
  Adjoint<T> dtable;

  __device__ bool
  is_first (int64_t row, int lane, int32_t mine) const
  {
    for (int64_t at = 0; at < row; at += 32)
      if (__ballot_sync (0xffffffffu, at + lane < row && id[at + lane] == mine) != 0)
        return false;
    return true;
  }

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const int32_t mine = id[row];

    if (!is_first (row, lane, mine))
      return;
    for (int64_t c = lane; c - lane < C; c += 32 * CHANNELS)
      {
        T sum[CHANNELS];

        for (int k = 0; k < CHANNELS; k++)
          sum[k] = c + 32 * k < C && !dtable.fresh ? load_number (dtable.to, mine * C + c + 32 * k, dtable.narrow) : T (0);
        for (int64_t at = row; at < N; at += 32)
          for (unsigned found = __ballot_sync (0xffffffffu, at + lane < N && id[at + lane] == mine); found != 0; found &= found - 1)
            {
              const int64_t n = at + __ffs ((int) found) - 1;

              for (int k = 0; k < CHANNELS; k++)
                if (c + 32 * k < C)
                  sum[k] += dy[n * C + c + 32 * k];
            }
        for (int k = 0; k < CHANNELS; k++)
          if (c + 32 * k < C)
            store_number (dtable.to, mine * C + c + 32 * k, dtable.narrow, sum[k]);
      }
  }
};

struct SelectRows {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const int64_t C = last (scope.call->in_shape[0]);

    return run_elements (scope, "rows of a table", count (scope.call->in_shape[1]) * C,
                         SelectForward<T> { C, input<T> (scope, 0), indices (scope, 1), output<T> (scope, 0) });
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    const int64_t C = last (scope.call->in_shape[0]), N = count (scope.call->in_shape[1]);
    const Adjoint<T> dtable = adjoint<T> (scope, 0);

    return dtable.to == NULL || run_rows (scope, "rows of a table, backward", N, SelectBackward<T> { N, C, indices (scope, 1), seed<T> (scope), dtable });
  }
};
namespace rules {
struct embedding : SelectRows {};
struct gather : SelectRows {};
}
ASSAY_CUDA_OP_LINEAR (embedding);
ASSAY_CUDA_OP_LINEAR (gather);

/* --- slice: y_nl = x_n,start+l          x (N,C)   y (N,L) ------------------------------------------------------------------- */

template <class T>
struct SliceForward {
  int64_t C, L, start;
  In<T> x;
  Out<T> y;

  __device__ void operator() (int64_t i) const { y.put (i, x[i / L * C + start + i % L]); }
};

/* Channels outside of the slice get nothing, which a fresh adjoint is told. */
template <class T>
struct SliceBackward {
  int64_t C, L, start;
  In<T> dy;
  Adjoint<T> dx;

  __device__ void
  operator() (int64_t i) const
  {
    const int64_t l = i % C - start;

    dx.add (i, l >= 0 && l < L ? dy[i / C * L + l] : T (0));
  }
};

namespace rules {
struct slice {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const int64_t C = last (scope.call->in_shape[0]), L = last (scope.call->out_shape[0]);

    return run_elements (scope, "slice", count (scope.call->out_shape[0]),
                         SliceForward<T> { C, L, (int64_t) scope.call->attr[0], input<T> (scope, 0), output<T> (scope, 0) });
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    const int64_t C = last (scope.call->in_shape[0]), L = last (scope.call->out_shape[0]);
    const Adjoint<T> dx = adjoint<T> (scope, 0);

    return dx.to == NULL
           || run_elements (scope, "slice backward", count (scope.call->in_shape[0]), SliceBackward<T> { C, L, (int64_t) scope.call->attr[0], seed<T> (scope), dx });
  }
};
}
ASSAY_CUDA_OP_LINEAR (slice);

/* --- position_embedding: y_bt = x_bt + w_t          x, y (B,T,C)   w (Tmax,C) ------------------------------------------------ */

template <class T>
struct PositionForward {
  int64_t TC, first;
  In<T> x, w;
  Out<T> y;

  __device__ void operator() (int64_t i) const { y.put (i, x[i] + w[first + i % TC]); }
};

template <class T>
struct PositionInput {
  In<T> dy;
  Adjoint<T> dx;

  __device__ void operator() (int64_t i) const { dx.add (i, dy[i]); }
};

template <class T>
struct PositionTable {
  int64_t B, TC, first;
  In<T> dy;
  Adjoint<T> dw;

  __device__ void
  operator() (int64_t i) const
  {
    T sum = 0;

    for (int64_t b = 0; b < B; b++)
      sum += dy[b * TC + i];
    dw.add (first + i, sum);
  }
};

namespace rules {
struct position_embedding {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    const AssayCudaShape &x = scope.call->in_shape[0];

    return run_elements (scope, "position_embedding", count (x),
                         PositionForward<T> { x.dim[1] * x.dim[2], scope.call->position * x.dim[2], input<T> (scope, 0), input<T> (scope, 1), output<T> (scope, 0) });
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    const AssayCudaShape &x = scope.call->in_shape[0];
    const Adjoint<T> dx = adjoint<T> (scope, 0), dw = adjoint<T> (scope, 1);
    const int64_t TC = x.dim[1] * x.dim[2];

    return (dx.to == NULL || run_elements (scope, "position_embedding backward", count (x), PositionInput<T> { seed<T> (scope), dx }))
           && (dw.to == NULL
               || run_elements (scope, "position_embedding backward", TC, PositionTable<T> { x.dim[0], TC, scope.call->position * x.dim[2], seed<T> (scope), dw }));
  }
};
}
ASSAY_CUDA_OP_LINEAR (position_embedding);

/* --- entry: value_b = x_bti - x_btj at each example's last position t that counts; without j, x_bti ---------------------------
 * x (B,T,C), or (B,C) without weight   weight (B,T)   value (B) */

template <class T>
struct Entry {
  int64_t TP, C, i, j;          /* TP: positions */
  const T *weight;

  /* Where the row that counts begins. */
  __device__ int64_t
  place (int64_t b) const
  {
    int64_t t = TP - 1;

    while (weight != NULL && t > 0 && weight[b * TP + t] == 0)
      t--;
    return (b * TP + t) * C;
  }
};

template <class T>
static Entry<T>
get_entry (const Scope &scope)
{
  const AssayCudaOpCall *c = scope.call;
  const int64_t TP = c->n_in > 1 ? c->in_shape[1].dim[1] : 1;

  return { TP, count (c->in_shape[0]) / c->in_shape[0].dim[0] / TP, (int64_t) c->attr[0], (int64_t) c->attr[1], c->n_in > 1 ? (const T *) c->x[1] : NULL };
}

template <class T>
struct EntryForward {
  Entry<T> entry;
  In<T> x;
  Out<T> value;

  __device__ void
  operator() (int64_t b) const
  {
    const int64_t row = entry.place (b);

    value.put (b, entry.j < 0 ? x[row + entry.i] : x[row + entry.i] - x[row + entry.j]);
  }
};

template <class T>
struct EntryBackward {
  Entry<T> entry;
  In<T> dvalue;
  Adjoint<T> dx;

  __device__ void
  operator() (int64_t b) const
  {
    const int64_t row = entry.place (b);

    dx.add (row + entry.i, dvalue[b]);
    if (entry.j >= 0)
      dx.add (row + entry.j, -dvalue[b]);
  }
};

namespace rules {
struct entry {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_elements (scope, "entry", scope.call->in_shape[0].dim[0], EntryForward<T> { get_entry<T> (scope), input<T> (scope, 0), output<T> (scope, 0) });
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    const Adjoint<T> dx = adjoint<T> (scope, 0);

    return dx.to == NULL
           || run_elements (scope, "entry backward", scope.call->in_shape[0].dim[0], EntryBackward<T> { get_entry<T> (scope), seed<T> (scope), dx });
  }

  template <class T> static int gauss_newton (const Scope &) { return 1; }      /* there is no curvature to add */
};
}
ASSAY_CUDA_OP_LOSS_LINEAR (entry);

/* --- probe: value_b = sum_t a_bt (w' x_bt + bias), a the share of each position --------------------------------------------------
 * x (B,T,C), or (B,C) without weight   w (C)   weight (B,T)   value (B) */

template <class T>
struct Probe {
  int64_t positions, C;
  int way;                      /* 0: the last position that counts, 1: mean, 2: sum */
  const T *w, *weight;

  /* To every lane. */
  __device__ T
  share (int64_t b, int64_t t, int lane) const
  {
    T all = 0;
    int64_t last = positions - 1;

    if (weight == NULL)
      return 1;
    if (way == 2)
      return weight[b * positions + t];
    if (way == 0)
      {
        while (last > 0 && weight[b * positions + last] == 0)
          last--;
        return t == last ? T (1) : T (0);
      }
    for (int64_t s = lane; s < positions; s += 32)
      all += weight[b * positions + s];
    all = warp_sum (all);
    return all != 0 ? weight[b * positions + t] / all : T (0);
  }
};

template <class T>
static Probe<T>
get_probe (const Scope &scope)
{
  const AssayCudaOpCall *c = scope.call;

  return { c->n_in > 2 ? c->in_shape[2].dim[1] : 1, count (c->in_shape[1]), (int) c->attr[1], (const T *) c->x[1], c->n_in > 2 ? (const T *) c->x[2] : NULL };
}

/* A warp for an example. */
template <class T>
struct ProbeRead {
  Probe<T> probe;
  T bias;
  const T *x;
  T *value;

  __device__ void
  operator() (int64_t b, int lane) const
  {
    T sum = 0;

    for (int64_t t = 0; t < probe.positions; t++)
      {
        const T share = probe.share (b, t, lane);
        T dot = 0;

        if (share == 0)
          continue;
        for (int64_t k = lane; k < probe.C; k += 32)
          dot += probe.w[k] * x[(b * probe.positions + t) * probe.C + k];
        sum += share * (bias + warp_sum (dot));
      }
    if (lane == 0)
      value[b] = sum;
  }
};

/* A warp for a position. */
template <class T>
struct ProbeWrite {
  Probe<T> probe;
  const T *dvalue;
  Adjoint<T> dx;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const int64_t b = row / probe.positions;
    const T share = probe.share (b, row % probe.positions, lane) * dvalue[b];

    for (int64_t k = lane; k < probe.C; k += 32)
      dx.add (row * probe.C + k, share * probe.w[k]);
  }
};

template <class T>
static int
write_probe (const Scope &scope, const void *dvalue, void *dx)
{
  const Probe<T> probe = get_probe<T> (scope);

  return dx == NULL
         || run_rows (scope, "probe backward", scope.call->in_shape[0].dim[0] * probe.positions,
                      ProbeWrite<T> { probe, (const T *) dvalue, { (T *) dx, is_fresh (scope, 0) } });
}

namespace rules {
struct probe {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_rows (scope, "probe", scope.call->in_shape[0].dim[0],
                     ProbeRead<T> { get_probe<T> (scope), (T) scope.call->attr[0], (const T *) scope.call->x[0], (T *) scope.call->y[0] });
  }

  /* The bias adds nothing to a tangent. */
  template <class T>
  static int
  tangent (const Scope &scope)
  {
    return run_rows (scope, "probe tangent", scope.call->in_shape[0].dim[0],
                     ProbeRead<T> { get_probe<T> (scope), 0, (const T *) scope.call->rx[0], (T *) scope.call->ry[0] });
  }

  template <class T> static int backward (const Scope &scope) { return write_probe<T> (scope, scope.call->dy, scope.call->dx[0]); }
  template <class T> static int tangent_backward (const Scope &scope) { return write_probe<T> (scope, scope.call->rdy, scope.call->rdx[0]); }
  template <class T> static int gauss_newton (const Scope &) { return 1; }      /* there is no curvature to add */
};
}
ASSAY_CUDA_OP_LOSS_PRODUCT (probe);
