/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_pass.c: one feed of passes that keep what modules are made of. */
#include "hessian/module_pass.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/module_labels.h"
#include "run/pass.h"

#include <string.h>

#define ROWS 1024               /* positions of a micro-batch: products are then of a good size, and what they read stays near */
#define ROWS_THERE 8192         /* on a device, whose products are of a good size from some thousand rows on, */
#define BYTES_THERE ((guint64) 4 << 30) /* where a walk takes at most so many */

struct _AssayModulePass {
  AssayPoint point;
  gint64 *examples;             /* (N) */
  const AssayModules *modules;
  AssayModuleLabels *labels;    /* NULL: the data's own */
  AssayFeed *feed;
  void *theta, *there;          /* (P) for what reads parameters here, and in the backend's memory for walks */
  gint64 T;                     /* positions that weights are of; 0: none, or all of them reach the loss */
  guint8 *masked;               /* (B,T) */
  guint n_uses;                 /* of the module with most */
  void **row_space, **column_space;     /* (n_uses) */
  gint32 **index_space;
  gboolean *stays;              /* (modules->n): on the device; NULL: none does */
  gboolean finds;               /* by find_there, not gather_there */
  void *column_there, *masked_there;    /* (B,n,columns) of the largest of them; (B,T) bytes; finds: no room */
  void **row_there;             /* finds: (n_uses) of (B,rows) of the largest whose column is one; else NULL */
  AssayModuleParts *parts;
  gint64 *counted;
};

static guint *
collect_keep (const AssayModules *modules, const guint *more)
{
  GArray *keep = g_array_new (FALSE, FALSE, sizeof (guint));
  guint value;

  for (guint m = 0; m < modules->n; m++)
    for (guint u = 0; u < modules->module[m].n_uses; u++)
      {
        const AssayModuleUse *use = &modules->module[m].uses[u];

        if (use->primal != ASSAY_NO_VALUE)
          g_array_append_val (keep, use->primal);
        g_array_append_vals (keep, use->more, use->n_more);
        value = ASSAY_KEEP_ADJOINT (use->adjoint);
        g_array_append_val (keep, value);
      }
  for (; more != NULL && *more != ASSAY_NO_VALUE; more++)
    g_array_append_val (keep, *more);
  value = ASSAY_NO_VALUE;
  g_array_append_val (keep, value);
  return (guint *) (void *) g_array_free (keep, FALSE);
}

static gint64
most_positions (const AssayModules *modules)
{
  gint64 most = 1;

  for (guint m = 0; m < modules->n; m++)
    for (guint u = 0; u < modules->module[m].n_uses; u++)
      most = MAX (most, modules->module[m].uses[u].positions);
  return most;
}

/* Halves what was asked for until its walk fits; the last is 1. */
static gint64
choose_batch_there (const AssayModel *model, AssayDtype dtype, gint64 most, const guint *keep, GError **error)
{
  for (gint64 batch = most;; batch = (batch + 1) / 2)
    {
      guint64 bytes;

      if (!assay_pass_measure (model, ASSAY_WALK_GRADIENT, dtype, batch, keep, &bytes, error))
        return 0;
      if (bytes <= BYTES_THERE || batch <= 1)
        return batch;
    }
}

gint64
assay_module_pass_measure (const AssayModel *model, const AssayModules *modules, const AssayBackend *backend, AssayDtype dtype, gint64 n_examples, guint64 *bytes,
                           GError **error)
{
  const gboolean is_there = backend != NULL && backend->owns != NULL;
  g_autofree guint *keep = collect_keep (modules, NULL);
  gint64 batch = CLAMP ((is_there ? ROWS_THERE : ROWS) / most_positions (modules), 1, n_examples);

  batch = is_there ? choose_batch_there (model, dtype, batch, keep, error)
                   : assay_pass_choose_batch (model, ASSAY_WALK_GRADIENT, dtype, batch, keep, error);
  if (batch > 0 && bytes != NULL && !assay_pass_measure (model, ASSAY_WALK_GRADIENT, dtype, batch, keep, bytes, error))
    return 0;
  return batch;
}

static gboolean
stays_there (const AssayModulePass *pass, guint m)
{
  return pass->stays != NULL && pass->stays[m];
}

