/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompts.h: texts that somebody asks a language model about, as examples behind those of a data set of tokens.
 *
 * Such a text is a prompt and its completion, and the loss of the example is that of the completion given the prompt: positions that predict the prompt
 * have weight 0. As a document: [{"prompt": TEXT, "completion": TEXT}, ...].
 * Ownership: the caller. Thread rule: pure functions, but for the tokenizer.
 */
#pragma once

#include "dataset/dataset.h"
#include "dataset/tokenizer.h"

/* The split that they are in, in their order. */
#define ASSAY_PROMPTS_SPLIT "prompt"

/* The examples of the data set under their numbers, and the texts behind them. Its table is a longer copy of the data set's: the other columns are missing there.
 * Cost: a copy of the table. Errors: USAGE for data that are no tokens or have a split of that name; INPUT for a text without a token to predict, of more
 * than the data's positions, or of tokens outside the vocabulary, by its number. */
AssayDataset *assay_dataset_add_prompts (AssayDataset *dataset, AssayTokenizer *tokenizer, const json_t *prompts, GError **error);
