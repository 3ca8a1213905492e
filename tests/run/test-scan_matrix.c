/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-scan_matrix.c: what a selective scan carries from token to token adds up to its output, and a token that is knocked out carries nothing. */
#include "run/intervention.h"
#include "run/lens.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

#define V 13
#define N 9
#define I 12
#define SCAN "layers.0.mixer.scan"

static const gint32 text[N] = { 1, 5, 2, 12, 0, 7, 7, 3, 5 };

typedef struct {
  AssayBackend *backend;
  AssayModel *model;
} World;

static World *
world_new (void)
{
  World *w = g_new0 (World, 1);
  json_t *config = json_loads ("{\"vocabulary\": 13, \"context\": 10, \"width\": 6, \"layers\": 1, \"state\": 4}", 0, NULL);

  w->backend = assay_backend_cpu_new (1);
  w->model = assay_model_new ("mamba", config, ASSAY_F64, NULL);
  assay_model_init (w->model, 9);
  for (gint64 p = 0; p < assay_model_get_n_params (w->model); p++)
    ((double *) assay_model_get_theta (w->model))[p] *= 3;         /* so that steps and writes differ from each other */
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

static void
keep (const AssayGraphValue *value, void *data, gint64 position, gpointer rows)
{
  memcpy ((double *) rows + position * I, data, (gsize) (value->shape.dim[1] * I) * sizeof (double));
}

static AssayAttention *
carry (const World *w, const char *name)
{
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, N, w->backend, NULL);
  GError *error = NULL;
  AssayAttention *attention = assay_attention_new (w->model, decoder, name, text, N, &error);

  g_assert_no_error (error);
  g_assert_true (attention->is_scan && attention->H == 1 && attention->n == N);
  return attention;
}

static void
test_sum (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, N, w->backend, NULL);
  g_autoptr (AssayAttention) sizes = carry (w, SCAN);
  AssayGraph *graph = assay_model_get_layout (w->model);
  const double *skip = (const double *) assay_model_get_theta (w->model) + assay_graph_get_value (graph, assay_graph_find (graph, "layers.0.mixer.D"))->offset;
  double x[N * I], y[N * I], size[N * N] = { 0 };

  g_assert_true (assay_decoder_set_edit (decoder, "layers.0.mixer.act", keep, x, NULL) && assay_decoder_set_edit (decoder, SCAN, keep, y, NULL));
  g_assert_true (assay_decoder_feed (decoder, text, N, FALSE, NULL, NULL));
  for (gint64 i = 0; i < I; i++)
    {
      g_autofree char *name = g_strdup_printf (SCAN "[%d]", (int) i);
      g_autoptr (AssayAttention) one = carry (w, name);

      for (gint64 t = 0; t < N; t++)
        {
          double sum = skip[i] * x[t * I + i], magnitude = fabs (sum);

          for (gint64 s = 0; s < N; s++)
            {
              sum += one->pattern[t * N + s] * x[s * I + i];
              magnitude += fabs (one->pattern[t * N + s] * x[s * I + i]);
              size[t * N + s] += fabs (one->pattern[t * N + s]) / I;
              g_assert_true (s <= t || one->pattern[t * N + s] == 0);
            }
          g_assert_cmpfloat (fabs (sum - y[t * I + i]), <=, 1e-13 * magnitude);
        }
    }
  for (gint64 k = 0; k < N * N; k++)
    g_assert_cmpfloat (fabs (size[k] - sizes->pattern[k]), <=, 1e-14 * size[k]);
}

/* logits (N,V) of the text with another token at one place, under interventions. */
static void
ask (const World *w, gint64 place, gint32 token, const char *const *ablated, double *logits)
{
  g_autoptr (AssayInterventions) set = assay_interventions_new ();
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, N, w->backend, NULL);
  gint32 changed[N];
  GError *error = NULL;

  memcpy (changed, text, sizeof text);
  changed[place] = token;
  for (; *ablated != NULL; ablated++)
    g_assert_true (assay_interventions_add (set, ASSAY_INTERVENTION_ABLATE, *ablated, &error));
  g_assert_true (assay_interventions_apply (set, decoder, &error));
  g_assert_true (assay_decoder_feed (decoder, changed, N, TRUE, logits, &error));
}

/* Whether what stands at place 3 can still be told from the answers behind it. */
static gboolean
is_told (const char *const *ablated)
{
  g_autoptr (World) w = world_new ();
  double as_is[N * V], changed[N * V];

  ask (w, 3, text[3], ablated, as_is);
  ask (w, 3, 4, ablated, changed);
  g_assert_cmpint (memcmp (as_is, changed, 3 * V * sizeof *as_is), ==, 0);
  g_assert_cmpint (memcmp (as_is + 3 * V, changed + 3 * V, V * sizeof *as_is), !=, 0);
  return memcmp (as_is + 4 * V, changed + 4 * V, (N - 4) * V * sizeof *as_is) != 0;
}

static void
test_knock_out (void)
{
  static const char *const nothing[] = { NULL }, *const write[] = { "layers.0.mixer.write@3", NULL };
  static const char *const step[] = { "layers.0.mixer.step@3", NULL }, *const both[] = { "layers.0.mixer.step@3", "layers.0.mixer.x@3", NULL };

  g_assert_true (is_told (nothing));
  g_assert_true (is_told (write));                                /* how much is forgotten there still tells, */
  g_assert_true (is_told (step));                                 /* as does the convolution's window */
  g_assert_false (is_told (both));
}

static void
test_refusals (void)
{
  static const char *const wrong[] = { SCAN "[12]", SCAN "[x]", "nothing", "layers.0.mixer.act[1]" };
  g_autoptr (World) w = world_new ();

  for (gsize k = 0; k < G_N_ELEMENTS (wrong); k++)
    {
      g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, N, w->backend, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_attention_new (w->model, decoder, wrong[k], text, N, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
      g_assert_nonnull (strstr (error->message, SCAN));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scan/what is carried from token to token adds up to the output, channel by channel", test_sum);
  g_test_add_func ("/scan/a token whose step and window are put to zero cannot be told later", test_knock_out);
  g_test_add_func ("/scan/other names and channels are refused with one that there is", test_refusals);
  return g_test_run ();
}
