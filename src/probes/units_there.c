/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_there.c: calls of kernels/op_statistics.cu. Each tap has one buffer: counts of its units, then their sums. */
#include "probes/units_there.h"

#include "base/mem.h"
#include "tensor/op_call.h"

#define MOST_ROWS ((gint64) 1 << 22)    /* a number or a square adds at most 2^40 to a sum */

struct _AssayUnitsThere {
  AssayBackend *backend;
  const GPtrArray *taps;
  AssayDtype dtype;
  gpointer *tap;                /* (taps) (C,256) and (C,4) of 64 bits, the device's; NULL: of a pattern */
  gint64 *n;                    /* (taps) rows since they were collected */
  gint64 *here;                 /* room for the largest of them */
};

static gint64
count_numbers (gint64 C)
{
  return C * (ASSAY_UNIT_BINS + ASSAY_UNIT_SUMS);
}

AssayUnitsThere *
assay_units_there_new (AssayBackend *backend, const GPtrArray *taps, AssayDtype dtype, GError **error)
{
  g_autoptr (AssayUnitsThere) t = g_new0 (AssayUnitsThere, 1);
  gint64 most = 0;

  t->backend = backend;
  t->taps = taps;
  t->dtype = dtype;
  t->tap = g_new0 (gpointer, taps->len);
  t->n = g_new0 (gint64, taps->len);
  for (guint k = 0; k < taps->len; k++)
    {
      const AssayRecordTap *tap = taps->pdata[k];

      most = MAX (most, count_numbers (tap->C));
      if (tap->attention == NULL && (t->tap[k] = backend->alloc (backend, (gsize) count_numbers (tap->C) * sizeof (gint64), error)) == NULL)
        return NULL;
    }
  t->here = assay_mem_new (gint64, most, error);
  return t->here ? g_steal_pointer (&t) : NULL;
}

void
assay_units_there_free (AssayUnitsThere *t)
{
  if (t == NULL)
    return;
  for (guint k = 0; k < t->taps->len; k++)
    t->backend->release (t->backend, t->tap[k]);
  assay_mem_free (t->here);
  g_free (t->tap);
  g_free (t->n);
  g_free (t);
}

gboolean
assay_units_there_has_room (const AssayUnitsThere *t, gint64 n)
{
  for (guint k = 0; k < t->taps->len; k++)
    if (t->n[k] > MOST_ROWS - n)
      return FALSE;
  return TRUE;
}

gboolean
assay_units_there_add (AssayUnitsThere *t, guint k, gconstpointer value, gconstpointer at, gint64 n, GError **error)
{
  const gint64 C = ((AssayRecordTap *) t->taps->pdata[k])->C;
  const AssayShape in[] = { ASSAY_SHAPE (n, C), ASSAY_SHAPE (n) }, out[] = { ASSAY_SHAPE (C, ASSAY_UNIT_BINS), ASSAY_SHAPE (C, ASSAY_UNIT_SUMS) };
  gint64 *to = t->tap[k];
  AssayOpCall call = { .n_in = 2, .n_out = 2, .in_shape = in, .out_shape = out, .x = { value, at }, .y = { to, to + C * ASSAY_UNIT_BINS } };

  t->n[k] += n;
  return t->backend->run_op (t->backend, "count_units", ASSAY_FWD, t->dtype, &call, error);
}

gboolean
assay_units_there_collect (AssayUnitsThere *t, AssayUnitSummary *unit, GError **error)
{
  for (guint k = 0; k < t->taps->len; k++)
    {
      const gint64 C = ((AssayRecordTap *) t->taps->pdata[k])->C;
      const gsize bytes = (gsize) count_numbers (C) * sizeof (gint64);

      if (t->n[k] > 0 && (!t->backend->copy_out (t->backend, t->here, t->tap[k], bytes, error) || !t->backend->zero (t->backend, t->tap[k], bytes, error)))
        return FALSE;
      for (gint64 u = 0; t->n[k] > 0 && u < C; u++)
        assay_unit_summary_add_counts (&unit[u], t->n[k], t->here + u * ASSAY_UNIT_BINS, t->here + C * ASSAY_UNIT_BINS + u * ASSAY_UNIT_SUMS);
      t->n[k] = 0;
      unit += C;
    }
  return TRUE;
}
