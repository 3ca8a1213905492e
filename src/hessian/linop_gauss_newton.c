/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_gauss_newton.c: the Gauss-Newton matrix (1/N) sum_i J_i' H_i J_i, equal to the true Fisher for softmax cross-entropy. Cost of a
 * product, in forward walks: 4 with primals kept, 5 without.
 * Source: Schraudolph, Fast curvature matrix-vector products (2002).
 */
#include "hessian/linop_walk.h"

static AssayLinop *
open_gauss_newton (const AssayPoint *point, GError **error)
{
  return assay_walk_linop_new (sizeof (AssayWalkLinop), point, ASSAY_WALK_GAUSS_NEWTON, point->dtype, "Gauss-Newton", 0, error);
}

ASSAY_CURVATURE_DEFINE (gauss_newton) = { .name = "gauss-newton", .help = "the Gauss-Newton matrix; positive semi-definite",
                                          .is_semidefinite = TRUE, .open = open_gauss_newton };
