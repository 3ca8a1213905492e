/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gguf_header.h: the strict parser of a GGUF header: counts, key/value pairs, entries of tensors. Internal to this floor.
 *
 * Time O(n log n) and memory O(n) in the bytes of the header: a count is believed as far as bytes are there for it.
 * Thread rule: none needed, parsing touches its arguments alone.
 */
#pragma once

#include "store/gguf.h"

/* The numbers that files hold for types of values. */
typedef enum {
  ASSAY_GGUF_U8, ASSAY_GGUF_I8, ASSAY_GGUF_U16, ASSAY_GGUF_I16, ASSAY_GGUF_U32, ASSAY_GGUF_I32, ASSAY_GGUF_F32, ASSAY_GGUF_SWITCH, ASSAY_GGUF_TEXT,
  ASSAY_GGUF_LIST, ASSAY_GGUF_U64, ASSAY_GGUF_I64, ASSAY_GGUF_F64, ASSAY_GGUF_N_KINDS
} AssayGgufKind;

struct _AssayGgufValue {
  char          *key, *text;    /* text: of a string, else NULL */
  AssayGgufKind  kind, element; /* element: of a list */
  guint64        n;             /* elements of a list */
  const guint8  *data;          /* of the number, or of the first element */
  const guint8  *base;          /* byte 0 of the file */
  GArray        *offsets;       /* guint64, of the strings of a list in the file; NULL for other lists */
  guint64        at;            /* byte of the file where its key begins */
};

typedef struct {
  char    *name;
  guint    rank;
  gint64   dims[ASSAY_GGUF_MAX_RANK];
  guint32  type;                /* as the file numbers it */
  guint64  offset;              /* in the data */
  guint64  at;                  /* byte of the file where its entry begins */
} AssayGgufEntry;

/* Bytes of a value of that kind; 0 for strings and lists. */
gsize       assay_gguf_kind_width (AssayGgufKind kind);
/* "u32", "string", ... */
const char *assay_gguf_kind_word  (AssayGgufKind kind);
/* The number at data, little-endian. kind: not a string or a list. */
double      assay_gguf_load_number (AssayGgufKind kind, const guint8 *data);
/* FALSE for a u64 above 2^63-1. kind: a whole number. */
gboolean    assay_gguf_load_integer (AssayGgufKind kind, const guint8 *data, gint64 *value);

/* Appends to values (AssayGgufValue, then sorted by key) and entries (AssayGgufEntry). end: the byte behind the header. Checks the syntax and
 * duplicates, not how the tensors lie. Errors: INPUT and VERSION with file and byte offset. */
gboolean    assay_gguf_parse_header (const guint8 *bytes, gsize n, const char *file, GArray *values, GArray *entries, guint64 *end, GError **error);
