/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_stream.c: slots of rounded rows travel to the thread that counts them and come back empty. On a device batches are counted where they are as soon as every unit
 * has its k best at either end, so that few rows may still be among these: only they come here. */
#include "probes/units_stream.h"

#include "base/error.h"
#include "base/mem.h"
#include "probes/unit_kernel.h"
#include "probes/unit_summary.h"
#include "probes/units_part.h"
#include "probes/units_there.h"
#include "run/record_walk.h"

#include <signal.h>
#include <string.h>

#define SLOTS 8
#define SLOT_BYTES ((gsize) 4 << 20)
#define MOST_ROWS 4096          /* of a slot */
#define STRIP 32                /* units that are turned round together: a cache line of 16-bit values */
#define SAVE_SECONDS 1800       /* a kill costs no more */
#define NOT_LOOKED_FOR "a summary was recorded, not the rows"

typedef struct {
  guint tap;
  gint64 n;                     /* rows; -1: there are no more */
  char *values;                 /* (n,C) */
  gint64 *example;              /* (MOST_ROWS) */
  gint32 *position;             /* (MOST_ROWS) */
} Slot;

typedef struct {
  AssayUnitSummary *unit;       /* (C), into the units of all taps */
  gint64 C, room;               /* rows of a slot */
} Tap;

typedef struct {
  const AssayRecording *r;
  json_t *identity;
  AssayStoreType type;
  gsize width;
  guint n_taps;
  Tap *tap;
  AssayUnitSummary *unit;       /* (n_units) of all taps */
  gint64 n_units;
  Slot slot[SLOTS];
  GAsyncQueue *empty, *full;    /* Slot */
  GThread *thread;
  Slot end;
  Slot *begun;                  /* walking */
  const gint64 *example;        /* walking: of the batch */
  const gint32 *position;
  guint walked;                 /* walking: tap under way */
  gint64 row;                   /* walking: its rows that were handed over */
  gint64 n, done;               /* walking: rows of the batch, and of all batches */
  gint64 saved;                 /* walking: when */
  AssayUnitsThere *there;       /* walking, as what follows: what a device counts; NULL: not yet, or nothing */
  const GPtrArray *taps;
  gboolean counts_there;        /* it may */
  gboolean ascending;           /* rows of later batches are behind those of earlier ones */
  gboolean has_entries;         /* of the batch */
  gint64 n_there;               /* rows of batches that had them */
  guint ahead;                  /* taps that were counted there and not yet handed over */
  AssayRecordBounds *bounds;    /* (taps) NULL: not yet */
  double *bound;                /* (2, n_units) what they point into: lo, hi */
  gint64 waited;                /* walking: microseconds */
  gint16 *keys;                 /* counting: (STRIP, MOST_ROWS) */
  double *numbers;              /* counting: one unit's, (MOST_ROWS), of types that are not counted by keys */
} Stream;

/* --- counting -------------------------------------------------------------------------------------------------------------- */

static gboolean
is_ascending (const Slot *slot)
{
  for (gint64 i = 1; i < slot->n; i++)
    if (slot->example[i] < slot->example[i - 1] || (slot->example[i] == slot->example[i - 1] && slot->position[i] <= slot->position[i - 1]))
      return FALSE;
  return TRUE;
}

static double
get_number (AssayStoreType type, const char *values, gint64 at)
{
  return type == ASSAY_STORE_F32 ? (double) ((const float *) (const void *) values)[at] : ((const double *) (const void *) values)[at];
}

static void
count_numbers (Stream *s, const Slot *slot, const AssayUnitBlock *block)
{
  const Tap *tap = &s->tap[slot->tap];

  for (gint64 u = 0; u < tap->C; u++)
    {
      for (gint64 i = 0; i < slot->n; i++)
        s->numbers[i] = get_number (s->type, slot->values, i * tap->C + u);
      assay_unit_summary_add (&tap->unit[u], NULL, s->numbers, block);
    }
}

