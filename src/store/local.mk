# SPDX-License-Identifier: GPL-3.0-or-later
# store: cases, shards, journal, digests, and files of other formats. HDF5 and
# the digests of OpenSSL live here and nowhere else.
noinst_LTLIBRARIES += src/store/libstore.la
ASSAY_FLOORS += src/store/libstore.la
src_store_libstore_la_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS) $(CRYPTO_CFLAGS)
src_store_libstore_la_SOURCES = \
  src/store/array_file.c src/store/array_file.h \
  src/store/audit_path.c src/store/audit_path.h \
  src/store/case.c src/store/case.h src/store/case_private.h \
  src/store/case_check.c \
  src/store/case_lock.c \
  src/store/case_marker.c \
  src/store/case_publish.c \
  src/store/case_recover.c src/store/case_turn.c \
  src/store/catalogue.c src/store/catalogue.h \
  src/store/content_compare.c \
  src/store/content_tree.c src/store/content_tree.h \
  src/store/crc32c.c src/store/crc32c.h \
  src/store/csv_writer.c src/store/csv_writer.h \
  src/store/digest.c src/store/digest.h \
  src/store/file.c src/store/file.h \
  src/store/gguf.c src/store/gguf.h \
  src/store/gguf_header.c src/store/gguf_header.h \
  src/store/gguf_type.c src/store/gguf_type.h \
  src/store/hdf5_attributes.c \
  src/store/hdf5_door.c src/store/hdf5_door.h \
  src/store/io_thread.c src/store/io_thread.h \
  src/store/isolated.c src/store/isolated.h \
  src/store/journal.c src/store/journal.h src/store/journal_frame.h \
  src/store/journal_writer.c \
  src/store/npy.c src/store/npy.h \
  src/store/proof.c src/store/proof.h \
  src/store/prover.c \
  src/store/reader.c src/store/reader.h \
  src/store/recorder.c src/store/recorder.h src/store/recorder_private.h \
  src/store/recorder_parts.c \
  src/store/row_tiles.c src/store/row_tiles.h \
  src/store/rwkvcpp.c src/store/rwkvcpp.h \
  src/store/safetensors.c src/store/safetensors.h \
  src/store/safetensors_header.c src/store/safetensors_header.h \
  src/store/safetensors_write.c \
  src/store/shard.h \
  src/store/shard_digest.c src/store/shard_digest.h src/store/shard_digest_private.h \
  src/store/shard_digest_attributes.c \
  src/store/shard_file.c src/store/shard_file.h \
  src/store/shard_finish.c \
  src/store/shard_scales.c src/store/shard_scales.h \
  src/store/shard_writer.c src/store/shard_writer_private.h \
  src/store/tile_file.c src/store/tile_file.h \
  src/store/types.c src/store/types.h \
  src/store/verify.c src/store/verify.h
