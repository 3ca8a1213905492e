/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-non_members.c: scores of examples that the model never saw: what they are, and what they say of those that it did. */
#include "toy.h"

#include "base/error.h"
#include "base/rng.h"
#include "hessian/gradient.h"
#include "hessian/vector_f64.h"
#include "influence/non_members.h"
#include "influence/score.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

enum { N = 24, Q = 2 };

/* --- what a score of a non-member is ------------------------------------------------------------------------------------- */

/* Inner products of the same gradient and direction, by two ways of walking that are each off by at most the model's bound. */
static double
get_tolerance (const Toy *toy, const AssayInfluenceScores *scores, gint64 query, gint64 place)
{
  gint64 P = assay_model_get_n_params (toy->model);
  AssayPoint point = assay_influence_task_get_point (&toy->task, NULL, toy->task.train + place, 1);
  g_autofree double *gradient = g_new (double, P);
  GError *error = NULL;

  g_assert_true (assay_gradient_rows (&point, gradient, NULL, &error));
  return 2 * assay_point_get_product_error (&point) * assay_f64_norm (P, gradient) * assay_f64_norm (P, scores->direction + query * P);
}

/* Examples of the training, asked for as if they had been outside, have the scores that they have: every method's, or it says that it cannot. */
static void
test_scores (void)
{
  static const gint64 places[] = { 3, 0, 17, 11 };
  const gint64 M = G_N_ELEMENTS (places);
  guint n = 0;

  for (const AssayMethod *const *m = assay_method_list (); *m != NULL; m++)
    {
      g_autoptr (Toy) toy = toy_new_for (*m, N, Q, 7);
      g_autoptr (AssayValues) options = toy_options (*m, NULL);
      g_autoptr (AssayInfluenceScores) scores = NULL;
      gboolean has_direction = ((*m)->flags & ASSAY_METHOD_HAS_DIRECTION) != 0, is_cut = ((*m)->flags & ASSAY_METHOD_CUTS_EXAMPLES) != 0, fine;
      double value[Q * G_N_ELEMENTS (places)];
      gint64 asked[G_N_ELEMENTS (places)];
      GError *error = NULL;

      if ((*m)->flags & (ASSAY_METHOD_NEEDS_ROWS | ASSAY_METHOD_RETRAINS))
        continue;
      toy->task.keep_directions = TRUE;
      scores = toy_score (toy, (*m)->name, NULL);
      toy->task.keep_directions = FALSE;
      g_assert_true ((scores->direction != NULL) == has_direction);               /* the flag is what the method does */
      for (gint64 j = 0; j < M; j++)
        asked[j] = toy->task.train[places[j]];
      fine = assay_non_members_score (*m, &toy->task, options, asked, M, value, NULL, &error);
      g_assert_true (fine == (has_direction || is_cut));
      if (!fine)
        {
          g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
          g_assert_nonnull (strstr (error->message, (*m)->name));
          g_clear_error (&error);
          continue;
        }
      n++;
      for (gint64 q = 0; q < Q; q++)
        for (gint64 j = 0; j < M; j++)
          if (is_cut)
            g_assert_cmpfloat (value[q * M + j], ==, scores->value[q * N + places[j]]);
          else
            g_assert_cmpfloat_with_epsilon (value[q * M + j], scores->value[q * N + places[j]], get_tolerance (toy, scores, q, places[j]));
    }
  g_assert_cmpuint (n, >=, 10);
}

/* --- ranks and areas ----------------------------------------------------------------------------------------------------- */

static AssayInfluenceScores *
new_scores (gint64 queries, gint64 train, const double *value)
{
  GError *error = NULL;
  AssayInfluenceScores *scores = assay_influence_scores_new (queries, train, FALSE, FALSE, &error);

  g_assert_no_error (error);
  memcpy (scores->value, value, queries * train * sizeof *value);
  return scores;
}

/* By hand: magnitudes 4 2 2 1 against 1 2 3, where one score is missing. p = 1/4, 3/4, 3/4, 1; adjusted (4/1)(1/4) = 1 for the first. */
static void
test_by_hand (void)
{
  static const double value[] = { -4, 2, -2, 1, NAN }, outside[] = { 3, -1, 2 };
  g_autoptr (AssayInfluenceScores) scores = new_scores (1, 5, value);
  g_auto (AssayNonMembers) control = { 0 };

  assay_non_members_init (&control, scores, 3, outside, 0.95);
  /* 4 is above three; 2 above one and level with one, twice; 1 level with one. */
  g_assert_cmpfloat_with_epsilon (control.area[0], (3 + 1.5 + 1.5 + 0.5) / 12, 0x1p-50);
  g_assert_cmpfloat_with_epsilon (control.first_p[0], 1, 0x1p-50);
  g_assert_cmpint (control.n_significant[0], ==, 0);
}

