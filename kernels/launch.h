/* SPDX-License-Identifier: GPL-3.0-or-later */
/* launch.h: all that C sees of CUDA: one table of functions, out of a module that is loaded at run time (assay-cuda.so).
 *
 * The module knows nothing of the program and this header nothing of CUDA or GLib, so that nvcc alone builds the one and any compiler the other.
 * Every function returns 1, or 0 with a failure filled in. Work of a context is queued in the order of the calls; copy_out, copy_out_end, sync, eigen, factor,
 * solve and elapsed wait for it, and what failed meanwhile is reported there. After ASSAY_CUDA_LOST, and only then, the context is lost: every later call
 * fails with the message of the first, and nothing is computed on what a failed launch left behind.
 * Shape letters: M, N, K of products; n rows and columns of a square matrix, K right-hand sides; N rows, Q queries, B blocks of W coordinates of an
 * index. Ownership: buffers are the context's; release gives one back to its pool. Thread rule: one call at a time per context.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_CUDA_ABI 9                /* changes with anything in this file */
#define ASSAY_CUDA_CARD_ID 16           /* bytes */
#define ASSAY_CUDA_RANKS_ID 128
#define ASSAY_CUDA_INDEX_BLOCK 256      /* W */
#define ASSAY_CUDA_INDEX_ROWS 256       /* rows are padded to a multiple of this */

typedef enum {
  ASSAY_CUDA_NO_DEVICE,         /* no driver, too old a one, no such device */
  ASSAY_CUDA_NO_MEMORY,         /* of the device; the context goes on */
  ASSAY_CUDA_BAD_CALL,          /* sizes that no kernel takes; the context goes on */
  ASSAY_CUDA_NOT_CONVERGED,     /* the decomposition did not end; the context goes on */
  ASSAY_CUDA_LOST               /* a launch, a copy or the device failed */
} AssayCudaCode;

typedef struct {
  AssayCudaCode code;
  char message[400];            /* one line, no full stop */
} AssayCudaFailure;

typedef struct {
  char name[128];
  int major, minor;             /* compute capability */
  int driver, runtime;          /* 13000 is CUDA 13.0 */
  int processors;
  size_t memory, available;     /* bytes */
  size_t level_two;             /* bytes of cache */
  size_t shared;                /* most bytes of shared memory that a block may have */
  uint8_t card[ASSAY_CUDA_CARD_ID];     /* no other device has it */
  int nccl;                     /* 22809 is NCCL 2.28.9; 0: not there, and nobody can join */
} AssayCudaDevice;

typedef enum { ASSAY_CUDA_F32, ASSAY_CUDA_F64, ASSAY_CUDA_N_TYPES } AssayCudaType;

/* How products of f32 matrices are formed, always summed in f32: FULL of the factors as they are, TF32 and BF16 of factors rounded to 10 and 7 bits behind
 * the point. Of f64 there is FULL alone. */
typedef enum { ASSAY_CUDA_FULL, ASSAY_CUDA_BF16, ASSAY_CUDA_TF32, ASSAY_CUDA_N_COMPUTES } AssayCudaCompute;

/* Rows of an index, on the device: row i's coordinates b W .. are scale[b][i] codes[b][i]; rows N .. stride-1 are zeros. */
typedef struct {
  int64_t n, stride;            /* stride: a multiple of ASSAY_CUDA_INDEX_ROWS */
  int32_t n_blocks;
  const int8_t *codes;          /* (B, stride, W) */
  const float *scale;           /* (B, stride) */
} AssayCudaIndexRows;

/* Queries, on the device, laid out alike; stride as assay_cuda_index_stride says, what is beyond n is zeros. */
typedef struct {
  int32_t n, stride;
  const int8_t *codes;          /* (B, stride, W) */
  const float *scale;           /* (B, stride) */
} AssayCudaIndexQueries;

/* Queries that one pass over the rows takes. */
#define ASSAY_CUDA_INDEX_FEW 4
#define ASSAY_CUDA_INDEX_MANY 112
static inline int32_t
assay_cuda_index_stride (int32_t n)
{
  return n <= ASSAY_CUDA_INDEX_FEW ? n : n <= 8 ? 8 : n <= 32 ? 32 : n <= 64 ? 64
         : (n + ASSAY_CUDA_INDEX_MANY - 1) / ASSAY_CUDA_INDEX_MANY * ASSAY_CUDA_INDEX_MANY;
}

