# SPDX-License-Identifier: GPL-3.0-or-later
TENSOR_TESTS = tests/tensor/test-dtype tests/tensor/test-gemm tests/tensor/test-packed tests/tensor/test-shape
TENSOR_TEST_LIBS = src/tensor/libtensor.la src/base/libbase.la $(OPENBLAS_LIBS) $(JANSSON_LIBS) $(GLIB_LIBS) -lpthread -lm
check_PROGRAMS += $(TENSOR_TESTS)
tests_tensor_test_dtype_SOURCES = tests/tensor/test-dtype.c
tests_tensor_test_dtype_LDADD = $(TENSOR_TEST_LIBS)
tests_tensor_test_gemm_SOURCES = tests/tensor/test-gemm.c
tests_tensor_test_gemm_LDADD = $(TENSOR_TEST_LIBS)
tests_tensor_test_packed_SOURCES = tests/tensor/test-packed.c
tests_tensor_test_packed_LDADD = $(TENSOR_TEST_LIBS)
tests_tensor_test_shape_SOURCES = tests/tensor/test-shape.c
tests_tensor_test_shape_LDADD = $(TENSOR_TEST_LIBS)
