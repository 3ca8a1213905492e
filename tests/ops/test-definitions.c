/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-definitions.c: forward values against the definition written out plainly, in another way than the op has it. The suite of
 * test-ops.c holds an op's rules against each other; only here would a wrong function with right derivatives be seen.
 */
#include "judge.h"

#include <math.h>
#include <string.h>

typedef double *(*Definition) (const Trial *t);

/* Every case of the op in f64: output 0 is the definition's. */
static void
check_definition (const char *name, Definition definition)
{
  const AssayOp *op = assay_op_find (name);

  g_assert_nonnull (op);
  for (const AssayOpCase *item = op->cases; item->name != NULL; item++)
    {
      g_autoptr (Trial) t = trial_new (op, item, ASSAY_F64);
      g_autofree double *got = NULL, *expected = definition (t);
      double errors[ASSAY_OP_MAX_IN];

      trial_run (t, ASSAY_FWD);
      got = trial_read (t, TRIAL_Y, 0);
      trial_allow_errors (t, ASSAY_FWD, RELATIVE, errors);
      trial_check_close (t, TRIAL_Y, 0, got, expected, 2 * errors[0]);      /* op and definition both round */
    }
}

/* Row t of head j of example b of the queries, keys or values (part 0, 1, 2). */
static const double *
head_row (const Trial *trial, int part, gint64 b, gint64 t, gint64 j, gint64 D)
{
  gint64 T = trial->in[0].dim[1], H = (gint64) trial->attr[0], G = trial->attr[1] > 0 ? (gint64) trial->attr[1] : H;
  gint64 head = part == 0 ? j : j * G / H;

  if (trial->n_in == 1)
    return (const double *) trial->at[TRIAL_X][0] + ((b * T + t) * (H + 2 * G) + (part > 0) * H + (part > 1) * G + head) * D;
  return (const double *) trial->at[TRIAL_X][part] + ((b * T + t) * (part == 0 ? H : G) + head) * D;
}

static double *
define_attention (const Trial *trial)
{
  gint64 B = trial->in[0].dim[0], T = trial->in[0].dim[1], H = (gint64) trial->attr[0], D = trial->out[0].dim[2] / H;
  double *y = g_new0 (double, B * T * H * D), scale = trial->attr[3] > 0 ? trial->attr[3] : pow ((double) D, -0.5);
  g_autofree double *score = g_new (double, T);

  for (gint64 b = 0; b < B; b++)
    for (gint64 t = 0; t < T; t++)
      for (gint64 j = 0; j < H; j++)
        {
          gint64 seen = trial->attr[2] != 0 ? t + 1 : T;
          double largest = -INFINITY, sum = 0;

          for (gint64 k = 0; k < seen; k++)
            {
              score[k] = 0;
              for (gint64 d = 0; d < D; d++)
                score[k] += scale * head_row (trial, 0, b, t, j, D)[d] * head_row (trial, 1, b, k, j, D)[d];
              largest = fmax (largest, score[k]);
            }
          for (gint64 k = 0; k < seen; k++)
            sum += exp (score[k] - largest);
          for (gint64 k = 0; k < seen; k++)
            for (gint64 d = 0; d < D; d++)
              y[((b * T + t) * H + j) * D + d] += exp (score[k] - largest) / sum * head_row (trial, 2, b, k, j, D)[d];
        }
  return y;
}

static void
test_attention (void)
{
  check_definition ("attention", define_attention);
}

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

static double *
define_rope (const Trial *trial)
{
  gint64 B = trial->in[0].dim[0], T = trial->in[0].dim[1], H = (gint64) trial->attr[0], D = trial->in[0].dim[2] / H;
  const double *x = trial->at[TRIAL_X][0];
  double *y = g_new (double, B * T * H * D);

  for (gint64 n = 0; n < B * T * H; n++)
    for (gint64 i = 0; i < D / 2; i++)
      {
        gint64 u = n * D + (trial->attr[2] != 0 ? 2 * i : i), v = trial->attr[2] != 0 ? u + 1 : u + D / 2;
        double angle = (double) (n / H % T) / pow (trial->attr[1], 2.0 * (double) i / (double) D);

        y[u] = x[u] * cos (angle) - x[v] * sin (angle);
        y[v] = x[v] * cos (angle) + x[u] * sin (angle);
      }
  return y;
}

