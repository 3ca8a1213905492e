/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm.c: the one door to the BLAS. */
#include "tensor/gemm.h"

#include <cblas.h>

/* OpenBLAS says these in cblas.h only in some packagings. */
extern char *openblas_get_corename (void);
extern void openblas_set_num_threads (int n);

#define SMALL (1 << 20)         /* multiply-adds below which one block is faster than waking the crew */

typedef struct {
  gboolean ta, tb, accumulate;
  gint64 M, N, K, lda, ldb, ldc;
  double alpha;
  const char *A, *B;
  char *C;
  gsize width;
  gboolean by_rows;
  gint64 step;                  /* rows or columns of C in a block */
  void (*block) (const void *product, gint64 m0, gint64 m1, gint64 n0, gint64 n1);
} Product;

static const char *
at (const char *base, gsize width, gboolean transposed, gint64 row, gint64 column, gint64 stride)
{
  return base + width * (transposed ? column * stride + row : row * stride + column);
}

#define BLOCK(suffix, type, call, ALPHA, BETA)                                                                          \
  static void                                                                                                           \
  block_##suffix (const void *product, gint64 m0, gint64 m1, gint64 n0, gint64 n1)                                      \
  {                                                                                                                     \
    const Product *p = product;                                                                                         \
    type one_alpha = (type) p->alpha, beta = p->accumulate;                                                             \
    const type *A = (const void *) at (p->A, p->width, p->ta, m0, 0, p->lda);                                           \
    const type *B = (const void *) at (p->B, p->width, p->tb, 0, n0, p->ldb);                                           \
    type *C = (void *) at (p->C, p->width, FALSE, m0, n0, p->ldc);                                                      \
                                                                                                                        \
    call (CblasRowMajor, p->ta ? CblasTrans : CblasNoTrans, p->tb ? CblasTrans : CblasNoTrans, m1 - m0, n1 - n0, p->K,  \
          ALPHA, A, p->lda, B, p->ldb, BETA, C, p->ldc);                                                                \
  }

BLOCK (f32, float, cblas_sgemm, one_alpha, beta)
BLOCK (f64, double, cblas_dgemm, one_alpha, beta)
BLOCK (c128, double complex, cblas_zgemm, &one_alpha, &beta)

static void
run_block (gsize index, guint worker, gpointer data)
{
  const Product *p = data;
  gint64 first = (gint64) index * p->step;

  (void) worker;
  if (p->by_rows)
    p->block (p, first, MIN (first + p->step, p->M), 0, p->N);
  else
    p->block (p, 0, p->M, first, MIN (first + p->step, p->N));
}

static void
multiply (AssayWorkers *workers, Product *p)
{
  static gsize once;
  gint64 longer = MAX (p->M, p->N);

  if (g_once_init_enter (&once))
    {
      openblas_set_num_threads (1);                               /* our workers share out the blocks */
      g_once_init_leave (&once, 1);
    }
  if (p->M == 0 || p->N == 0)
    return;
  p->by_rows = p->M >= p->N;
  p->step = longer;
  if ((double) p->M * p->N * p->K > SMALL)                        /* about eight blocks of at least 64 lines */
    p->step = MAX (64, (longer / 8 + 63) / 64 * 64);
  assay_workers_run (workers, (longer + p->step - 1) / p->step, run_block, p);
}

#define PRODUCT(suffix)                                                                                                 \
  Product p = { .ta = ta, .tb = tb, .accumulate = accumulate, .M = M, .N = N, .K = K, .lda = lda, .ldb = ldb, .ldc = ldc, \
                .alpha = alpha, .A = (const char *) A, .B = (const char *) B, .C = (char *) C, .width = sizeof *C,      \
                .block = block_##suffix };                                                                              \
  multiply (workers, &p)

void
assay_gemm_f32 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                const float *A, gint64 lda, const float *B, gint64 ldb, gboolean accumulate, float *C, gint64 ldc)
{
  PRODUCT (f32);
}

void
assay_gemm_f64 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                const double *A, gint64 lda, const double *B, gint64 ldb, gboolean accumulate, double *C, gint64 ldc)
{
  PRODUCT (f64);
}

void
assay_gemm_c128 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                 const double complex *A, gint64 lda, const double complex *B, gint64 ldb, gboolean accumulate,
                 double complex *C, gint64 ldc)
{
  PRODUCT (c128);
}

const char *
assay_gemm_get_core_name (void)
{
  return openblas_get_corename ();
}
