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

/* Each stop a quarter further than the one before it, or a block. */
static void
set_stops (AssayGradientIndex *index)
{
  for (guint b = 1; b < index->n_blocks && index->n_stops + 1 < ASSAY_INDEX_STOPS; b += MAX (1, b / 4))
    index->stop[index->n_stops++] = b;
  index->stop[index->n_stops++] = index->n_blocks;
}

AssayGradientIndex *
assay_gradient_index_new (gint64 N, gint64 D, guint n_groups, GError **error)
{
  g_autoptr (AssayGradientIndex) index = g_new0 (AssayGradientIndex, 1);

  index->N = N;
  index->D = D;
  index->n_blocks = (guint) ((D + ASSAY_INDEX_BLOCK - 1) / ASSAY_INDEX_BLOCK);
  index->n_groups = n_groups;
  index->n_features = 2 * index->n_blocks + n_groups + 1;
  set_stops (index);
  if ((index->codes = assay_mem_alloc_array ((guint64) N * index->n_blocks, ASSAY_INDEX_BLOCK, error)) == NULL
      || (index->sums = assay_mem_alloc_array ((guint64) N * index->n_blocks, sizeof (gint16), error)) == NULL
      || (index->scale = assay_mem_alloc_array ((guint64) N * index->n_blocks, sizeof (float), error)) == NULL
      || (index->reach = assay_mem_alloc_array ((guint64) N * (3 + index->n_stops), sizeof (float), error)) == NULL
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
  assay_mem_free (index->scale);
  assay_mem_free (index->reach);
  assay_mem_free (index->features);
  g_free (index);
}

double
assay_gradient_index_get_bytes (gint64 N, gint64 D, guint n_groups)
{
  AssayGradientIndex index = { .n_blocks = (guint) ((D + ASSAY_INDEX_BLOCK - 1) / ASSAY_INDEX_BLOCK) };

  set_stops (&index);
  return (double) N * (index.n_blocks * (double) (ASSAY_INDEX_BLOCK + 2 + 12) + 4.0 * (n_groups + 1 + 3 + index.n_stops));
}

float
assay_index_round_up (double x)
{
  float nearest = (float) x;

  return (double) nearest < x ? nextafterf (nearest, INFINITY) : nearest;
}

/* An upper float of a root; floats' squares do not underflow in double. */
static float
root_up (double squares)
{
  return assay_index_round_up (sqrt (squares) * (1 + NORM_ERROR));
}

static gint16
sum_codes (const gint8 *codes)
{
  gint32 sum = 0;

  for (guint k = 0; k < ASSAY_INDEX_BLOCK; k++)
    sum += codes[k];
  return (gint16) sum;
}

static void
set_reach (AssayGradientIndex *index, gint64 i)
{
  const float *n = assay_gradient_index_features (index, i), *tau = n + index->n_blocks, *e = n + assay_gradient_index_bounds (index);
  float *reach = assay_gradient_index_reach (index, i);
  double behind = 0, errors = 0;
  guint b = index->n_blocks;

  for (guint g = 0; g < index->n_groups; g++)
    behind += (double) tau[g] * (double) tau[g];
  for (guint s = index->n_stops; s-- > 0;)
    {
      for (; b > index->stop[s]; b--)
        behind += (double) n[b - 1] * (double) n[b - 1];
      reach[3 + s] = root_up (behind);
    }
  behind = 0;
  for (b = 0; b < index->n_blocks; b++)
    {
      behind += (double) n[b] * (double) n[b];
      errors += (double) e[b] * (double) e[b];
    }
  reach[0] = root_up (errors);
  reach[1] = root_up (behind);
  reach[2] = tau[index->n_groups];
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
  float *features = assay_gradient_index_features (index, i), *e = features + assay_gradient_index_bounds (index);

  for (guint b = 0; b < index->n_blocks; b++)
    {
      gint64 first = (gint64) b * ASSAY_INDEX_BLOCK;
      gint8 *codes = assay_gradient_index_codes (index, b, i);
      double norm, error;

      if (!assay_index_encode_block (MIN (ASSAY_INDEX_BLOCK, index->D - first), kept + first, codes, &index->scale[(gint64) b * index->N + i], &norm, &error))
        return FALSE;
      features[b] = assay_index_round_up (norm);
      e[b] = assay_index_round_up (error);
      index->sums[(gint64) b * index->N + i] = sum_codes (codes);
    }
  for (guint g = 0; g < index->n_groups; g++)
    features[index->n_blocks + g] = assay_index_round_up (left_out[g] * (1 + NORM_ERROR));
  features[index->n_blocks + index->n_groups] = assay_index_round_up (alpha);
  for (guint g = 0; g <= index->n_groups; g++)
    if (!isfinite (features[index->n_blocks + g]))
      return FALSE;
  set_reach (index, i);
  return TRUE;
}

void
assay_gradient_index_sum (AssayGradientIndex *index, gint64 first, gint64 n)
{
  for (guint b = 0; b < index->n_blocks; b++)
    for (gint64 i = first; i < first + n; i++)
      index->sums[(gint64) b * index->N + i] = sum_codes (assay_gradient_index_codes (index, b, i));
  for (gint64 i = first; i < first + n; i++)
    set_reach (index, i);
}
