/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_activations.c: forward walks whose kept buffers go to the recorder as they are. */
#include "run/record.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/recording.h"

#include <math.h>
#include <string.h>

#define MOST_EXAMPLES 64        /* of a batch that is chosen here: enough for full speed */
#define CACHEFUL 32768          /* numbers that are looked through and converted while they are near */
#define PARTS 16                /* that a recording is cut into, within limits: the last one is waited for */

typedef struct {
  const AssayRecording *r;
  AssayDtype dtype;
  gint64 T;                     /* rows of an example: positions, or 1 */
  guint *taps, n_taps;
  AssayFeed *feed;
  AssayRecorder *recorder;
  gint64 *example;              /* (rows of a batch) */
  gint32 *position;
} Activations;

gint64
assay_record_get_positions (const AssayModel *model)
{
  AssayGraph *layout = assay_model_get_layout (model);

  return assay_model_get_block (model)->data == ASSAY_DATA_TOKENS
         ? assay_graph_get_value (layout, assay_graph_find (layout, "tokens"))->shape.dim[1] : 1;
}

/* A result of a full axis of rows: (1,T,...) for tokens, (1,...) for features. */
static gboolean
can_tap (const AssayGraphValue *v, gint64 T)
{
  return v->role == ASSAY_VALUE_RESULT && v->shape.rank >= 2 && v->shape.dim[0] == 1 && (T == 1 || v->shape.dim[1] == T);
}

GPtrArray *
assay_record_list_taps (const AssayModel *model)
{
  AssayGraph *layout = assay_model_get_layout (model);
  GPtrArray *taps = g_ptr_array_new_with_free_func (g_free);
  gint64 T = assay_record_get_positions (model);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *x = assay_graph_get_value (layout, v);
      AssayShape shape = { .rank = x->shape.rank - 1 };
      g_autofree char *words = NULL;

      if (!can_tap (x, T))
        continue;
      memcpy (shape.dim, x->shape.dim + 1, sizeof (gint64) * shape.rank);
      words = assay_shape_to_string (&shape);
      g_ptr_array_add (taps, g_strdup_printf ("%s %s", x->name, words));
    }
  return taps;
}

static gboolean
refuse_pattern (AssayGraph *layout, gint64 T, const char *pattern, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  const char *nearest;

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    if (can_tap (assay_graph_get_value (layout, v), T))
      g_ptr_array_add (names, assay_graph_get_value (layout, v)->name);
  g_ptr_array_add (names, NULL);
  nearest = assay_param_nearest (pattern, (const char *const *) names->pdata);
  if (nearest == NULL && names->len > 1)
    nearest = names->pdata[0];
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "tap %s: no result of the model has such a name; there is for example %s", pattern,
               nearest ? nearest : "none");
  return FALSE;
}

guint *
assay_record_find_taps (const AssayModel *model, const char *const *patterns, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  guint V = assay_graph_get_n_values (layout), n = 0;
  gint64 T = assay_record_get_positions (model);
  g_autofree gboolean *wanted = g_new0 (gboolean, V);
  guint *taps;

  for (; *patterns != NULL; patterns++)
    {
      gboolean found = FALSE;

      for (guint v = 0; v < V; v++)
        if (can_tap (assay_graph_get_value (layout, v), T) && g_pattern_match_simple (*patterns, assay_graph_get_value (layout, v)->name))
          wanted[v] = found = TRUE;
      if (!found && !refuse_pattern (layout, T, *patterns, error))
        return NULL;
    }
  taps = g_new (guint, V + 1);
  for (guint v = 0; v < V; v++)
    if (wanted[v])
      taps[n++] = v;
  taps[n] = ASSAY_NO_VALUE;
  return taps;
}

static gint64
get_channels (const Activations *a, guint tap)
{
  return assay_shape_count (&assay_graph_get_value (assay_model_get_layout (a->r->model), tap)->shape) / a->T;
}

