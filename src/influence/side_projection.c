/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_projection.c: signs for both sides of every module, and a pass that meets them. */
#include "influence/side_projection.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "hessian/vector_f64.h"
#include "influence/device_sketch.h"
#include "influence/projection.h"
#include "tensor/gemm.h"

#include <string.h>

void
assay_side_projection_clear (AssaySideProjection *p)
{
  for (guint m = 0; p->sides != NULL && m < p->modules->n; m++)
    {
      assay_mem_free (p->sides[m].row);
      assay_mem_free (p->sides[m].column);
    }
  g_free (p->sides);
  assay_modules_free (p->modules);
  assay_mem_free (p->room);
}

/* The matrix (n,k) of a projection of n numbers; *k becomes n where that is less. */
static double *
draw_side (gint64 n, gint64 *k, guint64 seed, AssayWorkers *workers, GError **error)
{
  g_autoptr (AssayProjection) projection = assay_projection_new (n, *k, seed, error);
  double *matrix = projection ? assay_mem_alloc_array (n * projection->k, sizeof (double), error) : NULL;

  if (matrix == NULL)
    return NULL;
  *k = projection->k;
  assay_projection_write (projection, workers, matrix);
  return matrix;
}

gboolean
assay_side_projection_open (AssaySideProjection *p, const AssayInfluenceTask *task, const AssayValues *options, GError **error)
{
  const gint64 k = assay_values_get_int (options, "projection");
  const guint64 seed = (guint64) assay_values_get_int (options, "seed");

  p->task = task;
  while (strcmp (assay_compute_names[p->compute], assay_values_get_string (options, "compute")) != 0)
    p->compute++;
  p->k = k;
  p->positions = p->wide = 1;
  p->modules = assay_modules_new (task->model, error);
  if (p->modules == NULL)
    return FALSE;
  p->sides = g_new0 (AssaySides, p->modules->n);
  for (guint m = 0; m < p->modules->n; m++)
    {
      const AssayModule *module = &p->modules->module[m];
      AssaySides *sides = &p->sides[m];

      sides->ko = sides->ki = k;
      sides->first = p->F;
      if ((sides->row = draw_side (module->rows, &sides->ko, assay_rng_stream (module->name, 2 * seed), task->backend->workers, error)) == NULL
          || (sides->column = draw_side (module->columns, &sides->ki, assay_rng_stream (module->name, 2 * seed + 1), task->backend->workers, error)) == NULL)
        return FALSE;
      p->F += sides->ko * sides->ki;
      for (guint u = 0; u < module->n_uses; u++)
        {
          p->positions = MAX (p->positions, module->uses[u].positions);
          p->wide = MAX (p->wide, module->uses[u].positions * MAX (module->rows, module->columns));
        }
    }
  p->room = assay_mem_alloc_array (2 * p->positions * k + p->wide, sizeof (double), error);
  return p->room != NULL;
}

void
assay_side_projection_note (const AssaySideProjection *p, GString *notes)
{
  if (p->compute != ASSAY_COMPUTE_FULL)
    g_string_append_printf (notes, "gradients are of walks whose linear layers multiply in %s\n", assay_compute_names[p->compute]);
}

typedef struct {
  AssaySideProjection *projection;
  AssayDeviceSketch sketch;
  AssaySideProjectionFunc func;
  gpointer data;
  double *left, *right, *wide;
  double *feature;              /* (B,F) */
  gint64 done;                  /* examples that func has had */
  gboolean is_refused;          /* by func */
} Collection;

/* out (n,k) = positions (n,width) of example b, times the side's matrix (width,k). */
static void
project_positions (const Collection *c, AssayDtype dtype, const void *positions, gint64 b, gint64 n, gint64 width, const double *matrix, gint64 k, double *out)
{
  const char *from = (const char *) positions + b * n * width * (gint64) assay_dtype_width (dtype);

  assay_dtype_convert (dtype, from, ASSAY_F64, c->wide, n * width);
  assay_gemm_f64 (c->projection->task->backend->workers, FALSE, FALSE, n, k, width, 1, c->wide, width, matrix, k, FALSE, out, k);
}

