/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_gelu.c: the Gaussian error linear unit in its exact form. The mathematics is in op_gelu.inc.
 * Source: Hendrycks and Gimpel, arXiv 1606.08415, equation 1. */
#include "ops/elementwise.h"

#define OP_INC "ops/op_gelu.inc"
#include "ops/op_instances.inc"

ELEMENTWISE_OP (gelu, "Gaussian error linear unit, exact form", 0);
