# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/run/test-batch_order tests/run/test-schedule tests/run/test-optimizer
tests_run_test_batch_order_SOURCES = tests/run/test-batch_order.c
tests_run_test_schedule_SOURCES = tests/run/test-schedule.c
tests_run_test_optimizer_SOURCES = tests/run/test-optimizer.c tests/run/fixtures.c tests/run/fixtures.h