static void
count_keys (Stream *s, const Slot *slot, const AssayUnitBlock *block)
{
  const Tap *tap = &s->tap[slot->tap];

  for (gint64 first = 0; first < tap->C; first += STRIP)
    {
      gint64 W = MIN (STRIP, tap->C - first);

      assay_unit_kernels_get ()->order ((const guint16 *) (const void *) slot->values + first, slot->n, tap->C, W, s->keys, MOST_ROWS);
      for (gint64 u = 0; u < W; u++)
        assay_unit_summary_add (&tap->unit[first + u], s->keys + u * MOST_ROWS, NULL, block);
    }
}

static gpointer
serve (gpointer data)
{
  Stream *s = data;
  Slot *slot;

  while ((slot = g_async_queue_pop (s->full))->n >= 0)
    {
      const AssayUnitBlock block = { slot->n, slot->example, slot->position, is_ascending (slot) };

      if (assay_unit_tally_counts (s->type))
        count_keys (s, slot, &block);
      else
        count_numbers (s, slot, &block);
      slot->n = 0;
      g_async_queue_push (s->empty, slot);
    }
  return NULL;
}

/* --- walking --------------------------------------------------------------------------------------------------------------- */

static void
post_begun (Stream *s)
{
  if (s->begun != NULL && s->begun->n > 0)
    g_async_queue_push (s->full, g_steal_pointer (&s->begun));
}

static Slot *
take_slot (Stream *s, guint tap)
{
  Slot *slot = g_async_queue_try_pop (s->empty);

  if (slot == NULL)
    {
      gint64 since = g_get_monotonic_time ();

      slot = g_async_queue_pop (s->empty);
      s->waited += g_get_monotonic_time () - since;
    }
  slot->tap = tap;
  return slot;
}

static gboolean
begin_batch (gpointer data, const gint64 *example, const gint32 *position, gint64 n, GError **error)
{
  Stream *s = data;

  (void) error;
  s->n = n;
  s->example = example;
  s->position = position;
  s->row = 0;
  s->has_entries = FALSE;
  s->walked = G_MAXUINT;
  return TRUE;
}

static gboolean
take_rows (gpointer data, guint k, AssayStoreType from, gconstpointer x, gint64 n, GError **error)
{
  Stream *s = data;
  const Tap *tap = &s->tap[k];
  const char *at = x;

  if (s->walked != k)
    {
      post_begun (s);
      s->row = 0;
      s->walked = k;
    }
  while (n > 0)
    {
      Slot *slot = s->begun = s->begun ? s->begun : take_slot (s, k);
      gint64 m = MIN (n, tap->room - slot->n);

      if (!assay_store_convert (s->type, slot->values + (gsize) (slot->n * tap->C) * s->width, from, at, (gsize) (m * tap->C), error))
        return FALSE;
      memcpy (slot->example + slot->n, s->example + s->row, (gsize) m * sizeof *slot->example);
      memcpy (slot->position + slot->n, s->position + s->row, (gsize) m * sizeof *slot->position);
      slot->n += m;
      s->row += m;
      n -= m;
      at += (gsize) (m * tap->C) * assay_store_type_width (from);
      if (slot->n == tap->room)
        post_begun (s);
    }
  return TRUE;
}

/* What a device counted joins the summaries. */
static gboolean
collect (Stream *s, GError **error)
{
  return s->there == NULL || assay_units_there_collect (s->there, s->unit, error);
}

static gboolean
save (Stream *s, GError **error)
{
  s->saved = g_get_monotonic_time ();
  if (!collect (s, error))
    return FALSE;
  return s->r->store == NULL || s->done == 0 || assay_units_part_save (s->r->store, s->r->name, s->identity, s->unit, s->n_units, s->done, error);
}

/* Until the other thread has nothing to do, and nothing is begun: summaries are this one's until a slot is posted. */
static void
rest (Stream *s)
{
  Slot *all[SLOTS];

  post_begun (s);
  for (guint k = 0; k < SLOTS; k++)
    all[k] = g_async_queue_pop (s->empty);
  for (guint k = 0; k < SLOTS; k++)
    g_async_queue_push (s->empty, all[k]);
}

