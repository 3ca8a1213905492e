/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_walk.h: what operators that walk a model have in common: y = (1/N) sum over micro-batches of a product, summed in double.
 * Internal to this floor.
 *
 * On a device vectors stay there: a product costs one copy each way, however many micro-batches there are.
 * An operator says how one micro-batch is made ready and how it is multiplied by one direction; rounding to the walks' type, the sum,
 * the divisor and the search for NaN are here.
 * Shape letters: N examples, P parameters. Thread rule: as curvature.h.
 */
#pragma once

#include "hessian/curvature.h"
#include "hessian/sweep.h"

typedef struct _AssayWalkLinop AssayWalkLinop;

struct _AssayWalkLinop {
  AssayLinop base;
  AssaySweep *sweep;            /* owned */
  AssayExec *exec;              /* of the micro-batch under way */
  AssayWorkers *crew;           /* the backend's */
  AssayDtype dtype;             /* of directions and products: F32 or F64 */
  AssayBackend *backend;
  gboolean is_rounded;          /* all but f64: directions are scaled by a power of two, so that their size does not matter to f32 or to the complex step */
  gsize memory;                 /* the point's */
  void *products;               /* (P), on a device (n_there or ASSAY_SWEEP_BLOCK, P), dtype, the backend's */
  void *rounded;                /* (P), dtype: the direction so; NULL in f64, where directions are walked along as they are, and on a device */
  /* On a device, whose sums stay there until all micro-batches are done: */
  gint64 asked;                 /* vectors that room was made for; 0: none yet */
  gint64 n_there, block;        /* for so many there is, and of so many directions a walk at once */
  void *directions;             /* (n_there,P), dtype */
  double *sums, *wide;          /* (n_there,P); (P) */
  void *under_way;              /* (as products): directions, always in the same place, so that a walk can be captured */
  /* Sets exec for a micro-batch, once for all directions. */
  gboolean (*begin) (AssayWalkLinop *self, guint batch, GError **error);
  /* products <- sums over the micro-batch's examples of what multiplies each of n directions (n, P, dtype), n at most `block`, here 1. */
  gboolean (*multiply) (AssayWalkLinop *self, guint batch, gint64 n, const void *directions, GError **error);
  /* Names the first number that is not finite in the product with that direction. */
  void (*locate_nan) (AssayWalkLinop *self, guint batch, const void *direction, GError **error);
  void (*finalize) (AssayWalkLinop *self);      /* of what the implementation added; NULL: nothing */
};

/* The sweep and the vectors of an operator of `size` bytes that begins with an AssayWalkLinop. walk and dtype: of the sweep. The three
 * functions are those of an operator whose walk has an apply phase; others set their own. name: static; lower_bound of the spectrum. */
gpointer assay_walk_linop_new (gsize size, const AssayPoint *point, AssayWalk walk, AssayDtype dtype, const char *name, double lower_bound,
                               GError **error);
