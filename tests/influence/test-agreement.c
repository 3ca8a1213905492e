/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-agreement.c: ceilings, intervals and p-values against simulations whose truth is known. */
#include "planted.h"

#include "base/rng.h"
#include "stats/correlation.h"

#include <math.h>
#include <stdlib.h>

static const AssayResamplingPlan no_draws = { 2, 0.95, 0 };

static double
mean_lds (const Planted *planted)
{
  AssayAgreement a;
  double lds;

  assay_agreement_init (&a, planted->truth, ASSAY_REMOVAL_ONE, 0, planted->scores, &no_draws);
  lds = a.mean_spearman.value;
  assay_agreement_clear (&a);
  return lds;
}

/* A perfect prediction of the signal, held against the mean of R measurements whose noise is as large as the signal, reaches the ceiling that is
 * computed from these measurements alone. */
static void
test_ceiling (void)
{
  enum { S = 1500, Q = 20 };
  static const guint seeds[] = { 1, 5, 20 };

  for (gsize k = 0; k < G_N_ELEMENTS (seeds); k++)
    {
      guint R = seeds[k], measured = MAX (R, 2);                  /* one measurement alone does not show its noise: a second one does */
      AssayRng rng = assay_rng_new (7, assay_rng_stream ("planted ceiling", k));
      g_autofree double *signal = g_new (double, S * Q), *change = g_new (double, measured * S * Q);
      g_autoptr (Planted) repeated = NULL, once = NULL;
      AssayCeiling ceiling;
      double best;

      for (gint64 i = 0; i < S * Q; i++)
        signal[i] = assay_rng_normal (&rng);
      for (gint64 i = 0; i < measured * S * Q; i++)
        change[i] = signal[i % (S * Q)] + assay_rng_normal (&rng);
      repeated = planted_new (S, measured, Q, change, signal);
      once = planted_new (S, R, Q, change, signal);
      ceiling = assay_ceiling_of (repeated->truth, ASSAY_REMOVAL_ONE, 0);
      best = R == 1 ? assay_correlation_ceiling (ceiling.rho_1, 1) : ceiling.value;
      g_test_message ("R = %u: ceiling %.4f, a perfect prediction reaches %.4f", R, best, mean_lds (once));
      g_assert_cmpfloat_with_epsilon (best, mean_lds (once), 0.01);
      g_assert_cmpfloat_with_epsilon (ceiling.signal_to_noise, sqrt (measured), 0.1 * sqrt (measured));
    }
}

static void
test_one_seed (void)
{
  const double change[] = { 1, 2, 3, 4, 5 };
  g_autoptr (Planted) planted = planted_new (5, 1, 1, change, change);
  AssayCeiling ceiling = assay_ceiling_of (planted->truth, ASSAY_REMOVAL_ONE, 0);

  g_assert_cmpfloat (ceiling.value, ==, 1);
  g_assert_cmpstr (ceiling.reason, ==, "deterministic training, one seed counts");
  g_assert_true (isnan (ceiling.rho_1) && isnan (ceiling.signal_to_noise));
}

/* Seeds that contradict each other have no ceiling, and say so. */
static void
test_contradicting_seeds (void)
{
  const double change[] = { 1, 2, 3, 4, 5, 5, 4, 3, 2, 1 };
  g_autoptr (Planted) planted = planted_new (5, 2, 1, change, change);
  AssayCeiling ceiling = assay_ceiling_of (planted->truth, ASSAY_REMOVAL_ONE, 0);

  g_assert_cmpfloat_with_epsilon (ceiling.rho_1, -1, 1e-14);
  g_assert_true (isnan (ceiling.value));
  g_assert_cmpfloat (ceiling.signal_to_noise, ==, 0);
}

/* Sets have a luck of their own that all queries share, and queries differ in how well they are predicted: both are samples. The mean rank correlation of
 * the population is known: (6/pi) asin (r/2) for normal pairs of correlation r. */
