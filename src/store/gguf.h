/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gguf.h: strict reader of GGUF files, versions 2 and 3, little-endian: metadata of typed values, and tensors that may be quantised.
 *
 * The whole header is checked before anything is answered: no key or tensor twice, every string UTF-8, every tensor aligned, inside
 * the file and apart from the others. Time O(n log n) and memory O(n) in the bytes that the header has, whatever counts it claims. Every refusal
 * names the byte of the file. Thread rule: an open file is immutable and may be shared.
 */
#pragma once

#include <glib.h>

#include "store/types.h"

#define ASSAY_GGUF_MAX_RANK 4
#define ASSAY_GGUF_MAGIC "GGUF"

typedef struct _AssayGguf AssayGguf;
typedef struct _AssayGgufValue AssayGgufValue;
typedef struct _AssayGgufType AssayGgufType;

typedef struct {
  const char          *name;
  const AssayGgufType *type;
  guint                rank;
  gint64               dims[ASSAY_GGUF_MAX_RANK];       /* in the file's order: the first varies fastest; 1 from rank on */
  guint64              n_elements;
  const void          *data;    /* as stored, perhaps unaligned */
  gsize                bytes;
} AssayGgufTensor;

/* Maps the file. Errors: INPUT with file and byte offset, VERSION, UNSUPPORTED for a type of tensors whose size is not known, NOT_FOUND, PERMISSION, IO. */
AssayGguf             *assay_gguf_open  (const char *path, GError **error);
/* The same over bytes in memory, which are referenced; name appears in messages. */
AssayGguf             *assay_gguf_parse (GBytes *bytes, const char *name, GError **error);
void                   assay_gguf_free  (AssayGguf *self);

/* --- metadata ----------------------------------------------------------------------------------------------------------- */

/* Keys, in the order of their bytes. */
gsize                  assay_gguf_get_n_keys   (const AssayGguf *self);
const char            *assay_gguf_get_key      (const AssayGguf *self, gsize index);
gboolean               assay_gguf_has          (const AssayGguf *self, const char *key);

/* One value of a key. Whole numbers of every width are integers, and numbers too. Errors of all: INPUT with the byte, without the file; key, what is
 * expected and what is found: no such key, another type, or a whole number above 2^63-1. */
gboolean               assay_gguf_get_integer  (const AssayGguf *self, const char *key, gint64 *value, GError **error);
gboolean               assay_gguf_get_number   (const AssayGguf *self, const char *key, double *value, GError **error);
gboolean               assay_gguf_get_switch   (const AssayGguf *self, const char *key, gboolean *value, GError **error);
const char            *assay_gguf_get_text     (const AssayGguf *self, const char *key, GError **error);
/* The same, or `otherwise` where there is no such key. */
gboolean               assay_gguf_get_integer_or (const AssayGguf *self, const char *key, gint64 otherwise, gint64 *value, GError **error);
gboolean               assay_gguf_get_number_or  (const AssayGguf *self, const char *key, double otherwise, double *value, GError **error);
gboolean               assay_gguf_get_switch_or  (const AssayGguf *self, const char *key, gboolean otherwise, gboolean *value, GError **error);
gboolean               assay_gguf_get_text_or    (const AssayGguf *self, const char *key, const char *otherwise, const char **value, GError **error);

/* A list of one type, borrowed. */
const AssayGgufValue  *assay_gguf_get_texts    (const AssayGguf *self, const char *key, GError **error);
const AssayGgufValue  *assay_gguf_get_numbers  (const AssayGguf *self, const char *key, GError **error);
gsize                  assay_gguf_list_get_n      (const AssayGgufValue *list);
/* Element i of a list of strings: length bytes of UTF-8, maybe with a NUL among them, which none ends. Cost: O(1). */
const char            *assay_gguf_list_get_text   (const AssayGgufValue *list, gsize i, gsize *length);
/* Element i of a list of numbers. Numerics: whole numbers above 2^53 round. */
double                 assay_gguf_list_get_number (const AssayGgufValue *list, gsize i);
/* All of a list of numbers of one byte each, or NULL where they are wider. */
const guint8          *assay_gguf_list_get_bytes  (const AssayGgufValue *list);

/* --- tensors ------------------------------------------------------------------------------------------------------------ */

/* In the order of the file. */
gsize                  assay_gguf_get_n        (const AssayGguf *self);
const AssayGgufTensor *assay_gguf_get          (const AssayGguf *self, gsize index);
/* NULL when there is none of that name. */
const AssayGgufTensor *assay_gguf_find         (const AssayGguf *self, const char *name);
/* "F16", "Q4_K", ... */
const char            *assay_gguf_tensor_get_type (const AssayGgufTensor *tensor);
/* Converts all elements into out, n_elements of type as, which is f32 or f64. Numerics: what a quantised number stands for is worked out in f64 and
 * rounded once. Errors: UNSUPPORTED with the tensor and what is read, for a type that is not. */
gboolean               assay_gguf_read         (const AssayGgufTensor *tensor, AssayStoreType as, void *out, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayGguf, assay_gguf_free)
