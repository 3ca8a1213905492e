# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the hessian floor.
hessian_matrices = tests/hessian/matrices.c tests/hessian/matrices.h
hessian_world = tests/hessian/world.c tests/hessian/world.h

check_PROGRAMS += \
  tests/hessian/test-curvature \
  tests/hessian/test-dense \
  tests/hessian/test-factors \
  tests/hessian/test-gradient \
  tests/hessian/test-linop \
  tests/hessian/test-linop_check \
  tests/hessian/test-low_rank \
  tests/hessian/test-preconditioned \
  tests/hessian/test-quadrature \
  tests/hessian/test-recycled \
  tests/hessian/test-solver_block_cg \
  tests/hessian/test-solver_cg \
  tests/hessian/test-solver_dense \
  tests/hessian/test-solver_minres \
  tests/hessian/test-solver_neumann \
  tests/hessian/test-spectrum \
  tests/hessian/test-sweep

tests_hessian_test_curvature_SOURCES = tests/hessian/test-curvature.c $(hessian_world)
tests_hessian_test_dense_SOURCES = tests/hessian/test-dense.c $(hessian_matrices)
tests_hessian_test_factors_SOURCES = tests/hessian/test-factors.c $(hessian_world) $(ring)
tests_hessian_test_gradient_SOURCES = tests/hessian/test-gradient.c $(hessian_world)
tests_hessian_test_linop_SOURCES = tests/hessian/test-linop.c $(hessian_matrices)
tests_hessian_test_linop_check_SOURCES = tests/hessian/test-linop_check.c $(hessian_world)
tests_hessian_test_low_rank_SOURCES = tests/hessian/test-low_rank.c $(hessian_matrices)
tests_hessian_test_preconditioned_SOURCES = tests/hessian/test-preconditioned.c $(hessian_matrices)
tests_hessian_test_quadrature_SOURCES = tests/hessian/test-quadrature.c $(hessian_matrices)
tests_hessian_test_recycled_SOURCES = tests/hessian/test-recycled.c $(hessian_matrices)
tests_hessian_test_solver_block_cg_SOURCES = tests/hessian/test-solver_block_cg.c $(hessian_matrices)
tests_hessian_test_solver_cg_SOURCES = tests/hessian/test-solver_cg.c $(hessian_matrices)
tests_hessian_test_solver_dense_SOURCES = tests/hessian/test-solver_dense.c $(hessian_matrices)
tests_hessian_test_solver_minres_SOURCES = tests/hessian/test-solver_minres.c $(hessian_matrices)
tests_hessian_test_solver_neumann_SOURCES = tests/hessian/test-solver_neumann.c $(hessian_matrices)
tests_hessian_test_spectrum_SOURCES = tests/hessian/test-spectrum.c $(hessian_matrices)
tests_hessian_test_sweep_SOURCES = tests/hessian/test-sweep.c $(hessian_world)
