# SPDX-License-Identifier: GPL-3.0-or-later
run_fixtures = tests/run/fixtures.c tests/run/fixtures.h
check_PROGRAMS += tests/run/test-batch_order tests/run/test-course tests/run/test-evaluate tests/run/test-generate tests/run/test-intervention tests/run/test-language_model tests/run/test-length_buckets tests/run/test-objective tests/run/test-optimizer tests/run/test-predict tests/run/test-record \
  tests/run/test-replay tests/run/test-retrain tests/run/test-sampler tests/run/test-scan_matrix tests/run/test-schedule tests/run/test-train tests/run/test-trainer
tests_run_test_batch_order_SOURCES = tests/run/test-batch_order.c
tests_run_test_course_SOURCES = tests/run/test-course.c $(run_fixtures)
tests_run_test_evaluate_SOURCES = tests/run/test-evaluate.c $(run_fixtures)
tests_run_test_generate_SOURCES = tests/run/test-generate.c $(run_fixtures)
tests_run_test_intervention_SOURCES = tests/run/test-intervention.c
tests_run_test_language_model_SOURCES = tests/run/test-language_model.c
tests_run_test_length_buckets_SOURCES = tests/run/test-length_buckets.c $(run_fixtures)
tests_run_test_objective_SOURCES = tests/run/test-objective.c $(run_fixtures)
tests_run_test_optimizer_SOURCES = tests/run/test-optimizer.c $(run_fixtures)
tests_run_test_predict_SOURCES = tests/run/test-predict.c $(run_fixtures)
tests_run_test_record_SOURCES = tests/run/test-record.c $(run_fixtures)
tests_run_test_replay_SOURCES = tests/run/test-replay.c $(run_fixtures)
tests_run_test_retrain_SOURCES = tests/run/test-retrain.c $(run_fixtures)
tests_run_test_sampler_SOURCES = tests/run/test-sampler.c
tests_run_test_scan_matrix_SOURCES = tests/run/test-scan_matrix.c
tests_run_test_schedule_SOURCES = tests/run/test-schedule.c
tests_run_test_train_SOURCES = tests/run/test-train.c $(run_fixtures)
tests_run_test_trainer_SOURCES = tests/run/test-trainer.c $(run_fixtures)
check_PROGRAMS += tests/run/test-published
tests_run_test_published_SOURCES = tests/run/test-published.c $(run_fixtures)
