/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gradient_index.h: one compressed row for each training example, from which the score of any query is known within a certain bound.
 *
 *   s[q, i] = v_q' y_i       y_i: an example's gradient in coordinates of falling importance, v_q: a query's direction in them
 *
 * The first D coordinates are kept as bytes, in blocks of 256 with one scale each; the others in groups, as norms only:
 *
 *   y_ib ~ s_ib c_ib     e_ib >= ||y_ib - s_ib c_ib||     n_ib >= ||y_ib||     tau_ig >= ||y_ig||     alpha_i >= what rounding is in proportion to
 *   v_qb ~ t_qb d_qb     f_qb  = ||v_qb - t_qb d_qb||
 *   | s - sum_b s_ib t_qb c_ib' d_qb |  <=  sum_b f_qb n_ib + (||v_qb|| + f_qb) e_ib  +  sum_g ||v_qg|| tau_ig  +  r_q alpha_i
 *
 * by Cauchy and Schwarz, block by block. A block that has not been looked at yet contributes 0 and the bound ||v_qb|| n_ib, so that the first
 * blocks alone bound every score; and the sums over blocks again by Cauchy and Schwarz, which is wider and takes four products (`reach`).
 * Norms are rounded up. Nothing depends on a damping: it is in v.
 * Shape letters: N rows, D coordinates kept, G groups of those left out. Ownership: an index owns its arrays. Thread rule: rows may be
 * encoded by several threads at once; searching only reads.
 */
#pragma once

#include "base/workers.h"
#include "influence/index_kernel.h"

#define ASSAY_INDEX_GROUPS 8    /* most groups of coordinates left out */
#define ASSAY_INDEX_STOPS 64    /* most stops: 1, 2, 3, ... 8, 10, 12, 15, ... blocks */

typedef struct {
  gint64 N, D;
  guint n_blocks, n_groups;
  gint8 *codes;                 /* (n_blocks, N, 256); the last block's missing coordinates are 0 */
  gint16 *sums;                 /* (n_blocks, N) of the codes */
  float *scale;                 /* (n_blocks, N) */
  float *features;              /* (N, n_features): n (n_blocks), tau (n_groups), alpha, e (n_blocks) */
  guint n_features;
  guint stop[ASSAY_INDEX_STOPS], n_stops;       /* after so many blocks a search looks which rows it can do without; the last is all of them */
  float *reach;                 /* (N, 3 + n_stops): ||e||, ||n||, alpha, and for each stop the norm of what lies behind it, groups included */
} AssayGradientIndex;

static inline guint
assay_gradient_index_bounds (const AssayGradientIndex *index)     /* features before the first block's e */
{
  return index->n_blocks + index->n_groups + 1;
}

static inline float *
assay_gradient_index_reach (const AssayGradientIndex *index, gint64 i)
{
  return index->reach + i * (3 + index->n_stops);
}

static inline float *
assay_gradient_index_features (const AssayGradientIndex *index, gint64 i)
{
  return index->features + i * index->n_features;
}

static inline gint8 *
assay_gradient_index_codes (const AssayGradientIndex *index, guint block, gint64 i)
{
  return index->codes + ((gint64) block * index->N + i) * ASSAY_INDEX_BLOCK;
}

/* Rows of zeros. Errors: memory. */
AssayGradientIndex *assay_gradient_index_new  (gint64 N, gint64 D, guint n_groups, GError **error);
void                assay_gradient_index_free (AssayGradientIndex *index);
/* Bytes that an index of that size takes. */
double              assay_gradient_index_get_bytes (gint64 N, gint64 D, guint n_groups);

/* Row i from kept (D), left_out (G) norms and alpha, which are rounded up here. FALSE where a number is not finite. */
gboolean            assay_gradient_index_encode (AssayGradientIndex *index, gint64 i, const double *kept, const double *left_out, double alpha);
/* After codes, scales and features were filled in from elsewhere: the sums and the reach of rows first .. first+n-1. */
void                assay_gradient_index_sum    (AssayGradientIndex *index, gint64 first, gint64 n);

/* codes (256) and their scale for n <= 256 numbers; *norm and *error are not below the true ones. FALSE where a number is not finite. */
gboolean assay_index_encode_block (gint64 n, const double *x, gint8 *codes, float *scale, double *norm, double *error);
/* An upper float of a number that is not negative. */
float    assay_index_round_up (double x);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayGradientIndex, assay_gradient_index_free)
