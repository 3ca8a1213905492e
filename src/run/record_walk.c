/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_walk.c: batches of examples that have rows; kept buffers are handed over run by run of rows that lie side by side, or as they come from a device. */
#include "run/record_walk.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/record_there.h"
#include "run/recording.h"

#include <math.h>

#define MOST_EXAMPLES 64        /* of a batch that is chosen here: enough for full speed */
#define CACHEFUL 32768          /* numbers that are looked through and converted while they are near */

/* Examples that are walked together, and the rows that they have. */
typedef struct {
  gint64 n_examples, n;
  gint64 *chosen;               /* (batch) examples */
  gint64 *example;              /* (batch T) of each row */
  gint32 *position;             /* (batch T) */
  gint64 *at;                   /* (batch T) where the row is among the walk's: b T + position */
  AssayRecordThere *there;      /* rows on a device; NULL: not begun, or no room */
  gboolean is_sent;             /* they are on their way from there */
} Batch;

struct _AssayRecordWalk {
  const AssayRecording *r;
  const AssayRecordRows *rows;
  GPtrArray *taps;              /* AssayRecordTap */
  AssayDtype dtype;
  gint64 T, batch;              /* positions of an example, or 1 */
  AssayFeed *feed;

  Batch batches[2], *now;       /* the one under way */
  Batch *sent;                  /* the one before, whose rows are on their way from a device while the next is walked; NULL: none is */
  double *pattern;              /* (T, H T) of one example; NULL: no tap needs it */
  gpointer scratch;

  gboolean gathers;             /* on a device that has had room for it so far */
  void *fetched;                /* a value of a walk there, whole; NULL: none was yet */
};

/* --- making ---------------------------------------------------------------------------------------------------------------- */

/* Room for the largest pattern. */
static gboolean
allocate_patterns (AssayRecordWalk *w, GError **error)
{
  gsize scratch = 0;
  gint64 C = 0;

  for (guint k = 0; k < w->taps->len; k++)
    {
      const AssayRecordTap *tap = w->taps->pdata[k];

      if (tap->attention == NULL)
        continue;
      scratch = MAX (scratch, assay_record_pattern_scratch (tap, w->T));
      C = MAX (C, tap->C);
    }
  if (C == 0)
    return TRUE;
  w->scratch = assay_mem_alloc (scratch, error);
  w->pattern = w->scratch ? assay_mem_alloc_array ((guint64) w->T, (gsize) C * sizeof (double), error) : NULL;
  return w->pattern != NULL;
}

static gboolean
allocate_batch (const AssayRecordWalk *w, Batch *b, GError **error)
{
  b->chosen = assay_mem_new (gint64, w->batch, error);
  b->example = b->chosen ? assay_mem_new (gint64, w->batch * w->T, error) : NULL;
  b->position = b->example ? assay_mem_new (gint32, w->batch * w->T, error) : NULL;
  b->at = b->position ? assay_mem_new (gint64, w->batch * w->T, error) : NULL;
  return b->at != NULL;
}

static gboolean
open_feed (AssayRecordWalk *w, GError **error)
{
  g_autofree guint *kept = assay_record_list_kept (w->taps);

  w->batch = assay_values_get_int (w->r->options, "batch");
  if (w->batch == 0)
    w->batch = assay_pass_choose_batch (w->r->model, ASSAY_WALK_FORWARD, w->dtype, CLAMP (w->r->N, 1, MOST_EXAMPLES), kept, error);
  if (w->batch == 0)
    return FALSE;
  w->feed = assay_feed_new (w->r->model, w->r->dataset, ASSAY_WALK_FORWARD, w->dtype, w->batch, w->r->backend, kept, error);
  for (guint k = 0; k < G_N_ELEMENTS (w->batches); k++)
    if (w->feed == NULL || !allocate_batch (w, &w->batches[k], error))
      return FALSE;
  w->now = &w->batches[0];
  return allocate_patterns (w, error);
}

