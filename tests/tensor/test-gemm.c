/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-gemm.c: matrix products against the definition, in every instruction set, and what their bits may depend on.
 *
 * Bound of an entry: gamma_(K+2) |alpha| sum_k |a| |b| + u |c| (Higham, section 3.5), K+2 for alpha and the sum with C. Products of bf16 are held against
 * that of rounded factors, whose products are exact, with the same bound, and against that of the factors as they are: each of the two is off by 2^-8.
 */
#include "base/isa.h"
#include "base/rng.h"
#include "tensor/compare.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

typedef struct {
  gboolean ta, tb, accumulate;
  gint64 M, N, K, lda, ldb, ldc;
  double alpha;
  double *A, *B, *C;            /* floats hold them */
  gint64 size_a, size_b, size_c;
} Problem;

static double *
draw (gint64 n, guint64 seed)
{
  AssayRng rng = assay_rng_new (seed, 0);
  double *v = g_new (double, n + 1);

  for (gint64 i = 0; i < n; i++)
    v[i] = (float) assay_rng_normal (&rng);
  return v;
}

static Problem
make_problem (gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, gint64 padding, double alpha, gboolean accumulate)
{
  Problem p = { .ta = ta, .tb = tb, .accumulate = accumulate, .M = M, .N = N, .K = K, .alpha = alpha };

  p.lda = (ta ? M : K) + padding;
  p.ldb = (tb ? K : N) + padding;
  p.ldc = N + padding;
  p.size_a = (ta ? K : M) * p.lda;
  p.size_b = (tb ? N : K) * p.ldb;
  p.size_c = M * p.ldc;
  p.A = draw (p.size_a, 1);
  p.B = draw (p.size_b, 2);
  p.C = draw (p.size_c, 3);
  return p;
}

static void
clear_problem (Problem *p)
{
  g_free (p->A);
  g_free (p->B);
  g_free (p->C);
}

static double
a_of (const Problem *p, gint64 m, gint64 k)
{
  return p->A[p->ta ? k * p->lda + m : m * p->lda + k];
}

static double
b_of (const Problem *p, gint64 k, gint64 n)
{
  return p->B[p->tb ? n * p->ldb + k : k * p->ldb + n];
}

#define NARROW(type, name, from, n)                                                                                     \
  g_autofree type *name = g_new (type, (n) + 1);                                                                        \
  for (gint64 i = 0; i < (n); i++)                                                                                      \
    name[i] = (type) from[i]

/* Runs the product in one type; the result comes back as doubles (real parts). */
#define SOLVE(suffix, type)                                                                                             \
  static double *                                                                                                       \
  solve_##suffix (AssayWorkers *workers, const Problem *p)                                                              \
  {                                                                                                                     \
    double *result = g_new (double, p->size_c + 1);                                                                     \
    NARROW (type, A, p->A, p->size_a);                                                                                  \
    NARROW (type, B, p->B, p->size_b);                                                                                  \
    NARROW (type, C, p->C, p->size_c);                                                                                  \
                                                                                                                        \
    assay_gemm_##suffix (workers, p->ta, p->tb, p->M, p->N, p->K, p->alpha, A, p->lda, B, p->ldb, p->accumulate, C, p->ldc); \
    for (gint64 i = 0; i < p->size_c; i++)                                                                              \
      result[i] = (double) C[i];                                                                                        \
    return result;                                                                                                      \
  }

SOLVE (f32, float)
SOLVE (f64, double)
SOLVE (bf16, float)
SOLVE (c128, double complex)

typedef double *(*SolveFunc) (AssayWorkers *workers, const Problem *p);

static const struct { const char *name; SolveFunc solve; double roundoff; gint64 work; gboolean lowers; } types[] = {
  { "f32", solve_f32, 0x1p-24, 1, FALSE }, { "f64", solve_f64, 0x1p-53, 1, FALSE }, { "bf16", solve_bf16, 0x1p-24, 1, TRUE },
  { "c128", solve_c128, 0x1p-53, 4, FALSE } };

