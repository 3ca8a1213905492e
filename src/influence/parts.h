/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.h: theta cut into named parts: modules, or attention heads. Every parameter belongs to exactly one.
 *
 * Shape letters: P parameters. Ownership: parts own their arrays. Thread rule: immutable.
 */
#pragma once

#include "model/model.h"

typedef struct {
  gint64 n;
  char **names;                 /* (n), then NULL */
  gint32 *of;                   /* (P) the part of each parameter */
} AssayParts;

/* By the parameter's name less its last word: "h.0.mlp.c_fc" of "h.0.mlp.c_fc.weight". In theta's order. */
AssayParts *assay_parts_new_modules (const AssayModel *model);
/* "h.0.head.3", "h.0.kv-head.0" where heads share keys and values, and "rest". Errors: USAGE for a model without attention. */
AssayParts *assay_parts_new_heads   (const AssayModel *model, GError **error);
void        assay_parts_free        (AssayParts *parts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayParts, assay_parts_free)