/* Room for what kinds write here. */
static gboolean
make_spaces (AssayModulePass *pass, GError **error)
{
  gsize width = assay_dtype_width (pass->point.dtype);
  gint64 B = assay_feed_get_batch (pass->feed);

  pass->row_space = g_new0 (void *, pass->n_uses);
  pass->column_space = g_new0 (void *, pass->n_uses);
  pass->index_space = g_new0 (gint32 *, pass->n_uses);
  for (guint u = 0; u < pass->n_uses; u++)
    {
      gint64 rows = 1, columns = 1, n = 1;

      for (guint m = 0; m < pass->modules->n; m++)
        if (!stays_there (pass, m) && u < pass->modules->module[m].n_uses)
          {
            const AssayModuleUse *use = &pass->modules->module[m].uses[u];

            rows = MAX (rows, use->row_is_index ? 1 : use->positions * use->rows);
            columns = MAX (columns, use->positions * use->columns);
            n = MAX (n, use->positions);
          }
      if ((pass->row_space[u] = assay_mem_alloc_array (B * rows, width, error)) == NULL
          || (pass->column_space[u] = assay_mem_alloc_array (B * columns, width, error)) == NULL
          || (pass->index_space[u] = assay_mem_alloc_array (B * n, sizeof (gint32), error)) == NULL)
        return FALSE;
    }
  return TRUE;
}

/* batch 0: by the model alone. */
static AssayModulePass *
new_pass (const AssayPoint *point, const AssayModules *modules, gint64 batch, gboolean draws, guint64 seed, GError **error)
{
  g_autoptr (AssayModulePass) pass = NULL;
  g_autofree guint *keep = NULL;
  AssayWalkSpec spec = { .walk = ASSAY_WALK_GRADIENT, .dtype = point->dtype, .compute = point->compute };

  if (!assay_point_check (point, error))
    return NULL;
  pass = g_new0 (AssayModulePass, 1);
  pass->point = *point;
  pass->modules = modules;
  pass->examples = g_memdup2 (point->examples, point->n_examples * sizeof *pass->examples);
  pass->point.examples = pass->examples;
  if (draws && (pass->labels = assay_module_labels_new (point->model, seed, point->n_examples, error)) == NULL)
    return NULL;
  if (batch == 0 && (batch = assay_module_pass_measure (point->model, modules, point->backend, point->dtype, point->n_examples, NULL, error)) == 0)
    return NULL;
  keep = collect_keep (modules, pass->labels ? assay_module_labels_get_keep (pass->labels) : NULL);
  spec.keep = keep;
  if ((pass->feed = assay_feed_new_walk (point->model, point->dataset, &spec, batch, point->backend, error)) == NULL
      || (pass->there = assay_point_new_theta (point, point->dtype, error)) == NULL
      || (pass->theta = assay_mem_alloc_array (modules->P, assay_dtype_width (point->dtype), error)) == NULL)
    return NULL;
  for (guint m = 0; m < modules->n; m++)
    pass->n_uses = MAX (pass->n_uses, modules->module[m].n_uses);
  pass->parts = g_new0 (AssayModuleParts, pass->n_uses);
  pass->counted = g_new0 (gint64, pass->n_uses);
  assay_point_read_theta (point, point->dtype, pass->theta);
  if (assay_dataset_get_kind (point->dataset) == ASSAY_DATASET_TOKENS && !assay_model_get_block (point->model)->looks_ahead)
    {
      pass->T = assay_dataset_get_shape (point->dataset).dim[0];
      pass->masked = g_new (guint8, batch * pass->T);
    }
  return g_steal_pointer (&pass);
}

static gboolean
check_compute (const AssayPoint *point, GError **error)
{
  if (point->compute == ASSAY_COMPUTE_FULL || (point->dtype == ASSAY_F32 && point->backend->owns != NULL))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "curvature factors, products in %s: walks in f32 on a CUDA device expected, in %s on %s found; give "
               "--device cuda and --factor-precision f32, or leave --compute out", assay_compute_names[point->compute], assay_dtype_name (point->dtype),
               point->backend->name);
  return FALSE;
}

AssayModulePass *
assay_module_pass_new (const AssayPoint *point, const AssayModules *modules, gboolean draws, guint64 seed, GError **error)
{
  return check_compute (point, error) ? new_pass (point, modules, 0, draws, seed, error) : NULL;
}

void
assay_module_pass_free (AssayModulePass *pass)
{
  if (pass == NULL)
    return;
  for (guint u = 0; pass->row_there != NULL && u < pass->n_uses; u++)
    pass->point.backend->release (pass->point.backend, pass->row_there[u]);
  g_free (pass->row_there);
  for (guint u = 0; pass->index_space != NULL && u < pass->n_uses; u++)
    {
      assay_mem_free (pass->row_space[u]);
      assay_mem_free (pass->column_space[u]);
      assay_mem_free (pass->index_space[u]);
    }
  g_free (pass->row_space);
  g_free (pass->column_space);
  g_free (pass->index_space);
  g_free (pass->parts);
  g_free (pass->counted);
  if (pass->stays != NULL)
    {
      pass->point.backend->release (pass->point.backend, pass->column_there);
      pass->point.backend->release (pass->point.backend, pass->masked_there);
    }
  g_free (pass->stays);
  g_free (pass->masked);
  g_free (pass->examples);
  pass->point.backend->release (pass->point.backend, pass->there);
  assay_mem_free (pass->theta);
  assay_feed_free (pass->feed);
  assay_module_labels_free (pass->labels);
  g_free (pass);
}

