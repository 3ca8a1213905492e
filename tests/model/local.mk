# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/model/test-checkpoint tests/model/test-checkpoint_gguf tests/model/test-checkpoint_rwkvcpp tests/model/test-decoder tests/model/test-exec tests/model/test-family tests/model/test-oracle tests/model/test-plan
tests_model_test_checkpoint_SOURCES = tests/model/test-checkpoint.c
tests_model_test_checkpoint_gguf_SOURCES = tests/model/test-checkpoint_gguf.c tests/store/gguf_writer.h
tests_model_test_checkpoint_rwkvcpp_SOURCES = tests/model/test-checkpoint_rwkvcpp.c tests/store/rwkvcpp_writer.h
tests_model_test_decoder_SOURCES = tests/model/test-decoder.c
tests_model_test_exec_SOURCES = tests/model/test-exec.c tests/model/models.c tests/model/models.h
tests_model_test_family_SOURCES = tests/model/test-family.c
tests_model_test_oracle_SOURCES = tests/model/test-oracle.c tests/model/models.c tests/model/models.h
tests_model_test_plan_SOURCES = tests/model/test-plan.c tests/model/models.c tests/model/models.h
