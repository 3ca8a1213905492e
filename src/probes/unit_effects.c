/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_effects.c: weights of a few units at a time, and their extremes. */
#include "probes/unit_effects.h"

#include "base/mem.h"
#include "base/num.h"

#define BLOCK_BYTES ((gsize) 64 << 20)  /* of weights that are held at once */

AssayUnitEffects *
assay_unit_effects_new (AssayUnitSideKind kind, gint64 C, gint64 n, guint k, GError **error)
{
  g_autoptr (AssayUnitEffects) e = g_new0 (AssayUnitEffects, 1);
  guint64 total;

  e->kind = kind;
  e->C = C;
  e->n = n;
  e->k = k;
  if (kind == ASSAY_SIDE_MISSING)
    return g_steal_pointer (&e);
  if (!assay_size_mul ((guint64) C, MAX (k, 1), &total))
    total = G_MAXUINT64 / sizeof (AssayUnitEffect);               /* refused by its size */
  if ((e->positive = assay_mem_new (AssayUnitEffect, total, error)) == NULL || (e->negative = assay_mem_new (AssayUnitEffect, total, error)) == NULL
      || (e->n_positive = assay_mem_new (guint, C, error)) == NULL || (e->n_negative = assay_mem_new (guint, C, error)) == NULL)
    return NULL;
  return g_steal_pointer (&e);
}

void
assay_unit_effects_free (AssayUnitEffects *e)
{
  if (e == NULL)
    return;
  assay_mem_free (e->positive);
  assay_mem_free (e->negative);
  assay_mem_free (e->n_positive);
  assay_mem_free (e->n_negative);
  g_free (e->reason);
  g_free (e->through);
  g_free (e->of);
  g_free (e->norm);
  g_free (e);
}

AssayUnitEffects *
assay_unit_effects_find (const AssayUnitDirections *d, const AssayUnitSide *side, guint k, AssayWorkers *workers, AssayProgress *progress, GError **error)
{
  guint most = (guint) MIN ((gint64) k, side->n);
  g_autoptr (AssayUnitEffects) e = assay_unit_effects_new (side->kind, d->C, side->n, most, error);
  g_autoptr (AssayBuffer) weight = NULL;
  gint64 block;

  if (e == NULL)
    return NULL;
  e->is_write = side->is_write;
  e->centred = side->centred;
  e->reason = g_strdup (side->reason);
  e->through = g_strdup (side->through);
  e->of = g_strdup (side->of);
  e->norm = g_strdup (side->norm);
  if (side->kind == ASSAY_SIDE_MISSING)
    return g_steal_pointer (&e);
  block = CLAMP ((gint64) (BLOCK_BYTES / ((gsize) MAX (side->n, 1) * sizeof (double))), 1, d->C);
  weight = assay_mem_new (double, (guint64) block * (guint64) side->n, error);
  if (weight == NULL)
    return NULL;
  for (gint64 first = 0; first < d->C; first += block)
    {
      gint64 n = MIN (block, d->C - first);

      if (assay_progress_is_cancelled (progress, error) || !assay_unit_side_compute (d, side, first, n, workers, weight, error))
        return NULL;
      for (gint64 u = first; u < first + n; u++)
        assay_unit_side_top ((double *) weight + (u - first) * side->n, side->n, most, e->positive + u * most, &e->n_positive[u],
                             e->negative + u * most, &e->n_negative[u]);
      assay_progress_report (progress, "reading weights", (guint64) (first + n), (guint64) d->C, "units", NULL);
    }
  return g_steal_pointer (&e);
}
