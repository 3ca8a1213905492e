/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_there.c: calls of kernels/op_record.cu, and copies beside the walk that follows. A batch is one buffer: where the entries of each row end; of each tap the channels of
 * numbers that do not fit, and these numbers; then the rows of all taps, or in the same place the values of all entries, one tap behind the other, and their channels. */
#include "run/record_there.h"

#include "tensor/op_call.h"

#define ALIGNED(bytes) (((bytes) + 255) & ~(gsize) 255)

typedef struct {
  gsize end, channel, number, rows;     /* where a tap's are in the buffer */
  gsize lo, hi;                         /* and in that of the bounds */
} Part;

struct _AssayRecordThere {
  AssayBackend *backend;
  const GPtrArray *taps;
  AssayDtype dtype;
  AssayStoreType type;
  Part *part;                   /* (taps) */
  gsize heads, rows, bytes;     /* of the batch: behind the ends, behind what does not fit, and all */
  gint64 n, room;               /* rows; entries that there is room for in their place */
  void *at, *buffer;            /* the device's; */
  void *bounds, *mask;          /* NULL: not bounded */
  gsize bound_bytes;
  gint64 words;                 /* of a row of the mask of the widest tap */
  gint64 total;                 /* entries that were sent; -1: rows were */
  AssayCopy *copy, *channels;   /* NULL: none was begun */
  gsize skipped;                /* what lies in front of the copy in the buffer */
  const char *here;             /* theirs */
  const gint32 *channels_here;
};

/* Values of all taps but patterns are on the device. */
static const AssayRecordTap *
get_tap (const AssayRecordThere *t, guint k)
{
  const AssayRecordTap *tap = t->taps->pdata[k];

  return tap->attention == NULL ? tap : NULL;
}

static gsize
take (gsize *end, gsize bytes)
{
  const gsize at = *end;

  *end += ALIGNED (bytes);
  return at;
}

/* Finds where everything is of n rows. */
static void
lay_out (AssayRecordThere *t, gint64 n)
{
  const gsize width = assay_store_type_width (t->type);

  t->n = n;
  t->bytes = 0;
  for (guint k = 0; t->bound_bytes > 0 && k < t->taps->len; k++)
    if (get_tap (t, k) != NULL)
      t->part[k].end = take (&t->bytes, (gsize) n * sizeof (gint64));
  t->heads = t->bytes;
  for (guint k = 0; k < t->taps->len; k++)
    if (get_tap (t, k) != NULL)
      {
        t->part[k].channel = take (&t->bytes, (gsize) n * sizeof (gint32));
        t->part[k].number = take (&t->bytes, (gsize) n * assay_dtype_width (t->dtype));
      }
  t->rows = t->bytes;
  for (guint k = 0; k < t->taps->len; k++)
    if (get_tap (t, k) != NULL)
      t->part[k].rows = take (&t->bytes, (gsize) (n * get_tap (t, k)->C) * width);
  t->room = t->bytes > t->rows ? (gint64) ((t->bytes - t->rows - sizeof (gint64)) / (width + sizeof (gint32))) : 0;
}

/* Where the channels of entries are: behind the values that have room. */
static gsize
find_channels (const AssayRecordThere *t)
{
  const gsize values = (gsize) t->room * assay_store_type_width (t->type);

  return t->rows + (values + sizeof (gint64) - 1) / sizeof (gint64) * sizeof (gint64);
}

static AssayStoreType
choose_type (AssayDtype dtype, AssayStoreType type)
{
  return dtype == ASSAY_F32 && type == ASSAY_STORE_F64 ? ASSAY_STORE_F32 : type;
}

static void
lay_out_bounds (AssayRecordThere *t)
{
  for (guint k = 0; k < t->taps->len; k++)
    {
      const AssayRecordTap *tap = get_tap (t, k);

      if (tap == NULL)
        continue;
      t->part[k].lo = take (&t->bound_bytes, (gsize) tap->C * sizeof (double));
      t->part[k].hi = take (&t->bound_bytes, (gsize) tap->C * sizeof (double));
      t->words = MAX (t->words, (tap->C + 31) / 32);
    }
}

AssayRecordThere *
assay_record_there_new (AssayBackend *backend, const GPtrArray *taps, AssayDtype dtype, AssayStoreType type, gint64 most_rows, gboolean bounded, GError **error)
{
  g_autoptr (AssayRecordThere) t = g_new0 (AssayRecordThere, 1);

  t->backend = backend;
  t->taps = taps;
  t->dtype = dtype;
  t->type = choose_type (dtype, type);
  t->part = g_new0 (Part, taps->len);
  if (bounded)
    lay_out_bounds (t);
  lay_out (t, most_rows);
  t->at = backend->alloc (backend, (gsize) most_rows * sizeof (gint64), error);
  t->buffer = t->at ? backend->alloc (backend, MAX (1, t->bytes), error) : NULL;
  if (t->buffer == NULL || t->bound_bytes == 0)
    return t->buffer ? g_steal_pointer (&t) : NULL;
  t->bounds = backend->alloc (backend, t->bound_bytes, error);
  t->mask = t->bounds ? backend->alloc (backend, (gsize) (most_rows * t->words) * sizeof (guint32), error) : NULL;
  return t->mask ? g_steal_pointer (&t) : NULL;
}

