/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_asker.h: asks a bench what the model answers, on a thread beside the window; each question supersedes the last.
 *
 * "answered" is emitted in the main loop, for the newest question alone: with the answer (AssayChainAnswer, NULL on error), the message of the error
 * (NULL: none), and how many microseconds lay between question and answer.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/reasoning_answer.h"

#include <glib-object.h>

#define ASSAY_TYPE_CHAIN_ASKER (assay_chain_asker_get_type ())
G_DECLARE_FINAL_TYPE (AssayChainAsker, assay_chain_asker, ASSAY, CHAIN_ASKER, GObject)

AssayChainAsker *assay_chain_asker_new (void);

/* prompt, chain: words of the vocabulary. An answer to what was asked before no longer comes. */
void             assay_chain_asker_ask (AssayChainAsker *self, AssayReasoningAnswer *of, const char *prompt, const char *chain);
/* No answer comes any more. */
void             assay_chain_asker_forget (AssayChainAsker *self);
