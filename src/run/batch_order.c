/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch_order.c: one shuffle in memory, made again when another epoch is asked for. */
#include "run/batch_order.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"

#include <string.h>

struct _AssayBatchOrder {
  gint64 N, B, epoch;           /* epoch of the shuffle in memory; -1: none */
  guint64 seed;
  gint64 *shuffle;              /* (N), or NULL: given */
  const gint64 *given;
  guint8 *group;                /* (N), or NULL: none */
  guint n_groups;
  gint64 *sorted;               /* (N) for the shuffle under way */
  gint64 *turn;                 /* (N / B) of the batches of an epoch */
};

AssayBatchOrder *
assay_batch_order_new (gint64 N, gint64 B, guint64 seed, GError **error)
{
  g_autoptr (AssayBatchOrder) order = g_new0 (AssayBatchOrder, 1);

  g_return_val_if_fail (B >= 1 && B <= N, NULL);
  order->N = N;
  order->B = B;
  order->seed = seed;
  order->epoch = -1;
  order->shuffle = assay_mem_new (gint64, N, error);
  return order->shuffle ? g_steal_pointer (&order) : NULL;
}

AssayBatchOrder *
assay_batch_order_new_given (const gint64 *list, gint64 n, gint64 N, gint64 B, GError **error)
{
  AssayBatchOrder *order;

  for (gint64 k = 0; k < n; k++)
    if (list[k] < 0 || list[k] >= N)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "order of the batches, entry %" G_GINT64_FORMAT ": a training example from 0 to %"
                     G_GINT64_FORMAT " expected, %" G_GINT64_FORMAT " found", k, N - 1, list[k]);
        return NULL;
      }
  if (n < B)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "order of the batches: at least one batch of %" G_GINT64_FORMAT " examples expected, %"
                   G_GINT64_FORMAT " found", B, n);
      return NULL;
    }
  order = g_new0 (AssayBatchOrder, 1);
  order->N = N;
  order->B = B;
  order->given = list;
  return order;
}

void
assay_batch_order_free (AssayBatchOrder *order)
{
  if (order == NULL)
    return;
  assay_mem_free (order->shuffle);
  assay_mem_free (order->group);
  assay_mem_free (order->sorted);
  assay_mem_free (order->turn);
  g_free (order);
}

gboolean
assay_batch_order_group (AssayBatchOrder *order, const guint8 *group, guint n, GError **error)
{
  g_return_val_if_fail (order->given == NULL && order->epoch < 0, FALSE);
  order->sorted = assay_mem_new (gint64, order->N, error);
  order->turn = order->sorted ? assay_mem_new (gint64, order->N / order->B, error) : NULL;
  order->group = order->turn ? assay_mem_new (guint8, order->N, error) : NULL;
  if (order->group == NULL)
    return FALSE;
  memcpy (order->group, group, order->N);
  order->n_groups = n;
  return TRUE;
}

/* The n batches that begin at `places`, an epoch's own, sorted by group and in shuffled turns. */
static void
sort_batches (AssayBatchOrder *order, AssayRng *rng, gint64 *places, gint64 n)
{
  gint64 at = 0;

  for (guint k = 0; k < order->n_groups; k++)
    for (gint64 i = 0; i < n * order->B; i++)
      if (order->group[places[i]] == k)
        order->sorted[at++] = places[i];
  for (gint64 j = 0; j < n; j++)
    order->turn[j] = j;
  assay_rng_shuffle (rng, order->turn, n);
  for (gint64 j = 0; j < n; j++)
    memcpy (places + j * order->B, order->sorted + order->turn[j] * order->B, order->B * sizeof *places);
}

static void
use_epoch (AssayBatchOrder *order, gint64 epoch)
{
  AssayRng rng = assay_rng_new (order->seed, assay_rng_stream ("batch order", epoch));
  gint64 begun = epoch * order->N % order->B, first = begun > 0 ? order->B - begun : 0; /* places that fill the batch of the epoch before */

  if (order->epoch == epoch)
    return;
  order->epoch = epoch;
  for (gint64 i = 0; i < order->N; i++)
    order->shuffle[i] = i;
  if (order->B < order->N)
    assay_rng_shuffle (&rng, order->shuffle, order->N);
  if (order->group != NULL)
    sort_batches (order, &rng, order->shuffle + first, (order->N - first) / order->B);
}

void
assay_batch_order_get (AssayBatchOrder *order, gint64 step, gint64 *places)
{
  gint64 epoch = step * order->B / order->N, at = step * order->B % order->N;

  if (order->given != NULL)
    {
      memcpy (places, order->given + step * order->B, order->B * sizeof *places);
      return;
    }
  use_epoch (order, epoch);
  for (gint64 b = 0; b < order->B; b++)
    {
      if (at == order->N)
        {
          use_epoch (order, ++epoch);
          at = 0;
        }
      places[b] = order->shuffle[at++];
    }
}
