/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dtype.h: element types. The first three are those that operations compute in; C128 exists for the complex-step oracle only.
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
  ASSAY_I32 = ASSAY_N_COMPUTE_DTYPES,
  ASSAY_I64,
  ASSAY_U8,
  ASSAY_F16,
  ASSAY_BF16,
  ASSAY_N_DTYPES
} AssayDtype;

gsize       assay_dtype_width      (AssayDtype dtype);      /* bytes of one element */
const char *assay_dtype_name       (AssayDtype dtype);      /* "f32", "i64", ... */
gboolean    assay_dtype_from_name  (const char *name, AssayDtype *dtype, GError **error);

/* Converts n elements between F32, F64, C128 (real part written, imaginary part 0), I32, I64, U8, F16 and BF16, rounding
 * to nearest even. Integers are exact up to 2^53. */
void        assay_dtype_convert    (AssayDtype from, const void *source, AssayDtype to, void *target, gsize n);
