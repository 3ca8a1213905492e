/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_projection.c: signs for both sides of every module, and a pass that meets them. */
#include "influence/side_projection.h"

#include "base/mem.h"
#include "base/rng.h"
#include "hessian/module_pass.h"
#include "hessian/vector_f64.h"
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
  g_autoptr (AssayBuffer) unit = projection ? assay_mem_alloc_array (n, sizeof (double), error) : NULL, memory = NULL;
  double *matrix;

  if (unit == NULL || (memory = assay_mem_alloc_array (n * projection->k, sizeof (double), error)) == NULL)
    return NULL;
  *k = projection->k;
  matrix = memory;
  memset (unit, 0, n * sizeof (double));
  for (gint64 j = 0; j < n; j++)
    {
      ((double *) unit)[j] = 1;
      assay_projection_apply (projection, workers, 1, unit, matrix + j * projection->k);
      ((double *) unit)[j] = 0;
    }
  return g_steal_pointer (&memory);
}

gboolean
assay_side_projection_open (AssaySideProjection *p, const AssayInfluenceTask *task, gint64 k, guint64 seed, GError **error)
{
  p->task = task;
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
  p->room = assay_mem_alloc_array (2 * p->positions * k + p->wide + k * k, sizeof (double), error);
  return p->room != NULL;
}

typedef struct {
  AssaySideProjection *projection;
  AssaySideProjectionFunc func;
  gpointer data;
  double *left, *right, *wide, *G;
} Collection;

/* out (n,k) = positions (n,width) of example b, times the side's matrix (width,k). */
static void
project_positions (const Collection *c, AssayDtype dtype, const void *positions, gint64 b, gint64 n, gint64 width, const double *matrix, gint64 k, double *out)
{
  const char *from = (const char *) positions + b * n * width * (gint64) assay_dtype_width (dtype);

  assay_dtype_convert (dtype, from, ASSAY_F64, c->wide, n * width);
  assay_gemm_f64 (c->projection->task->backend->workers, FALSE, FALSE, n, k, width, 1, c->wide, width, matrix, k, FALSE, out, k);
}

/* Adds one use of one example to G. */
static void
add_use (const Collection *c, const AssayModuleBatch *batch, guint u, gint64 b)
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
  assay_gemm_f64 (NULL, TRUE, FALSE, sides->ko, sides->ki, n, 1, c->left, sides->ko, c->right, sides->ki, u > 0, c->G, sides->ki);
}

static gboolean
take_batch (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  const Collection *c = data;

  for (gint64 b = 0; b < batch->B; b++)
    {
      for (guint u = 0; u < batch->module->n_uses; u++)
        add_use (c, batch, u, b);
      if (!c->func (batch->index, batch->first + b, c->G, c->data, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
assay_side_projection_collect (AssaySideProjection *p, const gint64 *examples, gint64 n, AssaySideProjectionFunc func, gpointer data, AssayProgress *progress,
                               GError **error)
{
  AssayPoint point = assay_influence_task_get_point (p->task, NULL, examples, n);
  g_autoptr (AssayModulePass) pass = assay_module_pass_new (&point, p->modules, FALSE, 0, error);
  double *right = p->room + p->positions * p->k, *wide = right + p->positions * p->k;
  Collection c = { p, func, data, p->room, right, wide, wide + p->wide };

  return pass != NULL && assay_module_pass_run (pass, take_batch, &c, "projecting gradients", progress, error);
}

/* --- as features ----------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssaySideProjection *projection;
  double *feature;
} Features;

static gboolean
take_features (guint m, gint64 example, const double *G, gpointer data, GError **error)
{
  const Features *f = data;
  const AssaySides *sides = &f->projection->sides[m];

  (void) error;
  memcpy (f->feature + example * f->projection->F + sides->first, G, sides->ko * sides->ki * sizeof *G);
  return TRUE;
}

gboolean
assay_side_projection_collect_features (AssaySideProjection *p, const gint64 *examples, gint64 n, double *feature, AssayProgress *progress,
                                        GError **error)
{
  Features f = { p, feature };

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
