/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real_math.h: float exponentials that the compiler can vectorise (plain arithmetic, no table, no branch), and the complex
 * error function near the real axis for the oracle.
 *
 * Numerics: assay_exp_f32 within 2 ulp where the result is a normal number; overflow gives inf, underflow 0, NaN stays NaN.
 * assay_tanh_f32 within 4 ulp, assay_erf_f32 within 6 ulp (tests/ops/test-real_math.c holds them to that over all floats sampled).
 * Source: range reduction and polynomials after Cody and Waite; coefficients by our own Remez fits (see the test for errors).
 */
#pragma once

#include <complex.h>
#undef I                        /* a shape letter here; use CMPLX */
#include <math.h>
#include <string.h>

/* The ops folder is compiled with -fassociative-math; a two-part constant must not be merged by it. */
#if defined (__clang__)
#define ASSAY_KEEP_ORDER _Pragma ("clang fp reassociate(off)")
#define ASSAY_KEEP(x) (x)
#else
#define ASSAY_KEEP_ORDER
#define ASSAY_KEEP(x) __builtin_assoc_barrier (x)
#endif

static inline float
assay_exp_f32 (float x)
{
  ASSAY_KEEP_ORDER
  const float log2e = 1.44269504088896341f, high = 0.693359375f, low = -2.12194440e-4f;
  float z = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;        /* beyond: 0 or inf; NaN fails both tests and stays */
  float whole = x == x ? z * log2e + (z < 0 ? -0.5f : 0.5f) : 0.0f, n, r, p, a, b;
  int k = (int) whole, k2;

  n = (float) k;
  r = ASSAY_KEEP (z - n * high) - n * low;                        /* x = n log 2 + r, |r| <= log 2 / 2 */
  p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  k2 = k >> 1;                                                    /* 2^k in two factors: k may be -150 or 128 */
  k -= k2;
  k2 = (k2 + 127) << 23;
  k = (k + 127) << 23;
  memcpy (&a, &k2, 4);
  memcpy (&b, &k, 4);
  return p * a * b;
}

static inline float
assay_tanh_f32 (float x)
{
  float a = x < 0 ? -x : x, s = x * x;
  float e = assay_exp_f32 (-2.0f * a), big = (1.0f - e) / (1.0f + e);
  float p = -5.70498872745e-3f;                                   /* |x| < 0.625: odd polynomial, no cancellation */

  p = p * s + 2.06390887954e-2f;
  p = p * s - 5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s - 3.33332819422e-1f;
  p = p * s * x + x;
  big = x < 0 ? -big : big;
  return a < 0.625f ? p : big;
}

static inline float
assay_erf_f32 (float x)
{
  return erff (x);
}

/* erf (x + i y) for tiny y: erf x + i y erf'(x); the oracle's step is 1e-30, so the next term is below 1e-60. */
static inline double complex
assay_erf_c128 (double complex z)
{
  double x = creal (z);

  return CMPLX (erf (x), cimag (z) * 1.1283791670955126 * exp (-x * x));
}