AssayRecordWalk *
assay_record_walk_new (const AssayRecording *r, const AssayRecordRows *rows, GError **error)
{
  g_autoptr (AssayRecordWalk) w = g_new0 (AssayRecordWalk, 1);

  w->r = r;
  w->rows = rows;
  w->dtype = assay_model_get_dtype (r->model);
  w->T = assay_record_get_positions (r->model);
  w->taps = assay_record_find_taps (r->model, assay_values_get_list (r->options, "taps"), error);
  if (w->taps == NULL)
    return NULL;
  if (w->taps->len == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "recording: no tap was named; give --taps PATTERN");
      return NULL;
    }
  return open_feed (w, error) ? g_steal_pointer (&w) : NULL;
}

void
assay_record_walk_free (AssayRecordWalk *w)
{
  if (w == NULL)
    return;
  for (guint k = 0; k < G_N_ELEMENTS (w->batches); k++)
    {
      assay_record_there_free (w->batches[k].there);
      assay_mem_free (w->batches[k].chosen);
      assay_mem_free (w->batches[k].example);
      assay_mem_free (w->batches[k].position);
      assay_mem_free (w->batches[k].at);
    }
  assay_feed_free (w->feed);
  g_clear_pointer (&w->taps, g_ptr_array_unref);
  assay_mem_free (w->pattern);
  assay_mem_free (w->scratch);
  assay_mem_free (w->fetched);
  g_free (w);
}

const GPtrArray *
assay_record_walk_get_taps (const AssayRecordWalk *w)
{
  return w->taps;
}

gint64
assay_record_walk_get_most_rows (const AssayRecordWalk *w)
{
  return w->batch * w->T;
}

/* --- rows of a batch --------------------------------------------------------------------------------------------------------- */

/* The next examples that have rows, from the i-th on, and those of their rows that lie between first and end. Returns the example behind them. */
static gint64
choose (AssayRecordWalk *w, gint64 i, gint64 first, gint64 end)
{
  const gint64 *offset = w->rows->offset;
  Batch *b = w->now;

  b->n_examples = b->n = 0;
  for (; i < w->rows->N && b->n_examples < w->batch; i++)
    {
      if (offset[i + 1] == offset[i])
        continue;
      for (gint64 row = MAX (offset[i], first); row < MIN (offset[i + 1], end); row++, b->n++)
        {
          b->example[b->n] = w->r->examples[i];
          b->position[b->n] = w->rows->position ? w->rows->position[row] : (gint32) (row - offset[i]);
          b->at[b->n] = b->n_examples * w->T + b->position[b->n];
        }
      b->chosen[b->n_examples++] = w->r->examples[i];
    }
  return i;
}

/* What the stored type would turn into an infinity or a NaN. row: of the batch. */
static gboolean
refuse (const AssayRecordWalk *w, const Batch *b, const AssayRecordTap *tap, gint64 row, gint64 channel, double number, AssayStoreType type, GError **error)
{
  g_autofree char *example = assay_dataset_describe (w->r->dataset, b->example[row]);
  const char *larger = type == ASSAY_STORE_F16 ? "record as bf16 or f32" : type == ASSAY_STORE_BF16 ? "record as f32" : "record as f64";

  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "recording: %s: %s is %g at position %d channel %" G_GINT64_FORMAT ", which %s cannot hold; %s", example,
               tap->name, number, b->position[row], channel, assay_store_type_word (type), isfinite (number) ? larger : "look at the model and the example");
  return FALSE;
}

/* x: n numbers, the first in row `row` of the batch. */
static gboolean
check (const AssayRecordWalk *w, const Batch *b, const AssayRecordTap *tap, AssayDtype dtype, const void *x, gint64 n, gint64 row, AssayStoreType type, GError **error)
{
  const gint64 unfit = assay_recording_find_unfit (dtype, x, n, type);
  const double number = unfit < 0 ? 0 : dtype == ASSAY_F32 ? (double) ((const float *) x)[unfit] : ((const double *) x)[unfit];

  return unfit < 0 || refuse (w, b, tap, row + unfit / tap->C, unfit % tap->C, number, type, error);
}

