/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-objective.c: value, gradient and Hessian products of a weighted objective are the same sums however they are cut. */
#include "fixtures.h"

#include <math.h>
#include <string.h>

#define L2 0.03

typedef struct { AssayObjectiveValue value; double *gradient, *product; } Result;

static Result
evaluate (Fixture *f, gint64 micro, gboolean keeps)
{
  gint64 P = assay_model_get_n_params (f->model), N = f->training.N;
  AssayObjectiveSpec spec = { .model = f->model, .dataset = f->dataset, .dtype = ASSAY_F64, .backend = f->backend, .N = N, .micro_batch = micro,
                              .keeps_examples = keeps, .products = TRUE, .l2 = L2 };
  Result r = { .gradient = g_new0 (double, P), .product = g_new0 (double, P) };
  g_autofree double *direction = g_new (double, P);
  g_autoptr (AssayObjective) objective = NULL;
  GError *error = NULL;

  objective = assay_objective_new (&spec, &error);
  g_assert_no_error (error);
  for (gint64 p = 0; p < P; p++)
    direction[p] = cos ((double) p);
  for (gint64 i = 0; i < N; i++)
    f->weight[i] = 0.5 * (double) (i % 4);
  assay_objective_set_examples (objective, f->training.train, f->weight, 50);
  assay_objective_evaluate (objective, assay_model_get_theta (f->model), r.gradient, &r.value, &error);
  g_assert_no_error (error);
  for (guint twice = 0; twice < 2; twice++)                       /* a second product finds the primals as the first did */
    {
      assay_objective_product (objective, direction, r.product, &error);
      g_assert_no_error (error);
    }
  return r;
}

static void
test_cuts (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"dtype\": \"f64\"}", 2);
  gint64 P = assay_model_get_n_params (f->model);
  const double *theta = assay_model_get_theta (f->model);
  Result whole = evaluate (f, f->training.N, TRUE);
  double square = 0;

  for (gint64 p = 0; p < P; p++)
    square += theta[p] * theta[p];
  g_assert_cmpfloat (fabs (whole.value.total - whole.value.data - L2 / 2 * square), <=, 1e-15);
  for (gint64 micro = 1; micro <= 20; micro += 6)
    for (guint keeps = 0; keeps < 2; keeps++)
      {
        Result cut = evaluate (f, micro, keeps == 1);

        g_assert_cmpfloat (fabs (cut.value.data - whole.value.data), <=, 1e-15 * 31);
        for (gint64 p = 0; p < P; p++)
          {
            g_assert_cmpfloat (fabs (cut.gradient[p] - whole.gradient[p]), <=, 1e-14);
            g_assert_cmpfloat (fabs (cut.product[p] - whole.product[p]), <=, 1e-14);
          }
        g_free (cut.gradient);
        g_free (cut.product);
      }
  g_free (whole.gradient);
  g_free (whole.product);
}

/* In exact arithmetic gradient (theta + e v) - gradient (theta - e v) = 2 e H v + O (e^3); here both are of the objective with l2. */
static void
test_slopes (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"dtype\": \"f64\"}", 1);
  gint64 P = assay_model_get_n_params (f->model);
  double *theta = assay_model_get_theta (f->model), e = 1e-5;
  Result here = evaluate (f, 0, TRUE), up, down;
  double along = 0;

  for (gint64 p = 0; p < P; p++)
    theta[p] += e * cos ((double) p);
  up = evaluate (f, 0, TRUE);
  for (gint64 p = 0; p < P; p++)
    theta[p] -= 2 * e * cos ((double) p);
  down = evaluate (f, 0, TRUE);
  for (gint64 p = 0; p < P; p++)                                  /* rounding of the gradients over 2 e, and a third derivative times e^2 */
    {
      g_assert_cmpfloat (fabs ((up.gradient[p] - down.gradient[p]) / (2 * e) - here.product[p]), <=, 1e-8);
      along += here.gradient[p] * cos ((double) p);
    }
  g_assert_cmpfloat (fabs ((up.value.total - down.value.total) / (2 * e) - along), <=, 1e-8);
  g_free (here.gradient);
  g_free (here.product);
  g_free (up.gradient);
  g_free (up.product);
  g_free (down.gradient);
  g_free (down.product);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/objective/micro-batches, kept or not, add up to the whole", test_cuts);
  g_test_add_func ("/objective/gradient and product are the slopes of the total, l2 included", test_slopes);
  return g_test_run ();
}
