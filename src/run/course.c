/* SPDX-License-Identifier: GPL-3.0-or-later */
/* course.c: a training made again, stopping at some of its steps. */
#include "run/course.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

struct _AssayCourse {
  AssayTraining spec;           /* of the model that moves */
  const AssayTraining *training;
  const void *start;
  AssayModel *model;            /* moves with the trainer */
  AssayTrainer *trainer;
  gint64 P, T;
  gsize width;
  double *rate;                 /* (T) */
  void *before;                 /* (P): theta before the step under way */
  double *scale;                /* (P) */
};

AssayCourse *
assay_course_new (const AssayTraining *training, const void *start, GError **error)
{
  g_autoptr (AssayCourse) course = g_new0 (AssayCourse, 1);

  course->spec = *training;
  course->training = training;
  course->start = start;
  course->model = assay_model_copy (training->model, assay_model_get_dtype (training->model), error);
  if (course->model == NULL)
    return NULL;
  course->spec.model = course->model;
  course->trainer = assay_trainer_new (&course->spec, error);
  if (course->trainer == NULL)
    return NULL;
  if (assay_trainer_is_whole_batch (course->trainer))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "the steps of a training: one by sgd, momentum or adamw expected, %s found",
                   assay_trainer_get_optimizer (course->trainer)->name);
      return NULL;
    }
  course->P = assay_model_get_n_params (course->model);
  course->T = assay_trainer_get_n_steps (course->trainer);
  course->width = assay_dtype_width (assay_model_get_dtype (course->model));
  if ((course->rate = assay_mem_new (double, course->T, error)) == NULL
      || (course->before = assay_mem_alloc_array (course->P, course->width, error)) == NULL
      || (course->scale = assay_mem_new (double, course->P, error)) == NULL)
    return NULL;
  for (gint64 t = 0; t < course->T; t++)
    course->rate[t] = assay_trainer_get_rate (course->trainer, t + 1);
  return g_steal_pointer (&course);
}

void
assay_course_free (AssayCourse *course)
{
  if (course == NULL)
    return;
  assay_trainer_free (course->trainer);
  assay_model_free (course->model);
  assay_mem_free (course->rate);
  assay_mem_free (course->before);
  assay_mem_free (course->scale);
  g_free (course);
}

gint64
assay_course_get_n_steps (const AssayCourse *course)
{
  return course->T;
}

double
assay_course_get_rate (const AssayCourse *course, gint64 step)
{
  return course->rate[step - 1];
}

/* What the step that was just made did, for whoever asked for it. */
static AssayCoursePoint
describe_step (AssayCourse *course, gint64 step)
{
  const AssayOptimizer *optimizer = assay_trainer_get_optimizer (course->trainer);
  AssayTrainerState now = assay_trainer_get_state (course->trainer);
  AssayCoursePoint point = { .step = step, .theta = course->before, .scale = course->scale };

  for (gint64 p = 0; p < course->P && optimizer->scale == NULL; p++)
    course->scale[p] = 1;
  if (optimizer->scale != NULL)
    point.decay = optimizer->scale (course->spec.options, now.dtype, course->P, now.step, now.vectors, course->scale);
  return point;
}

gboolean
assay_course_visit (AssayCourse *course, guint n, const gint64 *step, AssayCourseFunc func, gpointer data, AssayProgress *progress, GError **error)
{
  double clip = assay_values_get_double (course->spec.options, "clip");
  guint next = 0;

  memcpy (assay_model_get_theta (course->model), course->start, course->P * course->width);
  assay_trainer_restart (course->trainer);
  for (gint64 t = 1; t <= course->T; t++)
    {
      AssayTrainRow row;

      if (!assay_trainer_fetch (course->trainer, error))
        return FALSE;
      memcpy (course->before, assay_model_get_theta (course->model), course->P * course->width);
      if (assay_progress_is_cancelled (progress, error) || !assay_trainer_step (course->trainer, &row, error))
        return FALSE;
      course->rate[t - 1] = row.rate * (clip > 0 && row.gradient_norm > clip ? clip / row.gradient_norm : 1);
      assay_progress_report (progress, "making the training again", t, course->T, "steps", NULL);
      for (; next < n && step[next] == t; next++)
        {
          AssayCoursePoint point;

          if (!assay_trainer_fetch (course->trainer, error))
            return FALSE;
          point = describe_step (course, t);
          if (!func (&point, data, error))
            return FALSE;
        }
    }
  if (memcmp (assay_model_get_theta (course->model), assay_model_get_theta (course->training->model), course->P * course->width) == 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "the steps of a training: made again it ends in other parameters than the model has; train "
               "the model again on this machine");
  return FALSE;
}