/* n rows side by side, a cacheful at a time: looked through, then handed over. row: the first one's number in the batch. */
static gboolean
hand_over (const AssayRecordWalk *w, const Batch *b, guint k, AssayDtype dtype, const char *x, gint64 row, gint64 n, const AssayRecordSink *sink, GError **error)
{
  const AssayRecordTap *tap = w->taps->pdata[k];
  const AssayStoreType from = dtype == ASSAY_F64 ? ASSAY_STORE_F64 : ASSAY_STORE_F32;
  gint64 some = MAX (1, CACHEFUL / tap->C);

  for (gint64 done = 0; done < n; done += some)
    {
      const char *here = x + (gsize) (done * tap->C) * assay_dtype_width (dtype);
      gint64 m = MIN (some, n - done);

      if (!check (w, b, tap, dtype, here, m * tap->C, row + done, sink->type, error) || !sink->rows (sink->data, k, from, here, m, error))
        return FALSE;
    }
  return TRUE;
}

/* Runs of rows that lie side by side among those of the walk; base: the walk's row that x begins with. */
static gboolean
hand_over_runs (const AssayRecordWalk *w, const Batch *b, guint k, AssayDtype dtype, const char *x, gint64 base, gint64 first, gint64 end, const AssayRecordSink *sink,
                GError **error)
{
  const AssayRecordTap *tap = w->taps->pdata[k];
  gint64 run;

  for (gint64 row = first; row < end; row += run)
    {
      for (run = 1; row + run < end && b->at[row + run] == b->at[row] + run; run++)
        ;
      if (!hand_over (w, b, k, dtype, x + (gsize) ((b->at[row] - base) * tap->C) * assay_dtype_width (dtype), row, run, sink, error))
        return FALSE;
    }
  return TRUE;
}

/* Patterns are worked out example by example. */
static gboolean
hand_over_patterns (const AssayRecordWalk *w, const Batch *b, guint k, AssayExec *exec, const AssayRecordSink *sink, GError **error)
{
  const AssayRecordTap *tap = w->taps->pdata[k];
  const AssayGraph *graph = assay_model_get_layout (w->r->model);
  const gint64 q = assay_shape_last (&assay_graph_get_value (graph, tap->value)->shape), c = assay_shape_last (&assay_graph_get_value (graph, tap->keys)->shape);
  const char *queries = assay_exec_get_buffer (exec, ASSAY_PRIMAL, tap->value), *keys = assay_exec_get_buffer (exec, ASSAY_PRIMAL, tap->keys);
  const gsize width = assay_dtype_width (w->dtype);
  gint64 end;

  for (gint64 row = 0; row < b->n; row = end)
    {
      const gint64 i = b->at[row] / w->T;

      for (end = row; end < b->n && b->at[end] / w->T == i; end++)
        ;
      assay_record_pattern_fill (tap, graph, w->dtype, w->T, queries + (gsize) (i * w->T * q) * width, keys + (gsize) (i * w->T * c) * width, w->scratch, w->pattern,
                                 w->r->backend->workers);
      if (!hand_over_runs (w, b, k, ASSAY_F64, (const char *) w->pattern, i * w->T, row, end, sink, error))
        return FALSE;
    }
  return TRUE;
}

/* Rows that were rounded on a device, or their entries. */
static gboolean
hand_over_received (const AssayRecordWalk *w, const Batch *b, guint k, const AssayRecordSink *sink, GError **error)
{
  double number;
  gint64 channel, row = assay_record_there_find_unfit (b->there, k, &channel, &number);

  if (row >= 0)
    return refuse (w, b, w->taps->pdata[k], row, channel, number, sink->type, error);
  if (assay_record_there_has_entries (b->there))
    {
      const AssayRecordEntries entries = assay_record_there_get_entries (b->there, k);

      return sink->entries (sink->data, k, &entries, error);
    }
  return sink->rows (sink->data, k, assay_record_there_get_type (b->there), assay_record_there_get_rows (b->there, k), b->n, error);
}

