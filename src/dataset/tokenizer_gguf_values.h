/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_gguf_values.h: the keys and values at the beginning of a GGUF file, of which a tokenizer is made. Internal to the tokenizer.
 *
 * Ownership: values and texts are the map's, which outlives them. Thread rule: one thread at a time.
 * Source: ggml-org/ggml, docs/gguf.md; versions 2 and 3, little-endian.
 */
#pragma once

#include <glib.h>

typedef struct _AssayTokenValues AssayTokenValues;

typedef struct {
  const guint8 *bytes;          /* of the value, or of the first element */
  guint64 n;                    /* elements, 1 for what is no array */
  guint32 type;                 /* of an element */
  gboolean is_array;
} AssayTokenValue;

/* Cost: linear in the keys and values; weights are not touched. Errors: NOT_FOUND, INPUT and VERSION with the path and the byte. */
AssayTokenValues      *assay_token_values_open (const char *path, GError **error);
void                   assay_token_values_free (AssayTokenValues *self);

/* Each: what the key has, `otherwise` (or NULL, an empty text) where it is absent. FALSE: it has something else; INPUT with the key. */
gboolean assay_token_values_get_integer (const AssayTokenValues *self, const char *key, gint64 otherwise, gint64 *value, GError **error);
gboolean assay_token_values_get_switch  (const AssayTokenValues *self, const char *key, gboolean otherwise, gboolean *value, GError **error);
/* Owns: the caller. */
gboolean assay_token_values_dup_text    (const AssayTokenValues *self, const char *key, char **value, GError **error);
gboolean assay_token_values_get_texts   (const AssayTokenValues *self, const char *key, const AssayTokenValue **array, GError **error);
gboolean assay_token_values_get_numbers (const AssayTokenValues *self, const char *key, const AssayTokenValue **array, GError **error);

/* The text at *at of an array of them, which goes behind it; before the first: 0. It is within the file. */
const char *assay_token_value_next_text  (const AssayTokenValue *array, gsize *at, gsize *n);
double      assay_token_value_get_number (const AssayTokenValue *array, guint64 place);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTokenValues, assay_token_values_free)
