/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_build.c: from walks to rows. */
#include "influence/index_build.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/module_pass.h"
#include "hessian/module_products.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

/* Norms in double are within this of the true ones. */
#define NORM_MARGIN (1 + 1e-6)

typedef struct {
  const AssayIndexCoordinates *coordinates;
  AssayWorkers *workers;
  AssayIndexRowsFunc func;
  gpointer data;
  gint64 B;                     /* examples of a micro-batch */
  guint n_uses;                 /* of the module with most */
  double **row, **column;       /* (n_uses): sides of a micro-batch, rotated; (B,n,R), (B,n,C) */
  double *wide;                 /* one side of it as doubles, before */
  gint64 D_size;
  double *D;                    /* for each worker: the largest module */
  double *kept, *squares, *alpha;       /* (B,D), (B,G), (B) of the micro-batch: alpha squared until it ends */
  AssayGradientIndex *rows;     /* (B) */
  gboolean *failed;             /* (B) */
  /* of the module under way */
  const AssayModuleBatch *batch;
  AssayModuleOuter *outer;      /* (n_uses) */
} Build;

static void
build_clear (Build *b)
{
  for (guint u = 0; b->row != NULL && u < b->n_uses; u++)
    {
      assay_mem_free (b->row[u]);
      assay_mem_free (b->column[u]);
    }
  g_free (b->row);
  g_free (b->column);
  g_free (b->outer);
  g_free (b->failed);
  assay_mem_free (b->wide);
  assay_mem_free (b->D);
  assay_mem_free (b->kept);
  assay_gradient_index_free (b->rows);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Build, build_clear)

/* --- sides of a micro-batch -------------------------------------------------------------------------------------------------------- */

static const double *
widen (const Build *b, AssayDtype dtype, gint64 n, const void *x)
{
  if (dtype == ASSAY_F64)
    return x;
  assay_dtype_convert (dtype, x, ASSAY_F64, b->wide, n);
  return b->wide;
}

/* Norms of the positions of one side are multiplied into norm (K). */
static void
multiply_norms (gint64 K, gint64 n, const double *x, double *norm)
{
  for (gint64 k = 0; k < K; k++)
    {
      double sum = 0;

      for (gint64 j = 0; j < n; j++)
        sum += x[k * n + j] * x[k * n + j];
      norm[k] *= sqrt (sum);
    }
}

static void
rotate (const Build *b, const AssayFactorsSide *side, gint64 K, const double *x, double *rotated)
{
  if (side->vectors == NULL)
    memcpy (rotated, x, K * side->n * sizeof *x);
  else                                                            /* row k of the vectors is eigenvector k: x V' */
    assay_gemm_f64 (b->workers, FALSE, TRUE, K, side->n, side->n, 1, x, side->n, side->vectors, side->n, FALSE, rotated, side->n);
}

/* Rotated one-hot vectors are columns of V. */
static void
look_up (const AssayFactorsSide *side, gint64 K, const gint32 *index, double *rotated)
{
  for (gint64 k = 0; k < K; k++)
    for (gint64 j = 0; j < side->n; j++)
      rotated[k * side->n + j] = index[k] >= 0 ? side->vectors[j * side->n + index[k]] : 0;
}

/* Both sides of a use; returns what alpha gains. */
static void
prepare_use (Build *b, const AssayModuleBatch *batch, guint u, double *alpha)
{
  const AssayModuleParts *parts = &batch->parts[u];
  const AssayModuleFactors *of = &b->coordinates->factors->of[batch->index];
  gint64 n = parts->use->positions, K = batch->B * n;
  g_autofree double *norm = g_new (double, K);
  const double *x;

  for (gint64 k = 0; k < K; k++)
    norm[k] = parts->index == NULL || parts->index[k] >= 0;
  x = widen (b, batch->dtype, K * of->column.n, parts->column);
  multiply_norms (K, of->column.n, x, norm);
  rotate (b, &of->column, K, x, b->column[u]);
  b->outer[u] = (AssayModuleOuter) { .n = n, .column = b->column[u] };
  if (parts->index == NULL)
    {
      x = widen (b, batch->dtype, K * of->row.n, parts->row);
      multiply_norms (K, of->row.n, x, norm);
      rotate (b, &of->row, K, x, b->row[u]);
      b->outer[u].row = b->row[u];
    }
  else if (of->row.vectors != NULL)
    {
      look_up (&of->row, K, parts->index, b->row[u]);
      b->outer[u].row = b->row[u];
    }
  else
    b->outer[u].index = parts->index;
  for (gint64 k = 0; k < K; k++)
    alpha[k / n] += norm[k];
}

