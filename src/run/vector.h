/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vector.h: sums and updates over flat parameter vectors, shared out in blocks that depend on the length alone.
 *
 * Numerics: sums are taken in double, each block in eight interleaved parts, blocks in order: the same bits for any crew.
 * Thread rule: as the crew's; no allocation.
 */
#pragma once

#include "base/workers.h"
#include "tensor/dtype.h"

/* a'b of F32 or F64 vectors. */
double assay_vector_dot    (AssayWorkers *workers, AssayDtype dtype, gint64 n, const void *a, const void *b);
/* sqrt (a'a). A NaN or infinity in a shows in the result. */
double assay_vector_norm   (AssayWorkers *workers, AssayDtype dtype, gint64 n, const void *a);
/* y <- y + alpha x */
void   assay_vector_add    (AssayWorkers *workers, AssayDtype dtype, gint64 n, double alpha, const void *x, void *y);
/* y <- alpha y */
void   assay_vector_scale  (AssayWorkers *workers, AssayDtype dtype, gint64 n, double alpha, void *y);

/* func (first, end, data) over 0 .. n-1 in those blocks. */
typedef void (*AssayVectorFunc) (gint64 first, gint64 end, gpointer data);
void   assay_vector_run    (AssayWorkers *workers, gint64 n, AssayVectorFunc func, gpointer data);
