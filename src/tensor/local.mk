# SPDX-License-Identifier: GPL-3.0-or-later
# tensor: element types, shapes, backends, matrix products, comparison.
noinst_LTLIBRARIES += src/tensor/libtensor.la src/tensor/libgemm-baseline.la src/tensor/libpacked-baseline.la
ASSAY_FLOORS += src/tensor/libtensor.la
src_tensor_libtensor_la_LIBADD = src/tensor/libgemm-baseline.la src/tensor/libpacked-baseline.la
src_tensor_libtensor_la_CFLAGS = $(AM_CFLAGS) $(OPENBLAS_CFLAGS)
src_tensor_libtensor_la_SOURCES = \
  src/tensor/backend.h src/tensor/backend_cpu.c src/tensor/backend_cuda.c \
  src/tensor/compare.c src/tensor/compare.h \
  src/tensor/dtype.c src/tensor/dtype.h \
  src/tensor/gemm.c src/tensor/gemm.h src/tensor/gemm_kernel.h src/tensor/gemm_kernel.inc \
  src/tensor/largest_bits.h \
  src/tensor/op_call.h \
  src/tensor/packed.c src/tensor/packed.h src/tensor/packed_kernel.h \
  src/tensor/shape.c src/tensor/shape.h

# The product's kernels once per instruction set, as the ops are; sums keep their order (no -fassociative-math).
GEMM_CFLAGS = -O3 -ffp-contract=fast
src_tensor_libgemm_baseline_la_SOURCES = src/tensor/gemm_kernel.c
src_tensor_libgemm_baseline_la_CFLAGS = $(AM_CFLAGS) $(GEMM_CFLAGS)
src_tensor_libgemm_baseline_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=baseline
# Nothing fused here: products of int8 have the same bits in every set.
PACKED_CFLAGS = -O3 -ffp-contract=off
src_tensor_libpacked_baseline_la_SOURCES = src/tensor/packed_kernel.c
src_tensor_libpacked_baseline_la_CFLAGS = $(AM_CFLAGS) $(PACKED_CFLAGS)
src_tensor_libpacked_baseline_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=baseline
if HAVE_X86
noinst_LTLIBRARIES += src/tensor/libgemm-v3.la src/tensor/libgemm-v4.la
src_tensor_libtensor_la_LIBADD += src/tensor/libgemm-v3.la src/tensor/libgemm-v4.la
src_tensor_libgemm_v3_la_SOURCES = src/tensor/gemm_kernel.c
src_tensor_libgemm_v3_la_CFLAGS = $(AM_CFLAGS) $(GEMM_CFLAGS) $(ISA_V3_CFLAGS)
src_tensor_libgemm_v3_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v3
src_tensor_libgemm_v4_la_SOURCES = src/tensor/gemm_kernel.c
src_tensor_libgemm_v4_la_CFLAGS = $(AM_CFLAGS) $(GEMM_CFLAGS) $(ISA_V4_CFLAGS)
src_tensor_libgemm_v4_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v4
noinst_LTLIBRARIES += src/tensor/libgemm-dot.la
src_tensor_libtensor_la_LIBADD += src/tensor/libgemm-dot.la
src_tensor_libgemm_dot_la_SOURCES = src/tensor/gemm_kernel.c
src_tensor_libgemm_dot_la_CFLAGS = $(AM_CFLAGS) $(GEMM_CFLAGS) $(ISA_V4_CFLAGS) -mavx512bf16
src_tensor_libgemm_dot_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_dot -DASSAY_GEMM_DOT
noinst_LTLIBRARIES += src/tensor/libpacked-v3.la src/tensor/libpacked-v4.la src/tensor/libpacked-dot.la
src_tensor_libtensor_la_LIBADD += src/tensor/libpacked-v3.la src/tensor/libpacked-v4.la src/tensor/libpacked-dot.la
src_tensor_libpacked_v3_la_SOURCES = src/tensor/packed_kernel.c
src_tensor_libpacked_v3_la_CFLAGS = $(AM_CFLAGS) $(PACKED_CFLAGS) $(ISA_V3_CFLAGS)
src_tensor_libpacked_v3_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v3
src_tensor_libpacked_v4_la_SOURCES = src/tensor/packed_kernel.c
src_tensor_libpacked_v4_la_CFLAGS = $(AM_CFLAGS) $(PACKED_CFLAGS) $(ISA_V4_CFLAGS)
src_tensor_libpacked_v4_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v4
src_tensor_libpacked_dot_la_SOURCES = src/tensor/packed_kernel.c
src_tensor_libpacked_dot_la_CFLAGS = $(AM_CFLAGS) $(PACKED_CFLAGS) $(ISA_V4_CFLAGS) -mavx512vnni -mavx512bf16
src_tensor_libpacked_dot_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_dot -DASSAY_PACKED_DOT
endif
