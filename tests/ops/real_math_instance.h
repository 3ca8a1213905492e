/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real_math_instance.h: the functions of real_math.h as loops, one table per instruction set.
 *
 * Thread rule: constant tables of pure functions.
 */
#pragma once

#include <glib.h>

typedef void (*RealMathLoop) (float *restrict y, const float *restrict x, gsize n);

typedef void (*RealMathLoopF64) (double *restrict y, const double *restrict x, gsize n);

typedef struct { RealMathLoop exp, tanh, erf; RealMathLoopF64 exp_f64, tanh_f64; } RealMathLoops;

extern const RealMathLoops real_math_loops_baseline, real_math_loops_x86_64_v3, real_math_loops_x86_64_v4;
