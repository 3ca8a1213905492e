# SPDX-License-Identifier: GPL-3.0-or-later
influence_toy = tests/influence/toy.c tests/influence/toy.h

check_PROGRAMS += tests/influence/test-top tests/influence/test-method tests/influence/test-interval tests/influence/test-score
tests_influence_test_top_SOURCES = tests/influence/test-top.c
tests_influence_test_method_SOURCES = tests/influence/test-method.c $(influence_toy)
tests_influence_test_interval_SOURCES = tests/influence/test-interval.c $(influence_toy)
tests_influence_test_score_SOURCES = tests/influence/test-score.c $(influence_toy)
