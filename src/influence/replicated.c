/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replicated.c: shares out vectors instead of examples. */
#include "influence/replicated.h"

#include "tensor/backend.h"

typedef struct {
  AssayLinop base;
  AssayWorkers *workers;        /* the point's, borrowed */
  guint n_replicas;
  AssayBackend **backends;
  AssayLinop **replicas;
} Replicated;

typedef struct {
  Replicated *self;
  const double *X;
  double *Y;
  GError **errors;              /* one for each replica */
} Product;

static void
multiply (gsize vector, guint worker, gpointer data)
{
  const Product *p = data;
  gint64 n = p->self->base.n;

  if (p->errors[worker] == NULL)
    assay_linop_apply (p->self->replicas[worker], 1, p->X + vector * n, p->Y + vector * n, &p->errors[worker]);
}

static gboolean
apply_replicated (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  Replicated *self = (Replicated *) op;
  g_autofree GError **errors = g_new0 (GError *, self->n_replicas);
  Product product = { self, X, Y, errors };
  GError *first = NULL;

  assay_workers_run (self->workers, K, multiply, &product);
  for (guint w = 0; w < self->n_replicas; w++)
    if (first == NULL)
      first = errors[w];
    else
      g_clear_error (&errors[w]);
  if (first != NULL)
    g_propagate_error (error, first);
  return first == NULL;
}

static void
finalize_replicated (AssayLinop *op)
{
  Replicated *self = (Replicated *) op;

  for (guint w = 0; w < self->n_replicas; w++)
    {
      assay_linop_unref (self->replicas[w]);
      assay_backend_free (self->backends[w]);
    }
  g_free (self->replicas);
  g_free (self->backends);
}

AssayLinop *
assay_replicated_curvature_open (const char *curvature, const AssayPoint *point, GError **error)
{
  guint n = point->backend->kind == ASSAY_BACKEND_CPU ? assay_workers_get_count (point->backend->workers) : 1;
  AssayPoint share = *point;
  Replicated *self;

  share.memory /= n;
  if (n == 1)
    return assay_curvature_open (curvature, point, error);
  self = assay_linop_alloc (sizeof *self, &(AssayLinop) { .apply = apply_replicated, .finalize = finalize_replicated });
  self->workers = point->backend->workers;
  self->replicas = g_new0 (AssayLinop *, n);
  self->backends = g_new0 (AssayBackend *, n);
  for (; self->n_replicas < n; self->n_replicas++)
    {
      guint w = self->n_replicas;

      share.backend = self->backends[w] = assay_backend_cpu_new (1);
      self->replicas[w] = assay_curvature_open (curvature, &share, error);
      if (self->replicas[w] == NULL)
        {
          g_clear_pointer (&self->backends[w], assay_backend_free);
          assay_linop_unref (&self->base);
          return NULL;
        }
    }
  self->base.name = self->replicas[0]->name;
  self->base.n = self->replicas[0]->n;
  self->base.is_symmetric = self->replicas[0]->is_symmetric;
  self->base.shift = self->replicas[0]->shift;
  self->base.product_error = self->replicas[0]->product_error;
  return &self->base;
}
