/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-interval.c: certified intervals against solutions in extended precision, runs long past convergence included. */
#include "influence/interval.h"

#include "base/rng.h"
#include "influence/solved.h"
#include "tensor/compare.h"
#include "toy.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 48, QUERIES = 10, EXAMPLES = 20 };

/* --- a matrix with a power law and a null space, damped --------------------------------------------------------------- */

static void
fill_matrix (guint64 seed, double lambda, double *A)
{
  double Q[N][N];
  AssayRng rng = assay_rng_new (seed, 0);

  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      Q[i][j] = assay_rng_normal (&rng);
  for (int i = 0; i < N; i++)                                     /* Gram-Schmidt, twice */
    for (int pass = 0; pass < 2; pass++)
      {
        double norm = 0;

        for (int k = 0; k < i; k++)
          {
            double dot = 0;

            for (int j = 0; j < N; j++)
              dot += Q[i][j] * Q[k][j];
            for (int j = 0; j < N; j++)
              Q[i][j] -= dot * Q[k][j];
          }
        for (int j = 0; j < N; j++)
          norm += Q[i][j] * Q[i][j];
        for (int j = 0; j < N; j++)
          Q[i][j] /= sqrt (norm);
      }
  memset (A, 0, N * N * sizeof *A);
  for (int k = 0; k < 3 * N / 4; k++)
    for (int i = 0; i < N; i++)
      for (int j = 0; j <= i; j++)
        A[i * N + j] += pow (k + 1, -2) * Q[k][i] * Q[k][j];
  for (int i = 0; i < N; i++)
    {
      A[i * N + i] += lambda;
      for (int j = 0; j < i; j++)
        A[j * N + i] = A[i * N + j];
    }
}

/* x = A^-1 b by Cholesky in long double. */
static void
solve_extended (const double *A, const double *b, long double *x)
{
  static long double L[N][N];

  for (int i = 0; i < N; i++)
    for (int j = 0; j <= i; j++)
      {
        long double sum = A[i * N + j];

        for (int k = 0; k < j; k++)
          sum -= L[i][k] * L[j][k];
        L[i][j] = i == j ? sqrtl (sum) : sum / L[j][j];
      }
  for (int i = 0; i < N; i++)
    {
      x[i] = b[i];
      for (int k = 0; k < i; k++)
        x[i] -= L[i][k] * x[k];
      x[i] /= L[i][i];
    }
  for (int i = N; i-- > 0; )
    {
      for (int k = i + 1; k < N; k++)
        x[i] -= L[k][i] * x[k];
      x[i] /= L[i][i];
    }
}

/* --- counting violations ---------------------------------------------------------------------------------------------- */

typedef struct {
  gint64 n_pairs, n_violations;
  GArray *relative_width;       /* double, of solves that converged */
} Tally;

static void
count_pairs (const double *A, const double *x, const double *g, const double *query, const AssaySolveResult *solve,
             const AssayIntervalTerms *terms, Tally *tally)
{
  long double truth[N];

  solve_extended (A, query, truth);
  for (int t = 0; t < EXAMPLES; t++)
    {
      const double *example = g + t * N;
      double value = 0, norm = 0, lo, hi, width;
      long double exact = 0;

      for (int i = 0; i < N; i++)
        {
          value += example[i] * x[i];
          norm += example[i] * example[i];
          exact += (long double) example[i] * truth[i];
        }
      assay_interval_set (value, assay_interval_half_width (terms, solve, sqrt (norm)), 7, &lo, &hi);
      tally->n_pairs++;
      tally->n_violations += !(lo <= exact / 7 && exact / 7 <= hi);
      width = (hi - lo) * 7 / fabs ((double) exact);
      if (tally->relative_width != NULL && assay_solve_has_converged (solve->reason))
        g_array_append_val (tally->relative_width, width);
    }
}