static gboolean
is_save_due (const Stream *s)
{
  return g_get_monotonic_time () - s->saved >= SAVE_SECONDS * G_USEC_PER_SEC;
}

/* What is saved are whole batches: not while a device is one ahead. */
static gboolean
end_batch (gpointer data, GError **error)
{
  Stream *s = data;

  post_begun (s);
  s->done += s->n;
  s->n_there += s->has_entries ? s->n : 0;
  if (s->ahead > 0 || !is_save_due (s))
    return TRUE;
  rest (s);
  return save (s, error);
}

/* --- on a device ------------------------------------------------------------------------------------------------------------ */

/* FALSE: there is no memory for it, and the processor counts. */
static gboolean
begin_there (Stream *s)
{
  gint64 first = 0;

  if (s->bounds != NULL)
    return s->there != NULL;
  s->bounds = g_new0 (AssayRecordBounds, s->n_taps);
  s->bound = assay_mem_new (double, 2 * s->n_units, NULL);
  s->there = s->bound ? assay_units_there_new (s->r->backend, s->taps, assay_model_get_dtype (s->r->model), NULL) : NULL;
  for (guint k = 0; s->bound != NULL && k < s->n_taps; first += s->tap[k++].C)
    s->bounds[k] = (AssayRecordBounds) { s->bound + first, s->bound + s->n_units + first };
  return s->there != NULL;
}

/* None before every unit has its best, and none when it is time to save, so that the batch after the one that is ahead is none ahead. */
static const AssayRecordBounds *
get_bounds (gpointer data)
{
  Stream *s = data;

  if (s->done == 0 || is_save_due (s) || !begin_there (s))
    return NULL;
  rest (s);
  for (gint64 u = 0; u < s->n_units; u++)
    if (!assay_unit_summary_bound (&s->unit[u], s->ascending, &s->bound[u], &s->bound[s->n_units + u]))
      return NULL;
  return s->bounds;
}

static gboolean
count_there (gpointer data, guint k, gconstpointer value, gconstpointer at, gint64 n, GError **error)
{
  Stream *s = data;

  if (!assay_units_there_has_room (s->there, n))
    {
      rest (s);
      if (!collect (s, error))
        return FALSE;
    }
  s->ahead++;
  return assay_units_there_add (s->there, k, value, at, n, error);
}

static gboolean
take_entries (gpointer data, guint k, const AssayRecordEntries *e, GError **error)
{
  Stream *s = data;
  const char *value = e->value;
  gint64 i = 0;

  (void) error;
  rest (s);
  for (gint64 row = 0; row < e->n; row++)
    for (; i < e->end[row] - e->before; i++)
      {
        const gint16 key = assay_key_of_bits (((const guint16 *) (const void *) value)[i]);
        const AssayUnitRow one = { assay_unit_key_value (s->type, key), s->example[row], s->position[row] };

        assay_unit_summary_offer (&s->tap[k].unit[e->channel[i]], &one);
      }
  s->ahead--;
  s->has_entries = TRUE;
  return TRUE;
}

/* The walk needs the memory. */
static gboolean
give_up (gpointer data, GError **error)
{
  Stream *s = data;

  rest (s);
  if (!collect (s, error))
    return FALSE;
  g_clear_pointer (&s->there, assay_units_there_free);
  return TRUE;
}

/* --- making ---------------------------------------------------------------------------------------------------------------- */

static gint64
get_room (gint64 C, gsize width)
{
  return CLAMP ((gint64) (SLOT_BYTES / ((gsize) C * width)), 1, MOST_ROWS);
}

static gsize
measure_slot (const GPtrArray *taps, gsize width)
{
  gsize bytes = 0;

  for (guint k = 0; k < taps->len; k++)
    {
      gint64 C = ((AssayRecordTap *) taps->pdata[k])->C;

      bytes = MAX (bytes, (gsize) get_room (C, width) * (gsize) C * width);
    }
  return bytes;
}

