/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real_math.h: exponential, tanh and error function in float, exponential and tanh in double, that the compiler can vectorise, and the
 * complex error function near the real axis for the oracle.
 *
 * Idea: plain arithmetic without table or branch; a choice is one comparison between two values that are both at hand, which
 * becomes a blend. The ops folder is compiled with -fassociative-math, and gcc 12 forgets its barriers when it vectorises, so
 * nothing here may depend on the order of a sum: the reduction of exp is done in double, where log 2 needs no second part, and
 * 2^k is multiplied in by adding to the exponent's bits.
 * Numerics: in float exp within 1.5 ulp, tanh within 2, erf within 3; in double exp within 1.5, tanh within 3, and libm's own where
 * there is no fused product (tests/ops/test-real_math.c). Overflow gives inf, underflow 0, subnormal results are rounded once, NaN
 * stays NaN.
 * Source: the polynomials in float are minimax fits of our own (Remez exchange in 40 digits); their errors stand beside them.
 */
#pragma once

#include <complex.h>
#undef I                        /* a shape letter here; use CMPLX */
#include <math.h>
#include <stdint.h>
#include <string.h>

#ifndef CMPLX                   /* glibc gives it to gcc only */
#define CMPLX(x, y) __builtin_complex ((double) (x), (double) (y))
#endif

static inline float
assay_float_from_bits (uint32_t bits)
{
  float f;

  memcpy (&f, &bits, sizeof f);
  return f;
}

static inline uint32_t
assay_float_to_bits (float f)
{
  uint32_t bits;

  memcpy (&bits, &f, sizeof bits);
  return bits;
}

static inline float
assay_exp_f32 (float x)
{
  float z = x < -104.0f ? -104.0f : x, turns, r, p;               /* beyond: 0 or inf. NaN fails both tests and stays */
  int32_t k, half;

  z = z > 89.0f ? 89.0f : z;
  turns = z * 0x1.715476p+0f;
#ifdef __FMA__                  /* a fused product is one operation: its order stands, and every set that has it rounds in one step */
  turns = __builtin_rintf (turns);
  k = (int32_t) (x == x ? turns : 0.0f);                          /* z = k log 2 + r,  |r| <= log 2 / 2 */
  r = __builtin_fmaf (turns, -0x1.62e4p-1f, z);                   /* log 2 in two parts; k times the first is exact */
  r = __builtin_fmaf (turns, -0x1.7f7d1cp-20f, r);
#else
  turns = turns + __builtin_copysignf (0.5f, turns);
  k = (int32_t) (x == x ? turns : 0.0f);
  r = (float) ((double) z - k * 0x1.62e42fefa39efp-1);
#endif
  p = 0x1.6a23ccp-10f;                                            /* e^r = 1 + r + r^2 p (r), relative error 3.1e-9 */
  p = p * r + 0x1.123a2p-7f;
  p = p * r + 0x1.5558f2p-5f;
  p = p * r + 0x1.555492p-3f;
  p = p * r + 0x1.fffffcp-2f;
  p = p * r * r + r + 1.0f;
  half = k >> 1;                                                  /* 2^k in two factors: k may be -150 or 128 */
  return assay_float_from_bits (assay_float_to_bits (p) + ((uint32_t) half << 23))
         * assay_float_from_bits ((uint32_t) (k - half + 127) << 23);
}

static inline float
assay_tanh_f32 (float x)
{
  float s = x * x, e = assay_exp_f32 (-2.0f * __builtin_fabsf (x));
  float big = __builtin_copysignf ((1.0f - e) / (1.0f + e), x), p;

  p = -0x1.75e1ccp-8f;                                            /* |x| < 0.625: x + x^3 p (x^2), relative error 4.4e-9 */
  p = p * s + 0x1.52269cp-6f;
  p = p * s - 0x1.b83c5ap-5f;
  p = p * s + 0x1.110726p-3f;
  p = p * s - 0x1.555532p-2f;
  p = p * s * x + x;
  return __builtin_fabsf (x) < 0.625f ? p : big;
}

