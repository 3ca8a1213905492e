/* SPDX-License-Identifier: GPL-3.0-or-later */
/* types.h: the element types of stored arrays, and conversion between them.
 *
 * A stored type has one word ("f16", "i64", "utf8"), used in digests, attributes and messages. Elements are little-endian.
 * Thread rule: pure functions, any thread.
 */
#pragma once

#include <glib.h>

#define ASSAY_STORE_MAX_RANK 8

typedef enum {
  ASSAY_STORE_BOOL,             /* one byte, 0 or 1 */
  ASSAY_STORE_U8,
  ASSAY_STORE_I8,
  ASSAY_STORE_U16,
  ASSAY_STORE_I16,
  ASSAY_STORE_U32,
  ASSAY_STORE_I32,
  ASSAY_STORE_U64,
  ASSAY_STORE_I64,
  ASSAY_STORE_F16,              /* IEEE binary16 */
  ASSAY_STORE_BF16,             /* upper half of binary32 */
  ASSAY_STORE_F32,
  ASSAY_STORE_F64,
  ASSAY_STORE_TEXT,             /* UTF-8, any length */
  ASSAY_STORE_N_TYPES
} AssayStoreType;

const char *assay_store_type_word  (AssayStoreType type);
/* Bytes of one element; 0 for text. */
gsize       assay_store_type_width (AssayStoreType type);
gboolean    assay_store_type_parse (const char *word, AssayStoreType *type);

/* Converts n elements. Every numeric type converts to itself, to f32 and to f64, integers also to i64; f32 and f64 convert
 * to f16, bf16 and f32, rounding to nearest even, overflow to infinity, NaN to NaN.
 * Numerics: i64 and u64 above 2^53 round in f64; u64 above 2^63-1 does not convert to i64.
 * Cost: no allocation; f32 -> f16 runs at memory speed where the CPU has F16C.
 * Errors: ASSAY_ERROR_UNSUPPORTED for a pair not listed, ASSAY_ERROR_INPUT for a u64 that has no i64. */
gboolean    assay_store_convert (AssayStoreType to, void *out, AssayStoreType from, const void *in, gsize n,
                                 GError **error);
