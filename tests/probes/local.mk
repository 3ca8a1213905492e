# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the probes room.
recordings = tests/probes/recordings.c tests/probes/recordings.h
check_PROGRAMS += tests/probes/test-unit_histogram tests/probes/test-unit_tally tests/probes/test-units
tests_probes_test_unit_histogram_SOURCES = tests/probes/test-unit_histogram.c
tests_probes_test_unit_tally_SOURCES = tests/probes/test-unit_tally.c $(recordings)
tests_probes_test_units_SOURCES = tests/probes/test-units.c $(recordings)
