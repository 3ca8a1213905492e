# SPDX-License-Identifier: GPL-3.0-or-later
# Faults that are made to happen: killed writers, full disks, closed directories.

check_PROGRAMS += tests/fault/test-store-kill
tests_fault_test_store_kill_SOURCES = tests/fault/test-store-kill.c tests/store/store_test.h
tests_fault_test_store_kill_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/fault/test-store-full-disk
tests_fault_test_store_full_disk_SOURCES = tests/fault/test-store-full-disk.c tests/store/store_test.h
tests_fault_test_store_full_disk_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/fault/test-store-permission
tests_fault_test_store_permission_SOURCES = tests/fault/test-store-permission.c tests/store/store_test.h
tests_fault_test_store_permission_LDADD = $(STORE_TEST_LIBS)

# The store's own calls of these go through the test.
check_PROGRAMS += tests/fault/test-store-every-step
tests_fault_test_store_every_step_SOURCES = tests/fault/test-store-every-step.c tests/store/store_test.h
tests_fault_test_store_every_step_LDADD = $(STORE_TEST_LIBS)
tests_fault_test_store_every_step_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open -Wl,--wrap=write -Wl,--wrap=fsync -Wl,--wrap=mkdir \
  -Wl,--wrap=rename -Wl,--wrap=renameat2

# The program itself, killed; 200 times in `make check-long`.
dist_check_SCRIPTS += tests/fault/test-kill.sh
LONG_TESTS += tests/fault/test-kill.sh

# A bundle that the program wrote; every bit of its headers in `make check-long`.
check_PROGRAMS += tests/fault/test-bundle
tests_fault_test_bundle_SOURCES = tests/fault/test-bundle.c tests/store/store_test.h
