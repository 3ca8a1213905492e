# SPDX-License-Identifier: GPL-3.0-or-later
# kernels: the CUDA module, which the program loads where there is a device.  nvcc
# alone builds it; the sources include each other and nothing of src/.
CUDA_FILES = \
  kernels/dense.cu \
  kernels/device.cu \
  kernels/index_candidates.cu \
  kernels/index_scores.cu \
  kernels/op.cu \
  kernels/op_attention.cu \
  kernels/op_convolution.cu \
  kernels/op_elementwise.cu \
  kernels/op_loss.cu \
  kernels/op_module.cu \
  kernels/op_norm.cu \
  kernels/op_position.cu \
  kernels/op_product.cu \
  kernels/op_record.cu \
  kernels/op_scan.cu \
  kernels/op_select.cu \
  kernels/op_sketch.cu \
  kernels/op_statistics.cu \
  kernels/op_vector.cu \
  kernels/product.cu \
  kernels/ranks.cu
CUDA_INCLUDED = \
  kernels/attention.cuh \
  kernels/attention_matrix_tile.cuh \
  kernels/attention_tile.cuh \
  kernels/convolution.cuh \
  kernels/dual.cuh \
  kernels/launch.h \
  kernels/matrix_unit.cuh \
  kernels/numbers.cuh \
  kernels/op.cuh \
  kernels/platform.cuh \
  kernels/rope_frequencies.h \
  kernels/stored.cuh
include kernels/ladder/local.mk
EXTRA_DIST += $(CUDA_FILES) $(CUDA_INCLUDED)

if HAVE_CUDA
cudamoduleexecdir = $(pkglibdir)
cudamoduleexec_DATA = kernels/assay-cuda.so
CUDA_OBJECTS = $(CUDA_FILES:.cu=.o)

$(CUDA_OBJECTS): %.o: %.cu
	$(AM_V_NVCC)$(MKDIR_P) $(@D) && $(NVCC) $(CUDA_ARCHS) -O3 -Xcompiler -fPIC,-fvisibility=hidden -MMD -MT $@ -MF $@.d $(NVCCFLAGS) -c -o $@ $<
kernels/assay-cuda.so: $(CUDA_OBJECTS)
	$(AM_V_NVCC)$(NVCC) $(CUDA_ARCHS) -shared $(NVCCFLAGS) -o $@ $(CUDA_OBJECTS) $(CUDA_LIBS) $(CUDA_RPATH)
-include $(wildcard kernels/*.o.d)
CLEANFILES += kernels/assay-cuda.so $(CUDA_OBJECTS) kernels/*.o.d
endif

# On a machine with a device: parity, and what a sanitizer finds.
.PHONY: check-gpu
if HAVE_CUDA
GPU_SUITES = tests/gpu/test-ops_cuda$(EXEEXT) tests/gpu/test-products_cuda$(EXEEXT) tests/gpu/test-modules_cuda$(EXEEXT) tests/gpu/test-walks_cuda$(EXEEXT) tests/gpu/test-narrow_cuda$(EXEEXT) tests/gpu/test-oracle_cuda$(EXEEXT)
check-gpu: tests/gpu/test-parity$(EXEEXT) kernels/assay-cuda.so $(GPU_SUITES)
	$(SHELL) $(srcdir)/tests/gpu/check-gpu.sh tests/gpu/test-parity$(EXEEXT) kernels/assay-cuda.so $(GPU_SUITES)
else
check-gpu:
	@echo "SKIP: check-gpu: built without CUDA (configure found no nvcc)"
endif
