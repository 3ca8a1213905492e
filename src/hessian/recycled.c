/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recycled.c: see recycled.h. */
#include "hessian/recycled.h"

#include "base/mem.h"
#include "hessian/block.h"
#include "hessian/dense.h"
#include "hessian/low_rank.h"
#include "hessian/vector_f64.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

#define CHUNK 1024              /* coordinates that are combined at a time */
#define LEAST_WINDOW 32         /* pairs that wait for the next restart, at least */
/* A direction of which less than the root of this is not in the span of the others: what it says of A is rounding. */
#define DEPENDENT 1e-8

typedef struct {
  AssayLinop base;
  AssayRecycled *owner;
} Watched;

struct _AssayRecycled {
  AssayLinop *A;
  Watched *watched;
  gint64 n, rank, room, count;
  double *X, *Y;                /* (room,n): what is kept, then what was seen since; Y = A X */
  double *turned;               /* (rank,CHUNK) */
  double *ritz;                 /* (room) of what is kept */
  double *small;                /* (room,room) four times */
};

/* The rows of E (m,m) are eigenvectors: C (kept,m) <- those whose value exceeds `least` times the largest, over the value's root; largest last. */
static gint64
take_roots (gint64 m, const double *E, const double *values, double *C)
{
  gint64 kept = 0;

  for (gint64 j = 0; j < m; j++)
    if (values[j] > DEPENDENT * values[m - 1])
      {
        memcpy (C + kept * m, E + j * m, m * sizeof *C);
        assay_f64_scale (m, 1 / sqrt (values[j]), C + kept++ * m);
      }
  return kept;
}

/* Z (r,n) <- C (r,m) Z (m,n) */
static void
combine (AssayRecycled *self, gint64 r, gint64 m, const double *C, double *Z)
{
  for (gint64 first = 0; first < self->n; first += CHUNK)
    {
      gint64 width = MIN (CHUNK, self->n - first);

      assay_gemm_f64 (NULL, FALSE, FALSE, r, width, m, 1, C, m, Z + first, self->n, FALSE, self->turned, width);
      for (gint64 j = 0; j < r; j++)
        memcpy (Z + j * self->n + first, self->turned + j * width, width * sizeof *Z);
    }
}

/* X, Y <- the Ritz pairs of largest value over the span of X, orthonormal to about 1e-8, twice over to rounding; ritz falling. */
static gboolean
restart (AssayRecycled *self, GError **error)
{
  gint64 m = self->count, kept, r;
  double *G = self->small, *H = G + self->room * self->room, *C = H + self->room * self->room, *W = C + self->room * self->room;

  assay_block_inner (self->n, m, self->X, m, self->X, G);
  assay_dense_symmetrise (m, G);
  if (!assay_dense_eigen (NULL, "Gram matrix of the recycled directions", ASSAY_F64, m, G, self->ritz, NULL, error))
    return FALSE;
  kept = take_roots (m, G, self->ritz, C);
  assay_block_inner (self->n, m, self->X, m, self->Y, H);
  assay_dense_symmetrise (m, H);
  assay_gemm_f64 (NULL, FALSE, FALSE, kept, m, m, 1, C, m, H, m, FALSE, W, m);
  assay_gemm_f64 (NULL, FALSE, TRUE, kept, kept, m, 1, W, m, C, m, FALSE, H, kept);                 /* H <- C X'Y C' */
  assay_dense_symmetrise (kept, H);
  if (!assay_dense_eigen (NULL, "curvature along the recycled directions", ASSAY_F64, kept, H, self->ritz, NULL, error))
    return FALSE;
  r = MIN (self->rank, kept);
  for (gint64 j = 0; j < r; j++)                                  /* largest first */
    memcpy (W + j * kept, H + (kept - 1 - j) * kept, kept * sizeof *W);
  assay_gemm_f64 (NULL, FALSE, FALSE, r, m, kept, 1, W, kept, C, m, FALSE, G, m);
  for (gint64 j = 0; j < kept / 2; j++)
    {
      double t = self->ritz[j];

      self->ritz[j] = self->ritz[kept - 1 - j];
      self->ritz[kept - 1 - j] = t;
    }
  combine (self, r, m, G, self->X);
  combine (self, r, m, G, self->Y);
  self->count = r;
  return TRUE;
}