enum { N_REAL = 3 };            /* of types: those that promise bits */

/* To nearest with eight bits, ties to even: a float is a double here, and adding 1.5 2^45 of its own size leaves no further bits. */
static double
lower (double x)
{
  volatile double large = x == 0 ? 0 : ldexp (1.5, ilogb (x) + 45), sum = large + x;

  return sum - large;
}

static void
check_problem (const Problem *p)
{
  for (gsize t = 0; t < G_N_ELEMENTS (types); t++)
    {
      g_autofree double *got = types[t].solve (NULL, p);
      double gamma = assay_gamma (types[t].work * p->K + 2, types[t].roundoff);

      for (gint64 m = 0; m < p->M; m++)
        for (gint64 n = 0; n < p->ldc; n++)
          {
            long double sum = 0, size = 0, exact = 0, whole = 0;
            double found = got[m * p->ldc + n], old = p->C[m * p->ldc + n];

            if (n >= p->N)
              {
                g_assert_cmpfloat (found, ==, old);               /* between the rows nothing is written */
                continue;
              }
            for (gint64 k = 0; k < p->K; k++)
              {
                long double a = a_of (p, m, k), b = b_of (p, k, n);

                exact += a * b;
                whole += fabsl (a * b);
                if (types[t].lowers)
                  a = lower ((double) a), b = lower ((double) b);
                sum += a * b;
                size += fabsl (a * b);
              }
            sum = p->alpha * sum + (p->accumulate ? old : 0);
            exact = p->alpha * exact + (p->accumulate ? old : 0);
            size = fabs (p->alpha) * size;
            if (types[t].lowers)
              g_assert_true (fabsl (found - exact) <= fabs (p->alpha) * (0x1p-7 + 0x1p-16) * whole + gamma * size + types[t].roundoff * (fabsl (sum) + fabs (p->accumulate ? old : 0)));
            if (!(fabsl (found - sum) <= gamma * size + types[t].roundoff * (fabsl (sum) + fabs (p->accumulate ? old : 0))))
              g_error ("product %d%d %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT ", %s: (%" G_GINT64_FORMAT
                       ",%" G_GINT64_FORMAT ") is %.17g and should be %.17Lg", p->ta, p->tb, p->M, p->N, p->K, types[t].name, m, n, found, sum);
          }
    }
}

static void
test_definition (gconstpointer isa)
{
  static const gint64 sizes[][3] = {
    { 1, 1, 1 }, { 1, 7, 3 }, { 5, 1, 9 }, { 3, 4, 0 }, { 0, 4, 3 }, { 4, 0, 3 }, { 6, 16, 8 }, { 7, 17, 9 }, { 13, 33, 5 },
    { 65, 31, 40 }, { 14, 49, 257 }, { 1, 100, 300 }, { 100, 1, 513 }, { 70, 130, 64 },
  };

  g_assert_true (assay_isa_set (isa, NULL));
  for (gsize s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint form = 0; form < 16; form++)
      {
        Problem p = make_problem (form & 1, form >> 1 & 1, sizes[s][0], sizes[s][1], sizes[s][2], form & 4 ? 3 : 0,
                                  form & 8 ? -0.75 : 1, (form ^ form >> 3) & 1);

        check_problem (&p);
        clear_problem (&p);
      }
}

/* The same bits for any crew, and for a row whatever rows and columns are computed beside it. */
static void
test_bits (gconstpointer isa)
{
  static const guint crews[] = { 1, 2, 3, 5 };
  static const gint64 parts[][2] = { { 0, 1 }, { 17, 18 }, { 3, 60 }, { 150, 190 } };

  g_assert_true (assay_isa_set (isa, NULL));
  for (guint form = 0; form < 4; form++)
    for (gsize t = 0; t < N_REAL; t++)
      {
        Problem p = make_problem (form & 1, form >> 1, 190, 170, 300, 2, 1.25, TRUE);
        g_autofree double *alone = types[t].solve (NULL, &p);

        for (gsize k = 0; k < G_N_ELEMENTS (crews); k++)
          {
            g_autoptr (AssayWorkers) workers = assay_workers_new (crews[k]);
            g_autofree double *together = types[t].solve (workers, &p);

            g_assert_cmpmem (together, p.size_c * sizeof *together, alone, p.size_c * sizeof *alone);
          }
        for (gsize k = 0; k < G_N_ELEMENTS (parts); k++)
          {
            gint64 m = parts[k][0], n = MIN (m, 150);
            Problem part = p;
            g_autofree double *some = NULL;

            part.M = parts[k][1] - m;
            part.N = p.N - n;
            part.A += p.ta ? m : m * p.lda, part.size_a -= p.ta ? m : m * p.lda;
            part.B += p.tb ? n * p.ldb : n, part.size_b -= p.tb ? n * p.ldb : n;
            part.C += m * p.ldc + n, part.size_c -= m * p.ldc + n;
            some = types[t].solve (NULL, &part);
            for (gint64 i = 0; i < part.M; i++)
              g_assert_cmpmem (some + i * p.ldc, part.N * sizeof *some, alone + (m + i) * p.ldc + n, part.N * sizeof *some);
          }
        clear_problem (&p);
      }
}

static void
test_nan (gconstpointer isa)
{
  g_assert_true (assay_isa_set (isa, NULL));
  for (gsize t = 0; t < N_REAL; t++)
    {
      Problem p = make_problem (FALSE, FALSE, 9, 20, 33, 0, 1, FALSE);
      g_autofree double *got = NULL;

      memset (p.B, 0, p.size_b * sizeof *p.B);
      p.A[4 * p.lda + 30] = NAN;
      p.A[6 * p.lda + 2] = INFINITY;
      for (gint64 i = 0; i < p.size_c; i++)
        p.C[i] = NAN;                                             /* overwritten: what was there does not matter */
      got = types[t].solve (NULL, &p);
      for (gint64 m = 0; m < p.M; m++)
        for (gint64 n = 0; n < p.N; n++)
          g_assert_true (m == 4 || m == 6 ? isnan (got[m * p.ldc + n]) : got[m * p.ldc + n] == 0);
      clear_problem (&p);
    }
}

/* Whole numbers up to 256 have eight bits, and their sums are exact: nothing is lost. */
static void
test_whole_numbers (gconstpointer isa)
{
  g_assert_true (assay_isa_set (isa, NULL));
  for (guint form = 0; form < 4; form++)
    {
      Problem p = make_problem (form & 1, form >> 1, 23, 41, 391, 1, 1, TRUE);
      g_autofree double *full = NULL, *low = NULL;

      for (gint64 i = 0; i < p.size_a; i++)
        p.A[i] = rint (p.A[i] * 60);
      for (gint64 i = 0; i < p.size_b; i++)
        p.B[i] = rint (p.B[i] * 60);
      for (gint64 i = 0; i < p.size_c; i++)
        p.C[i] = rint (p.C[i] * 100);
      full = solve_f32 (NULL, &p);
      low = solve_bf16 (NULL, &p);
      g_assert_cmpmem (low, p.size_c * sizeof *low, full, p.size_c * sizeof *full);
      clear_problem (&p);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (const char *const *isa = assay_isa_list (); *isa != NULL; isa++)
    {
      g_autofree char *definition = g_strdup_printf ("/gemm/%s/products are those of the definition, within rounding", *isa);
      g_autofree char *bits = g_strdup_printf ("/gemm/%s/bits depend neither on the crew nor on the neighbours", *isa);
      g_autofree char *nan = g_strdup_printf ("/gemm/%s/NaN and infinity times zero are seen, an overwritten NaN is not", *isa);
      g_autofree char *whole = g_strdup_printf ("/gemm/%s/products of bf16 lose nothing of small whole numbers", *isa);

      g_test_add_data_func (definition, *isa, test_definition);
      g_test_add_data_func (bits, *isa, test_bits);
      g_test_add_data_func (nan, *isa, test_nan);
      g_test_add_data_func (whole, *isa, test_whole_numbers);
    }
  return g_test_run ();
}
