/* SPDX-License-Identifier: GPL-3.0-or-later */
/* staging.c: copies to and from a device around each walk. */
#include "model/staging.h"

/* A buffer that can be read when a walk has ended. */
typedef struct {
  AssayPlane plane;
  guint value;
  gsize offset, bytes;          /* in the arena */
  gboolean is_kept;             /* until the walk has ended */
  void *host;
} Readable;

typedef struct {
  gconstpointer host;           /* the caller's; NULL: nothing was bound */
  gpointer device;
} Input;

struct _AssayStaging {
  AssayGraph *graph;
  AssayBackend *backend;
  gsize width;
  gint64 K;                     /* directions and products */
  gpointer vector[ASSAY_N_VECTORS];
  Input *inputs;                /* (values) */
  GArray *readable;
};

static gsize
count_bytes (const AssayStaging *staging, guint value)
{
  const AssayGraphValue *v = assay_graph_get_value (staging->graph, value);

  return (gsize) assay_shape_count (&v->shape) * (v->is_index ? sizeof (gint32) : staging->width);
}

static void
add_readable (AssayStaging *staging, const AssayPlan *plan, AssayPlane plane, guint value, gboolean is_kept)
{
  Readable r = { .plane = plane, .value = value, .is_kept = is_kept };

  if (value == ASSAY_NO_VALUE || (r.offset = assay_plan_get_offset (plan, plane, value)) == G_MAXSIZE || assay_staging_get (staging, plane, value) != NULL)
    return;
  r.bytes = count_bytes (staging, value) + (gsize) (staging->K - 1) * assay_plan_get_apart (plan, plane, value);
  r.host = g_malloc0 (MAX (1, r.bytes));
  g_array_append_val (staging->readable, r);
}

AssayStaging *
assay_staging_new (AssayGraph *graph, const AssayPlan *plan, AssayDtype dtype, gint64 K, AssayBackend *backend, const guint *keep)
{
  AssayStaging *staging = g_new0 (AssayStaging, 1);
  const guint losses[] = { assay_graph_get_loss (graph), assay_graph_get_token_loss (graph) };

  staging->graph = assay_graph_ref (graph);
  staging->backend = backend;
  staging->width = assay_dtype_width (dtype);
  staging->K = K;
  staging->inputs = g_new0 (Input, assay_graph_get_n_values (graph));
  staging->readable = g_array_new (FALSE, FALSE, sizeof (Readable));
  for (guint k = 0; k < G_N_ELEMENTS (losses); k++)
    {
      add_readable (staging, plan, ASSAY_PRIMAL, losses[k], TRUE);
      add_readable (staging, plan, ASSAY_TANGENT, losses[k], TRUE);
    }
  for (guint k = 0; keep != NULL && keep[k] != ASSAY_NO_VALUE; k++)
    add_readable (staging, plan, keep[k] >> 31 ? ASSAY_ADJOINT : ASSAY_PRIMAL, keep[k] & ~(1u << 31), TRUE);
  return staging;
}

void
assay_staging_free (AssayStaging *staging)
{
  if (staging == NULL)
    return;
  for (guint k = 0; k < ASSAY_N_VECTORS; k++)
    if (staging->vector[k] != NULL)
      staging->backend->release (staging->backend, staging->vector[k]);
  for (guint v = 0; v < assay_graph_get_n_values (staging->graph); v++)
    if (staging->inputs[v].device != NULL)
      staging->backend->release (staging->backend, staging->inputs[v].device);
  for (guint k = 0; k < staging->readable->len; k++)
    g_free (g_array_index (staging->readable, Readable, k).host);
  g_array_unref (staging->readable);
  g_free (staging->inputs);
  assay_graph_unref (staging->graph);
  g_free (staging);
}

void
assay_staging_set_input (AssayStaging *staging, guint value, const void *host)
{
  staging->inputs[value].host = host;
}

