/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gguf_type.h: the types of tensors in GGUF files: how many numbers a block holds in how many bytes, and what they stand for. Internal to this floor.
 *
 * Thread rule: constant tables and pure functions.
 */
#pragma once

#include "store/gguf.h"

#define ASSAY_GGUF_MAX_BLOCK 256

struct _AssayGgufType {
  guint32        number;        /* in files */
  const char    *word;
  gsize          block, bytes;  /* numbers of a block, and the bytes they take */
  AssayStoreType stored;        /* of plain numbers, whose block is 1 */
  void         (*unpack) (const guint8 *in, double *out);       /* one block; NULL for plain numbers and for types that are not read */
};

/* NULL for a type whose size is not known here. */
const AssayGgufType *assay_gguf_type_find (guint32 number);
/* The word of any type that has one, also of those of no known size, or NULL. */
const char          *assay_gguf_type_word (guint32 number);
/* All that are read, for messages. Owns: the caller. */
char                *assay_gguf_type_list (void);
