/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_draw.h: a few examples from each quantile band of a unit, drawn at random but the same whatever the order of the rows.
 *
 * Every row has a priority, a random number of (seed, example, position); of a band's rows those with the lowest priorities are drawn.
 * Shape letters: n rows of a block, E rows drawn from a band. Ownership: said with each. Thread rule: priorities are read by any thread; one
 * thread at a time per draw.
 */
#pragma once

#include "probes/unit_tally.h"

guint64 assay_unit_draw_priority (guint64 seed, gint64 example, gint32 position);

/* order (n): the rows of a block by ascending priority. */
void    assay_unit_draw_sort     (const guint64 *priority, gint64 n, guint32 *order);

/* What a unit has drawn so far: rows (n_bands, E) and their priorities, each band's n first ones in use; the caller's. */
typedef struct {
  const AssayUnitStatistics *s;
  guint E;
  guint *n;                     /* (n_bands) */
  AssayUnitRow *rows;
  guint64 *priority;
} AssayUnitDraw;

/* Draws from one more block; keys or values as in assay_unit_tally_add.
 * Cost: ends as soon as no row that is left can be drawn; n where a band has few rows. */
void    assay_unit_draw_add      (AssayUnitDraw *draw, AssayStoreType type, const gint16 *keys, const double *values, const AssayUnitBlock *block,
                                  const guint64 *priority, const guint32 *order);
/* Each band's rows from the largest value down. */
void    assay_unit_draw_finish   (AssayUnitDraw *draw);