gint64
assay_module_pass_get_batch (const AssayModulePass *pass)
{
  return assay_feed_get_batch (pass->feed);
}

/* TRUE when any position is masked. */
static gboolean
find_masked (AssayModulePass *pass, const AssayBatch *data, gint64 B)
{
  gboolean any = FALSE;

  for (gint64 b = 0; b < B; b++)
    {
      gboolean reaches = FALSE;

      for (gint64 t = (b + 1) * pass->T; t-- > b * pass->T; )
        {
          reaches = reaches || (data->dtype == ASSAY_F32 ? (double) ((const float *) data->weight)[t] : ((const double *) data->weight)[t]) != 0;
          pass->masked[t] = !reaches;
          any |= !reaches;
        }
    }
  return any;
}

static gint64
count_positions (const AssayModuleParts *parts)
{
  gint64 n = parts->B * parts->use->positions, masked = 0;

  for (gint64 t = 0; parts->masked != NULL && t < n; t++)
    masked += parts->masked[t];
  return n - masked;
}

/* What the walk had of a value: a parameter is where theta is. */
static const void *
get_primal (const AssayModulePass *pass, const AssayExec *exec, guint value)
{
  const AssayGraphValue *v = assay_graph_get_value (assay_exec_get_graph (exec), value);

  if (v->role == ASSAY_VALUE_PARAM)
    return (const char *) pass->theta + v->offset * (gint64) assay_dtype_width (pass->point.dtype);
  return assay_exec_get_buffer (exec, ASSAY_PRIMAL, value);
}

/* Whether a module that does not stay reads the value here. */
static gboolean
is_read_here (const AssayModulePass *pass, AssayPlane plane, guint value)
{
  const guint *labels = pass->labels ? assay_module_labels_get_keep (pass->labels) : NULL;

  for (guint m = 0; m < pass->modules->n; m++)
    for (guint u = 0; !pass->stays[m] && u < pass->modules->module[m].n_uses; u++)
      {
        const AssayModuleUse *use = &pass->modules->module[m].uses[u];

        if (plane == ASSAY_ADJOINT ? use->adjoint == value : use->primal == value)
          return TRUE;
        for (guint k = 0; plane == ASSAY_PRIMAL && k < use->n_more; k++)
          if (use->more[k] == value)
            return TRUE;
      }
  for (guint k = 0; plane == ASSAY_PRIMAL && labels != NULL && labels[k] != ASSAY_NO_VALUE; k++)
    if (labels[k] == value)
      return TRUE;
  return FALSE;
}

static gboolean
can_stay (const AssayModulePass *pass, guint m)
{
  const AssayModule *module = &pass->modules->module[m];

  if (!pass->finds && module->n_uses > 1)
    return FALSE;
  for (guint u = 0; u < module->n_uses; u++)
    {
      const AssayModuleUse *use = &module->uses[u];

      if ((pass->finds ? use->kind->find_there : use->kind->gather_there) == NULL
          || (use->primal != ASSAY_NO_VALUE && is_read_here (pass, ASSAY_PRIMAL, use->primal)) || is_read_here (pass, ASSAY_ADJOINT, use->adjoint))
        return FALSE;
    }
  return TRUE;
}

static gboolean
make_walks (AssayModulePass *pass, GError **error)
{
  const gint64 B = assay_feed_get_batch (pass->feed), rest = pass->point.n_examples % B;

  return assay_feed_bind (pass->feed, pass->examples, B, error) != NULL
         && (rest == 0 || assay_feed_bind (pass->feed, pass->examples, rest, error) != NULL);
}

static void
choose_stays (AssayModulePass *pass, gboolean *marks)
{
  gboolean has_changed = TRUE;

  pass->stays = g_memdup2 (marks, pass->modules->n * sizeof *marks);
  while (has_changed)                                             /* one that does not stay may hold others here */
    {
      has_changed = FALSE;
      for (guint m = 0; m < pass->modules->n; m++)
        if (pass->stays[m] && !can_stay (pass, m))
          {
            pass->stays[m] = FALSE;
            has_changed = TRUE;
          }
    }
  memcpy (marks, pass->stays, pass->modules->n * sizeof *marks);
}

