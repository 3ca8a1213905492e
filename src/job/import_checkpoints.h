/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import_checkpoints.h: places that a training made elsewhere came through, with their learning rates and the optimizer's state.
 *
 *   DIR/checkpoints.json   {"beta2": 0.999, "epsilon": 1e-8, "checkpoints": [{"step": 100, "learning_rate": 1e-3, "weights": "step-100.safetensors",
 *                           "optimizer": "adam-100.safetensors", "rate_sum": 0.1}, ...]}
 *
 * weights has a tensor for each parameter, as model.safetensors. optimizer, which need not be there, has the second moments of Adam as exp_avg_sq.NAME (other
 * tensors are left alone); beta2 and epsilon are then Adam's. rate_sum is that of the learning rates since the checkpoint before; without it the rate times the steps.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "job/spec.h"

extern const AssayParam assay_import_checkpoints_params[];

/* Names of the files that the directory's table names, its own first; NULL-terminated, the caller's. Errors: INPUT with the entry. */
char  **assay_import_checkpoints_list (const char *directory, GError **error);
/* Commits "checkpoint" MODEL/step-N and, where there are moments, "optimizer" MODEL/step-N. The summary; new reference. Errors: INPUT, SHAPE and NOT_FOUND in one line;
 * USAGE for a model that was trained here or has checkpoints. */
json_t *assay_import_checkpoints      (const AssayJob *job, AssayJobContext *context, GError **error);
void    assay_import_checkpoints_view (const json_t *document, AssayView *view);
