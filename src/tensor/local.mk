# SPDX-License-Identifier: GPL-3.0-or-later
# tensor: element types, shapes, backends, matrix products, comparison.
noinst_LTLIBRARIES += src/tensor/libtensor.la
ASSAY_FLOORS += src/tensor/libtensor.la
src_tensor_libtensor_la_CFLAGS = $(AM_CFLAGS) $(OPENBLAS_CFLAGS)
src_tensor_libtensor_la_SOURCES = \
  src/tensor/backend.h src/tensor/backend_cpu.c \
  src/tensor/compare.c src/tensor/compare.h \
  src/tensor/dtype.c src/tensor/dtype.h \
  src/tensor/gemm.c src/tensor/gemm.h \
  src/tensor/shape.c src/tensor/shape.h
