/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorded.h: a recording of activations the two ways that it is asked: one unit at every row, one example at every unit.
 *
 * The tiles of the store are square, so that either reads few of them; what is stored in 16 bits is widened once it is read.
 * Shape letters: R rows, C units, n rows of an example.
 * Ownership: the reader is borrowed and must outlive it. Thread rule: one thread at a time.
 */
#pragma once

#include "store/reader.h"

typedef struct _AssayRecorded AssayRecorded;

/* reader: of a recording of activations. Memory: 12 bytes a row. Errors: those of the store. */
AssayRecorded *assay_recorded_open      (AssayReader *reader, GError **error);
void           assay_recorded_free      (AssayRecorded *self);

gint64         assay_recorded_get_rows  (const AssayRecorded *self);
/* (R) which example and position each row is. */
const gint64  *assay_recorded_get_example  (const AssayRecorded *self);
const gint32  *assay_recorded_get_position (const AssayRecorded *self);
/* The rows of an example, which lie one after the other. Errors: NOT_FOUND. */
gboolean       assay_recorded_find_example (const AssayRecorded *self, gint64 example, gint64 *first, gint64 *n, GError **error);

/* out (R): the unit at all rows. Errors: NOT_FOUND (tap), SHAPE (unit). Cost: a column of tiles. */
gboolean       assay_recorded_read_unit (AssayRecorded *self, const char *tap, gint64 unit, AssayStoreType as, void *out, GError **error);
/* out (n,C): rows first .. first + n - 1. Cost: a row of tiles. */
gboolean       assay_recorded_read_rows (AssayRecorded *self, const char *tap, gint64 first, gint64 n, AssayStoreType as, void *out, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRecorded, assay_recorded_free)
