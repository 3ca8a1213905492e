/* SPDX-License-Identifier: GPL-3.0-or-later */
/* deletion.h: do contributions tell what matters? Columns are set to their reference in the order that the contributions say, and the margin is
 * looked at; beside it stand random orders, and the best and worst orders that a search finds.
 *
 *   without_k = m (x with the first k columns at their reference)      only_k = m (x with all others at theirs)
 *   area = mean over k of m (x) - without_k                            comprehensiveness of the margin
 *
 * The order begins with the column whose contribution raises m most. m is taken so that it is above 0 for the decision made.
 * Shape letters: C columns, D features, K numbers of deleted columns, R random orders.
 * Ownership: a deletion owns its arrays. Thread rule: as the margin's.
 * Source: DeYoung et al., ACL 2020 (ERASER), for both measures; the rescaling between best and worst order: arXiv 2408.08137.
 */
#pragma once

#include "base/progress.h"
#include "probes/margin.h"

#define ASSAY_DELETION_ALL 32           /* up to so many columns every k is tried, and orders are searched */
#define ASSAY_DELETION_BEAM 8

/* A column's features: first .. first + n - 1 of D. */
typedef struct { gint64 first, n; } AssayColumnRange;

typedef struct {
  gint64 C, K, R;
  gint64 *order;                /* (C) columns, the most raising first */
  gint64 *k;                    /* (K) ascending, the last is C */
  double *claimed;              /* (K) sum of the first k contributions */
  double *measured;             /* (K) m (x) - without_k */
  double *only;                 /* (K) only_k */
  double *without_logits, *only_logits;         /* (K,V) */
  double *random_mean, *random_lo, *random_hi;  /* (K) of m (x) - without_k over random orders; the middle 95 % */
  double largest_gap;           /* max over k of |claimed - measured| */
  double area, random_area;     /* the latter: mean over orders */
  double p;                     /* share of random orders with at least this area, the order itself counted */
  double best_area, worst_area; /* NaN where no orders were searched */
  double rescaled;              /* (area - worst) / (best - worst); NaN where that is 0 / 0, or nothing was searched */
} AssayDeletion;

/* x, reference (D); contribution (C), of the columns. sign: 1, or -1 where the decision made is that of a margin below 0.
 * Cost: about K R + C^2 beam inputs. Errors: those of the margin; cancelled. */
AssayDeletion *assay_deletion_new  (AssayMargin *margin, const AssayMarginChoice *choice, double sign, const double *x, const double *reference,
                                    const AssayColumnRange *column, gint64 C, const double *contribution, gint64 R, guint64 seed,
                                    AssayProgress *progress, GError **error);
void           assay_deletion_free (AssayDeletion *deletion);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayDeletion, assay_deletion_free)
