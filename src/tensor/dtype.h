/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dtype.h: element types in memory. The first three are those that operations compute in; C128 exists for the complex-step oracle only.
 * What files hold beside these is in store/types.h.
 *
 * Thread rule: constant.
 */
#pragma once

#include <glib.h>

typedef enum {
  ASSAY_F32,
  ASSAY_F64,
  ASSAY_C128,                   /* double complex: the oracle */
  ASSAY_N_COMPUTE_DTYPES,
  ASSAY_I32 = ASSAY_N_COMPUTE_DTYPES,   /* indices: tokens, labels */
  ASSAY_N_DTYPES
} AssayDtype;

gsize       assay_dtype_width      (AssayDtype dtype);      /* bytes of one element */
const char *assay_dtype_name       (AssayDtype dtype);      /* "f32", "i32", ... */
/* Errors: USAGE with the names there are. */
gboolean    assay_dtype_from_name  (const char *name, AssayDtype *dtype, GError **error);

/* Converts n elements. Floats round to nearest even; C128 gives its real part and takes 0 as the imaginary one; what becomes an I32 must
 * be a whole number that it can hold. */
void        assay_dtype_convert    (AssayDtype from, const void *source, AssayDtype to, void *target, gsize n);

/* How products with the weights of a walk in f32 are formed, with sums in f32: in full, or of factors that are rounded to bf16 (tensor/gemm.h) or, on CUDA
 * devices alone, to tf32. */
typedef enum { ASSAY_COMPUTE_FULL, ASSAY_COMPUTE_BF16, ASSAY_COMPUTE_TF32 } AssayCompute;

extern const char *const assay_compute_names[];         /* "full", "bf16", "tf32", NULL */
