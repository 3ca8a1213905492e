# SPDX-License-Identifier: GPL-3.0-or-later
# The CUDA module without a device: its own sources compiled for the host, with
# blocks, threads, streams and libraries that tests/gpu/emulation stands in for.
EMULATION_INCLUDED = \
  tests/gpu/emulation/cublasLt.h \
  tests/gpu/emulation/cuda_runtime.h \
  tests/gpu/emulation/cusolverDn.h \
  tests/gpu/emulation/emulation.h \
  tests/gpu/emulation/nccl.h
EXTRA_DIST += $(EMULATION_INCLUDED) tests/gpu/emulation/emulation.cc tests/gpu/emulation/nccl.cc tests/gpu/check-gpu.sh

# Also run by hand or by check-gpu, with the real module as its argument.
check_PROGRAMS += tests/gpu/test-parity
tests_gpu_test_parity_SOURCES = tests/gpu/test-parity.c
tests_gpu_test_parity_CPPFLAGS = -I$(top_srcdir)/kernels -DEMULATED='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'
tests_gpu_test_parity_CFLAGS = $(AM_CFLAGS) -ffp-contract=off
tests_gpu_test_parity_LDADD = -lm

check_PROGRAMS += tests/gpu/test-backend_cuda
tests_gpu_test_backend_cuda_SOURCES = tests/gpu/test-backend_cuda.c
tests_gpu_test_backend_cuda_CPPFLAGS = $(AM_CPPFLAGS) -DEMULATED='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Every op's rules on the device: the suite of tests/ops.
check_PROGRAMS += tests/gpu/test-ops_cuda
tests_gpu_test_ops_cuda_SOURCES = $(OPS_SUITE)
tests_gpu_test_ops_cuda_CPPFLAGS = -I$(top_srcdir)/tests/ops $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'
tests_gpu_test_ops_cuda_LDADD = $(OPS_TEST_LIBS) $(OPS_FLOORS_BELOW)

# Products with weights: precision, and rows that do not follow each other.
check_PROGRAMS += tests/gpu/test-products_cuda
tests_gpu_test_products_cuda_SOURCES = tests/gpu/test-products_cuda.c
tests_gpu_test_products_cuda_CPPFLAGS = $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Walks beside their numbers.
check_PROGRAMS += tests/gpu/test-walks_cuda
tests_gpu_test_walks_cuda_SOURCES = tests/gpu/test-walks_cuda.c tests/model/models.c tests/model/models.h
tests_gpu_test_walks_cuda_CPPFLAGS = -I$(top_srcdir)/tests/model $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# What walks in bf16 store in bf16.
check_PROGRAMS += tests/gpu/test-narrow_cuda
tests_gpu_test_narrow_cuda_SOURCES = tests/gpu/test-narrow_cuda.c tests/model/models.c tests/model/models.h tests/ops/trial.c tests/ops/trial.h
tests_gpu_test_narrow_cuda_CPPFLAGS = -I$(top_srcdir)/tests/model -I$(top_srcdir)/tests/ops $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# A device with little memory.
check_PROGRAMS += tests/gpu/test-memory_cuda
tests_gpu_test_memory_cuda_SOURCES = tests/gpu/test-memory_cuda.c tests/hessian/world.c tests/hessian/world.h
tests_gpu_test_memory_cuda_CPPFLAGS = -I$(top_srcdir)/tests/hessian $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Curvature factors.
check_PROGRAMS += tests/gpu/test-factors_cuda
tests_gpu_test_factors_cuda_SOURCES = tests/gpu/test-factors_cuda.c tests/hessian/world.c tests/hessian/world.h
tests_gpu_test_factors_cuda_CPPFLAGS = -I$(top_srcdir)/tests/hessian $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Ranks with a device each.
check_PROGRAMS += tests/gpu/test-ranks_cuda
tests_gpu_test_ranks_cuda_SOURCES = tests/gpu/test-ranks_cuda.c tests/hessian/world.c tests/hessian/world.h
tests_gpu_test_ranks_cuda_CPPFLAGS = -I$(top_srcdir)/tests/hessian $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# What factors and scores are made of, in each precision.
check_PROGRAMS += tests/gpu/test-modules_cuda
tests_gpu_test_modules_cuda_SOURCES = tests/gpu/test-modules_cuda.c
tests_gpu_test_modules_cuda_CPPFLAGS = $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Scores by gradients.
check_PROGRAMS += tests/gpu/test-scores_cuda
tests_gpu_test_scores_cuda_SOURCES = tests/gpu/test-scores_cuda.c tests/hessian/world.c tests/hessian/world.h
tests_gpu_test_scores_cuda_CPPFLAGS = -I$(top_srcdir)/tests/hessian $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Projected gradients.
check_PROGRAMS += tests/gpu/test-sketch_cuda
tests_gpu_test_sketch_cuda_SOURCES = tests/gpu/test-sketch_cuda.c tests/hessian/world.c tests/hessian/world.h
tests_gpu_test_sketch_cuda_CPPFLAGS = -I$(top_srcdir)/tests/hessian $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Searches of a gradient index.
check_PROGRAMS += tests/gpu/test-search_cuda
tests_gpu_test_search_cuda_SOURCES = tests/gpu/test-search_cuda.c
tests_gpu_test_search_cuda_CPPFLAGS = $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Activations on their way to a recording.
check_PROGRAMS += tests/gpu/test-record_cuda
tests_gpu_test_record_cuda_SOURCES = tests/gpu/test-record_cuda.c tests/hessian/world.c tests/hessian/world.h
tests_gpu_test_record_cuda_CPPFLAGS = -I$(top_srcdir)/tests/hessian $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Statistics of units.
check_PROGRAMS += tests/gpu/test-units_cuda
tests_gpu_test_units_cuda_SOURCES = tests/gpu/test-units_cuda.c tests/hessian/world.c tests/hessian/world.h
tests_gpu_test_units_cuda_CPPFLAGS = -I$(top_srcdir)/tests/hessian $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# Whole models walked on the device: the suite of tests/model against the complex step.
check_PROGRAMS += tests/gpu/test-oracle_cuda
tests_gpu_test_oracle_cuda_SOURCES = $(tests_model_test_oracle_SOURCES)
tests_gpu_test_oracle_cuda_CPPFLAGS = -I$(top_srcdir)/tests/model $(AM_CPPFLAGS) -DCUDA_MODULE='"$(abs_top_builddir)/tests/gpu/emulated-cuda.so"'

