/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-language_model.c: windows are scored as they are defined, and text comes out in whole characters. */
#include "run/language_model.h"

#include "base/error.h"
#include "run/sampler.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define V 7
#define N 11

typedef struct {
  AssayBackend *backend;
  AssayModel *model;
} World;

static World *
world_new (gint64 context)
{
  World *w = g_new0 (World, 1);
  json_t *config = json_pack ("{s:i, s:I, s:i, s:i, s:i}", "vocabulary", V, "context", (json_int_t) context, "width", 8, "layers", 1, "heads", 2);

  w->backend = assay_backend_cpu_new (1);
  w->model = assay_model_new ("transformer", config, ASSAY_F64, NULL);
  assay_model_init (w->model, 4);
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

/* -log p of the last of n tokens behind the others. */
static double
predict (const World *w, const gint32 *tokens, gint64 n)
{
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, n - 1, w->backend, NULL);
  double logits[V];

  g_assert_true (assay_decoder_feed (decoder, tokens, n - 1, FALSE, logits, NULL));
  return assay_sampling_log_sum (V, logits) - logits[tokens[n - 1]];
}

/* Windows of `context` positions, `begin` among them where there is one. */
static void
check_windows (gint64 context, gint32 begin)
{
  static const gint32 text[N] = { 1, 4, 2, 6, 0, 3, 3, 5, 1, 2, 6 };
  g_autoptr (World) w = world_new (context);
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, context, w->backend, NULL);
  const gint64 lead = begin >= 0;
  double sum, wanted = 0, nats[N];
  gint64 count, n = 0;

  g_assert_true (assay_language_model_score (decoder, begin, text, N, &sum, &count, nats, NULL));
  for (gint64 t = 0; t < N; t++)
    {
      const gint64 first = t / (context - lead) * (context - lead), before = t - first;
      gint32 window[N + 1] = { begin };

      memcpy (window + lead, text + first, (before + 1) * sizeof *window);
      if (before + lead == 0)
        {
          g_assert_true (isnan (nats[t]));
          continue;
        }
      g_assert_cmpfloat_with_epsilon (nats[t], predict (w, window, before + lead + 1), 1e-12);
      wanted += nats[t];
      n++;
    }
  g_assert_cmpint (count, ==, n);
  g_assert_cmpfloat_with_epsilon (sum, wanted, 1e-12);
}

static void
test_windows (void)
{
  check_windows (4, -1);
  check_windows (4, 5);
  check_windows (2, 5);
  check_windows (11, -1);
  check_windows (30, 0);
}

static void
test_refusals (void)
{
  g_autoptr (World) w = world_new (1);
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (w->model, 1, w->backend, NULL);
  g_autoptr (GError) context = NULL;
  const gint32 text[] = { 1, 2 };
  double sum;
  gint64 count;

  g_assert_false (assay_language_model_score (decoder, 5, text, 2, &sum, &count, NULL, &context));
  g_assert_error (context, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

/* A tokenizer of single bytes: token b is byte b, as byte-level vocabularies spell it. */
static AssayTokenizer *
open_bytes (void)
{
  static const char text[] = "{\"decoder\": {\"type\": \"ByteLevel\"}, \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false}, \"model\": {\"type\": \"BPE\", "
                             "\"vocab\": {\"a\": 0, \"b\": 1, \"\303\203\": 2, \"\302\251\": 3}, \"merges\": []}}";      /* 2, 3: the bytes of e-acute */
  g_autofree char *directory = g_dir_make_tmp ("assay-XXXXXX", NULL), *path = g_build_filename (directory, "tokenizer.json", NULL);
  AssayTokenizer *tokenizer;
  GError *error = NULL;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  tokenizer = assay_tokenizer_open (path, &error);
  g_assert_no_error (error);
  remove (path);
  remove (directory);
  return tokenizer;
}

static void
test_stream (void)
{
  static const struct { gint32 token; const char *text; } steps[] = { { 0, "a" }, { 2, "" }, { 3, "\303\251" }, { 1, "b" }, { 2, "" } };
  g_autoptr (AssayTokenizer) tokenizer = open_bytes ();
  const gint32 context[] = { 1, 0 };
  g_autoptr (AssayTextStream) stream = assay_text_stream_new (tokenizer, context, 2);
  g_autofree char *rest = NULL;
  gsize n;

  for (gint64 round = 0; round < 40; round++)                     /* long enough for the stream to forget */
    for (gsize k = 0; k < 4; k++)
      {
        g_autofree char *more = assay_text_stream_add (stream, steps[k].token, &n);

        g_assert_cmpstr (more, ==, steps[k].text);
        g_assert_cmpuint (n, ==, strlen (steps[k].text));
      }
  g_free (assay_text_stream_add (stream, steps[4].token, &n));
  g_assert_cmpuint (n, ==, 0);
  rest = assay_text_stream_end (stream, &n);
  g_assert_cmpstr (rest, ==, "\357\277\275");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/language_model/windows of the context", test_windows);
  g_test_add_func ("/language_model/a context of one token is refused", test_refusals);
  g_test_add_func ("/language_model/text in whole characters", test_stream);
  return g_test_run ();
}
