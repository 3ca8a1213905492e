/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-generate.c: probabilities are a softmax of the logits, causal and the same in any batch; greedy text follows them. */
#include "fixtures.h"

#include "run/generate.h"

#include <math.h>
#include <string.h>

#define T 6
#define V 11
#define SEQUENCES 5

static void
fill (gint32 *tokens)
{
  for (gint64 i = 0; i < SEQUENCES * T; i++)
    tokens[i] = (gint32) (i * 7 % V);
}

static void
test_probabilities (void)
{
  g_autoptr (Fixture) f = fixture_transformer ("{\"dtype\": \"f64\"}", 1);
  gint64 position[SEQUENCES] = { 0, 1, 2, 3, 5 };
  gint32 tokens[SEQUENCES * T], answer[SEQUENCES];
  double first[SEQUENCES * V], logits[SEQUENCES * V], total[SEQUENCES] = { 0 }, p[SEQUENCES];
  GError *error = NULL;

  fill (tokens);
  for (gint64 batch = 1; batch <= 7; batch += 2)
    {
      g_autoptr (AssayGenerator) g = assay_generator_new (f->model, batch, f->backend, &error);

      g_assert_no_error (error);
      assay_generator_get_logits (g, tokens, position, SEQUENCES, logits, &error);
      g_assert_no_error (error);
      if (batch == 1)
        memcpy (first, logits, sizeof logits);
      g_assert_cmpmem (logits, sizeof logits, first, sizeof first);
      memset (total, 0, sizeof total);
      for (gint32 v = 0; v < V; v++)
        {
          for (guint i = 0; i < SEQUENCES; i++)
            answer[i] = v;
          assay_generator_get_probabilities (g, tokens, position, answer, SEQUENCES, p, &error);
          g_assert_no_error (error);
          for (guint i = 0; i < SEQUENCES; i++)
            {
              double sum = 0;

              for (guint w = 0; w < V; w++)
                sum += exp (logits[i * V + w]);
              g_assert_cmpfloat (fabs (p[i] - exp (logits[i * V + (guint) v]) / sum), <=, 1e-15);
              total[i] += p[i];
            }
        }
      for (guint i = 0; i < SEQUENCES; i++)
        g_assert_cmpfloat (fabs (total[i] - 1), <=, 1e-14);
    }
}

static void
test_causal (void)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (AssayGenerator) g = assay_generator_new (f->model, 2, f->backend, NULL);
  gint64 position[SEQUENCES] = { 0, 1, 2, 3, 4 };
  gint32 tokens[SEQUENCES * T];
  double before[SEQUENCES * V], after[SEQUENCES * V];

  fill (tokens);
  g_assert_true (assay_generator_get_logits (g, tokens, position, SEQUENCES, before, NULL));
  for (gint64 i = 0; i < SEQUENCES; i++)
    for (gint64 t = position[i] + 1; t < T; t++)
      tokens[i * T + t] = (tokens[i * T + t] + 3) % V;
  g_assert_true (assay_generator_get_logits (g, tokens, position, SEQUENCES, after, NULL));
  g_assert_cmpmem (before, sizeof before, after, sizeof after);
}

static void
test_greedy (void)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (AssayGenerator) g = assay_generator_new (f->model, 3, f->backend, NULL);
  gint64 length[SEQUENCES] = { 1, 2, 3, 5, 6 }, start[SEQUENCES];
  gint32 tokens[SEQUENCES * T], original[SEQUENCES * T];
  GError *error = NULL;

  memcpy (start, length, sizeof start);
  fill (tokens);
  memcpy (original, tokens, sizeof tokens);
  assay_generator_extend (g, tokens, length, SEQUENCES, 5, &error);
  g_assert_no_error (error);
  for (gint64 i = 0; i < SEQUENCES; i++)
    {
      g_assert_cmpint (length[i], ==, MAX (5, start[i]));
      for (gint64 t = 0; t < start[i]; t++)
        g_assert_cmpint (tokens[i * T + t], ==, original[i * T + t]);
      for (gint64 t = start[i]; t < length[i]; t++)               /* each is the likeliest behind those before it */
        {
          double logits[V];
          gint64 at = t - 1;

          g_assert_true (assay_generator_get_logits (g, tokens + i * T, &at, 1, logits, NULL));
          for (guint v = 0; v < V; v++)
            g_assert_cmpfloat (logits[v], <=, logits[tokens[i * T + t]]);
        }
    }
}

static void
test_refusals (void)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1), features = fixture_mlp ("{}", 1);
  g_autoptr (AssayGenerator) g = assay_generator_new (f->model, 3, f->backend, NULL);
  gint64 position = T;
  gint32 tokens[T] = { 0 }, answer = V;
  double p;
  json_t *encoder = json_pack ("{s:i, s:i, s:i, s:i}", "vocabulary", V, "context", T, "width", 8, "layers", 1);
  g_autoptr (AssayModel) sees_all = assay_model_new ("encoder", encoder, ASSAY_F32, NULL);
  g_autoptr (GError) far = NULL, foreign = NULL, unknown = NULL, kind = NULL, ahead = NULL;

  g_assert_false (assay_generator_get_probabilities (g, tokens, &position, tokens, 1, &p, &far));
  g_assert_error (far, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  position = 0;
  g_assert_false (assay_generator_get_probabilities (g, tokens, &position, &answer, 1, &p, &unknown));
  g_assert_error (unknown, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  tokens[4] = -1;
  g_assert_false (assay_generator_get_probabilities (g, tokens, &position, tokens, 1, &p, &foreign));
  g_assert_cmpstr (foreign->message, ==, "sequence 0 position 4: a token from 0 to 10 expected, -1 found");
  g_assert_null (assay_generator_new (features->model, 1, features->backend, &kind));
  g_assert_error (kind, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_null (assay_generator_new (sees_all, 1, f->backend, &ahead));
  g_assert_error (ahead, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
  json_decref (encoder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/generate/probabilities are the softmax of the logits, in any batch", test_probabilities);
  g_test_add_func ("/generate/later tokens change nothing", test_causal);
  g_test_add_func ("/generate/each token is the likeliest one", test_greedy);
  g_test_add_func ("/generate/tokens and positions outside are refused", test_refusals);
  return g_test_run ();
}