/* How index_scores goes about it: the same bits from all. Only measurements and tests ask for another than AUTO. */
typedef enum {
  ASSAY_CUDA_INDEX_AUTO,
  ASSAY_CUDA_INDEX_PLAIN,       /* the simplest: ladder/index_scores_plain.cuh */
  ASSAY_CUDA_INDEX_DOTS,        /* byte dot products; at most ASSAY_CUDA_INDEX_FEW queries */
  ASSAY_CUDA_INDEX_MATRIX,      /* matrix units; more queries than that */
  ASSAY_CUDA_INDEX_MATRIX_WIDE, /* the same with more warps a tile, with taller tiles, with smaller ones: for more than 64 queries */
  ASSAY_CUDA_INDEX_MATRIX_TALL,
  ASSAY_CUDA_INDEX_MATRIX_SMALL,
  ASSAY_CUDA_N_INDEX_WAYS
} AssayCudaIndexWay;

/* How several matrices are decomposed: in turn, each by the whole device, or all at once. The bits differ, both pass the same checks. */
typedef enum { ASSAY_CUDA_EIGEN_AUTO, ASSAY_CUDA_EIGEN_EACH, ASSAY_CUDA_EIGEN_TOGETHER } AssayCudaEigenWay;

/* A rule of an operation, as src/ops/op.h has it: which arrays it reads and writes, what is NULL and what `fresh` means. Arrays are the device's, shapes and
 * attributes the host's. */
#define ASSAY_CUDA_MAX_RANK 6
#define ASSAY_CUDA_MAX_IN 6
#define ASSAY_CUDA_MAX_OUT 4
typedef struct { uint32_t rank; int64_t dim[ASSAY_CUDA_MAX_RANK]; } AssayCudaShape;
typedef enum { ASSAY_CUDA_FWD, ASSAY_CUDA_BWD, ASSAY_CUDA_RFWD, ASSAY_CUDA_RBWD, ASSAY_CUDA_GGN, ASSAY_CUDA_N_RULES } AssayCudaRule;

/* Bytes from what belongs to one tangent of a block to what belongs to the next; 0: the same for all. */
typedef struct {
  size_t rx[ASSAY_CUDA_MAX_IN], ry[ASSAY_CUDA_MAX_OUT], dx[ASSAY_CUDA_MAX_IN], dy, rdx[ASSAY_CUDA_MAX_IN], rdy;
} AssayCudaApart;

typedef struct AssayCudaOpCall {
  AssayCudaRule rule;
  AssayCudaType type;
  int n_in, n_out;
  AssayCudaShape in_shape[ASSAY_CUDA_MAX_IN], out_shape[ASSAY_CUDA_MAX_OUT];
  const double *attr;
  const void *x[ASSAY_CUDA_MAX_IN];
  void *y[ASSAY_CUDA_MAX_OUT];
  void *dx[ASSAY_CUDA_MAX_IN];
  const void *dy;
  const void *rx[ASSAY_CUDA_MAX_IN];
  void *ry[ASSAY_CUDA_MAX_OUT];
  void *rdx[ASSAY_CUDA_MAX_IN];
  const void *rdy;
  uint32_t fresh;
  uint32_t narrow_x, narrow_dx, narrow_y;       /* bits: x and rx, dx and rdx, y and ry are stored in bf16; bit 0 of y: dy and rdy, too. In f32 with BF16 alone */
  int64_t n_tangents;           /* of a block, for "linear" alone; below 2: one */
  AssayCudaApart apart;
  int64_t position;
  AssayCudaCompute compute;     /* of products with weights; BF16 of attention's too */
} AssayCudaOpCall;

typedef struct AssayCudaContext AssayCudaContext;
typedef struct AssayCudaCaptured AssayCudaCaptured;
typedef struct AssayCudaCopy AssayCudaCopy;

