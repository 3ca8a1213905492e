# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the probes room.
recordings = tests/probes/recordings.c tests/probes/recordings.h
check_PROGRAMS += tests/probes/test-ablation tests/probes/test-unit_ablation tests/probes/test-unit_directions tests/probes/test-unit_histogram tests/probes/test-unit_summary tests/probes/test-unit_tally tests/probes/test-units
tests_probes_test_ablation_SOURCES = tests/probes/test-ablation.c $(run_fixtures)
tests_probes_test_unit_ablation_SOURCES = tests/probes/test-unit_ablation.c $(recordings) $(run_fixtures)
tests_probes_test_unit_directions_SOURCES = tests/probes/test-unit_directions.c $(run_fixtures)
tests_probes_test_unit_histogram_SOURCES = tests/probes/test-unit_histogram.c
tests_probes_test_unit_summary_SOURCES = tests/probes/test-unit_summary.c $(recordings) $(run_fixtures)
tests_probes_test_unit_tally_SOURCES = tests/probes/test-unit_tally.c $(recordings)
tests_probes_test_units_SOURCES = tests/probes/test-units.c $(recordings)
probes_compiled = tests/probes/compiled.c tests/probes/compiled.h

check_PROGRAMS += tests/probes/test-chain_calibration tests/probes/test-chain tests/probes/test-chain_bench tests/probes/test-probe tests/probes/test-softmax_fit
tests_probes_test_chain_calibration_SOURCES = tests/probes/test-chain_calibration.c
tests_probes_test_chain_SOURCES = tests/probes/test-chain.c $(probes_compiled)
tests_probes_test_chain_bench_SOURCES = tests/probes/test-chain_bench.c $(probes_compiled)
tests_probes_test_probe_SOURCES = tests/probes/test-probe.c $(probes_compiled)
tests_probes_test_softmax_fit_SOURCES = tests/probes/test-softmax_fit.c

# Explanations of single decisions, on models of the run room's fixtures.
decided = tests/probes/decided.c tests/probes/decided.h tests/run/fixtures.c tests/run/fixtures.h
check_PROGRAMS += tests/probes/test-deletion tests/probes/test-integrated_gradients tests/probes/test-margin tests/probes/test-neighbours tests/probes/test-observed
tests_probes_test_deletion_SOURCES = tests/probes/test-deletion.c $(decided)
tests_probes_test_integrated_gradients_SOURCES = tests/probes/test-integrated_gradients.c $(decided)
tests_probes_test_margin_SOURCES = tests/probes/test-margin.c $(decided)
tests_probes_test_neighbours_SOURCES = tests/probes/test-neighbours.c $(decided)
tests_probes_test_observed_SOURCES = tests/probes/test-observed.c $(decided)
