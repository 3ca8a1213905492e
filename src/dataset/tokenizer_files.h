/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_files.h: the files of a tokenizer, whatever they are, as one document in the form of tokenizer.json. Internal to the tokenizer.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* path: as for assay_tokenizer_open. *source: the file that messages name; owns: the caller. New reference. Errors: NOT_FOUND, INPUT, UNSUPPORTED. */
json_t *assay_token_files_read (const char *path, char **source, GError **error);
