/* SPDX-License-Identifier: GPL-3.0-or-later */
/* select_rows.h: what embedding and gather share: rows of a matrix picked by index. Included by those op files only.
 *
 * Indices must lie in 0 .. V-1 (rows of the matrix): whoever binds data has checked that; kernels do not look again.
 */
#pragma once

#include "ops/op_symbol.h"

#include "base/error.h"

static inline gboolean
select_rows_infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  if (in[0].rank != 2 || in[1].rank >= ASSAY_MAX_RANK)
    {
      g_autofree char *table = assay_shape_to_string (&in[0]), *id = assay_shape_to_string (&in[1]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "a matrix and indices of at most %d axes expected, got %s and %s",
                   ASSAY_MAX_RANK - 1, table, id);
      return FALSE;
    }
  out[0] = in[1];
  out[0].dim[out[0].rank++] = in[0].dim[1];
  return TRUE;
}

static inline AssayCost
select_rows_cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  double n = assay_shape_count (&out[0]);
  gboolean adds = rule == ASSAY_BWD || rule == ASSAY_RBWD;

  (void) attr;
  return (AssayCost) { .flops = adds ? n : 0, .bytes = (adds ? 3 : 2) * n * width + 4.0 * assay_shape_count (&in[1]) };
}
