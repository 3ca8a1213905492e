/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_draw.c: rows are visited by ascending priority, so the first of a band that come along are its draw. */
#include "probes/unit_draw.h"

#include "base/rng.h"

#include <stdlib.h>

guint64
assay_unit_draw_priority (guint64 seed, gint64 example, gint32 position)
{
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("unit.example", (guint64) example));

  rng.position = (guint64) position;
  return assay_rng_u64 (&rng);
}

typedef struct { guint64 priority; guint32 row; } Ticket;

static int
compare_tickets (gconstpointer a, gconstpointer b)
{
  const Ticket *x = a, *y = b;

  if (x->priority != y->priority)
    return x->priority < y->priority ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

void
assay_unit_draw_sort (const guint64 *priority, gint64 n, guint32 *order)
{
  g_autofree Ticket *ticket = g_new (Ticket, n);

  for (gint64 i = 0; i < n; i++)
    ticket[i] = (Ticket) { priority[i], (guint32) i };
  qsort (ticket, (gsize) n, sizeof *ticket, compare_tickets);
  for (gint64 i = 0; i < n; i++)
    order[i] = ticket[i].row;
}

static guint
find_band (const AssayUnitStatistics *s, double value)
{
  guint b = 0;

  while (s->band[b].count == 0 || value > s->band[b].hi)
    b++;
  return b;
}

/* Below it a row may still be drawn, from whatever band it is. */
static guint64
find_limit (const AssayUnitDraw *draw)
{
  guint64 limit = 0;

  for (guint b = 0; b < draw->s->n_bands; b++)
    {
      gint64 wanted = MIN (draw->s->band[b].count, (gint64) draw->E);

      if (draw->n[b] < wanted)
        return G_MAXUINT64;
      if (wanted > 0)
        limit = MAX (limit, draw->priority[b * draw->E + draw->n[b] - 1]);
    }
  return limit;
}

/* Keeps the band's rows by ascending priority. FALSE: the band has better ones. */
static gboolean
take (AssayUnitDraw *draw, guint band, const AssayUnitRow *row, guint64 priority)
{
  guint64 *of = draw->priority + band * draw->E;
  AssayUnitRow *rows = draw->rows + band * draw->E;
  guint k = draw->n[band];

  if (k == draw->E)
    {
      if (priority >= of[k - 1])
        return FALSE;
      k--;
    }
  else
    draw->n[band]++;
  for (; k > 0 && of[k - 1] > priority; k--)
    {
      of[k] = of[k - 1];
      rows[k] = rows[k - 1];
    }
  of[k] = priority;
  rows[k] = *row;
  return TRUE;
}

void
assay_unit_draw_add (AssayUnitDraw *draw, AssayStoreType type, const gint16 *keys, const double *values, const AssayUnitBlock *block,
                     const guint64 *priority, const guint32 *order)
{
  guint64 limit = find_limit (draw);

  if (draw->E == 0 || draw->s->nonzero == 0)
    return;
  for (gint64 i = 0; i < block->n && priority[order[i]] <= limit; i++)
    {
      guint32 k = order[i];
      AssayUnitRow row = { keys ? assay_unit_key_value (type, keys[k]) : values[k], block->example[k], block->position[k] };

      if (row.value != 0 && take (draw, find_band (draw->s, row.value), &row, priority[k]))
        limit = find_limit (draw);
    }
}

static int
from_largest (gconstpointer a, gconstpointer b)
{
  return assay_unit_row_compare (a, b, TRUE);
}

void
assay_unit_draw_finish (AssayUnitDraw *draw)
{
  for (guint b = 0; b < draw->s->n_bands; b++)
    qsort (draw->rows + b * draw->E, draw->n[b], sizeof *draw->rows, from_largest);
}
