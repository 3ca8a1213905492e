/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sampler.c: the likeliest token, or one drawn among those that are left in. */
#include "run/sampler.h"

#include "base/mem.h"
#include "base/rng.h"

#include <math.h>

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
static gboolean
is_before (const Candidate *x, const Candidate *y)
{
  return x->weight != y->weight ? x->weight > y->weight : x->token < y->token;
}

/* The part of `all` below end, of which only k may be out of place, into a heap with the likeliest in front. */
static void
sift (Candidate *all, gint64 k, gint64 end)
{
  const Candidate moved = all[k];

  for (gint64 child; (child = 2 * k + 1) < end; k = child)
    {
      if (child + 1 < end && is_before (&all[child + 1], &all[child]))
        child++;
      if (!is_before (&all[child], &moved))
        break;
      all[k] = all[child];
    }
  all[k] = moved;
}

/* Candidates in their order, no more of them put there than are looked at: the k-th lies at the end of the array, k places from the last. */
typedef struct { Candidate *all; gint64 n, sorted; } Ranking;

static void
rank (Ranking *r, Candidate *all, gint64 n)
{
  *r = (Ranking) { all, n, 0 };
  for (gint64 k = n / 2; k-- > 0; )
    sift (all, k, n);
}

static const Candidate *
look_at (Ranking *r, gint64 k)
{
  for (; r->sorted <= k; r->sorted++)
    {
      const gint64 last = r->n - 1 - r->sorted;
      const Candidate first = r->all[0];

      r->all[0] = r->all[last];
      r->all[last] = first;
      sift (r->all, 0, last);
    }
  return &r->all[r->n - 1 - k];
}

/* How many of the candidates, likeliest first, stay in, and the sum of their weights. total: of all. */
static gint64
cut (const AssaySampling *s, Ranking *r, double total, double *sum)
{
  const gint64 most = s->top_k > 0 ? MIN (s->top_k, r->n) : r->n;
  double of = 0, so_far = 0, least;
  gint64 k = 0;

  if (most == r->n && s->top_p >= 1 && s->min_p <= 0)
    {
      *sum = total;
      return most;
    }
  for (gint64 i = 0; most < r->n && i < most; i++)
    of += look_at (r, i)->weight;
  if (most == r->n)
    of = total;
  least = s->min_p * look_at (r, 0)->weight;
  while (k < most && (k == 0 || (so_far < s->top_p * of && look_at (r, k)->weight >= least)))
    so_far += look_at (r, k++)->weight;
  *sum = so_far;
  return k;
}

gboolean
assay_sampling_choose (const AssaySampling *s, gint64 n, const double *logits, gint64 position, gint32 *token, GError **error)
{
  AssayRng rng = assay_rng_new (s->seed, assay_rng_stream ("next token", (guint64) position));
  g_autoptr (AssayBuffer) memory = NULL;
  Candidate *all;
  Ranking ranking;
  gint64 likeliest, kept;
  double total = 0, left;

  if (!find_likeliest (n, logits, &likeliest, error))
    return FALSE;
  *token = (gint32) likeliest;
  if (s->temperature == 0)
    return TRUE;
  if ((memory = assay_mem_alloc_array (n, sizeof (Candidate), error)) == NULL)
    return FALSE;
  all = memory;
  for (gint64 v = 0; v < n; v++)
    {
      all[v] = (Candidate) { exp ((logits[v] - logits[likeliest]) / s->temperature), (gint32) v };
      total += all[v].weight;
    }
  rank (&ranking, all, n);
  kept = cut (s, &ranking, total, &left);
  left *= assay_rng_uniform (&rng);
  for (gint64 k = 0; k < kept; k++)
    {
      const Candidate *candidate = look_at (&ranking, k);

      *token = candidate->token;
      left -= candidate->weight;
      if (left < 0)
        break;
    }
  return TRUE;
}
