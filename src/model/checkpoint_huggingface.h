/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_huggingface.h: weights as the transformers library stores them: config.json with "model_type", and model.safetensors with its
 * names and layouts. Internal to this floor: assay_checkpoint_load_directory chooses it.
 *
 * Thread rule: as checkpoint.h.
 */
#pragma once

#include "model/model.h"

/* TRUE when the document is a configuration of that library. */
gboolean    assay_huggingface_recognise (const json_t *config);

/* config_path and weights_path appear in messages; an example's loss is the mean over its counted positions, as there.
 * Errors: UNSUPPORTED for a model type or an option that would change the function; INPUT as for other checkpoints. */
AssayModel *assay_huggingface_load      (const json_t *config, const char *config_path, const char *weights_path, GError **error);
