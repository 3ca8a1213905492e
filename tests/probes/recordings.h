/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recordings.h: recordings of numbers that a test chose, and every statistic of a unit found the slow way. */
#pragma once

#include "../store/store_test.h"
#include "probes/units.h"

typedef struct {
  gint64 R, C;
  AssayStoreType type;
  double *value;                /* (R,C), as stored: rounded to the type */
  gint64 *example;              /* (R) */
  gint32 *position;             /* (R) */
} Numbers;

/* Rounded random numbers with many ties: an eighth zeros (half of them negative), small multiples, and a tail over the whole range. Rows are
 * three positions to an example, in order. */
Numbers     *numbers_new   (gint64 R, gint64 C, AssayStoreType type, guint64 seed);
void         numbers_free  (Numbers *numbers);
void         numbers_set   (Numbers *numbers, gint64 row, gint64 unit, double value);
/* The rows in another order: values, examples and positions alike. */
void         numbers_shuffle (Numbers *numbers, guint64 seed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Numbers, numbers_free)

/* Recorded as activations/NAME at tap "h.0.mlp.act", in parts of so many rows. */
void         numbers_record (const Numbers *numbers, AssayCase *cas, const char *name, gint64 part_rows);

/* Statistics, best rows and draws of one unit by brute force; the unit's memory is the caller's (unit_clear). */
void         numbers_measure (const Numbers *numbers, gint64 unit, guint n_best, guint n_bands, guint band_rows, AssayUnit *result);
void         unit_clear     (AssayUnit *unit);
/* Everything but mean and variance bit for bit; those to 1e-12 of a two-pass mean. */
void         assert_unit    (const AssayUnit *found, const AssayUnit *expected, guint n_best, guint n_bands, guint band_rows);
/* Every bit, twin included. */
void         assert_same    (const AssayUnits *a, const AssayUnits *b);
