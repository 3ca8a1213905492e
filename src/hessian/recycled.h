/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recycled.h: what the products of earlier solves have shown of an operator, as a preconditioner of the solves after them (Krylov recycling).
 *
 * An operator stands in A's place and watches: of the pairs (x, A x) that pass it keeps the r Ritz pairs of largest value over the span of all it has
 * kept and seen, a windowful at a time (thick restart). With V their vectors and ritz their values,
 *
 *   M = (I - V'V) / ritz_r + V' diag (1 / ritz) V
 *
 * inverts A over that span and takes the rest for what is least there. The products are made anyway; M changes how fast a solve ends and nothing of
 * what it claims.
 * Shape letters: n unknowns, r rank. Ownership: see each. Thread rule: as the operator. Numerics: what is kept hangs on the products and their order alone.
 * Source: Wu & Simon 2000 for thick restarts; Parks et al. 2006 for recycling; Frangella, Tropp & Udell (2110.02820) for the form of M.
 */
#pragma once

#include "hessian/linop.h"

typedef struct _AssayRecycled AssayRecycled;

/* Watches A, which it refers to. Memory: 4 r vectors, at least 2 r + 64, r for M, and 16 r^2 numbers. Cost: about 24 r n flops a product. Errors: memory. */
AssayRecycled *assay_recycled_new  (AssayLinop *A, gint64 rank, GError **error);
void           assay_recycled_free (AssayRecycled *self);

/* To solve with. Borrowed. */
AssayLinop    *assay_recycled_get_linop (AssayRecycled *self);
/* M from what was seen so far; *out is NULL where that is nothing, or shows that A is not positive definite. Owns: the caller.
 * Errors: of the eigensolver; memory. */
gboolean       assay_recycled_make_preconditioner (AssayRecycled *self, AssayLinop **out, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRecycled, assay_recycled_free)
