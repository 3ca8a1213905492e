/* SPDX-License-Identifier: GPL-3.0-or-later */
/* low_rank.c: see low_rank.h. */
#include "hessian/low_rank.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "hessian/block.h"
#include "hessian/dense.h"
#include "hessian/lanczos.h"
#include "hessian/vector_f64.h"
#include "tensor/gemm.h"

#include <float.h>
#include <string.h>

#define BLOCK 32                /* vectors of one call to the operator */

void
assay_low_rank_free (AssayLowRank *low_rank)
{
  if (low_rank == NULL)
    return;
  assay_mem_free (low_rank->vectors);
  assay_mem_free (low_rank->values);
  g_free (low_rank);
}

static void
fill_random (guint64 seed, const char *purpose, gint64 n, gint64 K, double *X)
{
  for (gint64 k = 0; k < K; k++)
    {
      AssayRng rng = assay_rng_new (seed, assay_rng_stream (purpose, (guint64) k));

      for (gint64 i = 0; i < n; i++)
        X[k * n + i] = assay_rng_normal (&rng);
    }
}

/* --- Nystrom -------------------------------------------------------------------------------------------------------------- */

/* Rows of C X', in blocks. */
static gboolean
sketch (AssayLinop *C, gint64 K, const double *X, double *Y, AssayProgress *progress, GError **error)
{
  for (gint64 first = 0; first < K; first += BLOCK)
    {
      if (assay_progress_is_cancelled (progress, error)
          || !assay_linop_apply (C, MIN (BLOCK, K - first), X + first * C->n, Y + first * C->n, error))
        return FALSE;
      assay_progress_report (progress, "sketching the curvature", MIN (first + BLOCK, K), K, "products", C->name);
    }
  return TRUE;
}

/* S (m,m) = R B^-1 R' for R (m,r) and B (r,r) positive definite; B is overwritten. FALSE also when B is not. */
static gboolean
complete (const AssayLinop *C, gint64 m, gint64 r, const double *R, double *B, double *S, GError **error)
{
  g_autoptr (AssayBuffer) values = assay_mem_alloc_array (r, sizeof (double), error), W = values ? assay_mem_alloc_array (r * m, sizeof (double), error) : NULL;
  const double *lambda = values;

  if (W == NULL)
    return FALSE;
  assay_dense_symmetrise (r, B);
  if (!assay_dense_eigen (NULL, "Nystrom sketch", ASSAY_F64, r, B, values, NULL, error))
    return FALSE;
  if (lambda[0] <= 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "Nystrom: a positive semi-definite operator expected, %s with curvature %.3g along some direction "
                   "found; choose curvature gauss-newton, or another preconditioner", C->name, lambda[0]);
      return FALSE;
    }
  assay_gemm_f64 (NULL, FALSE, TRUE, r, m, r, 1, B, r, R, r, FALSE, W, m);                          /* rows: eigenvectors' R' */
  for (gint64 j = 0; j < r; j++)
    assay_f64_scale (m, 1 / sqrt (lambda[j]), (double *) W + j * m);
  assay_gemm_f64 (NULL, TRUE, FALSE, m, m, r, 1, W, m, W, m, FALSE, S, m);
  assay_dense_symmetrise (m, S);
  return TRUE;
}

/* From Y = (C + nu) omega and B = omega' Y: an orthonormal basis of Y in place of omega, and the eigenvectors of what Y B^-1 Y' is in it.
 * Source: 2110.02820, algorithm 2.1, with a rank-revealing basis in place of the singular value decomposition. */
