/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-optimizer.c: steps against formulas worked out by hand, optima against an independent solution. */
#include "fixtures.h"

#include <math.h>
#include <string.h>

#define N_POINTS 6

/* --- first order: y = w x with half the squared error: g = mean ((w x - y) x) + l2 w -------------------------------------- */

static const double xs[N_POINTS] = { 1, -2, 0.5, 3, -1.5, 2 }, ys[N_POINTS] = { 2, 1, -1, 0.5, 3, -2 };

static Fixture *
new_line (const char *options)
{
  AssayShape shape = ASSAY_SHAPE (1);
  AssayDataset *dataset = assay_dataset_new_from_arrays (&shape, N_POINTS, xs, NULL, 0, ys, "train", 0, NULL, NULL);
  Fixture *f;

  g_assert_nonnull (dataset);
  f = fixture_new (dataset, "linear", "{\"inputs\": 1, \"loss\": \"squared\", \"bias\": false}", options, 1);
  *(double *) assay_model_get_theta (f->model) = 0.7;
  return f;
}

static double
slope (double w, double l2)
{
  double g = 0;

  for (guint i = 0; i < N_POINTS; i++)
    g += (w * xs[i] - ys[i]) * xs[i] / N_POINTS;
  return g + l2 * w;
}

/* Takes the fixture. */
static void
assert_path (Fixture *fixture, const double *expected, guint n)
{
  g_autoptr (Fixture) f = fixture;
  g_autoptr (AssayTrainer) trainer = NULL;
  GError *error = NULL;
  AssayTrainRow row;

  trainer = assay_trainer_new (&f->training, &error);
  g_assert_no_error (error);
  for (guint s = 0; s < n; s++)
    {
      assay_trainer_step (trainer, &row, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (fabs (*(double *) assay_model_get_theta (f->model) - expected[s]), <=, 1e-14);
    }
  g_assert_true (assay_trainer_is_done (trainer));
}

static void
test_sgd (void)
{
  double w = 0.7, path[4];

  for (guint s = 0; s < 4; s++)
    path[s] = w -= 0.1 * slope (w, 0.3);
  assert_path (new_line ("{\"optimizer\": \"sgd\", \"learning-rate\": 0.1, \"l2\": 0.3, \"batch\": 0, \"steps\": 4, \"dtype\": \"f64\"}"), path, 4);
}

static void
test_momentum (void)
{
  double w = 0.7, m = 0, path[4];

  for (guint s = 0; s < 4; s++)
    {
      m = 0.8 * m + slope (w, 0);
      path[s] = w -= 0.1 * m;
    }
  assert_path (new_line ("{\"optimizer\": \"momentum\", \"momentum\": 0.8, \"learning-rate\": 0.1, \"batch\": 0, \"steps\": 4, \"dtype\": \"f64\"}"),
               path, 4);
}

static void
test_adamw (void)
{
  double w = 0.7, m = 0, u = 0, path[5];

  for (guint s = 1; s <= 5; s++)
    {
      double g = slope (w, 0.05);

      m = 0.8 * m + 0.2 * g;
      u = 0.9 * u + 0.1 * g * g;
      w = w - 0.02 * (m / (1 - pow (0.8, s))) / (sqrt (u / (1 - pow (0.9, s)) + 1e-3) + 1e-4) - 0.02 * 0.1 * w;
      path[s - 1] = w;
    }
  assert_path (new_line ("{\"optimizer\": \"adamw\", \"beta1\": 0.8, \"beta2\": 0.9, \"eps\": 1e-4, \"eps-root\": 1e-3, \"weight-decay\": 0.1,"
                         " \"learning-rate\": 0.02, \"l2\": 0.05, \"batch\": 0, \"steps\": 5, \"dtype\": \"f64\"}"), path, 5);
}

static void
test_clip (void)
{
  double w = 0.7, path[3];

  for (guint s = 0; s < 3; s++)
    {
      double g = slope (w, 0);

      path[s] = w -= 0.5 * (fabs (g) > 0.25 ? copysign (0.25, g) : g);
    }
  g_assert_cmpfloat (fabs (slope (0.7, 0)), >, 0.25);
  assert_path (new_line ("{\"optimizer\": \"sgd\", \"learning-rate\": 0.5, \"clip\": 0.25, \"batch\": 0, \"steps\": 3, \"dtype\": \"f64\"}"), path, 3);
}

/* --- whole batch ---------------------------------------------------------------------------------------------------------- */

static AssayTrainResult
train (Fixture *f)
{
  AssayTrainResult result;
  GError *error = NULL;

  assay_train (&f->training, NULL, &result, NULL, &error);
  g_assert_no_error (error);
  return result;
}

/* A x = b by elimination with row exchange; n small. */
static void
eliminate (guint n, double A[][8], double *b)
{
  for (guint c = 0; c < n; c++)
    {
      guint pivot = c;

      for (guint r = c + 1; r < n; r++)
        if (fabs (A[r][c]) > fabs (A[pivot][c]))
          pivot = r;
      for (guint k = 0; k < n; k++)
        {
          double swap = A[c][k];

          A[c][k] = A[pivot][k];
          A[pivot][k] = swap;
        }
      double swap = b[c];

      b[c] = b[pivot];
      b[pivot] = swap;
      for (guint r = c + 1; r < n; r++)
        {
          double factor = A[r][c] / A[c][c];

          for (guint k = c; k < n; k++)
            A[r][k] -= factor * A[c][k];
          b[r] -= factor * b[c];
        }
    }
  for (guint c = n; c-- > 0; )
    {
      for (guint k = c + 1; k < n; k++)
        b[c] -= A[c][k] * b[k];
      b[c] /= A[c][c];
    }
}

/* Logistic regression by iteratively reweighted least squares, apart from everything in src. theta: D weights, then the intercept. */
static void
solve_logistic (const Fixture *f, guint D, const double *weight, double l2, double *theta)
{
  gint64 N = f->training.N;
  g_autofree double *x = g_new (double, N * D);
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x };

  assay_dataset_fill (f->dataset, f->training.train, N, &batch);
  memset (theta, 0, (D + 1) * sizeof *theta);
  for (guint iteration = 0; iteration < 60; iteration++)
    {
      double H[8][8] = { { 0 } }, g[8] = { 0 };

      for (gint64 i = 0; i < N; i++)
        {
          double z = theta[D], p, row[8];

          for (guint d = 0; d < D; d++)
            z += theta[d] * (row[d] = x[i * D + d]);
          row[D] = 1;
          p = 1 / (1 + exp (-z));
          for (guint a = 0; a <= D; a++)
            {
              g[a] += weight[i] / (double) N * (p - assay_dataset_get_label (f->dataset, f->training.train[i])) * row[a];
              for (guint b = 0; b <= D; b++)
                H[a][b] += weight[i] / (double) N * p * (1 - p) * row[a] * row[b];
            }
        }
      for (guint a = 0; a <= D; a++)
        {
          g[a] += l2 * theta[a];
          H[a][a] += l2;
        }
      eliminate (D + 1, H, g);
      for (guint a = 0; a <= D; a++)
        theta[a] -= g[a];
    }
}