static void
test_coverage (void)
{
  enum { S = 60, Q = 20, ROUNDS = 100 };
  static const double strength[] = { 0.2, 0.5, 0.8 };
  const AssayResamplingPlan plan = { 150, 0.95, 11 };
  double truth = 0;
  guint covered = 0;

  for (gsize k = 0; k < G_N_ELEMENTS (strength); k++)
    truth += 6 / G_PI * asin (strength[k] / 2) / G_N_ELEMENTS (strength);
  for (guint round = 0; round < ROUNDS; round++)
    {
      AssayRng rng = assay_rng_new (3, assay_rng_stream ("planted coverage", round));
      double predicted[S * Q], measured[S * Q], r[Q];
      g_autoptr (Planted) planted = NULL;
      AssayAgreement a;

      for (gint64 q = 0; q < Q; q++)
        r[q] = strength[assay_rng_below (&rng, G_N_ELEMENTS (strength))];
      for (gint64 s = 0; s < S; s++)
        {
          double of_set = assay_rng_normal (&rng), luck = assay_rng_normal (&rng);

          for (gint64 q = 0; q < Q; q++)
            {
              double x = sqrt (0.5) * (of_set + assay_rng_normal (&rng)), e = sqrt (0.5) * (luck + assay_rng_normal (&rng));

              predicted[s * Q + q] = x;
              measured[s * Q + q] = r[q] * x + sqrt (1 - r[q] * r[q]) * e;
            }
        }
      planted = planted_new (S, 1, Q, measured, predicted);
      assay_agreement_init (&a, planted->truth, ASSAY_REMOVAL_ONE, 0, planted->scores, &plan);
      covered += a.mean_spearman.lo <= truth && truth <= a.mean_spearman.hi;
      assay_agreement_clear (&a);
    }
  g_test_message ("%u of %u intervals hold the truth %.4f", covered, ROUNDS, truth);
  g_assert_cmpuint (covered, >=, (guint) (0.906 * ROUNDS));       /* 0.95 less twice the deviation of a share of 100 */
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Scores that know nothing have p-values that are uniform: the largest distance of their distribution from the diagonal stays under the value that is
 * passed once in a hundred times (Kolmogorov: 1.63 / sqrt (n)). And few of them are called significant. */
static void
test_uniform (void)
{
  enum { S = 50, Q = 25, ROUNDS = 40, ALL = ROUNDS * Q };
  double p[ALL], distance = 0;
  gint64 significant = 0;

  for (guint round = 0; round < ROUNDS; round++)
    {
      AssayRng rng = assay_rng_new (5, assay_rng_stream ("planted nothing", round));
      double predicted[S * Q], measured[S * Q];
      g_autoptr (Planted) planted = NULL;
      AssayAgreement a;

      for (gint64 i = 0; i < S * Q; i++)
        {
          predicted[i] = assay_rng_normal (&rng);
          measured[i] = assay_rng_normal (&rng);
        }
      planted = planted_new (S, 1, Q, measured, predicted);
      assay_agreement_init (&a, planted->truth, ASSAY_REMOVAL_ONE, 0, planted->scores, &no_draws);
      for (gint64 q = 0; q < Q; q++)
        p[round * Q + q] = a.p[q];
      significant += a.n_significant;
      assay_agreement_clear (&a);
    }
  qsort (p, ALL, sizeof *p, ascending);
  for (guint i = 0; i < ALL; i++)
    distance = fmax (distance, fmax (fabs (p[i] - (double) i / ALL), fabs (p[i] - (i + 1.0) / ALL)));
  g_test_message ("distance from uniform %.4f, %d significant", distance, (int) significant);
  g_assert_cmpfloat (distance, <, 1.63 / sqrt (ALL));
  g_assert_cmpint (significant, <=, 0.05 * ROUNDS + 3 * sqrt (0.05 * ROUNDS));
}

/* A set without a measurement is named and counts nowhere; of several seeds those that ended well count. */
static void
test_diverged (void)
{
  enum { S = 6, Q = 1 };
  const double predicted[S] = { 1, 2, 3, 4, 5, 6 };
  const double change[2 * S] = { 1, NAN, 3, NAN, 5, 6, 1, NAN, 3, 4, 5, 6 };
  g_autoptr (Planted) planted = planted_new (S, 2, Q, change, predicted);
  AssayAgreement a;

  assay_agreement_init (&a, planted->truth, ASSAY_REMOVAL_ONE, 0, planted->scores, &no_draws);
  g_assert_cmpint (a.n_sets, ==, 5);
  g_assert_cmpuint (a.diverged->len, ==, 1);
  g_assert_cmpint (g_array_index (a.diverged, gint64, 0), ==, 1);
  g_assert_cmpint (a.number[1], ==, 2);
  g_assert_cmpfloat (a.measured[2], ==, 4);                       /* of the seed that ended well */
  g_assert_cmpfloat_with_epsilon (a.mean_spearman.value, 1, 1e-14);
  assay_agreement_clear (&a);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/agreement/the ceiling is what a perfect prediction reaches", test_ceiling);
  g_test_add_func ("/agreement/one deterministic training has the ceiling 1 with its reason", test_one_seed);
  g_test_add_func ("/agreement/seeds that contradict each other have no ceiling", test_contradicting_seeds);
  g_test_add_func ("/agreement/the two-way interval holds the truth as often as it says", test_coverage);
  g_test_add_func ("/agreement/scores that know nothing have uniform p-values", test_uniform);
  g_test_add_func ("/agreement/a retraining that diverged is named and not averaged", test_diverged);
  return g_test_run ();
}
