/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_record.cu: rows of activations on their way to a recording: those that are wanted, side by side, in the type that they are stored as, and the first number
 * of each row that the type cannot hold; or of each row only the numbers that lie outside bounds, which are few. Called as forward rules by src/run/record_there.c.
 *
 * What limits it: a number is read once and written once, 4 and 2 bytes of f32 and f16; where few are kept it is read once, beside 1 bit written.
 */
#include "stored.cuh"

/* --- record_rows: y_r <- x_at(r), rounded          x (N,C)   at (n) of 64 bits   y (n,C) as stored   channel (n) of 32 bits: of the row's first number that does
 *     not fit, -1: all do   number (n): that one          attributes: the stored type ------------------------------------------------ */

/* Of each row the first number that the stored type cannot hold. */
template <class T>
struct Unfit {
  int32_t *channel;
  T *number;

  /* first: the lane's own, INT32_MAX: none. */
  __device__ void
  put (int64_t row, int lane, int32_t first, const T *from) const
  {
    for (int other = 16; other > 0; other /= 2)
      {
        const int32_t theirs = from_lane (first, other);

        first = theirs < first ? theirs : first;
      }
    if (lane == 0)
      {
        channel[row] = first == INT32_MAX ? -1 : first;
        number[row] = first == INT32_MAX ? T (0) : from[first];
      }
  }
};

template <class T, class As>
struct RecordRow {
  int64_t C;
  const T *x;
  const int64_t *at;
  typename As::Number *y;
  Unfit<T> unfit;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const T *from = x + at[row] * C;
    typename As::Number *to = y + row * C;
    int32_t first = INT32_MAX;

    for (int64_t c = lane; c < C; c += 32)
      {
        const typename As::Number rounded = As::of (from[c]);

        to[c] = rounded;
        if (!As::is_finite (rounded) && (int32_t) c < first)
          first = (int32_t) c;
      }
    unfit.put (row, lane, first, from);
  }
};

template <class T>
struct RecordRows {
  template <class As>
  static int
  of (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;

    return run_rows (scope, "rows of activations", c->in_shape[1].dim[0],
                     RecordRow<T, As> { c->in_shape[0].dim[1], (const T *) c->x[0], (const int64_t *) c->x[1], (typename As::Number *) c->y[0],
                                        { (int32_t *) c->y[1], (T *) c->y[2] } });
  }
};

/* Body::of for the stored type that the call names. */
template <class Body>
static int
run_stored (const Scope &scope)
{
  switch ((Stored) scope.call->attr[0])
    {
    case AS_F16:
      return Body::template of<AsF16> (scope);
    case AS_BF16:
      return Body::template of<AsBf16> (scope);
    case AS_F32:
      return Body::template of<AsF32> (scope);
    default:
      return Body::template of<AsF64> (scope);
    }
}

#define ASSAY_CUDA_RECORD_RULE(op, Body)                                                                                                 \
  static const AssayCudaOp registered_##op (#op, run_stored<Body<float>>, run_stored<Body<double>>, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)

ASSAY_CUDA_RECORD_RULE (record_rows, RecordRows);

/* --- record_mask: which numbers of a row, as stored, are at most lo or at least hi of their channel         x (N,C)   at (n) of 64 bits   lo, hi (C) of f64
 *     mask (n,words): bit c % 32 of word c / 32, the highest ones 0   count (n) of 64 bits   channel (n), number (n): as those of record_rows   attributes: the stored type --- */

template <class T, class As>
struct MaskRow {
  int64_t C, words;
  const T *x;
  const int64_t *at;
  const double *lo, *hi;
  uint32_t *mask;
  int64_t *count;
  Unfit<T> unfit;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const T *from = x + at[row] * C;
    int32_t first = INT32_MAX;
    int64_t kept = 0;

    for (int64_t word = 0; word < words; word++)
      {
        const int64_t c = word * 32 + lane;
        bool is_kept = false;

        if (c < C)
          {
            const typename As::Number rounded = As::of (from[c]);
            const double number = As::number (rounded);

            is_kept = number >= hi[c] || number <= lo[c];
            if (!As::is_finite (rounded) && (int32_t) c < first)
              first = (int32_t) c;
          }
        const uint32_t bits = __ballot_sync (0xffffffffu, is_kept);
        kept += __popc (bits);
        if (lane == 0)
          mask[row * words + word] = bits;
      }
    unfit.put (row, lane, first, from);
    if (lane == 0)
      count[row] = kept;
  }
};

