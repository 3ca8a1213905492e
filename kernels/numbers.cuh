/* SPDX-License-Identifier: GPL-3.0-or-later */
/* numbers.cuh: how numbers of a rule are read and written, one or a pack of them: in f32 and f64 as they are, in bf16 (`narrow`) widened and rounded, to nearest even. */
#pragma once

#include "dual.cuh"
#include "matrix_unit.cuh"

#include <stdint.h>
#include <string.h>

static __device__ __forceinline__ float
widen (uint16_t x)
{
  const uint32_t bits = (uint32_t) x << 16;
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* Number i of x, which narrow makes one of bf16. */
static __device__ __forceinline__ float
load_number (const float *x, int64_t i, bool narrow)
{
  return narrow ? widen (((const uint16_t *) x)[i]) : x[i];
}
static __device__ __forceinline__ double load_number (const double *x, int64_t i, bool) { return x[i]; }

static __device__ __forceinline__ void
store_number (float *x, int64_t i, bool narrow, float value)
{
  if (narrow)
    ((uint16_t *) x)[i] = (uint16_t) round_to_bf16 (value, 0);
  else
    x[i] = value;
}
static __device__ __forceinline__ void store_number (double *x, int64_t i, bool, double value) { x[i] = value; }

/* What a thread has of neighbours: where a number is 2 bytes, one each would leave too few of them under way to keep the memory busy. */
template <class S>
struct Pack {
  static constexpr int N = sizeof (Base<S>) == 8 ? 1 : 4;

  S x[N];
};
template <class T> struct alignas (4 * sizeof (T)) FourStored { T x[4]; };

static __device__ __forceinline__ Pack<float>
load_pack (const float *x, int64_t i, bool narrow)
{
  Pack<float> pack;

  if (narrow)
    {
      const FourStored<uint16_t> stored = *(const FourStored<uint16_t> *) ((const uint16_t *) x + i);

#pragma unroll
      for (int k = 0; k < Pack<float>::N; k++)
        pack.x[k] = widen (stored.x[k]);
    }
  else
    {
      const FourStored<float> stored = *(const FourStored<float> *) (x + i);

#pragma unroll
      for (int k = 0; k < Pack<float>::N; k++)
        pack.x[k] = stored.x[k];
    }
  return pack;
}

static __device__ __forceinline__ void
store_pack (float *x, int64_t i, bool narrow, const Pack<float> &pack)
{
  if (narrow)
    {
      FourStored<uint16_t> stored;

#pragma unroll
      for (int k = 0; k < Pack<float>::N; k++)
        stored.x[k] = (uint16_t) round_to_bf16 (pack.x[k], 0);
      *(FourStored<uint16_t> *) ((uint16_t *) x + i) = stored;
    }
  else
    {
      FourStored<float> stored;

#pragma unroll
      for (int k = 0; k < Pack<float>::N; k++)
        stored.x[k] = pack.x[k];
      *(FourStored<float> *) (x + i) = stored;
    }
}

static __device__ __forceinline__ Pack<double> load_pack (const double *x, int64_t i, bool) { return { { x[i] } }; }
static __device__ __forceinline__ void store_pack (double *x, int64_t i, bool, const Pack<double> &pack) { x[i] = pack.x[0]; }

/* Whether packs of it can be read and written at once. */
static inline bool
takes_packs (const void *x)
{
  return (uintptr_t) x % 16 == 0;
}