/* A tap's value of the walk as it is, fetched where it was left on a device; NULL with an error. */
static const void *
get_value (AssayRecordWalk *w, const Batch *b, const AssayExec *exec, const AssayRecordTap *tap, GError **error)
{
  const void *here = assay_exec_get_buffer (exec, ASSAY_PRIMAL, tap->value);
  const gsize width = assay_dtype_width (w->dtype);
  gint64 C = 0;

  if (here != NULL)
    return here;
  for (guint k = 0; k < w->taps->len; k++)
    C = MAX (C, ((AssayRecordTap *) w->taps->pdata[k])->C);
  if (w->fetched == NULL && (w->fetched = assay_mem_alloc_array ((guint64) (w->batch * w->T), (gsize) C * width, error)) == NULL)
    return NULL;
  return w->r->backend->copy_out (w->r->backend, w->fetched, assay_exec_get_there (exec, ASSAY_PRIMAL, tap->value), (gsize) (b->n_examples * w->T * tap->C) * width, error)
         ? w->fetched : NULL;
}

static gboolean
hand_over_tap (AssayRecordWalk *w, const Batch *b, guint k, AssayExec *exec, const AssayRecordSink *sink, GError **error)
{
  const AssayRecordTap *tap = w->taps->pdata[k];
  const void *value;

  if (tap->attention != NULL)
    return hand_over_patterns (w, b, k, exec, sink, error);
  if (b->is_sent)
    return hand_over_received (w, b, k, sink, error);
  value = get_value (w, b, exec, tap, error);
  return value != NULL && hand_over_runs (w, b, k, w->dtype, value, 0, 0, b->n, sink, error);
}

/* exec: of a batch that was not sent. */
static gboolean
hand_over_batch (AssayRecordWalk *w, Batch *b, AssayExec *exec, const AssayRecordSink *sink, GError **error)
{
  if ((b->is_sent && !assay_record_there_receive (b->there, error)) || !sink->index (sink->data, b->example, b->position, b->n, error))
    return FALSE;
  for (guint k = 0; k < w->taps->len; k++)
    if (!hand_over_tap (w, b, k, exec, sink, error))
      return FALSE;
  b->is_sent = FALSE;
  return sink->batch (sink->data, error);
}

/* The batch before the one under way. */
static gboolean
hand_over_sent (AssayRecordWalk *w, const AssayRecordSink *sink, GError **error)
{
  Batch *b = g_steal_pointer (&w->sent);

  return b == NULL || hand_over_batch (w, b, NULL, sink, error);
}

/* --- walks --------------------------------------------------------------------------------------------------------------------- */

static gboolean
is_of_pattern (const AssayRecordWalk *w, guint value)
{
  for (guint k = 0; k < w->taps->len; k++)
    {
      const AssayRecordTap *tap = w->taps->pdata[k];

      if (tap->attention != NULL && (tap->value == value || tap->keys == value))
        return TRUE;
    }
  return FALSE;
}

/* On a device taps stay there; patterns are worked out here. */
static void
leave (const AssayRecordWalk *w, AssayExec *exec)
{
  for (guint k = 0; w->r->backend->owns != NULL && k < w->taps->len; k++)
    {
      const guint value = ((AssayRecordTap *) w->taps->pdata[k])->value;

      if (!is_of_pattern (w, value))
        assay_exec_leave (exec, ASSAY_PRIMAL, value);
    }
}

/* The walk of the batch under way; NULL with an error. */
static AssayExec *
walk (AssayRecordWalk *w, GError **error)
{
  const Batch *b = w->now;
  AssayPass *pass = assay_feed_bind (w->feed, b->chosen, b->n_examples, error);
  AssayExec *exec = pass ? assay_pass_get_exec (pass) : NULL;

  if (exec == NULL)
    return NULL;
  leave (w, exec);
  return assay_exec_prepare (exec, assay_model_get_theta (w->r->model), NULL, NULL, FALSE, error)
         && assay_pass_check_losses (pass, b->chosen, "recording", error) ? exec : NULL;
}

/* Nothing is on its way any more, or wanted. */
static void
release_room (AssayRecordWalk *w)
{
  for (guint k = 0; k < G_N_ELEMENTS (w->batches); k++)
    {
      g_clear_pointer (&w->batches[k].there, assay_record_there_free);
      w->batches[k].is_sent = FALSE;
    }
  w->sent = NULL;
}

