/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_kernel.h: the inner product of rows with weights of lower precision, on one thread, one function per type and instruction set.
 *
 *   y (M,O) += x (M,I) W'        W (O,I) in panels of 32 outputs; inputs in groups of 64, the last one filled up with zeros
 *
 *   int8   panel (group): scales (32) f32, then codes (16,32,4): a code c stands for (c - 128) scale
 *   bf16   panel (group): (32,32,2): pairs of neighbouring inputs
 *
 * Rows of x become of the weights' type on the way, by the same rounding: int8 by groups of 64 with a scale for each, bf16 number by number. Products
 * of int8 are whole numbers and exact; groups are added in ascending order and nothing is fused: the same bits in every instruction set. Products of
 * bf16 are exact in f32 and added in ascending order, two at a time where the processor has an instruction for that: bits then differ between
 * instruction sets, and in none they depend on M or on the block.
 * Thread rule: buffers are one per thread, made on its first product and kept.
 */
#pragma once

#include <glib.h>

#define ASSAY_PACKED_PANEL 32
#define ASSAY_PACKED_GROUP 64
#define ASSAY_PACKED_BYTES_INT8 (ASSAY_PACKED_PANEL * (sizeof (float) + ASSAY_PACKED_GROUP))     /* of one group of a panel */
#define ASSAY_PACKED_BYTES_BF16 (ASSAY_PACKED_PANEL * ASSAY_PACKED_GROUP * sizeof (guint16))
#define ASSAY_PACKED_ROWS 48            /* rows that are rounded at a time: blocks of rows begin at multiples of it */

/* M rows by n_panels panels, the last one with O outputs left in all. */
typedef void (*AssayPackedProduct) (gint64 M, gint64 I, gint64 O, const guint8 *panels, const float *x, float *y, gint64 ldy);
/* Rows first .. end - 1 of W (O,I), first the first of a panel, into their panels; adds up the squares of what was lost and of what was there. */
typedef void (*AssayPackedPack) (gint64 first, gint64 end, gint64 I, const float *W, guint8 *panels, double *lost, double *all);

typedef struct {
  AssayPackedProduct int8, bf16;
  AssayPackedPack pack_int8, pack_bf16;
} AssayPackedKernels;

extern const AssayPackedKernels assay_packed_kernels_baseline, assay_packed_kernels_x86_64_v3, assay_packed_kernels_x86_64_v4, assay_packed_kernels_x86_64_dot;
