/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-decoder.c: token by token, in any stretches, the logits are those of a walk of the whole sequence. */
#include "model/decoder.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "model/checkpoint.h"
#include "model/packed_weights.h"
#include "tensor/compare.h"

#include <string.h>
#include <unistd.h>

#define V 23
#define N 90
#define RELATIVE_F64 1e-12      /* sums over at most N positions in another order, through two layers */

#define TRANSFORMER "\"vocabulary\": 23, \"context\": 100, \"width\": 16, \"layers\": 2, \"heads\": 4"

static const struct { const char *name, *architecture, *config; } cases[] = {
  { "learned positions", "transformer", "{" TRANSFORMER "}" },
  { "learned positions, more than the context", "transformer", "{" TRANSFORMER ", \"positions-size\": 120}" },
  { "rotary, grouped heads", "transformer",
    "{" TRANSFORMER ", \"kv-heads\": 2, \"positions\": \"rotary\", \"names\": \"llama\", \"norm\": \"rmsnorm\", \"gated\": true, \"bias\": false}" },
  { "rotary adjacent, part of a head, parallel", "transformer",
    "{" TRANSFORMER ", \"positions\": \"rotary\", \"rope-adjacent\": true, \"rope-size\": 2, \"parallel\": true, \"names\": \"gpt-neox\"}" },
  { "a window, one full layer, normalised heads", "transformer",
    "{" TRANSFORMER ", \"positions\": \"rotary\", \"window\": 7, \"full-layers\": \"1\", \"head-norm\": true, \"names\": \"llama\"}" },
  { "a packed window", "transformer", "{" TRANSFORMER ", \"window\": 5}" },
  { "mamba", "mamba", "{\"vocabulary\": 23, \"context\": 100, \"width\": 8, \"layers\": 2, \"state\": 4, \"rank\": 2}" },
  { "rwkv", "rwkv", "{\"vocabulary\": 23, \"context\": 100, \"width\": 8, \"layers\": 2, \"inner\": 12}" },
  { "rwkv, heads", "rwkv", "{\"vocabulary\": 23, \"context\": 100, \"width\": 8, \"layers\": 2, \"heads\": 2}" },
  { "mamba, one tap", "mamba", "{\"vocabulary\": 23, \"context\": 100, \"width\": 8, \"layers\": 1, \"state\": 3, \"kernel\": 1}" },
};

typedef struct {
  AssayBackend *backend;
  AssayModel *model;
  gint32 tokens[N];
  double *whole;                /* (N,V) */
} World;

static AssayModel *
make_model (const char *architecture, const char *text, AssayDtype dtype)
{
  json_t *config = json_loads (text, 0, NULL);
  AssayModel *model = assay_model_new (architecture, config, dtype, NULL);

  g_assert_nonnull (model);
  assay_model_init (model, 5);
  json_decref (config);
  return model;
}

/* The logits of a walk of all positions. */
static void
walk_whole (World *w)
{
  g_autoptr (AssayGraph) graph = assay_model_build_sequences (w->model, 1, N, NULL);
  const guint logits = assay_graph_get_logits (graph), keep[] = { logits, ASSAY_NO_VALUE };
  const AssayDtype dtype = assay_model_get_dtype (w->model);
  g_autoptr (AssayExec) exec = assay_exec_new (graph, ASSAY_WALK_FORWARD, dtype, w->backend, keep, NULL);
  gint32 targets[N] = { 0 };
  double weight[N] = { 0 };

  assay_exec_set_input (exec, assay_graph_find (graph, "tokens"), w->tokens);
  assay_exec_set_input (exec, assay_graph_find (graph, "targets"), targets);
  assay_exec_set_input (exec, assay_graph_find (graph, "weight"), weight);
  g_assert_true (assay_exec_prepare (exec, assay_model_get_theta (w->model), NULL, NULL, FALSE, NULL));
  assay_dtype_convert (dtype, assay_exec_get_buffer (exec, ASSAY_PRIMAL, logits), ASSAY_F64, w->whole, N * V);
}

static World *
world_new (gsize k, AssayDtype dtype, guint threads)
{
  World *w = g_new0 (World, 1);
  AssayRng rng = assay_rng_new (3, 4);

  w->backend = assay_backend_cpu_new (threads);
  w->model = make_model (cases[k].architecture, cases[k].config, dtype);
  w->whole = g_new (double, N * V);
  for (gint64 t = 0; t < N; t++)
    w->tokens[t] = (gint32) assay_rng_below (&rng, V);
  walk_whole (w);
  return w;
}