template <class T>
struct RecordMask {
  template <class As>
  static int
  of (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;

    return run_rows (scope, "mask of activations", c->in_shape[1].dim[0],
                     MaskRow<T, As> { c->in_shape[0].dim[1], c->out_shape[0].dim[1], (const T *) c->x[0], (const int64_t *) c->x[1], (const double *) c->x[2],
                                      (const double *) c->x[3], (uint32_t *) c->y[0], (int64_t *) c->y[1], { (int32_t *) c->y[2], (T *) c->y[3] } });
  }
};
ASSAY_CUDA_RECORD_RULE (record_mask, RecordMask);

/* --- record_entries: the numbers of a mask, row by row, by channel         x (N,C)   at (n)   mask (n,words)   before (1) of 64 bits: entries that lie in front; none: 0
 *     value (room) as stored   channel (room) of 32 bits   end (n) of 64 bits: counts of the rows, which become where their entries end, those beyond the room counted too
 *     attributes: the stored type ----------------------------------------------------------------------------------------------------- */

#define SCAN_THREADS 256

/* Each thread adds up rows that lie side by side; then it knows what lies in front of them. One block: counts are 8 bytes a row, whose numbers are thousands. */
static __global__ void __launch_bounds__ (SCAN_THREADS)
scan_counts (int64_t n, const int64_t *before, int64_t *end)
{
  __shared__ int64_t sum[SCAN_THREADS];
  const int64_t each = (n + SCAN_THREADS - 1) / SCAN_THREADS, begin = threadIdx.x * each, stop = begin + each < n ? begin + each : n;
  int64_t mine = 0;

  for (int64_t row = begin; row < stop; row++)
    mine += end[row];
  sum[threadIdx.x] = mine;
  __syncthreads ();
  for (unsigned apart = 1; apart < SCAN_THREADS; apart *= 2)
    {
      const int64_t more = threadIdx.x >= apart ? sum[threadIdx.x - apart] : 0;

      __syncthreads ();
      sum[threadIdx.x] += more;
      __syncthreads ();
    }
  mine = sum[threadIdx.x] - mine + (before != NULL ? *before : 0);
  for (int64_t row = begin; row < stop; row++)
    end[row] = mine += end[row];
}

template <class T, class As>
struct EntriesRow {
  int64_t C, words, room;
  const T *x;
  const int64_t *at, *before, *end;
  const uint32_t *mask;
  typename As::Number *value;
  int32_t *channel;

  __device__ void
  operator() (int64_t row, int lane) const
  {
    const T *from = x + at[row] * C;
    int64_t to = row > 0 ? end[row - 1] : before != NULL ? *before : 0;

    if (end[row] == to)                                           /* most rows of some units have none */
      return;
    for (int64_t first = 0; first < words; first += 32)
      {
        uint32_t bits = first + lane < words ? mask[row * words + first + lane] : 0;
        int32_t here = 0, all = __popc (bits);

        for (int other = 1; other < 32; other *= 2)               /* here: entries of the lanes in front */
          {
            const int32_t theirs = from_lane (all, other);

            here += lane & other ? theirs : 0;
            all += theirs;
          }
        for (int64_t place = to + here; bits != 0 && place < room; bits &= bits - 1, place++)
          {
            const int64_t c = (first + lane) * 32 + __ffs ((int) bits) - 1;

            channel[place] = (int32_t) c;
            value[place] = As::of (from[c]);
          }
        to += all;
      }
  }
};

template <class T>
struct RecordEntries {
  template <class As>
  static int
  of (const Scope &scope)
  {
    const AssayCudaOpCall *c = scope.call;
    const int64_t n = c->in_shape[1].dim[0], *before = (const int64_t *) c->x[3];
    int64_t *end = (int64_t *) c->y[2];

    ASSAY_LAUNCH (scan_counts, 1, SCAN_THREADS, 0, scope.context->stream, n, before, end);
    return assay_cuda_check_launch (scope.context, "counts of activations", scope.failure)
           && run_rows (scope, "entries of activations", n,
                        EntriesRow<T, As> { c->in_shape[0].dim[1], c->in_shape[2].dim[1], c->out_shape[0].dim[0], (const T *) c->x[0], (const int64_t *) c->x[1], before, end,
                                            (const uint32_t *) c->x[2], (typename As::Number *) c->y[0], (int32_t *) c->y[1] });
  }
};
ASSAY_CUDA_RECORD_RULE (record_entries, RecordEntries);
