/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checks.h: what every op must pass on each of its cases. A check that fails ends the test with a message that says what and where.
 *
 * Thread rule: one thread.
 */
#pragma once

#include "ops/op.h"

typedef void (*CheckFunc) (const AssayOp *op, const AssayOpCase *item);

void check_declaration (const AssayOp *op, const AssayOpCase *item);
void check_value (const AssayOp *op, const AssayOpCase *item);
void check_rfwd (const AssayOp *op, const AssayOpCase *item);
void check_rbwd (const AssayOp *op, const AssayOpCase *item);
void check_adjoint (const AssayOp *op, const AssayOpCase *item);
void check_symmetry (const AssayOp *op, const AssayOpCase *item);
void check_taylor (const AssayOp *op, const AssayOpCase *item);
void check_zero_tangent (const AssayOp *op, const AssayOpCase *item);
void check_f32 (const AssayOp *op, const AssayOpCase *item);
void check_nan (const AssayOp *op, const AssayOpCase *item);
void check_crews (const AssayOp *op, const AssayOpCase *item);
void check_accumulation (const AssayOp *op, const AssayOpCase *item);
void check_unwanted (const AssayOp *op, const AssayOpCase *item);
void check_null_tangents (const AssayOp *op, const AssayOpCase *item);
void check_declared_uses (const AssayOp *op, const AssayOpCase *item);
void check_gauss_newton (const AssayOp *op, const AssayOpCase *item);
void check_refusals (const AssayOp *op, const AssayOpCase *item);
