/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_card.h: what a model of others is: its architecture and sizes, what its files hold, what was left out of them, and their digests.
 *
 * Ownership: the caller. Thread rule: one thread at a time.
 */
#pragma once

#include "dataset/tokenizer.h"
#include "job/view.h"
#include "model/model.h"

/* {"path", "architecture", "format", "written_for", "model_type", "parameters", "context", "config", "tensors", "stored_types", "stored_bytes", "left_out",
 * "files": [{"name", "bytes", "sha256"}], "tokenizer"}: of a model that was read from path. tokenizer: NULL or the one that goes with it, of tokenizer_path.
 * config holds what differs from the architecture's defaults. New reference. Cost: SHA-256 of the files. Errors: those of reading them. */
json_t *assay_model_card_new  (const AssayModel *model, const char *path, const AssayTokenizer *tokenizer, const char *tokenizer_path, GError **error);
/* Adds it to a view: fields, then the files. */
void    assay_model_card_view (const json_t *card, AssayView *view);