static gboolean
open_recorder (Activations *a, json_t *meta, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (a->r->model);
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autofree AssayArraySpec *arrays = g_new0 (AssayArraySpec, a->n_taps + 2);
  gsize row_bytes = sizeof (gint64) + sizeof (gint32);

  for (guint k = 0; k < a->n_taps; k++)
    {
      const char *name = assay_graph_get_value (layout, a->taps[k])->name;
      char *path = g_strconcat ("/activations/", name, NULL), *axis = g_strconcat (name, "_channel", NULL);

      g_ptr_array_add (strings, path);
      g_ptr_array_add (strings, axis);
      arrays[k] = (AssayArraySpec) { .path = path, .type = assay_recording_get_type (a->r, ASSAY_STORE_F16), .rank = 2,
                                     .dims = { 0, get_channels (a, a->taps[k]) }, .axes = { "row", axis }, .long_name = name,
                                     .description = "activation, one row for each example and position", .bulk = TRUE };
      row_bytes += get_channels (a, a->taps[k]) * assay_store_type_width (arrays[k].type);
    }
  arrays[a->n_taps] = (AssayArraySpec) { .path = "/index/example", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" },
                                         .long_name = "example of the row" };
  arrays[a->n_taps + 1] = (AssayArraySpec) { .path = "/index/position", .type = ASSAY_STORE_I32, .rank = 1, .axes = { "row" },
                                             .long_name = "position of the row in its example" };
  a->recorder = assay_recorder_new (a->r->store, "activations", a->r->name, meta, arrays, a->n_taps + 2, error);
  if (a->recorder == NULL)
    return FALSE;
  assay_recorder_set_limits (a->recorder, CLAMP (row_bytes * a->r->N * a->T / PARTS, 4u << 20, 64u << 20), 64u << 20);
  return TRUE;
}

static gboolean
open_feed (Activations *a, GError **error)
{
  gint64 batch = assay_values_get_int (a->r->options, "batch");

  if (batch == 0)
    batch = assay_pass_choose_batch (a->r->model, ASSAY_WALK_FORWARD, a->dtype, MIN (a->r->N, MOST_EXAMPLES), a->taps, error);
  if (batch == 0)
    return FALSE;
  a->feed = assay_feed_new (a->r->model, a->r->dataset, ASSAY_WALK_FORWARD, a->dtype, batch, a->r->backend, a->taps, error);
  a->example = a->feed ? assay_mem_new (gint64, batch * a->T, error) : NULL;
  a->position = a->example ? assay_mem_new (gint32, batch * a->T, error) : NULL;
  return a->position != NULL;
}

/* Refuses activations that the stored type would turn into infinities. x: n numbers, the first in row `row` of the batch. */
static gboolean
check (const Activations *a, guint tap, const void *x, gint64 n, gint64 row, const gint64 *examples, GError **error)
{
  AssayStoreType type = assay_recording_get_type (a->r, ASSAY_STORE_F16);
  gint64 C = get_channels (a, tap), unfit = assay_recording_find_unfit (a->dtype, x, n, type);
  g_autofree char *example = NULL;
  double number;

  if (unfit < 0)
    return TRUE;
  row += unfit / C;
  number = a->dtype == ASSAY_F32 ? (double) ((const float *) x)[unfit] : ((const double *) x)[unfit];
  example = assay_dataset_describe (a->r->dataset, examples[row / a->T]);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "recording: %s: %s is %g at position %" G_GINT64_FORMAT " channel %" G_GINT64_FORMAT
               ", which %s cannot hold; %s", example, assay_graph_get_value (assay_model_get_layout (a->r->model), tap)->name, number,
               row % a->T, unfit % C, assay_store_type_word (type),
               isfinite (number) ? "record as bf16 or f32" : "look at the model and the example");
  return FALSE;
}

/* Appends rows `skip` .. `rows`-1 of a tap, a cacheful at a time: looked through, then converted. */
static gboolean
append_tap (Activations *a, guint k, AssayExec *exec, const gint64 *examples, gint64 skip, gint64 rows, GError **error)
{
  const char *buffer = assay_exec_get_buffer (exec, ASSAY_PRIMAL, a->taps[k]);
  gint64 C = get_channels (a, a->taps[k]), some = MAX (1, CACHEFUL / C);
  AssayStoreType type = a->dtype == ASSAY_F64 ? ASSAY_STORE_F64 : ASSAY_STORE_F32;

  for (gint64 row = skip; row < rows; row += some)
    {
      const char *x = buffer + row * C * assay_dtype_width (a->dtype);
      gint64 n = MIN (some, rows - row);

      if (!check (a, a->taps[k], x, n * C, row, examples, error) || !assay_recorder_append (a->recorder, k, type, x, n, error))
        return FALSE;
    }
  return TRUE;
}

