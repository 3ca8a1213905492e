/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_channels.h: what the operations share whose parameters belong to channels, a few numbers to each: consecutive channels are a module, as many as
 * keep its block small, and the gradient of an example is one vector. Internal.
 *
 * Within a module the block of the curvature is exact, across channels too; a channel of one module and one of another are taken to be independent.
 * Thread rule: pure functions.
 */
#pragma once

#include "hessian/module_kind.h"

/* A part of the channels 0 .. C-1 that have `each` parameters. */
typedef struct { gint64 first, n; } AssayModuleChannels;

guint               assay_module_channels_count (gint64 C, gint64 each);
AssayModuleChannels assay_module_channels_get   (gint64 C, gint64 each, guint part);

/* Pieces and sizes of the use's part, one piece below the other: n_inputs of the node's inputs, of input[k] each[k] elements for each channel. FALSE when
 * those are not the node's only parameters. */
gboolean            assay_module_channels_describe (AssayGraph *graph, const AssayGraphNode *node, gint64 C, guint n_inputs, const guint *input,
                                                    const gint64 *each, AssayModuleUse *use);