static inline float
assay_erf_f32 (float x)
{
  float a = __builtin_fabsf (x), s = x * x, p, q;

  p = -0x1.3f4f6cp-11f;                                           /* |x| < 0.9: x + x p (x^2), relative error 1.2e-8 */
  p = p * s + 0x1.4876c8p-8f;
  p = p * s - 0x1.b6bee2p-6f;
  p = p * s + 0x1.ce1dd2p-4f;
  p = p * s - 0x1.8126fap-2f;
  p = p * s + 0x1.06eba6p-3f;
  p = p * x + x;
  a = a > 4.0f ? 4.0f : a;                                        /* erf 4 rounds to 1 */
  q = -0x1.9fb25p-13f;                                            /* else sign (x) (1 - e^-q (|x|)), relative error 1.7e-9 */
  q = q * a + 0x1.91ccc2p-9f;
  q = q * a - 0x1.6d9cc6p-6f;
  q = q * a + 0x1.aa731ap-4f;
  q = q * a + 0x1.4621bap-1f;
  q = q * a + 0x1.20b752p+0f;
  q = q * a + 0x1.5d1136p-13f;
  q = __builtin_copysignf (1.0f - assay_exp_f32 (-q), x);
  return a < 0.9f ? p : q;
}

#ifdef __FMA__

/* (e^r - 1 - r) / r^2, |r| <= log 2 / 2: the exponential's own series, cut where the next term is below 2^-57. */
static inline double
assay_exp_tail_f64 (double r)
{
  double p = 0x1.6124613a86d09p-33;

  p = __builtin_fma (p, r, 0x1.1eed8eff8d898p-29);
  p = __builtin_fma (p, r, 0x1.ae64567f544e4p-26);
  p = __builtin_fma (p, r, 0x1.27e4fb7789f5cp-22);
  p = __builtin_fma (p, r, 0x1.71de3a556c734p-19);
  p = __builtin_fma (p, r, 0x1.a01a01a01a01ap-16);
  p = __builtin_fma (p, r, 0x1.a01a01a01a01ap-13);
  p = __builtin_fma (p, r, 0x1.6c16c16c16c17p-10);
  p = __builtin_fma (p, r, 0x1.1111111111111p-7);
  p = __builtin_fma (p, r, 0x1.5555555555555p-5);
  p = __builtin_fma (p, r, 0x1.5555555555555p-3);
  p = __builtin_fma (p, r, 0x1.0000000000000p-1);
  return p;
}

/* z = k log 2 + r,  |r| <= log 2 / 2; z within +-1100, or NaN: then k = 0 and r NaN. */
static inline double
assay_exp_reduce_f64 (double z, int32_t *k)
{
  double turns = __builtin_rint (z * 0x1.71547652b82fep+0);

  *k = (int32_t) (z == z ? turns : 0.0);
  z = __builtin_fma (turns, -0x1.62e42feep-1, z);                 /* log 2 in two parts; k times the first is exact */
  return __builtin_fma (turns, -0x1.a39ef35793c76p-33, z);
}

static inline double
assay_power_of_two (int32_t k)
{
  uint64_t bits = (uint64_t) (k + 1023) << 52;
  double power;

  memcpy (&power, &bits, sizeof power);
  return power;
}

static inline double
assay_exp_f64 (double x)
{
  double z = x < -746.0 ? -746.0 : x, r, e;                       /* beyond: 0 or inf. NaN fails both tests and stays */
  int32_t k, half;
  uint64_t bits;

  z = z > 710.0 ? 710.0 : z;
  r = assay_exp_reduce_f64 (z, &k);
  e = __builtin_fma (r * r, assay_exp_tail_f64 (r), r) + 1.0;
  half = k >> 1;                                                  /* 2^k in two factors: k may be -1076 or 1024 */
  memcpy (&bits, &e, sizeof bits);
  bits += (uint64_t) (int64_t) half << 52;
  memcpy (&e, &bits, sizeof e);
  return e * assay_power_of_two (k - half);
}

/* With m = e^z - 1, z = -2 |x|: tanh |x| = -m / (2 + m);  m = 2^k (e^r - 1) + (2^k - 1) loses nothing near 0, where k = 0. */
static inline double
assay_tanh_f64 (double x)
{
  double z = -2.0 * __builtin_fabs (x), r, m, power;
  int32_t k;

  z = z < -44.0 ? -44.0 : z;                                      /* tanh 22 rounds to 1 */
  r = assay_exp_reduce_f64 (z, &k);
  power = assay_power_of_two (k);
  m = __builtin_fma (power, __builtin_fma (r * r, assay_exp_tail_f64 (r), r), power - 1.0);
  return __builtin_copysign (m / (2.0 + m), x);
}

#else

#define assay_exp_f64 exp
#define assay_tanh_f64 tanh

#endif

/* erf (x + i y) for tiny y: erf x + i y erf'(x); the oracle's step is 1e-30, so the next term is below 1e-60. */
static inline double complex
assay_erf_c128 (double complex z)
{
  double x = creal (z);

  return CMPLX (erf (x), cimag (z) * 1.1283791670955126 * exp (-x * x));
}
