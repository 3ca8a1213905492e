# SPDX-License-Identifier: GPL-3.0-or-later
influence_toy = tests/influence/toy.c tests/influence/toy.h

check_PROGRAMS += tests/influence/test-agreement tests/influence/test-bank tests/influence/test-grade tests/influence/test-mislabel tests/influence/test-top tests/influence/test-method tests/influence/test-interval tests/influence/test-score tests/influence/test-factored \
  tests/influence/test-reference tests/influence/test-reference_data tests/influence/test-reference_products \
  tests/influence/test-replicated tests/influence/test-validate
tests_influence_test_agreement_SOURCES = tests/influence/test-agreement.c tests/influence/planted.c tests/influence/planted.h
tests_influence_test_grade_SOURCES = tests/influence/test-grade.c
tests_influence_test_mislabel_SOURCES = tests/influence/test-mislabel.c $(influence_toy)
tests_influence_test_bank_SOURCES = tests/influence/test-bank.c
tests_influence_test_top_SOURCES = tests/influence/test-top.c
tests_influence_test_method_SOURCES = tests/influence/test-method.c $(influence_toy)
tests_influence_test_interval_SOURCES = tests/influence/test-interval.c $(influence_toy)
tests_influence_test_factored_SOURCES = tests/influence/test-factored.c $(influence_toy)
tests_influence_test_score_SOURCES = tests/influence/test-score.c $(influence_toy)
tests_influence_test_reference_SOURCES = tests/influence/test-reference.c tests/influence/oracle_case.c tests/influence/oracle_case.h
tests_influence_test_replicated_SOURCES = tests/influence/test-replicated.c $(influence_toy)
tests_influence_test_validate_SOURCES = tests/influence/test-validate.c $(influence_toy)
tests_influence_test_reference_data_SOURCES = tests/influence/test-reference_data.c
tests_influence_test_reference_products_SOURCES = tests/influence/test-reference_products.c
# Dense matrices of several thousand parameters.
LONG_TESTS += tests/influence/test-reference_data

check_PROGRAMS += tests/influence/test-approximate tests/influence/test-baselines tests/influence/test-breakdown tests/influence/test-measure tests/influence/test-non_members tests/influence/test-rescaled tests/influence/test-error_bars tests/influence/test-source \
  tests/influence/test-trak
tests_influence_test_approximate_SOURCES = tests/influence/test-approximate.c tests/influence/dense_system.c tests/influence/dense_system.h \
  $(influence_toy)
tests_influence_test_breakdown_SOURCES = tests/influence/test-breakdown.c $(influence_toy)
tests_influence_test_trak_SOURCES = tests/influence/test-trak.c tests/influence/dense_system.c tests/influence/dense_system.h $(influence_toy)
tests_influence_test_rescaled_SOURCES = tests/influence/test-rescaled.c tests/influence/dense_system.c tests/influence/dense_system.h $(influence_toy)
tests_influence_test_error_bars_SOURCES = tests/influence/test-error_bars.c $(influence_toy)
tests_influence_test_source_SOURCES = tests/influence/test-source.c $(influence_toy)
tests_influence_test_non_members_SOURCES = tests/influence/test-non_members.c $(influence_toy)
tests_influence_test_measure_SOURCES = tests/influence/test-measure.c $(influence_toy)
tests_influence_test_baselines_SOURCES = tests/influence/test-baselines.c $(influence_toy)

check_PROGRAMS += tests/influence/test-index_search
tests_influence_test_index_search_SOURCES = tests/influence/test-index_search.c
check_PROGRAMS += tests/influence/test-index_influence
tests_influence_test_index_influence_SOURCES = tests/influence/test-index_influence.c $(influence_toy)