/* Appends the rows of a walked batch from `skip` on, up to row `rows`. */
static gboolean
append (Activations *a, AssayExec *exec, const gint64 *examples, gint64 rows, gint64 skip, GError **error)
{
  for (guint k = 0; k < a->n_taps; k++)
    if (!append_tap (a, k, exec, examples, skip, rows, error))
      return FALSE;
  for (gint64 row = 0; row < rows; row++)
    {
      a->example[row] = examples[row / a->T];
      a->position[row] = (gint32) (row % a->T);
    }
  return assay_recorder_append (a->recorder, a->n_taps, ASSAY_STORE_I64, a->example + skip, rows - skip, error)
         && assay_recorder_append (a->recorder, a->n_taps + 1, ASSAY_STORE_I32, a->position + skip, rows - skip, error);
}

/* Batches always begin at the same examples, so that nobody sees where a recording was stopped or cut. */
static gboolean
record (gpointer data, gint64 first, gint64 end, AssayProgress *progress, GError **error)
{
  Activations *a = data;
  gint64 batch = assay_feed_get_batch (a->feed), n;
  gint64 last = g_get_monotonic_time ();

  for (gint64 done = first / a->T / batch * batch; done * a->T < end; done += n)
    {
      AssayPass *pass;

      if (assay_progress_is_cancelled (progress, error))
        {
          if (!assay_recorder_flush (a->recorder, NULL))
            g_prefix_error (error, "what was recorded last could not be committed; ");
          return FALSE;
        }
      pass = assay_feed_bind (a->feed, a->r->examples + done, a->r->N - done, error);
      if (pass == NULL)
        return FALSE;
      n = assay_pass_get_batch (pass);
      if (!assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (a->r->model), NULL, NULL, FALSE, error)
          || !assay_pass_check_losses (pass, a->r->examples + done, "recording", error)
          || !append (a, assay_pass_get_exec (pass), a->r->examples + done, MIN (n * a->T, end - done * a->T),
                      CLAMP (first - done * a->T, 0, n * a->T), error)
          || !assay_recording_keep_up (a->recorder, &last, error))
        return FALSE;
      assay_progress_report (progress, "recording activations", done + n, a->r->N, "examples", NULL);
    }
  return TRUE;
}

gboolean
assay_record_activations_share (const AssayRecording *r, AssayRecordShare *share, AssayProgress *progress, GError **error)
{
  Activations a = { .r = r, .dtype = assay_model_get_dtype (r->model), .T = assay_record_get_positions (r->model) };
  g_autofree guint *taps = assay_record_find_taps (r->model, assay_values_get_list (r->options, "taps"), error);
  json_t *meta = NULL;
  gboolean fine;

  if (taps == NULL)
    return FALSE;
  a.taps = taps;
  while (taps[a.n_taps] != ASSAY_NO_VALUE)
    a.n_taps++;
  if (a.n_taps == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "recording: no tap was named; give --taps PATTERN");
      return FALSE;
    }
  if (assay_recording_find (r, "activations", a.T, share, &meta))
    return TRUE;
  fine = open_recorder (&a, meta, error) && open_feed (&a, error) && assay_recording_run (r, a.recorder, a.T, record, &a, share, progress, error);
  json_decref (meta);
  assay_recorder_free (a.recorder);
  assay_feed_free (a.feed);
  assay_mem_free (a.example);
  assay_mem_free (a.position);
  return fine;
}

AssayObject *
assay_record_activations (const AssayRecording *r, AssayProgress *progress, GError **error)
{
  AssayRecordShare all = { .end = r->N };

  return assay_record_activations_share (r, &all, progress, error) ? all.object : NULL;
}
