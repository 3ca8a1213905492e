/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The self-checks pass on what is right and fail on each way of being wrong. */
#include "world.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/linop_check.h"

#include <math.h>
#include <string.h>

#define N 6

typedef enum { SOUND, NONLINEAR, ASYMMETRIC, INDEFINITE, NOT_A_NUMBER } Fault;

typedef struct {
  AssayLinop base;
  Fault fault;
  double size;                  /* of the fault */
} Faulty;

static gboolean
apply_faulty (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  Faulty *self = (Faulty *) op;

  (void) error;
  for (gint64 k = 0; k < K; k++)
    {
      const double *x = X + k * N;
      double *y = Y + k * N;

      for (gint64 i = 0; i < N; i++)
        y[i] = (1 + (double) i) * x[i];
      switch (self->fault)
        {
        case SOUND:
          break;
        case NONLINEAR:
          y[2] += self->size * x[2] * x[2];
          break;
        case ASYMMETRIC:
          y[2] += self->size * x[3];
          break;
        case INDEFINITE:
          for (gint64 i = 0; i < N; i++)
            y[i] -= 10 * x[i];
          break;
        case NOT_A_NUMBER:
          y[4] = NAN;
          break;
        }
    }
  return TRUE;
}

static AssayLinop *
faulty_new (Fault fault, double size)
{
  AssayLinop prototype = { .name = "A", .n = N, .is_symmetric = TRUE, .product_error = 1e-12, .apply = apply_faulty };
  Faulty *self = assay_linop_alloc (sizeof *self, &prototype);

  self->fault = fault;
  self->size = size;
  return &self->base;
}

/* Which rows fail, as a list of names. */
static void
expect_failures (const GPtrArray *table, const char *names)
{
  g_autoptr (GString) failed = g_string_new (NULL);

  for (guint i = 0; i < table->len; i++)
    {
      const AssayCheck *check = table->pdata[i];

      if (!check->passed)
        g_string_append_printf (failed, "%s%s", failed->len ? ", " : "", check->name);
    }
  g_assert_cmpstr (failed->str, ==, names);
  g_assert_cmpint (assay_check_table_has_passed (table), ==, *names == '\0');
}

static void
test_faults (void)
{
  const struct { Fault fault; double size; const char *failures; } cases[] = {
    { SOUND, 0, "" },
    { NONLINEAR, 1e-9, "A: linear, A: symmetric" },
    { ASYMMETRIC, 1e-11, "A: symmetric" },
    { INDEFINITE, 0, "A: positive semi-definite" },
    { NOT_A_NUMBER, 0, "A: linear, A: symmetric, A: positive semi-definite" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (AssayLinop) op = faulty_new (cases[i].fault, cases[i].size);
      g_autoptr (GPtrArray) table = assay_check_table_new ();

      g_assert_true (assay_linop_check (op, TRUE, 1, 4, table, NULL));
      g_assert_cmpuint (table->len, ==, 3);
      expect_failures (table, cases[i].failures);
    }
}

static void
test_against (void)
{
  g_autoptr (AssayLinop) a = faulty_new (SOUND, 0), b = faulty_new (ASYMMETRIC, 1e-6), nan = faulty_new (NOT_A_NUMBER, 0);
  g_autoptr (GPtrArray) same = assay_check_table_new (), other = assay_check_table_new (), bad = assay_check_table_new ();

  g_assert_true (assay_linop_check_against (a, a, 0, 1, 2, same, NULL));
  expect_failures (same, "");
  g_assert_true (assay_linop_check_against (b, a, 1e-8, 1, 2, other, NULL));
  expect_failures (other, "A: equals A");
  g_assert_true (assay_linop_check_against (nan, a, 1e300, 1, 2, bad, NULL));
  expect_failures (bad, "A: equals A");
}

static void
test_table (void)
{
  g_autoptr (GPtrArray) table = assay_check_table_new ();

  g_assert_false (assay_check_table_has_passed (table));          /* nothing was checked */
  assay_check_table_add (table, "a", "b", 1, 1);
  g_assert_true (assay_check_table_has_passed (table));
  assay_check_table_add (table, "a", "b", NAN, 1);
  g_assert_false (assay_check_table_has_passed (table));
}

static void
test_world (gconstpointer data)
{
  const AssayDtype dtypes[] = { ASSAY_F64, ASSAY_F32 };

  for (gsize d = 0; d < G_N_ELEMENTS (dtypes); d++)
    {
      g_autoptr (World) w = world_new (data, 2);
      g_autoptr (GPtrArray) table = assay_check_table_new ();
      GError *error = NULL;

      w->point.dtype = dtypes[d];
      assay_curvature_check (&w->point, 7, table, NULL, &error);
      g_assert_no_error (error);
      expect_failures (table, "");
      g_assert_cmpuint (table->len, ==, 13);
      for (guint i = 0; i < table->len; i++)                      /* no bound is so wide that it says nothing */
        g_assert_cmpfloat (((AssayCheck *) table->pdata[i])->bound, <, 1e-3);
    }
}

static void
test_ends (void)
{
  g_autoptr (World) w = world_new (&world_cases[3], 1);
  g_autoptr (GPtrArray) table = assay_check_table_new ();
  g_autoptr (AssayProgress) progress = assay_progress_new (NULL, NULL);
  g_autoptr (GError) error = NULL;

  assay_progress_cancel (progress, ASSAY_ERROR_INTERRUPTED);
  g_assert_false (assay_curvature_check (&w->point, 7, table, progress, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hessian/linop_check/each fault fails the checks that it breaks and no other", test_faults);
  g_test_add_func ("/hessian/linop_check/an independent operator finds a small difference", test_against);
  g_test_add_func ("/hessian/linop_check/an empty table and a NaN do not pass", test_table);
  for (const WorldCase *c = world_cases; c->name != NULL; c++)
    {
      g_autofree char *path = g_strdup_printf ("/hessian/linop_check/%s passes all checks", c->name);

      g_test_add_data_func (path, c, test_world);
    }
  g_test_add_func ("/hessian/linop_check/a request to stop ends the checks", test_ends);
  return g_test_run ();
}
