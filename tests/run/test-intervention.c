/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-intervention.c: interventions do what they say, where they say, and nothing else. */
#include "run/intervention.h"

#include "base/error.h"
#include "run/lens.h"
#include "tensor/compare.h"

#include <math.h>
#include <string.h>

#define V 13
#define N 7
#define TAP "h.0.mlp.act"

static const gint32 text[N] = { 1, 5, 2, 12, 0, 7, 7 }, other[N] = { 4, 5, 3, 11, 0, 1, 9 };

typedef struct {
  AssayBackend *backend;
  AssayModel *model;
} World;

static World *
world_new (void)
{
  World *w = g_new0 (World, 1);
  json_t *config = json_loads ("{\"vocabulary\": 13, \"context\": 10, \"width\": 8, \"layers\": 2, \"heads\": 2, \"kv-heads\": 1, \"positions\": \"rotary\", "
                               "\"window\": 4, \"full-layers\": \"1\"}", 0, NULL);

  w->backend = assay_backend_cpu_new (1);
  w->model = assay_model_new ("transformer", config, ASSAY_F64, NULL);
  assay_model_init (w->model, 9);
  for (gint64 p = 0; p < assay_model_get_n_params (w->model); p++)       /* larger than at the start of a training, so that heads look somewhere */
    ((double *) assay_model_get_theta (w->model))[p] *= 12;
  json_decref (config);
  return w;
}

static void
world_free (World *w)
{
  assay_model_free (w->model);
  assay_backend_free (w->backend);
  g_free (w);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

static AssayDecoder *
decoder_new (const World *w)
{
  AssayDecoder *decoder = assay_decoder_new (w->model, N, w->backend, NULL);

  g_assert_nonnull (decoder);
  return decoder;
}

/* logits (N,V) under one intervention; NULL: none. learnt: tokens that a patch takes values from. */
static void
ask (const World *w, AssayInterventionKind kind, const char *what, const gint32 *learnt, double *logits)
{
  g_autoptr (AssayInterventions) set = assay_interventions_new ();
  g_autoptr (AssayDecoder) decoder = decoder_new (w), source = decoder_new (w);
  GError *error = NULL;

  if (what != NULL)
    g_assert_true (assay_interventions_add (set, kind, what, &error));
  if (learnt != NULL)
    g_assert_true (assay_interventions_learn (set, source, learnt, N, &error));
  g_assert_true (assay_interventions_apply (set, decoder, &error));
  g_assert_true (assay_decoder_feed (decoder, text, N, TRUE, logits, &error));
  g_assert_no_error (error);
}

static gboolean
same (const double *a, const double *b, gint64 n)
{
  return memcmp (a, b, n * sizeof *a) == 0;
}

static void
test_places (void)
{
  g_autoptr (World) w = world_new ();
  double plain[N * V], changed[N * V], again[N * V];

  ask (w, 0, NULL, NULL, plain);
  ask (w, ASSAY_INTERVENTION_STEER, TAP "[3]=0", NULL, changed);
  g_assert_true (same (plain, changed, N * V));
  ask (w, ASSAY_INTERVENTION_STEER, TAP "[3]=0.5", NULL, changed);
  g_assert_false (same (plain, changed, V));
  ask (w, ASSAY_INTERVENTION_STEER, TAP "[3]@4-5=0.5", NULL, changed);    /* a causal model: nothing before changes */
  g_assert_true (same (plain, changed, 4 * V));
  g_assert_false (same (plain + 4 * V, changed + 4 * V, V));
  ask (w, ASSAY_INTERVENTION_ABLATE, TAP "[0-31]", NULL, changed);
  ask (w, ASSAY_INTERVENTION_ABLATE, TAP, NULL, again);
  g_assert_true (same (changed, again, N * V));
  ask (w, ASSAY_INTERVENTION_PATCH, TAP "=0", NULL, again);
  g_assert_true (same (changed, again, N * V));
  ask (w, ASSAY_INTERVENTION_ABLATE, TAP "[0-30]", NULL, again);
  g_assert_false (same (changed, again, N * V));
}

/* The last stream of another text is that text's answer; its own values change nothing. */
static void
test_patch (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (AssayDecoder) decoder = decoder_new (w);
  double plain[N * V], patched[N * V], wanted[N * V];

  ask (w, 0, NULL, NULL, plain);
  ask (w, ASSAY_INTERVENTION_PATCH, TAP, text, patched);
  g_assert_true (same (plain, patched, N * V));
  g_assert_true (assay_decoder_feed (decoder, other, N, TRUE, wanted, NULL));
  ask (w, ASSAY_INTERVENTION_PATCH, "h.1.residual_post", other, patched);
  g_assert_true (same (wanted, patched, N * V));
  ask (w, ASSAY_INTERVENTION_PATCH, "h.1.residual_post@6", other, patched);
  g_assert_true (same (plain, patched, 6 * V) && same (wanted + 6 * V, patched + 6 * V, V));
}

static void
test_forms (void)
{
  static const struct { AssayInterventionKind kind; const char *text; gboolean is_right; } forms[] = {
    { ASSAY_INTERVENTION_ABLATE, "a.b", TRUE }, { ASSAY_INTERVENTION_ABLATE, "a.b[1,4-6]@2", TRUE }, { ASSAY_INTERVENTION_STEER, "a[0]=-1e-3", TRUE },
    { ASSAY_INTERVENTION_PATCH, "a", TRUE }, { ASSAY_INTERVENTION_PATCH, "a@1=2", TRUE }, { ASSAY_INTERVENTION_ABLATE, "", FALSE },
    { ASSAY_INTERVENTION_ABLATE, "[3]", FALSE }, { ASSAY_INTERVENTION_ABLATE, "a[]", FALSE }, { ASSAY_INTERVENTION_ABLATE, "a[3", FALSE },
    { ASSAY_INTERVENTION_ABLATE, "a[x]", FALSE }, { ASSAY_INTERVENTION_ABLATE, "a[5-3]", FALSE }, { ASSAY_INTERVENTION_ABLATE, "a[-3]", FALSE },
    { ASSAY_INTERVENTION_ABLATE, "a=1", FALSE }, { ASSAY_INTERVENTION_STEER, "a[1]", FALSE }, { ASSAY_INTERVENTION_STEER, "a=x", FALSE },
    { ASSAY_INTERVENTION_STEER, "a=nan", FALSE }, { ASSAY_INTERVENTION_STEER, "a@=1", FALSE }, { ASSAY_INTERVENTION_PATCH, "a=", FALSE },
    { ASSAY_INTERVENTION_ABLATE, "a[99999999999999999999]", FALSE },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (forms); k++)
    {
      g_autoptr (AssayInterventions) set = assay_interventions_new ();
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", forms[k].text);
      g_assert_cmpint (assay_interventions_add (set, forms[k].kind, forms[k].text, &error), ==, forms[k].is_right);
      g_assert_cmpuint (assay_interventions_get_n (set), ==, forms[k].is_right);
      if (!forms[k].is_right)
        g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
    }
}

static void
test_refusals (void)
{
  static const struct { const char *text; int code; } bad[] = { { "h.7.mlp.act", ASSAY_ERROR_NOT_FOUND }, { "wte.weight", ASSAY_ERROR_NOT_FOUND }, { TAP "[32]", ASSAY_ERROR_USAGE },
                                                                { "loss", ASSAY_ERROR_NOT_FOUND } };
  g_autoptr (World) w = world_new ();

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      g_autoptr (AssayInterventions) set = assay_interventions_new ();
      g_autoptr (AssayDecoder) decoder = decoder_new (w);
      g_autoptr (GError) error = NULL;

      g_assert_true (assay_interventions_add (set, ASSAY_INTERVENTION_ABLATE, bad[k].text, NULL));
      g_assert_false (assay_interventions_apply (set, decoder, &error));
      g_assert_error (error, ASSAY_ERROR, bad[k].code);
    }
}

