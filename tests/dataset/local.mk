# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the dataset floor.
dataset_fixture = tests/dataset/fixture.c tests/dataset/fixture.h

check_PROGRAMS += \
  tests/dataset/test-dataset \
  tests/dataset/test-derive \
  tests/dataset/test-design \
  tests/dataset/test-expression \
  tests/dataset/test-import \
  tests/dataset/test-organism_dose \
  tests/dataset/test-reader_csv \
  tests/dataset/test-reader_idx \
  tests/dataset/test-reader_jsonl \
  tests/dataset/test-reader_text \
  tests/dataset/test-source \
  tests/dataset/test-split

tests_dataset_test_dataset_SOURCES = tests/dataset/test-dataset.c $(dataset_fixture)
tests_dataset_test_derive_SOURCES = tests/dataset/test-derive.c $(dataset_fixture)
tests_dataset_test_design_SOURCES = tests/dataset/test-design.c $(dataset_fixture)
tests_dataset_test_expression_SOURCES = tests/dataset/test-expression.c $(dataset_fixture)
tests_dataset_test_import_SOURCES = tests/dataset/test-import.c $(dataset_fixture)
tests_dataset_test_organism_dose_SOURCES = tests/dataset/test-organism_dose.c $(dataset_fixture)
tests_dataset_test_reader_csv_SOURCES = tests/dataset/test-reader_csv.c $(dataset_fixture)
tests_dataset_test_reader_idx_SOURCES = tests/dataset/test-reader_idx.c $(dataset_fixture)
tests_dataset_test_reader_jsonl_SOURCES = tests/dataset/test-reader_jsonl.c $(dataset_fixture)
tests_dataset_test_reader_text_SOURCES = tests/dataset/test-reader_text.c $(dataset_fixture)
tests_dataset_test_source_SOURCES = tests/dataset/test-source.c $(dataset_fixture)
tests_dataset_test_split_SOURCES = tests/dataset/test-split.c $(dataset_fixture)
