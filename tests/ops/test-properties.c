/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-properties.c: what must hold for one op and is no law of every op. */
#include "trial.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The same numbers alone and beside others. */
static void
test_attention_alone (void)
{
  static const AssayOpCase two = { "two examples", .in = { ASSAY_SHAPE (2, 70, 30) }, .n_in = 1, .attr = { 2, 0, 1, 0 }, .has_attr = TRUE };
  static const AssayOpCase one = { "the second alone", .in = { ASSAY_SHAPE (1, 70, 30) }, .n_in = 1, .attr = { 2, 0, 1, 0 }, .has_attr = TRUE };
  g_autoptr (Trial) both = trial_new (assay_op_find ("attention"), &two, ASSAY_F32);
  g_autoptr (Trial) alone = trial_new (assay_op_find ("attention"), &one, ASSAY_F32);

  memcpy (alone->at[TRIAL_X][0], (float *) both->at[TRIAL_X][0] + 70 * 30, 70 * 30 * sizeof (float));
  trial_run (both, ASSAY_FWD);
  trial_run (alone, ASSAY_FWD);
  g_assert_cmpmem (alone->at[TRIAL_Y][0], 70 * 10 * sizeof (float), (float *) both->at[TRIAL_Y][0] + 70 * 10, 70 * 10 * sizeof (float));
}

/* Scores between turned vectors depend on how far apart they stand, not on where. */
static void
test_rope_is_relative (void)
{
  static const AssayOpCase item = { "one vector everywhere", .in = { ASSAY_SHAPE (1, 12, 8) } };
  g_autoptr (Trial) t = trial_new (assay_op_find ("rope"), &item, ASSAY_F64);
  double *x = t->at[TRIAL_X][0], *y = t->at[TRIAL_Y][0], score[2] = { 0, 0 };

  for (gint64 n = 1; n < 12; n++)
    memcpy (x + n * 8, x, 8 * sizeof *x);
  trial_run (t, ASSAY_FWD);
  for (gint64 d = 0; d < 8; d++)
    {
      score[0] += y[1 * 8 + d] * y[4 * 8 + d];
      score[1] += y[8 * 8 + d] * y[11 * 8 + d];
    }
  g_assert_cmpfloat_with_epsilon (score[0], score[1], 1e-13 * fabs (score[0]) + 1e-13);
}

/* p_i = 1 / sum_k exp (x_k - x_i) */
static double
softmax_at (const double *x, gint64 V, gint64 i)
{
  double sum = 0;

  for (gint64 k = 0; k < V; k++)
    sum += exp (x[k] - x[i]);
  return 1 / sum;
}

/* The saved loss of a position does not know its weight; a weight of 0 takes the position out of the example. */
static void
test_token_loss (void)
{
  static const AssayOpCase item = { "padded", .in = { ASSAY_SHAPE (1, 3, 5), ASSAY_SHAPE (1, 3), ASSAY_SHAPE (1, 3) }, .index_below = 5 };
  static const double weight[] = { 1, 0.25, 0 };
  g_autoptr (Trial) t = trial_new (assay_op_find ("xent"), &item, ASSAY_F64);
  const double *x = t->at[TRIAL_X][0], *token_loss = t->at[TRIAL_Y][1], *rtoken_loss = t->at[TRIAL_RY][1], *dx = t->at[TRIAL_DX][0];
  const double *rx = t->at[TRIAL_RX][0];
  const gint32 *label = t->at[TRIAL_X][1];

  trial_write (t, TRIAL_X, 2, weight);
  trial_run (t, ASSAY_FWD);
  trial_run (t, ASSAY_RFWD);
  trial_run (t, ASSAY_BWD);
  for (gint64 n = 0; n < 3; n++)
    {
      double slope = -rx[n * 5 + label[n]];

      for (gint64 i = 0; i < 5; i++)
        slope += softmax_at (x + n * 5, 5, i) * rx[n * 5 + i];
      g_assert_cmpfloat_with_epsilon (token_loss[n], -log (softmax_at (x + n * 5, 5, label[n])), 1e-14);
      g_assert_cmpfloat_with_epsilon (rtoken_loss[n], slope, 1e-14);
    }
  g_assert_cmpfloat_with_epsilon (((double *) t->at[TRIAL_Y][0])[0], token_loss[0] + 0.25 * token_loss[1], 1e-14);
  for (gint64 i = 0; i < 5; i++)
    g_assert_cmpfloat (dx[2 * 5 + i], ==, 0);
}

