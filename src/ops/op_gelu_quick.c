/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_gelu_quick.c: the Gaussian error linear unit in its quick form, a sigmoid in place of the normal distribution. The mathematics is in op_gelu_quick.inc.
 * Source: Hendrycks and Gimpel, arXiv 1606.08415, section 2. */
#include "ops/elementwise.h"

#define OP_INC "ops/op_gelu_quick.inc"
#include "ops/op_instances.inc"

ELEMENTWISE_OP (gelu_quick, "Gaussian error linear unit, quick form, x times the sigmoid of 1.702 x", 0);
