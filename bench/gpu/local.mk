# SPDX-License-Identifier: GPL-3.0-or-later
# bench/gpu: checks and times on a machine with a device, and the bundle that takes them to one.
EXTRA_PROGRAMS += bench/gpu/factors bench/gpu/measure bench/gpu/walks
BENCHMARKS += bench/gpu/factors bench/gpu/measure bench/gpu/walks
bench_gpu_factors_SOURCES = bench/gpu/factors.c bench/gpu/share.h bench/case_dir.h
bench_gpu_factors_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_gpu_measure_SOURCES = bench/gpu/measure.c
bench_gpu_measure_CPPFLAGS = -I$(top_srcdir)/kernels
bench_gpu_measure_CFLAGS = $(AM_CFLAGS) -ffp-contract=off
bench_gpu_measure_LDADD = -lm
bench_gpu_walks_SOURCES = bench/gpu/walks.c bench/gpu/share.h bench/case_dir.h
bench_gpu_walks_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
EXTRA_DIST += bench/gpu/BUNDLE bench/gpu/bergson_peer.py bench/gpu/kronfluence_peer.py bench/gpu/launch.sh bench/gpu/resources.py bench/gpu/run.sh bench/gpu/table.py bench/gpu/torch_peer.py bench/gpu/walks_peer.py build-aux/make-gpu-bundle.sh

# The programs once more, with a run path beside them. Not as a RUNPATH: this one holds for what the libraries need, too, and before LD_LIBRARY_PATH.
BUNDLED = gpu-bundle/assay gpu-bundle/factors gpu-bundle/measure gpu-bundle/test-modules_cuda gpu-bundle/test-narrow_cuda gpu-bundle/test-ops_cuda gpu-bundle/test-oracle_cuda gpu-bundle/test-parity gpu-bundle/test-products_cuda \
  gpu-bundle/test-walks_cuda gpu-bundle/walks
LINK_BUNDLED = $(AM_V_CCLD)$(MKDIR_P) $(@D) && $(LINK) -Wl,-rpath,'$$ORIGIN/../lib' -Wl,--disable-new-dtags
gpu-bundle/assay: $(assay_OBJECTS) $(assay_DEPENDENCIES)
	$(LINK_BUNDLED) $(assay_OBJECTS) $(assay_LDADD) $(LIBS)
gpu-bundle/factors: $(bench_gpu_factors_OBJECTS) $(bench_gpu_factors_DEPENDENCIES)
	$(LINK_BUNDLED) $(bench_gpu_factors_OBJECTS) $(LDADD) $(LIBS)
gpu-bundle/measure: $(bench_gpu_measure_OBJECTS)
	$(LINK_BUNDLED) $(bench_gpu_measure_OBJECTS) $(bench_gpu_measure_LDADD) $(LIBS)
gpu-bundle/test-modules_cuda: $(tests_gpu_test_modules_cuda_OBJECTS) $(tests_gpu_test_modules_cuda_DEPENDENCIES)
	$(LINK_BUNDLED) $(tests_gpu_test_modules_cuda_OBJECTS) $(LDADD) $(LIBS)
gpu-bundle/test-narrow_cuda: $(tests_gpu_test_narrow_cuda_OBJECTS) $(tests_gpu_test_narrow_cuda_DEPENDENCIES)
	$(LINK_BUNDLED) $(tests_gpu_test_narrow_cuda_OBJECTS) $(LDADD) $(LIBS)
gpu-bundle/test-ops_cuda: $(tests_gpu_test_ops_cuda_OBJECTS) $(tests_gpu_test_ops_cuda_DEPENDENCIES)
	$(LINK_BUNDLED) $(tests_gpu_test_ops_cuda_OBJECTS) $(tests_gpu_test_ops_cuda_LDADD) $(LIBS)
gpu-bundle/test-oracle_cuda: $(tests_gpu_test_oracle_cuda_OBJECTS) $(tests_gpu_test_oracle_cuda_DEPENDENCIES)
	$(LINK_BUNDLED) $(tests_gpu_test_oracle_cuda_OBJECTS) $(LDADD) $(LIBS)
gpu-bundle/test-parity: $(tests_gpu_test_parity_OBJECTS)
	$(LINK_BUNDLED) $(tests_gpu_test_parity_OBJECTS) $(tests_gpu_test_parity_LDADD) $(LIBS)
gpu-bundle/test-products_cuda: $(tests_gpu_test_products_cuda_OBJECTS) $(tests_gpu_test_products_cuda_DEPENDENCIES)
	$(LINK_BUNDLED) $(tests_gpu_test_products_cuda_OBJECTS) $(LDADD) $(LIBS)
gpu-bundle/test-walks_cuda: $(tests_gpu_test_walks_cuda_OBJECTS) $(tests_gpu_test_walks_cuda_DEPENDENCIES)
	$(LINK_BUNDLED) $(tests_gpu_test_walks_cuda_OBJECTS) $(LDADD) $(LIBS)
gpu-bundle/walks: $(bench_gpu_walks_OBJECTS) $(bench_gpu_walks_DEPENDENCIES)
	$(LINK_BUNDLED) $(bench_gpu_walks_OBJECTS) $(LDADD) $(LIBS)
CLEANFILES += $(BUNDLED) gpu-bundle/assay-cuda.so $(GPU_BUNDLE)

GPU_BUNDLE = assay-gpu-$(VERSION).tar.gz
.PHONY: gpu-bundle
if HAVE_CUDA
# Without the run path to this machine's toolkit.
gpu-bundle/assay-cuda.so: $(CUDA_OBJECTS)
	$(AM_V_NVCC)$(MKDIR_P) $(@D) && $(NVCC) $(CUDA_ARCHS) -shared $(NVCCFLAGS) -o $@ $(CUDA_OBJECTS) $(CUDA_LIBS)
gpu-bundle: $(BUNDLED) gpu-bundle/assay-cuda.so
	$(AM_V_GEN)$(SHELL) $(srcdir)/build-aux/make-gpu-bundle.sh $(GPU_BUNDLE) $(srcdir) gpu-bundle/assay-cuda.so $(BUNDLED)
else
gpu-bundle:
	@echo "gpu-bundle: needs nvcc, and this build was configured without it"; exit 1
endif
