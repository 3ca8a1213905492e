/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_activations.c: rows of taps go to the recorder as they are. */
#include "run/record.h"

#include "base/error.h"
#include "run/record_walk.h"
#include "run/recording.h"

#define PARTS 16                /* that a recording is cut into, within limits: the last one is waited for */

typedef struct {
  const AssayRecording *r;
  AssayRecordWalk *walk;
  guint n_taps;
  AssayRecorder *recorder;
  gint64 last;                  /* when what waited was committed last */
} Activations;

static gboolean
open_recorder (Activations *a, gint64 n_rows, json_t *meta, GError **error)
{
  const GPtrArray *taps = assay_record_walk_get_taps (a->walk);
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autofree AssayArraySpec *arrays = g_new0 (AssayArraySpec, taps->len + 2);
  gsize row_bytes = sizeof (gint64) + sizeof (gint32);

  a->n_taps = taps->len;
  for (guint k = 0; k < taps->len; k++)
    {
      const AssayRecordTap *tap = taps->pdata[k];
      char *path = g_strconcat ("/activations/", tap->name, NULL), *axis = g_strconcat (tap->name, "_channel", NULL);

      g_ptr_array_add (strings, path);
      g_ptr_array_add (strings, axis);
      arrays[k] = (AssayArraySpec) { .path = path, .type = assay_record_get_type (a->r), .rank = 2, .dims = { 0, tap->C },
                                     .axes = { "row", axis }, .long_name = tap->name, .description = "activation, one row for each example and position",
                                     .bulk = TRUE };
      row_bytes += (gsize) tap->C * assay_store_type_width (arrays[k].type);
    }
  arrays[taps->len] = (AssayArraySpec) { .path = "/index/example", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" },
                                         .long_name = "example of the row" };
  arrays[taps->len + 1] = (AssayArraySpec) { .path = "/index/position", .type = ASSAY_STORE_I32, .rank = 1, .axes = { "row" },
                                             .long_name = "position of the row in its example" };
  a->recorder = assay_recorder_new (a->r->store, "activations", a->r->name, meta, arrays, taps->len + 2, error);
  if (a->recorder == NULL)
    return FALSE;
  assay_recorder_set_limits (a->recorder, CLAMP (row_bytes * (gsize) n_rows / PARTS, 4u << 20, 64u << 20), 64u << 20);
  return TRUE;
}

static gboolean
append_index (gpointer data, const gint64 *example, const gint32 *position, gint64 n, GError **error)
{
  Activations *a = data;

  return assay_recorder_append (a->recorder, a->n_taps, ASSAY_STORE_I64, example, n, error)
         && assay_recorder_append (a->recorder, a->n_taps + 1, ASSAY_STORE_I32, position, n, error);
}

static gboolean
append_rows (gpointer data, guint tap, AssayStoreType from, gconstpointer x, gint64 n, GError **error)
{
  return assay_recorder_append (((Activations *) data)->recorder, tap, from, x, n, error);
}

static gboolean
end_batch (gpointer data, GError **error)
{
  Activations *a = data;

  return assay_recording_keep_up (a->recorder, &a->last, error);
}

static gboolean
record (gpointer data, gint64 first, gint64 end, AssayProgress *progress, GError **error)
{
  Activations *a = data;
  const AssayRecordSink sink = { .type = assay_record_get_type (a->r), .index = append_index, .rows = append_rows, .batch = end_batch, .data = a };
  g_autoptr (GError) fault = NULL;

  a->last = g_get_monotonic_time ();
  if (assay_record_walk_run (a->walk, first, end, &sink, progress, &fault))
    return TRUE;
  if ((g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED) || g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_TERMINATED))
      && !assay_recorder_flush (a->recorder, NULL))
    g_prefix_error (&fault, "what was recorded last could not be committed; ");
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

gboolean
assay_record_activations_share (const AssayRecording *r, AssayRecordShare *share, AssayProgress *progress, GError **error)
{
  Activations a = { .r = r };
  json_t *meta = NULL;
  gboolean fine;

  share->rows = assay_record_choose_rows (r, error);
  a.walk = share->rows ? assay_record_walk_new (r, share->rows, error) : NULL;
  fine = a.walk != NULL;
  if (fine && !assay_recording_find (r, "activations", share, &meta))
    {
      fine = open_recorder (&a, share->rows->n, meta, error) && assay_recording_run (a.recorder, record, &a, share, progress, error);
      json_decref (meta);
    }
  assay_recorder_free (a.recorder);
  assay_record_walk_free (a.walk);
  return fine;
}

AssayObject *
assay_record_activations (const AssayRecording *r, AssayProgress *progress, GError **error)
{
  AssayRecordShare all = { .end = r->N };
  AssayObject *object = assay_record_activations_share (r, &all, progress, error) ? g_steal_pointer (&all.object) : NULL;

  assay_record_share_clear (&all);
  return object;
}
