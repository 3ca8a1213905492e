/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collective.c: agreements, broadcasts and ordered sums of sends and receives along the ring of ranks. */
#include "base/collective.h"

#include "base/error.h"

#include <string.h>

#define PIECE ((gint64) (ASSAY_COLLECTIVE_PIECE / sizeof (double)))
#define MOST_TEXT 4000

void
assay_collective_end (AssayCollective *self, int status)
{
  if (self != NULL)
    self->end (self, status);
}

gboolean
assay_collective_is_first (const AssayCollective *self)
{
  return self == NULL || self->rank == 0;
}

static gboolean
pass_on (AssayCollective *self, guint to, gconstpointer data, gsize bytes, GError **error)
{
  self->is_broken = self->is_broken || !self->send (self, to, data, bytes, error);
  return !self->is_broken;
}

static gboolean
take (AssayCollective *self, guint from, gpointer data, gsize bytes, GError **error)
{
  self->is_broken = self->is_broken || !self->receive (self, from, data, bytes, error);
  return !self->is_broken;
}

/* From root along the ring, piece by piece. */
static gboolean
spread (AssayCollective *self, guint root, gpointer data, gsize bytes, GError **error)
{
  guint before, behind;

  if (self == NULL)
    return TRUE;
  before = (self->rank + self->size - 1) % self->size;
  behind = (self->rank + 1) % self->size;
  for (gsize at = 0; at < bytes; at += ASSAY_COLLECTIVE_PIECE)
    {
      const gsize n = MIN (ASSAY_COLLECTIVE_PIECE, bytes - at);

      if ((self->rank != root && !take (self, before, (guint8 *) data + at, n, error)) || (behind != root && !pass_on (self, behind, (guint8 *) data + at, n, error)))
        return FALSE;
    }
  return TRUE;
}

/* --- agreement ------------------------------------------------------------------------------------------------------------ */

/* Goes through all ranks in order; the first that failed fills it in. */
typedef struct {
  gint32 has_failed, rank, code, is_ours;
  char text[MOST_TEXT];
} Verdict;

static void
fill_in (Verdict *verdict, guint rank, const GError *fault)
{
  verdict->has_failed = TRUE;
  verdict->rank = (gint32) rank;
  verdict->is_ours = fault->domain == ASSAY_ERROR;
  verdict->code = fault->code;
  g_strlcpy (verdict->text, fault->message, sizeof verdict->text);
}

static void
set_error (const Verdict *verdict, GError **error)
{
  const int code = verdict->is_ours ? verdict->code : ASSAY_ERROR_IO;     /* which has the exit status of other domains */

  if (verdict->rank == 0)
    g_set_error_literal (error, ASSAY_ERROR, code, verdict->text);
  else
    g_set_error (error, ASSAY_ERROR, code, "rank %d: %s", verdict->rank, verdict->text);
}

gboolean
assay_collective_agree (AssayCollective *self, GError *fault, GError **error)
{
  Verdict verdict = { 0 };

  if (self == NULL || self->has_failed || self->is_broken)
    {
      if (fault != NULL)
        g_propagate_error (error, fault);
      else if (self != NULL)
        g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_IO, "the ranks have ended already");
      return self == NULL && fault == NULL;
    }
  if (self->rank > 0 && !take (self, self->rank - 1, &verdict, sizeof verdict, error))
    {
      g_clear_error (&fault);
      return FALSE;
    }
  if (fault != NULL && !verdict.has_failed)
    fill_in (&verdict, self->rank, fault);
  g_clear_error (&fault);
  if ((self->rank + 1 < self->size && !pass_on (self, self->rank + 1, &verdict, sizeof verdict, error))
      || !spread (self, self->size - 1, &verdict, sizeof verdict, error))
    return FALSE;
  if (!verdict.has_failed)
    return TRUE;
  self->has_failed = TRUE;
  set_error (&verdict, error);
  return FALSE;
}

gboolean
assay_collective_broadcast (AssayCollective *self, guint root, gpointer data, gsize bytes, GError **error)
{
  return assay_collective_agree (self, NULL, error) && spread (self, root, data, bytes, error);
}

