/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_huggingface.h: weights as the transformers library stores them: config.json with "model_type", and the names and layouts of its
 * families (family.h) in model.safetensors, or in several files that model.safetensors.index.json names. Internal to this floor:
 * assay_checkpoint_load_directory chooses it.
 *
 * Thread rule: as checkpoint.h.
 */
#pragma once

#include "model/checkpoint.h"

/* TRUE when the document is a configuration of that library. */
gboolean    assay_huggingface_recognise (const json_t *config);

/* Names of the files with weights: model.safetensors, or those of the index where there is only that. NULL-terminated, the caller's (g_strfreev).
 * Errors: INPUT for an index that names a file elsewhere, NOT_FOUND. */
char      **assay_huggingface_list_weights (const char *directory, GError **error);

/* config: DIRECTORY/config.json. An example's loss is the mean over its counted positions, as there.
 * Errors: UNSUPPORTED for a model type or an option that would change the function; INPUT as for other checkpoints. */
AssayModel *assay_huggingface_load      (const json_t *config, const char *directory, const AssayCheckpointOptions *options, GError **error);
