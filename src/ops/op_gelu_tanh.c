/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_gelu_tanh.c: the Gaussian error linear unit in its tanh form, as GPT-2 has it. The mathematics is in op_gelu_tanh.inc.
 * Source: Hendrycks and Gimpel, arXiv 1606.08415, section 2. */
#include "ops/elementwise.h"

#define OP_INC "ops/op_gelu_tanh.inc"
#include "ops/op_instances.inc"

ELEMENTWISE_OP (gelu_tanh, "Gaussian error linear unit, tanh form", 0);
