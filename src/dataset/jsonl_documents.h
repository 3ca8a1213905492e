/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jsonl_documents.h: members of JSON lines that are texts, as token sequences: a document, or a completion behind a prompt that is not predicted. Internal to the reader of JSONL.
 *
 *   {"prompt": "2 + 2 =", "completion": " 4"}     tokens of both texts as one; those of the prompt have weight 0, one that crosses the border counts
 *   {"text": "..."}                               every token counts
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "base/param.h"
#include "dataset/table.h"

typedef enum { ASSAY_JSONL_PROMPT, ASSAY_JSONL_COMPLETION, ASSAY_JSONL_TEXT, ASSAY_JSONL_ROLES } AssayJsonlRole;

/* Whether the options ask for tokens. */
gboolean    assay_jsonl_documents_are_wanted (const AssayValues *options);
/* The role that the options give to a member of that name, ASSAY_JSONL_ROLES: none. */
AssayJsonlRole assay_jsonl_documents_find_role (const AssayValues *options, const char *member);

/* table: a row for each line, with the lines' places. columns: of the roles (TEXT, as many rows), NULL where no line has the member. Adds the column "tokens" to the table,
 * or, where documents are packed, returns a table of the sequences alone. Owns: takes table, gives a table. Errors: INPUT with file and line; those of a tokenizer; USAGE. */
AssayTable *assay_jsonl_documents_make (AssayTable *table, AssayColumn *const *columns, const AssayValues *options, GError **error);