static void
drop_copies (AssayRecordThere *t)
{
  t->backend->copy_out_drop (t->backend, g_steal_pointer (&t->copy));
  t->backend->copy_out_drop (t->backend, g_steal_pointer (&t->channels));
}

void
assay_record_there_free (AssayRecordThere *t)
{
  if (t == NULL)
    return;
  drop_copies (t);                                                /* which read what is released */
  t->backend->release (t->backend, t->at);
  t->backend->release (t->backend, t->buffer);
  t->backend->release (t->backend, t->bounds);
  t->backend->release (t->backend, t->mask);
  g_free (t->part);
  g_free (t);
}

/* --- queueing ---------------------------------------------------------------------------------------------------------------- */

/* The numbers that kernels/op_record.cu has for stored types. */
static double
get_code (AssayStoreType type)
{
  return type == ASSAY_STORE_F16 ? 0 : type == ASSAY_STORE_BF16 ? 1 : type == ASSAY_STORE_F32 ? 2 : 3;
}

static gboolean
run (AssayRecordThere *t, const char *op, AssayOpCall *call, GError **error)
{
  const double code = get_code (t->type);

  call->attr = &code;
  return t->backend->run_op (t->backend, op, ASSAY_FWD, t->dtype, call, error);
}

/* From all rows of the value, whatever other axes it has. */
static gboolean
gather (AssayRecordThere *t, guint k, const void *value, GError **error)
{
  const gint64 C = get_tap (t, k)->C;
  const AssayShape in[] = { ASSAY_SHAPE (t->n, C), ASSAY_SHAPE (t->n) }, out[] = { ASSAY_SHAPE (t->n, C), ASSAY_SHAPE (t->n), ASSAY_SHAPE (t->n) };
  char *to = t->buffer;
  AssayOpCall call = { .n_in = 2, .n_out = 3, .in_shape = in, .out_shape = out, .x = { value, t->at },
                       .y = { to + t->part[k].rows, to + t->part[k].channel, to + t->part[k].number } };

  return run (t, "record_rows", &call, error);
}

/* before: how many lie in front of this tap's entries, there; NULL: none. */
static gboolean
gather_entries (AssayRecordThere *t, guint k, const void *value, const void *before, GError **error)
{
  const gint64 C = get_tap (t, k)->C;
  const AssayShape rows = ASSAY_SHAPE (t->n, C), row = ASSAY_SHAPE (t->n), bounds = ASSAY_SHAPE (C), mask = ASSAY_SHAPE (t->n, (C + 31) / 32), room = ASSAY_SHAPE (t->room);
  const AssayShape mask_in[] = { rows, row, bounds, bounds }, mask_out[] = { mask, row, row, row }, in[] = { rows, row, mask, ASSAY_SHAPE (1) }, out[] = { room, room, row };
  const char *limits = t->bounds;
  char *to = t->buffer;
  AssayOpCall find = { .n_in = 4, .n_out = 4, .in_shape = mask_in, .out_shape = mask_out, .x = { value, t->at, limits + t->part[k].lo, limits + t->part[k].hi },
                       .y = { t->mask, to + t->part[k].end, to + t->part[k].channel, to + t->part[k].number } };
  AssayOpCall list = { .n_in = 4, .n_out = 3, .in_shape = in, .out_shape = out, .x = { value, t->at, t->mask, before },
                       .y = { to + t->rows, to + find_channels (t), to + t->part[k].end } };

  return run (t, "record_mask", &find, error) && run (t, "record_entries", &list, error);
}

static gboolean
copy_bounds (AssayRecordThere *t, const AssayRecordBounds *bounds, GError **error)
{
  char *to = t->bounds;

  for (guint k = 0; k < t->taps->len; k++)
    {
      const AssayRecordTap *tap = get_tap (t, k);
      const gsize bytes = tap ? (gsize) tap->C * sizeof (double) : 0;

      if (tap != NULL && (!t->backend->copy_in (t->backend, to + t->part[k].lo, bounds[k].lo, bytes, error)
                          || !t->backend->copy_in (t->backend, to + t->part[k].hi, bounds[k].hi, bytes, error)))
        return FALSE;
    }
  return TRUE;
}