gboolean
assay_module_pass_leave_there (AssayModulePass *pass, gboolean *marks, GError **error)
{
  AssayBackend *device = pass->point.backend;
  gint64 B = assay_feed_get_batch (pass->feed), columns = 1;

  if (device->owns == NULL)
    {
      memset (marks, 0, pass->modules->n * sizeof *marks);
      return TRUE;
    }
  choose_stays (pass, marks);
  for (guint m = 0; m < pass->modules->n; m++)
    if (marks[m])
      columns = MAX (columns, pass->modules->module[m].uses[0].positions * pass->modules->module[m].columns);
  return make_walks (pass, error) && (pass->column_there = device->alloc (device, (gsize) (B * columns) * assay_dtype_width (pass->point.dtype), error)) != NULL
         && (pass->masked_there = device->alloc (device, (gsize) MAX (1, B * pass->T), error)) != NULL;
}

/* Room on the device for each use of the modules that stay whose rows are no value of the walk. */
static gboolean
make_rows_there (AssayModulePass *pass, GError **error)
{
  AssayBackend *device = pass->point.backend;

  pass->row_there = g_new0 (void *, pass->n_uses);
  for (guint u = 0; u < pass->n_uses; u++)
    {
      gint64 rows = 0;

      for (guint m = 0; m < pass->modules->n; m++)
        if (pass->stays[m] && u < pass->modules->module[m].n_uses && pass->modules->module[m].uses[u].column_is_one)
          rows = MAX (rows, pass->modules->module[m].uses[u].positions * pass->modules->module[m].rows);
      if (rows > 0
          && (pass->row_there[u] = device->alloc (device, (gsize) (assay_feed_get_batch (pass->feed) * rows) * assay_dtype_width (pass->point.dtype), error)) == NULL)
        return FALSE;
    }
  return TRUE;
}

AssayModulePass *
assay_module_pass_new_each (const AssayPoint *point, const AssayModules *modules, gboolean *marks, GError **error)
{
  const gboolean is_there = point->backend->owns != NULL;
  g_autoptr (AssayModulePass) pass = new_pass (point, modules, is_there ? MIN (point->batch, point->n_examples) : 0, FALSE, 0, error);

  for (guint m = 0; m < modules->n; m++)
    marks[m] = is_there;
  if (pass == NULL || !is_there)
    return g_steal_pointer (&pass);
  pass->finds = TRUE;
  choose_stays (pass, marks);
  return make_rows_there (pass, error) ? g_steal_pointer (&pass) : NULL;
}

/* The parts of a use that stay on the device, as they are there. */
static gboolean
find_there (AssayModulePass *pass, const AssayExec *exec, const AssayModuleUse *use, guint u, gint64 B, GError **error)
{
  AssayModuleParts *parts = &pass->parts[u];

  *parts = (AssayModuleParts) { .use = use, .node = assay_graph_get_node (assay_exec_get_graph (exec), use->node), .dtype = pass->point.dtype, .B = B,
                                .row_space = pass->row_there[u], .there = pass->point.backend };
  if (use->primal != ASSAY_NO_VALUE)
    parts->primal = assay_exec_get_there (exec, ASSAY_PRIMAL, use->primal);
  parts->adjoint = assay_exec_get_there (exec, ASSAY_ADJOINT, use->adjoint);
  pass->counted[u] = B * use->positions;
  return use->kind->find_there (parts, error);
}

/* The same, formed there. */
static gboolean
gather_there (AssayModulePass *pass, const AssayExec *exec, const AssayModuleUse *use, gint64 B, gboolean any_masked, GError **error)
{
  AssayModuleParts *parts = &pass->parts[0];
  const guint8 *masked = any_masked && use->positions == pass->T ? pass->masked : NULL;

  *parts = (AssayModuleParts) { .use = use, .node = assay_graph_get_node (assay_exec_get_graph (exec), use->node), .dtype = pass->point.dtype, .B = B,
                                .column_space = pass->column_there, .there = pass->point.backend, .masked = masked };
  pass->counted[0] = count_positions (parts);
  parts->masked = masked ? pass->masked_there : NULL;
  parts->primal = assay_exec_get_there (exec, ASSAY_PRIMAL, use->primal);
  parts->adjoint = assay_exec_get_there (exec, ASSAY_ADJOINT, use->adjoint);
  return use->kind->gather_there (parts, error);
}

