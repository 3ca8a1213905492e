/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gguf_architecture.h: what GGUF files call the architectures, keys and tensors that this program has. Internal to this floor.
 *
 * Keys are read as the configuration that the transformers library has for such a model, and that by the family (family.h), so that a model means the same
 * whichever way it comes. Every key of the architecture is known or refused: none changes the function unseen.
 * Thread rule: constant tables and pure functions.
 * Source: ggml-org/ggml, docs/gguf.md.
 */
#pragma once

#include "model/family.h"
#include "store/gguf.h"

typedef struct _AssayGgufArchitecture AssayGgufArchitecture;

/* By "general.architecture". Errors: INPUT, UNSUPPORTED with what is read. */
const AssayGgufArchitecture *assay_gguf_architecture_find (const AssayGguf *file, GError **error);
/* Our name of the block. */
const char *assay_gguf_architecture_get_block (const AssayGgufArchitecture *architecture);
/* Its configuration for this file, new reference. context: positions of an example; 0: as many as the model has. tied: whether the head is the embedding.
 * Errors: INPUT, USAGE, UNSUPPORTED, naming the key. */
json_t     *assay_gguf_architecture_configure (const AssayGgufArchitecture *architecture, const AssayGguf *file, gint64 context, gboolean tied, GError **error);
/* What the file calls our parameter. Owns: the caller. */
char       *assay_gguf_architecture_name (const AssayGgufArchitecture *architecture, const char *ours);
