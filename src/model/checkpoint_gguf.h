/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_gguf.h: the models of GGUF files, of the architectures in gguf_architecture.c. Quantised weights become numbers of the model's type; the
 * model that results is the one that the file stands for, not a quantised one. Internal to this floor.
 *
 * Thread rule: as checkpoint.h.
 */
#pragma once

#include "model/checkpoint.h"

/* TRUE for a file that begins as GGUF does. */
gboolean    assay_checkpoint_gguf_recognise (const char *path);
/* options: NULL or how to open it. Cost: the file is mapped and read once, each tensor straight into the model. Errors: those of assay_gguf_open; INPUT for
 * a tensor missing, unknown or of another shape; UNSUPPORTED for an architecture, key or type that is not read; USAGE for more context than it has; NAN. */
AssayModel *assay_checkpoint_gguf_load      (const char *path, const AssayCheckpointOptions *options, GError **error);
