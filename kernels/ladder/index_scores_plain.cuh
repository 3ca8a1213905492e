/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_scores_plain.cuh: the first rung: a thread for a row and a query, a byte at a time. It reads every row Q times and multiplies one byte an
 * instruction; what the others are held against. Usage: AssayCudaIndexWay PLAIN.
 */
#pragma once

static __global__ void
index_scores_plain (AssayCudaIndexRows rows, AssayCudaIndexQueries queries, float *scores)
{
  const int64_t at = (int64_t) blockIdx.x * blockDim.x + threadIdx.x, i = at / queries.n, q = at % queries.n;
  float sum = 0;

  if (i >= rows.n)
    return;
  for (int b = 0; b < rows.n_blocks; b++)
    {
      const int8_t *x = rows.codes + (b * rows.stride + i) * ASSAY_CUDA_INDEX_BLOCK;
      const int8_t *y = queries.codes + ((int64_t) b * queries.stride + q) * ASSAY_CUDA_INDEX_BLOCK;
      int dot = 0;

      for (int k = 0; k < ASSAY_CUDA_INDEX_BLOCK; k++)
        dot += x[k] * y[k];
      sum = __fadd_rn (sum, __fmul_rn (rows.scale[b * rows.stride + i], __fmul_rn (queries.scale[b * queries.stride + q], __int2float_rn (dot))));
    }
  scores[i * queries.n + q] = sum;
}
