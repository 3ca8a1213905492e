/* SPDX-License-Identifier: GPL-3.0-or-later */
/* safetensors.h: strict reader and writer of the safetensors weight format.
 *
 * The reader accepts what the reference accepts, less what is ambiguous: no duplicate keys, no padding but spaces, plain
 * decimal integers, bounded names, ranks and counts. Every refusal names the byte offset. Thread rule: a read file is immutable
 * and may be shared; the writer belongs to one thread.
 */
#pragma once

#include <glib.h>

#include "store/types.h"

#define ASSAY_SAFETENSORS_MAX_RANK 16

typedef struct _AssaySafetensors AssaySafetensors;

typedef struct {
  const char    *name;
  AssayStoreType type;
  guint          rank;
  gint64         dims[ASSAY_SAFETENSORS_MAX_RANK];
  guint64        n_elements;
  const void    *data;          /* little-endian, perhaps unaligned: copy or convert, do not dereference as wider words */
  gsize          bytes;
} AssaySafetensor;

/* Maps the file. Errors: INPUT with file and byte offset, NOT_FOUND, PERMISSION, IO. */
AssaySafetensors      *assay_safetensors_open (const char *path, GError **error);
/* The same over bytes in memory, which are referenced; name appears in messages. */
AssaySafetensors      *assay_safetensors_parse (GBytes *bytes, const char *name, GError **error);
void                   assay_safetensors_free (AssaySafetensors *self);

/* In the order of their offsets. */
gsize                  assay_safetensors_get_n (const AssaySafetensors *self);
const AssaySafetensor *assay_safetensors_get   (const AssaySafetensors *self, gsize index);
/* NULL when there is none of that name. */
const AssaySafetensor *assay_safetensors_find  (const AssaySafetensors *self, const char *name);
/* The value of a __metadata__ key, or NULL. */
const char            *assay_safetensors_get_metadata (const AssaySafetensors *self, const char *key);

/* Converts a tensor into out, n_elements of type as. */
gboolean               assay_safetensors_read  (const AssaySafetensor *tensor, AssayStoreType as, void *out, GError **error);

/* Says that a tensor will not be read again soon: pages of it that were read leave memory. */
void                   assay_safetensors_forget (const AssaySafetensors *self, const AssaySafetensor *tensor);

/* Writes all tensors in the given order (temporary file, fsync, rename; an existing file is replaced).
 * metadata: NULL, or key, value, key, value, ..., NULL. */
gboolean               assay_safetensors_write (const char *path, const AssaySafetensor *tensors, gsize n,
                                                const char *const *metadata, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySafetensors, assay_safetensors_free)