/* Where 1 + exp (-z) rounds to 1 the loss is still exp (-z), and its gradient -exp (-z); far on the wrong side the loss is |z|. */
static void
test_logistic_far (void)
{
  static const AssayOpCase item = { "sure", .in = { ASSAY_SHAPE (4), ASSAY_SHAPE (4) }, .index_below = 2 };
  static const double z[] = { 50, -50, -800, 800 };
  g_autoptr (Trial) t = trial_new (assay_op_find ("logistic_loss"), &item, ASSAY_F64);
  const double *loss = t->at[TRIAL_Y][0], *dz = t->at[TRIAL_DX][0], *dloss = t->at[TRIAL_DY][0];
  gint32 *label = t->at[TRIAL_X][1];

  trial_write (t, TRIAL_X, 0, z);
  label[0] = label[2] = 1;
  label[1] = label[3] = 0;
  trial_run (t, ASSAY_FWD);
  trial_run (t, ASSAY_BWD);
  g_assert_cmpfloat_with_epsilon (loss[0] / exp (-50), 1, 1e-14);
  g_assert_cmpfloat_with_epsilon (loss[1] / exp (-50), 1, 1e-14);
  g_assert_cmpfloat_with_epsilon (dz[0] / (-exp (-50) * dloss[0]), 1, 1e-14);
  g_assert_cmpfloat_with_epsilon (dz[1] / (exp (-50) * dloss[1]), 1, 1e-14);
  g_assert_cmpfloat (loss[2], ==, 800);
  g_assert_cmpfloat (loss[3], ==, 800);
}

/* A label that is nearly certain: whatever is common to all logits, 1 - p and its tangent are as exact as log (1 + rest) lets them be. */
static void
test_xent_sure (void)
{
  static const AssayOpCase item = { "sure", .in = { ASSAY_SHAPE (1, 3), ASSAY_SHAPE (1) }, .n_in = 2, .index_below = 3 };
  static const double x[] = { 1000.5, 1015.75, 999.25 }, rx[] = { 3, 5, -2 };
  g_autoptr (Trial) t = trial_new (assay_op_find ("xent"), &item, ASSAY_F64);
  const double *dx = t->at[TRIAL_DX][0], *dloss = t->at[TRIAL_DY][0], *rdloss = t->at[TRIAL_RDY][0], *rdx = t->at[TRIAL_RDX][0];
  const double *rtoken_loss = t->at[TRIAL_RY][1];
  double a = exp (x[0] - x[1]), b = exp (x[2] - x[1]), p = 1 / (1 + a + b);       /* the differences are exact */
  double slope = (a * (rx[0] - rx[1]) + b * (rx[2] - rx[1])) * p;
  double bound = 8 * DBL_EPSILON;                                 /* roundings of numbers near 1, not of numbers near 1015 */

  trial_write (t, TRIAL_X, 0, x);
  trial_write (t, TRIAL_RX, 0, rx);
  *(gint32 *) t->at[TRIAL_X][1] = 1;
  trial_run (t, ASSAY_FWD);
  trial_run (t, ASSAY_RFWD);
  trial_run (t, ASSAY_BWD);
  g_assert_cmpfloat_with_epsilon (dx[1] / dloss[0], -(a + b) * p, bound);
  g_assert_cmpfloat_with_epsilon (rtoken_loss[0] / slope, 1, 1e-12);
  trial_run (t, ASSAY_RBWD);
  g_assert_cmpfloat_with_epsilon (rdx[1], -rdloss[0] * (a + b) * p - dloss[0] * p * slope, bound * (fabs (rdloss[0]) + fabs (dloss[0])));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/properties/attention of an example does not depend on its neighbours", test_attention_alone);
  g_test_add_func ("/properties/rope scores depend on the distance alone", test_rope_is_relative);
  g_test_add_func ("/properties/xent saves unweighted losses and weight 0 removes a position", test_token_loss);
  g_test_add_func ("/properties/xent keeps its digits when the model is sure, whatever is common to all logits", test_xent_sure);
  g_test_add_func ("/properties/logistic loss keeps its digits when the model is sure", test_logistic_far);
  return g_test_run ();
}
