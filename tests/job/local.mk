# SPDX-License-Identifier: GPL-3.0-or-later
job_fixtures = tests/job/fixtures.c tests/job/fixtures.h
check_PROGRAMS += tests/job/test-coverage tests/job/test-demo tests/job/test-examples tests/job/test-identifiability tests/job/test-kinds tests/job/test-plan tests/job/test-query_view tests/job/test-retrain tests/job/test-runner tests/job/test-spec tests/job/test-subject \
  tests/job/test-validate tests/job/test-view
check_PROGRAMS += tests/job/test-import_measured
tests_job_test_import_measured_SOURCES = tests/job/test-import_measured.c $(job_fixtures)
tests_job_test_coverage_SOURCES = tests/job/test-coverage.c $(job_fixtures)
check_PROGRAMS += tests/job/test-demo tests/job/test-examples tests/job/test-identifiability tests/job/test-kinds tests/job/test-plan tests/job/test-query_view tests/job/test-retrain tests/job/test-runner tests/job/test-spec tests/job/test-subject \
  tests/job/test-validate tests/job/test-view
check_PROGRAMS += tests/job/test-cot
tests_job_test_cot_SOURCES = tests/job/test-cot.c tests/probes/compiled.c tests/probes/compiled.h $(job_fixtures)
tests_job_test_demo_SOURCES = tests/job/test-demo.c $(job_fixtures)
tests_job_test_identifiability_SOURCES = tests/job/test-identifiability.c $(job_fixtures)
tests_job_test_kinds_SOURCES = tests/job/test-kinds.c
tests_job_test_plan_SOURCES = tests/job/test-plan.c
tests_job_test_query_view_SOURCES = tests/job/test-query_view.c
tests_job_test_retrain_SOURCES = tests/job/test-retrain.c $(job_fixtures)
tests_job_test_runner_SOURCES = tests/job/test-runner.c $(job_fixtures)
tests_job_test_spec_SOURCES = tests/job/test-spec.c
tests_job_test_subject_SOURCES = tests/job/test-subject.c $(job_fixtures)
tests_job_test_validate_SOURCES = tests/job/test-validate.c $(job_fixtures)
tests_job_test_view_SOURCES = tests/job/test-view.c
tests_job_test_examples_SOURCES = tests/job/test-examples.c $(job_fixtures)

check_PROGRAMS += tests/job/test-units
tests_job_test_units_SOURCES = tests/job/test-units.c $(job_fixtures)

check_PROGRAMS += tests/job/test-command_line
tests_job_test_command_line_SOURCES = tests/job/test-command_line.c

check_PROGRAMS += tests/job/test-spectrum
tests_job_test_spectrum_SOURCES = tests/job/test-spectrum.c $(job_fixtures)

check_PROGRAMS += tests/job/test-factors
tests_job_test_factors_SOURCES = tests/job/test-factors.c $(job_fixtures)
check_PROGRAMS += tests/job/test-live_ranking
tests_job_test_live_ranking_SOURCES = tests/job/test-live_ranking.c $(job_fixtures)
