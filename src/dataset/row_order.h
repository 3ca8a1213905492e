/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row_order.h: which rows of a table are looked at, and in which order: a list of row numbers that a view shows instead of the table.
 *
 * Rows that are equal keep the order of the table; rows where the column is missing come last, whichever way is sorted.
 * Ownership: a row order is freed by its owner. Thread rule: pure functions; immutable once made.
 */
#pragma once

#include "dataset/table.h"

#include <gio/gio.h>

typedef struct {
  guint32 *row;                 /* (n) rows of the table; NULL: all of them in the table's order */
  gint64 n;
  gint64 n_unknown;             /* rows that the filter says nothing of: a value is missing */
} AssayRowOrder;

/* filter: an expression, or NULL for all rows. column: one of the table's columns to sort by, or NULL for the table's order.
 * Cost: one pass for the filter; a radix sort, O(n), and 20 bytes for each row while it is made, 4 afterwards. cancellable may be NULL.
 * Errors: those of expressions; USAGE for a column that has no order (images, tokens); NO_MEMORY; G_IO_ERROR_CANCELLED. */
AssayRowOrder *assay_row_order_new  (AssayTable *table, const char *filter, const AssayColumn *column, gboolean descending,
                                     GCancellable *cancellable, GError **error);
void           assay_row_order_free (AssayRowOrder *order);

/* Whether rows can be sorted by this column. */
gboolean       assay_row_order_can_sort (const AssayColumn *column);
/* The row of the table at a place of the order. */
static inline gint64
assay_row_order_get (const AssayRowOrder *order, gint64 place)
{
  return order->row != NULL ? order->row[place] : place;
}
/* The place of a row, or -1. Cost: O(n). */
gint64         assay_row_order_find (const AssayRowOrder *order, gint64 row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRowOrder, assay_row_order_free)
