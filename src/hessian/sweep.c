/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sweep.c: kept walks while memory lasts, a shared one for the rest. A device whose memory ends before the point's keeps fewer, and last, where results are of
 * one example each, walks fewer at once. */
#include "hessian/sweep.h"

#include "base/error.h"

struct _AssaySweep {
  const AssayModel *model;
  AssayDataset *dataset;
  AssayBackend *backend;
  AssayWalk walk;
  AssayDtype dtype;
  AssayCompute compute;
  gsize memory;                 /* the point's */
  gint64 *examples;             /* (N) */
  gint64 N, B;
  gint64 K, asked;              /* directions at once; that were asked for */
  guint n_batches;
  void *theta;                  /* (P) */
  AssayPass **kept;             /* (n_kept) of the first micro-batches */
  gboolean *prepared;           /* (n_kept) */
  guint n_kept;
  AssayFeed *rest;              /* of the others; NULL: there are none */
};

static AssayWalkSpec
get_spec (const AssaySweep *sweep, gint64 K)
{
  return (AssayWalkSpec) { .walk = sweep->walk, .dtype = sweep->dtype, .K = K, .compute = sweep->compute };
}

/* As many walks of whole micro-batches as the memory holds; the last, smaller one too when all others are kept. */
static gboolean
count_kept (AssaySweep *sweep, gsize memory, GError **error)
{
  const AssayWalkSpec spec = get_spec (sweep, sweep->K);
  gint64 n, full = sweep->N / sweep->B;
  guint64 bytes, last_bytes;

  if (memory == 0)
    return TRUE;
  if (!assay_pass_measure_walk (sweep->model, &spec, sweep->B, sweep->backend, &bytes, error))
    return FALSE;
  sweep->n_kept = MIN ((guint64) full, memory / bytes);
  if (sweep->n_kept < full || sweep->n_kept == sweep->n_batches)
    return TRUE;
  assay_sweep_get_range (sweep, sweep->n_kept, &n);
  if (!assay_pass_measure_walk (sweep->model, &spec, n, sweep->backend, &last_bytes, error))
    return FALSE;
  if (last_bytes <= memory - full * bytes)
    sweep->n_kept++;
  return TRUE;
}

static gboolean
keep_walks (AssaySweep *sweep, GError **error)
{
  const AssayWalkSpec spec = get_spec (sweep, sweep->K);

  sweep->kept = g_new0 (AssayPass *, sweep->n_kept);
  sweep->prepared = g_new0 (gboolean, sweep->n_kept);
  for (guint b = 0; b < sweep->n_kept; b++)
    {
      gint64 n, first = assay_sweep_get_range (sweep, b, &n);

      sweep->kept[b] = assay_pass_new_walk (sweep->model, sweep->dataset, &spec, n, 0, sweep->backend, error);
      if (sweep->kept[b] == NULL)
        return FALSE;
      assay_pass_bind (sweep->kept[b], sweep->examples + first);
    }
  return TRUE;
}

/* Makes the shared walks, the one for a smaller last micro-batch too. */
static gboolean
share_walks (AssaySweep *sweep, GError **error)
{
  const AssayWalkSpec spec = get_spec (sweep, sweep->K);
  gint64 n, first, last_n, last = assay_sweep_get_range (sweep, sweep->n_batches - 1, &last_n);

  if (sweep->n_kept == sweep->n_batches)
    return TRUE;
  first = assay_sweep_get_range (sweep, sweep->n_kept, &n);
  sweep->rest = assay_feed_new_walk (sweep->model, sweep->dataset, &spec, n, sweep->backend, error);
  return sweep->rest != NULL && assay_feed_bind (sweep->rest, sweep->examples + first, n, error)
         && assay_feed_bind (sweep->rest, sweep->examples + last, last_n, error);
}

