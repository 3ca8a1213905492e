/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_scores_there.h: the scores of modules whose sides stay on a device, made and added up there, and fetched once. Internal to this floor.
 *
 * Vectors X_q are kept there, a matrix for each module. Where D are formed, those of several examples wait for their product with all vectors, so that these
 * are read once for so many.
 * Numerics: products in the type of the walk, sums over chunks, positions and modules in double, in an order fixed by the modules: a score has the same bits
 * whatever other examples, vectors and walks are beside it, and however many examples are held.
 * Shape letters: N examples, Q vectors, H examples that are held. Ownership: borrows all that it is opened with. Thread rule: one call at a time per device.
 */
#pragma once

#include "hessian/module_pass.h"

typedef struct {
  AssayModuleThere there;       /* device NULL: not open */
  const AssayModules *modules;
  gint64 Q, N, H;
  gint64 *stride;               /* (modules): elements of an X or D; where D are formed a multiple of 8, so that rows are aligned */
  void **X;                     /* (modules): (Q,stride), of the walk's type or, for products with D in bf16, that; NULL: scored here */
  void **held;                  /* (modules): (H,stride) D, likewise; NULL: scored position by position */
  void *unrounded;              /* room for an X on its way to bf16 */
  gint64 *n_held, *first_held;  /* (modules) */
  double *sums;                 /* (2,Q,N): by positions; of D, apart, so that no sum hangs on when they are read */
  double **by_module;           /* (modules): (Q,N); NULL: nobody asks */
} AssayModuleScoresThere;

/* For modules (n) that are marked; is_formed (n): whose D are formed. Clear it after a failure, too. Errors: NO_MEMORY. */
gboolean assay_module_scores_there_open  (AssayModuleScoresThere *self, const AssayModuleThere *there, const AssayModules *modules, const gboolean *marks,
                                          const gboolean *is_formed, gint64 Q, gint64 N, gint64 H, gboolean by_module, GError **error);
/* X_q of the module: D (rows,columns), here, of the walk's type. Errors: those of the device. */
gboolean assay_module_scores_there_put   (AssayModuleScoresThere *self, guint m, gint64 q, const void *D, GError **error);
/* The same of n vectors from q on, (n,rows,columns) there. */
gboolean assay_module_scores_there_take  (AssayModuleScoresThere *self, guint m, gint64 q, gint64 n, const void *D, GError **error);
/* The batch's parts are on the device. Errors: those of the device; its memory. */
gboolean assay_module_scores_there_add   (AssayModuleScoresThere *self, const AssayModuleBatch *batch, GError **error);
/* Ends the products, and adds all, divided by scale (Q), to scores (Q,N) and, where asked for, by_module: tables (Q,N) that lie `apart` from each other. */
gboolean assay_module_scores_there_finish (AssayModuleScoresThere *self, const double *scale, double *scores, double *by_module, gint64 apart, GError **error);
void     assay_module_scores_there_clear (AssayModuleScoresThere *self);