typedef struct {
  uint32_t abi, size;           /* ASSAY_CUDA_ABI, sizeof of this */

  int  (*describe) (int device, AssayCudaDevice *found, AssayCudaFailure *failure);
  int  (*open)     (int device, AssayCudaContext **context, AssayCudaFailure *failure);
  void (*close)    (AssayCudaContext *context);

  /* Memory: alloc gives zeros; release takes NULL; trim gives back to the device what no buffer holds. */
  int  (*alloc)    (AssayCudaContext *context, size_t bytes, void **buffer, AssayCudaFailure *failure);
  void (*release)  (AssayCudaContext *context, void *buffer);
  int  (*trim)     (AssayCudaContext *context, AssayCudaFailure *failure);
  /* Whether the address lies in a buffer of this context. */
  int  (*owns)     (AssayCudaContext *context, const void *address);
  int  (*zero)     (AssayCudaContext *context, void *buffer, size_t bytes, AssayCudaFailure *failure);
  int  (*copy_in)  (AssayCudaContext *context, void *buffer, const void *host, size_t bytes, AssayCudaFailure *failure);
  int  (*copy_out) (AssayCudaContext *context, void *host, const void *buffer, size_t bytes, AssayCudaFailure *failure);
  /* A copy out that goes on beside the work that is queued behind it, of what the buffer holds when all before is done: until end nothing may write to the buffer,
   * nor may it be released. end waits and says where the bytes are, pinned, until drop, which takes NULL and waits too. */
  int  (*copy_out_begin) (AssayCudaContext *context, const void *buffer, size_t bytes, AssayCudaCopy **copy, AssayCudaFailure *failure);
  int  (*copy_out_end)   (AssayCudaContext *context, AssayCudaCopy *copy, const void **host, AssayCudaFailure *failure);
  void (*copy_out_drop)  (AssayCudaContext *context, AssayCudaCopy *copy);
  int  (*sync)     (AssayCudaContext *context, AssayCudaFailure *failure);

  /* Milliseconds between two marks (0, 1) in the queue. */
  int  (*mark)     (AssayCudaContext *context, int which, AssayCudaFailure *failure);
  int  (*elapsed)  (AssayCudaContext *context, double *milliseconds, AssayCudaFailure *failure);

  /* C (M,N) <- alpha op(A) op(B) + beta C, row-major, arguments as tensor/gemm.h has them. True precision: no tf32, no split floats. */
  int  (*gemm)     (AssayCudaContext *context, AssayCudaType type, int ta, int tb, int64_t M, int64_t N, int64_t K, double alpha,
                    const void *A, int64_t lda, const void *B, int64_t ldb, double beta, void *C, int64_t ldc, AssayCudaFailure *failure);

  /* Of `batch` symmetric (n,n) one after another: eigenvectors in their place (vector j is row j), ascending values (batch, n).
   * residual and orthogonality (batch), on the host: ||A Q - Q L||_F / ||A||_F and ||Q'Q - I||_F. */
  int  (*eigen)    (AssayCudaContext *context, AssayCudaEigenWay way, AssayCudaType type, int64_t batch, int64_t n, void *matrix, void *values,
                    double *residual, double *orthogonality, AssayCudaFailure *failure);
  /* Cholesky factor of a symmetric (n,n), in its lower triangle counted by columns; *pivot: 0, or the number, from 1, of the first that is not positive. */
  int  (*factor)   (AssayCudaContext *context, AssayCudaType type, int64_t n, void *matrix, int64_t *pivot, AssayCudaFailure *failure);
  /* X (K,n) <- A^-1 X by that factor. */
  int  (*solve)    (AssayCudaContext *context, AssayCudaType type, int64_t n, int64_t K, const void *factor, void *X, AssayCudaFailure *failure);

  /* scores (N, Q) <- sum over b, in this order, of row_scale (query_scale dot): three roundings to float each, no fused ones. */
  int  (*index_scores) (AssayCudaContext *context, AssayCudaIndexWay way, const AssayCudaIndexRows *rows, const AssayCudaIndexQueries *queries,
                        float *scores, AssayCudaFailure *failure);

  /* Queues a rule of the op of that name; of flat vectors, too (op_vector.cu). BAD_CALL: no such op, or not that rule of it. */
  int  (*run_op)   (AssayCudaContext *context, const char *op, const AssayCudaOpCall *call, AssayCudaFailure *failure);

  /* Work that is queued again and again, as one launch: what is queued between the two is not done but kept, with the memory that it takes on its way; replay
   * queues it. Buffers that it names must be there still. No copies and no waiting in between. capture_end: *captured NULL and 1 where the device cannot keep
   * it; the work was then not done either. drop takes NULL; everything captured is dropped before its context is closed. */
  int  (*capture_begin) (AssayCudaContext *context, AssayCudaFailure *failure);
  int  (*capture_end)   (AssayCudaContext *context, AssayCudaCaptured **captured, AssayCudaFailure *failure);
  int  (*replay)        (AssayCudaContext *context, AssayCudaCaptured *captured, AssayCudaFailure *failure);
  void (*drop)          (AssayCudaContext *context, AssayCudaCaptured *captured);

  /* Contexts of several processes, each on its own device, that send each other buffers (NCCL). One makes an id (ASSAY_CUDA_RANKS_ID bytes), and all join by
   * it, each once; who joins waits for the others. BAD_CALL: there is no NCCL, or it did not connect them; the context goes on. send and receive queue a
   * transfer, which is done when the other has queued its side with as many bytes; a failure loses the context. Closing it leaves. */
  int  (*make_ranks_id) (uint8_t *id, AssayCudaFailure *failure);
  int  (*join)          (AssayCudaContext *context, const uint8_t *id, int rank, int size, AssayCudaFailure *failure);
  int  (*send)          (AssayCudaContext *context, int to, const void *buffer, size_t bytes, AssayCudaFailure *failure);
  int  (*receive)       (AssayCudaContext *context, int from, void *buffer, size_t bytes, AssayCudaFailure *failure);
} AssayCudaTable;

#define ASSAY_CUDA_ENTRY "assay_cuda_get_table"
typedef const AssayCudaTable *(*AssayCudaEntry) (void);

#ifdef __cplusplus
}
#endif
