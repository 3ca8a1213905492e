/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-grade.c: each letter, and each of the four conditions to abstain. */
#include "influence/grade.h"

#include <math.h>
#include <string.h>

enum { Q = 3, N = 4 };

typedef struct {
  AssayInfluenceScores *scores;
  AssayAgreement lds;
  AssayCeiling ceiling;
  AssayLossDifference difference;
} Case;

/* Certified scores that agree with retraining, whose first examples were seen to matter. */
static Case
good_case (void)
{
  Case c = { .scores = assay_influence_scores_new (Q, N, TRUE, TRUE, NULL), .lds = { .n_sets = 50, .n_query = Q, .mean_spearman = { 0.8, 0.7, 0.9, 0.95 } },
             .ceiling = { .n_seeds = 5, .value = 0.95, .rho_1 = 0.6, .signal_to_noise = 4 },
             .difference = { .n_random = 20, .estimate = { 0.1, 0.05, 0.15, 0.95 } } };

  c.scores->interval_kind = ASSAY_INTERVAL_SOLVE;
  for (gint64 i = 0; i < Q * N; i++)
    {
      c.scores->value[i] = (double) (i % N) - 1.5;
      c.scores->lo[i] = c.scores->value[i] - 0.1;
      c.scores->hi[i] = c.scores->value[i] + 0.1;
    }
  for (gint64 q = 0; q < Q; q++)
    c.scores->solves[q].reason = ASSAY_SOLVE_CONVERGED_RESIDUAL;
  return c;
}

static void
assert_grade (Case *c, char letter, guint abstentions, const char *words)
{
  AssayGrade grade;
  gboolean said = FALSE;

  assay_grade_init (&grade, c->scores, &c->lds, &c->ceiling, &c->difference);
  for (guint k = 0; k < grade.reasons->len; k++)
    said = said || strstr (grade.reasons->pdata[k], words) != NULL;
  g_assert_cmpint (grade.letter, ==, letter);
  g_assert_cmpuint (grade.abstentions, ==, abstentions);
  g_assert_true (said);
  assay_grade_clear (&grade);
  assay_influence_scores_free (c->scores);
}

static void
test_letters (void)
{
  Case verified = good_case (), certified = good_case (), uncertified = good_case (), weak = good_case (), unmeasured = good_case ();

  assert_grade (&verified, 'A', 0, "raised the loss more than leaving out random ones");
  certified.difference.estimate.lo = -0.01;
  assert_grade (&certified, 'B', 0, "every solve ended with a certified interval");
  uncertified.difference.n_random = 0;
  uncertified.scores->interval_kind = ASSAY_INTERVAL_NONE;
  assert_grade (&uncertified, 'C', 0, "scores have no certified interval");
  weak.lds.mean_spearman.lo = 0.4;
  assert_grade (&weak, 'C', 0, "not above half of the ceiling 0.950");
  unmeasured.lds.n_sets = 0;
  assert_grade (&unmeasured, 0, 0, "no subsets were measured");
}

static void
test_abstentions (void)
{
  Case spanning = good_case (), noisy = good_case (), disagreeing = good_case (), unsolved = good_case (), few = good_case (), one = good_case ();

  for (gint64 i = 0; i < 2 * N; i++)                              /* of two queries of three */
    {
      spanning.scores->lo[i] = -9;
      spanning.scores->hi[i] = 9;
    }
  assert_grade (&spanning, 'D', ASSAY_ABSTAIN_INTERVAL, "holds 0 for 2 of 3 queries");
  noisy.ceiling.signal_to_noise = 1.9;
  assert_grade (&noisy, 'D', ASSAY_ABSTAIN_NOISE, "1.900 times the noise of 5 seeds");
  disagreeing.lds.mean_spearman.lo = -0.05;
  assert_grade (&disagreeing, 'D', ASSAY_ABSTAIN_AGREEMENT, "the interval of the lds, -0.050 to 0.900, is not above 0");
  for (gint64 q = 0; q < 2; q++)
    unsolved.scores->solves[q].reason = ASSAY_SOLVE_ITERATIONS;
  assert_grade (&unsolved, 'D', ASSAY_ABSTAIN_RESIDUAL, "2 of 3 solves ended with a residual over their limit");
  few.lds.mean_spearman.lo = few.lds.mean_spearman.hi = NAN;
  assert_grade (&few, 'D', ASSAY_ABSTAIN_AGREEMENT, "too few retrainings");
  one.ceiling = (AssayCeiling) { .n_seeds = 1, .value = 1, .rho_1 = NAN, .signal_to_noise = NAN };
  assert_grade (&one, 'A', 0, "above half of the ceiling 1.000");         /* no noise to be told from */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grade/each letter has its conditions", test_letters);
  g_test_add_func ("/grade/each of the four reasons to abstain does so by itself", test_abstentions);
  return g_test_run ();
}
