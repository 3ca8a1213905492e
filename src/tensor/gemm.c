/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm.c: shares a product out to the workers; real types through our own kernels, complex through the BLAS (its one door). */
#include "config.h"

#include "tensor/gemm.h"

#include "base/isa.h"
#include "tensor/gemm_kernel.h"

#include <cblas.h>

/* OpenBLAS declares these in cblas.h only in some packagings. */
extern char *openblas_get_corename (void);
extern void openblas_set_num_threads (int n);

#define SMALL (1 << 20)         /* multiply-adds below which waking the crew costs more than it brings */
#define SMALL_READ (1 << 17)    /* the same where each number is used a few times, so that reading it is the work */
#define FEW 8                   /* rows or columns */
#define PACKING 20              /* rows or columns that could be computed while the other factor of a block is packed */

typedef struct {
  gboolean ta, tb, accumulate;
  gint64 M, N, K, lda, ldb, ldc;
  double alpha;
  const char *A, *B;
  char *C;
  gsize width;
  gboolean rounds;              /* packs all of both factors */
  gboolean by_rows;
  gint64 step;                  /* rows or columns of C in a block */
  void (*block) (const void *product, gint64 m0, gint64 m1, gint64 n0, gint64 n1);
} Product;

static const AssayGemmKernels *
get_kernels (void)
{
#ifdef ASSAY_HAVE_X86
  static const AssayGemmKernels *const of[ASSAY_N_ISAS] = { &assay_gemm_kernels_baseline, &assay_gemm_kernels_x86_64_v3,
                                                            &assay_gemm_kernels_x86_64_v4 };
  return of[assay_isa_get ()];
#else
  return &assay_gemm_kernels_baseline;
#endif
}

/* The same, but for products of bf16. */
static const AssayGemmKernels *
get_low_kernels (void)
{
#ifdef ASSAY_HAVE_X86
  if (assay_isa_has_dot_products ())
    return &assay_gemm_kernels_x86_64_dot;
#endif
  return get_kernels ();
}

static const char *
at (const char *base, gsize width, gboolean transposed, gint64 row, gint64 column, gint64 stride)
{
  return base + width * (transposed ? column * stride + row : row * stride + column);
}

#define PARTS(type)                                                                                                     \
  const Product *p = product;                                                                                           \
  const type *A = (const void *) at (p->A, p->width, p->ta, m0, 0, p->lda);                                             \
  const type *B = (const void *) at (p->B, p->width, p->tb, 0, n0, p->ldb);                                             \
  type *C = (void *) at (p->C, p->width, FALSE, m0, n0, p->ldc)

static void
block_f32 (const void *product, gint64 m0, gint64 m1, gint64 n0, gint64 n1)
{
  PARTS (float);

  get_kernels ()->f32 (p->ta, p->tb, m1 - m0, n1 - n0, p->K, (float) p->alpha, A, p->lda, B, p->ldb, p->accumulate, C, p->ldc);
}

static void
block_bf16 (const void *product, gint64 m0, gint64 m1, gint64 n0, gint64 n1)
{
  PARTS (float);

  get_low_kernels ()->bf16 (p->ta, p->tb, m1 - m0, n1 - n0, p->K, (float) p->alpha, A, p->lda, B, p->ldb, p->accumulate, C, p->ldc);
}

static void
block_f64 (const void *product, gint64 m0, gint64 m1, gint64 n0, gint64 n1)
{
  PARTS (double);

  get_kernels ()->f64 (p->ta, p->tb, m1 - m0, n1 - n0, p->K, p->alpha, A, p->lda, B, p->ldb, p->accumulate, C, p->ldc);
}

static void
block_c128 (const void *product, gint64 m0, gint64 m1, gint64 n0, gint64 n1)
{
  PARTS (double complex);
  double complex alpha = p->alpha, beta = p->accumulate;

  cblas_zgemm (CblasRowMajor, p->ta ? CblasTrans : CblasNoTrans, p->tb ? CblasTrans : CblasNoTrans, m1 - m0, n1 - n0, p->K, &alpha, A,
               p->lda, B, p->ldb, &beta, C, p->ldc);
}

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

/* How long a crew takes for so many rows or columns in blocks of step, each of which packs the other factor anew where that must be packed. */
static double
estimate (gint64 size, gint64 step, guint crew, gboolean packs)
{
  gint64 blocks = (size + step - 1) / step;

  return (double) ((blocks + crew - 1) / crew) * (double) (MIN (step, size) + (packs ? PACKING : 0));
}

/* Cuts C across its rows or its columns, about two blocks for each of the crew. An element's bits do not depend on its block. */
static void
choose_blocks (Product *p, guint crew)
{
  gint64 columns = get_kernels ()->columns, rows_step = MAX (32, (p->M / (2 * crew) + 31) / 32 * 32);
  gint64 columns_step = ((p->N + columns - 1) / columns + 2 * crew - 1) / (2 * crew) * columns;
  gboolean packs_rows = p->rounds || p->ta || p->lda * p->width >= ASSAY_GEMM_PAGE;

  p->by_rows = estimate (p->M, rows_step, crew, TRUE) * (double) p->N < estimate (p->N, columns_step, crew, packs_rows) * (double) p->M;
  p->step = p->by_rows ? rows_step : columns_step;
}

static void
multiply (AssayWorkers *workers, Product *p)
{
  guint crew = assay_workers_get_count (workers);

  if (p->M == 0 || p->N == 0)
    return;
  if (crew > 1 && (double) p->M * (double) p->N * (double) p->K > (MIN (p->M, p->N) < FEW ? SMALL_READ : SMALL))
    choose_blocks (p, crew);
  else
    {
      p->by_rows = TRUE;
      p->step = p->M;
    }
  assay_workers_run (workers, ((p->by_rows ? p->M : p->N) + p->step - 1) / p->step, run_block, p);
}

#define PRODUCT(suffix)                                                                                                 \
  Product p = { .ta = ta, .tb = tb, .accumulate = accumulate, .M = M, .N = N, .K = K, .lda = lda, .ldb = ldb, .ldc = ldc, \
                .alpha = alpha, .A = (const char *) A, .B = (const char *) B, .C = (char *) C, .width = sizeof *C,      \
                .block = block_##suffix }

void
assay_gemm_f32 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                const float *A, gint64 lda, const float *B, gint64 ldb, gboolean accumulate, float *C, gint64 ldc)
{
  PRODUCT (f32);

  multiply (workers, &p);
}

void
assay_gemm_bf16 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                 const float *A, gint64 lda, const float *B, gint64 ldb, gboolean accumulate, float *C, gint64 ldc)
{
  PRODUCT (bf16);

  p.rounds = TRUE;
  multiply (workers, &p);
}

void
assay_gemm_f64 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                const double *A, gint64 lda, const double *B, gint64 ldb, gboolean accumulate, double *C, gint64 ldc)
{
  PRODUCT (f64);

  multiply (workers, &p);
}

void
assay_gemm_c128 (AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha,
                 const double complex *A, gint64 lda, const double complex *B, gint64 ldb, gboolean accumulate,
                 double complex *C, gint64 ldc)
{
  PRODUCT (c128);

  (void) workers;                                                 /* its bits may depend on the block: one block */
  openblas_set_num_threads (1);
  p.by_rows = TRUE;
  p.step = M;
  if (M > 0 && N > 0)
    run_block (0, 0, &p);
}

const char *
assay_gemm_get_core_name (void)
{
  return openblas_get_corename ();
}
