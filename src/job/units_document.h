/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_document.h: what was found about the units of taps, as JSON for machines and for the view: numbers with the examples, tokens and columns
 * behind them by name.
 *
 * Thread rule: pure functions of their arguments.
 */
#pragma once

#include "dataset/dataset.h"
#include "probes/units_store.h"

/* Where names come from, and how examples are shown. */
typedef struct {
  AssayDataset *dataset;
  gboolean has_positions;       /* rows are positions of token sequences */
  const char *output;           /* the tap whose units are the model's outputs */
} AssayUnitNames;

/* {"tap", "units": how many, "rows", "type", "dead", "constant", "duplicates", "similar": [...], "reads", "writes": what kind of sides, "ablation": what
 * was done, "ranking": the first so many units in short}. New reference. */
json_t *assay_units_document_tap  (const AssayTapUnits *tap, const AssayUnitNames *names, guint n_ranked);

/* Everything about one unit. with_context: its examples with the tokens around. New reference. */
json_t *assay_units_document_unit (const AssayTapUnits *tap, const AssayUnitNames *names, gint64 unit, gboolean with_context);

/* The units in the order in which a person wants to see them: by the size of what their ablation changed, then those not ablated by how much
 * they vary; dead ones last. Elements are gint64. Owns: the caller. */
GArray *assay_units_document_rank (const AssayTapUnits *tap);

/* Name of an entry of a side: a token, a column, a pixel, a class, a unit. Owns: the caller. */
char   *assay_units_document_name (const AssayUnitNames *names, AssayUnitSideKind kind, gint64 index);

/* The 257 edges of the bins; null at both ends. New reference. */
json_t *assay_units_document_edges (void);
