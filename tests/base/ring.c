/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring.c: mailboxes between every two ranks. */
#include "ring.h"

#include <string.h>

typedef struct {
  gconstpointer data;           /* NULL: empty */
  gsize bytes;
} Box;

typedef struct {
  GMutex mutex;
  GCond cond;
  Box *box;                     /* (size, size): from, to */
  guint size;
  RingFunc func;
  gpointer data;
} Ring;

typedef struct {
  AssayCollective collective;
  Ring *ring;
} RingRank;

static gboolean
send_box (AssayCollective *self, guint to, gconstpointer data, gsize bytes, GError **error)
{
  Ring *ring = ((RingRank *) self)->ring;
  Box *box = &ring->box[self->rank * ring->size + to];

  (void) error;
  g_assert_cmpuint (bytes, <=, ASSAY_COLLECTIVE_PIECE);
  g_assert_cmpuint (to, !=, self->rank);
  g_mutex_lock (&ring->mutex);
  *box = (Box) { data, bytes };
  g_cond_broadcast (&ring->cond);
  while (box->data != NULL)
    g_cond_wait (&ring->cond, &ring->mutex);
  g_mutex_unlock (&ring->mutex);
  return TRUE;
}

static gboolean
receive_box (AssayCollective *self, guint from, gpointer data, gsize bytes, GError **error)
{
  Ring *ring = ((RingRank *) self)->ring;
  Box *box = &ring->box[from * ring->size + self->rank];

  (void) error;
  g_mutex_lock (&ring->mutex);
  while (box->data == NULL)
    g_cond_wait (&ring->cond, &ring->mutex);
  g_assert_cmpuint (box->bytes, ==, bytes);               /* both speak of the same thing */
  memcpy (data, box->data, bytes);
  box->data = NULL;
  g_cond_broadcast (&ring->cond);
  g_mutex_unlock (&ring->mutex);
  return TRUE;
}

static gpointer
run_rank (gpointer data)
{
  RingRank *rank = data;

  rank->ring->func (&rank->collective, rank->ring->data);
  return NULL;
}

void
ring_run (guint size, RingFunc func, gpointer data)
{
  Ring ring = { .size = size, .func = func, .data = data, .box = g_new0 (Box, size * size) };
  g_autofree RingRank *rank = g_new0 (RingRank, size);
  g_autofree GThread **thread = g_new0 (GThread *, size);

  g_mutex_init (&ring.mutex);
  g_cond_init (&ring.cond);
  for (guint k = 0; k < size; k++)
    {
      rank[k] = (RingRank) { { .name = "threads", .rank = k, .size = size, .here = k, .send = send_box, .receive = receive_box }, &ring };
      thread[k] = g_thread_new ("rank", run_rank, &rank[k]);
    }
  for (guint k = 0; k < size; k++)
    g_thread_join (thread[k]);
  for (guint k = 0; k < size * size; k++)
    g_assert_null (ring.box[k].data);
  g_mutex_clear (&ring.mutex);
  g_cond_clear (&ring.cond);
  g_free (ring.box);
}