/* Pairs for every tolerance at one matrix by a solver; trust multiplies the lower bound that is claimed. */
static void
run_matrix (const char *name, guint64 seed, double lambda, double trust, Tally *tally)
{
  static const char *const tolerances[] = { "1e-1", "1e-4", "1e-8", "1e-12", "0" };      /* 0: on and on, past convergence */
  const AssaySolver *solver = assay_solver_find (name, NULL);
  g_autofree double *A = g_new (double, N * N), *g = g_new (double, (QUERIES + EXAMPLES) * N), *x = g_new (double, QUERIES * N);
  g_autoptr (AssayLinop) op = NULL;
  AssayRng rng = assay_rng_new (seed, 1);

  fill_matrix (seed, lambda, A);
  for (int i = 0; i < (QUERIES + EXAMPLES) * N; i++)
    g[i] = assay_rng_normal (&rng);
  op = assay_linop_dense_new (N, A, TRUE, lambda * (1 - 1e-9) - 1e-14);        /* rounding of A moves its eigenvalues by N eps */
  for (gsize k = 0; k < G_N_ELEMENTS (tolerances); k++)
    {
      g_autoptr (AssayValues) options = assay_values_new (solver->params);
      AssaySolveResult results[QUERIES] = { 0 };

      g_assert_true (assay_values_set_text (options, "tolerance", tolerances[k], NULL));
      g_assert_true (assay_values_set_text (options, "max-iterations", "400", NULL));
      g_assert_true (solver->solve (op, NULL, options, QUERIES, g, x, results, NULL, NULL));
      for (int q = 0; q < QUERIES; q++)
        {
          const AssayIntervalTerms terms = { .lower_bound = op->shift * trust, .norm = results[q].operator_norm,
                                             .product_error = op->product_error, .gradient_error = assay_gamma (N, DBL_EPSILON) };

          count_pairs (A, x + q * N, g + QUERIES * N, g + q * N, &results[q], &terms, tally);
          assay_solve_result_clear (&results[q]);
        }
    }
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
test_violations (void)
{
  static const double lambdas[] = { 1e-1, 1e-2, 1e-3, 1e-5 };
  g_autoptr (GArray) widths = g_array_new (FALSE, FALSE, sizeof (double));
  Tally tally = { .relative_width = widths };

  for (guint64 seed = 0; seed < 25; seed++)
    for (gsize k = 0; k < G_N_ELEMENTS (lambdas); k++)
      run_matrix ("cg", seed, lambdas[k], 1, &tally);
  g_assert_cmpint (tally.n_pairs, ==, 100000);
  g_assert_cmpint (tally.n_violations, ==, 0);
  g_array_sort (widths, ascending);
  g_test_message ("median relative width %g", g_array_index (widths, double, widths->len / 2));
  g_assert_cmpfloat (g_array_index (widths, double, widths->len / 2), <=, 1e-3);
}

/* The other solvers, each with as many pairs in `make check-long`, and a twelfth of them else. */
static void
test_other_solvers (void)
{
  static const char *const solvers[] = { "block-cg", "minres", "neumann" };
  static const double lambdas[] = { 1e-1, 1e-2, 1e-3, 1e-5 };
  guint64 seeds = g_getenv ("ASSAY_TEST_LONG") != NULL ? 25 : 2;

  for (gsize s = 0; s < G_N_ELEMENTS (solvers); s++)
    {
      Tally tally = { 0 };

      for (guint64 seed = 100; seed < 100 + seeds; seed++)
        for (gsize k = 0; k < G_N_ELEMENTS (lambdas); k++)
          run_matrix (solvers[s], seed, lambdas[k], 1, &tally);
      g_test_message ("%s: %" G_GINT64_FORMAT " pairs", solvers[s], tally.n_pairs);
      g_assert_cmpint (tally.n_pairs, ==, (gint64) seeds * 4000);
      g_assert_cmpint (tally.n_violations, ==, 0);
    }
}

/* The same count notices a bound that is not one. */
static void
test_can_fail (void)
{
  Tally tally = { 0 };

  for (guint64 seed = 0; seed < 3; seed++)
    run_matrix ("cg", seed, 1e-3, 1000, &tally);
  g_assert_cmpint (tally.n_violations, >, 0);
}

/* --- on models -------------------------------------------------------------------------------------------------------- */

/* CG's interval holds the dense score, and the two intervals meet, whatever CG's tolerance. */
static void
test_models (void)
{
  static const char *const tolerances[] = { "0.3", "1e-3", "1e-6", "1e-10", "1e-15" };

  for (guint64 seed = 0; seed < 6; seed++)
    for (gsize k = 0; k < G_N_ELEMENTS (tolerances); k++)
      {
        g_autoptr (Toy) toy = seed % 2 ? toy_new_mlp (60, 4, 5, seed) : toy_new_logistic (60, 4, 5, pow (10, -1 - (double) seed),
                                                                                          seed);
        g_autoptr (AssayInfluenceScores) exact = toy_score (toy, "exact", NULL);
        g_autoptr (AssayInfluenceScores) cg = toy_score (toy, "cg", "tolerance", tolerances[k], NULL);

        g_assert_cmpint (cg->interval_kind, ==, ASSAY_INTERVAL_SOLVE);
        g_assert_true (assay_influence_scores_has_converged (exact, -1));
        for (gint64 i = 0; i < 4 * 60; i++)
          {
            g_assert_cmpfloat (cg->lo[i], <=, exact->value[i]);
            g_assert_cmpfloat (exact->value[i], <=, cg->hi[i]);
            g_assert_cmpfloat (exact->hi[i] - exact->lo[i], >, 0);
          }
      }
}

static void
test_outward (void)
{
  double lo, hi;

  assay_interval_set (1.0 / 3, 0, 3, &lo, &hi);
  g_assert_cmpfloat (lo, <, 1.0 / 9);
  g_assert_cmpfloat (hi, >, 1.0 / 9);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/interval/none of 100,000 pairs is outside its interval, and half are narrower than a thousandth",
                   test_violations);
  g_test_add_func ("/interval/nor of those of the other solvers", test_other_solvers);
  g_test_add_func ("/interval/a lower bound that is too high is noticed", test_can_fail);
  g_test_add_func ("/interval/the interval of conjugate gradients holds the dense score", test_models);
  g_test_add_func ("/interval/ends are rounded outward", test_outward);
  return g_test_run ();
}