/* --- one example ------------------------------------------------------------------------------------------------------------------- */

/* z of one row of D, row r of the module, into the example's coordinates. */
static void
place_row (const Build *b, gint64 example, gint64 r, const double *z)
{
  const AssayIndexCoordinates *c = b->coordinates;
  const guint m = b->batch->index;
  const gint64 columns = b->batch->module->columns;
  const gint32 *slot = c->slot + c->first[m] + r * columns;
  double *kept = b->kept + example * c->D, *squares = b->squares + example * ASSAY_INDEX_GROUPS;

  for (gint64 j = 0; j < columns; j++)
    {
      const double metric = assay_index_coordinates_metric (c, m, r * columns + j);

      if (slot[j] >= 0)
        kept[slot[j]] = z[j] / sqrt (metric);
      else
        squares[-1 - slot[j]] += z[j] * z[j] / metric;
    }
}

/* Of a module whose rows are looked up: only those that the example has. */
static void
place_lookup (const Build *b, gint64 example, double *z)
{
  const AssayModuleOuter *o = &b->outer[0];
  const gint64 columns = b->batch->module->columns;
  const gint32 *index = o->index + example * o->n;
  const double *column = (const double *) o->column + example * o->n * columns;

  for (gint64 t = 0; t < o->n; t++)
    {
      gboolean is_first = index[t] >= 0;

      for (gint64 k = 0; k < t && is_first; k++)
        is_first = index[k] != index[t];
      if (!is_first)
        continue;
      memset (z, 0, columns * sizeof *z);
      for (gint64 k = t; k < o->n; k++)
        for (gint64 j = 0; index[k] == index[t] && j < columns; j++)
          z[j] += column[k * columns + j];
      place_row (b, example, index[t], z);
    }
}

static void
place_example (gsize example, guint worker, gpointer data)
{
  const Build *b = data;
  const AssayModule *module = b->batch->module;
  double *D = b->D + worker * b->D_size;
  AssayModuleOuter outer[8];
  g_autofree AssayModuleOuter *more = module->n_uses > G_N_ELEMENTS (outer) ? g_new (AssayModuleOuter, module->n_uses) : NULL;
  AssayModuleOuter *own = more ? more : outer;

  if (module->n_uses == 1 && b->outer[0].index != NULL)
    {
      place_lookup (b, (gint64) example, D);
      return;
    }
  for (guint u = 0; u < module->n_uses; u++)
    {
      own[u] = b->outer[u];
      own[u].column = (const double *) own[u].column + (gint64) example * own[u].n * module->columns;
      if (own[u].index != NULL)
        own[u].index += (gint64) example * own[u].n;
      else
        own[u].row = (const double *) own[u].row + (gint64) example * own[u].n * module->rows;
    }
  assay_module_form (ASSAY_F64, NULL, 1, module->rows, module->columns, module->n_uses, own, D);
  for (gint64 r = 0; r < module->rows; r++)
    place_row (b, (gint64) example, r, D + r * module->columns);
}

static void
encode_example (gsize example, guint worker, gpointer data)
{
  Build *b = data;
  double *squares = b->squares + example * ASSAY_INDEX_GROUPS;

  (void) worker;
  for (guint g = 0; g < b->coordinates->n_groups; g++)
    squares[g] = sqrt (squares[g]) * NORM_MARGIN;
  b->failed[example] = !assay_gradient_index_encode (b->rows, (gint64) example, b->kept + (gint64) example * b->coordinates->D, squares,
                                                     sqrt (b->alpha[example]) * NORM_MARGIN);
}

static gboolean
end_batch (Build *b, const AssayModuleBatch *batch, GError **error)
{
  b->rows->N = batch->B;                                          /* codes of a block stand N apart */
  assay_workers_run (b->workers, (gsize) batch->B, encode_example, b);
  for (gint64 e = 0; e < batch->B; e++)
    if (b->failed[e])
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "gradient index: the gradient of training example %" G_GINT64_FORMAT " is not finite, or no float holds "
                     "its norm", batch->first + e);
        return FALSE;
      }
  memset (b->kept, 0, b->B * b->coordinates->D * sizeof *b->kept);
  memset (b->squares, 0, b->B * (ASSAY_INDEX_GROUPS + 1) * sizeof *b->squares);
  return b->func (b->rows, b->data, error);
}

