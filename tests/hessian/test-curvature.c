/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The curvature operators on every architecture: against the oracle and against each other, and their bits. */
#include "world.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/curvature.h"
#include "hessian/gradient.h"
#include "hessian/linop_check.h"
#include "tensor/compare.h"

#include <math.h>
#include <string.h>

static void
assert_passed (const GPtrArray *table)
{
  for (guint i = 0; i < table->len; i++)
    {
      const AssayCheck *check = table->pdata[i];

      if (!check->passed)
        g_error ("%s (%s): at most %.3g expected, %.3g found", check->name, check->meaning, check->bound, check->value);
    }
  g_assert_cmpuint (table->len, >, 0);
}

/* y = A x by a fresh operator of that name. */
static double *
multiply (const AssayPoint *point, const char *name, gint64 K, const double *x)
{
  GError *error = NULL;
  g_autoptr (AssayLinop) op = assay_curvature_open (name, point, &error);
  double *y = NULL;

  g_assert_no_error (error);
  y = assay_mem_new (double, K * op->n, NULL);
  assay_linop_apply (op, K, x, y, &error);
  g_assert_no_error (error);
  return y;
}

/* Linear, symmetric to 1e-13, semi-definite where it says so; and the Hessian equals the oracle to 1e-12. */
static void
test_properties (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 2);
  const AssayCurvature *const *all = assay_curvature_list ();
  g_autoptr (GPtrArray) table = assay_check_table_new ();
  g_autoptr (AssayLinop) hessian = NULL, oracle = NULL;
  GError *error = NULL;

  for (guint c = 0; all[c] != NULL; c++)
    {
      g_autoptr (AssayLinop) op = all[c]->open (&w->point, &error);

      g_assert_no_error (error);
      g_assert_cmpint (op->n, ==, w->P);
      g_assert_true (op->is_symmetric);
      g_assert_cmpfloat (op->shift, ==, all[c]->is_semidefinite ? 0 : -INFINITY);
      g_assert_cmpfloat (op->product_error, ==, 1e-12);
      g_assert_true (assay_linop_check (op, all[c]->is_semidefinite, 3, 3, table, &error));
    }
  hessian = assay_curvature_open ("hessian", &w->point, &error);
  oracle = assay_curvature_open ("complex-step", &w->point, &error);
  g_assert_true (assay_linop_check_against (hessian, oracle, 1e-12, 4, 3, table, &error));
  assert_passed (table);
}

/* Where logits are linear in theta, Gauss-Newton is the Hessian. */
static void
test_linear_models (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 1);
  double *v = world_draw (w, 5, 1), *Hv = multiply (&w->point, "hessian", 1, v), *Gv = multiply (&w->point, "gauss-newton", 1, v);

  g_assert_cmpfloat (assay_compare (Gv, Hv, w->P).relative, <=, 1e-13);
  assay_mem_free (v);
  assay_mem_free (Hv);
  assay_mem_free (Gv);
}

/* F v = mean of (g_i'v) g_i with the gradients of single examples. */
static void
test_fisher (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 2);
  double *v = world_draw (w, 5, 1), *Fv = multiply (&w->point, "fisher", 1, v);
  double *rows = assay_mem_new (double, w->N * w->P, NULL), *expected = assay_mem_new (double, w->P, NULL);

  g_assert_true (assay_gradient_rows (&w->point, rows, NULL, NULL));
  for (gint64 i = 0; i < w->N; i++)
    {
      double along = 0;

      for (gint64 p = 0; p < w->P; p++)
        along += rows[i * w->P + p] * v[p];
      for (gint64 p = 0; p < w->P; p++)
        expected[p] += along * rows[i * w->P + p] / (double) w->N;
    }
  g_assert_cmpfloat (assay_compare (Fv, expected, w->P).relative, <=, 1e-12);
  assay_mem_free (v);
  assay_mem_free (Fv);
  assay_mem_free (rows);
  assay_mem_free (expected);
}

