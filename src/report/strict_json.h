/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strict_json.h: JSON files that people write, read without guessing: a key twice, a key that nobody knows, a member of another type or an
 * empty text is an error that names the file, the place and what was expected.
 *
 * where names the place in messages: "fmti-2025-12.json: item 46". Borrowed strings live as long as the document.
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* The document of a file of at most 16 MiB; it must be an object. bytes (may be NULL) receives the file as it is. New reference.
 * Errors: NOT_FOUND, IO; INPUT with line and column. */
json_t     *assay_strict_load       (const char *path, GBytes **bytes, GError **error);

/* "fmti-2025-12.json: item 46" for an entry of an array, by its "id"; by its number from 1 where it has none. Owns: the caller. */
char       *assay_strict_describe_place (const char *file, const char *what, gsize index, const json_t *entry);

/* Every key is one of keys (NULL-terminated), and the first n_required of them are there. */
gboolean    assay_strict_check_keys (const json_t *object, const char *const *keys, guint n_required, const char *where, GError **error);

/* The members "schema" and "version" are these. Errors: also VERSION for a newer one. */
gboolean    assay_strict_check_format (const json_t *document, const char *schema, int version, const char *where, GError **error);

/* Members that are there; a text is not empty, nor nothing but space. Each fails where the member is missing or of another type. */
const char *assay_strict_get_text   (const json_t *object, const char *key, const char *where, GError **error);
/* NULL may be the value: *text is set to NULL then. */
gboolean    assay_strict_get_text_or_null (const json_t *object, const char *key, const char *where, const char **text, GError **error);
gboolean    assay_strict_get_bool   (const json_t *object, const char *key, const char *where, gboolean *value, GError **error);
const json_t *assay_strict_get_array (const json_t *object, const char *key, const char *where, GError **error);
/* An array of texts, none of them twice. NULL-terminated; owns: the caller (g_strfreev). */
char      **assay_strict_get_texts  (const json_t *object, const char *key, const char *where, GError **error);
/* Which of words (NULL-terminated) the text is; -1 on error. */
int         assay_strict_get_word   (const json_t *object, const char *key, const char *const *words, const char *where, GError **error);
/* An array of such words as bits. */
gboolean    assay_strict_get_words  (const json_t *object, const char *key, const char *const *words, const char *where, guint *bits,
                                     GError **error);
/* A calendar date: YYYY, YYYY-MM or YYYY-MM-DD. */
gboolean    assay_strict_is_date    (const char *text);
/* RFC 3339 in UTC: 2026-03-01T12:00:00Z. */
gboolean    assay_strict_is_utc     (const char *text);
