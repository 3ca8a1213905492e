/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replicated.h: a curvature operator with a replica for each worker of the crew, for products with many vectors at once.
 *
 * A walk of a small model is too short to be shared out; then the vectors are. Each replica walks on one thread with memory of its own,
 * and a vector's product has the same bits whoever computes it.
 * Thread rule: one apply at a time.
 */
#pragma once

#include "hessian/curvature.h"

/* The operator of that name at a point. The point's memory is divided among the replicas. A backend that is no CPU, or a crew of one, gets
 * the plain operator. Errors: those of assay_curvature_open. */
AssayLinop *assay_replicated_curvature_open (const char *curvature, const AssayPoint *point, GError **error);