/* The last depth is the model itself, and the guesses are its likeliest tokens in order. */
static void
test_lens (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (AssayDecoder) decoder = decoder_new (w);
  g_autoptr (AssayLens) lens = assay_lens_new (w->model, decoder, text, N, 4, NULL);
  double logits[N * V];

  g_assert_cmpint (lens->D, ==, 5);
  g_assert_cmpstr (lens->tap[0], ==, "embed");
  g_assert_cmpstr (lens->tap[4], ==, "h.1.residual_post");
  ask (w, 0, NULL, NULL, logits);
  for (gint64 t = 0; t < N; t++)
    {
      const AssayLensGuess *guess = lens->guess + (4 * N + t) * lens->k;
      double sum = 0;

      for (gint64 v = 0; v < V; v++)
        sum += exp (logits[t * V + v]);
      for (gint64 i = 0; i < lens->k; i++)
        {
          gint64 better = 0;

          g_assert_cmpfloat_with_epsilon (guess[i].probability, exp (logits[t * V + guess[i].token]) / sum, 1e-13);
          for (gint64 v = 0; v < V; v++)
            better += logits[t * V + v] > logits[t * V + guess[i].token];
          g_assert_cmpint (better, ==, i);
        }
      if (t + 1 < N)
        g_assert_cmpfloat_with_epsilon (lens->next[4 * N + t], exp (logits[t * V + text[t + 1]]) / sum, 1e-13);
      else
        g_assert_true (isnan (lens->next[4 * N + t]));
    }
}

/* Rows are shares of what a position sees; with them the op's output is the sum of values. */
static void
test_attention (void)
{
  g_autoptr (World) w = world_new ();
  g_auto (GStrv) names = assay_attention_list (w->model);

  g_assert_cmpuint (g_strv_length (names), ==, 2);
  for (guint layer = 0; layer < 2; layer++)
    {
      g_autoptr (AssayDecoder) decoder = decoder_new (w);
      g_autoptr (AssayAttention) attention = assay_attention_new (w->model, decoder, names[layer], text, N, NULL);
      const gint64 window = layer == 0 ? 4 : N;

      g_assert_cmpint (attention->H, ==, 2);
      for (gint64 h = 0; h < 2; h++)
        for (gint64 t = 0; t < N; t++)
          {
            const double *row = attention->pattern + (h * N + t) * N;
            double sum = 0;

            for (gint64 s = 0; s < N; s++)
              {
                sum += row[s];
                g_assert_true ((row[s] > 0) == (s <= t && s > t - window));
              }
            g_assert_cmpfloat_with_epsilon (sum, 1, 1e-14);
          }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intervention/channels and positions that were named", test_places);
  g_test_add_func ("/intervention/patches from another text", test_patch);
  g_test_add_func ("/intervention/forms", test_forms);
  g_test_add_func ("/intervention/values and channels that there are not", test_refusals);
  g_test_add_func ("/lens/the last depth is the model", test_lens);
  g_test_add_func ("/lens/patterns of attention", test_attention);
  return g_test_run ();
}
