/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_walk.c: batches of examples that have rows; kept buffers are handed over run by run of rows that lie side by side. */
#include "run/record_walk.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/recording.h"

#include <math.h>

#define MOST_EXAMPLES 64        /* of a batch that is chosen here: enough for full speed */
#define CACHEFUL 32768          /* numbers that are looked through and converted while they are near */

struct _AssayRecordWalk {
  const AssayRecording *r;
  const AssayRecordRows *rows;
  GPtrArray *taps;              /* AssayRecordTap */
  AssayDtype dtype;
  gint64 T, batch;              /* positions of an example, or 1 */
  AssayFeed *feed;

  gint64 n_examples, n;         /* of the batch under way: examples, rows */
  gint64 *chosen;               /* (batch) examples */
  gint64 *example;              /* (batch T) of each row */
  gint32 *position;             /* (batch T) */
  gint64 *at;                   /* (batch T) where the row is among the walk's: b T + position */
  double *pattern;              /* (T, H T) of one example; NULL: no tap needs it */
  gpointer scratch;
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
open_feed (AssayRecordWalk *w, GError **error)
{
  g_autofree guint *kept = assay_record_list_kept (w->taps);

  w->batch = assay_values_get_int (w->r->options, "batch");
  if (w->batch == 0)
    w->batch = assay_pass_choose_batch (w->r->model, ASSAY_WALK_FORWARD, w->dtype, CLAMP (w->r->N, 1, MOST_EXAMPLES), kept, error);
  if (w->batch == 0)
    return FALSE;
  w->feed = assay_feed_new (w->r->model, w->r->dataset, ASSAY_WALK_FORWARD, w->dtype, w->batch, w->r->backend, kept, error);
  w->chosen = w->feed ? assay_mem_new (gint64, w->batch, error) : NULL;
  w->example = w->chosen ? assay_mem_new (gint64, w->batch * w->T, error) : NULL;
  w->position = w->example ? assay_mem_new (gint32, w->batch * w->T, error) : NULL;
  w->at = w->position ? assay_mem_new (gint64, w->batch * w->T, error) : NULL;
  return w->at != NULL && allocate_patterns (w, error);
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
  assay_feed_free (w->feed);
  g_clear_pointer (&w->taps, g_ptr_array_unref);
  assay_mem_free (w->chosen);
  assay_mem_free (w->example);
  assay_mem_free (w->position);
  assay_mem_free (w->at);
  assay_mem_free (w->pattern);
  assay_mem_free (w->scratch);
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

  w->n_examples = w->n = 0;
  for (; i < w->rows->N && w->n_examples < w->batch; i++)
    {
      if (offset[i + 1] == offset[i])
        continue;
      for (gint64 row = MAX (offset[i], first); row < MIN (offset[i + 1], end); row++, w->n++)
        {
          w->example[w->n] = w->r->examples[i];
          w->position[w->n] = w->rows->position ? w->rows->position[row] : (gint32) (row - offset[i]);
          w->at[w->n] = w->n_examples * w->T + w->position[w->n];
        }
      w->chosen[w->n_examples++] = w->r->examples[i];
    }
  return i;
}

/* Refuses activations that the stored type would turn into infinities. x: n numbers, the first in row `row` of the batch. */
static gboolean
check (const AssayRecordWalk *w, const AssayRecordTap *tap, AssayDtype dtype, const void *x, gint64 n, gint64 row, AssayStoreType type, GError **error)
{
  gint64 unfit = assay_recording_find_unfit (dtype, x, n, type);
  g_autofree char *example = NULL;
  double number;

  if (unfit < 0)
    return TRUE;
  row += unfit / tap->C;
  number = dtype == ASSAY_F32 ? (double) ((const float *) x)[unfit] : ((const double *) x)[unfit];
  example = assay_dataset_describe (w->r->dataset, w->example[row]);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "recording: %s: %s is %g at position %d channel %" G_GINT64_FORMAT ", which %s cannot hold; %s", example,
               tap->name, number, w->position[row], unfit % tap->C, assay_store_type_word (type),
               isfinite (number) ? "record as bf16 or f32" : "look at the model and the example");
  return FALSE;
}