/* Before a walk: what stays is not copied. */
static void
leave (const AssayModulePass *pass, AssayExec *exec)
{
  for (guint m = 0; m < pass->modules->n; m++)
    for (guint u = 0; stays_there (pass, m) && u < pass->modules->module[m].n_uses; u++)
      {
        const AssayModuleUse *use = &pass->modules->module[m].uses[u];

        if (use->primal != ASSAY_NO_VALUE)
          assay_exec_leave (exec, ASSAY_PRIMAL, use->primal);
        assay_exec_leave (exec, ASSAY_ADJOINT, use->adjoint);
      }
}

static void
gather (AssayModulePass *pass, AssayExec *exec, const AssayModuleUse *use, guint u, gint64 B, gboolean any_masked)
{
  AssayModuleParts *parts = &pass->parts[u];

  *parts = (AssayModuleParts) { .use = use, .node = assay_graph_get_node (assay_exec_get_graph (exec), use->node), .dtype = pass->point.dtype,
                                .B = B, .workers = pass->point.backend->workers, .row_space = pass->row_space[u],
                                .column_space = pass->column_space[u], .index_space = pass->index_space[u] };
  if (use->primal != ASSAY_NO_VALUE)
    parts->primal = get_primal (pass, exec, use->primal);
  for (guint k = 0; k < use->n_more; k++)
    parts->more[k] = get_primal (pass, exec, use->more[k]);
  parts->adjoint = assay_exec_get_buffer (exec, ASSAY_ADJOINT, use->adjoint);
  if (any_masked && use->positions == pass->T)
    parts->masked = pass->masked;
  use->kind->gather (parts);
  pass->counted[u] = count_positions (parts);
}

/* A whole batch, or what is left of all examples. */
static gboolean
run_batch (AssayModulePass *pass, gint64 first, AssayModuleFunc func, gpointer data, const char *what, GError **error)
{
  gint64 n = MIN (assay_feed_get_batch (pass->feed), pass->point.n_examples - first);
  const gint64 *examples = pass->examples + first;
  AssayPass *bound = assay_feed_bind (pass->feed, examples, n, error);
  AssayExec *exec = bound ? assay_pass_get_exec (bound) : NULL;
  gboolean any_masked;

  if (exec == NULL)
    return FALSE;
  any_masked = pass->T > 0 && find_masked (pass, assay_pass_get_data (bound), n);
  if (pass->labels != NULL)
    assay_module_labels_bind (pass->labels, bound, examples, first);
  leave (pass, exec);
  if (pass->masked_there != NULL && any_masked
      && !pass->point.backend->copy_in (pass->point.backend, pass->masked_there, pass->masked, (gsize) (n * pass->T), error))
    return FALSE;
  if (!assay_exec_prepare (exec, pass->there, NULL, NULL, FALSE, error) || !assay_pass_check_losses (bound, examples, what, error))
    return FALSE;
  for (guint m = 0; m < pass->modules->n; m++)
    {
      const AssayModule *module = &pass->modules->module[m];
      AssayModuleBatch batch = { .first = first, .B = n, .module = module, .index = m, .parts = pass->parts, .counted = pass->counted,
                                 .dtype = pass->point.dtype };

      if (stays_there (pass, m) && pass->finds)
        {
          for (guint u = 0; u < module->n_uses; u++)
            if (!find_there (pass, exec, &module->uses[u], u, n, error))
              return FALSE;
        }
      else if (stays_there (pass, m))
        {
          batch.there = (AssayModuleThere) { pass->point.backend, pass->point.dtype, pass->point.compute };
          if (!gather_there (pass, exec, &module->uses[0], n, any_masked, error))
            return FALSE;
        }
      else
        for (guint u = 0; u < module->n_uses; u++)
          gather (pass, exec, &module->uses[u], u, n, any_masked);
      if (!func (&batch, data, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
assay_module_pass_run (AssayModulePass *pass, AssayModuleFunc func, gpointer data, const char *what, AssayProgress *progress, GError **error)
{
  return assay_module_pass_run_range (pass, 0, pass->point.n_examples, func, data, what, progress, error);
}

gboolean
assay_module_pass_run_range (AssayModulePass *pass, gint64 first, gint64 end, AssayModuleFunc func, gpointer data, const char *what,
                             AssayProgress *progress, GError **error)
{
  gint64 N = pass->point.n_examples;

  if (pass->index_space == NULL && !make_spaces (pass, error))
    return FALSE;
  for (; first < end; first += assay_feed_get_batch (pass->feed))
    {
      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      assay_progress_report (progress, what, first, N, "examples", NULL);
      if (!run_batch (pass, first, func, data, what, error))
        return FALSE;
    }
  return TRUE;
}
