# SPDX-License-Identifier: GPL-3.0-or-later
# tensor: element types, shapes, backends, matrix products, comparison.
noinst_LTLIBRARIES += src/tensor/libtensor.la src/tensor/libgemm-baseline.la
ASSAY_FLOORS += src/tensor/libtensor.la
src_tensor_libtensor_la_LIBADD = src/tensor/libgemm-baseline.la
src_tensor_libtensor_la_CFLAGS = $(AM_CFLAGS) $(OPENBLAS_CFLAGS)
src_tensor_libtensor_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) -DPKGLIBDIR='"$(pkglibdir)"'
src_tensor_libtensor_la_SOURCES = \
  src/tensor/backend.h src/tensor/backend_cpu.c src/tensor/backend_cuda.c \
  src/tensor/compare.c src/tensor/compare.h \
  src/tensor/dtype.c src/tensor/dtype.h \
  src/tensor/gemm.c src/tensor/gemm.h src/tensor/gemm_kernel.h src/tensor/gemm_kernel.inc \
  src/tensor/shape.c src/tensor/shape.h

# The product's kernels once per instruction set, as the ops are; sums keep their order (no -fassociative-math).
GEMM_CFLAGS = -O3 -ffp-contract=fast
src_tensor_libgemm_baseline_la_SOURCES = src/tensor/gemm_kernel.c
src_tensor_libgemm_baseline_la_CFLAGS = $(AM_CFLAGS) $(GEMM_CFLAGS)
src_tensor_libgemm_baseline_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=baseline
if HAVE_X86
noinst_LTLIBRARIES += src/tensor/libgemm-v3.la src/tensor/libgemm-v4.la
src_tensor_libtensor_la_LIBADD += src/tensor/libgemm-v3.la src/tensor/libgemm-v4.la
src_tensor_libgemm_v3_la_SOURCES = src/tensor/gemm_kernel.c
src_tensor_libgemm_v3_la_CFLAGS = $(AM_CFLAGS) $(GEMM_CFLAGS) $(ISA_V3_CFLAGS)
src_tensor_libgemm_v3_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v3
src_tensor_libgemm_v4_la_SOURCES = src/tensor/gemm_kernel.c
src_tensor_libgemm_v4_la_CFLAGS = $(AM_CFLAGS) $(GEMM_CFLAGS) $(ISA_V4_CFLAGS)
src_tensor_libgemm_v4_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v4
endif
