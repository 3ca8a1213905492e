/* SPDX-License-Identifier: GPL-3.0-or-later */
/* observed.c: different values by hashing their features' bytes. */
#include "probes/observed.h"

#include <string.h>

#define BLOCK 256

typedef struct {
  const AssayColumnRange *range;
  GHashTable *seen;             /* GBytes of the features -> place + 1 */
  GArray *example, *count;      /* gint64 */
  GByteArray *features;
} Collection;

static void
collection_init (Collection *c, const AssayColumnRange *range)
{
  *c = (Collection) { range, g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL),
                      g_array_new (FALSE, FALSE, sizeof (gint64)), g_array_new (FALSE, FALSE, sizeof (gint64)), g_byte_array_new () };
}

/* -0 is 0: both are the same value. */
static void
collect (Collection *c, gint64 example, const double *x)
{
  gsize size = c->range->n * sizeof (double);
  g_autofree double *own = g_new (double, c->range->n);
  g_autoptr (GBytes) bytes = NULL;
  gsize place;
  gint64 one = 1;

  for (gint64 k = 0; k < c->range->n; k++)
    own[k] = x[c->range->first + k] + 0.0;
  bytes = g_bytes_new (own, size);
  place = GPOINTER_TO_SIZE (g_hash_table_lookup (c->seen, bytes));
  if (place > 0)
    {
      g_array_index (c->count, gint64, place - 1)++;
      return;
    }
  g_array_append_val (c->example, example);
  g_array_append_val (c->count, one);
  g_byte_array_append (c->features, (const guint8 *) own, size);
  g_hash_table_insert (c->seen, g_steal_pointer (&bytes), GSIZE_TO_POINTER (c->example->len));
}

static void
collection_finish (Collection *c, AssayObservedValues *values)
{
  values->M = c->example->len;
  values->example = (gint64 *) (gpointer) g_array_free (c->example, FALSE);
  values->count = (gint64 *) (gpointer) g_array_free (c->count, FALSE);
  values->features = (double *) (gpointer) g_byte_array_free (c->features, FALSE);
  g_hash_table_unref (c->seen);
}

AssayObservedValues *
assay_observed_new (AssayDataset *dataset, const gint64 *examples, gint64 N, const AssayColumnRange *column, gint64 C, AssayProgress *progress,
                    GError **error)
{
  AssayShape shape = assay_dataset_get_shape (dataset);
  gint64 D = assay_shape_count (&shape);
  g_autofree double *x = g_new (double, BLOCK * D);
  g_autofree Collection *collections = g_new (Collection, MAX (C, 1));
  AssayObservedValues *values = g_new0 (AssayObservedValues, MAX (C, 1));
  gboolean ok = TRUE;

  for (gint64 c = 0; c < C; c++)
    collection_init (&collections[c], &column[c]);
  for (gint64 done = 0; ok && done < N; done += BLOCK)
    {
      gint64 block = MIN (BLOCK, N - done);
      AssayBatch batch = { .dtype = ASSAY_F64, .x = x };

      assay_dataset_fill (dataset, examples + done, block, &batch);
      for (gint64 i = 0; i < block; i++)
        for (gint64 c = 0; c < C; c++)
          collect (&collections[c], examples[done + i], x + i * D);
      ok = !assay_progress_is_cancelled (progress, error);
      assay_progress_report (progress, "collecting values", done + block, N, "examples", NULL);
    }
  for (gint64 c = 0; c < C; c++)
    collection_finish (&collections[c], &values[c]);
  if (ok)
    return values;
  assay_observed_free (values, C);
  return NULL;
}

void
assay_observed_free (AssayObservedValues *values, gint64 C)
{
  for (gint64 c = 0; values != NULL && c < C; c++)
    {
      g_free (values[c].example);
      g_free (values[c].count);
      g_free (values[c].features);
    }
  g_free (values);
}

gboolean
assay_observed_try (const AssayObservedValues *values, const AssayColumnRange *column, AssayMargin *margin, const double *x, double *logits,
                    GError **error)
{
  gint64 D = assay_margin_get_size (margin), V = assay_margin_get_width (margin);
  g_autofree double *input = g_new (double, BLOCK * D);

  for (gint64 done = 0; done < values->M; done += BLOCK)
    {
      gint64 block = MIN (BLOCK, values->M - done);

      for (gint64 m = 0; m < block; m++)
        {
          memcpy (input + m * D, x, D * sizeof (double));
          memcpy (input + m * D + column->first, values->features + (done + m) * column->n, column->n * sizeof (double));
        }
      if (!assay_margin_logits (margin, input, block, logits + done * V, error))
        return FALSE;
    }
  return TRUE;
}