static void
assert_optimum (Fixture *f, double l2, double bound)
{
  const double *theta = assay_model_get_theta (f->model);
  AssayTrainResult result = train (f);
  double truth[5];

  solve_logistic (f, 4, f->weight, l2, truth);
  g_assert_cmpint (result.reason, !=, ASSAY_TRAIN_STEPS_DONE);
  for (guint p = 0; p < 5; p++)
    g_assert_cmpfloat (fabs (theta[p] - truth[p]), <=, bound);
}

static void
test_newton (void)
{
  g_autoptr (Fixture) f = fixture_logistic ("{\"optimizer\": \"newton\", \"l2\": 0.01}", 2);
  AssayTrainResult result;

  assert_optimum (f, 0.01, 1e-12);
  result = train (f);
  g_assert_cmpfloat (result.gradient_norm, <=, 1e-14);            /* a warm start stays where it is */
  g_assert_cmpint (result.steps, <=, 2);
  f->weight[7] = f->weight[20] = 0;
  f->training.weight = f->weight;
  assert_optimum (f, 0.01, 1e-12);                                /* the divisor stays N */
}

static void
test_newton_without_penalty (void)
{
  g_autoptr (Fixture) f = fixture_logistic ("{\"optimizer\": \"newton\"}", 1);

  assert_optimum (f, 0, 1e-11);
}

