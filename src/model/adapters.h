/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapters.h: low-rank adapters of linear modules: a model whose parameters are the adapters alone, beside the frozen ones of a base.
 *
 *   y = W x + b + (alpha / r) B A x       W, b frozen; A (r, in) and B (out, r) are the parameters; B begins at 0, so that the model begins as its base
 *
 * They are operations of the graph: gradients, products, factors and influence of such a model are those of its adapters, with nothing that knows of them. A frozen parameter is a constant
 * of the graph under its own name. The adapters of module NAME are NAME.lora_A.weight and NAME.lora_B.weight.
 * Ownership: reference counted; it owns a copy of the base's numbers. Thread rule: immutable once made, then shared freely.
 * Source: Hu et al., arXiv 2106.09685, section 4.1.
 */
#pragma once

#include "model/model.h"

/* modules: patterns of the names of modules, between commas (* and ? as in names of files). source: where the base is, kept for its reader; borrowed.
 * Errors: NO_MEMORY. */
AssayAdapters *assay_adapters_new   (const AssayModel *base, gint64 rank, double alpha, const char *modules, const json_t *source, GError **error);
AssayAdapters *assay_adapters_ref   (AssayAdapters *self);
void           assay_adapters_unref (AssayAdapters *self);     /* NULL-safe */

/* The frozen numbers of that name; NULL: there are none, it is a parameter. */
const double  *assay_adapters_find_frozen (const AssayAdapters *self, const char *name);
/* Whether a module has adapters; their rank, and alpha / rank. */
gboolean       assay_adapters_match (const AssayAdapters *self, const char *module);
gint64         assay_adapters_get_rank (const AssayAdapters *self);
double         assay_adapters_get_scale (const AssayAdapters *self);

/* {"rank", "alpha", "modules", "base": source, "base_sha256": of its numbers}. New reference. */
json_t        *assay_adapters_to_json (const AssayAdapters *self);

/* The model with its adapters added to the weights: one of the base's architecture without adapters, and the same function but for rounding.
 * Numerics: W + (alpha / r) B A is summed in double and rounded once. Owns: the caller. */
AssayModel    *assay_adapters_merge (const AssayModel *model, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayAdapters, assay_adapters_unref)