/* Every way of computing the same product gives the same bits: threads, kept micro-batches, blocks of vectors. */
static void
test_bits (gconstpointer data)
{
  const gsize memories[] = { 0, 1, 20000, 100000, G_MAXSIZE };
  const AssayDtype dtypes[] = { ASSAY_F64, ASSAY_F32 };
  const AssayCurvature *const *all = assay_curvature_list ();

  for (guint c = 0; all[c] != NULL; c++)
    for (gsize d = 0; d < G_N_ELEMENTS (dtypes); d++)
      {
        g_autoptr (AssayBuffer) first = NULL;

        for (guint threads = 1; threads <= 3; threads++)
          for (gsize m = 0; m < G_N_ELEMENTS (memories); m++)
            {
              g_autoptr (World) w = world_new (data, threads);
              double *x = world_draw (w, 6, 3), *y;

              w->point.memory = memories[m];
              w->point.dtype = dtypes[d];
              y = multiply (&w->point, all[c]->name, 3, x);
              if (first == NULL)
                first = y;
              else
                {
                  g_assert_cmpmem (first, 3 * w->P * sizeof *y, y, 3 * w->P * sizeof *y);
                  assay_mem_free (y);
                }
              if (threads == 2)
                for (gint64 k = 0; k < 3; k++)
                  {
                    g_autoptr (AssayBuffer) one = multiply (&w->point, all[c]->name, 1, x + k * w->P);

                    g_assert_cmpmem ((double *) first + k * w->P, w->P * sizeof *y, one, w->P * sizeof *y);
                  }
              assay_mem_free (x);
            }
      }
}

/* An operator that was applied once gives the same again, whatever came between, and allocates nothing. */
static void
test_again (gconstpointer data)
{
  const AssayCurvature *const *all = assay_curvature_list ();
  const gsize memories[] = { 0, G_MAXSIZE };

  for (guint c = 0; all[c] != NULL; c++)
    for (gsize m = 0; m < G_N_ELEMENTS (memories); m++)
      {
        g_autoptr (World) w = world_new (data, 2);
        double *x = world_draw (w, 6, 2), *y = assay_mem_new (double, w->P, NULL), *z = assay_mem_new (double, w->P, NULL);
        g_autoptr (AssayLinop) op = NULL;

        w->point.memory = memories[m];
        op = all[c]->open (&w->point, NULL);
        g_assert_true (assay_linop_apply (op, 1, x, y, NULL));
        assay_model_init (w->model, 99);                          /* the operator's point does not move with the model */
        assay_mem_forbid (TRUE);
        g_assert_true (assay_linop_apply (op, 1, x + w->P, z, NULL));
        g_assert_true (assay_linop_apply (op, 1, x, z, NULL));
        assay_mem_forbid (FALSE);
        g_assert_cmpmem (y, w->P * sizeof *y, z, w->P * sizeof *z);
        assay_mem_free (x);
        assay_mem_free (y);
        assay_mem_free (z);
      }
}

/* Products in f32 are within their bound of those in f64, for directions of any size: the scale is a power of two and changes no bits. */
static void
test_f32 (gconstpointer data)
{
  const char *const names[] = { "hessian", "gauss-newton", "fisher" };

  for (gsize c = 0; c < G_N_ELEMENTS (names); c++)
    {
      g_autoptr (World) w = world_new (data, 2);
      double *x = world_draw (w, 6, 1), *exact = multiply (&w->point, names[c], 1, x), *y, *tiny;

      w->point.dtype = ASSAY_F32;
      y = multiply (&w->point, names[c], 1, x);
      g_assert_cmpfloat (assay_compare (y, exact, w->P).relative, <=, 1e-5);
      g_assert_cmpfloat (assay_compare (y, exact, w->P).relative, >, 0);
      for (gint64 p = 0; p < w->P; p++)
        x[p] = ldexp (x[p], -200);
      tiny = multiply (&w->point, names[c], 1, x);
      for (gint64 p = 0; p < w->P; p++)
        g_assert_cmpfloat (ldexp (tiny[p], 200), ==, y[p]);
      assay_mem_free (x);
      assay_mem_free (exact);
      assay_mem_free (y);
      assay_mem_free (tiny);
    }
}

static void
test_zero_direction (void)
{
  g_autoptr (World) w = world_new (&world_cases[3], 1);
  double *x = assay_mem_new (double, w->P, NULL), *y;

  w->point.dtype = ASSAY_F32;
  y = multiply (&w->point, "hessian", 1, x);
  for (gint64 p = 0; p < w->P; p++)
    g_assert_cmpfloat (y[p], ==, 0);
  assay_mem_free (x);
  assay_mem_free (y);
}

