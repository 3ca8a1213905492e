/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stored.cuh: numbers in the types that activations are stored as: rounded as src/store/types.c rounds them, bit for bit, and read back. */
#pragma once

#include "op.cuh"

/* Stored types, as src/run/record_there.c numbers them; a number fits where its rounding is finite. */
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
  static __device__ double
  number (uint16_t y)
  {
    const uint32_t exponent = y >> 10 & 31, fraction = y & 0x3ff;
    const float size = exponent == 0 ? (float) fraction * 0x1p-24f : float_of ((exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13);

    return (double) (y & 0x8000 ? -size : size);
  }
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
  static __device__ double number (uint16_t y) { return (double) float_of ((uint32_t) y << 16); }
};

struct AsF32 {
  typedef float Number;

  template <class T> static __device__ float of (T x) { return (float) x; }
  static __device__ bool is_finite (float y) { return y - y == 0; }
  static __device__ double number (float y) { return (double) y; }
};

struct AsF64 {
  typedef double Number;

  template <class T> static __device__ double of (T x) { return (double) x; }
  static __device__ bool is_finite (double y) { return y - y == 0; }
  static __device__ double number (double y) { return (double) y; }
};
