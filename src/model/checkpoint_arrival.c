/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_arrival.c: see checkpoint_arrival.h. */
#include "model/checkpoint_arrival.h"

#include "base/error.h"
#include "base/mem.h"
#include "tensor/largest_bits.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#define STRETCH ((gint64) 1 << 16)      /* numbers that one thread looks at */

gboolean
assay_arrival_begin (AssayArrival *self, AssayModel *model, const AssayCheckpointOptions *options, const char *source, GError **error)
{
  *self = (AssayArrival) { .model = model, .workers = options ? options->workers : NULL, .source = source };
  if (options != NULL && options->is_packed)
    self->packed = assay_packed_weights_begin (model, options->packed, error);
  return options == NULL || !options->is_packed || self->packed != NULL;
}

void
assay_arrival_clear (AssayArrival *self)
{
  g_clear_pointer (&self->packed, assay_packed_weights_free);
}

/* --- numbers that are none --------------------------------------------------------------------------------------------------- */

/* The first that is not finite, or n. */
static gint64
find_not_finite (AssayDtype dtype, const void *values, gint64 n)
{
  gint64 i = 0;

  if (dtype == ASSAY_F64)
    while (i < n && isfinite (((const double *) values)[i]))
      i++;
  else
    while (i < n && isfinite (((const float *) values)[i]))
      i++;
  return i;
}

typedef struct {
  const float *values;
  gint64 n;
  atomic_int found;             /* a stretch with one that is not finite */
} Search;

static void
search_stretch (gsize block, guint worker, gpointer data)
{
  Search *search = data;
  const gint64 first = (gint64) block * STRETCH;

  (void) worker;
  if (assay_get_largest_bits (search->values + first, MIN (STRETCH, search->n - first)) >= ASSAY_INFINITE_BITS)
    atomic_store (&search->found, 1);
}

/* n: there is none. */
static gint64
find_fault (const AssayArrival *self, const void *values, gint64 n)
{
  Search search = { values, n, 0 };

  if (assay_model_get_dtype (self->model) != ASSAY_F32)
    return find_not_finite (ASSAY_F64, values, n);
  assay_workers_run (self->workers, (gsize) ((n + STRETCH - 1) / STRETCH), search_stretch, &search);
  return atomic_load (&search.found) ? find_not_finite (ASSAY_F32, values, n) : n;
}

/* --- one after another ------------------------------------------------------------------------------------------------------- */

gboolean
assay_arrival_add (AssayArrival *self, const AssayGraphValue *parameter, void *values, GError **error)
{
  const gint64 n = assay_shape_count (&parameter->shape), fault = find_fault (self, values, n);
  gboolean is_spare = FALSE;

  if (fault < n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s%sparameter %s is not finite at element %" G_GINT64_FORMAT
                   "; weights of a training that diverged cannot be used", self->source ? self->source : "", self->source ? ": " : "", parameter->name, fault);
      return FALSE;
    }
  if (self->packed != NULL && !assay_packed_weights_add (self->packed, parameter, values, self->workers, &is_spare, error))
    return FALSE;
  if (is_spare)
    assay_mem_give_back (values, (gsize) n * sizeof (float));
  return TRUE;
}

void
assay_arrival_end (AssayArrival *self)
{
  if (self->packed != NULL)
    assay_model_take_packed (self->model, g_steal_pointer (&self->packed));
}

gboolean
assay_checkpoint_settle (AssayModel *model, void *theta, const AssayCheckpointOptions *options, const char *source, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  const gsize width = assay_dtype_width (assay_model_get_dtype (model));
  g_auto (AssayArrival) arrival = { 0 };

  if (!assay_arrival_begin (&arrival, model, options, source, error))
    return FALSE;
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM && !assay_arrival_add (&arrival, p, (char *) theta + p->offset * (gint64) width, error))
        return FALSE;
    }
  assay_arrival_end (&arrival);
  return TRUE;
}
