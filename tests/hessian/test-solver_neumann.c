/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Neumann series: it is LiSSA, with the damping that is said, and preconditioned it is fast. */
#include "matrices.h"

#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"

#include <math.h>
#include <string.h>

#define N 40
#define SCALE 8.0
#define D 0.05

typedef struct {
  double *matrix, values[N];
  AssayLinop *C, *A;            /* A = C + SCALE D I */
  double b[2 * N], x[2 * N], truth[2 * N];
  AssaySolveResult result[2];
} Problem;

static void
problem_init (Problem *p)
{
  double *copy = assay_mem_new (double, N * N, NULL);
  g_autoptr (AssayFactor) factor = NULL;

  memset (p, 0, sizeof *p);
  for (gint64 i = 0; i < N; i++)
    p->values[i] = 10 / (double) (i + 1);
  p->matrix = make_spectrum (1, N, p->values);
  p->C = assay_linop_dense_new (N, p->matrix, TRUE, 0);
  p->A = assay_linop_shift_new (p->C, SCALE * D);
  fill_normal (2, 2 * N, p->b);
  memcpy (copy, p->matrix, sizeof (double) * N * N);
  for (gint64 i = 0; i < N; i++)
    copy[i * N + i] += SCALE * D;
  factor = assay_factor_new (NULL, "matrix", ASSAY_F64, N, copy, TRUE, NULL);
  memcpy (p->truth, p->b, sizeof p->truth);
  g_assert_true (assay_factor_solve (factor, 2, p->truth, NULL));
}

static void
problem_clear (Problem *p)
{
  assay_linop_unref (p->A);
  assay_linop_unref (p->C);
  assay_mem_free (p->matrix);
  assay_solve_result_clear (&p->result[0]);
  assay_solve_result_clear (&p->result[1]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

#define OPTIONS(...) make_options (assay_solver_find ("neumann", NULL), ##__VA_ARGS__, NULL)

/* Takes the options. */
static AssaySolveReason
solve (Problem *p, AssayLinop *A, AssayLinop *M, AssayValues *options)
{
  GError *error = NULL;

  assay_solve_result_clear (&p->result[0]);
  assay_solve_result_clear (&p->result[1]);
  g_assert_true (assay_solver_find ("neumann", NULL)->solve (A, M, options, 2, p->b, p->x, p->result, NULL, &error));
  g_assert_no_error (error);
  assay_values_free (options);
  return p->result[0].reason;
}

static double
measure_error (const Problem *p, guint k)
{
  double e[N];

  for (gint64 i = 0; i < N; i++)
    e[i] = p->x[k * N + i] - p->truth[k * N + i];
  return assay_f64_norm (N, e);
}

/* h <- b + (1 - d) h - C h / s, term by term as it is published, x = h / s; and its limit (C + s d I)^-1 b. */
static void
test_is_lissa (void)
{
  g_auto (Problem) p = { 0 };
  double h[N], product[N];

  problem_init (&p);
  solve (&p, p.A, NULL, OPTIONS ("step=0.125", "max-iterations=30", "tolerance=0"));
  memcpy (h, p.b, sizeof h);                                      /* h_0 = b, the first term of ours */
  for (guint t = 1; t < 30; t++)
    {
      assay_dense_multiply (N, p.matrix, 1, h, product);
      for (gint64 i = 0; i < N; i++)
        h[i] = p.b[i] + (1 - D) * h[i] - product[i] / SCALE;
    }
  for (gint64 i = 0; i < N; i++)
    assert_close (p.x[i], h[i] / SCALE, 1e-12);
  g_assert_cmpint (p.result[0].reason, ==, ASSAY_SOLVE_ITERATIONS);
  solve (&p, p.A, NULL, OPTIONS ("step=0.125", "max-iterations=1000", "tolerance=1e-14"));
  for (guint k = 0; k < 2; k++)
    g_assert_cmpfloat (measure_error (&p, k), <=, 1e-12 * assay_f64_norm (N, p.truth + k * N));
}

static void
test_bound_holds (void)
{
  g_auto (Problem) p = { 0 };

  problem_init (&p);
  g_assert_cmpint (solve (&p, p.A, NULL, OPTIONS ("tolerance=1e-3")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  for (guint k = 0; k < 2; k++)
    {
      g_assert_cmpfloat (measure_error (&p, k), <=, p.result[k].error_bound);
      g_assert_cmpfloat (p.result[k].true_residual, <=, 1e-3);
    }
  g_assert_cmpint (p.result[0].products + p.result[1].products, ==, p.A->n_applied);
}

/* The step is above two over the largest eigenvalue, 10.4: it has to be said. */
static void
test_diverges (void)
{
  g_auto (Problem) p = { 0 };

  problem_init (&p);
  g_assert_cmpint (solve (&p, p.A, NULL, OPTIONS ("step=0.25")), ==, ASSAY_SOLVE_DIVERGED);
  g_assert_cmpfloat (p.result[0].true_residual, >, 1e6);
}

static void
test_preconditioned (void)
{
  g_auto (Problem) p = { 0 };
  double inverses[N];
  g_autoptr (AssayBuffer) near = NULL;
  g_autoptr (AssayLinop) M = NULL;
  gint64 plain;

  problem_init (&p);
  for (gint64 i = 0; i < N; i++)
    inverses[i] = (i % 2 ? 0.8 : 1.2) / (p.values[i] + SCALE * D);
  near = make_spectrum (1, N, inverses);
  M = assay_linop_dense_new (N, near, TRUE, 0);
  solve (&p, p.A, NULL, OPTIONS ("tolerance=1e-8"));
  plain = p.result[0].iterations;
  g_assert_cmpint (solve (&p, p.A, M, OPTIONS ("tolerance=1e-8", "step=1")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  g_assert_cmpint (p.result[0].iterations, <=, 13);               /* a fifth an iteration, and the root of the condition in front */
  g_assert_cmpint (p.result[0].iterations, <, plain / 4);
  for (guint k = 0; k < 2; k++)
    g_assert_cmpfloat (measure_error (&p, k), <=, p.result[k].error_bound);
}

static void
test_not_finite (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLinop) broken = NULL;

  problem_init (&p);
  memset (p.b, 0, sizeof (double) * N);
  p.b[N] = INFINITY;
  g_assert_cmpint (solve (&p, p.A, NULL, OPTIONS ()), ==, ASSAY_SOLVE_CONVERGED_ZERO);
  g_assert_cmpint (p.result[1].reason, ==, ASSAY_SOLVE_NAN);
  fill_normal (2, 2 * N, p.b);
  broken = make_nan_linop (p.A, 8);
  g_assert_cmpint (solve (&p, broken, NULL, OPTIONS ("step=0.1")), ==, ASSAY_SOLVE_NAN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/solver_neumann/it is LiSSA term by term, and its limit has damping scale x d", test_is_lissa);
  g_test_add_func ("/solver_neumann/with a step of its own it converges, and its bound holds", test_bound_holds);
  g_test_add_func ("/solver_neumann/too long a step diverges by name", test_diverges);
  g_test_add_func ("/solver_neumann/preconditioned it takes few terms", test_preconditioned);
  g_test_add_func ("/solver_neumann/zero and what is not finite", test_not_finite);
  return g_test_run ();
}