/* Adds one use of one example to G (ko,ki). */
static void
add_use (const Collection *c, const AssayModuleBatch *batch, guint u, gint64 b, double *G)
{
  const AssayModuleParts *parts = &batch->parts[u];
  const AssayModuleUse *use = &batch->module->uses[u];
  const AssaySides *sides = &c->projection->sides[batch->index];
  gint64 n = use->positions;

  if (use->row_is_index)
    for (gint64 t = 0; t < n; t++)
      {
        gint32 row = parts->index[b * n + t];

        if (row < 0)
          memset (c->left + t * sides->ko, 0, sides->ko * sizeof (double));
        else
          memcpy (c->left + t * sides->ko, sides->row + row * sides->ko, sides->ko * sizeof (double));
      }
  else
    project_positions (c, batch->dtype, parts->row, b, n, use->rows, sides->row, sides->ko, c->left);
  if (use->column_is_one)
    for (gint64 t = 0; t < n * sides->ki; t++)
      c->right[t] = sides->column[0];
  else
    project_positions (c, batch->dtype, parts->column, b, n, use->columns, sides->column, sides->ki, c->right);
  assay_gemm_f64 (NULL, TRUE, FALSE, sides->ko, sides->ki, n, 1, c->left, sides->ko, c->right, sides->ki, u > 0, G, sides->ki);
}

/* All modules of the micro-batch are there: what is on the device comes, and each example goes out. */
static gboolean
give_batch (Collection *c, gint64 first, gint64 B, GError **error)
{
  if (!assay_device_sketch_fetch (&c->sketch, B, c->feature, error))
    return FALSE;
  for (gint64 b = 0; b < B; b++, c->done++)
    if (!c->func (first + b, c->feature + b * c->projection->F, c->data, error))
      {
        c->is_refused = TRUE;
        return FALSE;
      }
  return TRUE;
}

static gboolean
take_module (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  Collection *c = data;
  const AssaySideProjection *p = c->projection;

  if (batch->parts[0].there != NULL)
    {
      if (!assay_device_sketch_add (&c->sketch, batch, error))
        return FALSE;
    }
  else
    for (gint64 b = 0; b < batch->B; b++)
      for (guint u = 0; u < batch->module->n_uses; u++)
        add_use (c, batch, u, b, c->feature + b * p->F + p->sides[batch->index].first);
  return batch->index + 1 < p->modules->n || give_batch (c, batch->first, batch->B, error);
}

/* From the first example that func has not had, in micro-batches of the point's. */
static gboolean
collect (Collection *c, const AssayPoint *point, AssayProgress *progress, GError **error)
{
  const AssaySideProjection *p = c->projection;
  g_autofree gboolean *marks = g_new0 (gboolean, p->modules->n);
  g_autoptr (AssayModulePass) pass = assay_module_pass_new_each (point, p->modules, marks, error);
  const gint64 B = pass ? assay_module_pass_get_batch (pass) : 0;
  g_autoptr (AssayBuffer) feature = pass ? assay_mem_alloc_array (B * p->F, sizeof (double), error) : NULL;
  gboolean ok = feature != NULL && assay_device_sketch_open (&c->sketch, p, point, B, marks, error);

  c->feature = feature;
  ok = ok && assay_module_pass_run_range (pass, c->done, point->n_examples, take_module, c, "projecting gradients", progress, error);
  assay_device_sketch_clear (&c->sketch);
  return ok;
}

gboolean
assay_side_projection_collect (AssaySideProjection *p, const gint64 *examples, gint64 n, AssaySideProjectionFunc func, gpointer data, AssayProgress *progress,
                               GError **error)
{
  AssayPoint point = assay_influence_task_get_point (p->task, NULL, examples, n);
  double *right = p->room + p->positions * p->k;
  Collection c = { .projection = p, .func = func, .data = data, .left = p->room, .right = right, .wide = right + p->positions * p->k };

  point.compute = p->compute;
  point.batch = MIN (point.batch, n);
  for (;; point.batch = (point.batch + 1) / 2)                    /* a device takes fewer at once where its memory ends: the same bits */
    {
      GError *fault = NULL;

      c.sketch = (AssayDeviceSketch) { 0 };
      if (collect (&c, &point, progress, &fault))
        return TRUE;
      if (point.backend->owns == NULL || c.is_refused || point.batch == 1 || !g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY))
        {
          g_propagate_error (error, fault);
          return FALSE;
        }
      g_error_free (fault);
    }
}

