/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What solves leave behind for the solves after them: fewer products, the same claims. */
#include "matrices.h"

#include "base/mem.h"
#include "hessian/recycled.h"
#include "hessian/vector_f64.h"

#include <math.h>
#include <string.h>

enum { N = 120, K = 6, LARGE = 20 };

/* LARGE eigenvalues fall from 1000 to 10, the others lie between 0.5 and 1. */
typedef struct {
  double *matrix;
  AssayLinop *A;
  double b[2 * K * N], x[2 * K * N];
  AssaySolveResult result[2 * K];
} Problem;

static void
problem_init (Problem *p, gboolean is_definite)
{
  double values[N];

  memset (p, 0, sizeof *p);
  for (gint64 i = 0; i < N; i++)
    values[i] = i < LARGE ? 1000 * pow (0.01, (double) i / (LARGE - 1)) : 0.5 + 0.5 * (double) (i - LARGE) / (N - LARGE);
  if (!is_definite)
    values[N - 1] = -1;
  p->matrix = make_spectrum (1, N, values);
  p->A = assay_linop_dense_new (N, p->matrix, TRUE, is_definite ? values[LARGE] : -INFINITY);
  fill_normal (2, 2 * K * N, p->b);
}

static void
problem_clear (Problem *p)
{
  for (gint64 k = 0; k < 2 * K; k++)
    assay_solve_result_clear (&p->result[k]);
  assay_linop_unref (p->A);
  assay_mem_free (p->matrix);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

/* Products of a block of right-hand sides, all of which must converge. */
static gint64
solve (Problem *p, AssayLinop *A, AssayLinop *M, gint64 block, const char *tolerance)
{
  const AssaySolver *solver = assay_solver_find ("block-cg", NULL);
  g_autoptr (AssayValues) options = make_options (solver, tolerance, NULL);
  gint64 products = 0, first = block * K;

  for (gint64 k = first; k < first + K; k++)
    assay_solve_result_clear (&p->result[k]);
  g_assert_true (solver->solve (A, M, options, K, p->b + first * N, p->x + first * N, p->result + first, NULL, NULL));
  for (gint64 k = first; k < first + K; k++)
    {
      double residual = 0, size = assay_f64_norm (N, p->b + k * N), product[N];

      g_assert_cmpint (p->result[k].reason, ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
      g_assert_true (assay_linop_apply (p->A, 1, p->x + k * N, product, NULL));
      for (gint64 i = 0; i < N; i++)
        residual += (p->b[k * N + i] - product[i]) * (p->b[k * N + i] - product[i]);
      g_assert_cmpfloat (fabs (sqrt (residual) / size - p->result[k].true_residual), <=, 1e-12);
      products += p->result[k].products;
    }
  return products;
}

/* Without its large directions the condition is 2, and conjugate gradients gain a factor of (sqrt 2 + 1) / (sqrt 2 - 1) = 5.8 an iteration. The residual is within 2 sqrt (2000) of
 * the error's energy, relative: 11 iterations for 1e-6, and one product for the true residual. */
static void
test_next_block (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayRecycled) recycled = NULL;
  g_autoptr (AssayLinop) M = NULL;
  gint64 alone, helped;

  problem_init (&p, TRUE);
  recycled = assay_recycled_new (p.A, LARGE + 4, NULL);
  solve (&p, assay_recycled_get_linop (recycled), NULL, 0, "tolerance=1e-6");
  alone = solve (&p, p.A, NULL, 1, "tolerance=1e-6");
  g_assert_true (assay_recycled_make_preconditioner (recycled, &M, NULL));
  g_assert_nonnull (M);
  helped = solve (&p, p.A, M, 1, "tolerance=1e-6");
  g_test_message ("%d products alone, %d after another block", (int) alone, (int) helped);
  g_assert_cmpint (helped, <=, K * (11 + 1));
  g_assert_cmpint (alone, >, K * (11 + 1));
}

/* The span of a solve of all directions is the whole space: M is A^-1 then, to what the eigensolver and the dependence of directions leave. */
static void
test_all_directions (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayRecycled) recycled = NULL;
  g_autoptr (AssayLinop) M = NULL;
  g_autofree double *unit = g_new0 (double, N * N), *image = g_new (double, N * N);

  problem_init (&p, TRUE);
  recycled = assay_recycled_new (p.A, N, NULL);
  for (gint64 i = 0; i < N; i++)
    unit[i * N + i] = 1;
  g_assert_true (assay_linop_apply (assay_recycled_get_linop (recycled), N, unit, image, NULL));
  for (gint64 i = 0; i < N * N; i++)
    g_assert_cmpfloat (image[i], ==, p.matrix[i]);
  g_assert_true (assay_recycled_make_preconditioner (recycled, &M, NULL));
  g_assert_true (assay_linop_apply (M, N, image, unit, NULL));
  for (gint64 i = 0; i < N; i++)
    for (gint64 j = 0; j < N; j++)
      g_assert_cmpfloat (fabs (unit[i * N + j] - (i == j)), <=, 1e-9);  /* condition 2000, 120 terms, 2^-53 */
}

static void
test_nothing (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayRecycled) recycled = NULL;
  AssayLinop *M = NULL;
  double x[N] = { 0 }, y[N];

  problem_init (&p, FALSE);
  recycled = assay_recycled_new (p.A, N, NULL);
  g_assert_true (assay_recycled_make_preconditioner (recycled, &M, NULL));
  g_assert_null (M);
  g_assert_true (assay_linop_apply (assay_recycled_get_linop (recycled), 1, x, y, NULL));           /* of zero */
  g_assert_true (assay_recycled_make_preconditioner (recycled, &M, NULL));
  g_assert_null (M);
  for (gint64 i = 0; i < N; i++)
    {
      memset (x, 0, sizeof x);
      x[i] = 1;
      g_assert_true (assay_linop_apply (assay_recycled_get_linop (recycled), 1, x, y, NULL));
    }
  g_assert_true (assay_recycled_make_preconditioner (recycled, &M, NULL));      /* an eigenvalue is -1 */
  g_assert_null (M);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recycled/the next block takes as few products as a matrix without large directions, and claims the same", test_next_block);
  g_test_add_func ("/recycled/all directions make the inverse", test_all_directions);
  g_test_add_func ("/recycled/nothing seen, and an indefinite operator, precondition nothing", test_nothing);
  return g_test_run ();
}
