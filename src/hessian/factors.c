/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors.c: life and cost of factors; factors_fit.c fits them. */
#include "hessian/factors.h"

#include "base/mem.h"
#include "hessian/module_pass.h"
#include "tensor/gemm.h"

#include <string.h>

#define EIGEN_FLOPS 9.0         /* n^3: dsyevd, and half of that again for the check */

static gboolean
is_dense (const AssayModule *module, gint64 n, gboolean is_row)
{
  const AssayModuleUse *use = &module->uses[0];

  if (n > ASSAY_FACTORS_LARGEST_SIDE || (!is_row && use->column_is_one))
    return FALSE;
  return !(is_row && module->n_uses == 1 && use->row_is_index);
}

static gboolean
side_new (AssayFactorsSide *side, gint64 n, gboolean dense, GError **error)
{
  side->n = n;
  side->is_dense = dense;
  side->moment = assay_mem_alloc_array (dense ? n * n : n, sizeof (double), error);
  if (side->moment == NULL || (side->values = assay_mem_alloc_array (n, sizeof (double), error)) == NULL)
    return FALSE;
  return !dense || (side->vectors = assay_mem_alloc_array (n * n, sizeof (double), error)) != NULL;
}

AssayFactors *
assay_factors_new (const AssayModel *model, const AssayFactorsOptions *options, GError **error)
{
  g_autoptr (AssayFactors) factors = g_new0 (AssayFactors, 1);

  factors->modules = assay_modules_new (model, error);
  if (factors->modules == NULL)
    return NULL;
  factors->options = *options;
  factors->of = g_new0 (AssayModuleFactors, factors->modules->n);
  for (guint m = 0; m < factors->modules->n; m++)
    {
      const AssayModule *module = &factors->modules->module[m];
      AssayModuleFactors *of = &factors->of[m];

      of->row.n = module->rows;
      of->column.n = module->columns;
      of->lambda = assay_mem_alloc_array (module->rows * module->columns, sizeof (double), error);
      if (of->lambda == NULL)
        return NULL;
      if (options->basis != ASSAY_FACTORS_IDENTITY
          && (!side_new (&of->row, module->rows, is_dense (module, module->rows, TRUE), error)
              || !side_new (&of->column, module->columns, is_dense (module, module->columns, FALSE), error)))
        return NULL;
    }
  return g_steal_pointer (&factors);
}

static void
side_clear (AssayFactorsSide *side)
{
  assay_mem_free (side->moment);
  assay_mem_free (side->values);
  assay_mem_free (side->vectors);
}

void
assay_factors_free (AssayFactors *factors)
{
  if (factors == NULL)
    return;
  for (guint m = 0; factors->of != NULL && m < factors->modules->n; m++)
    {
      side_clear (&factors->of[m].row);
      side_clear (&factors->of[m].column);
      assay_mem_free (factors->of[m].lambda);
    }
  g_free (factors->of);
  assay_modules_free (factors->modules);
  g_free (factors);
}

static void
rotate_rows (const AssayFactorsSide *side, gboolean there, gint64 columns, AssayWorkers *workers, double *D, double *work)
{
  if (side->vectors == NULL)
    return;
  assay_gemm_f64 (workers, !there, FALSE, side->n, columns, side->n, 1, side->vectors, side->n, D, columns, FALSE, work, columns);
  memcpy (D, work, side->n * columns * sizeof *D);
}

static void
rotate_columns (const AssayFactorsSide *side, gboolean there, gint64 rows, AssayWorkers *workers, double *D, double *work)
{
  if (side->vectors == NULL)
    return;
  assay_gemm_f64 (workers, FALSE, there, rows, side->n, side->n, 1, D, side->n, side->vectors, side->n, FALSE, work, side->n);
  memcpy (D, work, rows * side->n * sizeof *D);
}

void
assay_factors_rotate (const AssayModuleFactors *of, gboolean there, AssayWorkers *workers, double *D, double *work)
{
  if (there)
    rotate_columns (&of->column, TRUE, of->row.n, workers, D, work);
  rotate_rows (&of->row, there, of->column.n, workers, D, work);
  if (!there)
    rotate_columns (&of->column, FALSE, of->row.n, workers, D, work);
}

/* Moments, rotations and D of the positions of one example; eigenvectors once. */
static void
add_module (const AssayModule *module, const AssayFactorsOptions *options, double *per_example, double *once, double *bytes)
{
  double rows = module->rows, columns = module->columns, sides;
  gboolean basis = options->basis != ASSAY_FACTORS_IDENTITY;
  gboolean dense_row = basis && is_dense (module, module->rows, TRUE), dense_column = basis && is_dense (module, module->columns, FALSE);

  for (guint u = 0; u < module->n_uses; u++)
    {
      double n = module->uses[u].positions;

      if (!module->uses[u].row_is_index)
        *per_example += 2 * n * rows * columns + (dense_row ? 3 * n * rows * rows : 0);
      else
        *per_example += n * columns;
      *per_example += dense_column ? 3 * n * columns * columns : 0;
    }
  if (options->basis == ASSAY_FACTORS_SHAMPOO)
    *per_example += rows * columns * (rows + columns);
  *once += EIGEN_FLOPS * ((dense_row ? rows * rows * rows : 0) + (dense_column ? columns * columns * columns : 0));
  /* Lambda, and the sums of a stretch and of all; a side's moment and vectors, and such sums of each use. */
  sides = (dense_row ? rows * rows : rows) + (dense_column ? columns * columns : columns);
  *bytes += 8 * (3 * rows * columns + (2 + 2 * (double) module->n_uses) * sides);
}

gboolean
assay_factors_get_cost (const AssayModel *model, const AssayFactorsOptions *options, AssayDtype dtype, gint64 n_examples, double *flops,
                        double *bytes, GError **error)
{
  g_autoptr (AssayModules) modules = assay_modules_new (model, error);
  g_autoptr (AssayGraph) graph = NULL;
  g_autoptr (AssayPlan) plan = NULL;
  double per_example = 0, once = 0, walk;
  guint64 arena = 0;
  gint64 batch;

  if (modules == NULL || (batch = assay_module_pass_measure (model, modules, dtype, n_examples, &arena, error)) == 0
      || (graph = assay_model_build (model, batch, error)) == NULL)
    return FALSE;
  plan = assay_plan_new (graph, ASSAY_WALK_GRADIENT, dtype, NULL);
  walk = assay_plan_get_cost (plan, FALSE).flops * 2 / 3 / (double) batch;       /* the products of parameters' gradients are not made */
  *bytes = (double) arena;
  for (guint m = 0; m < modules->n; m++)
    add_module (&modules->module[m], options, &per_example, &once, bytes);
  *flops = (per_example + walk * (options->basis == ASSAY_FACTORS_IDENTITY ? 1 : 2)) * (double) n_examples + once;
  return TRUE;
}
