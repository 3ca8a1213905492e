/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_checkpoint.h: one stage of the comparison with other implementations: a language model in a directory of the transformers
 * library with what that library computes of it, expected.json and expected.safetensors. Internal to it.
 *
 * Thread rule: one thread at a time.
 */
#pragma once

#include "influence/reference_recipe.h"

/* Calls func for logits, residual streams, losses, gradients and products that the directory holds, computed in f64, for the logits in f32
 * (reference_rounding.h), and for the texts that its tokenizer has cut (reference_tokenizer.h). A tensor's error is
 * relative to its largest entry; where that is less than a thousandth of its vector's (a gradient that is zero by nature), the bound is as much wider.
 * Cost: a few walks of short sequences. Errors: those of the files and of the walks. */
gboolean assay_reference_check_checkpoint (const char *directory, AssayReferenceCompareFunc func, gpointer data, AssayBackend *backend,
                                           AssayProgress *progress, GError **error);
