/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rwkvcpp.h: strict reader of the files of rwkv.cpp, versions 100 and 101, little-endian: six int32, then one tensor behind the other to the end.
 *
 *   magic "ggmf", version, vocabulary, width, layers, type of most tensors;  of a tensor: axes, bytes of its name, type, the axes, the name, the numbers
 *
 * Every tensor is checked before anything is answered: none twice, every name UTF-8 without control characters, every one inside the file. Time O(n log n) and memory O(n) in the
 * bytes that the headers have, whatever sizes they claim. Every refusal names the byte of the file. Thread rule: an open file is immutable and may be shared.
 * Source: RWKV/rwkv.cpp, docs/FILE_FORMAT.md.
 */
#pragma once

#include <glib.h>

#include "store/types.h"

#define ASSAY_RWKVCPP_MAX_RANK 4
#define ASSAY_RWKVCPP_MAGIC 0x67676d66u

typedef struct _AssayRwkvcpp AssayRwkvcpp;

/* What the file says of itself, each from 1 on. */
typedef struct { gint32 version, vocabulary, width, layers; } AssayRwkvcppHeader;

typedef struct {
  const char    *name;
  AssayStoreType type;          /* f32 or f16 */
  guint          rank;
  gint64         dims[ASSAY_RWKVCPP_MAX_RANK];          /* the slowest axis first, as in the library that trained it; the file has them turned */
  guint64        n_elements;
  const void    *data;          /* as stored, perhaps unaligned */
  gsize          bytes;
} AssayRwkvcppTensor;

/* TRUE for the first n bytes of such a file, of whatever version. */
gboolean                  assay_rwkvcpp_knows  (const guint8 *bytes, gsize n);

/* Maps the file. Errors: INPUT with file and byte offset, VERSION, UNSUPPORTED for a quantised or an unknown type, NOT_FOUND, PERMISSION, IO. */
AssayRwkvcpp             *assay_rwkvcpp_open   (const char *path, GError **error);
/* The same over bytes in memory, which are referenced; name appears in messages. */
AssayRwkvcpp             *assay_rwkvcpp_parse  (GBytes *bytes, const char *name, GError **error);
void                      assay_rwkvcpp_free   (AssayRwkvcpp *self);

const AssayRwkvcppHeader *assay_rwkvcpp_get_header (const AssayRwkvcpp *self);
/* Tensors in the order of the file. */
gsize                     assay_rwkvcpp_get_n  (const AssayRwkvcpp *self);
const AssayRwkvcppTensor *assay_rwkvcpp_get    (const AssayRwkvcpp *self, gsize index);
/* NULL when there is none of that name. */
const AssayRwkvcppTensor *assay_rwkvcpp_find   (const AssayRwkvcpp *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRwkvcpp, assay_rwkvcpp_free)
