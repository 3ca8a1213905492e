/* SPDX-License-Identifier: GPL-3.0-or-later */
/* generate.c: forward walks over whole sequences, logits read at one position each. */
#include "run/generate.h"

#include "base/error.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

struct _AssayGenerator {
  AssayModel *model;
  AssayExec *exec;
  guint logits_value;
  gint64 B, T, V;
  gint32 *tokens, *targets;     /* (B,T) */
  void *weight;                 /* (B,T) zeros: no loss is wanted */
  double *row;                  /* (V) */
};

AssayGenerator *
assay_generator_new (AssayModel *model, gint64 batch, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayGenerator) g = g_new0 (AssayGenerator, 1);
  g_autoptr (AssayGraph) graph = NULL;
  AssayDtype dtype = assay_model_get_dtype (model);
  guint keep[2];
  AssayShape shape;

  if (assay_model_get_block (model)->data != ASSAY_DATA_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "generation: a model of tokens expected, %s found", assay_model_get_block (model)->name);
      return NULL;
    }
  if (assay_model_get_block (model)->looks_ahead)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "generation: a model whose positions see only what is before them expected, %s found",
                   assay_model_get_block (model)->name);
      return NULL;
    }
  graph = assay_model_build (model, batch, error);
  if (graph == NULL)
    return NULL;
  keep[0] = g->logits_value = assay_graph_get_logits (graph);
  keep[1] = ASSAY_NO_VALUE;
  shape = assay_graph_get_value (graph, keep[0])->shape;
  g->model = model;
  g->B = shape.dim[0];
  g->T = shape.dim[1];
  g->V = shape.dim[2];
  g->exec = assay_exec_new (graph, ASSAY_WALK_FORWARD, dtype, backend, keep, error);
  g->tokens = g->exec ? assay_mem_new (gint32, g->B * g->T, error) : NULL;
  g->targets = g->tokens ? assay_mem_new (gint32, g->B * g->T, error) : NULL;
  g->weight = g->targets ? assay_mem_alloc_array (g->B * g->T, assay_dtype_width (dtype), error) : NULL;
  g->row = g->weight ? assay_mem_new (double, g->V, error) : NULL;
  if (g->row == NULL)
    return NULL;
  assay_exec_set_input (g->exec, assay_graph_find (graph, "tokens"), g->tokens);
  assay_exec_set_input (g->exec, assay_graph_find (graph, "targets"), g->targets);
  assay_exec_set_input (g->exec, assay_graph_find (graph, "weight"), g->weight);
  return g_steal_pointer (&g);
}

void
assay_generator_free (AssayGenerator *g)
{
  if (g == NULL)
    return;
  assay_exec_free (g->exec);
  assay_mem_free (g->tokens);
  assay_mem_free (g->targets);
  assay_mem_free (g->weight);
  assay_mem_free (g->row);
  g_free (g);
}

static gboolean
check (const AssayGenerator *g, const gint32 *tokens, const gint64 *position, gint64 n, GError **error)
{
  for (gint64 i = 0; i < n; i++)
    {
      if (position[i] < 0 || position[i] >= g->T)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "sequence %" G_GINT64_FORMAT ": a position from 0 to %" G_GINT64_FORMAT
                       " expected, %" G_GINT64_FORMAT " found", i, g->T - 1, position[i]);
          return FALSE;
        }
      for (gint64 t = 0; t < g->T; t++)
        if (tokens[i * g->T + t] < 0 || tokens[i * g->T + t] >= g->V)
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "sequence %" G_GINT64_FORMAT " position %" G_GINT64_FORMAT
                         ": a token from 0 to %" G_GINT64_FORMAT " expected, %d found", i, t, g->V - 1, tokens[i * g->T + t]);
            return FALSE;
          }
    }
  return TRUE;
}

typedef void (*RowFunc) (const AssayGenerator *g, gint64 sequence, const double *logits, gpointer data);