static void
leave_walks (AssaySweep *sweep)
{
  for (guint b = 0; sweep->kept != NULL && b < sweep->n_kept; b++)
    assay_pass_free (sweep->kept[b]);
  g_clear_pointer (&sweep->kept, g_free);
  g_clear_pointer (&sweep->prepared, g_free);
  g_clear_pointer (&sweep->rest, assay_feed_free);
}

static void
set_batch (AssaySweep *sweep, gint64 B)
{
  sweep->B = B;
  sweep->n_batches = (guint) ((sweep->N + B - 1) / B);
}

/* Less of what changes no bits: TRUE when there is still something to leave out. */
static gboolean
make_do (AssaySweep *sweep)
{
  const gboolean is_each = sweep->walk == ASSAY_WALK_FORWARD || sweep->walk == ASSAY_WALK_TANGENT;

  if (sweep->n_kept > 0)
    sweep->n_kept /= 2;
  else if (sweep->K > 1)
    sweep->K = (sweep->K + 1) / 2;
  else if (is_each && sweep->B > 1)
    set_batch (sweep, (sweep->B + 1) / 2);
  else
    return FALSE;
  return TRUE;
}

static gboolean
make_walks (AssaySweep *sweep, GError **error)
{
  sweep->n_kept = 0;
  if (!count_kept (sweep, sweep->walk == ASSAY_WALK_GRADIENT ? 0 : sweep->memory, error))
    return FALSE;
  for (;;)
    {
      GError *fault = NULL;
      gboolean has_ended;

      if (keep_walks (sweep, &fault) && share_walks (sweep, &fault))
        return TRUE;
      has_ended = sweep->backend->owns != NULL && g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
      leave_walks (sweep);
      if (!has_ended || !make_do (sweep))
        {
          if (has_ended)
            g_prefix_error (&fault, "walks of %" G_GINT64_FORMAT " examples do not fit: give a smaller --walk-batch; ", sweep->B);
          g_propagate_error (error, fault);
          return FALSE;
        }
      g_clear_error (&fault);
    }
}

AssaySweep *
assay_sweep_new (const AssayPoint *point, AssayWalk walk, AssayDtype dtype, GError **error)
{
  g_autoptr (AssaySweep) sweep = NULL;

  if (!assay_point_check (point, error))
    return NULL;
  if (dtype == ASSAY_C128 && point->backend->owns != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "the complex step is walked on the processor; leave --device %s out", point->backend->name);
      return NULL;
    }
  sweep = g_new0 (AssaySweep, 1);
  sweep->model = point->model;
  sweep->dataset = assay_dataset_ref (point->dataset);
  sweep->backend = point->backend;
  sweep->walk = walk == ASSAY_WALK_HESSIAN && point->memory == 0 ? ASSAY_WALK_HESSIAN_COLD : walk;
  sweep->dtype = dtype;
  sweep->compute = point->compute;
  sweep->memory = point->memory;
  sweep->N = point->n_examples;
  sweep->K = sweep->asked = 1;
  set_batch (sweep, MIN (point->batch, sweep->N));
  sweep->examples = g_memdup2 (point->examples, sweep->N * sizeof *sweep->examples);
  sweep->theta = assay_point_new_theta (point, dtype, error);
  if (sweep->theta == NULL || !make_walks (sweep, error)
      || assay_sweep_bind (sweep, 0, error) == NULL)
    return NULL;
  return g_steal_pointer (&sweep);
}

gboolean
assay_sweep_widen (AssaySweep *sweep, gint64 K, gsize memory, GError **error)
{
  guint64 bytes = 0;

  K = MIN (K, ASSAY_SWEEP_BLOCK);
  if (K <= sweep->asked || sweep->backend->owns == NULL || sweep->walk == ASSAY_WALK_GRADIENT || sweep->walk == ASSAY_WALK_FORWARD)
    return TRUE;
  sweep->asked = K;
  for (; K > sweep->K; K = (K + 1) / 2)
    {
      const AssayWalkSpec spec = get_spec (sweep, K);

      if (!assay_pass_measure_walk (sweep->model, &spec, sweep->B, sweep->backend, &bytes, error))
        return FALSE;
      if (bytes <= memory)
        break;
    }
  if (K <= sweep->K)
    return TRUE;
  leave_walks (sweep);
  sweep->K = K;
  return make_walks (sweep, error) && assay_sweep_bind (sweep, 0, error) != NULL;
}

