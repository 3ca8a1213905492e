# SPDX-License-Identifier: GPL-3.0-or-later
# ladder: the slower versions of kernels, that the others are held against and measured beside.
CUDA_INCLUDED += kernels/ladder/attention_plain.cuh kernels/ladder/convolution_plain.cuh kernels/ladder/index_scores_plain.cuh
