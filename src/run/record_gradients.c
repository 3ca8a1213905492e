/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_gradients.c: one gradient walk for each example, or each target; groups of its entries go to the recorder. */
#include "run/record.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/recording.h"
#include "run/vector.h"

#include <string.h>

typedef struct {
  char *pattern;
  GArray *slices;               /* Slice, in theta's order */
  gint64 p;
} Group;

typedef struct { gint64 offset, n; } Slice;

typedef struct {
  const AssayRecording *r;
  AssayDtype dtype;
  GPtrArray *groups;            /* Group */
  gboolean norms_only, by_token;
  const AssayRecordRows *rows;
  AssayPass *pass;
  AssayRecorder *recorder;
  void *gradient, *gathered;    /* (P) */
} Gradients;

static void
free_group (gpointer data)
{
  Group *group = data;

  g_free (group->pattern);
  g_array_unref (group->slices);
  g_free (group);
}

/* Neighbouring parameters make one slice. */
static void
add_slice (Group *group, const AssayGraphValue *p)
{
  Slice slice = { p->offset, assay_shape_count (&p->shape) };
  Slice *last = group->slices->len ? &g_array_index (group->slices, Slice, group->slices->len - 1) : NULL;

  group->p += slice.n;
  if (last != NULL && last->offset + last->n == slice.offset)
    last->n += slice.n;
  else
    g_array_append_val (group->slices, slice);
}

static Group *
find_group (const AssayModel *model, const char *pattern, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  Group *group;

  if (strchr (pattern, '/') != NULL || pattern[0] == '\0')
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "gradients %s: a pattern over parameter names without / expected", pattern);
      return NULL;
    }
  group = g_new0 (Group, 1);
  group->pattern = g_strdup (pattern);
  group->slices = g_array_new (FALSE, FALSE, sizeof (Slice));
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    if (assay_graph_get_value (layout, v)->role == ASSAY_VALUE_PARAM && g_pattern_match_simple (pattern, assay_graph_get_value (layout, v)->name))
      add_slice (group, assay_graph_get_value (layout, v));
  if (group->p > 0)
    return group;
  free_group (group);
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    if (assay_graph_get_value (layout, v)->role == ASSAY_VALUE_PARAM)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "gradients %s: no parameter of the model has such a name; there is for "
                     "example %s", pattern, assay_graph_get_value (layout, v)->name);
        break;
      }
  return NULL;
}

static gboolean
find_groups (Gradients *g, GError **error)
{
  const char *const *patterns = assay_values_get_list (g->r->options, "gradients");

  for (; *patterns != NULL; patterns++)
    {
      Group *group = find_group (g->r->model, *patterns, error);

      if (group == NULL)
        return FALSE;
      g_ptr_array_add (g->groups, group);
    }
  if (g->groups->len > 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "recording: no group of parameters was named; give --gradients PATTERN, * for all");
  return FALSE;
}

static gboolean
open_recorder (Gradients *g, json_t *meta, GError **error)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autofree AssayArraySpec *arrays = g_new0 (AssayArraySpec, 2 * g->groups->len + 2);
  guint n = 0;

  for (guint k = 0; k < g->groups->len; k++)
    {
      const Group *group = g->groups->pdata[k];
      char *norms = g_strconcat ("/norms/", group->pattern, NULL);

      g_ptr_array_add (strings, norms);
      arrays[n++] = (AssayArraySpec) { .path = norms, .type = ASSAY_STORE_F64, .rank = 1, .axes = { "row" },
                                       .long_name = "squared norm of the gradient", .units = "nats^2",
                                       .description = "over the parameters that match the name" };
    }
  arrays[n++] = (AssayArraySpec) { .path = "/index/example", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" },
                                   .long_name = "example of the row" };
  for (guint k = 0; k < g->groups->len && !g->norms_only; k++)
    {
      const Group *group = g->groups->pdata[k];
      char *path = g_strconcat ("/gradients/", group->pattern, NULL), *axis = g_strconcat (group->pattern, "_parameter", NULL);

      g_ptr_array_add (strings, path);
      g_ptr_array_add (strings, axis);
      arrays[n++] = (AssayArraySpec) { .path = path, .type = assay_recording_get_type (g->r, ASSAY_STORE_F32), .rank = 2,
                                       .dims = { 0, group->p }, .axes = { "row", axis }, .long_name = g->by_token ? "gradient of the target's share of the loss" : "gradient of the example's loss",
                                       .units = "nats", .description = "by the parameters that match the name, in theta's order",
                                       .bulk = TRUE };
    }
  if (g->by_token)
    arrays[n++] = (AssayArraySpec) { .path = "/index/position", .type = ASSAY_STORE_I32, .rank = 1, .axes = { "row" },
                                     .long_name = "position of the target" };
  g->recorder = assay_recorder_new (g->r->store, "gradients", g->r->name, meta, arrays, n, error);
  return g->recorder != NULL;
}