gint64
assay_sweep_get_block (const AssaySweep *sweep)
{
  return sweep->K;
}

void
assay_sweep_free (AssaySweep *sweep)
{
  if (sweep == NULL)
    return;
  leave_walks (sweep);
  sweep->backend->release (sweep->backend, sweep->theta);
  assay_dataset_unref (sweep->dataset);
  g_free (sweep->examples);
  g_free (sweep);
}

gint64
assay_sweep_get_n (const AssaySweep *sweep)
{
  return sweep->N;
}

gint64
assay_sweep_get_n_params (const AssaySweep *sweep)
{
  return assay_model_get_n_params (sweep->model);
}

guint
assay_sweep_get_n_batches (const AssaySweep *sweep)
{
  return sweep->n_batches;
}

guint
assay_sweep_get_n_kept (const AssaySweep *sweep)
{
  return sweep->n_kept;
}

gint64
assay_sweep_get_range (const AssaySweep *sweep, guint batch, gint64 *n)
{
  gint64 first = batch * sweep->B;

  *n = MIN (sweep->B, sweep->N - first);
  return first;
}

void *
assay_sweep_get_theta (AssaySweep *sweep)
{
  return sweep->theta;
}

AssayExec *
assay_sweep_bind (AssaySweep *sweep, guint batch, GError **error)
{
  gint64 n, first = assay_sweep_get_range (sweep, batch, &n);
  AssayPass *pass = batch < sweep->n_kept ? sweep->kept[batch] : assay_feed_bind (sweep->rest, sweep->examples + first, n, error);

  return pass ? assay_pass_get_exec (pass) : NULL;
}

AssayExec *
assay_sweep_prepare (AssaySweep *sweep, guint batch, GError **error)
{
  AssayExec *exec = assay_sweep_bind (sweep, batch, error);

  if (exec == NULL || (batch < sweep->n_kept && sweep->prepared[batch]))
    return exec;
  if (!assay_exec_prepare (exec, sweep->theta, NULL, NULL, FALSE, error))
    return NULL;
  if (batch < sweep->n_kept)
    sweep->prepared[batch] = TRUE;
  return exec;
}

void
assay_sweep_locate_nan (AssaySweep *sweep, guint batch, const char *what, const void *weights, const void *direction, void *result,
                        GError **error)
{
  gint64 n, first = assay_sweep_get_range (sweep, batch, &n), fault;
  GError *found = NULL;
  AssayExec *exec = assay_sweep_bind (sweep, batch, error);

  if (exec == NULL)
    return;
  if (batch < sweep->n_kept)
    sweep->prepared[batch] = FALSE;                               /* a walk that fails midway leaves nothing to apply */
  assay_exec_set_check (exec, TRUE);
  if (assay_exec_prepare (exec, sweep->theta, weights, sweep->walk == ASSAY_WALK_GRADIENT ? result : NULL, FALSE, &found)
      && direction != NULL)
    assay_exec_apply (exec, direction, sweep->walk == ASSAY_WALK_TANGENT ? NULL : result, FALSE, &found);
  assay_exec_set_check (exec, FALSE);
  fault = assay_exec_get_fault (exec);
  if (found == NULL)
    g_set_error (&found, ASSAY_ERROR, ASSAY_ERROR_NAN, "the sum over examples is not finite though every tensor is");
  if (fault >= 0)
    {
      g_autofree char *example = assay_dataset_describe (sweep->dataset, sweep->examples[first + fault]);

      g_prefix_error (&found, "%s, %s: ", what, example);
    }
  else
    g_prefix_error (&found, "%s: ", what);
  g_propagate_error (error, found);
}
