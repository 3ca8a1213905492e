/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_there.c: calls of kernels/op_record.cu, and a copy beside the walk that follows. A batch is one buffer: of each tap its rows, the channels of numbers that do not fit, and these numbers. */
#include "run/record_there.h"

#include "tensor/op_call.h"

#define ALIGNED(bytes) (((bytes) + 255) & ~(gsize) 255)

typedef struct { gsize rows, channel, number; } Part;   /* where a tap's are in the buffer */

struct _AssayRecordThere {
  AssayBackend *backend;
  const GPtrArray *taps;
  AssayDtype dtype;
  AssayStoreType type;
  Part *part;                   /* (taps) */
  gsize bytes;                  /* of the batch */
  gint64 n;
  void *at, *buffer;            /* the device's */
  AssayCopy *copy;              /* NULL: none was begun */
  const char *here;             /* its */
};

/* Finds where everything is of n rows. */
static void
lay_out (AssayRecordThere *t, gint64 n)
{
  t->n = n;
  t->bytes = 0;
  for (guint k = 0; k < t->taps->len; k++)
    {
      const AssayRecordTap *tap = t->taps->pdata[k];
      Part *part = &t->part[k];

      if (tap->attention != NULL)
        continue;
      part->rows = t->bytes;
      part->channel = part->rows + ALIGNED ((gsize) (n * tap->C) * assay_store_type_width (t->type));
      part->number = part->channel + ALIGNED ((gsize) n * sizeof (gint32));
      t->bytes = part->number + ALIGNED ((gsize) n * assay_dtype_width (t->dtype));
    }
}

static AssayStoreType
choose_type (AssayDtype dtype, AssayStoreType type)
{
  return dtype == ASSAY_F32 && type == ASSAY_STORE_F64 ? ASSAY_STORE_F32 : type;
}

AssayRecordThere *
assay_record_there_new (AssayBackend *backend, const GPtrArray *taps, AssayDtype dtype, AssayStoreType type, gint64 most_rows, GError **error)
{
  g_autoptr (AssayRecordThere) t = g_new0 (AssayRecordThere, 1);

  t->backend = backend;
  t->taps = taps;
  t->dtype = dtype;
  t->type = choose_type (dtype, type);
  t->part = g_new0 (Part, taps->len);
  lay_out (t, most_rows);
  t->at = backend->alloc (backend, (gsize) most_rows * sizeof (gint64), error);
  t->buffer = t->at ? backend->alloc (backend, MAX (1, t->bytes), error) : NULL;
  return t->buffer ? g_steal_pointer (&t) : NULL;
}

void
assay_record_there_free (AssayRecordThere *t)
{
  if (t == NULL)
    return;
  t->backend->copy_out_drop (t->backend, t->copy);                /* which reads what is released */
  t->backend->release (t->backend, t->at);
  t->backend->release (t->backend, t->buffer);
  g_free (t->part);
  g_free (t);
}

/* The numbers that kernels/op_record.cu has for stored types. */
static double
get_code (AssayStoreType type)
{
  return type == ASSAY_STORE_F16 ? 0 : type == ASSAY_STORE_BF16 ? 1 : type == ASSAY_STORE_F32 ? 2 : 3;
}

/* From all rows of the value, whatever other axes it has. */
static gboolean
gather (AssayRecordThere *t, guint k, const void *value, GError **error)
{
  const AssayRecordTap *tap = t->taps->pdata[k];
  const AssayShape in[] = { ASSAY_SHAPE (t->n, tap->C), ASSAY_SHAPE (t->n) }, out[] = { ASSAY_SHAPE (t->n, tap->C), ASSAY_SHAPE (t->n), ASSAY_SHAPE (t->n) };
  const double code = get_code (t->type);
  char *to = t->buffer;
  AssayOpCall call = { .n_in = 2, .n_out = 3, .in_shape = in, .out_shape = out, .attr = &code, .x = { value, t->at },
                       .y = { to + t->part[k].rows, to + t->part[k].channel, to + t->part[k].number } };

  return t->backend->run_op (t->backend, "record_rows", ASSAY_FWD, t->dtype, &call, error);
}

gboolean
assay_record_there_send (AssayRecordThere *t, const AssayExec *exec, const gint64 *at, gint64 n, GError **error)
{
  t->backend->copy_out_drop (t->backend, g_steal_pointer (&t->copy));
  lay_out (t, n);
  if (!t->backend->copy_in (t->backend, t->at, at, (gsize) n * sizeof *at, error))
    return FALSE;
  for (guint k = 0; k < t->taps->len; k++)
    {
      const AssayRecordTap *tap = t->taps->pdata[k];

      if (tap->attention == NULL && !gather (t, k, assay_exec_get_there (exec, ASSAY_PRIMAL, tap->value), error))
        return FALSE;
    }
  return t->backend->copy_out_begin (t->backend, t->buffer, t->bytes, &t->copy, error);
}

gboolean
assay_record_there_receive (AssayRecordThere *t, GError **error)
{
  gconstpointer host;

  if (!t->backend->copy_out_end (t->backend, t->copy, &host, error))
    return FALSE;
  t->here = host;
  return TRUE;
}

AssayStoreType
assay_record_there_get_type (const AssayRecordThere *t)
{
  return t->type;
}

gconstpointer
assay_record_there_get_rows (const AssayRecordThere *t, guint k)
{
  return t->here + t->part[k].rows;
}

gint64
assay_record_there_find_unfit (const AssayRecordThere *t, guint k, gint64 *channel, double *number)
{
  const gint32 *channels = (const gint32 *) (const void *) (t->here + t->part[k].channel);
  const void *numbers = t->here + t->part[k].number;

  for (gint64 row = 0; row < t->n; row++)
    if (channels[row] >= 0)
      {
        *channel = channels[row];
        *number = t->dtype == ASSAY_F32 ? (double) ((const float *) numbers)[row] : ((const double *) numbers)[row];
        return row;
      }
  return -1;
}
