/* SPDX-License-Identifier: GPL-3.0-or-later */
/* isa.h: the instruction sets that kernels were compiled for, and the one in use.
 *
 * Kernel folders compile the same source once per level with -DASSAY_ISA=baseline, x86_64_v3 or x86_64_v4. The best that this processor
 * runs is used unless another is chosen before the first kernel runs; a result's bits depend on it, so it is recorded with them.
 * Thread rule: choose once at start; reading is free.
 */
#pragma once

#include <glib.h>

typedef enum { ASSAY_ISA_BASELINE, ASSAY_ISA_X86_64_V3, ASSAY_ISA_X86_64_V4, ASSAY_N_ISAS } AssayIsa;

AssayIsa    assay_isa_get        (void);
const char *assay_isa_get_name   (void);                           /* "x86-64-v4", "x86-64-v3", "baseline" */
const char *const *assay_isa_list (void);                          /* those that run here, best first, NULL-terminated */
gboolean    assay_isa_set        (const char *name, GError **error);
/* Whether kernels may add products of bytes and of bf16 by one instruction: x86-64-v4 in use, on a processor that has VNNI and BF16 beside it. */
gboolean    assay_isa_has_dot_products (void);
