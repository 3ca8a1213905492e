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

static void
add (gint64 n, const double *term, double *total)
{
  for (gint64 i = 0; i < n; i++)
    total[i] += term[i];
}

/* One term of each of the ranks 0 .. m-1 is added to the total, in their order: it comes from the last rank (unless is_first: it is nothing yet), passes
 * through them piece by piece, and stays with rank m-1.
 * The last rank gives and takes: it takes pieces so far behind those it gives that each rank between has one in hand, and no further, since a rank that
 * gives waits until the other takes. */
static gboolean
add_round (AssayCollective *self, guint m, gboolean is_first, gint64 width, const double *term, double *total, GError **error)
{
  const guint last = self->size - 1;
  const gboolean gives = !is_first && self->rank == last, takes = self->rank < m;
  const gint64 lag = gives && takes ? (gint64) self->size - 2 : 0, n = (width + PIECE - 1) / PIECE;

  for (gint64 k = 0; k < n + lag; k++)
    {
      const gint64 at = (k - lag) * PIECE;

      if (gives && k < n && !pass_on (self, 0, total + k * PIECE, (gsize) MIN (PIECE, width - k * PIECE) * sizeof *total, error))
        return FALSE;
      if (takes && at >= 0)
        {
          const gint64 count = MIN (PIECE, width - at);

          if (self->rank == 0 && is_first)
            memset (total + at, 0, (gsize) count * sizeof *total);
          else if (!take (self, self->rank == 0 ? last : self->rank - 1, total + at, (gsize) count * sizeof *total, error))
            return FALSE;
          add (count, term + at, total + at);
          if (self->rank < m - 1 && !pass_on (self, self->rank + 1, total + at, (gsize) count * sizeof *total, error))
            return FALSE;
        }
    }
  return TRUE;
}

gboolean
assay_collective_sum (AssayCollective *self, gint64 n, gint64 width, AssayCollectiveTerm compute, gpointer data, double *sums, double *total, GError **error)
{
  const gint64 size = self ? self->size : 1, rank = self ? self->rank : 0;

  if (self == NULL)
    memset (total, 0, (gsize) width * sizeof *total);
  for (gint64 k = 0; k < n; k += size)
    {
      const gint64 m = MIN (size, n - k);
      GError *fault = NULL;

      if (rank < m)
        compute (data, k + rank, sums, &fault);
      if (!assay_collective_agree (self, fault, error))
        return FALSE;
      if (self == NULL)
        add (width, sums, total);
      else if (!add_round (self, (guint) m, k == 0, width, sums, total, error))
        return FALSE;
    }
  return spread (self, (guint) ((n - 1) % size), total, (gsize) width * sizeof *total, error);
}