/* Where the device has no room for rows too, values are fetched whole from here on, behind what is on its way. FALSE where that cannot help against the fault. */
static gboolean
give_up_room (AssayRecordWalk *w, const AssayRecordSink *sink, GError **fault)
{
  if (!w->gathers || !g_error_matches (*fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY))
    return FALSE;
  g_clear_error (fault);
  if (!hand_over_sent (w, sink, fault) || (sink->give_up != NULL && !sink->give_up (sink->data, fault)))
    return FALSE;
  release_room (w);
  w->gathers = FALSE;
  return TRUE;
}

/* What the sink does there with what it will be given entries of. */
static gboolean
meet_there (const AssayRecordWalk *w, const Batch *b, const AssayExec *exec, const AssayRecordSink *sink, GError **error)
{
  if (sink->there == NULL || !assay_record_there_has_entries (b->there))
    return TRUE;
  for (guint k = 0; k < w->taps->len; k++)
    {
      const AssayRecordTap *tap = w->taps->pdata[k];

      if (tap->attention == NULL
          && !sink->there (sink->data, k, assay_exec_get_there (exec, ASSAY_PRIMAL, tap->value), assay_record_there_get_at (b->there), b->n, error))
        return FALSE;
    }
  return TRUE;
}

/* Room is made behind the first walk, which comes first. */
static gboolean
send (AssayRecordWalk *w, const AssayExec *exec, const AssayRecordSink *sink, GError **error)
{
  g_autoptr (GError) fault = NULL;
  Batch *b = w->now;

  if (!w->gathers)
    return TRUE;
  if (b->there == NULL)
    b->there = assay_record_there_new (w->r->backend, w->taps, w->dtype, sink->type, MIN (w->batch * w->T, w->rows->n), sink->bounds != NULL, &fault);
  b->is_sent = b->there != NULL && assay_record_there_send (b->there, exec, b->at, b->n, sink->bounds ? sink->bounds (sink->data) : NULL, &fault);
  if (b->is_sent)
    return meet_there (w, b, exec, sink, error);
  if (give_up_room (w, sink, &fault))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

/* Rows that a device rounds are handed over when the next batch has been walked; patterns are worked out of the walk's own values, which that one writes over. */
static gboolean
walk_batch (AssayRecordWalk *w, const AssayRecordSink *sink, GError **error)
{
  g_autoptr (GError) fault = NULL;
  const gboolean has_room = w->batches[0].there != NULL || w->batches[1].there != NULL;
  AssayExec *exec = walk (w, &fault);
  Batch *b = w->now;

  if (exec == NULL && has_room && give_up_room (w, sink, &fault))
    exec = walk (w, &fault);
  if (exec == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  if (!send (w, exec, sink, error) || !hand_over_sent (w, sink, error))
    return FALSE;
  if (!b->is_sent || w->pattern != NULL)
    return hand_over_batch (w, b, exec, sink, error);
  w->sent = b;
  w->now = b == &w->batches[0] ? &w->batches[1] : &w->batches[0];
  return TRUE;
}

/* Whether to stop, with what has been walked handed over, and why. */
static gboolean
is_stopped (AssayRecordWalk *w, const AssayRecordSink *sink, AssayProgress *progress, GError **error)
{
  g_autoptr (GError) stop = NULL;

  if (!assay_progress_is_cancelled (progress, &stop))
    return FALSE;
  if (hand_over_sent (w, sink, error))
    g_propagate_error (error, g_steal_pointer (&stop));
  return TRUE;
}

/* Batches always begin at the same examples, so that nobody sees where a recording was stopped or cut. */
gboolean
assay_record_walk_run (AssayRecordWalk *w, gint64 first, gint64 end, const AssayRecordSink *sink, AssayProgress *progress, GError **error)
{
  gint64 i = assay_record_rows_find (w->rows, first) / w->batch * w->batch;

  release_room (w);                                               /* of another run, perhaps of another stored type */
  w->gathers = w->r->backend->owns != NULL;
  while (i < w->rows->N && w->rows->offset[i] < end)
    {
      if (is_stopped (w, sink, progress, error))
        return FALSE;
      i = choose (w, i, first, end);
      if (w->now->n > 0 && !walk_batch (w, sink, error))
        return FALSE;
      assay_progress_report (progress, "recording activations", (guint64) i, (guint64) w->rows->N, "examples", NULL);
    }
  return hand_over_sent (w, sink, error);
}