static gboolean
nystrom_from_sketch (AssayLowRank *self, const AssayLinop *C, gint64 r, double *omega, double *Y, double nu, GError **error)
{
  gint64 n = self->n, m;
  g_autoptr (AssayBuffer) small = assay_mem_alloc_array (3 * r * r, sizeof (double), error);
  double *B = small, *R = small ? B + r * r : NULL, *S = small ? R + r * r : NULL;

  if (small == NULL || (self->values = assay_mem_alloc_array (r, sizeof (double), error)) == NULL)
    return FALSE;
  assay_block_inner (n, r, omega, r, Y, B);
  memcpy (omega, Y, r * n * sizeof *Y);
  m = assay_block_basis (n, r, omega, DBL_EPSILON);
  assay_block_inner (n, m, omega, r, Y, R);
  if (!complete (C, m, r, R, B, S, error) || !assay_dense_eigen (NULL, "Nystrom sketch", ASSAY_F64, m, S, self->values, NULL, error))
    return FALSE;
  self->rank = m;
  for (gint64 j = 0; j < m / 2; j++)                              /* largest first */
    {
      double t = self->values[j];

      self->values[j] = self->values[m - 1 - j];
      self->values[m - 1 - j] = t;
    }
  for (gint64 j = 0; j < m; j++)
    {
      self->values[j] = MAX (self->values[j] - nu, 0);
      memcpy (R + j * m, S + (m - 1 - j) * m, m * sizeof (double));
    }
  assay_gemm_f64 (NULL, FALSE, FALSE, m, n, m, 1, R, m, omega, n, FALSE, Y, n);
  return TRUE;
}

AssayLowRank *
assay_low_rank_new_nystrom (AssayLinop *C, gint64 rank, guint64 seed, AssayProgress *progress, GError **error)
{
  gint64 n = C->n, r = MIN (rank, n);
  g_autoptr (AssayLowRank) self = g_new0 (AssayLowRank, 1);
  g_autoptr (AssayBuffer) omega = assay_mem_alloc_array (r * n, sizeof (double), error);
  double nu;

  self->n = n;
  self->products = r;
  self->vectors = omega ? assay_mem_alloc_array (r * n, sizeof (double), error) : NULL;
  if (self->vectors == NULL)
    return NULL;
  fill_random (seed, "Nystrom", n, r, omega);
  r = assay_block_basis (n, r, omega, DBL_EPSILON);
  if (!sketch (C, r, omega, self->vectors, progress, error))
    return NULL;
  /* A shift that keeps omega'Y positive definite over its rounding: it is taken off the eigenvalues again. */
  nu = MAX (sqrt ((double) n) * DBL_EPSILON, C->product_error) * assay_f64_norm (r * n, self->vectors);
  assay_f64_add (r * n, nu, omega, self->vectors);
  return nystrom_from_sketch (self, C, r, omega, self->vectors, nu, error) ? g_steal_pointer (&self) : NULL;
}

/* --- Lanczos -------------------------------------------------------------------------------------------------------------- */

static int
compare_magnitude (gconstpointer a, gconstpointer b, gpointer data)
{
  const double *ritz = data, x = fabs (ritz[*(const gint64 *) a]), y = fabs (ritz[*(const gint64 *) b]);

  return (x < y) - (x > y);
}

AssayLowRank *
assay_low_rank_new_lanczos (AssayLinop *C, gint64 steps, gint64 rank, guint64 seed, AssayProgress *progress, GError **error)
{
  gint64 n = C->n;
  g_autoptr (AssayBuffer) start = assay_mem_alloc_array (n, sizeof (double), error), chosen = NULL;
  g_autoptr (AssayLanczos) lanczos = NULL;
  g_autoptr (AssayLowRank) self = g_new0 (AssayLowRank, 1);
  g_autofree gint64 *order = NULL;
  gint64 k;

  if (start == NULL)
    return NULL;
  fill_random (seed, "Lanczos", n, 1, start);
  lanczos = assay_lanczos_new (C, steps, start, TRUE, progress, error);
  if (lanczos == NULL)
    return NULL;
  k = lanczos->k;
  self->n = n;
  self->rank = MIN (rank, k);
  self->products = k;
  self->values = assay_mem_alloc_array (self->rank, sizeof (double), error);
  self->vectors = self->values ? assay_mem_alloc_array (self->rank * n, sizeof (double), error) : NULL;
  chosen = self->vectors ? assay_mem_alloc_array (self->rank * k, sizeof (double), error) : NULL;
  if (chosen == NULL)
    return NULL;
  order = g_new (gint64, k);
  for (gint64 j = 0; j < k; j++)
    order[j] = j;
  g_qsort_with_data (order, (int) k, sizeof *order, compare_magnitude, lanczos->ritz);
  for (gint64 j = 0; j < self->rank; j++)
    {
      self->values[j] = lanczos->ritz[order[j]];
      memcpy ((double *) chosen + j * k, lanczos->rotation + order[j] * k, k * sizeof (double));
    }
  assay_gemm_f64 (NULL, FALSE, FALSE, self->rank, n, k, 1, chosen, k, lanczos->basis, n, FALSE, self->vectors, n);
  return g_steal_pointer (&self);
}

