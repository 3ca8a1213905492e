/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_encoder.h: one stage of the comparison with other implementations: a batch of sentences, some with padding behind them, read by an
 * encoder. Internal to it.
 *
 * Thread rule: one thread at a time.
 */
#pragma once

#include "influence/reference_files.h"

/* Compares, as far as the files have them: the last layer and its mean over the positions of attention_mask; the squares of those means, summed over
 * batch and components, with gradient and Hessian product; the masked-LM loss, the mean over all labelled positions, with its gradient.
 * Every sentence is walked in a model of its own length, where there is no padding: what a padding query would get is not compared.
 * Errors: those of the files (a mask that is not ones and then zeros is INPUT) and of the walks. */
gboolean assay_reference_check_encoder (const AssayReferenceFiles *c, GError **error);
