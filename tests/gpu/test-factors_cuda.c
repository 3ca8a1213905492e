/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curvature factors that are fitted on a device: moments, eigenvectors and spectrum are the processor's to rounding, made there where a kind of module can
 * be, and made by LAPACK where the device's eigenvectors fail their check. On the host's stand-in for a device, whose decompositions can be spoilt. */
#include "world.h"

#include "hessian/factors.h"
#include "hessian/module_pass.h"
#include "tensor/compare.h"

#include <dlfcn.h>
#include <math.h>

static void (*spoil) (int spoil);

static World *
open_world (const WorldCase *c, gboolean on_device)
{
  World *w = world_new (c, 1);

  if (on_device)
    {
      assay_backend_free (w->backend);
      w->backend = w->point.backend = assay_backend_cuda_new (CUDA_MODULE, 0, 1, NULL);
      g_assert_nonnull (w->backend);
    }
  return w;
}

static AssayFactors *
fit (World *w, AssayFactorsBasis basis, gboolean is_empirical)
{
  const AssayFactorsOptions options = { .basis = basis, .is_empirical = is_empirical, .seed = 3 };
  GError *error = NULL;
  AssayFactors *factors = assay_factors_fit (&w->point, &options, NULL, &error);

  g_assert_no_error (error);
  return factors;
}

#define assert_near(what, a, b, n, bound)                                                                               \
  G_STMT_START                                                                                                          \
  {                                                                                                                     \
    AssayComparison compared = assay_compare ((a), (b), (gsize) (n));                                                   \
    if (!(compared.relative <= (bound)))                                                                                \
      g_error ("%s: relative error %.3g, at most %.3g expected", what, compared.relative, (double) (bound));            \
  }                                                                                                                     \
  G_STMT_END

/* Q L Q', which unlike Q is the same for any choice of vectors, is the moment. */
static void
check_side (const AssayFactorsSide *here, const AssayFactorsSide *there)
{
  const double bound = 1e-12;

  g_assert_cmpint (here->n, ==, there->n);
  g_assert_cmpint (here->is_dense, ==, there->is_dense);
  if (here->moment == NULL)
    return;
  assert_near ("moment", there->moment, here->moment, here->is_dense ? here->n * here->n : here->n, bound);
  assert_near ("eigenvalues", there->values, here->values, here->n, bound);
  for (gint64 i = 0; here->is_dense && i < here->n; i++)
    for (gint64 j = 0; j < here->n; j++)
      {
        double sum = 0;

        for (gint64 k = 0; k < here->n; k++)
          sum += there->values[k] * there->vectors[k * here->n + i] * there->vectors[k * here->n + j];
        g_assert_cmpfloat (fabs (sum - here->moment[i * here->n + j]), <=, 1e-12 * (double) here->n * here->values[here->n - 1]);
      }
}

static void
test_fit (gconstpointer data)
{
  const AssayFactorsBasis basis = GPOINTER_TO_INT (data);

  for (const WorldCase *c = world_cases; c->name != NULL; c++)
    for (guint empirical = 0; empirical < 2; empirical++)
      {
        g_autoptr (World) here = open_world (c, FALSE), there = open_world (c, TRUE);
        g_autoptr (AssayFactors) a = fit (here, basis, empirical), b = fit (there, basis, empirical);

        for (guint m = 0; m < a->modules->n; m++)
          {
            const AssayModule *module = &a->modules->module[m];
            double here_sum = 0, there_sum = 0;

            g_assert_cmpfloat (a->of[m].positions, ==, b->of[m].positions);
            check_side (&a->of[m].row, &b->of[m].row);
            check_side (&a->of[m].column, &b->of[m].column);
            if (basis == ASSAY_FACTORS_IDENTITY)
              assert_near (module->name, b->of[m].lambda, a->of[m].lambda, module->rows * module->columns, 1e-12);
            for (gint64 i = 0; i < module->rows * module->columns; i++)         /* the trace is that of any basis */
              {
                here_sum += a->of[m].lambda[i];
                there_sum += b->of[m].lambda[i];
              }
            g_assert_cmpfloat (fabs (here_sum - there_sum), <=, 1e-11 * here_sum);
          }
        g_assert_cmpuint (b->n_redone, ==, 0);
      }
}

static void
test_spoilt (void)
{
  g_autoptr (World) here = open_world (&world_cases[6], FALSE), there = open_world (&world_cases[6], TRUE);
  g_autoptr (AssayFactors) a = fit (here, ASSAY_FACTORS_KRONECKER, TRUE), b = NULL;
  guint dense = 0;

  spoil (1);
  b = fit (there, ASSAY_FACTORS_KRONECKER, TRUE);
  spoil (0);
  for (guint m = 0; m < a->modules->n; m++)
    {
      dense += a->of[m].row.is_dense + a->of[m].column.is_dense;
      check_side (&a->of[m].row, &b->of[m].row);
      check_side (&a->of[m].column, &b->of[m].column);
    }
  g_assert_cmpuint (b->n_redone, ==, dense);
}

/* Linear layers stay there; nothing does on the processor. */
static void
test_stays (void)
{
  for (guint k = 0; k < 2; k++)
    {
      g_autoptr (World) w = open_world (&world_cases[6], k == 1);
      g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
      g_autoptr (AssayModulePass) pass = assay_module_pass_new (&w->point, modules, FALSE, 0, NULL);
      g_autofree gboolean *marks = g_new (gboolean, modules->n);
      guint stay = 0, linear = 0;

      for (guint m = 0; m < modules->n; m++)
        {
          marks[m] = TRUE;
          linear += g_str_equal (modules->module[m].kind, "linear");
        }
      g_assert_true (assay_module_pass_leave_there (pass, marks, NULL));
      for (guint m = 0; m < modules->n; m++)
        stay += marks[m];
      g_assert_cmpuint (linear, >, 0);
      g_assert_cmpuint (stay, ==, k == 1 ? linear : 0);
    }
}

int
main (int argc, char **argv)
{
  gpointer module = dlopen (CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);

  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (module);
  *(gpointer *) &spoil = dlsym (module, "emulation_spoil");
  g_assert_nonnull (spoil);
  g_test_add_func ("/factors/linear layers stay on the device", test_stays);
  g_test_add_data_func ("/factors/Kronecker factors and their spectrum are the processor's", GINT_TO_POINTER (ASSAY_FACTORS_KRONECKER), test_fit);
  g_test_add_data_func ("/factors/Shampoo's are, too", GINT_TO_POINTER (ASSAY_FACTORS_SHAMPOO), test_fit);
  g_test_add_data_func ("/factors/the diagonal is", GINT_TO_POINTER (ASSAY_FACTORS_IDENTITY), test_fit);
  g_test_add_func ("/factors/eigenvectors that fail their check are made by LAPACK, and counted", test_spoilt);
  return g_test_run ();
}
