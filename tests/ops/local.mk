# SPDX-License-Identifier: GPL-3.0-or-later
# The floors up to ops are all that these tests link.
OPS_TEST_LIBS = src/ops/libops.la src/ops/libops-baseline.la
OPS_FLOORS_BELOW = src/tensor/libtensor.la src/base/libbase.la $(OPENBLAS_LIBS) $(JANSSON_LIBS) $(GLIB_LIBS) -lpthread -lm
if HAVE_X86
OPS_TEST_LIBS += src/ops/libops-v3.la src/ops/libops-v4.la
endif

# The float functions, compiled as the ops are: once per instruction set, with their flags.
check_PROGRAMS += tests/ops/test-real_math
check_LTLIBRARIES += tests/ops/libreal_math-baseline.la
tests_ops_test_real_math_SOURCES = tests/ops/test-real_math.c
tests_ops_test_real_math_LDADD = $(REAL_MATH_LIBS) $(OPS_TEST_LIBS) $(OPS_FLOORS_BELOW)
REAL_MATH_LIBS = tests/ops/libreal_math-baseline.la
tests_ops_libreal_math_baseline_la_SOURCES = tests/ops/real_math_instance.c tests/ops/real_math_instance.h
tests_ops_libreal_math_baseline_la_CFLAGS = $(AM_CFLAGS) $(OPS_CFLAGS)
tests_ops_libreal_math_baseline_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=baseline
if HAVE_X86
REAL_MATH_LIBS += tests/ops/libreal_math-v3.la tests/ops/libreal_math-v4.la
check_LTLIBRARIES += tests/ops/libreal_math-v3.la tests/ops/libreal_math-v4.la
tests_ops_libreal_math_v3_la_SOURCES = tests/ops/real_math_instance.c
tests_ops_libreal_math_v3_la_CFLAGS = $(AM_CFLAGS) $(OPS_CFLAGS) $(ISA_V3_CFLAGS)
tests_ops_libreal_math_v3_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v3
tests_ops_libreal_math_v4_la_SOURCES = tests/ops/real_math_instance.c
tests_ops_libreal_math_v4_la_CFLAGS = $(AM_CFLAGS) $(OPS_CFLAGS) $(ISA_V4_CFLAGS)
tests_ops_libreal_math_v4_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v4
endif

# Every op on every case.
check_PROGRAMS += tests/ops/test-ops
OPS_SUITE = tests/ops/test-ops.c tests/ops/checks.h tests/ops/check_conventions.c tests/ops/check_derivatives.c \
  tests/ops/judge.c tests/ops/judge.h tests/ops/trial.c tests/ops/trial.h
tests_ops_test_ops_SOURCES = $(OPS_SUITE)
tests_ops_test_ops_LDADD = $(OPS_TEST_LIBS) $(OPS_FLOORS_BELOW)
