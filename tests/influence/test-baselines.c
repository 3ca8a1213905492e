/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-baselines.c: scores that look at no loss, each held against a small computation of its own. */
#include "influence/method.h"

#include "base/error.h"
#include "influence/score.h"
#include "toy.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 30, Q = 3, T = 6, V = 11, ROOM = T + 1 };

/* The sequence of an example with its last target; returns its length. */
static gint64
read_sequence (const Toy *toy, gint64 example, gint32 *sequence)
{
  gint32 token[T], target[T];
  double weight[T];
  AssayBatch batch = { .dtype = ASSAY_F64, .token = token, .target = target, .weight = weight };
  gint64 used = T;

  assay_dataset_fill (toy->dataset, &example, 1, &batch);
  while (used > 0 && weight[used - 1] == 0)
    used--;
  memcpy (sequence, token, used * sizeof *token);
  sequence[used] = target[used - 1];
  return used + 1;
}

static gint64
count_token (const gint32 *sequence, gint64 length, gint32 token)
{
  gint64 count = 0;

  for (gint64 t = 0; t < length; t++)
    count += sequence[t] == token;
  return count;
}

/* The formula term by term, without an index. */
static double
bm25_of (const Toy *toy, gint64 query, gint64 document, double k, double b)
{
  gint32 asked[ROOM], held[ROOM], other[ROOM];
  gint64 n_asked = read_sequence (toy, toy->task.query[query], asked), n_held = read_sequence (toy, toy->task.train[document], held), total = 0;
  double score = 0;

  for (gint64 i = 0; i < N; i++)
    total += read_sequence (toy, toy->task.train[i], other);
  for (gint64 t = 0; t < n_asked; t++)
    {
      gint64 holders = 0, count = count_token (held, n_held, asked[t]);

      for (gint64 i = 0; i < N; i++)
        {
          gint64 n = read_sequence (toy, toy->task.train[i], other);

          holders += count_token (other, n, asked[t]) > 0;
        }
      score += log (1 + ((double) (N - holders) + 0.5) / ((double) holders + 0.5)) * (double) count * (k + 1)
               / ((double) count + k * (1 - b + b * (double) n_held * N / (double) total));
    }
  return score;
}

static void
test_bm25 (void)
{
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
  g_autoptr (AssayInfluenceScores) usual = toy_score (toy, "bm25", NULL);
  g_autoptr (AssayInfluenceScores) other = toy_score (toy, "bm25", "saturation", "2", "length", "0.25", NULL);

  for (gint64 q = 0; q < Q; q++)
    for (gint64 i = 0; i < N; i++)
      {
        double expected = bm25_of (toy, q, i, 1.2, 0.75), changed = bm25_of (toy, q, i, 2, 0.25);

        g_assert_cmpfloat_with_epsilon (usual->value[q * N + i], expected, 1e-13 * (1 + expected));
        g_assert_cmpfloat_with_epsilon (other->value[q * N + i], changed, 1e-13 * (1 + changed));
      }
}

/* A model is not looked at, and features are refused by name. */
static void
test_bm25_features (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (10, 2, 3, 5);
  const AssayMethod *method = assay_method_find ("bm25", NULL);
  g_autoptr (AssayValues) options = toy_options (method, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (method->score (&toy->task, options, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "token sequences"));
}

/* Of an affine model the last layer's input is the example itself. */
static void
test_representation_features (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, 3, 0.05, 7);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "representation", NULL);
  double x[(N + Q) * 3];
  gint64 all[N + Q];
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x };

  for (gint64 i = 0; i < N + Q; i++)
    all[i] = i < N ? toy->task.train[i] : toy->task.query[i - N];
  assay_dataset_fill (toy->dataset, all, N + Q, &batch);
  for (gint64 q = 0; q < Q; q++)
    for (gint64 i = 0; i < N; i++)
      {
        const double *a = x + (N + q) * 3, *b = x + i * 3;
        double expected = (a[0] * b[0] + a[1] * b[1] + a[2] * b[2])
                          / sqrt ((a[0] * a[0] + a[1] * a[1] + a[2] * a[2]) * (b[0] * b[0] + b[1] * b[1] + b[2] * b[2]));

        g_assert_cmpfloat_with_epsilon (scores->value[q * N + i], expected, 8 * DBL_EPSILON);
      }
}

/* The mean of the final norm's rows over an example's own positions, prompt included. */
static void
test_representation_tokens (void)
{
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "representation", NULL);
  AssayGraph *layout = assay_model_get_layout (toy->model);
  guint hidden = assay_graph_find (layout, "ln_f"), keep[] = { hidden, ASSAY_NO_VALUE };
  gint64 pair[2] = { toy->task.query[1], toy->task.train[4] };
  gint64 C = assay_shape_last (&assay_graph_get_value (layout, hidden)->shape);
  GError *error = NULL;
  g_autoptr (AssayPass) pass = assay_pass_new (toy->model, toy->dataset, ASSAY_WALK_FORWARD, ASSAY_F64, 2, toy->backend, keep, &error);
  g_autofree double *mean = g_new0 (double, 2 * C);
  const double *states, *weight;
  double product = 0, norms[2] = { 0 };

  g_assert_no_error (error);
  assay_pass_bind (pass, pair);
  g_assert_true (assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (toy->model), NULL, NULL, FALSE, &error));
  states = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, hidden);
  weight = assay_pass_get_data (pass)->weight;
  for (gint64 b = 0; b < 2; b++)
    {
      gint64 used = T;

      while (weight[b * T + used - 1] == 0)
        used--;
      for (gint64 t = 0; t < used; t++)
        for (gint64 c = 0; c < C; c++)
          mean[b * C + c] += states[(b * T + t) * C + c];
    }
  for (gint64 c = 0; c < C; c++)
    {
      product += mean[c] * mean[C + c];
      norms[0] += mean[c] * mean[c];
      norms[1] += mean[C + c] * mean[C + c];
    }
  g_assert_cmpfloat_with_epsilon (scores->value[N + 4], product / sqrt (norms[0] * norms[1]), 1e-14);
  g_assert_cmpfloat_with_epsilon (scores->value[0], 1, 8 * DBL_EPSILON);                  /* train example 0 is query 0 */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/baselines/bm25/scores are the formula's, term by term", test_bm25);
  g_test_add_func ("/baselines/bm25/features are refused", test_bm25_features);
  g_test_add_func ("/baselines/representation/an affine model's states are its features", test_representation_features);
  g_test_add_func ("/baselines/representation/states of sequences are means over their own positions", test_representation_tokens);
  return g_test_run ();
}
