/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_relu.c: the rectified linear unit; its slope at 0 is 0. The mathematics is in op_relu.inc. */
#include "ops/elementwise.h"

#define OP_INC "ops/op_relu.inc"
#include "ops/op_instances.inc"

ELEMENTWISE_OP (relu, "rectified linear unit", ASSAY_OP_PIECEWISE);
