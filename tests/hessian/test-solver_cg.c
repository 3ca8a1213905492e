/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conjugate gradients on matrices whose spectrum is known: every way a solve can end is reached. */
#include "matrices.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/dense.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define N 40

typedef struct {
  double *matrix;
  AssayLinop *A;
  double b[2 * N], x[2 * N];
  AssaySolveResult result[2];
} Problem;

static void
problem_init (Problem *p, const double *values, double lower_bound)
{
  memset (p, 0, sizeof *p);
  p->matrix = make_spectrum (1, N, values);
  p->A = assay_linop_dense_new (N, p->matrix, TRUE, lower_bound);
  fill_normal (2, 2 * N, p->b);
}

static void
problem_clear (Problem *p)
{
  assay_linop_unref (p->A);
  assay_mem_free (p->matrix);
  assay_solve_result_clear (&p->result[0]);
  assay_solve_result_clear (&p->result[1]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

/* Solves with A in the problem's place; takes the options. */
static AssaySolveReason
solve (Problem *p, AssayLinop *A, gint64 K, AssayValues *options)
{
  const AssaySolver *cg = assay_solver_find ("cg", NULL);
  GError *error = NULL;

  assay_solve_result_clear (&p->result[0]);
  assay_solve_result_clear (&p->result[1]);
  g_assert_true (cg->solve (A, NULL, options, K, p->b, p->x, p->result, NULL, &error));
  g_assert_no_error (error);
  assay_values_free (options);
  return p->result[0].reason;
}

#define OPTIONS(...) make_options (assay_solver_find ("cg", NULL), ##__VA_ARGS__, NULL)

/* ||b - A x|| / ||b|| by hand. */
static double
measure_residual (const Problem *p)
{
  double r2 = 0, b2 = 0;

  for (gint64 i = 0; i < N; i++)
    {
      double r = p->b[i];

      for (gint64 j = 0; j < N; j++)
        r -= p->matrix[i * N + j] * p->x[j];
      r2 += r * r;
      b2 += p->b[i] * p->b[i];
    }
  return sqrt (r2 / b2);
}

static void
fill_linear (double *values, double first, double last)
{
  for (gint64 i = 0; i < N; i++)
    values[i] = first + (last - first) * (double) i / (N - 1);
}

static void
test_converges (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };

  fill_linear (values, 0.5, 20);
  problem_init (&p, values, 0.5);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ("tolerance=1e-10")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  g_assert_cmpfloat (p.result[0].true_residual, <=, 1e-10);
  assert_close (p.result[0].true_residual, measure_residual (&p), 1e-14);
  g_assert_cmpint (p.result[0].iterations, ==, p.result[0].history->len);
  g_assert_cmpint (p.result[0].products, ==, p.A->n_applied);
  g_assert_cmpfloat (p.result[0].residual_gap, <, 1e-13);
  g_assert_cmpint (p.result[0].restarts, ==, 0);
  g_assert_cmpfloat (g_array_index (p.result[0].history, double, p.result[0].history->len - 1), <=, 1e-10);
}

/* As many distinct eigenvalues, as many iterations. */
static void
test_distinct (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };

  for (gint64 i = 0; i < N; i++)
    values[i] = 1 + (double) (i % 4);
  problem_init (&p, values, 1);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ("tolerance=1e-12")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  g_assert_cmpint (p.result[0].iterations, ==, 4);
}

/* Ritz values lie within the spectrum and reach its ends once the whole space is used. */
static void
test_spectrum (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };

  fill_linear (values, 1, 100);
  problem_init (&p, values, 1);
  solve (&p, p.A, 1, OPTIONS ("tolerance=1e-14"));
  assert_close (p.result[0].smallest_ritz, 1, 1e-6);
  assert_close (p.result[0].largest_ritz, 100, 1e-6);
  assert_close (p.result[0].condition_estimate, 100, 1e-3);
  g_assert_cmpfloat (p.result[0].smallest_curvature, >=, 1 - 1e-12);
  g_assert_cmpfloat (p.result[0].operator_norm, <=, 100 + 1e-10);
  g_assert_cmpfloat (p.result[0].operator_norm, >=, 50);
}

static void
test_negative_at_once (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };

  fill_linear (values, -3, -1);
  problem_init (&p, values, -INFINITY);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ()), ==, ASSAY_SOLVE_NEGATIVE_CURVATURE);
  g_assert_cmpint (p.result[0].iterations, ==, 0);
  g_assert_cmpfloat (p.result[0].smallest_curvature, <, 0);
  g_assert_cmpfloat (p.result[0].smallest_curvature, >=, -3);
  g_assert_cmpfloat (p.result[0].true_residual, ==, 1);
  g_assert_cmpfloat (p.result[0].error_bound, ==, INFINITY);
}