static void
world_free (World *w)
{
  assay_model_free (w->model);
  assay_backend_free (w->backend);
  g_free (w->whole);
  g_free (w);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

static void
test_stretches (void)
{
  static const gint64 stretches[][6] = { { 90 }, { 1, 1, 1, 87 }, { 70, 9, 2, 9 }, { 5, 64, 21 } };

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (World) w = world_new (k, ASSAY_F64, 1);
      g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, 95, w->backend, NULL);
      g_autofree double *logits = g_new (double, N * V);

      g_test_message ("%s", cases[k].name);
      g_assert_cmpint (assay_decoder_get_size (decoder), ==, V);
      for (gsize s = 0; s < G_N_ELEMENTS (stretches); s++)
        {
          gint64 at = 0;

          assay_decoder_reset (decoder);
          for (gsize p = 0; p < 6 && stretches[s][p] > 0; at += stretches[s][p++])
            g_assert_true (assay_decoder_feed (decoder, w->tokens + at, stretches[s][p], TRUE, logits + at * V, NULL));
          g_assert_cmpint (assay_decoder_get_n (decoder), ==, N);
          g_assert_cmpfloat (assay_compare (logits, w->whole, N * V).relative, <=, RELATIVE_F64);
        }
    }
}

/* The last logits alone; and the same bits for any number of threads. */
static void
test_last (void)
{
  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      double logits[3][V];

      for (guint threads = 1; threads <= 3; threads++)
        {
          g_autoptr (World) w = world_new (k, ASSAY_F32, threads);
          g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, N, w->backend, NULL);

          g_assert_true (assay_decoder_feed (decoder, w->tokens, N - 9, FALSE, NULL, NULL));
          g_assert_true (assay_decoder_feed (decoder, w->tokens + N - 9, 9, FALSE, logits[threads - 1], NULL));
          g_assert_cmpfloat (assay_compare (logits[0], w->whole + (N - 1) * V, V).relative, <=, RELATIVE_F64 * 0x1p29);
        }
      g_assert_cmpmem (logits[0], sizeof logits[0], logits[1], sizeof logits[1]);
      g_assert_cmpmem (logits[0], sizeof logits[0], logits[2], sizeof logits[2]);
    }
}

static void
count_positions (const AssayGraphValue *value, void *data, gint64 position, gpointer user_data)
{
  gint64 *next = user_data;

  (void) data;
  g_assert_cmpint (position, ==, *next);
  *next += value->shape.dim[1];
}

static void
put_zero (const AssayGraphValue *value, void *data, gint64 position, gpointer user_data)
{
  (void) position;
  (void) user_data;
  memset (data, 0, sizeof (double) * assay_shape_count (&value->shape));
}

/* More positions than the largest piece has: together and one by one. */
static void
test_long (void)
{
  static const char *const configs[] = { "{\"vocabulary\": 23, \"context\": 400, \"width\": 16, \"layers\": 2, \"heads\": 2}",
                                         "{\"vocabulary\": 23, \"context\": 400, \"width\": 16, \"layers\": 1, \"heads\": 2, \"window\": 100}" };
  gint32 tokens[400];

  for (gint64 t = 0; t < 400; t++)
    tokens[t] = (gint32) (t * t % V);
  for (gsize k = 0; k < G_N_ELEMENTS (configs); k++)
    {
      g_autoptr (AssayBackend) backend = assay_backend_cpu_new (2);
      g_autoptr (AssayModel) model = make_model ("transformer", configs[k], ASSAY_F64);
      g_autoptr (AssayDecoder) together = assay_decoder_new (model, 400, backend, NULL), alone = assay_decoder_new (model, 400, backend, NULL);
      double a[V], b[V];

      g_assert_true (assay_decoder_feed (together, tokens, 337, FALSE, a, NULL));
      for (gint64 t = 0; t < 337; t++)
        g_assert_true (assay_decoder_feed (alone, tokens + t, 1, FALSE, b, NULL));
      g_assert_cmpfloat (assay_compare (a, b, V).relative, <=, RELATIVE_F64);
    }
}

