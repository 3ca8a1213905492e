/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm.h: matrix products C = alpha op(A) op(B) (+ C), row-major, shared out to our own workers in blocks of C.
 *
 * Letters: op(A) (M,K), op(B) (K,N), C (M,N); lda, ldb, ldc row strides in elements; ta: A is stored (K,M); tb: B is stored (N,K).
 * Numerics: in f32 and f64 an element is summed over k in ascending order in a fixed pattern, whatever M, N, the crew or its neighbours: the
 * same bits for any number of threads and any batch around a row.
 * bf16: A and B are rounded to bf16 (to nearest, ties to even) on the way in; each product is then exact in f32, and sums, alpha and C are f32 with the
 * promise above. An element is off by at most (2^-7 + 2^-16) sum_k |a| |b| more than that of f32. Between instruction sets bits may differ, and between
 * processors with and without an instruction for two products of bf16 (assay_isa_has_dot_products), which takes subnormal numbers for zeros.
 * Cost: 2 M N K flops (four times that for c128, which serves the oracle). Packing buffers are one per thread, made once.
 * Source: our own kernels (gemm_kernel.inc) were measured beside OpenBLAS and oneDNN: equal or faster on the shapes that matter, and
 * neither promises the bits above. bench/gemm.c repeats the measurement.
 */
#pragma once

#include "base/workers.h"

#include <complex.h>
#undef I                        /* a shape letter here; use CMPLX */

void assay_gemm_f32  (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                      const float *A, gint64 lda, const float *B, gint64 ldb, gboolean accumulate, float *C, gint64 ldc);
void assay_gemm_bf16 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                      const float *A, gint64 lda, const float *B, gint64 ldb, gboolean accumulate, float *C, gint64 ldc);
void assay_gemm_f64  (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                      const double *A, gint64 lda, const double *B, gint64 ldb, gboolean accumulate, double *C, gint64 ldc);
void assay_gemm_c128 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                      const double complex *A, gint64 lda, const double complex *B, gint64 ldb, gboolean accumulate,
                      double complex *C, gint64 ldc);

/* The kernel family that OpenBLAS chose for this processor ("SkylakeX"): it serves LAPACK and the oracle. */
const char *assay_gemm_get_core_name (void);