/* One negative eigenvalue among many: CG must run into it before it converges (the Lanczos matrix becomes indefinite). */
static void
test_negative_later (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };

  fill_linear (values, 1, 50);
  values[0] = -0.1;
  problem_init (&p, values, -INFINITY);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ()), ==, ASSAY_SOLVE_NEGATIVE_CURVATURE);
  g_assert_cmpint (p.result[0].iterations, >, 0);
  g_assert_cmpfloat (p.result[0].smallest_curvature, <=, 0);
  assert_close (p.result[0].true_residual, measure_residual (&p), 1e-12);
}

/* The zero matrix: p'Ap = 0 is no curvature to divide by. */
static void
test_zero_curvature (void)
{
  double values[N] = { 0 };
  g_auto (Problem) p = { 0 };

  problem_init (&p, values, 0);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ()), ==, ASSAY_SOLVE_NEGATIVE_CURVATURE);
  g_assert_cmpfloat (p.result[0].smallest_curvature, ==, 0);
}

static void
test_breakdown (void)
{
  double values[N] = { 1 };                                       /* the rest zero */
  g_auto (Problem) p = { 0 };
  g_autofree double *matrix = g_new0 (double, N * N);
  g_autoptr (AssayLinop) A = assay_linop_dense_new (N, matrix, TRUE, 0);

  problem_init (&p, values, 0);
  matrix[0] = 1;
  matrix[N + 1] = 1e-40;
  memset (p.b, 0, sizeof p.b);
  p.b[0] = 1e-17;
  p.b[1] = 1;
  g_assert_cmpint (solve (&p, A, 1, OPTIONS ()), ==, ASSAY_SOLVE_BREAKDOWN);
}

static void
test_zero (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };

  fill_linear (values, 1, 2);
  problem_init (&p, values, 1);
  memset (p.b, 0, sizeof p.b);
  memset (p.x, 1, sizeof p.x);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ()), ==, ASSAY_SOLVE_CONVERGED_ZERO);
  for (gint64 i = 0; i < N; i++)
    g_assert_cmpfloat (p.x[i], ==, 0);
  g_assert_cmpint (p.A->n_applied, ==, 0);
  g_assert_cmpfloat (p.result[0].error_bound, ==, 0);
}

static void
test_nan (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLinop) at_once = NULL, later = NULL;

  fill_linear (values, 1, 50);
  problem_init (&p, values, 1);
  at_once = make_nan_linop (p.A, 0);
  later = make_nan_linop (p.A, 3);
  g_assert_cmpint (solve (&p, at_once, 1, OPTIONS ()), ==, ASSAY_SOLVE_NAN);
  g_assert_cmpint (p.result[0].iterations, ==, 0);
  g_assert_cmpint (solve (&p, later, 1, OPTIONS ()), ==, ASSAY_SOLVE_NAN);
  g_assert_cmpint (p.result[0].iterations, ==, 3);
  g_assert_true (isnan (p.result[0].true_residual));
  p.b[5] = NAN;
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ()), ==, ASSAY_SOLVE_NAN);
  p.b[5] = INFINITY;
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ()), ==, ASSAY_SOLVE_NAN);
}

static void
test_nonsymmetric (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLinop) A = NULL;

  fill_linear (values, 1, 2);
  problem_init (&p, values, 1);
  A = assay_linop_dense_new (N, p.matrix, FALSE, 1);
  g_assert_cmpint (solve (&p, A, 1, OPTIONS ()), ==, ASSAY_SOLVE_NONSYMMETRIC);
  g_assert_cmpint (A->n_applied, ==, 0);
}

static void
test_iterations (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };

  fill_linear (values, 1e-3, 100);
  problem_init (&p, values, 1e-3);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ("max-iterations=5")), ==, ASSAY_SOLVE_ITERATIONS);
  g_assert_cmpint (p.result[0].iterations, ==, 5);
  assert_close (p.result[0].true_residual, measure_residual (&p), 1e-13);
}

/* An operator that calls itself symmetric and is far from it: p'Ap stays positive while the residual grows. */
static void
test_diverges (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };

  fill_linear (values, 1, 1);
  problem_init (&p, values, 1);
  for (gint64 i = 0; i < N; i++)
    for (gint64 j = 0; j < i; j++)
      {
        p.matrix[i * N + j] += 10;
        p.matrix[j * N + i] -= 10;
      }
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ("divergence=100")), ==, ASSAY_SOLVE_DIVERGED);
  g_assert_cmpfloat (g_array_index (p.result[0].history, double, p.result[0].history->len - 1), >, 100);
}

