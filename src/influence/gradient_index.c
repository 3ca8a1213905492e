/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gradient_index.c: rows of bytes and their norms. */
#include "influence/gradient_index.h"

#include "base/error.h"
#include "base/mem.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MOST_CODE 127
/* A sum of squares in double of at most 2^32 numbers, and its root, are within this of the true ones. */
#define NORM_ERROR 1e-6

AssayGradientIndex *
assay_gradient_index_new (gint64 N, gint64 D, guint n_groups, GError **error)
{
  g_autoptr (AssayGradientIndex) index = g_new0 (AssayGradientIndex, 1);

  index->N = N;
  index->D = D;
  index->n_blocks = (guint) ((D + ASSAY_INDEX_BLOCK - 1) / ASSAY_INDEX_BLOCK);
  index->n_groups = n_groups;
  index->n_features = 3 * index->n_blocks + n_groups + 1;
  if ((index->codes = assay_mem_alloc_array ((guint64) N * index->n_blocks, ASSAY_INDEX_BLOCK, error)) == NULL
      || (index->sums = assay_mem_alloc_array ((guint64) N * index->n_blocks, sizeof (gint16), error)) == NULL
      || (index->features = assay_mem_alloc_array ((guint64) N * index->n_features, sizeof (float), error)) == NULL)
    return NULL;
  return g_steal_pointer (&index);
}

void
assay_gradient_index_free (AssayGradientIndex *index)
{
  if (index == NULL)
    return;
  assay_mem_free (index->codes);
  assay_mem_free (index->sums);
  assay_mem_free (index->features);
  g_free (index);
}

double
assay_gradient_index_get_bytes (gint64 N, gint64 D, guint n_groups)
{
  double blocks = ceil ((double) D / ASSAY_INDEX_BLOCK);

  return (double) N * (blocks * (ASSAY_INDEX_BLOCK + 2 + 12) + 4.0 * (n_groups + 1));
}

float
assay_index_round_up (double x)
{
  float nearest = (float) x;

  return (double) nearest < x ? nextafterf (nearest, INFINITY) : nearest;
}

static gint16
sum_codes (const gint8 *codes)
{
  gint32 sum = 0;

  for (guint k = 0; k < ASSAY_INDEX_BLOCK; k++)
    sum += codes[k];
  return (gint16) sum;
}

gboolean
assay_index_encode_block (gint64 n, const double *x, gint8 *codes, float *scale, double *norm, double *error)
{
  double most = 0, squares = 0, errors = 0;

  for (gint64 k = 0; k < n; k++)
    {
      if (!isfinite (x[k]))
        return FALSE;
      most = MAX (most, fabs (x[k]));
    }
  for (gint64 k = 0; k < n && most > 0; k++)
    squares += (x[k] / most) * (x[k] / most);
  *scale = assay_index_round_up (most / MOST_CODE);
  memset (codes, 0, ASSAY_INDEX_BLOCK);
  for (gint64 k = 0; k < n && *scale > 0 && *scale <= FLT_MAX; k++)
    {
      long code = lrint (x[k] / (double) *scale);
      double left;

      codes[k] = (gint8) CLAMP (code, -MOST_CODE, MOST_CODE);
      left = (x[k] - (double) *scale * codes[k]) / most;
      errors += left * left;
    }
  *norm = most * sqrt (squares) * (1 + NORM_ERROR);
  *error = *scale > 0 ? most * sqrt (errors) * (1 + NORM_ERROR) : *norm;
  return isfinite (assay_index_round_up (*norm)) != 0;
}

gboolean
assay_gradient_index_encode (AssayGradientIndex *index, gint64 i, const double *kept, const double *left_out, double alpha)
{
  float *features = assay_gradient_index_features (index, i), *of_block = features + assay_gradient_index_bounds (index);

  for (guint b = 0; b < index->n_blocks; b++)
    {
      gint64 first = (gint64) b * ASSAY_INDEX_BLOCK;
      gint8 *codes = assay_gradient_index_codes (index, b, i);
      double norm, error;

      if (!assay_index_encode_block (MIN (ASSAY_INDEX_BLOCK, index->D - first), kept + first, codes, &of_block[2 * b + 1], &norm, &error))
        return FALSE;
      features[b] = assay_index_round_up (norm);
      of_block[2 * b] = assay_index_round_up (error);
      index->sums[(gint64) b * index->N + i] = sum_codes (codes);
    }
  for (guint g = 0; g < index->n_groups; g++)
    features[index->n_blocks + g] = assay_index_round_up (left_out[g] * (1 + NORM_ERROR));
  features[index->n_blocks + index->n_groups] = assay_index_round_up (alpha);
  for (guint g = 0; g <= index->n_groups; g++)
    if (!isfinite (features[index->n_blocks + g]))
      return FALSE;
  return TRUE;
}

void
assay_gradient_index_sum (AssayGradientIndex *index, gint64 first, gint64 n)
{
  for (guint b = 0; b < index->n_blocks; b++)
    for (gint64 i = first; i < first + n; i++)
      index->sums[(gint64) b * index->N + i] = sum_codes (assay_gradient_index_codes (index, b, i));
}