/* A pair of unit size; one that is not finite, or zero, says nothing. */
static gboolean
note (AssayRecycled *self, const double *x, const double *y, GError **error)
{
  const double size = assay_f64_norm (self->n, x), image = assay_f64_norm (self->n, y);

  if (!(size > 0) || !isfinite (size) || !isfinite (image))
    return TRUE;
  if (self->count == self->room && !restart (self, error))
    return FALSE;
  for (gint64 i = 0; i < self->n; i++)
    {
      self->X[self->count * self->n + i] = x[i] / size;
      self->Y[self->count * self->n + i] = y[i] / size;
    }
  self->count++;
  return TRUE;
}

static gboolean
apply_watched (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  AssayRecycled *self = ((Watched *) op)->owner;

  if (!assay_linop_apply (self->A, K, X, Y, error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    if (!note (self, X + k * op->n, Y + k * op->n, error))
      return FALSE;
  return TRUE;
}

AssayRecycled *
assay_recycled_new (AssayLinop *A, gint64 rank, GError **error)
{
  g_autoptr (AssayRecycled) self = g_new0 (AssayRecycled, 1);
  const AssayLinop prototype = { .name = A->name, .n = A->n, .is_symmetric = A->is_symmetric, .shift = A->shift, .product_error = A->product_error,
                                 .apply = apply_watched };

  self->A = assay_linop_ref (A);
  self->n = A->n;
  self->rank = MIN (rank, A->n);
  self->room = self->rank + MAX (self->rank, LEAST_WINDOW);
  if ((self->X = assay_mem_alloc_array (self->room * self->n, sizeof (double), error)) == NULL
      || (self->Y = assay_mem_alloc_array (self->room * self->n, sizeof (double), error)) == NULL
      || (self->turned = assay_mem_alloc_array (self->rank * CHUNK, sizeof (double), error)) == NULL
      || (self->ritz = assay_mem_alloc_array (self->room, sizeof (double), error)) == NULL
      || (self->small = assay_mem_alloc_array (4 * self->room * self->room, sizeof (double), error)) == NULL)
    return NULL;
  self->watched = assay_linop_alloc (sizeof *self->watched, &prototype);
  self->watched->owner = self;
  return g_steal_pointer (&self);
}

void
assay_recycled_free (AssayRecycled *self)
{
  if (self == NULL)
    return;
  if (self->watched != NULL)
    assay_linop_unref (&self->watched->base);
  assay_linop_unref (self->A);
  assay_mem_free (self->X);
  assay_mem_free (self->Y);
  assay_mem_free (self->turned);
  assay_mem_free (self->ritz);
  assay_mem_free (self->small);
  g_free (self);
}

AssayLinop *
assay_recycled_get_linop (AssayRecycled *self)
{
  return &self->watched->base;
}

/* The form of low_rank.h takes eigenvalues less a lambda, and divides what is outside by lambda plus the least of them: the least Ritz value, whatever lambda. */
gboolean
assay_recycled_make_preconditioner (AssayRecycled *self, AssayLinop **out, GError **error)
{
  g_autoptr (AssayLowRank) low_rank = NULL;
  double lambda;

  *out = NULL;
  if (self->count == 0)
    return TRUE;
  if (!restart (self, error) || !restart (self, error))
    return FALSE;
  lambda = self->ritz[self->count - 1] / 2;
  if (!(lambda > 0))
    return TRUE;
  low_rank = g_new0 (AssayLowRank, 1);
  low_rank->n = self->n;
  low_rank->rank = self->count;
  if ((low_rank->vectors = assay_mem_alloc_array (self->count * self->n, sizeof (double), error)) == NULL
      || (low_rank->values = assay_mem_alloc_array (self->count, sizeof (double), error)) == NULL)
    return FALSE;
  memcpy (low_rank->vectors, self->X, self->count * self->n * sizeof (double));
  for (gint64 j = 0; j < self->count; j++)
    low_rank->values[j] = self->ritz[j] - lambda;
  *out = assay_low_rank_preconditioner_new (g_steal_pointer (&low_rank), lambda, error);
  return *out != NULL;
}
