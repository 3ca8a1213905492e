/* SPDX-License-Identifier: GPL-3.0-or-later */
/* error_bars.h: standard errors of scores that hang on something drawn: examples for the curvature, projections, models.
 *
 * Examples. The curvature is a mean over M of the N examples, drawn without replacement. They are dealt into G groups, and all is computed again
 * without each group in turn, at the same damping (the delete-a-group jackknife):
 *
 *   s.e.^2 = (1 - M/N) (G - 1)/G  sum_g (s_(-g) - mean)^2
 *
 * Its first-order term is the spread of x_t' C_i x_q over the examples drawn, x = A^-1 g. That term alone comes out short, by about half of (effective dimension) / M and more:
 * a drawn example is part of the matrix that its own form is taken with, which makes the form smaller by its leverage. Left out, it is not part of it.
 * By Efron and Stein (1981) a jackknife is at least as large as the variance at its own sample size in the mean, whatever the scores.
 *
 * Seeds. R independent projections: the mean of their scores, and s.e.^2 = sum_r (s_r - mean)^2 / (R (R - 1)).
 *
 * Either way lo and hi are Student's 95 % interval on one degree less than there are groups or seeds, and what a solve leaves is added.
 * It is about what was drawn: by how much projections as such miss the gradients, and scores a retraining, it does not say.
 * Shape letters: N training examples, M of them, Q queries, G groups, R seeds. Thread rule: one at a time.
 * Source: the manual's chapter on influence; Kott 2001 for groups.
 */
#pragma once

#include "influence/method.h"

/* For tables of options of methods with a "damping" that opens its curvature by assay_influence_task_get_curvature. */
#define ASSAY_SAMPLED_PARAMS                                                                                            \
  { .name = "curvature-examples", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .unit = "examples",       \
    .help = "training examples, drawn at random, that the curvature is a mean over; 0: all" },                          \
  { .name = "curvature-seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .flags = ASSAY_PARAM_ADVANCED, \
    .help = "that they are drawn by" },                                                                                 \
  { .name = "error-bars", .type = ASSAY_PARAM_INT, .def.i = 10, .min = 0, .max = 1000, .unit = "groups",                \
    .help = "groups of the examples drawn, without each of which all is solved again: the error of the draw; 0: not measured" }

/* For tables of options of methods with a "seed". */
#define ASSAY_SEEDED_PARAMS                                                                                             \
  { .name = "projection-seeds", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 10000,                            \
    .help = "projections, from seed on, whose scores are averaged; from 2 on they tell the standard error and an interval" }

/* A method's scores, or self-influence. */
typedef AssayInfluenceScores *(*AssayScoreFunc) (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress,
                                                 GError **error);

/* What score says, of the examples drawn where fewer than all are asked for, with se_sample and intervals. Cost: that of score, 1 + G times.
 * Errors: USAGE for fewer than 2 examples or 1 group; those of score; memory. */
AssayInfluenceScores *assay_sampled_score (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayScoreFunc score,
                                           AssayProgress *progress, GError **error);
/* Products that this takes, in those of a score with the curvature of all examples. */
double                assay_sampled_count (const AssayInfluenceTask *task, const AssayValues *options);

/* The scores of one seed, or the mean over those of several, with se_seed and intervals. Directions are not kept. Errors: those of score; memory. */
AssayInfluenceScores *assay_seeded_score (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayScoreFunc score,
                                          AssayProgress *progress, GError **error);

/* Widens lo and hi, or makes them around the scores, by Student's factor for 95 % times se (Q,N). words: interned or static. Errors: memory. */
gboolean              assay_error_bars_set (AssayInfluenceScores *scores, const double *se, double degrees, const char *words, GError **error);
