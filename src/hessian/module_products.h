/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_products.h: the products that factors and scores are made of, in the type of a walk. Internal to this floor.
 *
 * Numerics: each in an order fixed by the sizes, whatever the crew. Thread rule: as the crew's; no allocation.
 */
#pragma once

#include "hessian/module_kind.h"
#include "tensor/gemm.h"

/* C (M,N) = op (A) op (B) (+ C); strides of rows. */
static inline void
assay_module_multiply (AssayDtype dtype, AssayWorkers *workers, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, const void *A,
                       gint64 lda, const void *B, gint64 ldb, gboolean accumulate, void *C, gint64 ldc)
{
  if (dtype == ASSAY_F32)
    assay_gemm_f32 (workers, ta, tb, M, N, K, 1, A, lda, B, ldb, accumulate, C, ldc);
  else
    assay_gemm_f64 (workers, ta, tb, M, N, K, 1, A, lda, B, ldb, accumulate, C, ldc);
}

/* sum (n,n), upper triangle, += X'X for X (K,n); work (n,n) of the type. The lower triangle is left alone.
 * Cost: about K n^2 flops for n well above 64. */
void assay_module_add_moment    (AssayDtype dtype, AssayWorkers *workers, gint64 n, gint64 K, const void *X, void *work, double *sum);
/* sum (n) += the columns' sums of squares. */
void assay_module_add_squares   (AssayDtype dtype, gint64 n, gint64 K, const void *X, double *sum);

/* One side of an outer product, as it is or rotated: vectors, or indices of a one-hot side. */
typedef struct {
  const void *row, *column;     /* (B,n,rows), (B,n,columns) */
  const gint32 *index;          /* (B,n) in place of row; -1: nothing */
  gint64 n;
} AssayModuleOuter;

/* A use of a module from example b0 on. */
static inline AssayModuleOuter
assay_module_parts_outer (const AssayModuleParts *parts, gint64 rows, gint64 columns, gint64 b0)
{
  gint64 n = parts->use->positions;
  gsize width = assay_dtype_width (parts->dtype);
  AssayModuleOuter outer = { .n = n, .column = (const char *) parts->column + b0 * n * columns * width };

  if (parts->index != NULL)
    outer.index = parts->index + b0 * n;
  else
    outer.row = (const char *) parts->row + b0 * n * rows * width;
  return outer;
}

/* The same side from example b0 on. */
static inline AssayModuleOuter
assay_module_outer_from (AssayModuleOuter outer, AssayDtype dtype, gint64 rows, gint64 columns, gint64 b0)
{
  const gsize width = assay_dtype_width (dtype);

  outer.column = (const char *) outer.column + (gsize) (b0 * outer.n * columns) * width;
  if (outer.index != NULL)
    outer.index += b0 * outer.n;
  else
    outer.row = (const char *) outer.row + (gsize) (b0 * outer.n * rows) * width;
  return outer;
}

/* D (B, rows, columns), each <- sum over uses and positions of row column'. */
void assay_module_form          (AssayDtype dtype, AssayWorkers *workers, gint64 B, gint64 rows, gint64 columns, guint n_uses,
                                 const AssayModuleOuter *uses, void *D);
/* Rows of D that one worker makes at a time when squares are summed. */
#define ASSAY_MODULE_SLAB 64
/* Elements of scratch for each worker. */
static inline gint64
assay_module_get_scratch (gint64 B, gint64 columns)
{
  return 2 * ASSAY_MODULE_SLAB * columns + B * (ASSAY_MODULE_SLAB + columns);
}
/* sum (rows, columns) += sum over the B examples of D^2, elementwise; D is made in slabs and never whole. */
void assay_module_add_squared   (AssayDtype dtype, AssayWorkers *workers, gint64 B, gint64 rows, gint64 columns, guint n_uses,
                                 const AssayModuleOuter *uses, void *scratch, double *sum);
