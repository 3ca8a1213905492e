/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset_store.h: a table kept in a case, and read back the same.
 *
 * Thread rule: as the store's: one call at a time on a case.
 */
#pragma once

#include "dataset/table.h"
#include "store/case.h"

/* Commits the table as an object of kind "data" and returns the object's id. */
char       *assay_table_save (AssayTable *table, AssayCase *store, const char *name, GError **error);

/* The table of that name, as it was saved; name NULL: the latest. */
AssayTable *assay_table_load (AssayCase *store, const char *name, GError **error);
