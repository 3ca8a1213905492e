# SPDX-License-Identifier: GPL-3.0-or-later
# dataset: readers, tables, designs, and what a model trains on.
noinst_LTLIBRARIES += src/dataset/libdataset.la
ASSAY_FLOORS += src/dataset/libdataset.la

# One file, one format: a new reader is one line here.
READERS_LIST = \
  src/dataset/reader_csv.c \
  src/dataset/reader_idx.c \
  src/dataset/reader_jsonl.c \
  src/dataset/reader_npy.c \
  src/dataset/reader_text.c \
  src/dataset/reader_uint16.c \
  src/dataset/reader_uint32.c

src/dataset/readers.def: src/dataset/local.mk build-aux/make-registry.sh
	$(registry) reader_ $(READERS_LIST)
BUILT_SOURCES += src/dataset/readers.def
CLEANFILES += src/dataset/readers.def

# One file, one family of generated reasoning data.
ORGANISMS_LIST = \
  src/dataset/organism_dose.c \
  src/dataset/organism_pointer.c

src/dataset/organisms.def: src/dataset/local.mk build-aux/make-registry.sh
	$(registry) organism_ $(ORGANISMS_LIST)
BUILT_SOURCES += src/dataset/organisms.def
CLEANFILES += src/dataset/organisms.def

# One file, one model of a tokenizer.
TOKEN_MODELS_LIST = \
  src/dataset/tokenizer_bpe.c \
  src/dataset/tokenizer_unigram.c \
  src/dataset/tokenizer_wordlevel.c \
  src/dataset/tokenizer_wordpiece.c

src/dataset/token_models.def: src/dataset/local.mk build-aux/make-registry.sh
	$(registry) tokenizer_ $(TOKEN_MODELS_LIST)
BUILT_SOURCES += src/dataset/token_models.def
CLEANFILES += src/dataset/token_models.def

# One file, one format that has a whole tokenizer and is no JSON.
TOKEN_FORMATS_LIST = \
  src/dataset/tokenizer_format_gguf.c \
  src/dataset/tokenizer_format_llama2.c \
  src/dataset/tokenizer_format_rwkvcpp.c \
  src/dataset/tokenizer_format_sentencepiece.c

src/dataset/token_formats.def: src/dataset/local.mk build-aux/make-registry.sh
	$(registry) tokenizer_format_ $(TOKEN_FORMATS_LIST)
BUILT_SOURCES += src/dataset/token_formats.def
CLEANFILES += src/dataset/token_formats.def

src_dataset_libdataset_la_SOURCES = $(READERS_LIST) $(ORGANISMS_LIST) $(TOKEN_MODELS_LIST) $(TOKEN_FORMATS_LIST) \
  src/dataset/cell.c src/dataset/cell.h \
  src/dataset/cell_value.c src/dataset/cell_value.h \
  src/dataset/csv_scan.c src/dataset/csv_scan.h \
  src/dataset/dataset.c src/dataset/dataset.h \
  src/dataset/dataset_build.c src/dataset/dataset_private.h \
  src/dataset/dataset_store.c src/dataset/dataset_store.h \
  src/dataset/derive.c src/dataset/derive.h \
  src/dataset/described.c src/dataset/described.h \
  src/dataset/design.c src/dataset/design.h \
  src/dataset/design_target.c src/dataset/design_target.h \
  src/dataset/design_terms.c src/dataset/design_terms.h \
  src/dataset/expression.c src/dataset/expression.h \
  src/dataset/expression_filter.c \
  src/dataset/expression_parse.c src/dataset/expression_syntax.h \
  src/dataset/format_reader.c src/dataset/format_reader.h \
  src/dataset/import.c src/dataset/import.h \
  src/dataset/inflate.c src/dataset/inflate.h \
  src/dataset/jsonl_documents.c src/dataset/jsonl_documents.h \
  src/dataset/organism.c src/dataset/organism.h \
  src/dataset/organism_table.c \
  src/dataset/prompts.c src/dataset/prompts.h \
  src/dataset/row_order.c src/dataset/row_order.h \
  src/dataset/rows.c src/dataset/rows.h \
  src/dataset/sequences.c src/dataset/sequences.h \
  src/dataset/source.c src/dataset/source.h \
  src/dataset/split.c src/dataset/split.h \
  src/dataset/table.c src/dataset/table.h \
  src/dataset/token_text.c src/dataset/token_text.h \
  src/dataset/text_encoding.c src/dataset/text_encoding.h \
  src/dataset/token_numbers.c src/dataset/token_numbers.h \
  src/dataset/tokenizer.c src/dataset/tokenizer.h \
  src/dataset/tokenizer_alphabet.c \
  src/dataset/tokenizer_charsmap.c src/dataset/tokenizer_charsmap.h \
  src/dataset/tokenizer_cut.c \
  src/dataset/tokenizer_decode.c src/dataset/tokenizer_decode.h \
  src/dataset/tokenizer_files.c \
  src/dataset/tokenizer_format.h \
  src/dataset/tokenizer_model.h \
  src/dataset/tokenizer_normalise.c \
  src/dataset/tokenizer_numbers.c \
  src/dataset/tokenizer_parts.c src/dataset/tokenizer_parts.h \
  src/dataset/tokenizer_pieces.c src/dataset/tokenizer_pieces.h \
  src/dataset/tokenizer_sentencepiece.c src/dataset/tokenizer_sentencepiece.h \
  src/dataset/tokenizer_step.c src/dataset/tokenizer_step.h \
  src/dataset/tokenizer_strings.c src/dataset/tokenizer_strings.h \
  src/dataset/tokenizer_table.c src/dataset/tokenizer_table.h \
  src/dataset/tokenizer_train.c src/dataset/tokenizer_train.h \
  src/dataset/tokenizer_text.c src/dataset/tokenizer_text.h \
  src/dataset/vocabulary.c src/dataset/vocabulary.h
src_dataset_libdataset_la_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS) $(PCRE2_CFLAGS)
$(src_dataset_libdataset_la_OBJECTS): src/dataset/readers.def src/dataset/organisms.def src/dataset/token_formats.def src/dataset/token_models.def
