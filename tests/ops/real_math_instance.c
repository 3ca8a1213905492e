/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real_math_instance.c: loops over the float functions, compiled with the kernels' own flags once per instruction set, so that
 * the test sees what the ops run: reordered, contracted and vectorised. */
#include "ops/real_math.h"

#include "real_math_instance.h"

#define PASTE(name, isa) name##_##isa
#define EXPAND(name, isa) PASTE (name, isa)

#define LOOP(function)                                                                                                  \
  static void                                                                                                           \
  loop_##function (float *restrict y, const float *restrict x, gsize n)                                                 \
  {                                                                                                                     \
    for (gsize i = 0; i < n; i++)                                                                                       \
      y[i] = assay_##function##_f32 (x[i]);                                                                             \
  }

LOOP (exp)
LOOP (tanh)
LOOP (erf)

const RealMathLoops EXPAND (real_math_loops, ASSAY_ISA) = { loop_exp, loop_tanh, loop_erf };
