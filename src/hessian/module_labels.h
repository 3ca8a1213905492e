/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_labels.h: answers drawn from the model itself, in the middle of a walk, so that gradients are those of the true Fisher matrix.
 *
 *   y ~ p_theta (. | x)      softmax: a class for each position;  logistic: 0 or 1;  squared loss: output + N (0,1)
 *
 * Between the loss's forward and its backward rule the labels that the walk reads are replaced; nothing else is walked again. The weight
 * of a position becomes its square root, so that the mean of g g' is the Gauss-Newton matrix of the weighted loss.
 * The draw of an example depends on the seed and on its number in the data set, so factors do not depend on batches.
 * Ownership: labels own what they drew. Thread rule: one walk at a time.
 */
#pragma once

#include "run/pass.h"

typedef struct _AssayModuleLabels AssayModuleLabels;

/* n: examples of the point, whose draws are kept for the next walk over them. */
AssayModuleLabels *assay_module_labels_new  (const AssayModel *model, guint64 seed, gint64 n, GError **error);
void               assay_module_labels_free (AssayModuleLabels *labels);
/* Values that the pass must keep beside others, ASSAY_NO_VALUE-terminated. */
const guint       *assay_module_labels_get_keep (const AssayModuleLabels *labels);
/* From here on the pass's walk draws for examples (B), which are the point's `first` and following. */
void               assay_module_labels_bind (AssayModuleLabels *labels, AssayPass *pass, const gint64 *examples, gint64 first);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayModuleLabels, assay_module_labels_free)