const void *
assay_staging_get_input (const AssayStaging *staging, guint value)
{
  return staging->inputs[value].host;
}

gboolean
assay_staging_send_inputs (AssayStaging *staging, const void **inputs, GError **error)
{
  for (guint v = 0; v < assay_graph_get_n_values (staging->graph); v++)
    {
      Input *input = &staging->inputs[v];
      const gsize bytes = input->host != NULL ? count_bytes (staging, v) : 0;

      if (input->host == NULL)
        continue;
      if (input->device == NULL && (input->device = staging->backend->alloc (staging->backend, MAX (1, bytes), error)) == NULL)
        return FALSE;
      if (!staging->backend->copy_in (staging->backend, input->device, input->host, bytes, error))
        return FALSE;
      inputs[v] = input->device;
    }
  return TRUE;
}

gboolean
assay_staging_send (AssayStaging *staging, AssayVector vector, gint64 n, const void *host, gboolean only_room, void **there, GError **error)
{
  const gsize each = (gsize) assay_graph_get_n_params (staging->graph) * staging->width;
  const gsize room = each * (gsize) (vector == ASSAY_VECTOR_DIRECTION || vector == ASSAY_VECTOR_PRODUCT ? staging->K : 1);
  gpointer *at = &staging->vector[vector];

  *there = NULL;
  if (host == NULL)
    return TRUE;
  if (staging->backend->owns (staging->backend, host))
    {
      *there = (void *) host;
      return TRUE;
    }
  if (*at == NULL && (*at = staging->backend->alloc (staging->backend, MAX (1, room), error)) == NULL)
    return FALSE;
  *there = *at;
  return only_room || staging->backend->copy_in (staging->backend, *at, host, (gsize) n * each, error);
}

gboolean
assay_staging_fetch (AssayStaging *staging, AssayVector vector, gint64 n, void *host, GError **error)
{
  return host == NULL || staging->backend->owns (staging->backend, host)
         || staging->backend->copy_out (staging->backend, host, staging->vector[vector], (gsize) (n * assay_graph_get_n_params (staging->graph)) * staging->width, error);
}

gboolean
assay_staging_fetch_all (AssayStaging *staging, const char *arena, GError **error)
{
  for (guint k = 0; k < staging->readable->len; k++)
    {
      const Readable *r = &g_array_index (staging->readable, Readable, k);

      if (r->is_kept && !staging->backend->copy_out (staging->backend, r->host, arena + r->offset, r->bytes, error))
        return FALSE;
    }
  return TRUE;
}

void
assay_staging_leave (AssayStaging *staging, AssayPlane plane, guint value)
{
  for (guint k = 0; k < staging->readable->len; k++)
    {
      Readable *r = &g_array_index (staging->readable, Readable, k);

      if (r->plane == plane && r->value == value && r->is_kept)
        {
          r->is_kept = FALSE;
          g_clear_pointer (&r->host, g_free);
        }
    }
}

void
assay_staging_offer (AssayStaging *staging, const AssayPlan *plan, guint value)
{
  add_readable (staging, plan, ASSAY_PRIMAL, value, FALSE);
}

gboolean
assay_staging_fetch_one (AssayStaging *staging, guint value, const char *arena, GError **error)
{
  for (guint k = 0; k < staging->readable->len; k++)
    {
      const Readable *r = &g_array_index (staging->readable, Readable, k);

      if (r->plane == ASSAY_PRIMAL && r->value == value && r->host != NULL)
        return staging->backend->copy_out (staging->backend, r->host, arena + r->offset, r->bytes, error);
    }
  return TRUE;
}

const void *
assay_staging_get (const AssayStaging *staging, AssayPlane plane, guint value)
{
  for (guint k = 0; k < staging->readable->len; k++)
    {
      const Readable *r = &g_array_index (staging->readable, Readable, k);

      if (r->plane == plane && r->value == value)
        return r->host;
    }
  return NULL;
}
