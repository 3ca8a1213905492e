/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_matmul.c: a product of matrices for each entry of the leading axes. The mathematics is in op_matmul.inc.
 *
 *   inputs  a (...,M,K)   b (...,K,N), or (...,N,K) with transpose-b          output  y (...,M,N)
 */
#include "ops/op_symbol.h"

#include "base/error.h"

/* The sizes of a call. */
typedef struct { gint64 M, N, K, batch; gboolean transposed; } Matmul;

static Matmul
get_sizes (const AssayShape *in, const double *attr)
{
  guint rank = in[0].rank;
  Matmul m = { .M = in[0].dim[rank - 2], .K = in[0].dim[rank - 1], .transposed = attr[0] != 0 };

  m.N = in[1].dim[m.transposed ? rank - 2 : rank - 1];
  m.batch = assay_shape_rows (&in[0]) / m.M;
  return m;
}

#define OP_INC "ops/op_matmul.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "transpose-b", .type = ASSAY_PARAM_BOOL, .help = "b is stored with its last two axes exchanged" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  guint rank = in[0].rank;
  AssayShape expected = in[0];

  (void) n_in;
  if (rank < 2)
    {
      g_autofree char *found = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "a: (...,M,K) expected, got %s", found);
      return FALSE;
    }
  expected.dim[rank - 2] = in[0].dim[rank - 1];
  expected.dim[rank - 1] = in[1].rank == rank ? in[1].dim[rank - 1] : 1;
  if (attr[0] != 0)
    {
      expected.dim[rank - 2] = in[1].rank == rank ? in[1].dim[rank - 2] : 1;
      expected.dim[rank - 1] = in[0].dim[rank - 1];
    }
  if (!assay_shape_expect (&in[1], "b", expected, error))
    return FALSE;
  out[0] = assay_shape_with_last (&in[0], get_sizes (in, attr).N);
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const double products[] = { [ASSAY_FWD] = 1, [ASSAY_BWD] = 2, [ASSAY_RFWD] = 2, [ASSAY_RBWD] = 4 };
  Matmul m = get_sizes (in, attr);

  (void) out;
  return (AssayCost) { .flops = products[rule] * 2 * m.batch * m.M * m.N * m.K,
                       .bytes = products[rule] * width * m.batch * (m.M * m.K + m.K * m.N + m.M * m.N) };
}

static const AssayOpCase cases[] = {
  { "one product", .in = { ASSAY_SHAPE (5, 3), ASSAY_SHAPE (3, 7) } },
  { "b transposed", .in = { ASSAY_SHAPE (5, 3), ASSAY_SHAPE (7, 3) }, .attr = { 1 }, .has_attr = TRUE },
  { "inner product", .in = { ASSAY_SHAPE (1, 9), ASSAY_SHAPE (9, 1) } },
  { "outer product", .in = { ASSAY_SHAPE (2, 4, 1), ASSAY_SHAPE (2, 1, 6) } },
  { "two leading axes", .in = { ASSAY_SHAPE (2, 3, 4, 5), ASSAY_SHAPE (2, 3, 5, 6) } },
  { "two leading axes, b transposed", .in = { ASSAY_SHAPE (2, 3, 4, 5), ASSAY_SHAPE (2, 3, 6, 5) }, .attr = { 1 }, .has_attr = TRUE },
  { "several blocks", .in = { ASSAY_SHAPE (9, 40, 30), ASSAY_SHAPE (9, 30, 70) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (matmul) = {
  .name = "matmul", .help = "product of matrices for each entry of the leading axes",
  .n_in = 2, .min_in = 2, .n_out = 1, .in_names = { "a", "b" }, .out_names = { "y" },
  .uses_in = 1 << 0 | 1 << 1, .flags = ASSAY_OP_TAKES_FRESH,
  .attrs = attrs, .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS (matmul), .cases = cases,
};