static gboolean
add_module (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  Build *b = data;
  const double rounding = assay_index_coordinates_rounding (batch->module, batch->dtype);
  g_autofree double *alpha = g_new0 (double, batch->B);

  b->batch = batch;
  for (guint u = 0; u < batch->module->n_uses; u++)
    prepare_use (b, batch, u, alpha);
  for (gint64 e = 0; e < batch->B; e++)
    b->alpha[e] += rounding * alpha[e] * (rounding * alpha[e]);
  assay_workers_run (b->workers, (gsize) batch->B, place_example, b);
  return batch->index + 1 < b->coordinates->factors->modules->n || end_batch (b, batch, error);
}

/* --- the pass ---------------------------------------------------------------------------------------------------------------------- */

static gboolean
build_open (Build *b, gint64 B, AssayDtype dtype, GError **error)
{
  const AssayIndexCoordinates *c = b->coordinates;
  const AssayModules *modules = c->factors->modules;
  gint64 wide = 1;

  b->B = B;
  for (guint m = 0; m < modules->n; m++)
    {
      b->n_uses = MAX (b->n_uses, modules->module[m].n_uses);
      b->D_size = MAX (b->D_size, modules->module[m].rows * modules->module[m].columns);
    }
  b->row = g_new0 (double *, b->n_uses);
  b->column = g_new0 (double *, b->n_uses);
  b->outer = g_new0 (AssayModuleOuter, b->n_uses);
  b->failed = g_new0 (gboolean, B);
  for (guint u = 0; u < b->n_uses; u++)
    {
      gint64 row = 1, column = 1;

      for (guint m = 0; m < modules->n; m++)
        if (u < modules->module[m].n_uses)
          {
            const AssayModuleUse *use = &modules->module[m].uses[u];

            if (!use->row_is_index || c->factors->of[m].row.vectors != NULL)
              row = MAX (row, use->positions * use->rows);
            column = MAX (column, use->positions * use->columns);
          }
      wide = MAX (wide, MAX (row, column));
      if ((b->row[u] = assay_mem_alloc_array (B * row, sizeof (double), error)) == NULL
          || (b->column[u] = assay_mem_alloc_array (B * column, sizeof (double), error)) == NULL)
        return FALSE;
    }
  if ((b->D = assay_mem_alloc_array (assay_workers_get_count (b->workers) * b->D_size, sizeof (double), error)) == NULL
      || (dtype == ASSAY_F32 && (b->wide = assay_mem_alloc_array (B * wide, sizeof (double), error)) == NULL)
      || (b->kept = assay_mem_alloc_array (B * (c->D + ASSAY_INDEX_GROUPS + 1), sizeof (double), error)) == NULL)
    return FALSE;
  b->squares = b->kept + B * c->D;
  b->alpha = b->squares + B * ASSAY_INDEX_GROUPS;
  b->rows = assay_gradient_index_new (B, c->D, c->n_groups, error);
  return b->rows != NULL;
}

gboolean
assay_index_build_rows (const AssayIndexCoordinates *coordinates, const AssayPoint *point, AssayIndexRowsFunc func, gpointer data, AssayProgress *progress,
                        GError **error)
{
  g_auto (Build) build = { .coordinates = coordinates, .workers = point->backend->workers, .func = func, .data = data };
  g_autoptr (AssayModulePass) pass = assay_module_pass_new (point, coordinates->factors->modules, FALSE, 0, error);

  return pass != NULL && build_open (&build, assay_module_pass_get_batch (pass), point->dtype, error)
         && assay_module_pass_run (pass, add_module, &build, "gradient index", progress, error);
}

void
assay_index_build_cost (const AssayModel *model, const AssayModules *modules, gint64 n_examples, gint64 D, double *flops, double *bytes)
{
  guint64 walks = 0;
  gint64 B = assay_module_pass_measure (model, modules, NULL, assay_model_get_dtype (model), n_examples, &walks, NULL);
  double each = 0, largest = 0;

  for (guint m = 0; m < modules->n; m++)
    {
      const AssayModule *module = &modules->module[m];
      double R = (double) module->rows, C = (double) module->columns;

      largest = MAX (largest, R * C);
      for (guint u = 0; u < module->n_uses; u++)
        each += (double) module->uses[u].positions * (module->uses[u].row_is_index ? 2 * C * C + C : 2 * (R * R + C * C + R * C));
    }
  *flops = each * (double) n_examples;
  *bytes = (double) walks + 8 * largest + 9 * (double) B * (double) D + 4 * (double) modules->P;
}
