# SPDX-License-Identifier: GPL-3.0-or-later
# ops: the four rules of every operation.  A new op is one file and one line in OPS_LIST.
OPS_LIST += \
  src/ops/op_add.c \
  src/ops/op_attention.c \
  src/ops/op_avg_pool.c \
  src/ops/op_causal_conv.c \
  src/ops/op_conv2d.c \
  src/ops/op_embedding.c \
  src/ops/op_entry.c \
  src/ops/op_probe.c \
  src/ops/op_flatten.c \
  src/ops/op_gather.c \
  src/ops/op_gelu.c \
  src/ops/op_gelu_quick.c \
  src/ops/op_gelu_tanh.c \
  src/ops/op_layernorm.c \
  src/ops/op_linear.c \
  src/ops/op_log_odds.c \
  src/ops/op_logistic_loss.c \
  src/ops/op_matmul.c \
  src/ops/op_max_pool.c \
  src/ops/op_mul.c \
  src/ops/op_position_embedding.c \
  src/ops/op_relu.c \
  src/ops/op_relu_squared.c \
  src/ops/op_rmsnorm.c \
  src/ops/op_rope.c \
  src/ops/op_scale.c \
  src/ops/op_selective_scan.c \
  src/ops/op_sigmoid.c \
  src/ops/op_silu.c \
  src/ops/op_slice.c \
  src/ops/op_softmax.c \
  src/ops/op_softplus.c \
  src/ops/op_squared_loss.c \
  src/ops/op_tanh.c \
  src/ops/op_token_shift.c \
  src/ops/op_wkv.c \
  src/ops/op_wkv_matrix.c \
  src/ops/op_xent.c

# The mathematics that the op files include.
OPS_INCLUDED = src/ops/op_instances.inc src/ops/op_reset.inc src/ops/op_symbol.h src/ops/real_math.h \
  src/ops/elementwise.h src/ops/elementwise.inc src/ops/column_sums.inc src/ops/log_sum_exp.inc src/ops/select_rows.h \
  src/ops/select_rows.inc src/ops/tile_product.inc src/ops/pool.h src/ops/op_add.inc src/ops/op_attention.inc src/ops/op_avg_pool.inc \
  src/ops/op_causal_conv.inc src/ops/op_conv2d.inc src/ops/op_entry.inc src/ops/op_log_odds.inc src/ops/op_probe.inc src/ops/op_flatten.inc src/ops/op_gelu.inc src/ops/op_gelu_quick.inc src/ops/op_gelu_tanh.inc src/ops/op_layernorm.inc \
  src/ops/op_linear.inc src/ops/op_logistic_loss.inc src/ops/op_matmul.inc src/ops/op_max_pool.inc \
  src/ops/op_mul.inc src/ops/op_position_embedding.inc src/ops/op_relu.inc src/ops/op_relu_squared.inc src/ops/op_rmsnorm.inc \
  src/ops/op_rope.inc src/ops/op_scale.inc src/ops/op_sigmoid.inc src/ops/op_silu.inc src/ops/op_slice.inc \
  src/ops/op_selective_scan.inc src/ops/op_softmax.inc src/ops/op_softplus.inc src/ops/op_squared_loss.inc src/ops/op_tanh.inc src/ops/op_token_shift.inc \
  src/ops/op_wkv.inc src/ops/op_wkv_matrix.inc src/ops/op_xent.inc

# The same sources once per instruction set; assay_op_find picks the best at run time.
noinst_LTLIBRARIES += src/ops/libops.la src/ops/libops-baseline.la
ASSAY_FLOORS += src/ops/libops.la src/ops/libops-baseline.la
src_ops_libops_la_SOURCES = src/ops/op.h src/ops/registry.c $(OPS_INCLUDED)
src_ops_libops_baseline_la_SOURCES = $(OPS_LIST)
src_ops_libops_baseline_la_CFLAGS = $(AM_CFLAGS) $(OPS_CFLAGS)
src_ops_libops_baseline_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=baseline
if HAVE_X86
noinst_LTLIBRARIES += src/ops/libops-v3.la src/ops/libops-v4.la
ASSAY_FLOORS += src/ops/libops-v3.la src/ops/libops-v4.la
src_ops_libops_v3_la_SOURCES = $(OPS_LIST)
src_ops_libops_v3_la_CFLAGS = $(AM_CFLAGS) $(OPS_CFLAGS) $(ISA_V3_CFLAGS)
src_ops_libops_v3_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v3
src_ops_libops_v4_la_SOURCES = $(OPS_LIST)
src_ops_libops_v4_la_CFLAGS = $(AM_CFLAGS) $(OPS_CFLAGS) $(ISA_V4_CFLAGS)
src_ops_libops_v4_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v4
endif
src/ops/registry.lo: src/ops/ops.def