static void
test_edits (void)
{
  g_autoptr (World) w = world_new (0, ASSAY_F64, 1);
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, N, w->backend, NULL);
  g_autoptr (GError) error = NULL;
  double plain[V], edited[V];
  gint64 next = 0;

  g_assert_cmpint (assay_decoder_get_channels (decoder, "h.1.mlp.act", NULL), ==, 64);
  g_assert_cmpint (assay_decoder_get_channels (decoder, "h.1.nothing", &error), ==, -1);
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
  g_assert_true (assay_decoder_set_edit (decoder, "h.0.mlp.act", count_positions, &next, NULL));
  g_assert_true (assay_decoder_feed (decoder, w->tokens, N, FALSE, plain, NULL));
  g_assert_cmpint (next, ==, N);
  g_assert_cmpfloat (assay_compare (plain, w->whole + (N - 1) * V, V).relative, <=, RELATIVE_F64);
  g_assert_true (assay_decoder_set_edit (decoder, "h.1.residual_post", put_zero, NULL, NULL));
  next = 0;
  assay_decoder_reset (decoder);
  g_assert_true (assay_decoder_feed (decoder, w->tokens, N, FALSE, edited, NULL));
  for (gint64 v = 0; v < V; v++)
    g_assert_cmpfloat (edited[v], ==, 0);               /* the norm of nothing is its bias, which is 0 at first */
}

/* The logits of all tokens with rounded weights, in the given stretches. */
static void
walk_packed (guint threads, AssayPackedType type, gint64 stretch, double *logits)
{
  g_autoptr (World) w = world_new (2, ASSAY_F32, threads);
  g_autoptr (AssayPackedWeights) packed = assay_packed_weights_new (w->model, type, w->backend->workers, NULL);
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, N, w->backend, NULL);

  g_assert_true (assay_decoder_set_packed (decoder, packed, NULL));
  for (gint64 t = 0; t < N; t += stretch)
    g_assert_true (assay_decoder_feed (decoder, w->tokens + t, MIN (stretch, N - t), TRUE, logits + t * V, NULL));
}

static void
test_packed (void)
{
  static const double bound[] = { [ASSAY_PACKED_BF16] = 0x1p-4, [ASSAY_PACKED_INT8] = 0x1p-4 };      /* some twenty roundings of 2^-9 and of 1/254 on the way */
  g_autoptr (World) w = world_new (2, ASSAY_F32, 1);

  for (AssayPackedType type = 0; type < ASSAY_N_PACKED_TYPES; type++)
    {
      double one[N * V], many[N * V];
      AssayComparison difference;

      walk_packed (1, type, N, one);
      difference = assay_compare (one, w->whole, N * V);
      g_assert_cmpfloat (difference.relative, <=, bound[type]);
      g_assert_cmpfloat (difference.relative, >, 1e-5);           /* they are the rounded ones */
      for (guint threads = 2; threads <= 4; threads++)
        {
          walk_packed (threads, type, N, many);
          g_assert_cmpmem (many, sizeof many, one, sizeof one);
        }
      walk_packed (2, type, 1, many);                             /* attention adds up in the same order; the products do not know of the stretch */
      g_assert_cmpfloat (assay_compare (many, one, N * V).relative, <=, bound[type]);
    }
}

/* Of a model that holds its weights as they are, and of one that was opened from a directory with the rounded ones alone. */
static void
walk_opened (guint c, AssayPackedType type, gboolean exported)
{
  g_autoptr (World) w = world_new (c, ASSAY_F32, 2);
  g_autofree char *folder = g_dir_make_tmp ("assay-packed-XXXXXX", NULL), *weights = g_build_filename (folder, "model.safetensors", NULL);
  g_autofree char *config = g_build_filename (folder, "config.json", NULL);
  const AssayCheckpointOptions options = { .is_packed = TRUE, .packed = type, .workers = w->backend->workers };
  g_autoptr (AssayPackedWeights) beside = assay_packed_weights_new (w->model, type, NULL, NULL);
  g_autoptr (AssayDecoder) whole = assay_decoder_new (w->model, N, w->backend, NULL), decoder = NULL;
  g_autoptr (AssayModel) opened = NULL;
  const char *family;
  double one[N * V], other[N * V];
  GError *error = NULL;

  if (exported)
    assay_checkpoint_export_directory (w->model, folder, NULL, &family, &error);
  else
    assay_checkpoint_save_directory (w->model, folder, &error);
  g_assert_no_error (error);
  opened = assay_checkpoint_load_path (folder, &options, &error);
  g_assert_no_error (error);
  g_assert_nonnull (assay_model_get_packed (opened));
  g_assert_cmpfloat (assay_packed_weights_get_error (assay_model_get_packed (opened)), ==, assay_packed_weights_get_error (beside));
  decoder = assay_decoder_new (opened, N, w->backend, &error);
  g_assert_no_error (error);
  g_assert_true (assay_decoder_set_packed (whole, beside, NULL));
  g_assert_true (assay_decoder_feed (whole, w->tokens, N, TRUE, one, NULL));
  g_assert_true (assay_decoder_feed (decoder, w->tokens, N, TRUE, other, NULL));
  g_assert_cmpmem (other, sizeof other, one, sizeof one);
  unlink (weights);
  unlink (config);
  rmdir (folder);
}

