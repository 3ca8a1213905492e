/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_part.h: summaries of units over the first rows of a corpus, kept in a case so that a walk that was stopped goes on behind them.
 *
 *   summary-part/NAME   /count (C,256)   /sum, /square (C,digit)   /largest, /smallest: value, example, position (C,k), kept (C)
 *
 * What comes of it has the bits of one walk. Shape letters: C units of all taps, one tap behind the other, k rows at either end.
 * Ownership: summaries are the caller's. Thread rule: as the store's.
 */
#pragma once

#include "probes/unit_summary.h"
#include "store/case.h"

#include <jansson.h>

/* identity: what was walked (borrowed). rows: how many were, and are in the summaries. Errors: those of the store. */
gboolean assay_units_part_save (AssayCase *cas, const char *name, json_t *identity, AssayUnitSummary *unit, gint64 C, gint64 rows, GError **error);
/* Adds what was kept under that name and identity to the summaries, which are empty; *rows: how many rows those are of, 0 where nothing was kept.
 * Errors: those of the store; DAMAGED for a part that is not what assay_units_part_save makes. */
gboolean assay_units_part_load (AssayCase *cas, const char *name, const json_t *identity, AssayUnitSummary *unit, gint64 C, gint64 *rows, GError **error);
