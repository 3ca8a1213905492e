/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-replicated.c: products shared out by vectors are those of the plain operator. */
#include "influence/replicated.h"

#include "base/error.h"
#include "base/rng.h"
#include "influence/task.h"
#include "toy.h"

#include <math.h>
#include <string.h>

enum { K = 7 };

static double *
random_vectors (gint64 n)
{
  double *x = g_new (double, n);
  AssayRng rng = assay_rng_new (4, 0);

  for (gint64 i = 0; i < n; i++)
    x[i] = assay_rng_normal (&rng);
  return x;
}

static void
test_same_bits (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (40, 2, 4, 3);
  AssayPoint point = assay_influence_task_get_train (&toy->task);
  gint64 P = assay_model_get_n_params (toy->model);
  g_autofree double *X = random_vectors (K * P), *Y = g_new (double, K * P), *Z = g_new (double, K * P);

  for (const AssayCurvature *const *c = assay_curvature_list (); *c != NULL; c++)
    {
      GError *error = NULL;
      g_autoptr (AssayLinop) plain = assay_curvature_open ((*c)->name, &point, &error);
      g_autoptr (AssayLinop) shared = assay_replicated_curvature_open ((*c)->name, &point, &error);

      g_assert_no_error (error);
      g_assert_cmpint (shared->n, ==, plain->n);
      g_assert_cmpfloat (shared->shift, ==, plain->shift);
      g_assert_cmpfloat (shared->product_error, ==, plain->product_error);
      for (gint64 k = 1; k <= K; k += 3)
        {
          g_assert_true (assay_linop_apply (plain, k, X, Y, NULL));
          g_assert_true (assay_linop_apply (shared, k, X, Z, NULL));
          g_assert_cmpmem (Y, k * P * sizeof *Y, Z, k * P * sizeof *Z);
        }
    }
}

static void
test_error (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (40, 2, 4, 3);
  AssayPoint point = assay_influence_task_get_train (&toy->task);
  gint64 P = assay_model_get_n_params (toy->model);
  g_autofree double *X = random_vectors (K * P), *Y = g_new (double, K * P);
  g_autoptr (AssayLinop) shared = NULL;
  g_autoptr (GError) error = NULL;

  X[5 * P] = NAN;
  shared = assay_replicated_curvature_open ("gauss-newton", &point, NULL);
  g_assert_false (assay_linop_apply (shared, K, X, Y, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_true (assay_linop_apply (shared, 5, X, Y, NULL));      /* and it goes on afterwards */
}

static void
test_refused (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (40, 2, 4, 3);
  AssayPoint point = assay_influence_task_get_train (&toy->task);
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_replicated_curvature_open ("third-order", &point, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
  point.n_examples = 0;
  g_assert_null (assay_replicated_curvature_open ("hessian", &point, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/replicated/products have the bits of the plain operator's", test_same_bits);
  g_test_add_func ("/replicated/a walk that fails is said once and ends there", test_error);
  g_test_add_func ("/replicated/what the plain operator refuses is refused", test_refused);
  return g_test_run ();
}
