/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_together.c: sums over stretches that go from rank to rank: in memory, or from device to device. */
#include "hessian/factors_together.h"

#include "base/mem.h"
#include "run/backend_vector.h"

#include <string.h>

#define PIECE ((gint64) 2 << 20)        /* numbers: 16 MiB, beside which the start of a transfer is little */

static gboolean
sum_together (gpointer data, const char *stage, gint64 n, gint64 width, AssayFactorsCompute compute, gpointer compute_data, double *total, gboolean *whole,
              GError **error)
{
  AssayCollective *collective = data;
  GError *fault = NULL;
  g_autoptr (AssayBuffer) sums = assay_mem_alloc_array (width, sizeof (double), &fault);

  (void) stage;
  *whole = TRUE;
  return assay_collective_agree (collective, fault, error)
         && assay_collective_sum (collective, n, width, compute, compute_data, sums, total, NULL, error);
}

AssayFactorsSummer
assay_factors_summer_of_ranks (AssayCollective *collective)
{
  return (AssayFactorsSummer) { .sum = sum_together, .data = collective, .ranks = collective };
}

/* --- from device to device ------------------------------------------------------------------------------------------------- */

static gboolean
send_there (gpointer device, guint to, const double *x, gint64 n, GError **error)
{
  return ((AssayBackend *) device)->send (device, to, x, (gsize) n * sizeof *x, error);
}

static gboolean
receive_there (gpointer device, guint from, double *x, gint64 n, GError **error)
{
  return ((AssayBackend *) device)->receive (device, from, x, (gsize) n * sizeof *x, error);
}

static gboolean
zero_there (gpointer device, double *x, gint64 n, GError **error)
{
  return ((AssayBackend *) device)->zero (device, x, (gsize) n * sizeof *x, error);
}

static gboolean
add_there (gpointer device, gint64 n, const double *term, double *total, GError **error)
{
  return assay_backend_vector_add (device, ASSAY_F64, n, 1, term, total, error);
}

static gboolean
wait_there (gpointer device, GError **error)
{
  return ((AssayBackend *) device)->sync (device, error);
}

AssayCollectiveLane
assay_factors_lane_of_device (AssayBackend *device, gint64 width, double *sums, double *total)
{
  return (AssayCollectiveLane) { .width = width, .piece = PIECE, .sums = sums, .total = total, .data = device, .send = send_there, .receive = receive_there,
                                 .zero = zero_there, .add = add_there, .wait = wait_there };
}

typedef struct {
  guint8 card[ASSAY_BACKEND_CARD_ID];
  gint32 is_ready;
} Peer;

/* Each with a device of its own: two ranks that share one cannot send to each other. */
static gboolean
are_ready (const Peer *peer, guint n)
{
  for (guint r = 0; r < n; r++)
    {
      if (!peer[r].is_ready)
        return FALSE;
      for (guint other = 0; other < r; other++)
        if (memcmp (peer[r].card, peer[other].card, sizeof peer[r].card) == 0)
          return FALSE;
    }
  return TRUE;
}

static gboolean
join (AssayCollective *ranks, AssayBackend *device, GError **error)
{
  guint8 id[ASSAY_BACKEND_RANKS_ID] = { 0 };
  GError *fault = NULL;

  if (assay_collective_is_first (ranks))
    device->make_ranks_id (device, id, &fault);
  if (!assay_collective_agree (ranks, fault, error) || !assay_collective_broadcast (ranks, 0, id, sizeof id, error))
    return FALSE;
  if (device->join (device, id, ranks->rank, ranks->size, error))
    return TRUE;
  ranks->is_broken = TRUE;                                        /* the others wait in there for this one */
  return FALSE;
}

gboolean
assay_factors_join_ranks (AssayCollective *ranks, AssayBackend *device, gboolean has_room, gboolean *has_joined, GError **error)
{
  g_autofree Peer *peer = g_new0 (Peer, ranks->size);

  memcpy (peer[ranks->rank].card, device->card_id, sizeof peer->card);
  peer[ranks->rank].is_ready = has_room && device->ranks_library != 0;
  for (guint r = 0; r < ranks->size; r++)
    if (!assay_collective_broadcast (ranks, r, &peer[r], sizeof *peer, error))
      return FALSE;
  *has_joined = are_ready (peer, ranks->size);
  return !*has_joined || device->has_joined || join (ranks, device, error);
}