/* A tolerance below what doubles can reach. */
static void
test_gap (void)
{
  g_auto (Problem) p = { 0 };
  double values[N];

  for (gint64 i = 0; i < N; i++)
    values[i] = pow (10, -8 * (double) i / (N - 1));
  problem_init (&p, values, 1e-8);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ("tolerance=1e-17", "max-iterations=100000")), ==, ASSAY_SOLVE_RESIDUAL_GAP);
  g_assert_cmpint (p.result[0].restarts, >, 0);
  g_assert_cmpfloat (p.result[0].true_residual, >, 1e-17);
  assert_close (p.result[0].true_residual, measure_residual (&p), 1e-7);
  g_assert_cmpint (p.result[0].alpha->len, <, p.result[0].iterations);    /* coefficients end where the recurrence did */
}

/* Graded over twelve decades, and Hilbert's: residuals still get small, and are what they are said to be. */
static void
test_ill_conditioned (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayBuffer) hilbert = make_hilbert (N);
  g_autoptr (AssayLinop) H = NULL;

  for (gint64 i = 0; i < N; i++)
    values[i] = pow (10, -12 * (double) i / (N - 1));
  problem_init (&p, values, 0);
  for (gint64 i = 0; i < N; i++)                                  /* b in the range: A times something */
    {
      p.b[N + i] = p.b[i];
      p.b[i] = 0;
    }
  for (gint64 i = 0; i < N; i++)
    for (gint64 j = 0; j < N; j++)
      p.b[i] += p.matrix[i * N + j] * p.b[N + j];
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ("tolerance=1e-8", "max-iterations=5000")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  assert_close (p.result[0].true_residual, measure_residual (&p), 1e-9);

  H = assay_linop_dense_new (N, hilbert, TRUE, 0);
  assay_mem_free (p.matrix);
  p.matrix = g_steal_pointer (&hilbert);
  for (gint64 i = 0; i < N; i++)
    {
      p.b[i] = 0;
      for (gint64 j = 0; j < N; j++)
        p.b[i] += p.matrix[i * N + j];
    }
  g_assert_cmpint (solve (&p, H, 1, OPTIONS ("tolerance=1e-8")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  assert_close (p.result[0].true_residual, measure_residual (&p), 1e-9);
}

/* Singular, b outside the range: nothing converges and the answer says so. */
static void
test_singular (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };
  AssaySolveReason reason;

  fill_linear (values, 0, 10);
  values[1] = 0;
  problem_init (&p, values, 0);
  reason = solve (&p, p.A, 1, OPTIONS ("max-iterations=1000"));
  g_assert_false (assay_solve_has_converged (reason));
  g_assert_true (reason == ASSAY_SOLVE_NEGATIVE_CURVATURE || reason == ASSAY_SOLVE_DIVERGED || reason == ASSAY_SOLVE_RESIDUAL_GAP
                 || reason == ASSAY_SOLVE_BREAKDOWN);
}

static void
count_and_cancel (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  (void) stage;
  (void) total;
  (void) unit;
  (void) note;
  if (done == 3)
    assay_progress_cancel (*(AssayProgress **) data, ASSAY_ERROR_INTERRUPTED);
}

static void
test_cancelled (void)
{
  double values[N];
  g_auto (Problem) p = { 0 };
  AssayProgress *watched = NULL;
  g_autoptr (AssayProgress) progress = assay_progress_new (count_and_cancel, &watched);
  g_autoptr (AssayValues) options = OPTIONS ();

  watched = progress;
  fill_linear (values, 1, 50);
  problem_init (&p, values, 1);
  g_assert_true (assay_solver_find ("cg", NULL)->solve (p.A, NULL, options, 2, p.b, p.x, p.result, progress, NULL));
  g_assert_cmpint (p.result[0].reason, ==, ASSAY_SOLVE_CANCELLED);
  g_assert_cmpint (p.result[0].iterations, ==, 3);
  g_assert_cmpint (p.result[1].reason, ==, ASSAY_SOLVE_CANCELLED);
  g_assert_cmpint (p.result[1].iterations, ==, 0);
}

