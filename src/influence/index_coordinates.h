/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_coordinates.h: the coordinates of a gradient index: a model's gradients in the basis of its curvature factors, most important first.
 *
 *   z = Q_S' D Q_A         of each module, entry by entry
 *   y = z / sqrt (m)       m = Lambda + l2 + 0.1 mean Lambda of the module: a metric in which coordinates count about alike at usual dampings
 *   v = sqrt (m) w / (N (spectrum + lambda))       w: the query's gradient in the same basis; lambda: any damping
 *   infl[q, i] = v_q' y_i
 *
 * Importance of a coordinate: the mean of y^2 over training examples. The D most important ones are kept; the others are put into groups by
 * importance, each twice as long as the one before it, of which an index knows norms alone.
 * Shape letters: P parameters, D coordinates kept, G groups. Ownership: coordinates own their arrays and borrow the factors.
 * Thread rule: immutable once made.
 */
#pragma once

#include "hessian/factors_inverse.h"
#include "influence/gradient_index.h"
#include "influence/index_tile.h"

#define ASSAY_INDEX_METRIC_DAMPING 0.1

typedef struct {
  const AssayFactors *factors;
  gint64 D;
  guint n_groups;
  gint32 *slot;                 /* (P) by module, row, column: the place among the kept, or -1 - group */
  gint64 *first;                /* (modules) of a module in slot */
  double *floor;                /* (modules): m - Lambda */
} AssayIndexCoordinates;

/* Chooses D of P coordinates by the gradients of at most 1,024 of a point's examples. Cost: one pass over them.
 * Errors: those of the walks; memory. */
AssayIndexCoordinates *assay_index_coordinates_choose (AssayFactors *factors, const AssayPoint *point, double l2, gint64 D, AssayProgress *progress, GError **error);
/* As they were chosen before: slot (P) and floor (modules) are copied. Errors: INPUT when they are not of these factors; memory. */
AssayIndexCoordinates *assay_index_coordinates_restore (const AssayFactors *factors, gint64 D, const gint32 *slot, const double *floor, GError **error);
void                   assay_index_coordinates_free (AssayIndexCoordinates *coordinates);

/* m of a coordinate. */
static inline double
assay_index_coordinates_metric (const AssayIndexCoordinates *coordinates, guint module, gint64 place)
{
  double m = coordinates->factors->of[module].lambda[place] + coordinates->floor[module];

  return m > 0 ? m : 1;
}

/* Per module: what the rounding of walked products, of forming z and of the scoring pass is at most, in units of sum over positions ||r|| ||c||
 * times the norm of the query's module. dtype: of the walks. */
double   assay_index_coordinates_rounding (const AssayModule *module, AssayDtype dtype);
/* What these are at most multiplied by where the scoring pass is a device's (hessian/module_scores_there.h), whose sums go in another order; at least 1. */
double   assay_index_coordinates_excess   (const AssayModules *modules, AssayDtype dtype);

/* Queries' gradients in the basis, (K,P) by module, row, column: what is the same for every damping. gradients (K,P) in theta's order. */
void     assay_index_coordinates_rotate (const AssayIndexCoordinates *coordinates, AssayWorkers *workers, gint64 K, const double *gradients, double *rotated,
                                         double *work);
/* A query at a damping: kept (D) and left_out (G) are written, and the query points to them. rotated (P). */
AssayIndexQuery assay_index_coordinates_damp (const AssayIndexCoordinates *coordinates, AssayFactorsSpectrum spectrum, const AssayFactorsInverse *inverse,
                                              const double *rotated, double *kept, double *left_out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayIndexCoordinates, assay_index_coordinates_free)