/* t->total: how many entries of all taps there are, -1 where there is no room for all. */
static gboolean
send_entries (AssayRecordThere *t, const AssayExec *exec, const AssayRecordBounds *bounds, GError **error)
{
  const gsize width = assay_store_type_width (t->type);
  const char *buffer = t->buffer, *before = NULL;

  if (!copy_bounds (t, bounds, error))
    return FALSE;
  for (guint k = 0; k < t->taps->len; k++)
    {
      const AssayRecordTap *tap = get_tap (t, k);

      if (tap == NULL)
        continue;
      if (!gather_entries (t, k, assay_exec_get_there (exec, ASSAY_PRIMAL, tap->value), before, error))
        return FALSE;
      before = buffer + t->part[k].end + (gsize) (t->n - 1) * sizeof (gint64);
    }
  if (before == NULL || !t->backend->copy_out (t->backend, &t->total, before, sizeof t->total, error))
    return before == NULL;                                        /* patterns alone */
  if (t->total > t->room)
    {
      t->total = -1;
      return TRUE;
    }
  t->skipped = 0;
  return t->backend->copy_out_begin (t->backend, buffer, t->rows + (gsize) t->total * width, &t->copy, error)
         && (t->total == 0 || t->backend->copy_out_begin (t->backend, buffer + find_channels (t), (gsize) t->total * sizeof (gint32), &t->channels, error));
}

static gboolean
send_rows (AssayRecordThere *t, const AssayExec *exec, GError **error)
{
  for (guint k = 0; k < t->taps->len; k++)
    {
      const AssayRecordTap *tap = get_tap (t, k);

      if (tap != NULL && !gather (t, k, assay_exec_get_there (exec, ASSAY_PRIMAL, tap->value), error))
        return FALSE;
    }
  t->skipped = t->heads;
  return t->backend->copy_out_begin (t->backend, (const char *) t->buffer + t->skipped, t->bytes - t->skipped, &t->copy, error);
}

gboolean
assay_record_there_send (AssayRecordThere *t, const AssayExec *exec, const gint64 *at, gint64 n, const AssayRecordBounds *bounds, GError **error)
{
  drop_copies (t);
  lay_out (t, n);
  t->total = -1;
  return t->backend->copy_in (t->backend, t->at, at, (gsize) n * sizeof *at, error) && (bounds == NULL || send_entries (t, exec, bounds, error))
         && (t->total >= 0 || send_rows (t, exec, error));
}

/* --- what arrived ------------------------------------------------------------------------------------------------------------- */

gboolean
assay_record_there_receive (AssayRecordThere *t, GError **error)
{
  gconstpointer host, channels = NULL;

  if (!t->backend->copy_out_end (t->backend, t->copy, &host, error) || (t->channels != NULL && !t->backend->copy_out_end (t->backend, t->channels, &channels, error)))
    return FALSE;
  t->here = host;
  t->channels_here = channels;
  return TRUE;
}

AssayStoreType
assay_record_there_get_type (const AssayRecordThere *t)
{
  return t->type;
}

/* What has arrived of that place in the buffer. */
static gconstpointer
get_here (const AssayRecordThere *t, gsize place)
{
  return t->here + (place - t->skipped);
}

gconstpointer
assay_record_there_get_rows (const AssayRecordThere *t, guint k)
{
  return get_here (t, t->part[k].rows);
}

gconstpointer
assay_record_there_get_at (const AssayRecordThere *t)
{
  return t->at;
}

gboolean
assay_record_there_has_entries (const AssayRecordThere *t)
{
  return t->total >= 0;
}

AssayRecordEntries
assay_record_there_get_entries (const AssayRecordThere *t, guint k)
{
  const gint64 *end = get_here (t, t->part[k].end);
  gint64 before = 0;

  for (guint j = k; j > 0 && before == 0; j--)
    if (get_tap (t, j - 1) != NULL)
      before = ((const gint64 *) get_here (t, t->part[j - 1].end))[t->n - 1];
  return (AssayRecordEntries) { .n = t->n, .before = before, .end = end, .type = t->type,
                                .value = (const char *) get_here (t, t->rows) + (gsize) before * assay_store_type_width (t->type),
                                .channel = t->channels_here ? t->channels_here + before : NULL };
}

gint64
assay_record_there_find_unfit (const AssayRecordThere *t, guint k, gint64 *channel, double *number)
{
  const gint32 *channels = get_here (t, t->part[k].channel);
  const void *numbers = get_here (t, t->part[k].number);

  for (gint64 row = 0; row < t->n; row++)
    if (channels[row] >= 0)
      {
        *channel = channels[row];
        *number = t->dtype == ASSAY_F32 ? (double) ((const float *) numbers)[row] : ((const double *) numbers)[row];
        return row;
      }
  return -1;
}
