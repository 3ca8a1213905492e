/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed.h: a weight in lower precision, laid out once for products with one row (a token more) and with many.
 *
 *   y (N,O) = x (N,I) W' + bias
 *
 * bf16: weights and rows of x rounded to bf16, sums in f32. int8: weights and rows of x in whole numbers of -127 to 127 with an f32 scale for each 64
 * of them along I, the largest of them being 127; sums of 64 products are exact, and added in f32.
 * Letters: N rows, I inputs, O outputs.
 * Numerics: a row's bits depend neither on the number of threads nor on the rows beside it. A number of x that is not finite makes its row NaN or infinite.
 * Ownership: a packed weight copies what it needs. Thread rule: constant once made.
 */
#pragma once

#include "base/workers.h"

typedef enum { ASSAY_PACKED_BF16, ASSAY_PACKED_INT8, ASSAY_N_PACKED_TYPES } AssayPackedType;

typedef struct _AssayPacked AssayPacked;

extern const char *const assay_packed_type_names[];       /* "bf16", "int8", NULL */

/* W (O,I), finite. Errors: memory. */
AssayPacked *assay_packed_new       (AssayPackedType type, const float *W, gint64 O, gint64 I, AssayWorkers *workers, GError **error);
void         assay_packed_free      (AssayPacked *packed);
gsize        assay_packed_get_bytes (const AssayPacked *packed);
/* Squares of what rounding took from the weights, and of the weights, summed. */
void         assay_packed_get_error (const AssayPacked *packed, double *lost, double *all);

/* bias: NULL or (O). Cost: 2 N I O operations, a read of the weights for each 48 rows, no allocation but of buffers that each thread makes once. */
void         assay_packed_multiply  (const AssayPacked *packed, AssayWorkers *workers, gint64 N, const float *x, const float *bias, float *y);
/* The kernels in use: "x86-64-v4 with vnni and bf16" or the instruction set's name. */
const char  *assay_packed_get_core_name (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayPacked, assay_packed_free)
