/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peak.h: the limit of products on one core, for the sides that print how much of it they reached. Programs only. */
#pragma once

#include "bench/case_dir.h"

/* The processor's float peak on one core: independent multiply-adds in registers. */
#if defined (__x86_64__)
#define DEFINE_PEAK(name, features, bytes)                                                                              \
  __attribute__ ((target (features))) static double                                                                     \
  name (void)                                                                                                           \
  {                                                                                                                     \
    typedef float Lanes __attribute__ ((vector_size (bytes)));                                                          \
    Lanes a[12] = { { 0 } }, b, c;                                                                                      \
    double best = 0;                                                                                                    \
                                                                                                                        \
    for (gsize i = 0; i < bytes / sizeof (float); i++)                                                                  \
      b[i] = 0.999f, c[i] = 0.001f;                                                                                     \
    for (int repeat = 0; repeat < 5; repeat++)                                                                          \
      {                                                                                                                 \
        double start = seconds (CLOCK_PROCESS_CPUTIME_ID);                                                              \
                                                                                                                        \
        for (int n = 0; n < 4000000; n++)                                                                               \
          _Pragma ("GCC unroll 12")                                                                                     \
          for (int i = 0; i < 12; i++)                                                                                  \
            a[i] = a[i] * b + c;                                                                                        \
        best = MAX (best, 4e6 * 12 * 2 * (bytes / sizeof (float)) / (seconds (CLOCK_PROCESS_CPUTIME_ID) - start) / 1e9); \
      }                                                                                                                 \
    for (int i = 1; i < 12; i++)                                                                                        \
      a[0] += a[i];                                                                                                     \
    return a[0][0] < -1 ? 0 : best;     /* uses the sum, so that the loop stays */                                      \
  }

DEFINE_PEAK (measure_peak_avx2, "avx2,fma", 32)
DEFINE_PEAK (measure_peak_avx512, "avx512f,fma", 64)

static inline double
measure_peak (void)
{
  double narrow = __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") ? measure_peak_avx2 () : 0;

  return __builtin_cpu_supports ("avx512f") ? MAX (narrow, measure_peak_avx512 ()) : narrow;
}
#else
static inline double
measure_peak (void)
{
  return 0;
}
#endif
