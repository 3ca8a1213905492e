# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the dataset floor. They link it and the floors below, nothing above.
DATASET_TEST_LIBS = src/dataset/libdataset.la src/store/libstore.la src/tensor/libtensor.la src/base/libbase.la $(ASSAY_LIBS)
dataset_fixture = tests/dataset/fixture.c tests/dataset/fixture.h

check_PROGRAMS += tests/dataset/test-dataset
tests_dataset_test_dataset_SOURCES = tests/dataset/test-dataset.c $(dataset_fixture)
tests_dataset_test_dataset_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-dataset_store
tests_dataset_test_dataset_store_SOURCES = tests/dataset/test-dataset_store.c $(dataset_fixture)
tests_dataset_test_dataset_store_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-derive
tests_dataset_test_derive_SOURCES = tests/dataset/test-derive.c $(dataset_fixture)
tests_dataset_test_derive_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-design
tests_dataset_test_design_SOURCES = tests/dataset/test-design.c $(dataset_fixture)
tests_dataset_test_design_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-expression
tests_dataset_test_expression_SOURCES = tests/dataset/test-expression.c $(dataset_fixture)
tests_dataset_test_expression_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-import
tests_dataset_test_import_SOURCES = tests/dataset/test-import.c $(dataset_fixture)
tests_dataset_test_import_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-mutation
tests_dataset_test_mutation_SOURCES = tests/dataset/test-mutation.c $(dataset_fixture)
tests_dataset_test_mutation_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-organism
tests_dataset_test_organism_SOURCES = tests/dataset/test-organism.c $(dataset_fixture)
tests_dataset_test_organism_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-prompts
tests_dataset_test_prompts_SOURCES = tests/dataset/test-prompts.c $(dataset_fixture)
tests_dataset_test_prompts_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-reader_csv
tests_dataset_test_reader_csv_SOURCES = tests/dataset/test-reader_csv.c $(dataset_fixture)
tests_dataset_test_reader_csv_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-reader_idx
tests_dataset_test_reader_idx_SOURCES = tests/dataset/test-reader_idx.c $(dataset_fixture)
tests_dataset_test_reader_idx_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-reader_jsonl
tests_dataset_test_reader_jsonl_SOURCES = tests/dataset/test-reader_jsonl.c $(dataset_fixture)
tests_dataset_test_reader_jsonl_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-reader_npy
tests_dataset_test_reader_npy_SOURCES = tests/dataset/test-reader_npy.c $(dataset_fixture)
tests_dataset_test_reader_npy_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-reader_text
tests_dataset_test_reader_text_SOURCES = tests/dataset/test-reader_text.c $(dataset_fixture)
tests_dataset_test_reader_text_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-source
tests_dataset_test_source_SOURCES = tests/dataset/test-source.c $(dataset_fixture)
tests_dataset_test_source_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-split
tests_dataset_test_split_SOURCES = tests/dataset/test-split.c $(dataset_fixture)
tests_dataset_test_split_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-row_order
tests_dataset_test_row_order_SOURCES = tests/dataset/test-row_order.c $(dataset_fixture)
tests_dataset_test_row_order_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-token_text
tests_dataset_test_token_text_SOURCES = tests/dataset/test-token_text.c
tests_dataset_test_token_text_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-tokenizer
tests_dataset_test_tokenizer_SOURCES = tests/dataset/test-tokenizer.c
tests_dataset_test_tokenizer_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-tokenizer_files
tests_dataset_test_tokenizer_files_SOURCES = tests/dataset/test-tokenizer_files.c tests/store/rwkvcpp_writer.h $(dataset_fixture)
tests_dataset_test_tokenizer_files_LDADD = $(DATASET_TEST_LIBS)

check_PROGRAMS += tests/dataset/test-tokenizer_train
tests_dataset_test_tokenizer_train_SOURCES = tests/dataset/test-tokenizer_train.c
tests_dataset_test_tokenizer_train_LDADD = $(DATASET_TEST_LIBS)
