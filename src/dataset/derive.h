/* SPDX-License-Identifier: GPL-3.0-or-later */
/* derive.h: from a stored table to the dataset of one run, as its declared options say.
 *
 * Only the table is stored; a run's options name filter, target, terms and transforms, and the same options give the same
 * dataset again, bit for bit. Thread rule: a derivation runs on one thread.
 */
#pragma once

#include "base/param.h"
#include "dataset/dataset.h"

/* filter, target, terms, reference, target-kind, standardise, pool, limit: entries to be included in a job's own table by
 * ASSAY_DERIVE_PARAMS, or used alone as assay_derive_params. */
#define ASSAY_DERIVE_PARAMS \
  { "filter", ASSAY_PARAM_STRING, .metavar = "EXPR", .help = "keep only the rows where this expression is true" }, \
  { "target", ASSAY_PARAM_STRING, .metavar = "EXPR", .help = "what a table model predicts: a column or an expression" }, \
  { "terms", ASSAY_PARAM_STRING, .metavar = "LIST", .help = "columns that a table model uses, separated by commas (default: all usable ones)" }, \
  { "reference", ASSAY_PARAM_LIST, .metavar = "COLUMN=LEVEL", .help = "the level of a column that gets no term of its own" }, \
  { "target-kind", ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = assay_derive_target_kinds, \
    .help = "treat the target as a class or as a real number" }, \
  { "standardise", ASSAY_PARAM_BOOL, .help = "bring each term to mean 0 and variance 1 over the training split" }, \
  { "pool", ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 16, .unit = "pixels", .help = "average images over squares of this side" }, \
  { "limit", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .unit = "examples", .help = "keep at most the first this many examples of each split (0: all)" }

extern const char *const assay_derive_target_kinds[];
extern const AssayParam assay_derive_params[];

/* The dataset of a table with tokens, images or columns. wanted overrules `target-kind` when that is auto (a logistic model
 * asks for CLASS, a linear one for REAL). Options that do not apply to the table's kind are refused by name.
 * values may belong to any table that declares the entries above. */
AssayDataset *assay_dataset_derive (AssayTable *table, const AssayValues *values, AssayTargetKind wanted, GError **error);
