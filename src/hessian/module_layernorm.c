/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_layernorm.c: gain and bias of a LayerNorm: an exact block of their own. */
#include "hessian/module_norm.h"

ASSAY_MODULE_KIND_DEFINE (layernorm) = { .op = "layernorm", .name = "norm", .describe = assay_module_norm_describe, .gather = assay_module_norm_gather,
                                         .find_there = assay_module_norm_find_there };
