# SPDX-License-Identifier: GPL-3.0-or-later
# The store's tests link the store and what is below it, nothing above.
STORE_TEST_LIBS = src/store/libstore.la src/base/libbase.la $(ASSAY_LIBS)
EXTRA_DIST += tests/store/digest_oracle.py

check_PROGRAMS += tests/store/test-array_file
tests_store_test_array_file_SOURCES = tests/store/test-array_file.c tests/store/store_test.h
tests_store_test_array_file_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-types
tests_store_test_types_SOURCES = tests/store/test-types.c tests/store/store_test.h
tests_store_test_types_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-file
tests_store_test_file_SOURCES = tests/store/test-file.c tests/store/store_test.h
tests_store_test_file_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-journal
tests_store_test_journal_SOURCES = tests/store/test-journal.c tests/store/store_test.h
tests_store_test_journal_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-digest
tests_store_test_digest_SOURCES = tests/store/test-digest.c tests/store/store_test.h
tests_store_test_digest_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-share
tests_store_test_share_SOURCES = tests/store/test-share.c tests/store/store_test.h
check_PROGRAMS += tests/store/test-case
tests_store_test_case_SOURCES = tests/store/test-case.c tests/store/store_test.h
tests_store_test_case_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-shard
tests_store_test_shard_SOURCES = tests/store/test-shard.c tests/store/store_test.h
tests_store_test_shard_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-recorder
tests_store_test_recorder_SOURCES = tests/store/test-recorder.c tests/store/store_test.h
tests_store_test_recorder_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-verify
tests_store_test_verify_SOURCES = tests/store/test-verify.c tests/store/store_test.h
tests_store_test_verify_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-content-root
tests_store_test_content_root_SOURCES = tests/store/test-content-root.c tests/store/store_test.h
tests_store_test_content_root_LDADD = $(STORE_TEST_LIBS)
tests_store_test_content_root_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS)

check_PROGRAMS += tests/store/test-gguf
tests_store_test_gguf_SOURCES = tests/store/test-gguf.c tests/store/gguf_writer.h tests/store/store_test.h
tests_store_test_gguf_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-rwkvcpp
tests_store_test_rwkvcpp_SOURCES = tests/store/test-rwkvcpp.c tests/store/rwkvcpp_writer.h tests/store/store_test.h
tests_store_test_rwkvcpp_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-safetensors
tests_store_test_safetensors_SOURCES = tests/store/test-safetensors.c tests/store/store_test.h
tests_store_test_safetensors_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-npy
tests_store_test_npy_SOURCES = tests/store/test-npy.c tests/store/store_test.h
tests_store_test_npy_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-csv-writer
tests_store_test_csv_writer_SOURCES = tests/store/test-csv-writer.c tests/store/store_test.h
tests_store_test_csv_writer_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-proof
tests_store_test_proof_SOURCES = tests/store/test-proof.c tests/store/store_test.h
tests_store_test_proof_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += tests/store/test-isolated
tests_store_test_isolated_SOURCES = tests/store/test-isolated.c tests/store/store_test.h
tests_store_test_isolated_LDADD = $(STORE_TEST_LIBS)
