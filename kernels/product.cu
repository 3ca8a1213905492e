/* SPDX-License-Identifier: GPL-3.0-or-later */
/* product.cu: matrix products by cuBLASLt, in f64, f32, and f32 of factors rounded to tf32 or bf16.
 *
 * How cuBLASLt goes about a product (its "algorithm": tile, stages, order of the sum) is chosen once for a kind of product and kept. Where M is a number of
 * examples or positions, it is chosen for ROWS of them, whatever M is, and must not split the sum: then a row's bits do not depend on how many there are.
 * Where N is such a number, too, it is chosen for COLUMNS of them.
 * Where it has no such way for an M, a kernel of our own makes the product, for which the same holds.
 * Factors in bf16 that are not stored so are rounded here, to nearest even, into matrices whose rows are aligned as the matrix units like them; those whose rows are not
 * aligned are copied into such ones, and so are results in bf16 out of them.
 * Source: cuBLAS documentation, cublasLtMatmul.
 */
#include "platform.cuh"

#include "op.cuh"

#include <stdlib.h>
#include <string.h>

#define ROWS 4096                               /* of M, for which ways are chosen that serve every M */
#define COLUMNS 512                             /* of N, likewise */
#define MATRICES 16                             /* of a batch of products, likewise */
#define WORKSPACE ((size_t) 32 << 20)           /* bytes that a way may need; what Hopper's are made for */

/* What a kind of product is known by. Plain bytes, compared as such. */
struct Key {
  int32_t type, compute, ta, tb, is_batch, has_bias, is_narrow, align_A, align_B, align_C, rows_are_free, columns_are_free;
  int64_t M, N, K, lda, ldb, ldc;
};

struct AssayProductWay {
  Key key;
  cublasLtMatmulAlgo_t algo;
  size_t workspace;
  bool is_there;                                /* cuBLASLt has one */
  AssayProductWay *next;
};

static const AssayProductWay no_way = {};

static int multiply_there (AssayCudaContext *context, const AssayCudaProduct *p, AssayCudaFailure *failure);

