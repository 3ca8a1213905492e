# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the stats room.
check_PROGRAMS += \
  tests/stats/test-auroc \
  tests/stats/test-bootstrap \
  tests/stats/test-calibration \
  tests/stats/test-confusion \
  tests/stats/test-contrast \
  tests/stats/test-correlation \
  tests/stats/test-discrimination \
  tests/stats/test-distribution \
  tests/stats/test-estimate \
  tests/stats/test-exact_sum \
  tests/stats/test-false_discovery \
  tests/stats/test-impact

tests_stats_test_auroc_SOURCES = tests/stats/test-auroc.c
tests_stats_test_bootstrap_SOURCES = tests/stats/test-bootstrap.c
tests_stats_test_calibration_SOURCES = tests/stats/test-calibration.c
tests_stats_test_confusion_SOURCES = tests/stats/test-confusion.c
tests_stats_test_contrast_SOURCES = tests/stats/test-contrast.c
tests_stats_test_correlation_SOURCES = tests/stats/test-correlation.c
tests_stats_test_discrimination_SOURCES = tests/stats/test-discrimination.c
tests_stats_test_distribution_SOURCES = tests/stats/test-distribution.c
tests_stats_test_estimate_SOURCES = tests/stats/test-estimate.c
tests_stats_test_exact_sum_SOURCES = tests/stats/test-exact_sum.c
tests_stats_test_false_discovery_SOURCES = tests/stats/test-false_discovery.c
tests_stats_test_impact_SOURCES = tests/stats/test-impact.c