gsize
assay_units_stream_measure (const GPtrArray *taps, gint64 top)
{
  gsize units = 0;

  for (guint k = 0; k < taps->len; k++)
    units += (gsize) ((AssayRecordTap *) taps->pdata[k])->C;
  return units * (assay_unit_summary_measure (top) + sizeof (AssayUnit) + 2 * sizeof (double) + 2 * (gsize) top * sizeof (AssayUnitRow))
         + SLOTS * (measure_slot (taps, sizeof (double)) + MOST_ROWS * (sizeof (gint64) + sizeof (gint32))) + MOST_ROWS * (STRIP * sizeof (gint16) + sizeof (double));
}

static gboolean
make_units (Stream *s, const GPtrArray *taps, gint64 top, GError **error)
{
  gint64 first = 0, n = 0;

  for (guint k = 0; k < taps->len; k++)
    n += ((AssayRecordTap *) taps->pdata[k])->C;
  s->unit = assay_mem_new (AssayUnitSummary, n, error);
  if (s->unit == NULL)
    return FALSE;
  for (; s->n_units < n; s->n_units++)
    assay_unit_summary_init (&s->unit[s->n_units], s->type, top);
  s->taps = taps;
  s->n_taps = taps->len;
  s->tap = g_new0 (Tap, taps->len);
  for (guint k = 0; k < taps->len; k++)
    {
      const gint64 C = ((AssayRecordTap *) taps->pdata[k])->C;

      s->tap[k] = (Tap) { .unit = s->unit + first, .C = C, .room = get_room (C, s->width) };
      first += C;
    }
  return TRUE;
}

static gboolean
are_ascending (const gint64 *examples, gint64 N)
{
  for (gint64 i = 1; i < N; i++)
    if (examples[i] <= examples[i - 1])
      return FALSE;
  return TRUE;
}

static gboolean
stream_init (Stream *s, const AssayRecording *r, const GPtrArray *taps, gint64 top, GError **error)
{
  s->r = r;
  s->type = assay_record_get_type (r);
  s->identity = json_pack ("{s:o, s:I}", "recording", assay_record_identify (r), "top", (json_int_t) top);
  s->width = assay_store_type_width (s->type);
  s->counts_there = r->backend->owns != NULL && s->type == ASSAY_STORE_F16;
  s->ascending = are_ascending (r->examples, r->N);
  s->end.n = -1;
  s->empty = g_async_queue_new ();
  s->full = g_async_queue_new ();
  if (!make_units (s, taps, top, error))
    return FALSE;
  for (guint k = 0; k < SLOTS; k++)
    {
      Slot *slot = &s->slot[k];

      slot->values = assay_mem_alloc (measure_slot (taps, s->width), error);
      slot->example = slot->values ? assay_mem_new (gint64, MOST_ROWS, error) : NULL;
      slot->position = slot->example ? assay_mem_new (gint32, MOST_ROWS, error) : NULL;
      if (slot->position == NULL)
        return FALSE;
      g_async_queue_push (s->empty, slot);
    }
  s->keys = assay_mem_new (gint16, STRIP * MOST_ROWS, error);
  s->numbers = s->keys ? assay_mem_new (double, MOST_ROWS, error) : NULL;
  return s->numbers != NULL;
}

static void
stream_clear (Stream *s)
{
  for (gint64 u = 0; u < s->n_units; u++)
    assay_unit_summary_clear (&s->unit[u]);
  assay_mem_free (s->unit);
  for (guint k = 0; k < SLOTS; k++)
    {
      assay_mem_free (s->slot[k].values);
      assay_mem_free (s->slot[k].example);
      assay_mem_free (s->slot[k].position);
    }
  g_clear_pointer (&s->empty, g_async_queue_unref);
  g_clear_pointer (&s->full, g_async_queue_unref);
  assay_units_there_free (s->there);
  g_free (s->bounds);
  assay_mem_free (s->bound);
  assay_mem_free (s->keys);
  assay_mem_free (s->numbers);
  json_decref (s->identity);
  g_free (s->tap);
}

/* --- the whole ------------------------------------------------------------------------------------------------------------- */

