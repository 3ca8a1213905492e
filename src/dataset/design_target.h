/* SPDX-License-Identifier: GPL-3.0-or-later */
/* design_target.h: from an expression to classes or real numbers, one for each row kept. Inside the dataset floor only.
 *
 * Ownership: a target owns its arrays until somebody takes them. Thread rule: one thread builds.
 */
#pragma once

#include "dataset/design.h"
#include "dataset/expression.h"

typedef struct {
  AssayTargetKind kind;         /* CLASS or REAL */
  gint32 *label;                /* CLASS (N), from assay_mem */
  double *real;                 /* REAL (N), from assay_mem */
  GPtrArray *class_names;       /* CLASS */
} AssayTarget;

/* Leaves out the rows where the target is missing: under no policy is a missing answer a class. Errors: NAN; INPUT under the
 * policy `refuse`, and when no row is left. */
gboolean assay_target_drop_missing (AssayTable *table, const AssayExpression *expression, GArray *rows, GArray *drops, GError **error);

/* Values at the rows, after assay_target_drop_missing. Errors: INPUT (type, too many classes, one class only), NO_MEMORY. */
gboolean assay_target_fill  (AssayTarget *target, const AssayExpression *expression, AssayTargetKind kind, const GArray *rows, GError **error);
void     assay_target_clear (AssayTarget *target);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayTarget, assay_target_clear)
