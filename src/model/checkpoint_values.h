/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_values.h: what the checkpoint formats share: element types, and the last look at what was read. Internal to this floor.
 *
 * Thread rule: as checkpoint.h.
 */
#pragma once

#include "model/model.h"
#include "store/types.h"

/* How a model's parameters are stored. */
AssayStoreType assay_checkpoint_type        (AssayDtype dtype);
gboolean       assay_checkpoint_is_floating (AssayStoreType type);
/* Errors: NAN for a number of theta (P) that is not finite, naming source, parameter and element. */
gboolean       assay_checkpoint_check_finite (const AssayModel *model, const void *theta, const char *source, GError **error);
/* Copies theta (P) into the model when every number is finite. Errors: as above. */
gboolean       assay_checkpoint_accept      (AssayModel *model, const void *theta, const char *source, GError **error);
