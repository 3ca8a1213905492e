# SPDX-License-Identifier: GPL-3.0-or-later
# The float functions, compiled as the ops are: once per instruction set, with their flags.
check_PROGRAMS += tests/ops/test-real_math
check_LTLIBRARIES += tests/ops/libreal_math-baseline.la
tests_ops_test_real_math_SOURCES = tests/ops/test-real_math.c
tests_ops_test_real_math_LDADD = tests/ops/libreal_math-baseline.la $(LDADD)
tests_ops_libreal_math_baseline_la_SOURCES = tests/ops/real_math_instance.c tests/ops/real_math_instance.h
tests_ops_libreal_math_baseline_la_CFLAGS = $(AM_CFLAGS) $(OPS_CFLAGS)
tests_ops_libreal_math_baseline_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=baseline
if HAVE_X86
check_LTLIBRARIES += tests/ops/libreal_math-v3.la tests/ops/libreal_math-v4.la
tests_ops_test_real_math_LDADD += tests/ops/libreal_math-v3.la tests/ops/libreal_math-v4.la
tests_ops_libreal_math_v3_la_SOURCES = tests/ops/real_math_instance.c
tests_ops_libreal_math_v3_la_CFLAGS = $(AM_CFLAGS) $(OPS_CFLAGS) $(ISA_V3_CFLAGS)
tests_ops_libreal_math_v3_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v3
tests_ops_libreal_math_v4_la_SOURCES = tests/ops/real_math_instance.c
tests_ops_libreal_math_v4_la_CFLAGS = $(AM_CFLAGS) $(OPS_CFLAGS) $(ISA_V4_CFLAGS)
tests_ops_libreal_math_v4_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v4
endif
