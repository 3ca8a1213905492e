# SPDX-License-Identifier: GPL-3.0-or-later
# model: graphs, plans, walks, parameters.  A new architecture is one file and one line in BLOCKS_LIST.
BLOCKS_LIST += \
  src/model/block_cnn.c \
  src/model/block_encoder.c \
  src/model/block_linear.c \
  src/model/block_mamba.c \
  src/model/block_mlp.c \
  src/model/block_rwkv.c \
  src/model/block_transformer.c

# A new family of the transformers library likewise.
FAMILIES_LIST = \
  src/model/family_bert.c \
  src/model/family_gpt2.c \
  src/model/family_gpt_neox.c \
  src/model/family_llama.c \
  src/model/family_mamba.c \
  src/model/family_rwkv.c

src/model/families.def: src/model/local.mk build-aux/make-registry.sh
	$(registry) family_ $(FAMILIES_LIST)
BUILT_SOURCES += src/model/families.def
CLEANFILES += src/model/families.def

noinst_LTLIBRARIES += src/model/libmodel.la
ASSAY_FLOORS += src/model/libmodel.la
src_model_libmodel_la_SOURCES = $(BLOCKS_LIST) $(FAMILIES_LIST) \
  src/model/adapters.c src/model/adapters.h \
  src/model/block.c src/model/block.h \
  src/model/checkpoint.h \
  src/model/checkpoint_arrival.c src/model/checkpoint_arrival.h \
  src/model/checkpoint_case.c \
  src/model/checkpoint_gguf.c src/model/checkpoint_gguf.h \
  src/model/checkpoint_huggingface.c src/model/checkpoint_huggingface.h \
  src/model/checkpoint_huggingface_write.c \
  src/model/checkpoint_llama2c.c src/model/checkpoint_llama2c.h \
  src/model/checkpoint_path.c \
  src/model/checkpoint_rwkvcpp.c src/model/checkpoint_rwkvcpp.h \
  src/model/checkpoint_safetensors.c \
  src/model/checkpoint_values.c src/model/checkpoint_values.h \
  src/model/decoder.c src/model/decoder.h \
  src/model/exec.c src/model/exec.h \
  src/model/family.c src/model/family.h \
  src/model/gguf_architecture.c src/model/gguf_architecture.h \
  src/model/graph.c src/model/graph.h \
  src/model/measure.c src/model/measure.h \
  src/model/model.c src/model/model.h \
  src/model/packed_weights.c src/model/packed_weights.h \
  src/model/plan.c src/model/plan.h \
  src/model/repeated_steps.c \
  src/model/repeated_steps.h \
  src/model/rounded_weights.c \
  src/model/rounded_weights.h \
  src/model/staging.c src/model/staging.h
src/model/block.lo: src/model/blocks.def
src/model/family.lo: src/model/families.def