static void
test_rope (void)
{
  check_definition ("rope", define_rope);
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

static double *
define_rows (const Trial *trial)
{
  gint64 C = trial->in[0].dim[1], N = assay_shape_count (&trial->in[1]);
  const gint32 *id = trial->at[TRIAL_X][1];
  double *y = g_new (double, N * C);

  for (gint64 n = 0; n < N * C; n++)
    y[n] = ((const double *) trial->at[TRIAL_X][0])[id[n / C] * C + n % C];
  return y;
}

static void
test_rows (void)
{
  check_definition ("embedding", define_rows);
  check_definition ("gather", define_rows);
}

static double *
define_positions (const Trial *trial)
{
  gint64 n = assay_shape_count (&trial->in[0]), one = trial->in[0].dim[1] * trial->in[0].dim[2];
  double *y = g_new (double, n);

  for (gint64 i = 0; i < n; i++)
    y[i] = ((const double *) trial->at[TRIAL_X][0])[i] + ((const double *) trial->at[TRIAL_X][1])[i % one];
  return y;
}

static void
test_positions (void)
{
  check_definition ("position_embedding", define_positions);
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

static double *
define_softmax (const Trial *trial)
{
  gint64 n = assay_shape_count (&trial->in[0]), V = assay_shape_last (&trial->in[0]);
  const double *x = trial->at[TRIAL_X][0];
  double *p = g_new (double, n);

  for (gint64 i = 0; i < n; i++)
    p[i] = softmax_at (x + i / V * V, V, i % V);
  return p;
}

static void
test_softmax (void)
{
  check_definition ("softmax", define_softmax);
}

static double *
define_xent (const Trial *trial)
{
  gint64 B = trial->in[0].dim[0], V = assay_shape_last (&trial->in[0]), T = assay_shape_rows (&trial->in[0]) / B;
  const double *x = trial->at[TRIAL_X][0], *w = trial->n_in > 2 ? trial->at[TRIAL_X][2] : NULL;
  const gint32 *label = trial->at[TRIAL_X][1];
  double *loss = g_new0 (double, B);

  for (gint64 n = 0; n < B * T; n++)
    loss[n / T] -= (w ? w[n] : 1) * log (softmax_at (x + n * V, V, label[n]));
  return loss;
}

static void
test_xent (void)
{
  check_definition ("xent", define_xent);
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

static double *
define_logistic (const Trial *trial)
{
  const double *z = trial->at[TRIAL_X][0];
  const gint32 *label = trial->at[TRIAL_X][1];
  double *loss = g_new (double, trial->in[0].dim[0]);

  for (gint64 b = 0; b < trial->in[0].dim[0]; b++)
    loss[b] = -log (1 / (1 + exp (label[b] ? -z[b] : z[b])));     /* the drawn logits are far from overflow */
  return loss;
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

static void
test_logistic (void)
{
  check_definition ("logistic_loss", define_logistic);
}

static double *
define_squared (const Trial *trial)
{
  gint64 n = assay_shape_count (&trial->in[0]), B = trial->in[0].dim[0];
  double *loss = g_new0 (double, B);

  for (gint64 i = 0; i < n; i++)
    loss[i / (n / B)] += 0.5 * pow (((const double *) trial->at[TRIAL_X][0])[i] - ((const double *) trial->at[TRIAL_X][1])[i], 2);
  return loss;
}

static void
test_squared (void)
{
  check_definition ("squared_loss", define_squared);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/definitions/attention is the softmax of scaled scores times the values", test_attention);
  g_test_add_func ("/definitions/attention of an example does not depend on its neighbours", test_attention_alone);
  g_test_add_func ("/definitions/rope turns each pair by its angle", test_rope);
  g_test_add_func ("/definitions/rope scores depend on the distance alone", test_rope_is_relative);
  g_test_add_func ("/definitions/embedding and gather copy the chosen rows", test_rows);
  g_test_add_func ("/definitions/position embedding adds the same table to every example", test_positions);
  g_test_add_func ("/definitions/softmax is one over the sum of exponential differences", test_softmax);
  g_test_add_func ("/definitions/xent is minus the logarithm of the label's probability", test_xent);
  g_test_add_func ("/definitions/xent saves unweighted losses and weight 0 removes a position", test_token_loss);
  g_test_add_func ("/definitions/logistic loss is minus the logarithm of the label's probability", test_logistic);
  g_test_add_func ("/definitions/logistic loss keeps its digits when the model is sure", test_logistic_far);
  g_test_add_func ("/definitions/squared loss is half the squared distance", test_squared);
  return g_test_run ();
}
