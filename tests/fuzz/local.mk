# SPDX-License-Identifier: GPL-3.0-or-later
# Readers fed with damaged inputs: a new target is fuzz-NAME.c and three lines here. The floors that read are built once more for them, with the sanitizers
# where the compiler has them. `make fuzz` runs them for an hour each, or ASSAY_FUZZ_SECONDS.
FUZZ_TARGETS = tests/fuzz/fuzz-gguf tests/fuzz/fuzz-jsonl tests/fuzz/fuzz-rwkvcpp tests/fuzz/fuzz-safetensors tests/fuzz/fuzz-tokenizer
check_PROGRAMS += $(FUZZ_TARGETS)

check_LTLIBRARIES += tests/fuzz/libfuzzed.la
tests_fuzz_libfuzzed_la_SOURCES = tests/fuzz/driver.c tests/fuzz/fuzz.h $(src_base_libbase_la_SOURCES) src/tensor/compare.c src/tensor/dtype.c src/tensor/shape.c \
  $(src_store_libstore_la_SOURCES) $(src_dataset_libdataset_la_SOURCES)
tests_fuzz_libfuzzed_la_CPPFLAGS = $(src_base_libbase_la_CPPFLAGS)
tests_fuzz_libfuzzed_la_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS) $(CRYPTO_CFLAGS) $(ZLIB_CFLAGS) $(PCRE2_CFLAGS) $(FUZZ_CFLAGS)
$(tests_fuzz_libfuzzed_la_OBJECTS): src/dataset/readers.def src/dataset/organisms.def src/dataset/token_formats.def src/dataset/token_models.def
FUZZ_LIBS = tests/fuzz/libfuzzed.la $(ASSAY_LIBS)

tests_fuzz_fuzz_gguf_SOURCES = tests/fuzz/fuzz-gguf.c
tests_fuzz_fuzz_gguf_CFLAGS = $(AM_CFLAGS) $(FUZZ_CFLAGS)
tests_fuzz_fuzz_gguf_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_jsonl_SOURCES = tests/fuzz/fuzz-jsonl.c
tests_fuzz_fuzz_jsonl_CFLAGS = $(AM_CFLAGS) $(FUZZ_CFLAGS)
tests_fuzz_fuzz_jsonl_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_rwkvcpp_SOURCES = tests/fuzz/fuzz-rwkvcpp.c tests/store/rwkvcpp_writer.h
tests_fuzz_fuzz_rwkvcpp_CFLAGS = $(AM_CFLAGS) $(FUZZ_CFLAGS)
tests_fuzz_fuzz_rwkvcpp_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_safetensors_SOURCES = tests/fuzz/fuzz-safetensors.c
tests_fuzz_fuzz_safetensors_CFLAGS = $(AM_CFLAGS) $(FUZZ_CFLAGS)
tests_fuzz_fuzz_safetensors_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_tokenizer_SOURCES = tests/fuzz/fuzz-tokenizer.c
tests_fuzz_fuzz_tokenizer_CFLAGS = $(AM_CFLAGS) $(FUZZ_CFLAGS)
tests_fuzz_fuzz_tokenizer_LDADD = $(FUZZ_LIBS)

fuzz: $(FUZZ_TARGETS)
	for target in $(FUZZ_TARGETS); do ASSAY_FUZZ_SECONDS=$${ASSAY_FUZZ_SECONDS-3600} ./$$target || exit 1; done
.PHONY: fuzz
