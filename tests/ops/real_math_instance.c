/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real_math_instance.c: loops over the functions of real_math.h, compiled with the kernels' own flags once per instruction set, so that
 * the test sees what the ops run: reordered, contracted and vectorised. */
#include "ops/real_math.h"

#include "real_math_instance.h"

#define PASTE(name, isa) name##_##isa
#define EXPAND(name, isa) PASTE (name, isa)

#define LOOP(real, function, type)                                                                                      \
  static void                                                                                                           \
  loop_##function##_##type (real *restrict y, const real *restrict x, gsize n)                                          \
  {                                                                                                                     \
    for (gsize i = 0; i < n; i++)                                                                                       \
      y[i] = assay_##function##_##type (x[i]);                                                                          \
  }

LOOP (float, exp, f32)
LOOP (float, tanh, f32)
LOOP (float, erf, f32)
LOOP (double, exp, f64)
LOOP (double, tanh, f64)

const RealMathLoops EXPAND (real_math_loops, ASSAY_ISA) = { loop_exp_f32, loop_tanh_f32, loop_erf_f32, loop_exp_f64, loop_tanh_f64 };
