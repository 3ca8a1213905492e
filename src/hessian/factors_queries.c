/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_queries.c: see factors_queries.h. */
#include "hessian/factors_queries.h"

#include "base/mem.h"
#include "hessian/factors_rotation.h"

typedef struct {
  AssayFactorsInverse *inverse;
  const AssayFactors *factors;
  AssayWorkers *workers;
  AssayDtype dtype;
  double scale;
  const AssayFactorsQueriesTaker *taker;
  AssayFactorsRotation rotation;
  void *D;                      /* (rows,columns) of the largest module that is here, of the walk's type */
  double *X, *work;
  AssayBackend *device;         /* NULL: nothing stays there */
  gboolean *stays;              /* (modules) */
  double **weight;              /* (modules): scale / (spectrum + lambda) (rows,columns) of those, there */
  void *turned, *X_there;       /* D and x of a micro-batch, there */
} Queries;

static void
queries_clear (Queries *s)
{
  assay_factors_rotation_clear (&s->rotation);
  for (guint m = 0; s->weight != NULL && m < s->factors->modules->n; m++)
    s->device->release (s->device, s->weight[m]);
  if (s->device != NULL)
    {
      s->device->release (s->device, s->turned);
      s->device->release (s->device, s->X_there);
    }
  g_free (s->weight);
  g_free (s->stays);
  assay_mem_free (s->D);
  assay_mem_free (s->X);
  assay_mem_free (s->work);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Queries, queries_clear)

static double
get_weight (const Queries *s, guint m, gint64 i, gint64 j)
{
  return s->scale / assay_factors_inverse_get_divisor (s->inverse, m, i, j);
}

static gboolean
make_room_here (Queries *s, GError **error)
{
  gint64 size = 1;

  for (guint m = 0; m < s->factors->modules->n; m++)
    if (!s->stays[m])
      size = MAX (size, s->factors->modules->module[m].rows * s->factors->modules->module[m].columns);
  return (s->D = assay_mem_alloc_array (size, assay_dtype_width (s->dtype), error)) != NULL
         && (s->X = assay_mem_alloc_array (size, sizeof (double), error)) != NULL && (s->work = assay_mem_alloc_array (size, sizeof (double), error)) != NULL;
}

static gboolean
send_weight (Queries *s, guint m, GError **error)
{
  const AssayModule *module = &s->factors->modules->module[m];
  const gint64 size = module->rows * module->columns;
  g_autoptr (AssayBuffer) weight = assay_mem_alloc_array (size, sizeof (double), error);

  if (weight == NULL || (s->weight[m] = s->device->alloc (s->device, (gsize) size * sizeof (double), error)) == NULL)
    return FALSE;
  for (gint64 i = 0; i < module->rows; i++)
    for (gint64 j = 0; j < module->columns; j++)
      ((double *) weight)[i * module->columns + j] = get_weight (s, m, i, j);
  return s->device->copy_in (s->device, s->weight[m], weight, (gsize) size * sizeof (double), error);
}

/* What the modules that stay there need. */
static gboolean
make_room_there (Queries *s, AssayModulePass *pass, AssayBackend *device, GError **error)
{
  const AssayModules *modules = s->factors->modules;
  const gint64 B = assay_module_pass_get_batch (pass);
  gint64 size = 0;
  gsize bytes;

  if (!assay_module_pass_leave_there (pass, s->stays, error))
    return FALSE;
  for (guint m = 0; m < modules->n; m++)
    if (s->stays[m])
      size = MAX (size, modules->module[m].rows * modules->module[m].columns);
  if (size == 0)
    return TRUE;
  bytes = (gsize) (B * size) * assay_dtype_width (s->dtype);
  s->device = device;
  s->weight = g_new0 (double *, modules->n);
  for (guint m = 0; m < modules->n; m++)
    if (s->stays[m] && !send_weight (s, m, error))
      return FALSE;
  return assay_factors_rotation_send (&s->rotation, device, s->dtype, B, s->stays, error)
         && (s->turned = device->alloc (device, bytes, error)) != NULL && (s->X_there = device->alloc (device, bytes, error)) != NULL;
}

static gboolean
make_there (Queries *s, const AssayModuleBatch *batch, GError **error)
{
  const AssayModule *module = batch->module;
  const guint m = batch->index;

  return assay_factors_rotation_turn_there (&s->rotation, batch, error)
         && assay_module_there_form (&batch->there, batch->B, batch->parts[0].use->positions, module->rows, module->columns, s->rotation.outer[0].row,
                                     s->rotation.outer[0].column, module->rows * module->columns, s->turned, error)
         && assay_module_there_weigh (&batch->there, batch->B, module->rows, module->columns, s->turned, s->weight[m], s->rotation.row_there[m],
                                      s->rotation.column_there[m], s->X_there, error)
         && s->taker->take_there (s->taker->data, m, batch->first, batch->B, s->X_there, error);
}

static gboolean
make_query (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  Queries *s = data;
  const AssayModule *module = batch->module;
  const guint m = batch->index;
  g_autofree AssayModuleOuter *outer = NULL;

  if (s->stays[m])
    return make_there (s, batch, error);
  outer = g_new (AssayModuleOuter, module->n_uses);
  assay_factors_rotation_turn (&s->rotation, batch);
  for (gint64 b = 0; b < batch->B; b++)
    {
      for (guint u = 0; u < module->n_uses; u++)
        outer[u] = assay_module_outer_from (s->rotation.outer[u], s->dtype, module->rows, module->columns, b);
      assay_module_form (s->dtype, s->workers, 1, module->rows, module->columns, module->n_uses, outer, s->D);
      assay_dtype_convert (s->dtype, s->D, ASSAY_F64, s->X, module->rows * module->columns);
      for (gint64 i = 0; i < module->rows; i++)
        for (gint64 j = 0; j < module->columns; j++)
          s->X[i * module->columns + j] *= get_weight (s, m, i, j);
      assay_factors_rotate (&s->factors->of[m], FALSE, s->workers, s->X, s->work);
      s->taker->take_here (s->taker->data, m, batch->first + b, s->X);
    }
  return TRUE;
}

gboolean
assay_factors_queries_make (AssayFactorsInverse *inverse, const AssayPoint *point, const gboolean *stays, double scale, const AssayFactorsQueriesTaker *taker,
                            AssayProgress *progress, GError **error)
{
  const AssayFactors *factors = assay_factors_inverse_get_factors (inverse);
  g_auto (Queries) s = { .inverse = inverse, .factors = factors, .workers = point->backend->workers, .dtype = point->dtype, .scale = scale, .taker = taker,
                         .stays = g_memdup2 (stays, factors->modules->n * sizeof *stays) };
  g_autoptr (AssayModulePass) pass = assay_module_pass_new (point, factors->modules, FALSE, 0, error);

  return pass != NULL && make_room_here (&s, error)
         && assay_factors_rotation_open (&s.rotation, factors, s.workers, s.dtype, assay_module_pass_get_batch (pass), error)
         && make_room_there (&s, pass, point->backend, error) && assay_module_pass_run (pass, make_query, &s, "vectors of queries", progress, error);
}