gboolean
assay_collective_require_same (AssayCollective *self, const char *what, const char *text, GError **error)
{
  char first[MOST_TEXT] = "";
  GError *fault = NULL;

  if (self == NULL)
    return TRUE;
  if (self->rank == 0)
    g_strlcpy (first, text, sizeof first);
  if (!assay_collective_broadcast (self, 0, first, sizeof first, error))
    return FALSE;
  if (strncmp (first, text, sizeof first - 1) != 0)
    g_set_error (&fault, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: that of rank 0 expected, %s, %s found; all ranks do one job", what, first, text);
  return assay_collective_agree (self, fault, error);
}

/* --- sums ----------------------------------------------------------------------------------------------------------------- */

/* In this process's memory, by what agreements go by; data: the ranks. */
static gboolean
send_here (gpointer data, guint to, const double *x, gint64 n, GError **error)
{
  return ((AssayCollective *) data)->send (data, to, x, (gsize) n * sizeof *x, error);
}

static gboolean
receive_here (gpointer data, guint from, double *x, gint64 n, GError **error)
{
  return ((AssayCollective *) data)->receive (data, from, x, (gsize) n * sizeof *x, error);
}

static gboolean
zero_here (gpointer data, double *x, gint64 n, GError **error)
{
  (void) data;
  (void) error;
  memset (x, 0, (gsize) n * sizeof *x);
  return TRUE;
}

static gboolean
add_here (gpointer data, gint64 n, const double *term, double *total, GError **error)
{
  (void) data;
  (void) error;
  for (gint64 i = 0; i < n; i++)
    total[i] += term[i];
  return TRUE;
}

static gboolean
wait_here (gpointer data, GError **error)
{
  (void) data;
  (void) error;
  return TRUE;
}

/* One term of each of the ranks 0 .. m-1 is added to the total, in their order: it comes from the last rank (unless is_first: it is nothing yet), passes
 * through them piece by piece, and stays with rank m-1.
 * The last rank gives and takes: it takes pieces so far behind those it gives that each rank between has one in hand, and no further, since a rank that
 * gives waits until the other takes. */
static gboolean
add_round (const AssayCollective *self, guint m, gboolean is_first, const AssayCollectiveLane *lane, GError **error)
{
  const guint last = self->size - 1;
  const gboolean gives = !is_first && self->rank == last, takes = self->rank < m;
  const gint64 lag = gives && takes ? (gint64) self->size - 2 : 0, width = lane->width, piece = lane->piece, n = (width + piece - 1) / piece;

  for (gint64 k = 0; k < n + lag; k++)
    {
      const gint64 at = (k - lag) * piece;

      if (gives && k < n && !lane->send (lane->data, 0, lane->total + k * piece, MIN (piece, width - k * piece), error))
        return FALSE;
      if (takes && at >= 0)
        {
          const gint64 count = MIN (piece, width - at);
          double *total = lane->total + at;

          if (!(self->rank == 0 && is_first ? lane->zero (lane->data, total, count, error)
                : lane->receive (lane->data, self->rank == 0 ? last : self->rank - 1, total, count, error))
              || !lane->add (lane->data, count, lane->sums + at, total, error)
              || (self->rank < m - 1 && !lane->send (lane->data, self->rank + 1, total, count, error)))
            return FALSE;
        }
    }
  return lane->wait (lane->data, error);
}

/* The total of root along the ring. */
static gboolean
spread_total (const AssayCollective *self, guint root, const AssayCollectiveLane *lane, GError **error)
{
  const guint before = (self->rank + self->size - 1) % self->size, behind = (self->rank + 1) % self->size;

  for (gint64 at = 0; at < lane->width; at += lane->piece)
    {
      const gint64 n = MIN (lane->piece, lane->width - at);

      if ((self->rank != root && !lane->receive (lane->data, before, lane->total + at, n, error))
          || (behind != root && !lane->send (lane->data, behind, lane->total + at, n, error)))
        return FALSE;
    }
  return lane->wait (lane->data, error);
}

/* A process alone. */
static gboolean
add_alone (gboolean is_first, const AssayCollectiveLane *lane, GError **error)
{
  return (!is_first || lane->zero (lane->data, lane->total, lane->width, error)) && lane->add (lane->data, lane->width, lane->sums, lane->total, error);
}

gboolean
assay_collective_sum (AssayCollective *self, gint64 n, gint64 width, AssayCollectiveTerm compute, gpointer data, double *sums, double *total,
                      const AssayCollectiveLane *beside, GError **error)
{
  const AssayCollectiveLane here = { .width = width, .piece = PIECE, .sums = sums, .total = total, .data = self, .send = send_here, .receive = receive_here,
                                     .zero = zero_here, .add = add_here, .wait = wait_here };
  const AssayCollectiveLane *lanes[] = { &here, beside };
  const gint64 size = self ? self->size : 1, rank = self ? self->rank : 0;
  const guint n_lanes = beside ? 2 : 1;

  for (gint64 k = 0; k < n; k += size)
    {
      const gint64 m = MIN (size, n - k);
      GError *fault = NULL;

      if (rank < m)
        compute (data, k + rank, sums, &fault);
      if (!assay_collective_agree (self, fault, error))
        return FALSE;
      for (guint l = 0; l < n_lanes; l++)
        if (self == NULL)
          {
            if (!add_alone (k == 0, lanes[l], error))
              return FALSE;
          }
        else if (!add_round (self, (guint) m, k == 0, lanes[l], error))
          return !(self->is_broken = TRUE);
    }
  for (guint l = 0; self != NULL && l < n_lanes; l++)
    if (!spread_total (self, (guint) ((n - 1) % size), lanes[l], error))
      return !(self->is_broken = TRUE);
  return TRUE;
}
