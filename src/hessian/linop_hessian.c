/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_hessian.c: the exact Hessian of the mean loss. Cost of a product, in forward walks: 6 with primals kept, 9 without.
 * Source: Pearlmutter, Fast exact multiplication by the Hessian (1994).
 */
#include "hessian/linop_walk.h"

#include <math.h>

static AssayLinop *
open_hessian (const AssayPoint *point, GError **error)
{
  return assay_walk_linop_new (sizeof (AssayWalkLinop), point, ASSAY_WALK_HESSIAN, point->dtype, "Hessian", -INFINITY, error);
}

ASSAY_CURVATURE_DEFINE (hessian) = { .name = "hessian", .help = "the exact Hessian; may be indefinite", .open = open_hessian };
