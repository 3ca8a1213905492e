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
