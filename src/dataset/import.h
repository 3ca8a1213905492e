/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import.h: from files to a table: choose the reader, read, apply the missing-value policy, assign the splits.
 *
 * Thread rule: one import is one call on one thread.
 */
#pragma once

#include "base/param.h"
#include "dataset/table.h"

/* Everything that can be said about an import. */
extern const AssayParam assay_import_params[];

/* Reads the files, in the order given, into one table (a pair of IDX files is images and their labels).
 *
 * Missing values: a cell whose whole text is one of the declared marks is missing. Number columns hold NaN there; text
 * columns keep the spelling, so that a filter can still ask for it. Policy `refuse` fails here, at the first missing cell;
 * `drop` and `level` act later, on the columns that a model uses (dataset/design.h), so that a filter sees every row.
 *
 * Cost: O(bytes). Errors: INPUT with file and line, record or byte; NOT_FOUND; USAGE for options that do not fit. */
AssayTable *assay_import (const char *const *paths, const AssayValues *options, GError **error);
