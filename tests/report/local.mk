# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/report/test-results
tests_report_test_results_SOURCES = tests/report/test-results.c