/* n rows side by side, a cacheful at a time: looked through, then handed over. row: the first one's number in the batch. */
static gboolean
hand_over (const AssayRecordWalk *w, guint k, AssayDtype dtype, const char *x, gint64 row, gint64 n, const AssayRecordSink *sink, GError **error)
{
  const AssayRecordTap *tap = w->taps->pdata[k];
  const AssayStoreType from = dtype == ASSAY_F64 ? ASSAY_STORE_F64 : ASSAY_STORE_F32;
  gint64 some = MAX (1, CACHEFUL / tap->C);

  for (gint64 done = 0; done < n; done += some)
    {
      const char *here = x + (gsize) (done * tap->C) * assay_dtype_width (dtype);
      gint64 m = MIN (some, n - done);

      if (!check (w, tap, dtype, here, m * tap->C, row + done, sink->type, error) || !sink->rows (sink->data, k, from, here, m, error))
        return FALSE;
    }
  return TRUE;
}

/* Runs of rows that lie side by side among those of the walk; base: the walk's row that x begins with. */
static gboolean
hand_over_runs (const AssayRecordWalk *w, guint k, AssayDtype dtype, const char *x, gint64 base, gint64 first, gint64 end, const AssayRecordSink *sink,
                GError **error)
{
  const AssayRecordTap *tap = w->taps->pdata[k];
  gint64 run;

  for (gint64 row = first; row < end; row += run)
    {
      for (run = 1; row + run < end && w->at[row + run] == w->at[row] + run; run++)
        ;
      if (!hand_over (w, k, dtype, x + (gsize) ((w->at[row] - base) * tap->C) * assay_dtype_width (dtype), row, run, sink, error))
        return FALSE;
    }
  return TRUE;
}

/* Patterns are worked out example by example. */
static gboolean
hand_over_patterns (const AssayRecordWalk *w, guint k, AssayExec *exec, const AssayRecordSink *sink, GError **error)
{
  const AssayRecordTap *tap = w->taps->pdata[k];
  const AssayGraph *graph = assay_model_get_layout (w->r->model);
  const gint64 q = assay_shape_last (&assay_graph_get_value (graph, tap->value)->shape), c = assay_shape_last (&assay_graph_get_value (graph, tap->keys)->shape);
  const char *queries = assay_exec_get_buffer (exec, ASSAY_PRIMAL, tap->value), *keys = assay_exec_get_buffer (exec, ASSAY_PRIMAL, tap->keys);
  const gsize width = assay_dtype_width (w->dtype);
  gint64 end;

  for (gint64 row = 0; row < w->n; row = end)
    {
      const gint64 b = w->at[row] / w->T;

      for (end = row; end < w->n && w->at[end] / w->T == b; end++)
        ;
      assay_record_pattern_fill (tap, graph, w->dtype, w->T, queries + (gsize) (b * w->T * q) * width, keys + (gsize) (b * w->T * c) * width, w->scratch, w->pattern,
                                 w->r->backend->workers);
      if (!hand_over_runs (w, k, ASSAY_F64, (const char *) w->pattern, b * w->T, row, end, sink, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
hand_over_batch (const AssayRecordWalk *w, AssayExec *exec, const AssayRecordSink *sink, GError **error)
{
  if (!sink->index (sink->data, w->example, w->position, w->n, error))
    return FALSE;
  for (guint k = 0; k < w->taps->len; k++)
    {
      const AssayRecordTap *tap = w->taps->pdata[k];

      if (tap->attention != NULL ? !hand_over_patterns (w, k, exec, sink, error)
                                 : !hand_over_runs (w, k, w->dtype, assay_exec_get_buffer (exec, ASSAY_PRIMAL, tap->value), 0, 0, w->n, sink, error))
        return FALSE;
    }
  return sink->batch (sink->data, error);
}

static gboolean
walk_batch (AssayRecordWalk *w, const AssayRecordSink *sink, GError **error)
{
  AssayPass *pass = assay_feed_bind (w->feed, w->chosen, w->n_examples, error);

  return pass != NULL && assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (w->r->model), NULL, NULL, FALSE, error)
         && assay_pass_check_losses (pass, w->chosen, "recording", error) && hand_over_batch (w, assay_pass_get_exec (pass), sink, error);
}

/* Batches always begin at the same examples, so that nobody sees where a recording was stopped or cut. */
gboolean
assay_record_walk_run (AssayRecordWalk *w, gint64 first, gint64 end, const AssayRecordSink *sink, AssayProgress *progress, GError **error)
{
  gint64 i = assay_record_rows_find (w->rows, first) / w->batch * w->batch;

  while (i < w->rows->N && w->rows->offset[i] < end)
    {
      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      i = choose (w, i, first, end);
      if (w->n > 0 && !walk_batch (w, sink, error))
        return FALSE;
      assay_progress_report (progress, "recording activations", (guint64) i, (guint64) w->rows->N, "examples", NULL);
    }
  return TRUE;
}
