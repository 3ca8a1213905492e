/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_projection.h: gradients projected from both sides, module by module, without being formed.
 *
 *   G_i = sum over positions of (S_o' r_t) (S_i' c_t)' = S_o' D_i S_i     (ko,ki) of each module
 *
 * S_o and S_i have signs drawn from a counter; a side of at most k numbers is not projected.
 * Shape letters: F = sum over modules of ko ki features of an example. Ownership: the caller clears it. Thread rule: one collection at a time.
 * Source: Choe et al. 2024 (2405.13954), section 3.
 */
#pragma once

#include "hessian/modules.h"
#include "influence/task.h"

typedef struct {
  double *row, *column;         /* (rows,ko), (columns,ki): the signs, or the identity */
  gint64 ko, ki, first;         /* features first .. first + ko ki - 1 */
} AssaySides;

typedef struct {
  const AssayInfluenceTask *task;
  AssayModules *modules;
  AssaySides *sides;            /* (modules->n) */
  gint64 k, F;
  AssayCompute compute;         /* of walks for gradients */
  double *room;                 /* an example's positions, projected from both sides, and as doubles */
  gint64 positions, wide;       /* most of a use; most numbers of one side of it */
} AssaySideProjection;

/* All features (F) of one example, counted from 0 in the order asked for. Called once for each, in that order. */
typedef gboolean (*AssaySideProjectionFunc) (gint64 example, const double *feature, gpointer data, GError **error);

/* For the table of a method that uses it. */
#define ASSAY_SIDE_PROJECTION_PARAMS                                                                                                                       \
  { .name = "projection", .type = ASSAY_PARAM_INT, .def.i = 16, .min = 1, .max = 256,                                                                      \
    .help = "k: numbers that each side of a module's gradient is projected to" },                                                                          \
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the projections" },                                            \
  { .name = "compute", .type = ASSAY_PARAM_CHOICE, .def.s = "full", .choices = assay_compute_names, .flags = ASSAY_PARAM_ADVANCED,                         \
    .help = "products of linear layers in walks for gradients, in f32: of factors rounded so; on a CUDA device sides are then projected in tf32" }

/* options: those above. Errors: what assay_modules_new refuses; memory. */
gboolean assay_side_projection_open    (AssaySideProjection *projection, const AssayInfluenceTask *task, const AssayValues *options, GError **error);
/* What there is to say about how gradients were computed, appended to notes. */
void     assay_side_projection_note    (const AssaySideProjection *projection, GString *notes);
void     assay_side_projection_clear   (AssaySideProjection *projection);
/* Of the losses of n examples. Cost: a gradient walk of each, without the gradient. Numerics: sums in double; on a device modules whose sides stay there are
 * projected there, in the type of the walk (device_sketch.h). The bits of an example hang neither on the task's batch nor on its mates. Errors: those of the
 * walk; of func. */
gboolean assay_side_projection_collect (AssaySideProjection *projection, const gint64 *examples, gint64 n, AssaySideProjectionFunc func, gpointer data,
                                        AssayProgress *progress, GError **error);
/* The same as features (n,F). */
gboolean assay_side_projection_collect_features (AssaySideProjection *projection, const gint64 *examples, gint64 n, double *feature,
                                                 AssayProgress *progress, GError **error);
/* features (n_query,F) of what is measured of queries, each the mean over its examples; a new buffer. */
double  *assay_side_projection_collect_queries (AssaySideProjection *projection, AssayProgress *progress, GError **error);
/* Flops of projecting an example; *features is F. */
double   assay_side_projection_cost    (const AssayModules *modules, gint64 k, double *features);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssaySideProjection, assay_side_projection_clear)
