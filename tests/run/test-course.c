/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-course.c: a training made again, looked at on its way. */
#include "fixtures.h"

#include "run/course.h"

#include <math.h>
#include <string.h>

#define CLIP 0.5
#define T 10                    /* steps of fixture_mlp */

static void
train (Fixture *f, gint64 steps, double *theta)
{
  AssayTrainer *trainer;
  GError *error = NULL;

  fixture_rewind (f);
  trainer = assay_trainer_new (&f->training, &error);
  g_assert_no_error (error);
  for (gint64 t = 0; t < steps; t++)
    {
      AssayTrainRow row;

      g_assert_true (assay_trainer_step (trainer, &row, &error));
      g_assert_no_error (error);
    }
  assay_model_read_theta (f->model, theta);
  assay_trainer_free (trainer);
}

typedef struct {
  Fixture *f;
  gint64 P;
  double *theta, *scale;        /* of the visits, one after the other */
  gint64 step[8];
  double decay;
  guint n;
} Seen;

static gboolean
see (const AssayCoursePoint *point, gpointer data, GError **error)
{
  Seen *seen = data;

  (void) error;
  assay_dtype_convert (assay_model_get_dtype (seen->f->model), point->theta, ASSAY_F64, seen->theta + seen->n * seen->P, seen->P);
  memcpy (seen->scale + seen->n * seen->P, point->scale, seen->P * sizeof *seen->scale);
  seen->step[seen->n++] = point->step;
  seen->decay = point->decay;
  return TRUE;
}

static void
test_visits (void)
{
  static const gint64 step[] = { 1, 7, 7, T };
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"adamw\", \"dtype\": \"f64\", \"weight-decay\": 0.25, \"eps\": 0.01}", 2);
  gint64 P = assay_model_get_n_params (f->model);
  g_autofree double *theta = g_new (double, 4 * P), *scale = g_new (double, 4 * P), *expected = g_new (double, P);
  g_autoptr (AssayCourse) course = NULL;
  Seen seen = { .f = f, .P = P, .theta = theta, .scale = scale };
  GError *error = NULL;

  train (f, T, expected);
  course = assay_course_new (&f->training, f->start, &error);
  g_assert_no_error (error);
  g_assert_cmpint (assay_course_get_n_steps (course), ==, T);
  assay_course_visit (course, G_N_ELEMENTS (step), step, see, &seen, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (seen.n, ==, 4);
  g_assert_cmpmem (seen.step, sizeof step, step, sizeof step);
  g_assert_cmpfloat (seen.decay, ==, 0.25);
  g_assert_cmpmem (theta, P * sizeof *theta, f->start, P * sizeof *theta);
  g_assert_cmpmem (theta + P, P * sizeof *theta, theta + 2 * P, P * sizeof *theta);
  for (gint64 p = 0; p < 4 * P; p++)
    g_assert_true (scale[p] > 0 && scale[p] <= 100);              /* 1 / (root + eps) */
  train (f, 6, expected);
  g_assert_cmpmem (theta + P, P * sizeof *theta, expected, P * sizeof *expected);
  /* The model is behind six steps now: the training does not end where it is. */
  g_assert_false (assay_course_visit (course, 0, NULL, see, &seen, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED);
  g_clear_error (&error);
}

/* A gradient that stays the same moves theta by rate / (1 - beta), once the momentum is full. */
static void
test_scale (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"momentum\", \"momentum\": 0.75, \"dtype\": \"f64\", \"schedule\": \"linear\", "
                                       "\"learning-rate\": 0.01, \"clip\": 0.5}", 2);
  gint64 P = assay_model_get_n_params (f->model), last = T;
  g_autofree double *theta = g_new (double, P), *scale = g_new (double, P);
  g_autoptr (AssayCourse) course = NULL;
  Seen seen = { .f = f, .P = P, .theta = theta, .scale = scale };
  guint clipped = 0;
  AssayTrainer *trainer;
  GError *error = NULL;

  train (f, T, theta);
  course = assay_course_new (&f->training, f->start, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (assay_course_get_rate (course, 1), ==, 0.01);
  assay_course_visit (course, 1, &last, see, &seen, NULL, &error);
  g_assert_no_error (error);
  for (gint64 p = 0; p < P; p++)
    g_assert_cmpfloat (scale[p], ==, 4);
  fixture_rewind (f);
  trainer = assay_trainer_new (&f->training, &error);
  g_assert_no_error (error);
  for (gint64 t = 1; t <= T; t++)
    {
      AssayTrainRow row;

      g_assert_true (assay_trainer_step (trainer, &row, NULL));
      g_assert_cmpfloat (assay_course_get_rate (course, t), ==, row.rate * MIN (1, CLIP / row.gradient_norm));
      clipped += row.gradient_norm > CLIP;
    }
  g_assert_cmpuint (clipped, >, 0);
  assay_trainer_free (trainer);
}

static void
test_refuses (void)
{
  g_autoptr (Fixture) f = fixture_logistic ("{\"optimizer\": \"newton\"}", 1);
  GError *error = NULL;

  g_assert_null (assay_course_new (&f->training, f->start, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "newton found"));
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/course/stops before the steps that are asked for and ends where the training ended", test_visits);
  g_test_add_func ("/course/says how far steps reach and what clipping took", test_scale);
  g_test_add_func ("/course/refuses trainings that have no fixed steps", test_refuses);
  return g_test_run ();
}
