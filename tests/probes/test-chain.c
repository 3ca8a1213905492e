/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-chain.c: interventions on a walk: what they leave alone, and what they do. */
#include "compiled.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

#define N 40

static void
run (AssayChainReader *reader, const AssayChainWalk *walks, gint64 n, double *answer)
{
  GError *error = NULL;

  g_assert_true (assay_chain_reader_run (reader, walks, n, answer, NULL, &error));
  g_assert_no_error (error);
}

static AssayChainWalk
plain (const Compiled *c, gint64 i)
{
  return (AssayChainWalk) { .tokens = c->task->tokens + i * c->layout.T, .read = c->layout.answer };
}

static void
test_identity (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 3), 10, N, 4, 2);
  AssayChainWalk walk[N];
  double answer[N * 5];

  for (guint layer = 0; layer < assay_chain_reader_get_n_layers (c->reader); layer++)
    {
      for (gint64 i = 0; i < N; i++)
        {
          walk[i] = plain (c, i);
          walk[i].intervention = ASSAY_CHAIN_PATCH;
          walk[i].donor = walk[i].tokens;                          /* a run patched with itself */
          walk[i].layer = layer;
          walk[i].first = i % 2 ? c->layout.chain : c->layout.prompt;
          walk[i].count = 3;
        }
      run (c->reader, walk, N, answer);
      g_assert_cmpmem (answer, sizeof answer, c->task->full, sizeof answer);
    }
  for (gint64 i = 0; i < N; i++)
    {
      walk[i] = plain (c, i);
      walk[i].intervention = ASSAY_CHAIN_CUT;                      /* of nothing */
      walk[i].first = c->layout.chain;
    }
  run (c->reader, walk, N, answer);
  g_assert_cmpmem (answer, sizeof answer, c->task->full, sizeof answer);
}

static void
test_patch_is_exchange (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 4), 0, N, 4, 1);
  gint64 T = c->layout.T;
  g_autofree gint32 *mixed = g_new (gint32, N * T);
  AssayChainWalk patched[N], exchanged[N];
  double one[N * 5], other[N * 5];

  for (gint64 i = 0; i < N; i++)
    {
      gint64 donor = (i + 7) % N;

      patched[i] = exchanged[i] = plain (c, i);
      patched[i].intervention = ASSAY_CHAIN_PATCH;
      patched[i].donor = c->task->tokens + donor * T;
      patched[i].first = c->layout.chain;
      patched[i].count = 3;
      memcpy (mixed + i * T, c->task->tokens + i * T, (gsize) T * sizeof (gint32));
      memcpy (mixed + i * T + c->layout.chain, c->task->tokens + donor * T + c->layout.chain, 3 * sizeof (gint32));
      exchanged[i].tokens = mixed + i * T;
    }
  run (c->reader, patched, N, one);
  run (c->reader, exchanged, N, other);
  g_assert_cmpmem (one, sizeof one, other, sizeof other);         /* what enters layer 0 are the tokens */
  for (gint64 i = 0; i < N; i++)
    patched[i].layer = 1;
  run (c->reader, patched, N, one);
  g_assert_cmpint (memcmp (one, other, sizeof one), !=, 0);
}

static void
test_cut (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 5), 0, N, 4, 1);
  gint64 T = c->layout.T;
  g_autofree gint32 *edited = g_memdup2 (c->task->tokens, (gsize) (N * T) * sizeof (gint32));
  AssayChainWalk walk[2 * N];
  double answer[2 * N * 5];

  for (gint64 i = 0; i < N; i++)
    {
      for (gint64 j = 0; j < 3; j++)
        edited[i * T + c->layout.chain + j] = (gint32) ((i + j) % 5);
      walk[2 * i] = walk[2 * i + 1] = plain (c, i);
      walk[2 * i + 1].tokens = edited + i * T;
      for (int k = 0; k < 2; k++)
        {
          walk[2 * i + k].intervention = ASSAY_CHAIN_CUT;
          walk[2 * i + k].first = c->layout.chain;
          walk[2 * i + k].count = 3;
        }
    }
  run (c->reader, walk, 2 * N, answer);
  for (gint64 i = 0; i < N; i++)                                   /* whatever the chain says, nothing of it arrives */
    g_assert_cmpmem (answer + 10 * i, 5 * sizeof (double), answer + 10 * i + 5, 5 * sizeof (double));
  g_assert_cmpint (memcmp (answer, c->task->full, 5 * sizeof (double)), !=, 0);
}

