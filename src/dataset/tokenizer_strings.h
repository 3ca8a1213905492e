/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_strings.h: which of many strings a text begins with. Internal to the tokenizer.
 *
 * Ownership: the strings are copied. Thread rule: finding from any thread.
 */
#pragma once

#include <glib.h>

typedef struct _AssayTokenStrings AssayTokenStrings;

AssayTokenStrings *assay_token_strings_new  (void);
void               assay_token_strings_free (AssayTokenStrings *self);
/* An empty string is left out; of equal ones the first stays. */
void               assay_token_strings_add  (AssayTokenStrings *self, const char *bytes, gsize n, gint32 value);
/* After the last was added, before the first is looked for. */
void               assay_token_strings_sort (AssayTokenStrings *self);
gboolean           assay_token_strings_is_empty (const AssayTokenStrings *self);
/* The value of the longest string that n bytes begin with, and its length; -1: none.
 * Cost: one look for a byte that none begins with, else the length times the logarithm of how many there are. */
gint32             assay_token_strings_find (const AssayTokenStrings *self, const char *bytes, gsize n, gsize *length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTokenStrings, assay_token_strings_free)
