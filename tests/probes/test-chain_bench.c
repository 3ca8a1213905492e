/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-chain_bench.c: texts in, answers out, from any thread. */
#include "compiled.h"

#include "base/error.h"
#include "probes/chain_bench.h"

#include <string.h>

static AssayChainBench *
make_bench (const Compiled *c)
{
  GError *error = NULL;
  AssayChainBench *bench = assay_chain_bench_new (c->model, &c->organism, &error);

  g_assert_no_error (error);
  return bench;
}

static void
test_agrees (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 1), 0, 30, 4, 1);
  g_autoptr (AssayChainBench) bench = make_bench (c);

  for (gint64 i = 0; i < 30; i++)
    {
      const gint32 *tokens = c->task->tokens + i * c->layout.T;
      g_autofree char *prompt = assay_organism_decode (&organism, tokens, c->layout.chain);
      g_autofree char *chain = assay_organism_decode (&organism, tokens + c->layout.chain, 3);
      g_autoptr (AssayChainAnswer) answer = assay_chain_bench_ask_text (bench, prompt, chain, NULL), none = assay_chain_bench_ask_text (bench, prompt, "", NULL);

      g_assert_cmpmem (answer->p, 5 * sizeof (double), c->task->full + 5 * i, 5 * sizeof (double));
      g_assert_cmpint (answer->answer, ==, c->task->answer[i]);
      g_assert_cmpint (answer->n_tokens, ==, c->layout.T);
      g_assert_cmpmem (answer->tokens, (gsize) c->layout.T * sizeof (gint32), tokens, (gsize) c->layout.T * sizeof (gint32));
      g_assert_cmpmem (none->p, 5 * sizeof (double), c->task->none + 5 * i, 5 * sizeof (double));
    }
}

static void
refused (AssayChainBench *bench, const char *prompt, const char *chain, const char *fragment)
{
  GError *error = NULL;

  g_assert_null (assay_chain_bench_ask_text (bench, prompt, chain, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_nonnull (strstr (error->message, fragment));
  g_clear_error (&error);
}

static void
test_words (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 1), 0, 5, 4, 1);
  g_autoptr (AssayChainBench) bench = make_bench (c);
  g_autoptr (GArray) tokens = assay_chain_encode (&organism, "  BOS MODE:0.25\t3 4 FILL ", NULL);
  g_autofree char *text = assay_organism_decode (&organism, (const gint32 *) (gpointer) tokens->data, tokens->len);

  g_assert_cmpstr (text, ==, "BOS MODE:0.25 3 4 FILL");
  refused (bench, "BOS MODE:0 1 2 3 COT", "1 7 3", "word 2, \"7\", is none of the vocabulary: 0 to 4, BOS, MODE:0,");
  refused (bench, "BOS MODE:0.3 1 2 3 COT", "", "word 2, \"MODE:0.3\"");
  refused (bench, "BOS MODE:0 1 2 3 COT", "01", "word 1, \"01\"");
  refused (bench, "BOS MODE:0 1 2 3 COT", "\xff<b>", "word 1");
  refused (bench, "BOS MODE:0 1 2 3 COT", "1 2 3 4", "a chain of at most 3 expected, 6 and 4 found");
  refused (bench, "", "", "0 and 0 found");
  refused (bench, "BOS MODE:0 1 2 3 COT 1", "1 2 3", "7 and 3 found");
}

static void
test_follow (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 1), 0, 5, 4, 1);
  g_autoptr (AssayChainBench) bench = make_bench (c);
  g_autoptr (GArray) prompt = assay_chain_encode (&organism, "BOS MODE:0 1 2 3 COT", NULL), chain = assay_chain_encode (&organism, "1 3 1", NULL);
  g_autofree gint32 *edited = assay_chain_bench_follow (bench, (const gint32 *) (gpointer) prompt->data, 6, (const gint32 *) (gpointer) chain->data, 3, 2, 0, NULL);
  GError *error = NULL;

  g_assert_cmpint (edited[0], ==, 1);
  g_assert_cmpint (edited[1], ==, 0);
  g_assert_cmpint (edited[2], ==, 3);
  g_assert_null (assay_chain_bench_follow (bench, (const gint32 *) (gpointer) prompt->data, 6, (const gint32 *) (gpointer) chain->data, 3, 4, 0, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_clear_error (&error);
}

typedef struct { AssayChainBench *bench; const Compiled *c; } Shared;

static gpointer
ask_often (gpointer data)
{
  const Shared *shared = data;
  const AssayChainLayout *at = &shared->c->layout;
  gint64 wrong = 0;

  for (gint64 k = 0; k < 200; k++)
    {
      gint64 i = k * 7 % 30;
      const gint32 *tokens = shared->c->task->tokens + i * at->T;
      g_autoptr (AssayChainAnswer) answer = assay_chain_bench_ask (shared->bench, tokens, at->chain, tokens + at->chain, at->n_steps, NULL);

      wrong += memcmp (answer->p, shared->c->task->full + 5 * i, 5 * sizeof (double)) != 0;
    }
  return GSIZE_TO_POINTER (wrong);
}

static void
test_threads (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 1), 0, 30, 4, 1);
  g_autoptr (AssayChainBench) bench = make_bench (c);
  Shared shared = { bench, c };
  GThread *thread[3];

  for (int k = 0; k < 3; k++)
    thread[k] = g_thread_new ("asking", ask_often, &shared);
  for (int k = 0; k < 3; k++)
    g_assert_cmpuint (GPOINTER_TO_SIZE (g_thread_join (thread[k])), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chain_bench/texts give the same bits as the sequences that they stand for", test_agrees);
  g_test_add_func ("/chain_bench/a wrong word is named with its place, and so is a chain that is too long", test_words);
  g_test_add_func ("/chain_bench/later steps follow from an edited one", test_follow);
  g_test_add_func ("/chain_bench/several threads may ask at once", test_threads);
  return g_test_run ();
}
