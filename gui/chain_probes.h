/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_probes.h: what each probe says of one chain, with interval, control and blind spot, and the exact texts that it put to the model.
 *
 * "try" is emitted with the steps of an edit (words) that somebody wants on the bench.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/reasoning_answer.h"

#include <adwaita.h>

#define ASSAY_TYPE_CHAIN_PROBES (assay_chain_probes_get_type ())
G_DECLARE_FINAL_TYPE (AssayChainProbes, assay_chain_probes, ASSAY, CHAIN_PROBES, AdwBin)

/* whole: of assay_reasoning_answer_describe; a reference is taken. */
void assay_chain_probes_set_chain (AssayChainProbes *self, AssayReasoningAnswer *answer, json_t *whole);
/* The texts of one probe; point -1: all of them. */
void assay_chain_probes_show_edits (AssayChainProbes *self, const char *probe, gint64 point);
