/* SPDX-License-Identifier: GPL-3.0-or-later */
/* projection.c: signs by rows of S, products by blocks of rows. */
#include "influence/projection.h"

#include "base/mem.h"
#include "base/rng.h"
#include "hessian/gradient.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

#define ROWS 128                /* of S that exist at a time */
#define BLOCK 32                /* gradients that share them */

AssayProjection *
assay_projection_new (gint64 P, gint64 k, guint64 seed, GError **error)
{
  g_autoptr (AssayProjection) self = g_new0 (AssayProjection, 1);

  self->P = P;
  self->k = MIN (k, P);
  self->seed = seed;
  self->is_identity = k >= P;
  self->signs = assay_mem_alloc_array (self->is_identity ? 1 : ROWS * self->k, sizeof (double), error);
  return self->signs ? g_steal_pointer (&self) : NULL;
}

void
assay_projection_free (AssayProjection *self)
{
  if (self == NULL)
    return;
  assay_mem_free (self->signs);
  g_free (self);
}

typedef struct {
  const AssayProjection *self;
  gint64 first;                 /* row of S that out begins with */
  double *out;
} Rows;

/* Row first + block of S / sqrt k. */
static void
draw_row (gsize block, guint worker, gpointer data)
{
  const Rows *rows = data;
  const AssayProjection *self = rows->self;
  AssayRng rng = assay_rng_new (self->seed, assay_rng_stream ("projection", (guint64) rows->first + block));
  double size = 1 / sqrt ((double) self->k), *row = rows->out + (gint64) block * self->k;

  (void) worker;
  for (gint64 c = 0; c < self->k; c += 32)
    {
      guint32 bits = assay_rng_u32 (&rng);

      for (gint64 b = 0; b < MIN (32, self->k - c); b++)
        row[c + b] = bits >> b & 1 ? size : -size;
    }
}

void
assay_projection_write (const AssayProjection *self, AssayWorkers *workers, double *matrix)
{
  Rows rows = { self, 0, matrix };

  if (!self->is_identity)
    {
      assay_workers_run (workers, self->P, draw_row, &rows);
      return;
    }
  memset (matrix, 0, self->P * self->P * sizeof *matrix);
  for (gint64 j = 0; j < self->P; j++)
    matrix[j * self->P + j] = 1;
}

void
assay_projection_apply (AssayProjection *self, AssayWorkers *workers, gint64 n, const double *vectors, double *out)
{
  if (self->is_identity)
    {
      memcpy (out, vectors, n * self->P * sizeof *out);
      return;
    }
  for (gint64 first = 0; first < self->P; first += ROWS)
    {
      Rows rows = { self, first, self->signs };
      gint64 m = MIN (ROWS, self->P - first);

      assay_workers_run (workers, m, draw_row, &rows);
      assay_gemm_f64 (workers, FALSE, FALSE, n, self->k, m, 1, vectors + first, self->P, self->signs, self->k, first > 0, out, self->k);
    }
}

typedef struct {
  AssayProjection *projection;
  AssayWorkers *workers;
  const double *scale;
  double *block;                /* (BLOCK,P) */
  gint64 N, n;                  /* n gradients wait in block */
  double *out, *value;
} Sink;

static gboolean
take (gint64 i, double value, const double *gradient, gpointer data, GError **error)
{
  Sink *sink = data;
  gint64 P = sink->projection->P, k = sink->projection->k;
  double *row = sink->block + sink->n * P;

  (void) error;
  memcpy (row, gradient, P * sizeof *row);
  for (gint64 j = 0; j < P && sink->scale != NULL; j++)
    row[j] *= sink->scale[j];
  if (sink->value != NULL)
    sink->value[i] = value;
  if (++sink->n == BLOCK || i + 1 == sink->N)
    {
      assay_projection_apply (sink->projection, sink->workers, sink->n, sink->block, sink->out + (i + 1 - sink->n) * k);
      sink->n = 0;
    }
  return TRUE;
}

gboolean
assay_projection_of_gradients (AssayProjection *self, const AssayPoint *point, const double *scale, double *out, double *value,
                               AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBuffer) block = assay_mem_alloc_array (BLOCK * self->P, sizeof (double), error);
  Sink sink = { .projection = self, .workers = point->backend->workers, .scale = scale, .block = block, .N = point->n_examples, .out = out,
                .value = value };

  return block != NULL && assay_gradient_each (point, take, &sink, progress, error);
}
