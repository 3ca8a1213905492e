/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_queries.h: x_q = A^-1 g_q for examples that are queries, module by module, without a vector of parameters. Internal to this floor.
 *
 *   X = Q_S [ (Q_S' D Q_A) scale / (spectrum + lambda) ] Q_A'
 *
 * D is formed of sides that were turned before. Modules that stay on a device have their x made and left there.
 * Numerics: in the type of the walk there, from D on in double here; a query's x has the same bits whatever others are beside it.
 * Shape letters: n queries. Ownership: borrows all. Thread rule: one call at a time per inverse and device.
 */
#pragma once

#include "hessian/factors_inverse.h"
#include "hessian/module_pass.h"

/* Who takes them; queries are counted from 0. */
typedef struct {
  gpointer data;
  /* X (n,rows,columns) of n queries from q on, there, of the walk's type. */
  gboolean (*take_there) (gpointer data, guint module, gint64 q, gint64 n, const void *X, GError **error);
  /* X (rows,columns) of one, here. */
  void (*take_here) (gpointer data, guint module, gint64 q, const double *X);
} AssayFactorsQueriesTaker;

/* Of the point's examples, whose walks and products there are in the point's compute (not BF16). stays (modules->n): the modules whose x are taken there. Cost: a forward and a backward walk of each, 2 n (rows^2 + columns^2) +
 * 2 rows columns (n + rows + columns) flops a module of n positions. Errors: those of the walks; memory. */
gboolean assay_factors_queries_make (AssayFactorsInverse *inverse, const AssayPoint *point, const gboolean *stays, double scale, const AssayFactorsQueriesTaker *taker,
                                     AssayProgress *progress, GError **error);