static void
test_packed_opening (void)
{
  for (AssayPackedType type = 0; type < ASSAY_N_PACKED_TYPES; type++)
    for (gboolean exported = FALSE; exported <= TRUE; exported++)
      {
        walk_opened (0, type, exported);        /* the library keeps its matrices the other way round */
        walk_opened (2, type, exported);
      }
}

static void
test_packed_refusals (void)
{
  g_autoptr (World) w = world_new (2, ASSAY_F32, 1), wide = world_new (2, ASSAY_F64, 1);
  g_autoptr (AssayPackedWeights) packed = assay_packed_weights_new (w->model, ASSAY_PACKED_INT8, NULL, NULL);
  g_autoptr (AssayGraph) graph = assay_model_build_sequences (w->model, 1, 3, NULL);
  g_autoptr (AssayExec) gradient = assay_exec_new (graph, ASSAY_WALK_GRADIENT, ASSAY_F32, w->backend, NULL, NULL);
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (wide->model, N, wide->backend, NULL);
  g_autoptr (GError) walk = NULL, type = NULL, model = NULL;
  double logits[V];

  g_assert_false (assay_exec_set_packed (gradient, packed, &walk));
  g_assert_error (walk, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
  g_assert_true (assay_decoder_set_packed (decoder, packed, NULL));
  g_assert_false (assay_decoder_feed (decoder, wide->tokens, 1, FALSE, logits, &type));
  g_assert_error (type, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
  g_assert_null (assay_packed_weights_new (wide->model, ASSAY_PACKED_BF16, NULL, &model));
  g_assert_error (model, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

static void
test_refusals (void)
{
  g_autoptr (World) w = world_new (0, ASSAY_F64, 1);
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, 4, w->backend, NULL);
  g_autoptr (AssayModel) other = make_model ("linear", "{\"inputs\": 4, \"outputs\": 2}", ASSAY_F64);
  g_autoptr (GError) room = NULL, token = NULL, context = NULL, kind = NULL;
  const gint32 strange[] = { 1, V };

  g_assert_false (assay_decoder_feed (decoder, w->tokens, 5, FALSE, NULL, &room));
  g_assert_error (room, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_false (assay_decoder_feed (decoder, strange, 2, FALSE, NULL, &token));
  g_assert_error (token, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_cmpint (assay_decoder_get_n (decoder), ==, 0);
  g_assert_null (assay_decoder_new (w->model, 101, w->backend, &context));
  g_assert_error (context, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_null (assay_decoder_new (other, 4, w->backend, &kind));
  g_assert_error (kind, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decoder/in any stretches the logits of the whole sequence", test_stretches);
  g_test_add_func ("/decoder/hundreds of positions together are those one by one", test_long);
  g_test_add_func ("/decoder/the last logits, with any number of threads", test_last);
  g_test_add_func ("/decoder/rounded weights give nearby logits, the same bits for any number of threads", test_packed);
  g_test_add_func ("/decoder/a model opened with rounded weights alone gives the same bits", test_packed_opening);
  g_test_add_func ("/decoder/rounded weights are refused where derivatives or f64 are asked for", test_packed_refusals);
  g_test_add_func ("/decoder/values are seen and changed in order", test_edits);
  g_test_add_func ("/decoder/no room, strange tokens and other models are refused", test_refusals);
  return g_test_run ();
}
