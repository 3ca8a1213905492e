/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset_store.h: a table kept in a case, and read back the same.
 *
 * One object of kind "data" with one part. Arrays, all along the axis `row`:
 *   /columns/NAME      numbers (f64), level or class of each row (i32), pixels (u8), input tokens (i32)
 *   /missing/NAME      where a cell is missing; absent when none is
 *   /levels/NAME       spellings of a text column by code, class names, or a vocabulary
 *   /targets/NAME, /weights/NAME   of a token column
 *   /origin/file, /origin/source_row, /origin/split, /origin/id   where each row came from
 *   /tokenizer/document   the bytes of the JSON document of what made tokens of text, where that is known
 * NAME is the column's name where that is a plain word, else column_K. Names, types, splits, files, policy, options and
 * notes are in the object's meta data.
 * Thread rule: as the store's.
 */
#pragma once

#include "dataset/table.h"
#include "dataset/tokenizer.h"
#include "store/case.h"

#define ASSAY_DATA_KIND "data"

/* Commits the table under a name. Owns: the caller. */
AssayObject *assay_table_save (const AssayTable *table, AssayCase *cas, const char *name, GError **error);

/* The document of the tokenizer that the tokens of a data object came from (tokenizer.h), and that tokenizer. Errors: NOT_FOUND where none was kept; DAMAGED.
 * Owns: the caller; the document is a new reference. */
json_t         *assay_table_load_tokenizer_document (AssayCase *cas, AssayObject *data, GError **error);
AssayTokenizer *assay_table_load_tokenizer          (AssayCase *cas, AssayObject *data, GError **error);

/* The table of that name, or with NULL the newest one. Errors: NOT_FOUND, VERSION, DAMAGED (what it holds is no table). */
AssayTable  *assay_table_load (AssayCase *cas, const char *name, GError **error);
