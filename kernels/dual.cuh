/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dual.cuh: a value with its tangent, so that a rule written once gives its derivative too: f (v + e d) = f (v) + e f'(v) d, with e^2 = 0.
 *
 * Rules are templates over S, which is float, double or Dual of one of them; BaseOf<S> is the plain type. Constants are written S (0.5). Branches ask
 * value_of (x). The functions below keep their digits where their plain formulas do not, in value and tangent.
 */
#pragma once

#include <cuda_runtime.h>
#include <math.h>

template <class T>
struct Dual {
  T v, d;

  Dual () = default;
  __device__ Dual (T value) : v (value), d (0) {}
  __device__ Dual (T value, T tangent) : v (value), d (tangent) {}

  __device__ Dual operator- () const { return Dual (-v, -d); }
  friend __device__ Dual operator+ (Dual a, Dual b) { return Dual (a.v + b.v, a.d + b.d); }
  friend __device__ Dual operator- (Dual a, Dual b) { return Dual (a.v - b.v, a.d - b.d); }
  friend __device__ Dual operator* (Dual a, Dual b) { return Dual (a.v * b.v, a.d * b.v + a.v * b.d); }
  /* By a constant: the tangent does not read the value, which is then not worked out where nobody else does. */
  friend __device__ Dual operator* (Dual a, T b) { return Dual (a.v * b, a.d * b); }
  friend __device__ Dual operator* (T a, Dual b) { return b * a; }
  friend __device__ Dual
  operator/ (Dual a, Dual b)
  {
    const T q = a.v / b.v;

    return Dual (q, (a.d - q * b.d) / b.v);
  }
  __device__ Dual &operator+= (Dual b) { return *this = *this + b; }
};

template <class S> struct BaseOf { typedef S type; static const bool is_dual = false; };
template <class T> struct BaseOf<Dual<T>> { typedef T type; static const bool is_dual = true; };
template <class S> using Base = typename BaseOf<S>::type;

static __device__ inline float value_of (float x) { return x; }
static __device__ inline double value_of (double x) { return x; }
template <class T> static __device__ inline T value_of (Dual<T> x) { return x.v; }

/* sum + a b, in the order that leaves one multiply-add for each product. */
static __device__ inline float add_product (float sum, float a, float b) { return sum + a * b; }
static __device__ inline double add_product (double sum, double a, double b) { return sum + a * b; }
template <class T>
static __device__ inline Dual<T>
add_product (Dual<T> sum, Dual<T> a, Dual<T> b)
{
  return Dual<T> (sum.v + a.v * b.v, sum.d + a.d * b.v + a.v * b.d);
}

static __device__ inline float exp_of (float x) { return expf (x); }
static __device__ inline double exp_of (double x) { return exp (x); }
static __device__ inline float log_of (float x) { return logf (x); }
static __device__ inline double log_of (double x) { return log (x); }
static __device__ inline float log1p_of (float x) { return log1pf (x); }
static __device__ inline double log1p_of (double x) { return log1p (x); }
static __device__ inline float expm1_of (float x) { return expm1f (x); }
static __device__ inline double expm1_of (double x) { return expm1 (x); }
static __device__ inline float sqrt_of (float x) { return sqrtf (x); }
static __device__ inline double sqrt_of (double x) { return sqrt (x); }
static __device__ inline float tanh_of (float x) { return tanhf (x); }
static __device__ inline double tanh_of (double x) { return tanh (x); }
static __device__ inline float erf_of (float x) { return erff (x); }
static __device__ inline double erf_of (double x) { return erf (x); }
/* 1 / (1 + e^-x) */
template <class T> static __device__ inline T sigmoid_of (T x) { return 1 / (1 + exp_of (-x)); }
/* log (1 + e^x); a NaN comes through the exponential */
template <class T> static __device__ inline T softplus_of (T x) { return (x > 0 ? x : T (0)) + log1p_of (exp_of (x > 0 ? -x : x)); }

template <class T>
static __device__ inline Dual<T>
exp_of (Dual<T> x)
{
  const T e = exp_of (x.v);

  return Dual<T> (e, e * x.d);
}

template <class T>
static __device__ inline Dual<T>
log_of (Dual<T> x)
{
  return Dual<T> (log_of (x.v), x.d / x.v);
}

template <class T>
static __device__ inline Dual<T>
sqrt_of (Dual<T> x)
{
  const T root = sqrt_of (x.v);

  return Dual<T> (root, x.d / (2 * root));
}

template <class T>
static __device__ inline Dual<T>
tanh_of (Dual<T> x)
{
  const T t = tanh_of (x.v);

  return Dual<T> (t, (1 - t) * (1 + t) * x.d);
}

template <class T>
static __device__ inline Dual<T>
erf_of (Dual<T> x)
{
  return Dual<T> (erf_of (x.v), T (1.12837916709551257390) * exp_of (-x.v * x.v) * x.d);         /* 2 / sqrt (pi) */
}

template <class T>
static __device__ inline Dual<T>
sigmoid_of (Dual<T> x)
{
  const T s = sigmoid_of (x.v);

  return Dual<T> (s, s * sigmoid_of (-x.v) * x.d);
}

template <class T>
static __device__ inline Dual<T>
softplus_of (Dual<T> x)
{
  return Dual<T> (softplus_of (x.v), sigmoid_of (x.v) * x.d);
}
