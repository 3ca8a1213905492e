/* SPDX-License-Identifier: GPL-3.0-or-later */
/* point.c: looking at a point before anything is allocated for it. */
#include "hessian/point.h"

#include "base/error.h"
#include "base/mem.h"

gboolean
assay_point_check (const AssayPoint *point, GError **error)
{
  gint64 n = assay_dataset_get_n (point->dataset);

  if (point->dtype != ASSAY_F32 && point->dtype != ASSAY_F64)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "walks in f32 or f64 expected, %s asked for", assay_dtype_name (point->dtype));
      return FALSE;
    }
  if (point->n_examples < 1 || point->batch < 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "curvature: at least one example and a batch of at least 1 expected, %"
                   G_GINT64_FORMAT " examples and batch %" G_GINT64_FORMAT " given", point->n_examples, point->batch);
      return FALSE;
    }
  for (gint64 i = 0; i < point->n_examples; i++)
    if (point->examples[i] < 0 || point->examples[i] >= n)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "curvature: examples 0 .. %" G_GINT64_FORMAT " exist, %" G_GINT64_FORMAT
                     " asked for", n - 1, point->examples[i]);
        return FALSE;
      }
  return TRUE;
}

void
assay_point_read_theta (const AssayPoint *point, AssayDtype dtype, void *theta)
{
  gint64 P = assay_model_get_n_params (point->model);

  if (point->theta != NULL)
    assay_dtype_convert (ASSAY_F64, point->theta, dtype, theta, P);
  else
    assay_dtype_convert (assay_model_get_dtype (point->model), assay_model_get_theta ((AssayModel *) point->model), dtype, theta, P);
}

void *
assay_point_new_theta (const AssayPoint *point, AssayDtype dtype, GError **error)
{
  AssayBackend *backend = point->backend;
  gsize bytes = (gsize) assay_model_get_n_params (point->model) * assay_dtype_width (dtype);
  void *theta = backend->alloc (backend, bytes, error);
  g_autoptr (AssayBuffer) host = NULL;

  if (theta == NULL || backend->owns == NULL)
    {
      if (theta != NULL)
        assay_point_read_theta (point, dtype, theta);
      return theta;
    }
  if ((host = assay_mem_alloc (bytes, error)) != NULL)
    {
      assay_point_read_theta (point, dtype, host);
      if (backend->copy_in (backend, theta, host, bytes, error))
        return theta;
    }
  backend->release (backend, theta);
  return NULL;
}

double
assay_point_get_product_error (const AssayPoint *point)
{
  return point->dtype == ASSAY_F32 ? 1e-5 : 1e-12;
}

AssayPoint
assay_point_for_sums (const AssayPoint *point)
{
  AssayPoint sums = *point;

  if (point->sum_batch > 0)
    sums.batch = point->sum_batch;
  return sums;
}
