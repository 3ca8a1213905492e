/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_relu_squared.c: the square of the rectified linear unit; its curvature at 0 is 0. The mathematics is in op_relu_squared.inc.
 * Source: So et al., arXiv 2109.08668, section 3. */
#include "ops/elementwise.h"

#define OP_INC "ops/op_relu_squared.inc"
#include "ops/op_instances.inc"

ELEMENTWISE_OP (relu_squared, "square of the rectified linear unit", ASSAY_OP_PIECEWISE);
