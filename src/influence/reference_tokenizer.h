/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_tokenizer.h: one stage of the comparison with other implementations: texts that the tokenizer of a directory has cut. Internal to it.
 *
 * Thread rule: one thread at a time.
 */
#pragma once

#include "influence/reference_files.h"

/* Compares for each text of the document's "tokenizer" the numbers of its tokens, the same with what is put around a text, and the text that the
 * former are decoded to. A quantity is the agreement of all texts, 1 for each that agrees, and must be exact; where one does not it says which.
 * Errors: those of the tokenizer; INPUT for a text that is none. */
gboolean assay_reference_check_tokenizer (const AssayReferenceFiles *c, GError **error);
