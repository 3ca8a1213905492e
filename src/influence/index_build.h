/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_build.h: makes the rows of a gradient index: one pass over the training examples.
 *
 * Examples are walked in the factors' type, once for each; what a walk leaves of a module is rotated and multiplied out in double, one example at
 * a time. A row's bits depend on its example alone.
 * Thread rule: one build at a time per backend.
 */
#pragma once

#include "influence/index_coordinates.h"

/* rows: the next rows of the index, as many as rows->N, valid until it returns. FALSE ends the build with its error. */
typedef gboolean (*AssayIndexRowsFunc) (const AssayGradientIndex *rows, gpointer data, GError **error);

/* Rows of the point's examples, in order. Cost: one walk to the adjoints of values, and 2 n R C flops for each module and example.
 * Errors: those of the walks and of func; NAN naming the example; memory; stopped on request. */
gboolean assay_index_build_rows (const AssayIndexCoordinates *coordinates, const AssayPoint *point, AssayIndexRowsFunc func, gpointer data,
                                 AssayProgress *progress, GError **error);
/* Floating-point operations, and bytes at its peak. */
void     assay_index_build_cost (const AssayModel *model, const AssayModules *modules, gint64 n_examples, gint64 D, double *flops, double *bytes);
