/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_forms.c: see factors_forms.h. */
#include "hessian/factors_forms.h"

#include "base/mem.h"
#include "hessian/factors_rotation.h"
#include "hessian/module_there.h"

#include <string.h>

#define ROOM (1 << 22)          /* elements of D that are held at once */

typedef struct {
  const AssayFactorsInverse *inverse;
  AssayFactorsSpectrum spectrum;
  AssayFactorsRotation rotation;
  double **weight;              /* (modules): (rows,columns) 1 / (spectrum + lambda) */
  void *D;                      /* (most,rows,columns) of the examples from `first` of the batch on */
  gint64 room, first;
  AssayModuleOuter *outer;      /* (uses): from there on */
  const AssayModuleBatch *batch;
  double *forms;                /* (N) */
  AssayBackend *device;         /* NULL, or where modules stay */
  gboolean *stays;              /* (modules) */
  double **weight_there, *forms_there;  /* (modules): weights of those; (N) */
} Forms;

static gboolean
make_weights (Forms *f, GError **error)
{
  const AssayFactors *factors = assay_factors_inverse_get_factors (f->inverse);

  f->weight = g_new0 (double *, factors->modules->n);
  for (guint m = 0; m < factors->modules->n; m++)
    {
      const gint64 rows = factors->modules->module[m].rows, columns = factors->modules->module[m].columns;
      const double lambda = assay_factors_inverse_get_lambda (f->inverse, m);

      f->room = MAX (f->room, rows * columns);
      f->weight[m] = assay_mem_alloc_array (rows * columns, sizeof (double), error);
      for (gint64 i = 0; f->weight[m] != NULL && i < rows; i++)
        for (gint64 j = 0; j < columns; j++)
          f->weight[m][i * columns + j] = 1 / (assay_factors_get_eigenvalue (factors, m, f->spectrum, i, j) + lambda);
      if (f->weight[m] == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
forms_clear (Forms *f)
{
  const AssayFactors *factors = assay_factors_inverse_get_factors (f->inverse);

  for (guint m = 0; f->weight != NULL && m < factors->modules->n; m++)
    assay_mem_free (f->weight[m]);
  g_free (f->weight);
  g_free (f->outer);
  for (guint m = 0; f->device != NULL && m < factors->modules->n; m++)
    f->device->release (f->device, f->weight_there[m]);
  if (f->device != NULL)
    f->device->release (f->device, f->forms_there);
  g_free (f->weight_there);
  g_free (f->stays);
  assay_mem_free (f->D);
  assay_factors_rotation_clear (&f->rotation);
}

static double
sum_weighted (AssayDtype dtype, gint64 n, const void *x, const double *weight)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    {
      double v = dtype == ASSAY_F32 ? (double) ((const float *) x)[i] : ((const double *) x)[i];

      sum += v * v * weight[i];
    }
  return sum;
}

static void
add_form (gsize b, guint worker, gpointer data)
{
  const Forms *f = data;
  const AssayModuleBatch *batch = f->batch;
  gint64 size = batch->module->rows * batch->module->columns;

  (void) worker;
  f->forms[batch->first + f->first + b] += sum_weighted (batch->dtype, size, (const char *) f->D + b * size * assay_dtype_width (batch->dtype),
                                                         f->weight[batch->index]);
}

/* The turned sides from an example of the batch on. */
static void
aim (Forms *f)
{
  const AssayModule *module = f->batch->module;

  for (guint u = 0; u < module->n_uses; u++)
    f->outer[u] = assay_module_outer_from (f->rotation.outer[u], f->batch->dtype, module->rows, module->columns, f->first);
}

/* Leaves what can stay on the device there, with weights and bases. */
static gboolean
leave_there (Forms *f, AssayModulePass *pass, const AssayPoint *point, GError **error)
{
  const AssayModules *modules = assay_factors_inverse_get_factors (f->inverse)->modules;
  AssayBackend *device = point->backend;
  guint n = 0;

  f->stays = g_new (gboolean, modules->n);
  for (guint m = 0; m < modules->n; m++)
    f->stays[m] = TRUE;
  if (!assay_module_pass_leave_there (pass, f->stays, error))
    return FALSE;
  for (guint m = 0; m < modules->n; m++)
    n += f->stays[m];
  if (n == 0)
    return TRUE;
  f->device = device;
  f->weight_there = g_new0 (double *, modules->n);
  for (guint m = 0; m < modules->n; m++)
    {
      const gsize bytes = (gsize) (modules->module[m].rows * modules->module[m].columns) * sizeof (double);

      if (f->stays[m] && ((f->weight_there[m] = device->alloc (device, bytes, error)) == NULL
                          || !device->copy_in (device, f->weight_there[m], f->weight[m], bytes, error)))
        return FALSE;
    }
  return assay_factors_rotation_send (&f->rotation, device, point->dtype, assay_module_pass_get_batch (pass), f->stays, error)
         && (f->forms_there = device->alloc (device, (gsize) point->n_examples * sizeof (double), error)) != NULL;
}

static gboolean
add_forms_there (const AssayModuleBatch *batch, Forms *f, GError **error)
{
  const AssayModuleOuter *outer = &f->rotation.outer[0];

  return assay_factors_rotation_turn_there (&f->rotation, batch, error)
         && assay_module_there_forms (&batch->there, batch->B, outer->n, batch->module->rows, batch->module->columns, outer->row, outer->column,
                                      f->weight_there[batch->index], f->forms_there + batch->first, error);
}

static gboolean
add_forms (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  Forms *f = data;
  const AssayModule *module = batch->module;
  gint64 most = MAX (1, f->room / (module->rows * module->columns));

  if (f->stays[batch->index])
    return add_forms_there (batch, f, error);
  f->batch = batch;
  assay_factors_rotation_turn (&f->rotation, batch);
  for (f->first = 0; f->first < batch->B; f->first += most)
    {
      gint64 B = MIN (most, batch->B - f->first);

      aim (f);
      assay_module_form (batch->dtype, f->rotation.workers, B, module->rows, module->columns, module->n_uses, f->outer, f->D);
      assay_workers_run (f->rotation.workers, (gsize) B, add_form, f);
    }
  return TRUE;
}

gboolean
assay_factors_forms (const AssayFactorsInverse *inverse, AssayFactorsSpectrum spectrum, const AssayPoint *point, double *forms, AssayProgress *progress,
                     GError **error)
{
  const AssayFactors *factors = assay_factors_inverse_get_factors (inverse);
  Forms f = { .inverse = inverse, .spectrum = spectrum, .room = ROOM, .forms = forms };
  g_autoptr (AssayModulePass) pass = assay_module_pass_new (point, factors->modules, FALSE, 0, error);
  gboolean ok;

  if (pass == NULL)
    return FALSE;
  memset (forms, 0, point->n_examples * sizeof *forms);
  ok = assay_factors_rotation_open (&f.rotation, factors, point->backend->workers, point->dtype, assay_module_pass_get_batch (pass), error)
       && make_weights (&f, error) && (f.D = assay_mem_alloc_array (f.room, assay_dtype_width (point->dtype), error)) != NULL;
  f.outer = g_new0 (AssayModuleOuter, f.rotation.n_uses);
  ok = ok && leave_there (&f, pass, point, error) && assay_module_pass_run (pass, add_forms, &f, "self-influence", progress, error)
       && (f.device == NULL || assay_module_there_collect (f.device, point->n_examples, f.forms_there, forms, error));
  forms_clear (&f);
  return ok;
}