/* --- as features ----------------------------------------------------------------------------------------------------------------- */

typedef struct {
  gint64 F;
  double *feature;
} Features;

static gboolean
take_features (gint64 example, const double *feature, gpointer data, GError **error)
{
  const Features *f = data;

  (void) error;
  memcpy (f->feature + example * f->F, feature, f->F * sizeof *feature);
  return TRUE;
}

gboolean
assay_side_projection_collect_features (AssaySideProjection *p, const gint64 *examples, gint64 n, double *feature, AssayProgress *progress,
                                        GError **error)
{
  Features f = { p->F, feature };

  return assay_side_projection_collect (p, examples, n, take_features, &f, progress, error);
}

/* Means over the examples of each query, in place. */
static void
average (const AssayInfluenceTask *task, gint64 F, double *query)
{
  gint64 size = assay_influence_task_get_query_size (task);

  for (gint64 q = 0; q < task->n_query && size > 1; q++)
    {
      double *to = query + q * F;

      memmove (to, query + q * size * F, F * sizeof *to);
      for (gint64 m = 1; m < size; m++)
        assay_f64_add (F, 1, query + (q * size + m) * F, to);
      assay_f64_scale (F, 1 / (double) size, to);
    }
}

/* feature (n_query,F) of what is measured instead of a loss, from whole gradients: not every module need reach it. */
static gboolean
collect_measured (AssaySideProjection *p, double *feature, GError **error)
{
  gint64 P = p->modules->P, largest = 0, wide = 0;
  g_autoptr (AssayBuffer) memory = NULL;
  double *gradient, *D, *half;

  for (guint m = 0; m < p->modules->n; m++)
    {
      largest = MAX (largest, p->modules->module[m].rows * p->modules->module[m].columns);
      wide = MAX (wide, p->sides[m].ko * p->modules->module[m].columns);
    }
  memory = assay_mem_alloc_array (P + largest + wide, sizeof (double), error);
  if (memory == NULL)
    return FALSE;
  gradient = memory;
  D = gradient + P;
  half = D + largest;
  for (gint64 q = 0; q < p->task->n_query; q++)
    {
      if (!assay_influence_task_query_gradients (p->task, NULL, q, 1, gradient, error))
        return FALSE;
      for (guint m = 0; m < p->modules->n; m++)
        {
          const AssayModule *module = &p->modules->module[m];
          const AssaySides *sides = &p->sides[m];

          assay_module_read (module, gradient, D);
          assay_gemm_f64 (NULL, TRUE, FALSE, sides->ko, module->columns, module->rows, 1, sides->row, sides->ko, D, module->columns, FALSE, half, module->columns);
          assay_gemm_f64 (NULL, FALSE, FALSE, sides->ko, sides->ki, module->columns, 1, half, module->columns, sides->column, sides->ki, FALSE,
                          feature + q * p->F + sides->first, sides->ki);
        }
    }
  return TRUE;
}

double *
assay_side_projection_collect_queries (AssaySideProjection *p, AssayProgress *progress, GError **error)
{
  const gint64 n = p->task->n_query * assay_influence_task_get_query_size (p->task);
  g_autoptr (AssayBuffer) query = assay_mem_alloc_array (n * p->F, sizeof (double), error);

  if (query == NULL || !(p->task->measured ? collect_measured (p, query, error)
                                           : assay_side_projection_collect_features (p, p->task->query, n, query, progress, error)))
    return NULL;
  if (p->task->measured == NULL)
    average (p->task, p->F, query);
  return g_steal_pointer (&query);
}

double
assay_side_projection_cost (const AssayModules *modules, gint64 k, double *features)
{
  double flops = 0;

  *features = 0;
  for (guint m = 0; m < modules->n; m++)
    {
      const AssayModule *module = &modules->module[m];
      double ko = (double) MIN (k, module->rows), ki = (double) MIN (k, module->columns);

      *features += ko * ki;
      for (guint u = 0; u < module->n_uses; u++)
        flops += 2 * (double) module->uses[u].positions * (ko * (double) module->uses[u].rows + ki * (double) module->uses[u].columns + ko * ki);
    }
  return flops;
}
