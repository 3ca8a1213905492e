/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split.h: which rows train, and which are kept for something else.
 *
 *   NAME                             every row in split NAME ("train" unless told otherwise)
 *   random:train=0.8,test=0.2        at random, by fraction or by count; one part may be `rest`
 *   order:train=5000,test=rest       in row order
 *   time:COLUMN:train=0.8,test=0.2   in the order of a number or ISO-date column, earliest first; ties keep row order
 *   time:COLUMN<VALUE                rows before VALUE in train, the others in test
 *   column:COLUMN                    the column's value is the split's name
 *   file                             the source file's name without its extensions is the split's name
 *
 * Rows in which COLUMN is missing are the split "(missing)", and a note counts them.
 */
#pragma once

#include "dataset/table.h"

/* Assigns a split to every row. Random splits are a function of seed and row count only.
 * Errors: USAGE for a rule that cannot be read or whose parts do not add up; INPUT, with the row, for a value that is no date. */
gboolean assay_split_apply (AssayTable *table, const char *rule, guint64 seed, GError **error);
