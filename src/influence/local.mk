# SPDX-License-Identifier: GPL-3.0-or-later
# influence: methods that trace a behaviour to training examples, their scores, and the checks of both.
noinst_LTLIBRARIES += src/influence/libinfluence.la
ASSAY_FLOORS += src/influence/libinfluence.la

# One file, one method.
METHODS_LIST += \
  src/influence/method_exact.c \
  src/influence/method_arnoldi.c \
  src/influence/method_astra.c \
  src/influence/method_lissa.c \
  src/influence/method_nystrom.c \
  src/influence/method_ekfac.c \
  src/influence/method_kfac.c \
  src/influence/method_shampoo.c \
  src/influence/method_diagonal.c \
  src/influence/method_cg.c \
  src/influence/method_dot.c \
  src/influence/method_cosine.c \
  src/influence/method_bm25.c \
  src/influence/method_representation.c \
  src/influence/method_rescaled.c \
  src/influence/method_relatif.c \
  src/influence/method_trak.c \
  src/influence/method_trackstar.c \
  src/influence/method_logra.c \
  src/influence/method_lorif.c \
  src/influence/method_datainf.c \
  src/influence/method_representer.c \
  src/influence/method_tracin.c \
  src/influence/method_loo.c \
  src/influence/method_magic.c \
  src/influence/method_rows.c \
  src/influence/method_source.c

src_influence_libinfluence_la_SOURCES = $(METHODS_LIST) \
  src/influence/agreement.c src/influence/agreement.h \
  src/influence/bank.c src/influence/bank.h \
  src/influence/damped_curvature.c src/influence/damped_curvature.h \
  src/influence/device_index.c src/influence/device_index.h \
  src/influence/device_sketch.c src/influence/device_sketch.h \
  src/influence/error_bars.c src/influence/error_bars.h \
  src/influence/exact.c src/influence/exact.h \
  src/influence/grade.c src/influence/grade.h \
  src/influence/gradient_index.c src/influence/gradient_index.h \
  src/influence/factored.c src/influence/factored.h \
  src/influence/stored_rows.c src/influence/stored_rows.h \
  src/influence/factors_parts.c src/influence/factors_parts.h \
  src/influence/factors_store.c src/influence/factors_store.h \
  src/influence/ground_truth.c src/influence/ground_truth.h \
  src/influence/index_build.c src/influence/index_build.h \
  src/influence/index_coordinates.c src/influence/index_coordinates.h \
  src/influence/index_influence.c src/influence/index_influence.h \
  src/influence/index_kernel.h \
  src/influence/index_search.c src/influence/index_search.h \
  src/influence/index_store.c src/influence/index_store.h \
  src/influence/index_tile.c src/influence/index_tile.h \
  src/influence/interval.c src/influence/interval.h \
  src/influence/inverse.c src/influence/inverse.h \
  src/influence/loss_difference.c src/influence/loss_difference.h \
  src/influence/method.c src/influence/method.h \
  src/influence/measure_name.c src/influence/measure_name.h \
  src/influence/mislabel.c src/influence/mislabel.h \
  src/influence/reference.c src/influence/reference.h \
  src/influence/reference_case.c src/influence/reference_case.h \
  src/influence/reference_config.c src/influence/reference_config.h \
  src/influence/reference_factors.c \
  src/influence/reference_products.c \
  src/influence/reference_checkpoint.c src/influence/reference_checkpoint.h \
  src/influence/reference_encoder.c src/influence/reference_encoder.h \
  src/influence/reference_files.c src/influence/reference_files.h \
  src/influence/reference_recipe.c src/influence/reference_recipe.h \
  src/influence/reference_retraining.c \
  src/influence/reference_rounding.c src/influence/reference_rounding.h \
  src/influence/reference_run.h \
  src/influence/reference_scores.c \
  src/influence/reference_tokenizer.c src/influence/reference_tokenizer.h \
  src/influence/replicated.c src/influence/replicated.h \
  src/influence/score.c src/influence/score.h \
  src/influence/score_store.c src/influence/score_store.h \
  src/influence/breakdown.c src/influence/breakdown.h \
  src/influence/hidden_state.c src/influence/hidden_state.h \
  src/influence/non_members.c src/influence/non_members.h \
  src/influence/parts.c src/influence/parts.h \
  src/influence/projection.c src/influence/projection.h \
  src/influence/query_values.c src/influence/query_values.h \
  src/influence/sequence.c src/influence/sequence.h \
  src/influence/side_projection.c src/influence/side_projection.h \
  src/influence/solved.c src/influence/solved.h \
  src/influence/task.c src/influence/task.h \
  src/influence/top.c src/influence/top.h \
  src/influence/validate.c src/influence/validate.h \
  src/influence/validation_store.c
src/influence/method.lo: src/influence/methods.def

# The loops over the rows of a gradient index once per instruction set; x86-64-v4 twice, the second time with its products of bytes.
noinst_LTLIBRARIES += src/influence/libindex-baseline.la
src_influence_libinfluence_la_LIBADD = src/influence/libindex-baseline.la
INDEX_KERNEL_CFLAGS = -O3
src_influence_libindex_baseline_la_SOURCES = src/influence/index_kernel.c
src_influence_libindex_baseline_la_CFLAGS = $(AM_CFLAGS) $(INDEX_KERNEL_CFLAGS)
src_influence_libindex_baseline_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=baseline
if HAVE_X86
noinst_LTLIBRARIES += src/influence/libindex-v3.la src/influence/libindex-v4.la src/influence/libindex-vnni.la
src_influence_libinfluence_la_LIBADD += src/influence/libindex-v3.la src/influence/libindex-v4.la src/influence/libindex-vnni.la
src_influence_libindex_v3_la_SOURCES = src/influence/index_kernel.c
src_influence_libindex_v3_la_CFLAGS = $(AM_CFLAGS) $(INDEX_KERNEL_CFLAGS) $(ISA_V3_CFLAGS)
src_influence_libindex_v3_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v3
src_influence_libindex_v4_la_SOURCES = src/influence/index_kernel.c
src_influence_libindex_v4_la_CFLAGS = $(AM_CFLAGS) $(INDEX_KERNEL_CFLAGS) $(ISA_V4_CFLAGS)
src_influence_libindex_v4_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v4
src_influence_libindex_vnni_la_SOURCES = src/influence/index_kernel.c
src_influence_libindex_vnni_la_CFLAGS = $(AM_CFLAGS) $(INDEX_KERNEL_CFLAGS) $(ISA_V4_CFLAGS) -mavx512vnni
src_influence_libindex_vnni_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_vnni -DASSAY_INDEX_VNNI
endif
