/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_record.cu: rows of activations on their way to a recording: those that are wanted, side by side, in the type that they are stored as, and the first number
 * of each row that the type cannot hold. Called as a forward rule by src/run/record_there.c.
 *
 * Roundings are those of src/store/types.c, bit for bit. What limits it: a number is read once and written once, 4 and 2 bytes of f32 and f16.
 */
#include "op.cuh"

/* Stored types, as record_there.c numbers them; a number fits where its rounding is finite. */
typedef enum { AS_F16, AS_BF16, AS_F32, AS_F64 } Stored;

static __device__ inline uint32_t
bits_of (float x)
{
  uint32_t bits;

  memcpy (&bits, &x, sizeof bits);
  return bits;
}

static __device__ inline float
float_of (uint32_t bits)
{
  float x;

  memcpy (&x, &bits, sizeof x);
  return x;
}

/* A float whose last bit is set when anything was cut off: rounding that once more is rounding once. */
static __device__ inline float to_odd (float x) { return x; }
static __device__ inline float
to_odd (double x)
{
  const float f = (float) x;
  const uint32_t bits = bits_of (f);

  if ((double) f == x || x != x)
    return f;
  return float_of ((fabs ((double) f) > fabs (x) ? bits - 1 : bits) | 1);       /* rounded away from zero, perhaps to infinity: a step back */
}

struct AsF16 {
  typedef uint16_t Number;

  template <class T>
  static __device__ uint16_t
  of (T x)
  {
    const uint32_t bits = bits_of (to_odd (x)), sign = bits >> 16 & 0x8000, a = bits & 0x7fffffff;

    if (a > 0x7f800000)                                           /* NaN: quiet, its upper payload kept */
      return (uint16_t) (sign | 0x7e00 | (a >> 13 & 0x3ff));
    if (a >= 0x477ff000)                                          /* from 65520 on */
      return (uint16_t) (sign | 0x7c00);
    if (a >= 0x38800000)                                          /* 2^-14 and above */
      return (uint16_t) (sign | (a - 0x38000000 + 0xfff + (a >> 13 & 1)) >> 13);
    return (uint16_t) (sign | (bits_of (float_of (a) + 0.5f) - 0x3f000000));      /* the sum's last bit is 2^-24, a subnormal's */
  }
  static __device__ bool is_finite (uint16_t y) { return (y & 0x7c00) != 0x7c00; }
};

struct AsBf16 {
  typedef uint16_t Number;

  template <class T>
  static __device__ uint16_t
  of (T x)
  {
    const uint32_t bits = bits_of (to_odd (x));

    return (uint16_t) ((bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
  static __device__ bool is_finite (uint16_t y) { return (y & 0x7f80) != 0x7f80; }
};

struct AsF32 {
  typedef float Number;

  template <class T> static __device__ float of (T x) { return (float) x; }
  static __device__ bool is_finite (float y) { return y - y == 0; }
};

struct AsF64 {
  typedef double Number;

  template <class T> static __device__ double of (T x) { return (double) x; }
  static __device__ bool is_finite (double y) { return y - y == 0; }
};

/* --- record_rows: y_r <- x_at(r), rounded          x (N,C)   at (n) of 64 bits   y (n,C) as stored   channel (n) of 32 bits: of the row's first number that does
 *     not fit, -1: all do   number (n): that one          attributes: the stored type ------------------------------------------------ */

template <class T, class As>
struct RecordRow {
  int64_t C;
  const T *x;
  const int64_t *at;
  typename As::Number *y;
  int32_t *channel;
  T *number;

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
static int
record (const Scope &scope)
{
  const AssayCudaOpCall *c = scope.call;

  return run_rows (scope, "rows of activations", c->in_shape[1].dim[0],
                   RecordRow<T, As> { c->in_shape[0].dim[1], (const T *) c->x[0], (const int64_t *) c->x[1], (typename As::Number *) c->y[0], (int32_t *) c->y[1],
                                      (T *) c->y[2] });
}

namespace rules {
struct record_rows {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    switch ((Stored) scope.call->attr[0])
      {
      case AS_F16:
        return record<T, AsF16> (scope);
      case AS_BF16:
        return record<T, AsBf16> (scope);
      case AS_F32:
        return record<T, AsF32> (scope);
      default:
        return record<T, AsF64> (scope);
      }
  }
};
}
static const AssayCudaOp registered_record_rows ("record_rows", rules::record_rows::forward<float>, rules::record_rows::forward<double>, NULL, NULL, NULL, NULL, NULL,
                                                 NULL, NULL, NULL);
