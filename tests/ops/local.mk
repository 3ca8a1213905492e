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
OPS_TRIALS = tests/ops/judge.c tests/ops/judge.h tests/ops/trial.c tests/ops/trial.h
OPS_SUITE = tests/ops/test-ops.c tests/ops/checks.h tests/ops/check_conventions.c tests/ops/check_derivatives.c $(OPS_TRIALS)
tests_ops_test_ops_SOURCES = $(OPS_SUITE)
tests_ops_test_ops_LDADD = $(OPS_TEST_LIBS) $(OPS_FLOORS_BELOW)

# The forward pass against the textbook.
check_PROGRAMS += tests/ops/test-values
tests_ops_test_values_SOURCES = tests/ops/test-values.c $(OPS_TRIALS)
tests_ops_test_values_LDADD = $(OPS_TEST_LIBS) $(OPS_FLOORS_BELOW)

# What holds for single ops.
check_PROGRAMS += tests/ops/test-properties
tests_ops_test_properties_SOURCES = tests/ops/test-properties.c tests/ops/trial.c
tests_ops_test_properties_LDADD = $(OPS_TEST_LIBS) $(OPS_FLOORS_BELOW)

# Is the suite able to fail?  The same suite with ops in which signs can be flipped.
dist_check_SCRIPTS += tests/ops/mutate.sh
EXTRA_PROGRAMS += tests/ops/mutants
tests_ops_mutants_SOURCES = $(OPS_SUITE) tests/ops/mutant.c tests/ops/mutant.h
nodist_tests_ops_mutants_SOURCES = $(OPS_LIST)
tests_ops_mutants_CPPFLAGS = -I$(top_builddir)/tests/ops/mutated -I$(top_srcdir)/tests/ops $(AM_CPPFLAGS) -DASSAY_ISA=baseline
tests_ops_mutants_CFLAGS = $(AM_CFLAGS) -O1
tests_ops_mutants_LDADD = $(OPS_TEST_LIBS) $(OPS_FLOORS_BELOW)
$(tests_ops_mutants_OBJECTS): tests/ops/mutated/list
tests/ops/mutate.log: tests/ops/mutants$(EXEEXT)

tests/ops/mutated/list: tests/ops/mutate.awk $(OPS_INCLUDED)
	$(AM_V_GEN)rm -rf $(@D) && $(MKDIR_P) $(@D)/ops && : >$@.tmp && for file in $(OPS_INCLUDED); do \
	  case $$file in \
	    */op_instances.inc | */op_reset.inc | *.h) ;; \
	    *) $(AWK) -v first="`wc -l <$@.tmp`" -v list=$@.tmp -f $(srcdir)/tests/ops/mutate.awk $(srcdir)/$$file \
	         >$(@D)/ops/`basename $$file` || exit 1 ;; \
	  esac; \
	done && mv -f $@.tmp $@
EXTRA_DIST += tests/ops/mutate.awk
CLEANFILES += tests/ops/mutants$(EXEEXT) tests/ops/mutated/list tests/ops/mutated/ops/*.inc