# _FORTIFY_SOURCE takes a jump from one thread's stack to another's for an error.
if HAVE_CXX
EMULATED_OBJECTS = $(CUDA_FILES:kernels/%.cu=tests/gpu/emulated-%.o) tests/gpu/emulated-emulation.o tests/gpu/emulated-nccl.o
EMULATED_FLAGS = -std=c++17 $(OPT_CFLAGS) -Wall -Wextra -Wno-unknown-pragmas $(INSTRUMENT_CFLAGS) $(CXXFLAGS) -U_FORTIFY_SOURCE -fPIC -fvisibility=hidden \
  -ffp-contract=off -DASSAY_EMULATED -I$(srcdir)/tests/gpu/emulation -I$(srcdir)/kernels $(LAPACKE_CFLAGS)
$(EMULATED_OBJECTS): $(CUDA_INCLUDED) $(EMULATION_INCLUDED)
tests/gpu/emulated-%.o: kernels/%.cu
	$(AM_V_CXX)$(MKDIR_P) $(@D) && $(CXX) $(EMULATED_FLAGS) -x c++ -c -o $@ $<
tests/gpu/emulated-emulation.o tests/gpu/emulated-nccl.o: tests/gpu/emulated-%.o: tests/gpu/emulation/%.cc
	$(AM_V_CXX)$(MKDIR_P) $(@D) && $(CXX) $(EMULATED_FLAGS) -c -o $@ $<
tests/gpu/emulated-cuda.so: $(EMULATED_OBJECTS)
	$(AM_V_CXXLD)$(CXX) -shared $(INSTRUMENT_CFLAGS) -o $@ $(EMULATED_OBJECTS) $(LAPACKE_LIBS) $(OPENBLAS_LIBS)
EXTRA_tests_gpu_test_parity_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_backend_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_ops_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_products_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_walks_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_narrow_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_memory_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_factors_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_ranks_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_modules_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_scores_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_sketch_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_search_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_record_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_units_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
EXTRA_tests_gpu_test_oracle_cuda_DEPENDENCIES = tests/gpu/emulated-cuda.so
dist_check_SCRIPTS += tests/gpu/test-bench.sh tests/gpu/test-bundle.sh tests/gpu/test-failures.sh tests/gpu/test-mutants.sh tests/gpu/test-device.sh
tests/gpu/test-bench.log: tests/gpu/emulated-cuda.so tests/gpu/test-ops_cuda$(EXEEXT) tests/gpu/test-oracle_cuda$(EXEEXT) tests/gpu/test-products_cuda$(EXEEXT) tests/gpu/test-walks_cuda$(EXEEXT) tests/gpu/test-narrow_cuda$(EXEEXT) tests/gpu/test-modules_cuda$(EXEEXT) bench/gpu/walks$(EXEEXT) bench/gpu/factors$(EXEEXT)
tests/gpu/test-failures.log: tests/gpu/emulated-cuda.so
LONG_TESTS += tests/gpu/test-bundle.sh tests/gpu/test-failures.sh
tests/gpu/test-bundle.log: tests/gpu/emulated-cuda.so $(BUNDLED)
tests/gpu/test-device.log: tests/gpu/emulated-cuda.so
tests/gpu/test-mutants.log: tests/gpu/emulated-cuda.so tests/gpu/test-parity$(EXEEXT) tests/gpu/test-ops_cuda$(EXEEXT) tests/gpu/test-products_cuda$(EXEEXT)
CLEANFILES += tests/gpu/emulated-cuda.so $(EMULATED_OBJECTS)
endif
