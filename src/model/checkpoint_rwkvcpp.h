/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_rwkvcpp.h: RWKV models, versions 4 and 5.1, in the files of rwkv.cpp (store/rwkvcpp.h), with the names of the program that trained them. Internal to this floor.
 *
 * Thread rule: as checkpoint.h.
 */
#pragma once

#include "model/checkpoint.h"

/* TRUE for a file that begins as those do. */
gboolean    assay_checkpoint_rwkvcpp_recognise (const char *path);
/* options: NULL or how to open it. A model has no positions, so that any context will do. An example's loss is the mean over its counted positions.
 * Cost: the file is mapped and read once, each tensor straight into the model. Errors: those of assay_rwkvcpp_open; INPUT for a tensor missing, unknown or
 * of another shape; UNSUPPORTED for a later version of RWKV; NAN. */
AssayModel *assay_checkpoint_rwkvcpp_load      (const char *path, const AssayCheckpointOptions *options, GError **error);
