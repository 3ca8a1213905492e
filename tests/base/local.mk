# SPDX-License-Identifier: GPL-3.0-or-later
BASE_TESTS = tests/base/test-collective tests/base/test-error tests/base/test-isa tests/base/test-json tests/base/test-mem tests/base/test-param \
  tests/base/test-progress tests/base/test-rng tests/base/test-text tests/base/test-workers
BASE_TEST_LIBS = src/base/libbase.la $(JANSSON_LIBS) $(GLIB_LIBS) -lpthread -lm
check_PROGRAMS += $(BASE_TESTS)
# Ranks that are threads.
ring = tests/base/ring.c tests/base/ring.h
tests_base_test_collective_SOURCES = tests/base/test-collective.c $(ring)
tests_base_test_collective_LDADD = $(BASE_TEST_LIBS)
tests_base_test_error_SOURCES = tests/base/test-error.c
tests_base_test_error_LDADD = $(BASE_TEST_LIBS)
tests_base_test_isa_SOURCES = tests/base/test-isa.c
tests_base_test_isa_LDADD = $(BASE_TEST_LIBS)
tests_base_test_json_SOURCES = tests/base/test-json.c
tests_base_test_json_LDADD = $(BASE_TEST_LIBS)
tests_base_test_mem_SOURCES = tests/base/test-mem.c
tests_base_test_mem_LDADD = $(BASE_TEST_LIBS)
tests_base_test_param_SOURCES = tests/base/test-param.c
tests_base_test_param_LDADD = $(BASE_TEST_LIBS)
tests_base_test_progress_SOURCES = tests/base/test-progress.c
tests_base_test_progress_LDADD = $(BASE_TEST_LIBS)
tests_base_test_rng_SOURCES = tests/base/test-rng.c
tests_base_test_rng_LDADD = $(BASE_TEST_LIBS)
tests_base_test_text_SOURCES = tests/base/test-text.c
tests_base_test_text_LDADD = $(BASE_TEST_LIBS)
tests_base_test_workers_SOURCES = tests/base/test-workers.c
tests_base_test_workers_LDADD = $(BASE_TEST_LIBS)