static cudaDataType
storage (const AssayCudaProduct *p)
{
  return p->type == ASSAY_CUDA_F64 ? CUDA_R_64F : p->compute == ASSAY_CUDA_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

static cublasComputeType_t
compute_type (const AssayCudaProduct *p)
{
  if (p->type == ASSAY_CUDA_F64)
    return CUBLAS_COMPUTE_64F;
  return p->compute == ASSAY_CUDA_FULL ? CUBLAS_COMPUTE_32F_PEDANTIC : p->compute == ASSAY_CUDA_TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

static cudaDataType
result_storage (const AssayCudaProduct *p)
{
  return p->type == ASSAY_CUDA_F64 ? CUDA_R_64F : p->C_is_narrow ? CUDA_R_16BF : CUDA_R_32F;
}

static size_t
width (AssayCudaType type, bool is_narrow)
{
  return type == ASSAY_CUDA_F64 ? sizeof (double) : is_narrow ? sizeof (uint16_t) : sizeof (float);
}

/* --- descriptors: cuBLASLt counts by columns, so that C' = op (B)' op (A)' --------------------------------------------------- */

struct Descriptors {
  cublasLtMatmulDescOpaque_t product;
  cublasLtMatrixLayoutOpaque_t A, B, C;
};

static int
describe_matrix (cublasLtMatrixLayout_t layout, cudaDataType type, int64_t rows, int64_t columns, int64_t ld, int64_t batch, int64_t apart)
{
  const int32_t n = (int32_t) batch;
  int status = cublasLtMatrixLayoutInit (layout, type, (uint64_t) columns, (uint64_t) rows, ld);

  if (status == 0 && batch > 1)
    status = cublasLtMatrixLayoutSetAttribute (layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &n, sizeof n);
  if (status == 0 && batch > 1)
    status = cublasLtMatrixLayoutSetAttribute (layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &apart, sizeof apart);
  return status;
}

/* As many rows, columns and products as ways are chosen for. */
static AssayCudaProduct
get_chosen (const AssayCudaProduct *p)
{
  AssayCudaProduct chosen = *p;

  if (p->rows_are_free)
    chosen.M = ROWS;
  if (p->columns_are_free)
    {
      chosen.N = chosen.ldc = COLUMNS;
      chosen.ldb = p->tb ? p->ldb : COLUMNS;
    }
  chosen.batch = p->batch > 1 || p->batch_is_free ? MATRICES : 1;
  return chosen;
}

static int
describe (const AssayCudaProduct *p, Descriptors *d)
{
  const int32_t op_a = p->ta ? CUBLAS_OP_T : CUBLAS_OP_N, op_b = p->tb ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
  int status = cublasLtMatmulDescInit (&d->product, compute_type (p), p->type == ASSAY_CUDA_F64 ? CUDA_R_64F : CUDA_R_32F);

  if (status == 0)
    status = cublasLtMatmulDescSetAttribute (&d->product, CUBLASLT_MATMUL_DESC_TRANSA, &op_b, sizeof op_b);
  if (status == 0)
    status = cublasLtMatmulDescSetAttribute (&d->product, CUBLASLT_MATMUL_DESC_TRANSB, &op_a, sizeof op_a);
  if (status == 0 && p->bias != NULL)
    status = cublasLtMatmulDescSetAttribute (&d->product, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
  if (status == 0 && p->bias != NULL)
    status = cublasLtMatmulDescSetAttribute (&d->product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &p->bias, sizeof p->bias);
  if (status == 0 && p->bias != NULL && p->batch > 1)
    status = cublasLtMatmulDescSetAttribute (&d->product, CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, &p->apart_bias, sizeof p->apart_bias);
  if (status == 0)
    status = p->ta ? describe_matrix (&d->A, storage (p), p->K, p->M, p->lda, p->batch, p->apart_A) : describe_matrix (&d->A, storage (p), p->M, p->K, p->lda, p->batch, p->apart_A);
  if (status == 0)
    status = p->tb ? describe_matrix (&d->B, storage (p), p->N, p->K, p->ldb, p->batch, p->apart_B) : describe_matrix (&d->B, storage (p), p->K, p->N, p->ldb, p->batch, p->apart_B);
  return status == 0 ? describe_matrix (&d->C, result_storage (p), p->M, p->N, p->ldc, p->batch, p->apart_C) : status;
}

/* --- ways ------------------------------------------------------------------------------------------------------------------ */

/* The largest power of two up to 16 that divides address and rows. */
static int32_t
alignment (const void *address, int64_t ld, int64_t apart, size_t each)
{
  const uintptr_t bits = (uintptr_t) address | (uintptr_t) ((uint64_t) ld * each) | (uintptr_t) ((uint64_t) apart * each) | 16;

  return (int32_t) (bits & -bits);
}

static Key
get_key (const AssayCudaProduct *p)
{
  const size_t each = width (p->type, p->compute == ASSAY_CUDA_BF16);
  const AssayCudaProduct chosen = get_chosen (p);
  Key key;

  memset (&key, 0, sizeof key);
  key.type = p->type;
  key.compute = p->compute;
  key.ta = p->ta;
  key.tb = p->tb;
  key.is_batch = chosen.batch > 1;
  key.has_bias = p->bias != NULL;
  key.is_narrow = p->C_is_narrow;
  key.align_A = alignment (p->A, p->lda, p->apart_A, each);
  key.align_B = alignment (p->B, p->ldb, p->apart_B, each);
  key.align_C = alignment (p->C, p->ldc, p->apart_C, width (p->type, p->C_is_narrow));
  key.rows_are_free = p->rows_are_free;
  key.columns_are_free = p->columns_are_free;
  key.M = chosen.M;
  key.N = chosen.N;
  key.K = p->K;
  key.lda = p->ta && p->rows_are_free ? 0 : p->lda;
  key.ldb = chosen.ldb;
  key.ldc = chosen.ldc;
  return key;
}

static int
choose (AssayCudaContext *context, const AssayCudaProduct *p, AssayProductWay *way, AssayCudaFailure *failure)
{
  /* A sum may be split where nobody else's rows share the choice; the parts are then added in their order. */
  const uint32_t reductions = p->rows_are_free || p->columns_are_free ? CUBLASLT_REDUCTION_SCHEME_NONE : CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  const uint32_t align[] = { (uint32_t) way->key.align_B, (uint32_t) way->key.align_A, (uint32_t) way->key.align_C };
  const size_t workspace = WORKSPACE;
  cublasLtMatmulPreferenceOpaque_t preference;
  cublasLtMatmulHeuristicResult_t found = {};
  const AssayCudaProduct chosen = get_chosen (p);
  Descriptors d;
  int n = 0, status = describe (&chosen, &d);

  if (status == 0)
    status = cublasLtMatmulPreferenceInit (&preference);
  if (status == 0)
    status = cublasLtMatmulPreferenceSetAttribute (&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace);
  if (status == 0)
    status = cublasLtMatmulPreferenceSetAttribute (&preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reductions, sizeof reductions);
  for (int k = 0; status == 0 && k < 3; k++)
    {
      static const cublasLtMatmulPreferenceAttributes_t which[] = { CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                                                                    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES };

      status = cublasLtMatmulPreferenceSetAttribute (&preference, which[k], &align[k], sizeof align[k]);
    }
  if (status == 0)
    status = cublasLtMatmulPreferenceSetAttribute (&preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &align[2], sizeof align[2]);
  if (status == 0)
    {
      status = cublasLtMatmulAlgoGetHeuristic (context->blas, &d.product, &d.B, &d.A, &d.C, &d.C, &preference, 1, &found, &n);
      if (status == CUBLAS_STATUS_NOT_SUPPORTED)
        status = n = 0;
    }
  if (!assay_cuda_check_blas (context, (cublasStatus_t) status, "how to make a product", failure))
    return 0;
  way->is_there = n > 0 && found.state == CUBLAS_STATUS_SUCCESS;
  way->algo = found.algo;
  way->workspace = found.workspaceSize;
  return 1;
}

static const AssayProductWay *
get_way (AssayCudaContext *context, const AssayCudaProduct *p, AssayCudaFailure *failure)
{
  const Key key = get_key (p);
  AssayProductWay *way;

  for (way = context->ways; way != NULL; way = way->next)
    if (memcmp (&way->key, &key, sizeof key) == 0)
      return way;
  way = (AssayProductWay *) calloc (1, sizeof *way);
  if (way == NULL)
    {
      assay_cuda_fail (failure, ASSAY_CUDA_NO_MEMORY, "out of memory");
      return NULL;
    }
  way->key = key;
  if (!choose (context, p, way, failure))
    {
      free (way);
      return NULL;
    }
  way->next = context->ways;
  context->ways = way;
  return way;
}

void
assay_cuda_free_ways (AssayCudaContext *context)
{
  AssayProductWay *next;

  for (AssayProductWay *way = context->ways; way != NULL; way = next)
    {
      next = way->next;
      free (way);
    }
  context->ways = NULL;
}

/* --- our own: a block has 32 x 32 results, a thread four of them below each other ------------------------------------------- */

#define TILE 32
#define SLAB 16

template <class T>
static __global__ void __launch_bounds__ (TILE * TILE / 4)
multiply_tiles (AssayCudaProduct p)
{
  __shared__ T a[TILE][SLAB + 1], b[SLAB][TILE + 1];
  const int64_t across = (p.N + TILE - 1) / TILE, down = (p.M + TILE - 1) / TILE, e = blockIdx.x / (across * down), tile = blockIdx.x % (across * down);
  const int64_t first_row = tile / across * TILE, first_column = tile % across * TILE;
  const T *A = (const T *) p.A + e * p.apart_A, *B = (const T *) p.B + e * p.apart_B;
  T *C = (T *) p.C + e * p.apart_C, sum[4] = { 0, 0, 0, 0 };
  const int row = threadIdx.x / TILE * 4, column = threadIdx.x % TILE;

  for (int64_t at = 0; at < p.K; at += SLAB)
    {
      for (int i = threadIdx.x; i < TILE * SLAB; i += blockDim.x)
        {
          const int64_t m = first_row + i / SLAB, k = at + i % SLAB, l = at + i / TILE, n = first_column + i % TILE;

          a[i / SLAB][i % SLAB] = m < p.M && k < p.K ? A[p.ta ? k * p.lda + m : m * p.lda + k] : T (0);
          b[i / TILE][i % TILE] = n < p.N && l < p.K ? B[p.tb ? n * p.ldb + l : l * p.ldb + n] : T (0);
        }
      __syncthreads ();
      for (int k = 0; k < SLAB; k++)
        for (int i = 0; i < 4; i++)
          sum[i] += a[row + i][k] * b[k][column];
      __syncthreads ();
    }
  for (int i = 0; i < 4; i++)
    {
      const int64_t m = first_row + row + i, n = first_column + column;

      if (m < p.M && n < p.N)
        C[m * p.ldc + n] = (T) p.alpha * sum[i] + (p.beta != 0 ? (T) p.beta * C[m * p.ldc + n] : T (0)) + (p.bias != NULL ? ((const T *) p.bias)[e * p.apart_bias + n] : T (0));
    }
}

int
assay_cuda_multiply_plain (AssayCudaContext *context, const AssayCudaProduct *p, AssayCudaFailure *failure)
{
  const int64_t blocks = (p->N + TILE - 1) / TILE * ((p->M + TILE - 1) / TILE) * p->batch;

  if (p->compute != ASSAY_CUDA_FULL || blocks > INT32_MAX)
    return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "cuBLASLt has no product of %lld x %lld x %lld in this precision; compute in full",
                            (long long) p->M, (long long) p->N, (long long) p->K);
  if (p->type == ASSAY_CUDA_F64)
    ASSAY_LAUNCH (multiply_tiles<double>, (unsigned) blocks, TILE * TILE / 4, 0, context->stream, *p);
  else
    ASSAY_LAUNCH (multiply_tiles<float>, (unsigned) blocks, TILE * TILE / 4, 0, context->stream, *p);
  return assay_cuda_check_launch (context, "product by tiles", failure);
}

/* --- a product ------------------------------------------------------------------------------------------------------------- */

struct SpreadBias {
  AssayCudaType type;
  int64_t M, N, ldc, apart_C, apart_bias;
  double beta;
  const void *bias;
  void *C;
  bool C_is_narrow, bias_is_narrow;

  template <class T>
  __device__ void
  spread (const T *b, T *c, int64_t i) const
  {
    const int64_t row = i / N, e = row / M, at = e * apart_C + row % M * ldc + i % N;

    store_number (c, at, C_is_narrow, load_number (b, e * apart_bias + i % N, bias_is_narrow) + (beta != 0 ? (T) beta * load_number (c, at, C_is_narrow) : T (0)));
  }
  __device__ void
  operator() (int64_t i) const
  {
    if (type == ASSAY_CUDA_F64)
      spread ((const double *) bias, (double *) C, i);
    else
      spread ((const float *) bias, (float *) C, i);
  }
};

/* C <- beta C + bias first, then the product is added to it: where cuBLASLt does not add the bias itself. */
static int
multiply_onto_bias (AssayCudaContext *context, const AssayCudaProduct *product, AssayCudaFailure *failure)
{
  const Scope scope = { context, NULL, failure };
  AssayCudaProduct p = *product;

  p.bias = NULL;
  p.beta = 1;
  return run_elements (scope, "bias of a product", p.batch * p.M * p.N,
                       SpreadBias { p.type, p.M, p.N, p.ldc, p.apart_C, p.apart_bias, product->beta, product->bias, p.C, p.C_is_narrow, p.bias_is_narrow })
         && multiply_there (context, &p, failure);
}

/* It reads a bias in packs of 16 bytes, of the result's type, and has none of doubles. */
static bool
takes_bias (const AssayCudaProduct *p)
{
  return p->type != ASSAY_CUDA_F64 && p->bias_is_narrow == p->C_is_narrow
         && ((uintptr_t) p->bias | (uintptr_t) p->apart_bias * width (p->type, p->bias_is_narrow)) % 16 == 0;
}

int
assay_cuda_get_workspace (AssayCudaContext *context, AssayCudaFailure *failure)
{
  return context->workspace != NULL || assay_cuda_alloc (context, WORKSPACE, &context->workspace, failure);
}

static int
multiply_there (AssayCudaContext *context, const AssayCudaProduct *p, AssayCudaFailure *failure)
{
  const AssayProductWay *way = p->bias == NULL || takes_bias (p) ? get_way (context, p, failure) : &no_way;
  const float alpha = (float) p->alpha, beta = (float) p->beta;
  const bool is_f64 = p->type == ASSAY_CUDA_F64;
  const void *a = is_f64 ? (const void *) &p->alpha : &alpha, *b = is_f64 ? (const void *) &p->beta : &beta;
  cublasLtMatmulHeuristicResult_t checked = {};
  Descriptors d;

  if (way == NULL || !assay_cuda_check_blas (context, (cublasStatus_t) describe (p, &d), "a product's matrices", failure))
    return 0;
  if (!way->is_there && p->bias != NULL)
    return multiply_onto_bias (context, p, failure);
  if (!way->is_there
      || ((p->rows_are_free || p->columns_are_free || p->batch_is_free)
          && (cublasLtMatmulAlgoCheck (context->blas, &d.product, &d.B, &d.A, &d.C, &d.C, &way->algo, &checked) != CUBLAS_STATUS_SUCCESS || checked.workspaceSize > WORKSPACE)))
    return assay_cuda_multiply_plain (context, p, failure);
  if ((way->workspace > 0 || checked.workspaceSize > 0) && !assay_cuda_get_workspace (context, failure))
    return 0;
  return assay_cuda_check_blas (context, cublasLtMatmul (context->blas, &d.product, a, p->B, &d.B, p->A, &d.A, b, p->C, &d.C, p->C, &d.C, &way->algo, context->workspace,
                                                         context->workspace != NULL ? WORKSPACE : 0, context->stream), "matrix product", failure);
}

#define PIECE 1024              /* columns that a warp rounds: no division for each */

/* Matrices, one after another, in bf16. */
struct RoundToBf16 {
  const float *x;
  bool is_narrow;               /* x: in bf16 already */
  uint16_t *y;
  int64_t rows, columns, ld, apart, to_ld, to_apart;    /* of each of them */

  __device__ void
  operator() (int64_t piece, int lane) const
  {
    const int64_t across = (columns + PIECE - 1) / PIECE, row = piece / across, first = piece % across * PIECE, e = row / rows;
    const int64_t from = e * apart + row % rows * ld, to = e * to_apart + row % rows * to_ld, end = first + PIECE < columns ? first + PIECE : columns;

    for (int64_t column = first + lane; column < end; column += 32)
      store_number ((float *) y, to + column, true, load_number (x, from + column, is_narrow));
  }
};

static int
run_round (const Scope &scope, const char *name, int64_t matrices, const RoundToBf16 &body)
{
  return run_rows (scope, name, matrices * body.rows * ((body.columns + PIECE - 1) / PIECE), body);
}

int
assay_cuda_round (AssayCudaContext *context, int64_t rows, int64_t columns, int64_t ld, const float *x, int64_t stride, uint16_t *y, AssayCudaFailure *failure)
{
  const Scope scope = { context, NULL, failure };

  return run_round (scope, "matrix rounded to bf16", 1, RoundToBf16 { x, false, y, rows, columns, ld, 0, stride, 0 });
}

/* Whether every row begins where the matrix units like it to. */
static bool
is_aligned (const void *first, int64_t ld, int64_t apart)
{
  return ((uintptr_t) first | (uintptr_t) (ld | apart) * sizeof (uint16_t)) % 16 == 0;
}

/* The factors of a batch, of `rows` rows each, in bf16 and aligned: as they are, or rounded, or copied; one where all products share it. Owns: the caller, through *buffer. */
static int
align_factor (AssayCudaContext *context, int64_t batch, bool is_narrow, const void **factor, int64_t rows, int64_t columns, int64_t *ld, int64_t *apart, void **buffer,
              AssayCudaFailure *failure)
{
  const Scope scope = { context, NULL, failure };
  const int64_t to_ld = (columns + 7) / 8 * 8, n = *apart == 0 ? 1 : batch;
  RoundToBf16 body = { (const float *) *factor, is_narrow, NULL, rows, columns, *ld, *apart, to_ld, rows * to_ld };

  if (is_narrow && is_aligned (*factor, *ld, *apart))
    return 1;
  if (!assay_cuda_alloc (context, (size_t) (n * rows * to_ld) * sizeof (uint16_t), buffer, failure))
    return 0;
  body.y = (uint16_t *) *buffer;
  *factor = *buffer;
  *ld = to_ld;
  *apart = *apart == 0 ? 0 : rows * to_ld;
  return run_round (scope, "factor in bf16", n, body);
}

/* Results in bf16 whose rows are not aligned, as of a vocabulary of 50,257, are made in rows that are, and copied: kernels that write such rows are far slower, where there are any. */
static int
multiply_into_aligned (AssayCudaContext *context, const AssayCudaProduct *product, AssayCudaFailure *failure)
{
  const Scope scope = { context, NULL, failure };
  const int64_t ld = (product->N + 7) / 8 * 8, apart = product->M * ld;
  RoundToBf16 into = { (const float *) product->C, true, NULL, product->M, product->N, product->ldc, product->apart_C, ld, apart };
  RoundToBf16 out = { NULL, true, (uint16_t *) product->C, product->M, product->N, ld, apart, product->ldc, product->apart_C };
  AssayCudaProduct p = *product;
  void *buffer = NULL;
  int ok;

  if (!assay_cuda_alloc (context, (size_t) (p.batch * apart) * sizeof (uint16_t), &buffer, failure))
    return 0;
  into.y = (uint16_t *) buffer;
  out.x = (const float *) buffer;
  p.C = buffer;
  p.ldc = ld;
  p.apart_C = apart;
  ok = (p.beta == 0 || run_round (scope, "result into aligned rows", p.batch, into)) && multiply_there (context, &p, failure)
       && run_round (scope, "result out of aligned rows", p.batch, out);
  assay_cuda_release (context, buffer);
  return ok;
}

static int
multiply_in_bf16 (AssayCudaContext *context, const AssayCudaProduct *product, AssayCudaFailure *failure)
{
  AssayCudaProduct p = *product;
  void *a = NULL, *b = NULL;
  int ok;

  if (p.batch == 1)
    p.apart_A = p.apart_B = p.apart_C = p.apart_bias = 0;
  ok = align_factor (context, p.batch, p.A_is_narrow, &p.A, p.ta ? p.K : p.M, p.ta ? p.M : p.K, &p.lda, &p.apart_A, &a, failure)
       && align_factor (context, p.batch, p.B_is_narrow, &p.B, p.tb ? p.N : p.K, p.tb ? p.K : p.N, &p.ldb, &p.apart_B, &b, failure)
       && (p.C_is_narrow && !is_aligned (p.C, p.ldc, p.apart_C) ? multiply_into_aligned (context, &p, failure) : multiply_there (context, &p, failure));
  assay_cuda_release (context, a);
  assay_cuda_release (context, b);
  return ok;
}

int
assay_cuda_multiply (AssayCudaContext *context, const AssayCudaProduct *p, AssayCudaFailure *failure)
{
  if (!assay_cuda_enter (context, failure))
    return 0;
  if (p->M == 0 || p->N == 0 || p->batch == 0)
    return 1;
  return p->compute == ASSAY_CUDA_BF16 ? multiply_in_bf16 (context, p, failure) : multiply_there (context, p, failure);
}

int
assay_cuda_gemm (AssayCudaContext *context, AssayCudaType type, int ta, int tb, int64_t M, int64_t N, int64_t K, double alpha, const void *A, int64_t lda,
                 const void *B, int64_t ldb, double beta, void *C, int64_t ldc, AssayCudaFailure *failure)
{
  AssayCudaProduct p = product_of_type (type, ta != 0, tb != 0, M, N, K, A, lda, B, ldb, false, C, ldc);

  p.alpha = alpha;
  p.beta = beta;
  return assay_cuda_multiply (context, &p, failure);
}
