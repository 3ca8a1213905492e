/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-source.c: stretches of a training in closed form, against the training's own derivative where that is known. */
#include "toy.h"

#include "base/error.h"
#include "influence/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 8, N = 2 * PAIRS, Q = 2, D = 2, P = D + 1 };

/* A linear regression under squared loss that starts at its optimum: every row of x comes twice, once a step above the plane and once below, so that
 * residuals are 1 in size and the empirical Fisher is the Hessian, at each step. One-hot rows make that diagonal. */
typedef struct {
  AssayBackend *backend;
  AssayDataset *dataset;
  AssayModel *model;
  AssayValues *options;
  AssayTraining training;
  double start[P];
  double x[N + Q][P], residual[N + Q];  /* rows with their 1 */
  AssayInfluenceTask task;
} Plane;

static void
plane_init (Plane *plane, gboolean is_diagonal, double shift, const char *const *options)
{
  static const double theta[P] = { 0.5, -1, 0.25 };
  g_autofree double *x = g_new (double, (N + Q) * D), *y = g_new (double, N + Q);
  json_t *config = json_pack ("{s:i, s:i, s:s}", "inputs", D, "outputs", 1, "loss", "squared");
  AssayShape shape = ASSAY_SHAPE (D);
  AssayTrainResult result;
  GError *error = NULL;

  memset (plane, 0, sizeof *plane);
  for (gint64 i = 0; i < N + Q; i++)
    {
      double at = theta[D];

      for (gint64 d = 0; d < D; d++)
        {
          plane->x[i][d] = x[i * D + d] = is_diagonal ? (i / 2 % D == d) * (d + 1.0) * (i / 2 % 4 < 2 ? 1 : -1)
                                                      : sin (1.0 + 3.1 * (double) (i < N ? i / 2 : i) + 1.7 * (double) d) * (1 + 0.5 * (double) d);
          at += theta[d] * x[i * D + d];
        }
      plane->x[i][D] = 1;
      plane->residual[i] = i < N ? 1 - 2 * (i % 2) : 0.5 - (double) (i - N);      /* prediction less target */
      y[i] = at - plane->residual[i];
    }
  plane->backend = assay_backend_cpu_new (2);
  plane->dataset = assay_dataset_new_from_arrays (&shape, N + Q, x, NULL, 0, y, "train", Q, "query", &error);
  g_assert_no_error (error);
  plane->model = assay_model_new ("linear", config, ASSAY_F64, &error);
  json_decref (config);
  g_assert_no_error (error);
  for (gint64 p = 0; p < P; p++)
    plane->start[p] = theta[p] + shift;
  assay_model_write_theta (plane->model, plane->start);
  plane->options = assay_values_new (assay_train_params);
  g_assert_true (assay_values_set_text (plane->options, "dtype", "f64", NULL));
  g_assert_true (assay_values_set_text (plane->options, "batch", "0", NULL));
  for (; *options != NULL; options += 2)
    g_assert_true (assay_values_set_text (plane->options, options[0], options[1], NULL));
  plane->task = (AssayInfluenceTask) { .model = plane->model, .dataset = plane->dataset, .batch = 16, .memory = 1 << 28, .backend = plane->backend,
                                       .training = &plane->training, .start = plane->start };
  plane->task.train = assay_dataset_get_split (plane->dataset, "train", &plane->task.n_train, NULL);
  plane->task.query = assay_dataset_get_split (plane->dataset, "query", &plane->task.n_query, NULL);
  plane->training = (AssayTraining) { .model = plane->model, .dataset = plane->dataset, .train = plane->task.train, .N = plane->task.n_train,
                                      .options = plane->options, .backend = plane->backend };
  assay_train (&plane->training, NULL, &result, NULL, &error);
  g_assert_no_error (error);
}

static void
plane_clear (Plane *plane)
{
  assay_values_free (plane->options);
  assay_model_free (plane->model);
  assay_dataset_unref (plane->dataset);
  assay_backend_free (plane->backend);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plane, plane_clear)

