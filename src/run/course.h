/* SPDX-License-Identifier: GPL-3.0-or-later */
/* course.h: the course that a finished first-order training took: its rates, and its parameters before any steps that are asked for.
 *
 * The training is made once more from its start and must end in the same bits, so nothing has to be kept on the way.
 * Shape letters: P parameters, T steps.
 * Ownership: the training's objects outlive the course. Thread rule: one thread at a time.
 */
#pragma once

#include "base/progress.h"
#include "run/trainer.h"

typedef struct _AssayCourse AssayCourse;

/* One step, from 1; valid until the function returns. */
typedef struct {
  gint64 step;
  const void *theta;            /* (P, the model's type) that the step took its gradient at */
  const double *scale;          /* (P) of AssayOptimizer.scale behind the step */
  double decay;                 /* the share of theta that steps take off, over the rate */
} AssayCoursePoint;

typedef gboolean (*AssayCourseFunc) (const AssayCoursePoint *point, gpointer data, GError **error);

/* start (P, the model's type). Errors: USAGE for newton and lbfgs; those of the trainer. */
AssayCourse *assay_course_new  (const AssayTraining *training, const void *start, GError **error);
void         assay_course_free (AssayCourse *course);
gint64       assay_course_get_n_steps (const AssayCourse *course);
/* The rate of a step, from 1: of the schedule, and after a visit less what clipping took. */
double       assay_course_get_rate (const AssayCourse *course, gint64 step);
/* Makes the training again and calls func before each of the n steps, ascending; the same one may come several times.
 * Cost: one training; a vector (P) and a state. Errors: CHECK_FAILED when it ends elsewhere; those of the training, of func; cancelled. */
gboolean     assay_course_visit (AssayCourse *course, guint n, const gint64 *step, AssayCourseFunc func, gpointer data, AssayProgress *progress,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCourse, assay_course_free)
