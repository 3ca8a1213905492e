/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_rows.c: lengths of examples, summed; or tickets, of which the lowest are kept. */
#include "run/record_rows.h"

#include "base/mem.h"
#include "base/rng.h"
#include "run/record.h"

#include <stdlib.h>

typedef struct { guint64 number; gint64 i; gint32 position; } Ticket;

typedef struct {
  Ticket *ticket;               /* (2 sample) */
  gint64 n, sample;
  gboolean is_full;             /* `worst` is the highest number that may still be drawn */
  Ticket worst;
} Draw;

static int
by_number (gconstpointer a, gconstpointer b)
{
  const Ticket *x = a, *y = b;

  if (x->number != y->number)
    return x->number < y->number ? -1 : 1;
  if (x->i != y->i)
    return x->i < y->i ? -1 : 1;
  return x->position < y->position ? -1 : x->position > y->position;
}

static int
by_place (gconstpointer a, gconstpointer b)
{
  const Ticket *x = a, *y = b;

  if (x->i != y->i)
    return x->i < y->i ? -1 : 1;
  return x->position < y->position ? -1 : x->position > y->position;
}

static void
cut_back (Draw *draw)
{
  qsort (draw->ticket, (gsize) draw->n, sizeof *draw->ticket, by_number);
  draw->n = MIN (draw->n, draw->sample);
  draw->is_full = draw->n == draw->sample;
  if (draw->is_full)
    draw->worst = draw->ticket[draw->n - 1];
}

static void
offer (Draw *draw, Ticket ticket)
{
  if (draw->is_full && by_number (&ticket, &draw->worst) > 0)
    return;
  draw->ticket[draw->n++] = ticket;
  if (draw->n == 2 * draw->sample)
    cut_back (draw);
}

static gint64
get_length (const AssayModel *model, const AssayDataset *dataset, gint64 example)
{
  return assay_record_get_positions (model) > 1 ? MIN (assay_dataset_get_length (dataset, example), assay_record_get_positions (model)) : 1;
}

/* The numbers of an example's rows are one stream, by position. */
static void
offer_example (Draw *draw, guint64 seed, gint64 i, gint64 example, gint64 n)
{
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("record.sample", (guint64) example));

  for (gint64 t = 0; t < n; t++)
    offer (draw, (Ticket) { assay_rng_u64 (&rng), i, (gint32) t });
}

static void
take_draw (AssayRecordRows *rows, Draw *draw)
{
  cut_back (draw);
  qsort (draw->ticket, (gsize) draw->n, sizeof *draw->ticket, by_place);
  rows->n = draw->n;
  for (gint64 r = 0; r < draw->n; r++)
    {
      rows->position[r] = draw->ticket[r].position;
      rows->offset[draw->ticket[r].i + 1]++;
    }
  for (gint64 i = 0; i < rows->N; i++)
    rows->offset[i + 1] += rows->offset[i];
}

static gboolean
draw_rows (AssayRecordRows *rows, const AssayModel *model, const AssayDataset *dataset, const gint64 *examples, guint64 seed, gint64 sample, GError **error)
{
  Draw draw = { .sample = sample };

  draw.ticket = assay_mem_alloc_array ((guint64) sample, 2 * sizeof *draw.ticket, error);
  rows->position = draw.ticket ? assay_mem_new (gint32, sample, error) : NULL;
  for (gint64 i = 0; rows->position != NULL && i < rows->N; i++)
    offer_example (&draw, seed, i, examples[i], get_length (model, dataset, examples[i]));
  if (rows->position != NULL)
    take_draw (rows, &draw);
  assay_mem_free (draw.ticket);
  return rows->position != NULL;
}

AssayRecordRows *
assay_record_rows_new (const AssayModel *model, const AssayDataset *dataset, const gint64 *examples, gint64 N, gint64 sample, guint64 seed, GError **error)
{
  g_autoptr (AssayRecordRows) rows = g_new0 (AssayRecordRows, 1);
  gint64 n = 0;

  rows->N = N;
  rows->offset = assay_mem_new (gint64, N + 1, error);
  if (rows->offset == NULL)
    return NULL;
  for (gint64 i = 0; i < N; i++)
    n += get_length (model, dataset, examples[i]);
  if (sample > 0 && sample < n)
    return draw_rows (rows, model, dataset, examples, seed, sample, error) ? g_steal_pointer (&rows) : NULL;
  for (gint64 i = 0; i < N; i++)
    rows->offset[i + 1] = rows->offset[i] + get_length (model, dataset, examples[i]);
  rows->n = n;
  return g_steal_pointer (&rows);
}

AssayRecordRows *
assay_record_rows_new_single (gint64 N, GError **error)
{
  g_autoptr (AssayRecordRows) rows = g_new0 (AssayRecordRows, 1);

  rows->N = rows->n = N;
  rows->offset = assay_mem_new (gint64, N + 1, error);
  for (gint64 i = 0; rows->offset != NULL && i <= N; i++)
    rows->offset[i] = i;
  return rows->offset ? g_steal_pointer (&rows) : NULL;
}

static gint64
count_targets (const AssayDataset *dataset, gint64 example, gint64 T, gint32 *position)
{
  gint64 n = 0;

  for (gint64 t = 0; t < T; t++)
    if (assay_dataset_get_weight (dataset, example, t) != 0)
      {
        if (position != NULL)
          position[n] = (gint32) t;
        n++;
      }
  return n;
}

AssayRecordRows *
assay_record_rows_new_targets (const AssayModel *model, const AssayDataset *dataset, const gint64 *examples, gint64 N, GError **error)
{
  g_autoptr (AssayRecordRows) rows = g_new0 (AssayRecordRows, 1);
  gint64 T = assay_record_get_positions (model);

  rows->N = N;
  rows->offset = assay_mem_new (gint64, N + 1, error);
  if (rows->offset == NULL)
    return NULL;
  for (gint64 i = 0; i < N; i++)
    rows->offset[i + 1] = rows->offset[i] + count_targets (dataset, examples[i], T, NULL);
  rows->n = rows->offset[N];
  rows->position = assay_mem_new (gint32, MAX (rows->n, 1), error);
  for (gint64 i = 0; rows->position != NULL && i < N; i++)
    count_targets (dataset, examples[i], T, rows->position + rows->offset[i]);
  return rows->position ? g_steal_pointer (&rows) : NULL;
}

void
assay_record_rows_free (AssayRecordRows *rows)
{
  if (rows == NULL)
    return;
  assay_mem_free (rows->offset);
  assay_mem_free (rows->position);
  g_free (rows);
}

gint64
assay_record_rows_find (const AssayRecordRows *rows, gint64 row)
{
  gint64 lo = 0, hi = rows->N;

  while (lo < hi)                                                 /* the least i with offset[i+1] > row */
    {
      gint64 middle = lo + (hi - lo) / 2;

      if (rows->offset[middle + 1] > row)
        hi = middle;
      else
        lo = middle + 1;
    }
  return lo;
}
