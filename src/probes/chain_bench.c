/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_bench.c: a reader of one sequence behind a lock. */
#include "probes/chain_bench.h"

#include "base/error.h"
#include "probes/chain_edit.h"

#include <string.h>

struct _AssayChainBench {
  GMutex lock;
  AssayModel *model;
  AssayOrganism organism;
  AssayChainLayout layout;
  AssayBackend *backend;
  AssayChainReader *reader;
};

AssayChainBench *
assay_chain_bench_new (const AssayModel *model, const AssayOrganism *organism, GError **error)
{
  g_autoptr (AssayChainBench) bench = g_new0 (AssayChainBench, 1);

  g_mutex_init (&bench->lock);
  bench->organism = *organism;
  assay_chain_layout_init (&bench->layout, organism);
  bench->backend = assay_backend_cpu_new (1);
  bench->model = assay_model_copy (model, assay_model_get_dtype (model), error);
  if (bench->model != NULL)
    bench->reader = assay_chain_reader_new (bench->model, &bench->layout, 1, bench->backend, error);
  return bench->reader ? g_steal_pointer (&bench) : NULL;
}

void
assay_chain_bench_free (AssayChainBench *bench)
{
  if (bench == NULL)
    return;
  assay_chain_reader_free (bench->reader);
  assay_model_free (bench->model);
  assay_backend_free (bench->backend);
  g_mutex_clear (&bench->lock);
  g_free (bench);
}

const AssayOrganism *
assay_chain_bench_get_organism (const AssayChainBench *bench)
{
  return &bench->organism;
}

void
assay_chain_answer_free (AssayChainAnswer *answer)
{
  if (answer == NULL)
    return;
  g_free (answer->p);
  g_free (answer->tokens);
  g_free (answer);
}

/* tokens (T): prompt, chain, ANS, zeros. Returns where ANS stands, -1 on error. */
static gint64
write_sequence (const AssayChainBench *bench, const gint32 *prompt, gint64 n_prompt, const gint32 *chain, gint64 n_chain, gint32 *tokens, GError **error)
{
  if (n_prompt < 1 || n_chain < 0 || n_chain > bench->layout.n_steps || n_prompt + n_chain + 1 > bench->layout.T)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "chain: a prompt of at most %" G_GINT64_FORMAT " tokens and a chain of at most %" G_GINT64_FORMAT
                   " expected, %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT " found", bench->layout.chain, bench->layout.n_steps, n_prompt, n_chain);
      return -1;
    }
  memset (tokens, 0, (gsize) bench->layout.T * sizeof *tokens);
  memcpy (tokens, prompt, (gsize) n_prompt * sizeof *tokens);
  if (n_chain > 0)
    memcpy (tokens + n_prompt, chain, (gsize) n_chain * sizeof *tokens);
  tokens[n_prompt + n_chain] = bench->layout.ans;
  return n_prompt + n_chain;
}

AssayChainAnswer *
assay_chain_bench_ask (AssayChainBench *bench, const gint32 *prompt, gint64 n_prompt, const gint32 *chain, gint64 n_chain, GError **error)
{
  g_autoptr (AssayChainAnswer) answer = g_new0 (AssayChainAnswer, 1);
  AssayChainWalk walk;
  gboolean ok;

  answer->A = bench->layout.n_answers;
  answer->p = g_new0 (double, answer->A);
  answer->tokens = g_new0 (gint32, bench->layout.T);
  walk = (AssayChainWalk) { .tokens = answer->tokens, .read = write_sequence (bench, prompt, n_prompt, chain, n_chain, answer->tokens, error) };
  if (walk.read < 0)
    return NULL;
  g_mutex_lock (&bench->lock);
  ok = assay_chain_reader_run (bench->reader, &walk, 1, answer->p, NULL, error);
  g_mutex_unlock (&bench->lock);
  if (!ok)
    return NULL;
  answer->n_tokens = walk.read + 1;
  answer->answer = assay_chain_likeliest (answer->p, answer->A);
  return g_steal_pointer (&answer);
}

AssayChainAnswer *
assay_chain_bench_ask_text (AssayChainBench *bench, const char *prompt, const char *chain, GError **error)
{
  g_autoptr (GArray) before = assay_chain_encode (&bench->organism, prompt, error);
  g_autoptr (GArray) steps = before ? assay_chain_encode (&bench->organism, chain, error) : NULL;

  if (steps == NULL)
    return NULL;
  return assay_chain_bench_ask (bench, (const gint32 *) (gpointer) before->data, before->len, (const gint32 *) (gpointer) steps->data, steps->len, error);
}

gint32 *
assay_chain_bench_follow (AssayChainBench *bench, const gint32 *prompt, gint64 n_prompt, const gint32 *chain, gint64 n_chain, gint64 j, gint32 value,
                          GError **error)
{
  const AssayChainLayout *at = &bench->layout;
  g_autofree gint32 *tokens = g_new0 (gint32, at->T), *edited = g_new0 (gint32, at->T);
  gboolean fits = n_prompt == at->chain && n_chain == at->n_steps && j >= 1 && j <= n_chain && value >= 0 && value < at->n_answers;

  for (gint64 t = 0; fits && t < at->n_prompt; t++)
    fits = prompt[at->prompt + t] >= 0 && prompt[at->prompt + t] < at->n_answers;
  if (!fits)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "chain: a whole prompt and chain with a step from 1 to %" G_GINT64_FORMAT " and a value from 0 to %"
                   G_GINT64_FORMAT " expected, step %" G_GINT64_FORMAT " and value %d found", at->n_steps, at->n_answers - 1, j, value);
      return NULL;
    }
  if (write_sequence (bench, prompt, n_prompt, chain, n_chain, tokens, error) < 0)
    return NULL;
  assay_chain_mistake (&bench->organism, at, tokens, j, value, edited);
  return g_memdup2 (edited + at->chain, (gsize) at->n_steps * sizeof (gint32));
}

/* --- words ------------------------------------------------------------------------------------------------------------ */

static gint32
find_word (const AssayOrganism *organism, const char *word)
{
  for (gint32 token = 0; token < assay_organism_get_vocabulary (organism); token++)
    {
      g_autofree char *name = assay_organism_decode (organism, &token, 1);

      if (strcmp (name, word) == 0)
        return token;
    }
  return -1;
}

/* "0 to 4, BOS, MODE:0, ..." */
static char *
list_words (const AssayOrganism *organism)
{
  g_autoptr (GString) all = g_string_new (NULL);

  g_string_printf (all, "0 to %d", organism->p - 1);
  for (gint32 token = organism->p; token < assay_organism_get_vocabulary (organism); token++)
    {
      g_autofree char *name = assay_organism_decode (organism, &token, 1);

      g_string_append_printf (all, ", %s", name);
    }
  return g_string_free (g_steal_pointer (&all), FALSE);
}

GArray *
assay_chain_encode (const AssayOrganism *organism, const char *text, GError **error)
{
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_auto (GStrv) words = g_strsplit_set (text, " \t\n", -1);

  for (char **word = words; *word != NULL; word++)
    {
      gint32 token = (*word)[0] ? find_word (organism, *word) : -1;

      if ((*word)[0] == '\0')                                      /* two spaces */
        continue;
      if (token < 0)
        {
          g_autofree char *all = list_words (organism), *shown = g_utf8_make_valid (*word, -1);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "chain: word %u, \"%.40s\", is none of the vocabulary: %s", tokens->len + 1, shown, all);
          return NULL;
        }
      g_array_append_val (tokens, token);
    }
  return g_steal_pointer (&tokens);
}
