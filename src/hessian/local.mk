# SPDX-License-Identifier: GPL-3.0-or-later
# hessian: linear operators, solvers, factors.
# A new solver is one file and one line here.
SOLVERS_LIST += \
  src/hessian/solver_cg.c \
  src/hessian/solver_dense.c

# A new curvature matrix is one file and one line here.
CURVATURES_LIST = \
  src/hessian/linop_complex_step.c \
  src/hessian/linop_fisher.c \
  src/hessian/linop_gauss_newton.c \
  src/hessian/linop_hessian.c

src/hessian/curvatures.def: src/hessian/local.mk build-aux/make-registry.sh
	$(registry) linop_ $(CURVATURES_LIST)
BUILT_SOURCES += src/hessian/curvatures.def
CLEANFILES += src/hessian/curvatures.def

noinst_LTLIBRARIES += src/hessian/libhessian.la
ASSAY_FLOORS += src/hessian/libhessian.la
src_hessian_libhessian_la_CFLAGS = $(AM_CFLAGS) $(LAPACKE_CFLAGS)
src_hessian_libhessian_la_SOURCES = $(CURVATURES_LIST) $(SOLVERS_LIST) \
  src/hessian/curvature.c src/hessian/curvature.h \
  src/hessian/dense.c src/hessian/dense.h \
  src/hessian/gradient.c src/hessian/gradient.h \
  src/hessian/linop.c src/hessian/linop.h \
  src/hessian/linop_check.c src/hessian/linop_check.h \
  src/hessian/linop_walk.c src/hessian/linop_walk.h \
  src/hessian/point.c src/hessian/point.h \
  src/hessian/quadrature.c src/hessian/quadrature.h \
  src/hessian/solver.c src/hessian/solver.h \
  src/hessian/sweep.c src/hessian/sweep.h \
  src/hessian/vector_f64.h
# By a function, so that automake keeps its own rules for the objects.
$(addsuffix .lo,src/hessian/libhessian_la-solver): src/hessian/solvers.def
$(addsuffix .lo,src/hessian/libhessian_la-curvature): src/hessian/curvatures.def
