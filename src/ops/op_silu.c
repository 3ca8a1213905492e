/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_silu.c: the sigmoid-weighted linear unit. The mathematics is in op_silu.inc.
 * Source: Elfwing, Uchibe and Doya, arXiv 1702.03118, equation 7. */
#include "ops/elementwise.h"

#define OP_INC "ops/op_silu.inc"
#include "ops/op_instances.inc"

ELEMENTWISE_OP (silu, "sigmoid-weighted linear unit, x times its sigmoid", 0);
