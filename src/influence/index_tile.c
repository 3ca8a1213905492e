/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_tile.c: queries in bytes, and the weights of the bound. */
#include "influence/index_tile.h"

#include "base/error.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

#define TILE ASSAY_INDEX_TILE
#define FLOAT_UNIT 0x1p-24

void
assay_index_tile_free (AssayIndexTile *tile)
{
  if (tile == NULL)
    return;
  assay_mem_free (tile->block);
  assay_mem_free (tile->t);
  assay_mem_free (tile->norm);
  assay_mem_free (tile->weight);
  assay_mem_free (tile->reach);
  g_free (tile);
}

/* The power of two at or above the largest of a query's numbers; 1 for none. */
static gboolean
choose_unit (const AssayGradientIndex *index, const AssayIndexQuery *query, double *unit)
{
  double most = 0;
  int exponent;
  gboolean finite = TRUE;

  for (gint64 k = 0; k < index->D; k++)
    {
      finite &= isfinite (query->kept[k]) != 0;
      most = MAX (most, fabs (query->kept[k]));
    }
  for (guint g = 0; g < index->n_groups; g++)
    {
      finite &= isfinite (query->left_out[g]) != 0;
      most = MAX (most, query->left_out[g]);
    }
  frexp (most, &exponent);
  *unit = most > 0 ? ldexp (1, exponent) : 1;
  return finite && isfinite (query->rounding);
}

static void
encode (AssayIndexTile *tile, const AssayGradientIndex *index, const AssayIndexQuery *query, guint q)
{
  double x[ASSAY_INDEX_BLOCK];
  const double unit = tile->unit[q];

  for (guint b = 0; b < tile->n_blocks; b++)
    {
      gint64 first = (gint64) b * ASSAY_INDEX_BLOCK, n = MIN (ASSAY_INDEX_BLOCK, index->D - first);

      for (gint64 k = 0; k < n; k++)
        x[k] = query->kept[first + k] / unit;
      assay_index_encode_block (n, x, tile->block[b].plain[q], &tile->t[b * TILE + q], &tile->norm[b * TILE + q], &tile->error[b * TILE + q]);
      for (guint k = 0; k < ASSAY_INDEX_BLOCK; k++)
        {
          tile->block[b].packed[k / 4][q][k % 4] = (guint8) (tile->block[b].plain[q][k] + 128);
          tile->block[b].sum[q] += tile->block[b].plain[q][k];
        }
    }
  for (guint g = 0; g < tile->n_groups; g++)
    tile->left_out[g * TILE + q] = query->left_out[g] / unit;
  tile->left_out[tile->n_groups * TILE + q] = query->rounding / unit;
}

/* Every term of the sums is at most (||v_b|| + f_b) (n_b + e_b), or a term of the bound itself: so a part `slack` of those covers all roundings. */
static double
get_slack (const AssayGradientIndex *index)
{
  return 2 * (index->n_features + 2 * index->n_blocks + 8) * FLOAT_UNIT;
}

static void
weigh (AssayIndexTile *tile, const AssayGradientIndex *index, guint q)
{
  const double slack = get_slack (index);
  const guint bounds = assay_gradient_index_bounds (index);
  float *weight = tile->weight + (gsize) q * index->n_features;

  for (guint b = 0; b < tile->n_blocks; b++)
    {
      double norm = tile->norm[b * TILE + q], error = tile->error[b * TILE + q];

      weight[b] = assay_index_round_up (error + slack * (norm + error));
      weight[bounds + b] = assay_index_round_up ((norm + error) * (1 + slack));
    }
  for (guint g = 0; g <= tile->n_groups; g++)
    weight[tile->n_blocks + g] = assay_index_round_up (tile->left_out[g * TILE + q] * (1 + slack));
}

/* The same with sums over blocks bounded by the product of norms. */
static void
reach (AssayIndexTile *tile, const AssayGradientIndex *index, guint q)
{
  const double slack = get_slack (index);
  double errors = 0, wide = 0;

  for (guint s = 0, b = 0; s < index->n_stops; s++)
    {
      float *w = tile->reach + (gsize) s * 4 * TILE + q;
      double behind = 0;

      for (; b < index->stop[s]; b++)
        {
          double norm = tile->norm[b * TILE + q], error = tile->error[b * TILE + q];

          errors += error * error;
          wide += (norm + error) * (norm + error);
        }
      for (guint g = 0; g < tile->n_groups; g++)
        behind += tile->left_out[g * TILE + q] * tile->left_out[g * TILE + q];
      for (guint c = b; c < tile->n_blocks; c++)
        behind += tile->norm[c * TILE + q] * tile->norm[c * TILE + q];
      w[0] = assay_index_round_up (sqrt (wide) * (1 + slack));
      w[TILE] = assay_index_round_up ((sqrt (errors) + slack * sqrt (wide)) * (1 + slack));
      w[2 * TILE] = assay_index_round_up (tile->left_out[tile->n_groups * TILE + q] * (1 + slack));
      w[3 * TILE] = assay_index_round_up (sqrt (behind) * (1 + slack));
    }
}

AssayIndexTile *
assay_index_tile_new (const AssayGradientIndex *index, guint n, const AssayIndexQuery *queries, gint64 first, GError **error)
{
  g_autoptr (AssayIndexTile) tile = g_new0 (AssayIndexTile, 1);
  guint64 blocks = index->n_blocks;

  tile->n = n;
  tile->n_blocks = index->n_blocks;
  tile->n_groups = index->n_groups;
  if ((tile->block = assay_mem_alloc_array (blocks, sizeof *tile->block, error)) == NULL
      || (tile->t = assay_mem_alloc_array (blocks * TILE, sizeof (float), error)) == NULL
      || (tile->norm = assay_mem_alloc_array ((2 * blocks + index->n_groups + 1) * TILE, sizeof (double), error)) == NULL
      || (tile->weight = assay_mem_alloc_array ((guint64) index->n_features * TILE, sizeof (float), error)) == NULL
      || (tile->reach = assay_mem_alloc_array ((guint64) index->n_stops * 4 * TILE, sizeof (float), error)) == NULL)
    return NULL;
  tile->error = tile->norm + blocks * TILE;
  tile->left_out = tile->error + blocks * TILE;
  for (guint q = 0; q < n; q++)
    {
      if (!choose_unit (index, &queries[q], &tile->unit[q]))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "query %" G_GINT64_FORMAT ": its direction is not finite: a larger damping, or factors in f64", first + q);
          return NULL;
        }
      encode (tile, index, &queries[q], q);
      weigh (tile, index, q);
      reach (tile, index, q);
    }
  return g_steal_pointer (&tile);
}
