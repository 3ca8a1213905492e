# SPDX-License-Identifier: GPL-3.0-or-later
# hessian: linear operators, solvers, factors.
# A new solver is one file and one line here.
SOLVERS_LIST += \
  src/hessian/solver_block_cg.c \
  src/hessian/solver_cg.c \
  src/hessian/solver_dense.c \
  src/hessian/solver_inverse.c \
  src/hessian/solver_minres.c \
  src/hessian/solver_neumann.c

# A new curvature matrix is one file and one line here.
CURVATURES_LIST = \
  src/hessian/linop_complex_step.c \
  src/hessian/linop_fisher.c \
  src/hessian/linop_gauss_newton.c \
  src/hessian/linop_hessian.c

# A new kind of module (an operation with parameters) is one file and one line here.
MODULES_LIST = \
  src/hessian/module_causal_conv.c \
  src/hessian/module_conv2d.c \
  src/hessian/module_embedding.c \
  src/hessian/module_layernorm.c \
  src/hessian/module_linear.c \
  src/hessian/module_position_embedding.c \
  src/hessian/module_rmsnorm.c \
  src/hessian/module_selective_scan.c \
  src/hessian/module_token_shift.c \
  src/hessian/module_wkv.c \
  src/hessian/module_wkv_matrix.c

src/hessian/modules.def: src/hessian/local.mk build-aux/make-registry.sh
	$(registry) module_ $(MODULES_LIST)
BUILT_SOURCES += src/hessian/modules.def
CLEANFILES += src/hessian/modules.def

src/hessian/curvatures.def: src/hessian/local.mk build-aux/make-registry.sh
	$(registry) linop_ $(CURVATURES_LIST)
BUILT_SOURCES += src/hessian/curvatures.def
CLEANFILES += src/hessian/curvatures.def

noinst_LTLIBRARIES += src/hessian/libhessian.la
ASSAY_FLOORS += src/hessian/libhessian.la
src_hessian_libhessian_la_CFLAGS = $(AM_CFLAGS) $(LAPACKE_CFLAGS)
src_hessian_libhessian_la_SOURCES = $(CURVATURES_LIST) $(MODULES_LIST) $(SOLVERS_LIST) \
  src/hessian/block.c src/hessian/block.h \
  src/hessian/curvature.c src/hessian/curvature.h \
  src/hessian/dense.c src/hessian/dense.h \
  src/hessian/factors.c src/hessian/factors.h \
  src/hessian/factors_fit.c \
  src/hessian/factors_flow.c src/hessian/factors_flow.h \
  src/hessian/factors_forms.c src/hessian/factors_forms.h \
  src/hessian/factors_inverse.c src/hessian/factors_inverse.h \
  src/hessian/factors_queries.c src/hessian/factors_queries.h \
  src/hessian/factors_rotation.c src/hessian/factors_rotation.h \
  src/hessian/factors_together.c src/hessian/factors_together.h \
  src/hessian/gradient.c src/hessian/gradient.h \
  src/hessian/lanczos.c src/hessian/lanczos.h \
  src/hessian/linop.c src/hessian/linop.h \
  src/hessian/linop_check.c src/hessian/linop_check.h \
  src/hessian/linop_walk.c src/hessian/linop_walk.h \
  src/hessian/low_rank.c src/hessian/low_rank.h \
  src/hessian/module_channels.c src/hessian/module_channels.h \
  src/hessian/module_kind.h \
  src/hessian/module_labels.c src/hessian/module_labels.h \
  src/hessian/module_norm.c src/hessian/module_norm.h \
  src/hessian/module_pass.c src/hessian/module_pass.h \
  src/hessian/module_products.c src/hessian/module_products.h src/hessian/module_products.inc \
  src/hessian/module_there.c src/hessian/module_there.h \
  src/hessian/module_scores.c src/hessian/module_scores.h \
  src/hessian/module_scores_there.c src/hessian/module_scores_there.h \
  src/hessian/modules.c src/hessian/modules.h \
  src/hessian/point.c src/hessian/point.h \
  src/hessian/quadrature.c src/hessian/quadrature.h \
  src/hessian/recycled.c src/hessian/recycled.h \
  src/hessian/solver.c src/hessian/solver.h \
  src/hessian/spectrum.c src/hessian/spectrum.h \
  src/hessian/sweep.c src/hessian/sweep.h \
  src/hessian/vector_f64.h
# By a function, so that automake keeps its own rules for the objects.
$(addsuffix .lo,src/hessian/libhessian_la-solver): src/hessian/solvers.def
$(addsuffix .lo,src/hessian/libhessian_la-curvature): src/hessian/curvatures.def
$(addsuffix .lo,src/hessian/libhessian_la-modules): src/hessian/modules.def
