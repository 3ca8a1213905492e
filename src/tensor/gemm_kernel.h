/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm_kernel.h: the inner matrix product of one block of C on one thread, one function per type and instruction set.
 *
 *   C (M,N) = alpha op(A) op(B) (+ C)      op(A) (M,K), op(B) (K,N); ta: A is stored (K,M); tb: B is stored (N,K)
 *
 * Numerics: every element is a sum over k in ascending order, in runs of one length (by the instruction set; ASSAY_GEMM_RUN_LEAST to
 * ASSAY_GEMM_RUN_MOST), whatever M, N, the block or the neighbours: so a row's bits do not depend on which rows share its batch. Between
 * instruction sets bits may differ (runs; fused or separate rounding).
 * bf16: both factors are rounded to bf16 (to nearest, ties to even) as they are packed; a product of two is exact in f32, and sums are in f32 as above, two
 * products after each other where the processor adds them by one instruction (assay_gemm_kernels_x86_64_dot, which has no other type).
 * Thread rule: packing buffers are one per thread, made on its first product and kept.
 */
#pragma once

#include <glib.h>

#define ASSAY_GEMM_RUN_LEAST 256
#define ASSAY_GEMM_RUN_MOST 384
#define ASSAY_GEMM_PAGE 4096    /* bytes: rows that far apart would share lines of the first-level cache, and are copied together */

typedef void (*AssayGemmF32) (gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, float alpha, const float *A, gint64 lda,
                              const float *B, gint64 ldb, gboolean accumulate, float *C, gint64 ldc);
typedef void (*AssayGemmF64) (gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha, const double *A, gint64 lda,
                              const double *B, gint64 ldb, gboolean accumulate, double *C, gint64 ldc);

typedef struct {
  gint64 columns;               /* of C that are computed side by side in f32, and half of them in f64: blocks of columns begin at multiples */
  AssayGemmF32 f32;
  AssayGemmF64 f64;
  AssayGemmF32 bf16;
} AssayGemmKernels;

extern const AssayGemmKernels assay_gemm_kernels_baseline, assay_gemm_kernels_x86_64_v3, assay_gemm_kernels_x86_64_v4,
  assay_gemm_kernels_x86_64_dot;
