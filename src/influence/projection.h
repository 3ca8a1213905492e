/* SPDX-License-Identifier: GPL-3.0-or-later */
/* projection.h: random projections of gradients, R^P to R^k, whose signs are drawn anew from a counter wherever they are needed: the matrix
 * of P k signs never exists, unless somebody asks for it.
 *
 *   out = (1 / sqrt k) S' g,  S (P,k) of +1 and -1: row j is a pure function of (seed, j)
 *
 * Where k >= P nothing is projected: out is g itself, and k becomes P.
 * Shape letters: P parameters, k numbers of a projection, N examples. Thread rule: one apply at a time per projection; the crew helps.
 * Numerics: the same bits for any crew and any number of vectors at once. Cost: 2 P k flops a vector.
 */
#pragma once

#include "base/progress.h"
#include "hessian/point.h"

typedef struct {
  gint64 P, k;
  guint64 seed;
  gboolean is_identity;
  double *signs;                /* of some rows of S */
} AssayProjection;

AssayProjection *assay_projection_new   (gint64 P, gint64 k, guint64 seed, GError **error);
void             assay_projection_free  (AssayProjection *self);
/* out (n,k) of vectors (n,P). */
void             assay_projection_apply (AssayProjection *self, AssayWorkers *workers, gint64 n, const double *vectors, double *out);

/* matrix (P,k), whose transpose is what is applied: for few P. */
void             assay_projection_write (const AssayProjection *self, AssayWorkers *workers, double *matrix);

/* out (N,k): projections of scale times the gradients of a point's examples, scale (P) or NULL; value (N): what was differentiated, or NULL.
 * Errors: those of assay_gradient_each. */
gboolean         assay_projection_of_gradients (AssayProjection *self, const AssayPoint *point, const double *scale, double *out, double *value,
                                                AssayProgress *progress, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayProjection, assay_projection_free)
