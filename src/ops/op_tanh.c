/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_tanh.c: the hyperbolic tangent. The mathematics is in op_tanh.inc. */
#include "ops/elementwise.h"

#define OP_INC "ops/op_tanh.inc"
#include "ops/op_instances.inc"

ELEMENTWISE_OP (tanh, "hyperbolic tangent", 0);