/* --- what becomes of (C + lambda I)^-1 -------------------------------------------------------------------------------------- */

typedef struct {
  AssayLinop base;
  AssayLowRank *low_rank;       /* values: those of the operator less `outside` */
  double outside;               /* y = outside x + V' diag (values) V x */
  double *scratch;              /* (rank,BLOCK) */
} LowRankLinop;

static gboolean
apply_low_rank (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error)
{
  LowRankLinop *self = (LowRankLinop *) op;
  gint64 n = op->n, r = self->low_rank->rank;

  (void) error;
  for (gint64 first = 0; first < K; first += BLOCK)
    {
      gint64 count = MIN (BLOCK, K - first);
      const double *x = X + first * n;
      double *y = Y + first * n;

      assay_block_inner (n, r, self->low_rank->vectors, count, x, self->scratch);
      for (gint64 j = 0; j < r; j++)
        assay_f64_scale (count, self->low_rank->values[j], self->scratch + j * count);
      for (gint64 i = 0; i < count * n; i++)
        y[i] = self->outside * x[i];
      assay_block_combine (n, r, self->low_rank->vectors, count, 1, self->scratch, y);
    }
  return TRUE;
}

static void
finalize_low_rank (AssayLinop *op)
{
  LowRankLinop *self = (LowRankLinop *) op;

  assay_low_rank_free (self->low_rank);
  assay_mem_free (self->scratch);
}

static AssayLinop *
make_linop (AssayLowRank *low_rank, double lambda, double rest, const char *name, GError **error)
{
  g_autoptr (AssayLowRank) taken = low_rank;
  AssayLinop prototype = { .name = name, .n = taken->n, .is_symmetric = TRUE, .apply = apply_low_rank, .finalize = finalize_low_rank };
  double *scratch;
  LowRankLinop *self;

  for (gint64 j = 0; j < taken->rank; j++)
    if (taken->values[j] + lambda == 0)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a damping that is no eigenvalue of the curvature expected, %g found; give another", name,
                     lambda);
        return NULL;
      }
  if (!(lambda > 0))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: l2 + damping above 0 expected, %g found; give a damping", name, lambda);
      return NULL;
    }
  scratch = assay_mem_alloc_array (taken->rank * BLOCK, sizeof (double), error);
  if (scratch == NULL)
    return NULL;
  self = assay_linop_alloc (sizeof *self, &prototype);
  self->outside = 1 / rest;
  self->base.shift = self->outside;
  for (gint64 j = 0; j < taken->rank; j++)
    {
      double inverse = 1 / (taken->values[j] + lambda);

      self->base.shift = MIN (self->base.shift, inverse);
      taken->values[j] = inverse - self->outside;
    }
  self->scratch = scratch;
  self->low_rank = g_steal_pointer (&taken);
  return &self->base;
}

AssayLinop *
assay_low_rank_inverse_new (AssayLowRank *low_rank, double lambda, GError **error)
{
  return make_linop (low_rank, lambda, lambda, "low-rank inverse", error);
}

AssayLinop *
assay_low_rank_preconditioner_new (AssayLowRank *low_rank, double lambda, GError **error)
{
  double least = low_rank->rank > 0 ? low_rank->values[low_rank->rank - 1] : 0;

  return make_linop (low_rank, lambda, lambda + MAX (least, 0), "low-rank preconditioner", error);
}