/* infl (Q,N): r_q x_q' delta, with delta after T steps of delta <- delta - rate (H delta - g_i / N), H = mean x x'. */
static void
follow_descent (const Plane *plane, gint64 T, double rate, double *infl)
{
  for (gint64 i = 0; i < N; i++)
    {
      double delta[P] = { 0 };

      for (gint64 t = 0; t < T; t++)
        {
          double move[P] = { 0 };

          for (gint64 j = 0; j < N; j++)
            for (gint64 p = 0; p < P; p++)
              for (gint64 r = 0; r < P; r++)
                move[p] += plane->x[j][p] * plane->x[j][r] * delta[r] / N;
          for (gint64 p = 0; p < P; p++)
            delta[p] -= rate * (move[p] - plane->residual[i] * plane->x[i][p] / N);
        }
      for (gint64 q = 0; q < Q; q++)
        {
          infl[q * N + i] = 0;
          for (gint64 p = 0; p < P; p++)
            infl[q * N + i] += plane->residual[N + q] * plane->x[N + q][p] * delta[p];
        }
    }
}

static double
largest (const double *x)
{
  double most = 0;

  for (gint64 i = 0; i < Q * N; i++)
    most = MAX (most, fabs (x[i]));
  return most;
}

static double
largest_difference (const double *x, const double *y)
{
  double most = 0;

  for (gint64 i = 0; i < Q * N; i++)
    most = MAX (most, fabs (x[i] - y[i]));
  return most / largest (y);
}

static AssayInfluenceScores *
ask (const Plane *plane, const char *name, const char *const *text)
{
  const AssayMethod *method = assay_method_find (name, NULL);
  g_autoptr (AssayValues) options = assay_values_new (method->params);
  AssayInfluenceScores *scores;
  GError *error = NULL;

  for (; *text != NULL; text += 2)
    {
      assay_values_set_text (options, text[0], text[1], &error);
      g_assert_no_error (error);
    }
  scores = method->score (&plane->task, options, NULL, &error);
  g_assert_no_error (error);
  return scores;
}

static const char *const empirical[] = { "fisher", "empirical", NULL }, *const no_smoothness[] = { "metasmoothness", "no", NULL };

/* (1 - eta s)^K against e^(-eta K s): relative error of the sum below eta s / 2, and eta s is at most 2e-3 times the largest eigenvalue, about 1. */
static void
test_descent (void)
{
  static const char *const options[] = { "optimizer", "sgd", "learning-rate", "0.0008", "steps", "700", NULL };
  g_auto (Plane) plane = { 0 };
  double truth[Q * N];

  plane_init (&plane, FALSE, 0, options);
  {
    g_autoptr (AssayInfluenceScores) scores = ask (&plane, "source", empirical);

    follow_descent (&plane, 700, 0.0008, truth);
    g_assert_cmpfloat (largest (truth), >, 0.01);
    g_assert_cmpfloat (largest_difference (scores->value, truth), <=, 1e-3);
    g_assert_cmpstr (scores->counterfactual, ==, "expected-over-seeds");
    g_assert_cmpstr (scores->unit, ==, ASSAY_UNIT_NATS);
    g_assert_cmpfloat (scores->damping, ==, 0);
  }
}

/* Rates that fall are a sum of rates, and one long training is the inverse: removal from a least-squares fit to first order. */
static void
test_long (void)
{
  static const char *const options[] = { "optimizer", "sgd", "learning-rate", "0.2", "schedule", "linear", "steps", "4000", NULL };
  g_auto (Plane) plane = { 0 };
  double truth[Q * N];

  plane_init (&plane, TRUE, 0, options);
  {
    g_autoptr (AssayInfluenceScores) scores = ask (&plane, "source", empirical), magic = ask (&plane, "magic", no_smoothness);

    follow_descent (&plane, 4000, 0.2, truth);
    g_assert_cmpfloat (largest_difference (scores->value, truth), <=, 1e-9);
    g_assert_cmpfloat (largest_difference (magic->value, scores->value), <=, 1e-9);
  }
}