/* The size of b changes nothing but the size of x, down to the bits. */
static void
test_scale (void)
{
  double values[N], x[N];
  g_auto (Problem) p = { 0 };
  gint64 iterations;

  fill_linear (values, 0.5, 20);
  problem_init (&p, values, 0.5);
  solve (&p, p.A, 1, OPTIONS ());
  memcpy (x, p.x, sizeof x);
  iterations = p.result[0].iterations;
  for (gint64 i = 0; i < N; i++)
    p.b[i] = ldexp (p.b[i], -900);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ()), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  g_assert_cmpint (p.result[0].iterations, ==, iterations);
  for (gint64 i = 0; i < N; i++)
    g_assert_cmpfloat (p.x[i], ==, ldexp (x[i], -900));
  g_assert_cmpfloat (p.result[0].right_hand_norm, <, 1e-260);
}

static void
test_width (void)
{
  double values[N], error = 0;
  g_auto (Problem) p = { 0 };
  AssayFactor *factor;

  fill_linear (values, 0.25, 30);
  problem_init (&p, values, 0.25);
  g_assert_cmpint (solve (&p, p.A, 1, OPTIONS ("tolerance=0", "width=1e-3")), ==, ASSAY_SOLVE_CONVERGED_WIDTH);
  g_assert_cmpfloat (p.result[0].error_bound, <=, 1e-3);
  factor = assay_factor_new (NULL, "matrix", ASSAY_F64, N, g_steal_pointer (&p.matrix), TRUE, NULL);
  g_assert_true (assay_factor_solve (factor, 1, p.b, NULL));
  for (gint64 i = 0; i < N; i++)
    error += (p.x[i] - p.b[i]) * (p.x[i] - p.b[i]);
  g_assert_cmpfloat (sqrt (error), <=, p.result[0].error_bound);
  g_assert_cmpfloat (sqrt (error), >, p.result[0].error_bound / 200);     /* kappa is 120: the bound is no looser than that */
  assay_factor_free (factor);
}

static void
test_block (void)
{
  double values[N], both[2 * N];
  g_auto (Problem) p = { 0 };

  fill_linear (values, 0.5, 20);
  problem_init (&p, values, 0.5);
  solve (&p, p.A, 2, OPTIONS ());
  memcpy (both, p.x, sizeof both);
  memmove (p.b, p.b + N, N * sizeof *p.b);
  solve (&p, p.A, 1, OPTIONS ());
  g_assert_cmpmem (p.x, N * sizeof (double), both + N, N * sizeof (double));
}

/* An operator whose products are off by 1e-4: the recurrence converges, the truth does not. */
static gboolean
apply_noisy (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  AssayRng rng = assay_rng_new (op->n_applied, 7);

  (void) error;
  for (gint64 i = 0; i < K * op->n; i++)
    Y[i] = (1 + (double) (i % op->n)) * X[i] * (1 + 1e-4 * assay_rng_normal (&rng));
  return TRUE;
}

static void
test_noise (void)
{
  AssayLinop prototype = { .name = "noisy", .n = N, .is_symmetric = TRUE, .shift = 0.9, .apply = apply_noisy };
  g_autoptr (AssayLinop) A = assay_linop_alloc (sizeof *A, &prototype);
  double values[N];
  g_auto (Problem) p = { 0 };

  fill_linear (values, 1, N);
  problem_init (&p, values, 1);
  g_assert_cmpint (solve (&p, A, 1, OPTIONS ()), ==, ASSAY_SOLVE_RESIDUAL_GAP);
  g_assert_cmpfloat (p.result[0].residual_gap, >, 1e-6);
  g_assert_cmpfloat (p.result[0].true_residual, >, 1e-7);
}

/* An operator that fails: the error is passed on, and no result is left half made. */
static gboolean
apply_failing (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  (void) K;
  if (op->n_applied < 3)
    {
      memcpy (Y, X, op->n * sizeof *Y);
      Y[0] *= 2;
      Y[1] *= 3;
      return TRUE;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "value of fc1.weight is not finite");
  return FALSE;
}

