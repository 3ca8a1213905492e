# SPDX-License-Identifier: GPL-3.0-or-later
# hessian: linear operators, solvers, factors.  A new solver is one file and one line in SOLVERS_LIST.
SOLVERS_LIST += \
  src/hessian/solver_cg.c \
  src/hessian/solver_dense.c

noinst_LTLIBRARIES += src/hessian/libhessian.la
ASSAY_FLOORS += src/hessian/libhessian.la
src_hessian_libhessian_la_CFLAGS = $(AM_CFLAGS) $(LAPACKE_CFLAGS)
src_hessian_libhessian_la_SOURCES = $(SOLVERS_LIST) \
  src/hessian/curvature.h \
  src/hessian/dense.c src/hessian/dense.h \
  src/hessian/gradient.h \
  src/hessian/linop.c src/hessian/linop.h \
  src/hessian/linop_check.h \
  src/hessian/point.h \
  src/hessian/quadrature.c src/hessian/quadrature.h \
  src/hessian/solver.c src/hessian/solver.h \
  src/hessian/vector.h
# By a function, so that automake keeps its own rule for the object.
$(addsuffix .lo,src/hessian/libhessian_la-solver): src/hessian/solvers.def