/* The kernel's attention and the one that is computed again agree where nothing of weight is cut. */
static void
test_cut_agrees (void)
{
  AssayOrganism organism = compiled_organism ("5", "1");
  AssayChainLayout layout;
  g_autoptr (Compiled) c = NULL;
  AssayChainWalk walk;
  double answer[5];

  assay_chain_layout_init (&layout, &organism);
  c = compiled_new (&organism, compiled_model (&organism, layout.prompt), 0, 5, 4, 1);
  for (gint64 i = 0; i < 5; i++)
    {
      walk = plain (c, i);
      walk.intervention = ASSAY_CHAIN_CUT;
      walk.first = layout.chain;
      walk.count = 1;
      run (c->reader, &walk, 1, answer);
      for (gint64 a = 0; a < 5; a++)                               /* float32 attention against double: a few roundings of it */
        g_assert_cmpfloat (fabs (answer[a] - c->task->full[5 * i + a]), <, 16 * 1.2e-7 * 20);
    }
}

static void
test_batches_and_threads (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 6), 0, N, 4, 1);
  AssayChainWalk walk[N];
  double answer[N * 5], state[N * 12], first[N * 12];
  GError *error = NULL;

  for (gint64 i = 0; i < N; i++)
    {
      walk[i] = plain (c, i);
      walk[i].intervention = i % 3;
      walk[i].donor = c->task->tokens + (i / 4) * c->layout.T;
      walk[i].layer = 1;
      walk[i].first = c->layout.chain;
      walk[i].count = 2;
    }
  g_assert_true (assay_chain_reader_run (c->reader, walk, N, answer, first, &error));
  for (gint64 batch = 1; batch < 2 * N; batch = 3 * batch + 1)
    {
      g_autoptr (AssayBackend) backend = assay_backend_cpu_new (2);
      g_autoptr (AssayChainReader) reader = assay_chain_reader_new (c->model, &c->layout, batch, backend, &error);
      double again[N * 5];

      g_assert_true (assay_chain_reader_run (reader, walk, N, again, state, &error));
      g_assert_cmpmem (again, sizeof again, answer, sizeof answer);
      g_assert_cmpmem (state, sizeof state, first, sizeof first);
    }
}

static void
refused (AssayChainReader *reader, AssayChainWalk walk, const char *fragment)
{
  double answer[5];
  GError *error = NULL;

  g_assert_false (assay_chain_reader_run (reader, &walk, 1, answer, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_nonnull (strstr (error->message, fragment));
  g_clear_error (&error);
}

static void
test_refusals (void)
{
  AssayOrganism organism = compiled_organism ("5", "3"), longer = compiled_organism ("5", "4");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 6), 0, 5, 4, 1);
  AssayChainWalk good = plain (c, 0), walk = good;
  gint32 tokens[10] = { 0 };
  AssayChainLayout layout;
  GError *error = NULL;

  walk.read = 10;
  refused (c->reader, walk, "position 10");
  walk = good;
  tokens[4] = 99;
  walk.tokens = tokens;
  refused (c->reader, walk, "position 4: a token from 0 to 14 expected, 99 found");
  walk = good;
  walk.intervention = ASSAY_CHAIN_PATCH;
  walk.donor = good.tokens;
  walk.first = 8;
  walk.count = 3;
  refused (c->reader, walk, "changes 3 positions from 8 on");
  walk.count = G_MAXINT64;
  refused (c->reader, walk, "positions from 8 on");
  walk.count = 2;
  walk.layer = 2;
  refused (c->reader, walk, "residuals below 2");
  walk.intervention = ASSAY_CHAIN_CUT;
  walk.first = good.read;
  walk.count = 1;
  refused (c->reader, walk, "changes 1 positions from 9 on");      /* a query always sees itself */
  assay_chain_layout_init (&layout, &longer);
  g_assert_null (assay_chain_reader_new (c->model, &layout, 0, c->backend, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chain/a run patched with itself, and a cut of nothing, change no bit", test_identity);
  g_test_add_func ("/chain/a patch at layer 0 is an exchange of tokens, and a deeper one is not", test_patch_is_exchange);
  g_test_add_func ("/chain/behind a cut nothing of the chain arrives", test_cut);
  g_test_add_func ("/chain/a cut of what is not looked at changes nothing but roundings", test_cut_agrees);
  g_test_add_func ("/chain/answers and states are the same bits for any batch and any threads", test_batches_and_threads);
  g_test_add_func ("/chain/sequences and interventions that cannot be are refused", test_refusals);
  return g_test_run ();
}
