/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_softplus.c: a smooth step from 0 to x. The mathematics is in op_softplus.inc.
 * Source: Dugas et al., NIPS 2000, section 3. */
#include "ops/elementwise.h"

#define OP_INC "ops/op_softplus.inc"
#include "ops/op_instances.inc"

ELEMENTWISE_OP (softplus, "logarithm of one plus the exponential", 0);