static void
test_failing (void)
{
  AssayLinop prototype = { .name = "failing", .n = N, .is_symmetric = TRUE, .shift = 1, .apply = apply_failing };
  g_autoptr (AssayLinop) A = assay_linop_alloc (sizeof *A, &prototype);
  g_autoptr (AssayValues) options = OPTIONS ();
  const AssaySolver *cg = assay_solver_find ("cg", NULL);
  double values[N];
  g_auto (Problem) p = { 0 };
  g_autoptr (GError) error = NULL, memory = NULL;

  fill_linear (values, 1, N);
  problem_init (&p, values, 1);
  g_assert_false (cg->solve (A, NULL, options, 2, p.b, p.x, p.result, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_null (p.result[0].history);
  g_assert_null (p.result[1].history);
  assay_mem_fail_at (1);
  g_assert_false (cg->solve (p.A, NULL, options, 1, p.b, p.x, p.result, NULL, &memory));
  assay_mem_fail_at (0);
  g_assert_error (memory, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
}

static void
test_registry (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (assay_solver_find ("cg", NULL));
  g_assert_null (assay_solver_find ("magic", &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "cg"));
  g_assert_cmpstr (assay_solve_reason_name (ASSAY_SOLVE_NEGATIVE_CURVATURE), ==, "stopped: negative curvature");
}

#define CASE(name, func) g_test_add_func ("/hessian/solver_cg/" name, func)

/* Steps by a matrix that is off by 2^-9 in each entry end at the residual of the matrix itself, which is multiplied a few times only: each start from the true
 * residual takes a digit at least. */
static void
test_refines (void)
{
  double values[N], *rounded;
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLinop) coarse = NULL;
  AssayLinop *A;

  fill_linear (values, 1, 20);
  problem_init (&p, values, 1);
  A = assay_linop_shift_new (p.A, 0);                             /* one of its own, to give a coarse one to */
  coarse = make_coarse_linop (N, p.matrix, &rounded);
  assay_linop_set_coarse (A, coarse);
  g_assert_cmpint (solve (&p, A, 1, OPTIONS ("tolerance=1e-12")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  g_assert_cmpfloat (measure_residual (&p), <=, 1e-12);
  assert_close (p.result[0].true_residual, measure_residual (&p), 1e-14);
  g_assert_cmpint (p.result[0].restarts, >=, 2);
  g_assert_cmpuint (p.A->n_applied, <=, 14);
  g_assert_cmpuint (coarse->n_applied, >, 2 * p.A->n_applied);
  g_assert_null (p.result[0].alpha);                              /* of another matrix */
  assay_linop_unref (A);
  assay_mem_free (rounded);
}

/* A coarse operator that is too far off to help is an honest end, with the residual that was reached. */
static void
test_refines_no_more (void)
{
  double values[N], other[N];
  g_auto (Problem) p = { 0 }, q = { 0 };
  AssayLinop *A;

  fill_linear (values, 1, 20);
  fill_linear (other, 20, 400);
  problem_init (&p, values, 1);
  problem_init (&q, other, 20);
  A = assay_linop_shift_new (p.A, 0);
  assay_linop_set_coarse (A, q.A);
  g_assert_cmpint (solve (&p, A, 1, OPTIONS ("tolerance=1e-12")), ==, ASSAY_SOLVE_RESIDUAL_GAP);
  assert_close (p.result[0].true_residual, measure_residual (&p), 1e-14);
  assay_linop_unref (A);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  CASE ("a positive definite system is solved to its tolerance", test_converges);
  CASE ("four distinct eigenvalues take four iterations", test_distinct);
  CASE ("Ritz values reach the ends of the spectrum", test_spectrum);
  CASE ("negative curvature is reported at step 0", test_negative_at_once);
  CASE ("negative curvature is reported at a later step", test_negative_later);
  CASE ("zero curvature counts as negative", test_zero_curvature);
  CASE ("curvature below rounding is a breakdown", test_breakdown);
  CASE ("a right-hand side of zero has the answer zero and no product", test_zero);
  CASE ("NaN in b or in a product at any step is named", test_nan);
  CASE ("an operator that is not symmetric is refused", test_nonsymmetric);
  CASE ("the iterations run out and the residual is the true one", test_iterations);
  CASE ("a growing residual ends the solve", test_diverges);
  CASE ("a tolerance below rounding ends at the attainable accuracy", test_gap);
  CASE ("graded and Hilbert matrices give true residuals", test_ill_conditioned);
  CASE ("a singular matrix does not converge", test_singular);
  CASE ("a request to stop is obeyed between iterations", test_cancelled);
  CASE ("the size of b changes no bits", test_scale);
  CASE ("a certified width stops the solve and holds", test_width);
  CASE ("a block gives each system its own bits", test_block);
  CASE ("noise in the products is found by the true residual", test_noise);
  CASE ("an operator that fails passes its error on", test_failing);
  CASE ("solvers are found by name and reasons have words", test_registry);
  CASE ("steps by a rounded operator end at the residual of the one itself", test_refines);
  CASE ("a coarse operator that does not help ends at what was reached", test_refines_no_more);
  return g_test_run ();
}