/* A parameter that is not a number: the error names what, and where it was seen first. */
static void
test_nan (void)
{
  const AssayCurvature *const *all = assay_curvature_list ();

  for (guint c = 0; all[c] != NULL; c++)
    for (gsize memory = 0; memory < 2; memory++)
      {
        g_autoptr (World) w = world_new (&world_cases[3], 1);
        double *x = world_draw (w, 6, 1), *y = assay_mem_new (double, w->P, NULL);
        double *theta = assay_model_get_theta (w->model);
        g_autoptr (GError) error = NULL, direction_error = NULL;
        g_autoptr (AssayLinop) op = NULL, fine = NULL;

        w->point.memory = memory ? G_MAXSIZE : 0;
        fine = all[c]->open (&w->point, NULL);
        theta[0] = NAN;
        op = all[c]->open (&w->point, NULL);
        g_assert_false (assay_linop_apply (op, 1, x, y, &error));
        g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
        g_assert_true (g_str_has_prefix (error->message, op->name));
        g_assert_nonnull (strstr (error->message, "fc1"));
        x[3] = NAN;
        g_assert_false (assay_linop_apply (fine, 1, x, y, &direction_error));
        g_assert_error (direction_error, ASSAY_ERROR, ASSAY_ERROR_NAN);
        g_assert_nonnull (strstr (direction_error->message, "element 3"));
        assay_mem_free (x);
        assay_mem_free (y);
      }
}

static void
test_refuses (void)
{
  g_autoptr (World) w = world_new (&world_cases[0], 1), other = world_new (&world_cases[3], 1);
  AssayPoint bad[5] = { w->point, w->point, w->point, w->point, w->point };
  const int codes[] = { ASSAY_ERROR_USAGE, ASSAY_ERROR_USAGE, ASSAY_ERROR_NOT_FOUND, ASSAY_ERROR_USAGE, ASSAY_ERROR_SHAPE };
  gint64 outside[] = { 0, 13 };
  g_autoptr (GError) unknown = NULL;

  bad[0].n_examples = 0;
  bad[1].batch = 0;
  bad[2].examples = outside;
  bad[2].n_examples = 2;
  bad[3].dtype = ASSAY_C128;
  bad[4].dataset = other->dataset;
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_curvature_open ("hessian", &bad[i], &error));
      g_assert_error (error, ASSAY_ERROR, codes[i]);
    }
  g_assert_null (assay_curvature_open ("guess", &w->point, &unknown));
  g_assert_error (unknown, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (unknown->message, "gauss-newton"));
}

static void
test_memory (void)
{
  for (guint64 n = 1; n < 40; n++)
    {
      g_autoptr (World) w = world_new (&world_cases[3], 1);
      g_autoptr (GError) error = NULL;
      g_autoptr (AssayLinop) op = NULL;

      w->point.memory = n % 2 ? 0 : G_MAXSIZE;
      assay_mem_fail_at (n);
      op = assay_curvature_open ("fisher", &w->point, &error);
      assay_mem_fail_at (0);
      if (op == NULL)
        g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
      else
        g_assert_cmpuint (n, >, 5);
    }
}

int
main (int argc, char **argv)
{
  static const struct { const char *sentence; GTestDataFunc func; } each[] = {
    { "is linear, symmetric, semi-definite where said, and equal to the oracle", test_properties },
    { "Fisher equals the gradients of single examples", test_fisher },
    { "gives the same bits for any threads, memory and block", test_bits },
    { "gives the same again without allocating", test_again },
    { "in f32 is near f64 for directions of any size", test_f32 },
  };

  g_test_init (&argc, &argv, NULL);
  for (const WorldCase *c = world_cases; c->name != NULL; c++)
    {
      for (gsize i = 0; i < G_N_ELEMENTS (each); i++)
        {
          g_autofree char *path = g_strdup_printf ("/hessian/curvature/%s/%s", c->name, each[i].sentence);

          g_test_add_data_func (path, c, each[i].func);
        }
      if (strcmp (c->architecture, "linear") == 0)
        {
          g_autofree char *path = g_strdup_printf ("/hessian/curvature/%s/Gauss-Newton is the Hessian", c->name);

          g_test_add_data_func (path, c, test_linear_models);
        }
    }
  g_test_add_func ("/hessian/curvature/a zero direction gives zero", test_zero_direction);
  g_test_add_func ("/hessian/curvature/a number that is not finite is named with its tensor", test_nan);
  g_test_add_func ("/hessian/curvature/what makes no point is refused", test_refuses);
  g_test_add_func ("/hessian/curvature/running out of memory leaves nothing behind", test_memory);
  return g_test_run ();
}
