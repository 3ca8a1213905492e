/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sampler.c: the likeliest token, or one drawn among those that are left in. */
#include "run/sampler.h"

#include "base/mem.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

typedef struct { double weight; gint32 token; } Candidate;

double
assay_sampling_log_sum (gint64 n, const double *logits)
{
  double most = -INFINITY, sum = 0;

  for (gint64 v = 0; v < n; v++)
    most = fmax (most, logits[v]);
  for (gint64 v = 0; v < n; v++)
    sum += exp (logits[v] - most);
  return most + log (sum);
}

static gboolean
find_likeliest (gint64 n, const double *logits, gint64 *likeliest, GError **error)
{
  gint64 best = 0;

  for (gint64 v = 0; v < n; v++)
    {
      if (isnan (logits[v]) || logits[v] == INFINITY)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "the logit of token %" G_GINT64_FORMAT " is not finite: the model's numbers overflow in this type; try --precision f64", v);
          return FALSE;
        }
      if (logits[v] > logits[best])
        best = v;
    }
  *likeliest = best;
  return TRUE;
}

/* Likeliest first, the lower number among equals. */
static int
by_weight (const void *a, const void *b)
{
  const Candidate *x = a, *y = b;

  return x->weight != y->weight ? (x->weight < y->weight) - (x->weight > y->weight) : (x->token > y->token) - (x->token < y->token);
}

/* How many of the candidates, likeliest first, stay in. */
static gint64
cut (const AssaySampling *s, gint64 n, const Candidate *all)
{
  gint64 kept = s->top_k > 0 ? MIN (s->top_k, n) : n, k = 0;
  double sum = 0, so_far = 0;

  for (gint64 i = 0; i < kept; i++)
    sum += all[i].weight;
  while (k < kept && (k == 0 || (so_far < s->top_p * sum && all[k].weight >= s->min_p * all[0].weight)))
    so_far += all[k++].weight;
  return k;
}

gboolean
assay_sampling_choose (const AssaySampling *s, gint64 n, const double *logits, gint64 position, gint32 *token, GError **error)
{
  AssayRng rng = assay_rng_new (s->seed, assay_rng_stream ("next token", (guint64) position));
  g_autoptr (AssayBuffer) memory = NULL;
  Candidate *all;
  gint64 likeliest, kept;
  double sum = 0, left;

  if (!find_likeliest (n, logits, &likeliest, error))
    return FALSE;
  *token = (gint32) likeliest;
  if (s->temperature == 0)
    return TRUE;
  if ((memory = assay_mem_alloc_array (n, sizeof (Candidate), error)) == NULL)
    return FALSE;
  all = memory;
  for (gint64 v = 0; v < n; v++)
    all[v] = (Candidate) { exp ((logits[v] - logits[likeliest]) / s->temperature), (gint32) v };
  qsort (all, (size_t) n, sizeof *all, by_weight);
  kept = cut (s, n, all);
  for (gint64 k = 0; k < kept; k++)
    sum += all[k].weight;
  left = assay_rng_uniform (&rng) * sum;
  for (gint64 k = 0; k < kept; k++)
    {
      *token = all[k].token;
      left -= all[k].weight;
      if (left < 0)
        break;
    }
  return TRUE;
}