static void
test_lbfgs (void)
{
  g_autoptr (Fixture) f = fixture_logistic ("{\"optimizer\": \"lbfgs\", \"l2\": 0.01}", 1);

  assert_optimum (f, 0.01, 1e-9);
}

static void
test_lbfgs_not_convex (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"lbfgs\", \"l2\": 0.01, \"tolerance\": 1e-7}", 1);
  AssayTrainResult result = train (f);

  g_assert_cmpint (result.reason, ==, ASSAY_TRAIN_CONVERGED);
  g_assert_cmpfloat (result.gradient_norm, <=, 1e-6);
}

static void
test_newton_quadratic (void)
{
  AssayShape shape = ASSAY_SHAPE (1);
  AssayDataset *dataset = assay_dataset_new_from_arrays (&shape, N_POINTS, xs, NULL, 0, ys, "train", 0, NULL, NULL);
  g_autoptr (Fixture) f = fixture_new (dataset, "linear", "{\"inputs\": 1, \"loss\": \"squared\"}", "{\"optimizer\": \"newton\"}", 1);
  const double *theta = assay_model_get_theta (f->model);
  double sx = 0, sy = 0, sxx = 0, sxy = 0, w;
  AssayTrainResult result = train (f);

  for (guint i = 0; i < N_POINTS; i++)
    {
      sx += xs[i];
      sy += ys[i];
      sxx += xs[i] * xs[i];
      sxy += xs[i] * ys[i];
    }
  w = (N_POINTS * sxy - sx * sy) / (N_POINTS * sxx - sx * sx);
  g_assert_cmpfloat (fabs (theta[0] - w), <=, 1e-14);
  g_assert_cmpfloat (fabs (theta[1] - (sy - w * sx) / N_POINTS), <=, 1e-14);
  g_assert_cmpint (result.steps, <=, 3);
}

/* Softmax without a penalty: adding a vector to all classes changes nothing, so the Hessian is singular. */
static void
test_newton_singular (void)
{
  g_autoptr (Fixture) f = fixture_new (fixture_features (60, 4, 3), "linear", "{\"inputs\": 4, \"outputs\": 3}", "{\"optimizer\": \"newton\"}", 1);
  AssayTrainResult result = train (f);

  g_assert_cmpint (result.reason, !=, ASSAY_TRAIN_STEPS_DONE);
  g_assert_cmpfloat (result.gradient_norm, <=, 1e-13);
}

/* Columns in units eight powers of ten apart give the same optimum in other units. */
static void
test_newton_units (void)
{
  gint64 n = 60;
  g_autofree double *x = g_new (double, n * 4);
  g_autofree gint32 *label = g_new (gint32, n);
  static const double units[4] = { 1e4, 1, 1e-4, 300 };
  g_autoptr (Fixture) plain = fixture_logistic ("{\"optimizer\": \"newton\"}", 1), scaled = NULL;
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x, .label = label };
  g_autofree gint64 *all = g_new (gint64, n);
  AssayShape shape = ASSAY_SHAPE (4);
  const double *a, *b;

  for (gint64 i = 0; i < n; i++)
    all[i] = i;
  assay_dataset_fill (plain->dataset, all, n, &batch);
  for (gint64 i = 0; i < n; i++)
    for (guint d = 0; d < 4; d++)
      x[4 * i + d] *= units[d];
  scaled = fixture_new (assay_dataset_new_from_arrays (&shape, n, x, label, 2, NULL, "train", 5, "test", NULL), "linear",
                        "{\"inputs\": 4, \"loss\": \"logistic\"}", "{\"optimizer\": \"newton\"}", 1);
  train (plain);
  g_assert_cmpint (train (scaled).reason, !=, ASSAY_TRAIN_STEPS_DONE);
  a = assay_model_get_theta (plain->model);
  b = assay_model_get_theta (scaled->model);
  for (guint d = 0; d < 4; d++)
    g_assert_cmpfloat (fabs (b[d] * units[d] - a[d]), <=, 1e-10 * fabs (a[d]));
}