/* Ten training examples of thirty stand above all of 199 from outside: p is 1 / 200 for each, adjusted 30 / 10 of that. */
static void
test_planted (void)
{
  double value[2 * 30], outside[2 * 199];
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_auto (AssayNonMembers) control = { 0 };

  for (gint64 k = 0; k < 60; k++)
    value[k] = k % 30 < 10 ? 1000 + (double) k : (double) (k % 30);
  for (gint64 k = 0; k < 398; k++)
    outside[k] = (double) (k % 199) / 2;
  scores = new_scores (2, 30, value);
  assay_non_members_init (&control, scores, 199, outside, 0.95);
  for (guint q = 0; q < 2; q++)
    {
      g_assert_cmpint (control.n_significant[q], ==, 10);
      g_assert_cmpfloat_with_epsilon (control.first_p[q], 3.0 / 200, 0x1p-50);
    }
  g_assert_cmpfloat (control.mean_area.lo, <=, control.mean_area.value);
  g_assert_cmpfloat (control.mean_area.value, <=, control.mean_area.hi);
}

/* Of a model that saw nothing, training examples and others are alike: an area's standard deviation is then the root of (N + M + 1) / (12 N M) (Mann and Whitney),
 * and the scores are beyond chance for no more queries than a share of .05 of them makes likely: 4 of 10 or more would be once in a thousand. Two of the
 * training examples look like query 0 and are not alike. */
static void
test_untrained (void)
{
  enum { MANY = 200, ASKED = 10, OUTSIDE = 150 };
  g_autoptr (Toy) toy = toy_new_mlp (MANY, ASKED + OUTSIDE, 3, 5);
  const gint64 *outside = toy->task.query + ASKED;
  const AssayMethod *dot = assay_method_find ("dot", NULL);
  g_autoptr (AssayValues) options = toy_options (dot, NULL);
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autofree double *value = g_new (double, ASKED * OUTSIDE);
  g_auto (AssayNonMembers) control = { 0 };
  const double deviation = sqrt ((MANY + OUTSIDE + 1.0) / (12.0 * MANY * OUTSIDE));
  guint beyond = 0;
  GError *error = NULL;

  toy->task.n_query = ASKED;
  scores = toy_score (toy, "dot", NULL);
  g_assert_true (assay_non_members_score (dot, &toy->task, options, outside, OUTSIDE, value, NULL, &error));
  assay_non_members_init (&control, scores, OUTSIDE, value, 0.95);
  for (guint q = 0; q < ASKED; q++)
    {
      g_assert_cmpfloat_with_epsilon (control.area[q], 0.5, 4 * deviation + 2.0 / MANY);
      beyond += control.n_significant[q] > 0;
    }
  g_assert_cmpuint (beyond, <, 4);
  g_assert_cmpfloat (control.mean_area.lo, <, 0.5);
  g_assert_cmpfloat (control.mean_area.hi, >, 0.5);
}

/* The interval of the mean area over draws of both kinds and of queries, for scores that are a size of the example times one of the query with noise: holds the truth of
 * 0.5 in 95 of 100 draws, less three deviations of a share of 300; by a variance that counts what is shared twice it may hold it more often. */
static void
test_interval (void)
{
  enum { DRAWS = 300, QUERIES = 6, MEMBERS = 40, OTHERS = 30 };
  guint held = 0;

  for (guint draw = 0; draw < DRAWS; draw++)
    {
      AssayRng rng = assay_rng_new (draw, assay_rng_stream ("test areas", 0));
      double size[MEMBERS + OTHERS], value[QUERIES * MEMBERS], outside[QUERIES * OTHERS];
      g_autoptr (AssayInfluenceScores) scores = NULL;
      g_auto (AssayNonMembers) control = { 0 };

      for (guint i = 0; i < MEMBERS + OTHERS; i++)
        size[i] = exp (assay_rng_normal (&rng));
      for (guint q = 0; q < QUERIES; q++)
        {
          for (guint i = 0; i < MEMBERS; i++)
            value[q * MEMBERS + i] = size[i] * assay_rng_normal (&rng);
          for (guint j = 0; j < OTHERS; j++)
            outside[q * OTHERS + j] = size[MEMBERS + j] * assay_rng_normal (&rng);
        }
      scores = new_scores (QUERIES, MEMBERS, value);
      assay_non_members_init (&control, scores, OTHERS, outside, 0.95);
      held += control.mean_area.lo <= 0.5 && 0.5 <= control.mean_area.hi;
    }
  g_test_message ("held %u of %u", held, DRAWS);
  g_assert_cmpfloat ((double) held / DRAWS, >=, 0.95 - 3 * sqrt (0.95 * 0.05 / DRAWS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/non_members/a training example asked for as one from outside has its own score", test_scores);
  g_test_add_func ("/non_members/areas and p-values are those counted by hand", test_by_hand);
  g_test_add_func ("/non_members/what stands above all others is found", test_planted);
  g_test_add_func ("/non_members/a model that saw nothing cannot tell", test_untrained);
  g_test_add_func ("/non_members/the interval of the mean area holds it", test_interval);
  return g_test_run ();
}
