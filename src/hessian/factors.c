/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors.c: life and cost of factors; factors_fit.c fits them. */
#include "hessian/factors.h"

#include "base/mem.h"
#include "hessian/module_pass.h"
#include "hessian/module_products.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

#define EIGEN_FLOPS 9.0         /* n^3: dsyevd, and half of that again for the check */
#define COPIES 4                /* of a stage's sums: of a stretch, of all, and two on their way to the case */
#define EIGEN_COPIES 3.1        /* of a side squared: the workspace of LAPACK, and what is checked */

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
  if (factors->modules == NULL || !assay_modules_keep (factors->modules, options->modules, error))
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

/* What a fit takes; numbers are counts of elements, but for bytes. */
typedef struct {
  const AssayFactorsOptions *options;
  double per_example, once;     /* flops */
  double held;                  /* doubles of the factors themselves */
  double moments, spectrum;     /* doubles of the sums of either stage */
  double bases;                 /* of the walks' type: eigenvectors in columns */
  double largest_side, largest_module;
  guint n_uses;                 /* of the module that has most */
  double *row, *column;         /* (uses): of one example's sides, the largest; rotated ones have the same size */
  double scratch_columns;
} Need;

/* Moments, rotations and D of the positions of one example; eigenvectors once. */
static void
add_module (const AssayModule *module, Need *need)
{
  const double rows = module->rows, columns = module->columns;
  const gboolean basis = need->options->basis != ASSAY_FACTORS_IDENTITY;
  const gboolean dense_row = basis && is_dense (module, module->rows, TRUE), dense_column = basis && is_dense (module, module->columns, FALSE);
  const double row_squared = dense_row ? rows * rows : rows, column_squared = dense_column ? columns * columns : columns;

  for (guint u = 0; u < module->n_uses; u++)
    {
      double n = module->uses[u].positions;

      if (!module->uses[u].row_is_index)
        need->per_example += 2 * n * rows * columns + (dense_row ? 3 * n * rows * rows : 0);
      else
        need->per_example += n * columns;
      need->per_example += dense_column ? 3 * n * columns * columns : 0;
      need->row[u] = fmax (need->row[u], n * (module->uses[u].row_is_index && !dense_row ? 1 : rows));
      need->column[u] = fmax (need->column[u], n * columns);
    }
  if (need->options->basis == ASSAY_FACTORS_SHAMPOO)
    need->per_example += rows * columns * (rows + columns);
  need->once += EIGEN_FLOPS * ((dense_row ? rows * rows * rows : 0) + (dense_column ? columns * columns * columns : 0));
  need->held += rows * columns + rows + columns + row_squared + column_squared + (dense_row ? row_squared : 0) + (dense_column ? column_squared : 0);
  need->moments += basis ? module->n_uses * (row_squared + column_squared + 1) : 0;
  need->spectrum += rows * columns;
  need->bases += (dense_row ? row_squared : 0) + (dense_column ? column_squared : 0);
  need->largest_side = fmax (need->largest_side, fmax (dense_row ? rows : 1, dense_column ? columns : 1));
  need->largest_module = fmax (need->largest_module, rows * columns);
  need->scratch_columns = fmax (need->scratch_columns, columns);
}

/* The larger stage beside what both have: the walk's arena and parameters, the sides of a batch, the factors. */
static double
get_bytes (const Need *need, const AssayModules *modules, AssayDtype dtype, gint64 batch, double arena)
{
  const double width = (double) assay_dtype_width (dtype), square = need->largest_side * need->largest_side, B = (double) batch;
  const double scratch = (double) g_get_num_processors () * (double) assay_module_get_scratch (batch, (gint64) need->scratch_columns);
  double sides = 0, moments, spectrum;

  for (guint u = 0; u < need->n_uses; u++)
    sides += B * (need->row[u] + need->column[u]);
  moments = 8 * (COPIES * need->moments + (1 + EIGEN_COPIES) * square);
  if (need->options->basis == ASSAY_FACTORS_SHAMPOO)
    moments += 2 * width * fmax (ASSAY_FACTORS_ROOM, need->largest_module);
  spectrum = 8 * COPIES * need->spectrum + width * (need->bases + sides + scratch);
  return arena + width * ((double) modules->P + sides) + 8 * need->held + fmax (moments, spectrum);
}

gboolean
assay_factors_get_cost (const AssayModel *model, const AssayFactorsOptions *options, AssayDtype dtype, gint64 n_examples, double *flops,
                        double *bytes, GError **error)
{
  g_autoptr (AssayModules) modules = assay_modules_new (model, error);
  g_autoptr (AssayGraph) graph = NULL;
  g_autoptr (AssayPlan) plan = NULL;
  Need need = { .options = options, .largest_side = 1, .scratch_columns = 1 };
  g_autofree double *room = NULL;
  double walk;
  guint64 arena = 0;
  gint64 batch;

  if (modules == NULL || !assay_modules_keep (modules, options->modules, error)
      || (batch = assay_module_pass_measure (model, modules, NULL, dtype, n_examples, &arena, error)) == 0
      || (graph = assay_model_build (model, batch, error)) == NULL)
    return FALSE;
  plan = assay_plan_new (graph, ASSAY_WALK_GRADIENT, dtype, NULL);
  walk = assay_plan_get_cost (plan, FALSE).flops * 2 / 3 / (double) batch;       /* the products of parameters' gradients are not made */
  for (guint m = 0; m < modules->n; m++)
    need.n_uses = MAX (need.n_uses, modules->module[m].n_uses);
  room = g_new0 (double, 2 * need.n_uses);
  need.row = room;
  need.column = room + need.n_uses;
  for (guint m = 0; m < modules->n; m++)
    add_module (&modules->module[m], &need);
  *bytes = get_bytes (&need, modules, dtype, batch, (double) arena);
  *flops = (need.per_example + walk * (options->basis == ASSAY_FACTORS_IDENTITY ? 1 : 2)) * (double) n_examples + need.once;
  return TRUE;
}