/* Images: inputs at the margin that are not 0 in a few examples alone, and small there. Their weights grow without bound, and what is left of the
 * curvature along them is rounding, of either sign. The classes as a whole are not separated. */
static void
test_newton_separated (void)
{
  enum { N = 200, D = 4, RARE = 12, WIDE = D + RARE };
  g_autoptr (AssayDataset) plain = fixture_features (N, D, 3);
  double x[N * D], wide[N * WIDE] = { 0 };
  gint32 label[N];
  gint64 all[N];
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x, .label = label };
  AssayShape shape = ASSAY_SHAPE (WIDE);
  g_autoptr (Fixture) f = NULL;
  AssayTrainResult result;

  for (gint64 i = 0; i < N; i++)
    all[i] = i;
  assay_dataset_fill (plain, all, N, &batch);
  for (gint64 i = 0; i < N; i++)
    memcpy (wide + i * WIDE, x + i * D, D * sizeof *x);
  for (guint k = 0; k < RARE; k++)
    for (guint j = 0; j <= k; j++)
      wide[(13 * k + 5 * j) % N * WIDE + D + k] = 0.004 * (1 + j);
  f = fixture_new (assay_dataset_new_from_arrays (&shape, N, wide, label, 3, NULL, "train", 5, "test", NULL), "linear",
                   "{\"inputs\": 16, \"outputs\": 3}", "{\"optimizer\": \"newton\"}", 1);
  result = train (f);
  g_assert_cmpint (result.reason, !=, ASSAY_TRAIN_STEPS_DONE);
  g_assert_cmpfloat (result.gradient_norm, <=, 1e-6);
}

static void
test_newton_not_convex (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"newton\"}", 1);
  AssayTrainResult result;
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_train (&f->training, NULL, &result, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED);
  g_assert_nonnull (strstr (error->message, "not convex"));
}

static gboolean
invert_poorly (gpointer data, const double *r, double *z, GError **error)
{
  (void) error;
  ++*(guint *) data;
  for (guint p = 0; p < 5; p++)
    z[p] = r[p] * (1 + p);
  return TRUE;
}

static void
test_precondition (void)
{
  g_autoptr (Fixture) f = fixture_logistic ("{\"optimizer\": \"newton\", \"l2\": 0.01}", 1);
  guint calls = 0;

  f->training.precondition = invert_poorly;
  f->training.precondition_data = &calls;
  assert_optimum (f, 0.01, 1e-12);
  g_assert_cmpuint (calls, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/optimizer/sgd follows its formula, l2 included", test_sgd);
  g_test_add_func ("/optimizer/momentum follows its formula", test_momentum);
  g_test_add_func ("/optimizer/adamw follows its formula, both epsilons and the decay included", test_adamw);
  g_test_add_func ("/optimizer/a clipped gradient keeps its direction and has the norm asked for", test_clip);
  g_test_add_func ("/optimizer/newton finds the logistic optimum, with and without examples", test_newton);
  g_test_add_func ("/optimizer/newton finds the optimum without a penalty", test_newton_without_penalty);
  g_test_add_func ("/optimizer/newton solves least squares in one step", test_newton_quadratic);
  g_test_add_func ("/optimizer/newton copes with a singular Hessian", test_newton_singular);
  g_test_add_func ("/optimizer/newton does not mind the units of the features", test_newton_units);
  g_test_add_func ("/optimizer/newton ends where inputs separate some examples", test_newton_separated);
  g_test_add_func ("/optimizer/newton refuses a model that is not convex", test_newton_not_convex);
  g_test_add_func ("/optimizer/a given preconditioner does not change the optimum", test_precondition);
  g_test_add_func ("/optimizer/lbfgs finds the same optimum", test_lbfgs);
  g_test_add_func ("/optimizer/lbfgs comes to rest on a model that is not convex", test_lbfgs_not_convex);
  return g_test_run ();
}
