/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm_kernel.c: the register tiles of each instruction set. Compiled once for each with -DASSAY_ISA, and once more with -DASSAY_GEMM_DOT for processors that
 * add two products of bf16 in one instruction. */
#include "tensor/gemm_kernel.h"

#include <stdlib.h>
#include <string.h>
#ifdef ASSAY_GEMM_DOT
#include <immintrin.h>
#endif

#if defined (__AVX512F__)
#define VECTOR_BYTES 64
#define MR 8                    /* 16 of 32 registers hold sums: enough to hide the latency of two multiply-adds a cycle */
#ifdef ASSAY_GEMM_DOT
#define KC ASSAY_GEMM_RUN_MOST  /* of numbers of half the size */
#else
#define KC ASSAY_GEMM_RUN_LEAST /* a panel of B stays in the first-level cache */
#endif
#elif defined (__AVX__)
#define VECTOR_BYTES 32
#define MR 6                    /* 12 of 16 */
#define KC ASSAY_GEMM_RUN_MOST
#else
#define VECTOR_BYTES 16
#define MR 4                    /* 8 of 16 */
#define KC ASSAY_GEMM_RUN_LEAST
#endif

#define MC (MR * 16)            /* a packed block of A stays in the second-level cache beside a panel of B */
#define NC 2048
#define NC_FEW 256
#define AHEAD 8                 /* lines of a factor that are asked for before they are packed: they lie too far apart for the processor to guess */
#define APART 16                /* elements between rows that were copied, for the same reason */

#ifndef ASSAY_GEMM_DOT

#define REAL float
#define LANES (VECTOR_BYTES / 4)
#define FN(name) name##_f32
#include "tensor/gemm_kernel.inc"
#undef REAL
#undef LANES
#undef FN

#define REAL double
#define LANES (VECTOR_BYTES / 8)
#define FN(name) name##_f64
#include "tensor/gemm_kernel.inc"
#undef REAL
#undef LANES
#undef FN

#endif

#define BF16
#define REAL float
#define LANES (VECTOR_BYTES / 4)
#define FN(name) name##_bf16
#include "tensor/gemm_kernel.inc"

#define PASTE(isa) assay_gemm_kernels_##isa
#define EXPAND(isa) PASTE (isa)

const AssayGemmKernels EXPAND (ASSAY_ISA) = {
  .columns = 2 * LANES,
#ifndef ASSAY_GEMM_DOT
  .f32 = gemm_f32, .f64 = gemm_f64,
#endif
  .bf16 = gemm_bf16,
};
