/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task.h: what every method derives from the question it is asked: points to walk at, costs, convexity.
 *
 * Methods compute in double precision whatever the model trained in, unless the task asks for single: certified intervals are then wider.
 * Shape letters: N training examples, Q queries, P parameters. Thread rule: as the task's backend.
 */
#pragma once

#include "hessian/point.h"
#include "influence/method.h"

/* Queries whose vectors are held at a time. */
#define ASSAY_QUERY_BLOCK 16

/* Examples at a theta (P), or at the model's own (NULL). Borrows all of it. */
AssayPoint assay_influence_task_get_point (const AssayInfluenceTask *task, const double *theta, const gint64 *examples,
                                           gint64 n_examples);
AssayPoint assay_influence_task_get_train (const AssayInfluenceTask *task);

/* sum_batch of a task, by the model alone: as many examples as walk in 1 GiB, at most 64. Whoever asks, with whatever batch, then has the same bits. */
gint64     assay_influence_task_choose_sum_batch (const AssayInfluenceTask *task);
/* The task of a method that CUTS_EXAMPLES with the examples that are scored in train's place. */
AssayInfluenceTask assay_influence_task_narrow (const AssayInfluenceTask *task);
/* For AssayMethod.query_unit of methods that take every query by itself. */
gint64     assay_influence_query_each (const AssayInfluenceTask *task, const AssayValues *options);

/* What the curvature is a mean over: the training examples, or those that were drawn from them. */
AssayPoint assay_influence_task_get_curvature (const AssayInfluenceTask *task);

/* Examples behind one query: 1, or those that its loss is the mean of. */
gint64     assay_influence_task_get_query_size (const AssayInfluenceTask *task);
/* What a change of the measured function is in: "nats", "activation" or "probe value"; and the unit of scores that predict it. */
const char *assay_influence_task_get_change_unit (const AssayInfluenceTask *task);
const char *assay_influence_task_get_unit        (const AssayInfluenceTask *task);
/* gradients (K,P) of what is measured of the queries first .. first+K-1 at a theta (P), or at the model's own (NULL). Errors: those of the walk. */
gboolean   assay_influence_task_query_gradients (const AssayInfluenceTask *task, const double *theta, gint64 first, gint64 K, double *gradients,
                                                 GError **error);

/* Errors: USAGE when there are no training examples, no queries, or none in a batch. */
gboolean   assay_influence_task_check (const AssayInfluenceTask *task, GError **error);

/* TRUE when the logits are affine in theta, so that the mean loss is convex and its Hessian is the Gauss-Newton matrix. */
gboolean   assay_model_is_affine (const AssayModel *model);

/* Floating-point operations of one walk over n examples; apply: of one direction, without prepare. */
double     assay_influence_task_get_flops (const AssayInfluenceTask *task, AssayWalk walk, gboolean apply, gint64 n_examples);
/* Bytes of a walk's buffers for one batch. */
double     assay_influence_task_get_bytes (const AssayInfluenceTask *task, AssayWalk walk);
