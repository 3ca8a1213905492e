/* SPDX-License-Identifier: GPL-3.0-or-later */
/* safetensors_header.h: the strict parser of a safetensors header: JSON of one fixed shape. Internal to this floor.
 *
 * Time O(n log n) and memory O(n) in the length of the header.
 */
#pragma once

#include "store/safetensors.h"

typedef struct {
  char           *name;
  AssayStoreType  type;
  guint           rank;
  gint64          dims[ASSAY_SAFETENSORS_MAX_RANK];
  guint64         begin, end;           /* in the data */
  guint64         at;                   /* byte of the file where its entry begins */
} AssaySafetensorsEntry;

typedef struct {
  char *key, *value;
} AssaySafetensorsPair;

/* Appends to entries (of AssaySafetensorsEntry) and metadata (of AssaySafetensorsPair; sorted by key). base: offset of text in the
 * file. Checks the syntax and duplicates, not how the tensors lie. Errors: INPUT with file and byte offset. */
gboolean assay_safetensors_parse_header (const char *text, gsize n, guint64 base, const char *file, GArray *entries,
                                         GArray *metadata, GError **error);
/* The word of a type, "F32", or NULL. */
const char *assay_safetensors_type_word (AssayStoreType type);
