/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_norm.h: what the norms share: the gradient of gain and bias of an example is one vector, (sum_t dy h, sum_t dy). Internal.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "hessian/module_kind.h"

/* The node's result is out[0], the normalised input h is its saved out[1]; gain is input 1, bias input 2 where there is one. */
gboolean assay_module_norm_describe   (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use);
void     assay_module_norm_gather     (AssayModuleParts *parts);
/* By kernels/op_sketch.cu. */
gboolean assay_module_norm_find_there (AssayModuleParts *parts, GError **error);
