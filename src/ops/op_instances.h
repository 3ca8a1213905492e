/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_instances.h: compiles OP_INC for float, double and double complex (the oracle, where only fwd and bwd exist).
 *
 *   #define OP_INC "ops/op_layernorm.inc"
 *   #include "ops/op_instances.h"
 *
 * Inside the .inc: REAL the scalar type, FN (name) the name with the type's suffix, EXP LOG SQRT TANH ERF of REAL, RE (x) the
 * real part as a double or float (the only thing that may be branched on), GEMM the matrix product, SCRATCH (call, worker) the
 * worker's scratch as REAL *. ORACLE is defined for the complex instance. No include guard: meant to be included once per op file.
 */
#include "ops/op_symbol.h"
#include "ops/real_math.h"
#include "tensor/gemm.h"

#include <complex.h>
#undef I                        /* a shape letter here; use CMPLX */
#include <math.h>

#define SCRATCH(call, worker) ((REAL *) (void *) ((call)->scratch + (worker) * (call)->scratch_bytes))

#define REAL float
#define FN(name) name##_f32
#define EXP assay_exp_f32
#define LOG logf
#define SQRT sqrtf
#define TANH assay_tanh_f32
#define ERF assay_erf_f32
#define RE(x) (x)
#define GEMM assay_gemm_f32
#include OP_INC
#include "ops/op_reset.h"

#define REAL double
#define FN(name) name##_f64
#define EXP exp
#define LOG log
#define SQRT sqrt
#define TANH tanh
#define ERF erf
#define RE(x) (x)
#define GEMM assay_gemm_f64
#include OP_INC
#include "ops/op_reset.h"

#define ORACLE
#define REAL double complex
#define FN(name) name##_c128
#define EXP cexp
#define LOG clog
#define SQRT csqrt
#define TANH ctanh
#define ERF assay_erf_c128
#define RE(x) creal (x)
#define GEMM assay_gemm_c128
#include OP_INC
#include "ops/op_reset.h"
#undef ORACLE
