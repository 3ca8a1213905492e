/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_sigmoid.c: the logistic function. The mathematics is in op_sigmoid.inc. */
#include "ops/elementwise.h"

#define OP_INC "ops/op_sigmoid.inc"
#include "ops/op_instances.inc"

ELEMENTWISE_OP (sigmoid, "logistic function", 0);