/* Heavy-ball momentum comes to full speed within about beta / (1 - beta) = 1 of 700 steps; the rest as above with twice the rate. */
static void
test_momentum (void)
{
  static const char *const options[] = { "optimizer", "momentum", "momentum", "0.5", "learning-rate", "0.0008", "steps", "700", NULL };
  g_auto (Plane) plane = { 0 };

  plane_init (&plane, FALSE, 0, options);
  {
    g_autoptr (AssayInfluenceScores) scores = ask (&plane, "source", empirical), magic = ask (&plane, "magic", no_smoothness);

    g_assert_cmpfloat (largest_difference (scores->value, magic->value), <=, 1.0 / 700 + 2e-3);
  }
}

/* From its optimum adamw moves by rate / sqrt (eps-root) = 100 times a gradient, whose own root is 0: a diagonal Hessian shares the metric's basis, and only
 * the damping is left between the two. */
static void
test_metric (void)
{
  static const char *const options[] = { "optimizer", "adamw", "eps-root", "0.0001", "eps", "0", "learning-rate", "0.00001", "steps", "700", NULL };
  static const char *const damped[] = { "fisher", "empirical", "damping", "1e-6", NULL };
  g_auto (Plane) plane = { 0 };

  plane_init (&plane, TRUE, 0, options);
  {
    g_autoptr (AssayInfluenceScores) scores = ask (&plane, "source", damped), magic = ask (&plane, "magic", no_smoothness);

    g_assert_cmpfloat (largest (magic->value), >, 0.01);
    g_assert_cmpfloat (largest_difference (scores->value, magic->value), <=, 0.02);
  }
}

/* Away from the optimum residuals are +-1 + m with |m| <= 0.2 at first and falling, so that the empirical Fisher is off by m^2 <= 0.04 at most, and gradients
 * change by up to a fifth on the way. Many segments see that, one takes means. */
static void
test_path (void)
{
  static const char *const options[] = { "optimizer", "sgd", "learning-rate", "0.005", "steps", "400", NULL };
  static const char *const few[] = { "fisher", "empirical", "segments", "1", "checkpoints", "1", NULL };
  static const char *const many[] = { "fisher", "empirical", "segments", "8", "checkpoints", "4", NULL };
  g_auto (Plane) plane = { 0 };

  plane_init (&plane, TRUE, 0.0666, options);
  {
    g_autoptr (AssayInfluenceScores) magic = ask (&plane, "magic", no_smoothness), one = ask (&plane, "source", few), more = ask (&plane, "source", many);

    g_assert_cmpfloat (largest_difference (more->value, magic->value), <=, 0.04);
    g_assert_cmpfloat (largest_difference (more->value, magic->value), <, 0.5 * largest_difference (one->value, magic->value));
  }
}

static void
test_refuses (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (20, 2, 3, 0.1, 3);
  const AssayMethod *method = assay_method_find ("source", NULL);
  g_autoptr (AssayValues) options = assay_values_new (method->params);
  GError *error = NULL;

  g_assert_null (method->score (&toy->task, options, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "sgd, momentum or adamw"));
  g_clear_error (&error);
  {
    static const char *const still[] = { "optimizer", "momentum", "momentum", "1", "learning-rate", "0.001", "steps", "4", NULL };
    g_auto (Plane) plane = { 0 };

    plane_init (&plane, FALSE, 0, still);
    g_assert_null (method->score (&plane.task, options, NULL, &error));
    g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
    g_assert_nonnull (strstr (error->message, "a momentum below 1"));
    g_clear_error (&error);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/source/is the removal from a quadratic by gradient descent, within a thousandth", test_descent);
  g_test_add_func ("/source/becomes the inverse where the training was long", test_long);
  g_test_add_func ("/source/takes momentum for longer steps", test_momentum);
  g_test_add_func ("/source/moves every parameter by the optimizer's own metric", test_metric);
  g_test_add_func ("/source/is near the derivative of a training whose gradients change", test_path);
  g_test_add_func ("/source/refuses trainings without steps and without a speed", test_refuses);
  return g_test_run ();
}
