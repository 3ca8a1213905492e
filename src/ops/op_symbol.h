/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_symbol.h: one symbol per op and instruction set, and the table of kernels in one word.
 *
 * The folder is compiled once per instruction set with -DASSAY_ISA=baseline, x86_64_v3 or x86_64_v4.
 */
#pragma once

#include "ops/op.h"

#ifndef ASSAY_ISA
#define ASSAY_ISA baseline
#endif

#define ASSAY_OP_PASTE(name, isa) assay_op_##name##_##isa
#define ASSAY_OP_EXPAND(name, isa) ASSAY_OP_PASTE (name, isa)

/* ASSAY_OP_DEFINE (layernorm) = { ... }; */
#define ASSAY_OP_DEFINE(name)                                                                                           \
  extern const AssayOp ASSAY_OP_EXPAND (name, ASSAY_ISA);                                                               \
  const AssayOp ASSAY_OP_EXPAND (name, ASSAY_ISA)

/* All four rules of name_fwd_f32 ... , or only fwd and bwd for ops that are linear. */
#define ASSAY_OP_KERNELS(name)                                                                                          \
  { [ASSAY_FWD] = { name##_fwd_f32, name##_fwd_f64, name##_fwd_c128 },                                                  \
    [ASSAY_BWD] = { name##_bwd_f32, name##_bwd_f64, name##_bwd_c128 },                                                  \
    [ASSAY_RFWD] = { name##_rfwd_f32, name##_rfwd_f64, NULL },                                                          \
    [ASSAY_RBWD] = { name##_rbwd_f32, name##_rbwd_f64, NULL } }
/* And STEP, for ops that look back. */
#define ASSAY_OP_KERNELS_STEP(name)                                                                                     \
  { [ASSAY_FWD] = { name##_fwd_f32, name##_fwd_f64, name##_fwd_c128 },                                                  \
    [ASSAY_BWD] = { name##_bwd_f32, name##_bwd_f64, name##_bwd_c128 },                                                  \
    [ASSAY_RFWD] = { name##_rfwd_f32, name##_rfwd_f64, NULL },                                                          \
    [ASSAY_RBWD] = { name##_rbwd_f32, name##_rbwd_f64, NULL },                                                          \
    [ASSAY_STEP] = { name##_step_f32, name##_step_f64, NULL } }
#define ASSAY_OP_KERNELS_LOSS(name)                                                                                     \
  { [ASSAY_FWD] = { name##_fwd_f32, name##_fwd_f64, name##_fwd_c128 },                                                  \
    [ASSAY_BWD] = { name##_bwd_f32, name##_bwd_f64, name##_bwd_c128 },                                                  \
    [ASSAY_RFWD] = { name##_rfwd_f32, name##_rfwd_f64, NULL },                                                          \
    [ASSAY_RBWD] = { name##_rbwd_f32, name##_rbwd_f64, NULL },                                                          \
    [ASSAY_GGN] = { name##_ggn_f32, name##_ggn_f64, NULL } }
#define ASSAY_OP_KERNELS_LINEAR(name)                                                                                   \
  { [ASSAY_FWD] = { name##_fwd_f32, name##_fwd_f64, name##_fwd_c128 },                                                  \
    [ASSAY_BWD] = { name##_bwd_f32, name##_bwd_f64, name##_bwd_c128 } }