/* The group's entries, side by side: where they lie if they do already. */
static const void *
gather (const Gradients *g, const Group *group)
{
  gsize width = assay_dtype_width (g->dtype);
  char *at = g->gathered;

  if (group->slices->len == 1)
    return (char *) g->gradient + g_array_index (group->slices, Slice, 0).offset * width;
  for (guint s = 0; s < group->slices->len; s++)
    {
      const Slice *slice = &g_array_index (group->slices, Slice, s);

      memcpy (at, (char *) g->gradient + slice->offset * width, slice->n * width);
      at += slice->n * width;
    }
  return g->gathered;
}

static gboolean
append (Gradients *g, gint64 example, gint32 position, GError **error)
{
  AssayStoreType type = g->dtype == ASSAY_F64 ? ASSAY_STORE_F64 : ASSAY_STORE_F32;
  guint n = g->groups->len;

  for (guint k = 0; k < n; k++)
    {
      const Group *group = g->groups->pdata[k];
      const void *entries = gather (g, group);
      double norm = assay_vector_dot (g->r->backend->workers, g->dtype, group->p, entries, entries);

      if (!assay_recorder_append (g->recorder, k, ASSAY_STORE_F64, &norm, 1, error)
          || (!g->norms_only && !assay_recorder_append (g->recorder, n + 1 + k, type, entries, 1, error)))
        return FALSE;
    }
  return assay_recorder_append (g->recorder, n, ASSAY_STORE_I64, &example, 1, error)
         && (!g->by_token || assay_recorder_append (g->recorder, n + 1 + (g->norms_only ? 0 : n), ASSAY_STORE_I32, &position, 1, error));
}

static gboolean
record (gpointer data, gint64 first, gint64 end, AssayProgress *progress, GError **error)
{
  Gradients *g = data;
  gint64 last = g_get_monotonic_time ();

  for (gint64 row = first; row < end; row++)
    {
      gint64 i = assay_record_rows_find (g->rows, row);
      gint32 position = g->by_token ? g->rows->position[row] : 0;

      if (assay_progress_is_cancelled (progress, error))
        {
          if (!assay_recorder_flush (g->recorder, NULL))
            g_prefix_error (error, "what was recorded last could not be committed; ");
          return FALSE;
        }
      assay_pass_bind (g->pass, g->r->examples + i);
      if (g->by_token)
        assay_pass_single_out (g->pass, position);
      if (!assay_exec_prepare (assay_pass_get_exec (g->pass), assay_model_get_theta (g->r->model), NULL, g->gradient, FALSE, error)
          || !assay_pass_check_losses (g->pass, g->r->examples + i, "recording", error) || !append (g, g->r->examples[i], position, error)
          || !assay_recording_keep_up (g->recorder, &last, error))
        return FALSE;
      assay_progress_report (progress, "recording gradients", (guint64) (row + 1), (guint64) g->rows->n, g->by_token ? "targets" : "examples", NULL);
    }
  return TRUE;
}

static AssayRecordRows *
choose_rows (const Gradients *g, GError **error)
{
  const AssayRecording *r = g->r;

  if (!g->by_token)
    return assay_record_rows_new_single (r->N, error);
  if (assay_model_get_block (r->model)->data == ASSAY_DATA_TOKENS)
    return assay_record_rows_new_targets (r->model, r->dataset, r->examples, r->N, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "gradient-rows: a model of tokens expected for tokens, %s found; leave the option out",
               assay_model_get_block (r->model)->name);
  return NULL;
}

gboolean
assay_record_gradients_share (const AssayRecording *r, AssayRecordShare *share, AssayProgress *progress, GError **error)
{
  Gradients g = { .r = r, .dtype = assay_model_get_dtype (r->model), .norms_only = assay_values_get_bool (r->options, "norms"),
                  .by_token = strcmp (assay_values_get_string (r->options, "gradient-rows"), "tokens") == 0 };
  gint64 P = assay_model_get_n_params (r->model);
  json_t *meta = NULL;
  gboolean fine;

  g.groups = g_ptr_array_new_with_free_func (free_group);
  g.rows = share->rows = choose_rows (&g, error);
  fine = share->rows != NULL && find_groups (&g, error);
  if (fine && !assay_recording_find (r, "gradients", share, &meta))
    {
      g.pass = assay_pass_new (r->model, r->dataset, ASSAY_WALK_GRADIENT, g.dtype, 1, r->backend, NULL, error);
      g.gradient = g.pass ? assay_mem_alloc_array (P, assay_dtype_width (g.dtype), error) : NULL;
      g.gathered = g.gradient ? assay_mem_alloc_array (P, assay_dtype_width (g.dtype), error) : NULL;
      fine = g.gathered != NULL && open_recorder (&g, meta, error) && assay_recording_run (g.recorder, record, &g, share, progress, error);
      json_decref (meta);
    }
  assay_recorder_free (g.recorder);
  assay_pass_free (g.pass);
  assay_mem_free (g.gradient);
  assay_mem_free (g.gathered);
  g_ptr_array_unref (g.groups);
  return fine;
}

AssayObject *
assay_record_gradients (const AssayRecording *r, AssayProgress *progress, GError **error)
{
  AssayRecordShare all = { .end = r->N };
  AssayObject *object = assay_record_gradients_share (r, &all, progress, error) ? g_steal_pointer (&all.object) : NULL;

  assay_record_share_clear (&all);
  return object;
}
