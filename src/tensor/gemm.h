/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm.h: matrix products C = alpha op(A) op(B) (+ C), row-major, cut into blocks of C that depend on the sizes alone and are
 * shared out by our own workers; inside a block the BLAS runs on one thread. So the bits do not depend on the crew.
 *
 * Letters: op(A) (M,K), op(B) (K,N), C (M,N); lda, ldb, ldc row strides in elements; ta: A is stored (K,M).
 * Cost: 2 M N K flops (four times that for c128), no allocation of ours.
 * Source: the choice of BLAS inside own blocks was measured; bench/gemm.c repeats the measurement.
 */
#pragma once

#include "base/workers.h"

#include <complex.h>
#undef I                        /* a shape letter here; use CMPLX */

void assay_gemm_f32  (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                      const float *A, gint64 lda, const float *B, gint64 ldb, gboolean accumulate, float *C, gint64 ldc);
void assay_gemm_f64  (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                      const double *A, gint64 lda, const double *B, gint64 ldb, gboolean accumulate, double *C, gint64 ldc);
void assay_gemm_c128 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                      const double complex *A, gint64 lda, const double complex *B, gint64 ldb, gboolean accumulate,
                      double complex *C, gint64 ldc);

/* The kernel family that the BLAS chose for this processor ("SkylakeX"); it is part of what a result's bits depend on. */
const char *assay_gemm_get_core_name (void);