/* Calls func with the logits (V) at each sequence's position. */
static gboolean
walk (AssayGenerator *g, const gint32 *tokens, const gint64 *position, gint64 n, RowFunc func, gpointer data, GError **error)
{
  AssayDtype dtype = assay_model_get_dtype (g->model);

  if (!check (g, tokens, position, n, error))
    return FALSE;
  for (gint64 done = 0; done < n; done += g->B)
    {
      gint64 some = MIN (g->B, n - done);                         /* sequences do not see each other: the rest keeps old tokens */
      const char *logits;

      memcpy (g->tokens, tokens + done * g->T, some * g->T * sizeof *tokens);
      if (!assay_exec_prepare (g->exec, assay_model_get_theta (g->model), NULL, NULL, FALSE, error))
        return FALSE;
      logits = assay_exec_get_buffer (g->exec, ASSAY_PRIMAL, g->logits_value);
      for (gint64 b = 0; b < some; b++)
        {
          gint64 first = (b * g->T + position[done + b]) * g->V;

          assay_dtype_convert (dtype, logits + first * assay_dtype_width (dtype), ASSAY_F64, g->row, g->V);
          func (g, done + b, g->row, data);
        }
    }
  return TRUE;
}

static void
copy_logits (const AssayGenerator *g, gint64 sequence, const double *logits, gpointer data)
{
  memcpy ((double *) data + sequence * g->V, logits, g->V * sizeof *logits);
}

gboolean
assay_generator_get_logits (AssayGenerator *g, const gint32 *tokens, const gint64 *position, gint64 n, double *logits, GError **error)
{
  return walk (g, tokens, position, n, copy_logits, logits, error);
}

typedef struct { const gint32 *answer; double *probability; } Answers;

static void
read_probability (const AssayGenerator *g, gint64 sequence, const double *logits, gpointer data)
{
  const Answers *answers = data;
  double z = logits[answers->answer[sequence]], sum = 0;

  for (gint64 v = 0; v < g->V; v++)
    sum += exp (logits[v] - z);                                   /* p = 1 / sum_v exp (l_v - l_answer) */
  answers->probability[sequence] = 1 / sum;
}

gboolean
assay_generator_get_probabilities (AssayGenerator *g, const gint32 *tokens, const gint64 *position, const gint32 *answer, gint64 n,
                                   double *probability, GError **error)
{
  Answers answers = { answer, probability };

  for (gint64 i = 0; i < n; i++)
    if (answer[i] < 0 || answer[i] >= g->V)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "sequence %" G_GINT64_FORMAT ": an answer from 0 to %" G_GINT64_FORMAT
                     " expected, %d found", i, g->V - 1, answer[i]);
        return FALSE;
      }
  return walk (g, tokens, position, n, read_probability, &answers, error);
}

typedef struct { gint32 *tokens; gint64 *length; gint64 until; } Growth;

static void
append_likeliest (const AssayGenerator *g, gint64 sequence, const double *logits, gpointer data)
{
  Growth *growth = data;
  gint64 best = 0;

  if (growth->length[sequence] >= growth->until)
    return;
  for (gint64 v = 1; v < g->V; v++)
    if (logits[v] > logits[best])
      best = v;
  growth->tokens[sequence * g->T + growth->length[sequence]++] = (gint32) best;
}

gboolean
assay_generator_extend (AssayGenerator *g, gint32 *tokens, gint64 *length, gint64 n, gint64 until, GError **error)
{
  Growth growth = { tokens, length, MIN (until, g->T) };
  g_autofree gint64 *position = g_new (gint64, n);
  gint64 shortest;

  do
    {
      shortest = growth.until;
      for (gint64 i = 0; i < n; i++)
        {
          position[i] = length[i] - 1;
          shortest = MIN (shortest, length[i]);
          for (gint64 t = MAX (0, length[i]); t < g->T; t++)
            tokens[i * g->T + t] = 0;
        }
      if (shortest < growth.until && !walk (g, tokens, position, n, append_likeliest, &growth, error))
        return FALSE;
    }
  while (shortest + 1 < growth.until);
  return TRUE;
}
