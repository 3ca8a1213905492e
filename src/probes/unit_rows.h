/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_rows.h: rows of a recording as a unit's examples: an order that does not depend on how they were stored, and the best k of many.
 *
 * Rows are ordered by value, then example, then position: so "the largest k" are the same rows whatever part they came from and in whichever
 * order. Thread rule: one thread at a time per list.
 */
#pragma once

#include <glib.h>

typedef struct {
  double value;
  gint64 example;
  gint32 position;
} AssayUnitRow;

/* Below 0: a comes first. largest: from the largest value down; else from the smallest up. Equal values: lower example, lower position. */
int assay_unit_row_compare (const AssayUnitRow *a, const AssayUnitRow *b, gboolean largest);

typedef struct {
  AssayUnitRow *row;
  gsize n, capacity;
  gint64 k;
  gboolean largest;
  gboolean has_worst;           /* k rows are known to come before or at `worst` */
  AssayUnitRow worst;
} AssayUnitBest;

void assay_unit_best_init   (AssayUnitBest *best, gint64 k, gboolean largest);
void assay_unit_best_clear  (AssayUnitBest *best);
void assay_unit_best_reset  (AssayUnitBest *best);
/* Cost: constant on average; memory for 2 k rows. */
void assay_unit_best_offer  (AssayUnitBest *best, const AssayUnitRow *row);
/* Keeps the best k alone and knows their worst: what cannot be among them is refused from now on. */
void assay_unit_best_cut    (AssayUnitBest *best);
/* Sorts what is left of it: the first min (k, offered), best first. */
void assay_unit_best_finish (AssayUnitBest *best);