static AssayUnits *
finish_tap (const Stream *s, guint k, const char *name, gint64 R, gint64 top, GError **error)
{
  guint n_best = (guint) MIN (top, R);
  AssayUnits *units = assay_units_new (name, R, s->tap[k].C, n_best, 0, 0, error);

  if (units == NULL)
    return NULL;
  units->type = s->type;
  units->similar_missing = g_strdup (NOT_LOOKED_FOR);
  for (gint64 u = 0; u < units->C; u++)
    {
      AssayUnitSummary *summary = &s->tap[k].unit[u];

      assay_unit_summary_finish (summary, &units->unit[u].s);
      memcpy (units->unit[u].largest, summary->largest.row, n_best * sizeof (AssayUnitRow));
      memcpy (units->unit[u].smallest, summary->smallest.row, n_best * sizeof (AssayUnitRow));
    }
  return units;
}

static AssayUnitsStream *
finish (const Stream *s, const GPtrArray *taps, gint64 R, gint64 top, GError **error)
{
  g_autoptr (AssayUnitsStream) out = g_new0 (AssayUnitsStream, 1);

  out->taps = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_units_free);
  out->R = R;
  out->R_there = s->n_there;
  for (guint k = 0; k < taps->len; k++)
    {
      AssayUnits *units = finish_tap (s, k, ((AssayRecordTap *) taps->pdata[k])->name, R, top, error);

      if (units == NULL)
        return NULL;
      g_ptr_array_add (out->taps, units);
    }
  return g_steal_pointer (&out);
}

/* Signals belong to the program's own threads. */
static GThread *
start_thread (Stream *s)
{
  GThread *thread;
  sigset_t all, before;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  thread = g_thread_new ("assay-units", serve, s);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  return thread;
}

/* The other thread has counted everything, or what came before a failure, when this returns. */
static gboolean
walk (Stream *s, AssayRecordWalk *walk, gint64 R, AssayProgress *progress, GError **error)
{
  const AssayRecordSink sink = { .type = s->type, .index = begin_batch, .rows = take_rows, .batch = end_batch, .bounds = s->counts_there ? get_bounds : NULL,
                                 .entries = take_entries, .there = count_there, .give_up = give_up, .data = s };
  g_autoptr (GError) fault = NULL;
  gboolean fine;

  s->saved = g_get_monotonic_time ();
  s->thread = start_thread (s);
  fine = assay_record_walk_run (walk, s->done, R, &sink, progress, &fault);
  g_async_queue_push (s->full, &s->end);
  g_thread_join (s->thread);
  if (fine)
    return collect (s, error);
  if ((g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED) || g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_TERMINATED)) && !save (s, NULL))
    g_prefix_error (&fault, "what was counted last could not be committed; ");
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

AssayUnitsStream *
assay_units_stream_run (const AssayRecording *recording, gint64 top, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayRecordRows) rows = assay_record_choose_rows (recording, error);
  g_autoptr (AssayRecordWalk) model = rows ? assay_record_walk_new (recording, rows, error) : NULL;
  gint64 began = g_get_monotonic_time ();
  AssayUnitsStream *out = NULL;
  Stream s = { .n_taps = 0 };

  if (model == NULL)
    return NULL;
  if (rows->n == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "recording: no example has a row to summarise");
      return NULL;
    }
  if (stream_init (&s, recording, assay_record_walk_get_taps (model), top, error)
      && (recording->store == NULL || assay_units_part_load (recording->store, recording->name, s.identity, s.unit, s.n_units, &s.done, error))
      && walk (&s, model, rows->n, progress, error))
    out = finish (&s, assay_record_walk_get_taps (model), rows->n, top, error);
  if (out != NULL)
    {
      out->waited = (double) s.waited * 1e-6;
      out->took = (double) (g_get_monotonic_time () - began) * 1e-6;
    }
  stream_clear (&s);
  return out;
}

void
assay_units_stream_free (AssayUnitsStream *stream)
{
  if (stream == NULL)
    return;
  g_clear_pointer (&stream->taps, g_ptr_array_unref);
  g_free (stream);
}
